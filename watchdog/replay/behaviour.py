"""How the two copies of an application behave over time: rates, faults, answers of the health page.

What lives here: piecewise functions of time as frozen values. What must not: drawing requests, events of the engine.
Times are engine seconds from the start of the simulation.
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import inf

from watchdog.core.model import Colour, Seconds
from watchdog.replay.told import Told


class Answer(StrEnum):
    """What a colour says when it is asked directly."""

    UP = "up"
    DOWN = "down"
    """It answers, with the wrong status."""
    TIMEOUT = "timeout"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A quantity over time: straight lines between points, level before the first and after the last."""

    points: tuple[tuple[Seconds, float], ...]

    def at(self, t: Seconds) -> float:
        """The value at one moment."""
        index = bisect_right(self.points, t, key=lambda point: point[0])
        if index == 0:
            return self.points[0][1]
        if index == len(self.points):
            return self.points[-1][1]
        (begin, low), (end, high) = self.points[index - 1], self.points[index]
        return low + (high - low) * (t - begin) / (end - begin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is different on some colours for a while. A quantity that is None stays as it was."""

    colours: frozenset[Colour]
    start: Seconds = 0.0
    end: Seconds = inf
    route: str | None = None
    """Only requests of this route; None: all."""
    errors: float | None = None
    """Share of requests that fail at once."""
    slow: float | None = None
    """Share of requests that take longer than the limit."""
    hang: float | None = None
    """Share of requests that end only when the balancer gives up."""
    health: Answer | None = None
    signals: Mapping[str, Told] = field(default_factory=dict)
    """What signals of other sources say, by SOURCE.SIGNAL."""

    def holds(self, colour: Colour, t: Seconds) -> bool:
        """Whether it concerns a colour at a moment."""
        return colour in self.colours and self.start <= t < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How requests fare: shares of all, drawn in this order (a request that hangs does neither of the others)."""

    hang: float = 0.0
    errors: float = 0.0
    slow: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The usual conduct, and the faults; where two say something of one quantity the later in the list holds."""

    usual: Conduct = Conduct()
    faults: tuple[Fault, ...] = ()

    def conduct(self, colour: Colour, route: str, t: Seconds) -> Conduct:
        """How requests of a route fare on a colour at a moment."""
        hang, errors, slow = self.usual.hang, self.usual.errors, self.usual.slow
        for fault in self.faults:
            if fault.holds(colour, t) and fault.route in (None, route):
                hang = hang if fault.hang is None else fault.hang
                errors = errors if fault.errors is None else fault.errors
                slow = slow if fault.slow is None else fault.slow
        return Conduct(hang=hang, errors=errors, slow=slow)

    def answer(self, colour: Colour, t: Seconds) -> Answer:
        """What a colour says of itself when it is asked at a moment."""
        said = [fault.health for fault in self.faults if fault.health is not None and fault.holds(colour, t)]
        return said[-1] if said else Answer.UP

    def signal(self, name: str, colour: Colour | None, t: Seconds) -> Told | None:
        """What a fault makes a signal (SOURCE.SIGNAL) say at a moment; None: no fault concerns it.

        A signal that does not tell the colours apart is concerned by a fault of either.
        """
        concerned = tuple(Colour) if colour is None else (colour,)
        said = [
            fault.signals[name]
            for fault in self.faults
            if name in fault.signals and any(fault.holds(each, t) for each in concerned)
        ]
        return said[-1] if said else None
