"""What the kinds of rule have in common: the signals that they want, and the sequential kinds' keys.

What lives here: their bases. What must not: any one kind.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.forms import Signal
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.schema.sources.base import SignalKind
from watchdog.config.units import Duration, Factor


class Condition(Model):
    """The keys of one kind of rule."""

    SIGNALS: ClassVar[Mapping[str, SignalKind]]
    """The keys that name a signal, and what kind of signal each wants."""

    @classmethod
    def wanted(cls, given: Collection[str]) -> Mapping[str, SignalKind]:
        """The kinds of signal that are wanted when the keys `given` are written."""
        _ = given
        return cls.SIGNALS

    @property
    def signals(self) -> tuple[tuple[str, Signal], ...]:
        """The signals by their key."""
        named = ((key, getattr(self, key)) for key in self.SIGNALS)
        return tuple((key, signal) for key, signal in named if signal is not None)


class Sequential(Condition):
    """The keys of the kinds that share the service's `alpha`."""

    ride_out: Duration = Field(
        default=Duration(3.0),
        description="No disturbance shorter than this can fire the rule. 0s turns it off: one bad slice can then "
        "roll back.",
    )
    window: Duration | None = Field(
        default=None,
        description="How long the promise about mistakes must hold. Left out: the plan's soaks and bake together.",
    )
    design_effect: Factor = Field(
        default=Factor(1.0),
        description="Bad events come in bunches of up to so many (a page that asks three times: 3), so each counts for "
        "less. 1: one by one. Larger is slower by about as much.",
    )

    def sequential_complaints(self) -> Iterator[Complaint]:
        """Ranges; a kind's `complaints` includes it."""
        if self.window is not None and self.window <= 0.0:
            yield ("window",), found(self.window, "a duration above 0s")


def share_complaints(bad: Signal, total: Signal) -> Iterator[Complaint]:
    """A share of something by itself is no share."""
    if bad == total:
        yield ("total",), "counts the same as bad, so the share would always be 100%; wanted the count of all"
