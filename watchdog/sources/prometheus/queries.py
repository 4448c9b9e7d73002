"""What is asked of a Prometheus server: counters, gauges, and histograms whose bounds the server must tell.

What lives here: the values, and which selectors a counter is made of. What must not: requests, samples.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdog.core.model import Colour, Missing, Seconds
from watchdog.sources.prometheus.selectors import Selector, literal

BOUND_TOLERANCE = 1e-9
"""Bounds are decimal texts; 2 and 2.0 are the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """A raw counter of one colour, or a histogram's observations above a limit."""

    signal: str
    colour: Colour | None
    selector: Selector
    """Of a histogram: under its name without an ending."""
    above: Seconds | None = None
    """Set for a histogram."""

    @property
    def buckets(self) -> Selector:
        """All buckets of the histogram."""
        return Selector(metric=f"{self.selector.metric}_bucket", matchers=self.selector.matchers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """An expression that gives one number for one colour."""

    signal: str
    colour: Colour | None
    query: str
    selectors: tuple[str, ...] = ()
    """Those inside it: by their samples' age the value is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a counter is made of at this poll."""

    counter: Counter
    plus: Selector | None = None
    minus: Selector | None = None
    """Taken away: what lies below the limit."""
    root: Selector | None = None
    """The broadest counter of the same metric: while it moves on, a counter without series stands at 0."""
    bound: float | None = None
    """Where a histogram is cut."""
    missing: Missing | None = None
    """Why it cannot be made."""
    detail: str = ""

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Those whose series are needed."""
        return tuple(each for each in (self.plus, self.minus) if each is not None)

    @property
    def family(self) -> str:
        """Series that appear together; cut elsewhere, a histogram's are others."""
        return f"{self.root} {self.minus}"


def plain(counters: Sequence[Counter]) -> tuple[Made, ...]:
    """Those that need no bound, each with the broadest declared counter of its colour that covers it."""
    raw = [each for each in counters if each.above is None]
    return tuple(Made(counter=each, plus=each.selector, root=_broadest(each, raw)) for each in raw)


def _broadest(counter: Counter, declared: Sequence[Counter]) -> Selector:
    covering = [
        each.selector for each in declared if each.colour is counter.colour and each.selector.covers(counter.selector)
    ]
    return min(covering, key=lambda each: (len(each.matchers), str(each)))


def histogram(counter: Counter, counts: Mapping[str, float]) -> Made:
    """A histogram's count, given how many series each of its `le` labels has."""
    assert counter.above is not None
    name = counter.buckets
    if not counts:
        return Made(counter=counter, missing=Missing.EMPTY, detail=f"no series matches {name}")
    bounds: dict[float, list[str]] = {}
    for label in counts:
        try:
            bounds.setdefault(float(label), []).append(label)
        except ValueError:
            continue
    whole = sum(counts[label] for label in bounds.get(math.inf, ()))
    fitting = sorted(
        bound
        for bound, labels in bounds.items()
        if counter.above - BOUND_TOLERANCE <= bound < math.inf and sum(counts[label] for label in labels) == whole
    )
    if not fitting or not whole:
        shown = ", ".join(f"{bound:g}" for bound in sorted(bounds) if bound < math.inf)
        detail = f"{name} has no bucket bound at {counter.above:g} or above in every series; its bounds are {shown}"
        return Made(counter=counter, missing=Missing.ERROR, detail=detail)
    bound = fitting[0]
    plus = _le(name, bounds[math.inf])
    return Made(counter=counter, plus=plus, minus=_le(name, bounds[bound]), root=plus, bound=bound)


def _le(buckets: Selector, labels: Sequence[str]) -> Selector:
    if len(labels) == 1:
        matcher = ("le", "=", labels[0])
    else:
        matcher = ("le", "=~", "|".join(literal(label) for label in sorted(labels)))
    return Selector(metric=buckets.metric, matchers=(*buckets.matchers, matcher))
