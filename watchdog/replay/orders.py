"""Commands of people in a scenario that stand beside a deployment's way: less exposure, silence, rehearsals, tasks.

What lives here: their keys, and the command that each becomes. What must not: when they are refused (the engine's).
"""

from pydantic import Field

from watchdog.config.schema.base import Model
from watchdog.config.units import Duration, Share
from watchdog.config.words import Flag, Name, Text
from watchdog.core import events


class Hold(Model):
    """The candidate gets less than its step's share until `resume`."""

    weight: Share = Field(description="The candidate's share, below the step's, such as 10%.")
    because: Text | None = Field(default=None, description="The reason that is recorded.")

    def command(self, number: str, by: str, service: str) -> events.HoldAt:
        """The command."""
        return events.HoldAt(id=number, by=by, because=self.because or "", service=service, weight=float(self.weight))


class Divert(Model):
    """One route's users are kept from the candidate."""

    route: Name = Field(description="Name of the route.")
    end: Flag = Field(default=False, description="true: they are let go there again.")
    because: Text | None = Field(default=None, description="The reason that is recorded.")

    def command(self, number: str, by: str, service: str) -> events.DivertRoute:
        """The command."""
        because = self.because or ""
        return events.DivertRoute(
            id=number, by=by, because=because, service=service, route=self.route, release=bool(self.end)
        )


class Disarm(Model):
    """No automatic rollback or divert for a while."""

    for_: Duration = Field(alias="for", description="For how long; 0s: armed again at once.")
    because: Text | None = Field(default=None, description="The reason that is recorded.")

    def command(self, number: str, by: str, service: str) -> events.Disarm:
        """The command."""
        return events.Disarm(id=number, by=by, because=self.because or "", service=service, for_=float(self.for_))


class Drill(Model):
    """A rollback is rehearsed without moving a user."""

    look_only: Flag = Field(default=False, description="true: only what needs no change is looked at.")

    def command(self, number: str, by: str, service: str) -> events.Rehearse:
        """The command."""
        return events.Rehearse(id=number, by=by, service=service, drill=not self.look_only)


class Did(Model):
    """A prepared task was carried out by hand."""

    task: Name = Field(description="Name of the task.")
    because: Text | None = Field(default=None, description="The reason that is recorded.")

    def command(self, number: str, by: str, service: str) -> events.Did:
        """The command."""
        return events.Did(id=number, by=by, because=self.because or "", service=service, task=self.task)
