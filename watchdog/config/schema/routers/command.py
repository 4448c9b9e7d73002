"""Commands of the operator's as a router.

What lives here: the keys. What must not: how they are run (`watchdog.traffic.command`).
"""

from collections.abc import Iterator, Mapping
from string import Template
from typing import ClassVar

from pydantic import Field

from watchdog.config.errors import found, unknown
from watchdog.config.schema.argv import Argv, argv_complaints
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.schema.routers.entry import Entry
from watchdog.config.units import Duration
from watchdog.config.variables import PLACEHOLDERS

LONGEST_DEADLINE_S = 15.0
"""An order of traffic has 45 s in all, and may run a brake, a rollback and an observe."""


class Fallback(Model):
    """Commands that bring traffic back to stable when the router itself cannot."""

    ACTIONS: ClassVar[tuple[str, ...]] = ("rollback", "observe", "prove")

    rollback: Argv = Field(
        description="Gives stable all users, whatever was before, such as `[/opt/rollback-to-blue.sh]`. Exit 0 is done."
    )
    observe: Argv | None = Field(
        default=None,
        description="Prints which colour has all users, or the candidate's percentage. Left out: the last order is "
        "believed.",
    )
    prove: Argv | None = Field(
        default=None,
        description="Exits with 0 when it sees that only stable gets users. Left out: by the access log if the service "
        "has one, else by `observe` and a stable that answers, and it is said that no request was counted.",
    )
    deadline: Duration = Field(
        default=Duration(15.0), description="A run that takes longer is killed and has failed; 100ms to 15s."
    )
    entry: Entry = Field(default=Entry(), description="How the daemon reaches the service through the balancer.")

    @property
    def actions(self) -> Mapping[str, Argv]:
        """Those that are given."""
        given = {action: getattr(self, action) for action in self.ACTIONS}
        return {action: argv for action, argv in given.items() if argv is not None}

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, programs that depend on who looks for them, and placeholders that do not exist."""
        if not 0.1 <= self.deadline <= LONGEST_DEADLINE_S:  # noqa: PLR2004 - named in the message
            yield ("deadline",), found(self.deadline, "a duration from 100ms to 15s")
        for action, argv in self.actions.items():
            yield from argv_complaints(argv, (action,))
            for index, text in enumerate(argv):
                yield from (((action, index), message) for message in _placeholders(text))


class CommandRouter(Fallback):
    """Commands of yours move the traffic. They see PATH, LANG and TZ, and in their arguments $service, $stable,
    $candidate, $weight (percent), $colour (who is about to have the users, or who is braked) and $deployment.
    """

    ACTIONS: ClassVar[tuple[str, ...]] = ("set", "rollback", "promote", "brake", "release", "observe", "prove")

    set: Argv | None = Field(
        default=None,
        description='Gives the candidate a share, such as `[/opt/traffic-split.sh, "$weight"]`. Left out: plans have '
        "one step, to 100%.",
    )
    promote: Argv | None = Field(
        default=None,
        description="Gives the candidate all users, such as `[/opt/switch-to-green.sh]`. Left out: `set` with 100.",
    )
    brake: Argv | None = Field(
        default=None,
        description="Keeps users from $colour at once. Left out: `rollback` does it all, and there is no divert.",
    )
    release: Argv | None = Field(default=None, description="Ends what `brake` did. Goes with `brake`.")

    @property
    def can_divert(self) -> bool:
        """Whether users can be taken off the candidate for a moment."""
        return self.brake is not None and self.release is not None

    def complaints(self) -> Iterator[Complaint]:
        """As a fallback's, and what belongs together."""
        yield from super().complaints()
        if (self.brake is None) is not (self.release is None):
            given, other = ("brake", "release") if self.brake is not None else ("release", "brake")
            yield (given,), f"goes with {other}, which is missing"
        if self.set is None and self.promote is None:
            yield (), "has neither set nor promote; wanted a command that gives the candidate users"


def _placeholders(text: str) -> Iterator[str]:
    template = Template(text)
    if not template.is_valid():
        yield found(text, "$$ for a dollar sign, or a placeholder such as $weight")
        return
    for name in template.get_identifiers():
        if name not in PLACEHOLDERS:
            yield unknown(f"${name}", "a placeholder", [f"${each}" for each in PLACEHOLDERS])
