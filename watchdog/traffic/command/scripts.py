"""One action's command: its placeholders, its run, and what its end or its words mean.

What lives here: the run in a thread of its own, bounded in time and output, with a clean environment. What must not:
which action is due.
"""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

from watchdog.core.model import Colour, Split
from watchdog.outside.command_run import GRACE_S, Command, Ran, Runner, base_environment
from watchdog.traffic.base import RouterError
from watchdog.traffic.waiting import aside

PLACEHOLDERS: Final = ("service", "stable", "candidate", "weight", "colour", "deployment")
"""What `$name` in an argument may be."""

_SLACK_S: Final = 2 * GRACE_S + 1.0
_WORDS: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """An action's command with placeholders in it, and how long it may take."""

    argv: tuple[str, ...]
    deadline: float

    def filled(self, values: Mapping[str, str]) -> tuple[str, ...]:
        """The command for one order. RouterError for a placeholder that does not exist."""
        try:
            return tuple(Template(each).substitute(values) for each in self.argv)
        except (KeyError, ValueError) as error:
            raise RouterError(f"{self.argv[0]}: {error} is no placeholder of {', '.join(PLACEHOLDERS)}") from error

    async def run(self, values: Mapping[str, str], off: threading.Event) -> str:
        """What it says on its output. RouterError when it does not exit with 0, or `off` is set meanwhile."""
        argv = self.filled(values)
        command = Command(argv=argv, environment=base_environment(), timeout=self.deadline)
        try:
            ran = await aside(lambda: Runner(command).run(off), self.deadline + _SLACK_S)
        except (asyncio.CancelledError, TimeoutError):
            off.set()  # nobody waits for it any more, so it must not go on
            raise
        if ran.end != "exited" or ran.status != 0:
            raise RouterError(f"{' '.join(argv)}: {_why(ran, self.deadline)}")
        return ran.output.decode(errors="replace").strip()


def values(service: str, split: Split, colour: Colour, weight: float) -> dict[str, str]:
    """What the placeholders are for one order; the weight as a number of percent."""
    return {
        "service": service,
        "stable": split.stable,
        "candidate": split.candidate,
        "weight": f"{100.0 * weight:g}",
        "colour": colour,
        "deployment": split.salt,
    }


def share(said: str, candidate: Colour) -> float:
    """What an `observe` command says: the colour that has all users, or the candidate's percentage. ValueError."""
    word = said.strip().lower()
    if word in tuple(Colour):
        return 1.0 if word == candidate else 0.0
    try:
        percent = float(word.removesuffix("%").strip())
    except ValueError:
        percent = -1.0
    if not 0.0 <= percent <= 100.0:  # noqa: PLR2004 - named in the message
        raise ValueError(f"it says {said[:_WORDS]!r}; wanted blue, green, or the candidate's percentage from 0 to 100")
    return percent / 100.0


def _why(ran: Ran, deadline: float) -> str:
    words = (ran.errors or ran.output).decode(errors="replace").strip().rpartition("\n")[2][:_WORDS]
    said = f", and it says: {words}" if words else ""
    match ran.end:
        case "exited":
            return f"exit status {ran.status}{said}"
        case "killed":
            return f"was killed by signal {ran.status}{said}"
        case "timeout" | "stood_still":
            return f"did not end within {deadline:g} s and was killed{said}"
        case "too_much":
            return "said more than anybody reads, and was killed"
        case "called_off":
            return "was called off"
        case "not_run":
            return ran.words
