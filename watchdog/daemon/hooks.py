"""Operators' commands around a rollback: run, bounded, and told how they ended.

What lives here: what a command sees, and the words for how it ended. What must not: the process itself
(`watchdog.outside.command_run`), when a command is due and whether it may be run again (the core's).
"""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from watchdog.config.adapters import HookSettings
from watchdog.core.state import Deployment
from watchdog.daemon.hands import HookRan
from watchdog.outside.blocking import BlockingCalls
from watchdog.outside.command_run import GRACE_S, Command, Ran, Runner, base_environment

SLACK_S: Final = 1.0
"""Beyond the time that a run may take: for the thread's way back."""

DETAIL_CHARACTERS: Final = 200
"""Of what a command says: its last line, for a message on a phone."""

KEPT_BYTES: Final = 16 * 1024
"""Of each output; a command may say more, and its end is what tells."""


@dataclass(slots=True)
class _Seat:
    """One command's thread, and what knows whether its last run has ended."""

    calls: BlockingCalls[Ran]
    runner: Runner


class HookRunner:
    """The commands of one service."""

    def __init__(
        self,
        service: str,
        hooks: Sequence[HookSettings],
        *,
        deployment: Callable[[], Deployment | None],
        clean: Callable[[str], str] = str,
    ) -> None:
        """`deployment`: the service's newest. `clean` takes out of a text what nobody may read."""
        self._service = service
        self._hooks = {hook.name: hook for hook in hooks}
        self._seats = {
            hook.name: _Seat(BlockingCalls(f"hook {service} {hook.name}"), Runner(Command(argv=hook.argv)))
            for hook in hooks
        }
        self._deployment = deployment
        self._clean = clean

    async def run(self, name: str) -> HookRan:
        """Run one to its end. LookupError when the configuration has no such command any more."""
        hook = self._hooks.get(name)
        if hook is None:
            raise LookupError(f"there is no command {name} in the configuration any more")
        seat = self._seats[name]
        if seat.calls.busy:
            return HookRan(status=None, detail="the last run has not ended yet")
        seat.runner.command = self._command(hook)
        began, off = time.monotonic(), threading.Event()
        try:
            ran = await seat.calls.call(lambda: seat.runner.run(off), hook.deadline + 2 * GRACE_S + SLACK_S)
        except TimeoutError:
            return HookRan(status=None, detail="the run did not come back: its start hangs in the kernel")
        except asyncio.CancelledError:
            off.set()
            raise
        said = self._clean(_last_line(ran))[:DETAIL_CHARACTERS]
        words = _words(ran, hook.deadline, time.monotonic() - began)
        status = ran.status if ran.end == "exited" else None
        return HookRan(status=status, detail=f"{words}: {said}" if said else words)

    def _command(self, hook: HookSettings) -> Command:
        return Command(
            argv=hook.argv,
            environment={**base_environment(), **told(self._service, self._deployment())},
            timeout=hook.deadline,
            largest_output=KEPT_BYTES,
            keeps_the_end=True,
        )


def told(service: str, deployment: Deployment | None) -> dict[str, str]:
    """What a command is told of the deployment that it is run for."""
    known = {"RWD_SERVICE": service}
    if deployment is None:
        return known
    rollback = deployment.rollback
    return {
        **known,
        "RWD_RELEASE": deployment.release,
        "RWD_DEPLOYMENT": deployment.id,
        "RWD_STABLE": str(deployment.stable),
        "RWD_CANDIDATE": str(deployment.candidate),
        "RWD_REASON": "" if rollback is None else str(rollback.reason),
    }


def _words(ran: Ran, deadline: float, took: float) -> str:
    """How a run ended."""
    match ran.end:
        case "exited":
            return f"exit status {ran.status} after {took:.1f} s"
        case "killed":
            return f"killed by signal {ran.status} after {took:.1f} s"
        case "timeout":
            return f"not done after {deadline:g} s, so it was ended"
        case "stood_still":
            return f"this machine stood still for longer than the {deadline:g} s that it may take, so it was ended"
        case "called_off":
            return "called off: the daemon ended"
        case _:
            return ran.words or "could not be run"


def _last_line(ran: Ran) -> str:
    """What it said last, of what went wrong if it said that; on one line that can be printed."""
    for output in (ran.errors, ran.output) if ran.status != 0 else (ran.output,):
        lines = [line.strip() for line in output.decode(errors="replace").splitlines() if line.strip()]
        if lines:
            return "".join(char if char.isprintable() else " " for char in lines[-1])
    return ""
