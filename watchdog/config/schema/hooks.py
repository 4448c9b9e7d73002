"""Commands of the operator's that the daemon runs after a rollback.

What lives here: the keys of `hooks`. What must not: how they are run (`watchdog.daemon.hooks`), when (the core).
"""

from collections.abc import Iterator

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.argv import Argv, argv_complaints
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.units import Duration
from watchdog.config.words import Flag, Name

STOP = "stop"
"""The name of the command that stops the candidate."""

SHORTEST_DEADLINE_S = 0.1
LONGEST_DEADLINE_S = 540.0
"""The daemon itself gives an effect up after 10 min; what a command takes to be ended fits before that."""


class HookCommand(Model):
    """A program of yours, run without a shell. It sees PATH, LANG, TZ and RWD_SERVICE, RWD_RELEASE, RWD_DEPLOYMENT,
    RWD_STABLE, RWD_CANDIDATE, RWD_REASON, and nothing else.
    """

    argv: Argv = Field(
        description="The program's absolute path and its arguments as a list, such as "
        "`[/usr/local/bin/warm-cache, --all]`. No shell: nothing is expanded, piped or quoted."
    )
    deadline: Duration = Field(
        default=Duration(30.0),
        description="A run that takes longer is ended (SIGTERM, a second later SIGKILL) and has failed; 100ms to 9m.",
    )
    idempotent: Flag = Field(
        default=False,
        description="`true`: it may be run twice, so it is run again when nobody knows how a run ended (the daemon was "
        "killed meanwhile). `false`: a human is asked then.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and a program that depends on who looks for it."""
        yield from argv_complaints(self.argv)
        if not SHORTEST_DEADLINE_S <= self.deadline <= LONGEST_DEADLINE_S:
            yield ("deadline",), found(self.deadline, "a duration from 100ms to 9m")


class Hooks(Model):
    """Commands of yours around a rollback. One that fails is told and undoes nothing."""

    after_rollback: dict[Name, HookCommand] = Field(
        default={},
        description="Run one after the other, in the order of the file, once a rollback is proved. Left out: none.",
    )
    stop: HookCommand | None = Field(
        default=None,
        description="Stops the candidate, once what is open on it has ended; for `candidate_after_rollback: stop`. It "
        "is shown and counted as `stop`.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """One name, one command."""
        if self.stop is not None and STOP in self.after_rollback:
            yield ("after_rollback", STOP), "is the name of hooks.stop; wanted another name"
