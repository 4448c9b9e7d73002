"""What every kind of source tells the rest of the configuration: its signals, its rhythm, how far to lean on it.

What lives here: the base of the kinds and the description of a signal. What must not: any one kind.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.units import Duration
from watchdog.core.model import Colour, Seconds

SHORTEST_POLL_S = 0.1
"""More often would load the target and tell nothing more."""

IDLE_POLL_FACTOR = 5.0
"""Polls are this many times rarer while no deployment is under way, unless the file says otherwise."""

SignalKind: TypeAlias = Literal["count", "probe", "gauge"]
Unit: TypeAlias = Literal["any", "duration", "share", "size", "number"]
"""What a comparison with the signal must be written in; `any` where only the operator knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalSpec:
    """One signal of a source, as rules may use it."""

    kind: SignalKind
    unit: Unit = "any"
    """Of a gauge."""
    per_colour: bool = True
    """Each colour has its own."""
    of_data: bool = False
    """It speaks of the database: where both colours share one it says nothing about one of them."""
    members: frozenset[str] | None = None
    """What may stand in brackets after it (routes, components); None: nothing may."""
    any_member: bool = False
    """Any name may stand in brackets: the target alone knows which exist."""
    bare: bool = True
    """It exists without brackets."""
    lookback: Seconds = 0.0
    """A gauge's value speaks of so much time before its reading."""
    relative: bool = False
    """Only to be judged against stable (`canary_vs_stable`)."""
    needs_traffic: bool = False
    """It has no value while nothing is asked of the colour."""
    names: Colour | None = None
    """What is asked for names this one colour instead of `$colour`: no rule may use it."""


class SourceModel(Model):
    """The keys of one kind of source."""

    REQUIRED: ClassVar[bool] = True
    """Unless the file says otherwise a service that cannot see by it is blind."""
    PROBING: ClassVar[bool] = False
    """It asks the colours themselves, so its `up` shows that one answers."""
    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {}
    """The signals that every source of the kind has."""
    OWN: ClassVar[str] = ""
    """For the documentation: which signals the operator names, and of what kind they are."""

    def signals(self) -> Mapping[str, SignalSpec]:
        """Every signal by its name within the source."""
        return self.CATALOGUE

    @property
    def interval(self) -> Seconds:
        """Time between two polls (or slices)."""
        raise NotImplementedError

    @property
    def rhythm(self) -> Seconds:
        """Time between two readings that are new: the scrape's where that is longer than the poll's."""
        return self.interval

    @property
    def idle_factor(self) -> float:
        """How many times less often it polls while no deployment is under way."""
        return 1.0


class PolledModel(SourceModel):
    """The keys of a source that is asked again and again."""

    poll: Duration = Field(default=Duration(5.0), description="Time from one poll to the next; at least 100ms.")
    idle_poll: Duration | None = Field(
        default=None,
        description="The same while no deployment is under way; not shorter than `poll`. Left out: five times `poll`.",
    )

    def rhythm_complaints(self) -> Iterator[Complaint]:
        """What is wrong with the polls; a kind's `complaints` includes it."""
        if self.poll < SHORTEST_POLL_S:
            yield ("poll",), found(self.poll, "a duration of at least 100ms")
        if self.idle_poll is not None and self.idle_poll < self.poll:
            yield ("idle_poll",), found(self.idle_poll, f"a duration of at least poll ({self.poll})")

    @property
    def interval(self) -> Seconds:
        """As the file says."""
        return float(self.poll)

    @property
    def idle_factor(self) -> float:
        """As the file says."""
        return IDLE_POLL_FACTOR if self.idle_poll is None else float(self.idle_poll) / float(self.poll)
