"""A drill: every step of a rollback in a form that moves no user, each timed.

What lives here: the steps and their order. What must not: a user's flag, another text than the one in force. Afterwards
everything is as it was, also when it is called off in the middle.
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

from watchdog.core.model import Check, Split
from watchdog.traffic import files
from watchdog.traffic.base import RouterError
from watchdog.traffic.nginx.scratch import Scratch
from watchdog.traffic.nginx.switch import Switched
from watchdog.traffic.probes import Probes
from watchdog.traffic.proof import Prover
from watchdog.traffic.waiting import aside

_TURN_SECONDS: Final = 10.0
_BRAKE_SECONDS: Final = 10.0
_STAGE_SECONDS: Final = 2.0
STEPS: Final = ("rename", "test", "reload", "old workers")
"""What `Switch` times, in its order."""


class Drill:
    """One service's drill."""

    def __init__(
        self,
        *,
        scratch: Scratch,
        probes: Probes,
        prover: Prover,
        rewrite: Callable[[], Awaitable[Switched]],
        wall: Callable[[], float],
    ) -> None:
        """`rewrite` puts the text that is in force in force once more, in its turn among the orders of nginx."""
        self._scratch = scratch
        self._probes = probes
        self._prover = prover
        self._rewrite = rewrite
        self._wall = wall

    async def run(self, split: Split) -> tuple[Check, ...]:
        """Brake, rename, test, reload, workers and proof while `split` is in force; ends at what fails first."""
        checks = await self._braked(split)
        if all(check.ok for check in checks):
            checks += _switched(await self._rewrite())
        if all(check.ok for check in checks):
            checks += [await self._proved(split)]
        return tuple(checks)

    async def _braked(self, split: Split) -> list[Check]:
        """The scratch flag comes by rename, as a rollback's does, and goes."""
        checks: list[Check] = []
        staged = self._scratch.path.with_name(f".{self._scratch.path.name}")
        try:
            async with self._scratch.mine(_TURN_SECONDS), asyncio.timeout(_BRAKE_SECONDS):
                await aside(lambda: files.stage(staged, "a drill of rollback-watchdog\n"), _STAGE_SECONDS)
                for name, start, target, wanted in (
                    ("drill: brake on", staged, self._scratch.path, split.stable),
                    ("drill: brake off", self._scratch.path, staged, split.candidate),
                ):
                    began = time.monotonic()
                    files.swap(start, target)
                    problem = await self._scratch.went_to(wanted)
                    took, detail = time.monotonic() - began, problem or f"a probe went to {wanted}"
                    checks.append(Check(name=name, ok=not problem, detail=detail, took=took))
                    if problem:
                        break
        except (OSError, TimeoutError) as error:
            checks.append(Check(name="drill: brake", ok=False, detail=str(error) or "no end in time"))
        finally:
            with contextlib.suppress(OSError):
                staged.unlink(missing_ok=True)
        return checks

    async def _proved(self, split: Split) -> Check:
        """The proof that a rollback needs, by probes that the scratch flag keeps on stable; users are not looked at."""
        name = "drill: proof"
        began = time.monotonic()
        try:
            async with self._scratch.mine(_TURN_SECONDS):
                self._scratch.set()
                since = self._wall()
                began = time.monotonic()
                proof = await self._prover.rehearse(split.stable, since, lambda: self._probes.through(user=False))
        except (OSError, TimeoutError, RouterError) as error:
            return Check(name=name, ok=False, detail=str(error) or "the probes' brake is in use")
        return Check(name=name, ok=proof.ok, detail=proof.detail, took=time.monotonic() - began)


def _switched(done: Switched) -> list[Check]:
    """One line per step that was begun; the last one has what went wrong, or what is left."""
    left = done.detail or "; ".join(done.warnings)
    if not done.took:
        return [Check(name="drill: rename", ok=False, detail=left)]
    last = len(done.took) - 1
    return [
        Check(name=f"drill: {name}", ok=done.loaded or at < last, detail=left if at == last else "", took=took)
        for at, (name, took) in enumerate(done.took)
    ]
