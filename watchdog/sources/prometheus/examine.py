"""What a look at the server shows that a file cannot: for `check --live`.

What lives here: findings and their wording. What must not: requests.
"""

import re
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watchdog.core.model import Missing, Reading, Seconds
from watchdog.sources.base import Finding
from watchdog.sources.prometheus.counting import Counted
from watchdog.sources.prometheus.queries import Gauge, Made

SCRAPE_TOLERANCE = 1.3
"""Measured and written scrape interval may differ by this factor: scrapes jitter, and some fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What was seen."""

    scrape: Seconds
    """As the file says."""
    gauges: Sequence[tuple[Gauge, Reading]]
    made: Sequence[Made]
    counted: Sequence[Counted]
    intervals: Sequence[Seconds]
    """Between two scrapes, as seen."""
    trouble: str
    """Why the counters could not be read."""


def examined(seen: Examination) -> tuple[Finding, ...]:
    """Every query's finding, then what concerns all."""
    return (
        *(finding for gauge, reading in seen.gauges for finding in _gauge(gauge, reading)),
        *_counters(seen),
        *_scrape(seen),
    )


def _gauge(gauge: Gauge, reading: Reading) -> Iterator[Finding]:
    name = _named(gauge.signal, reading.colour)
    if isinstance(reading.value, Missing):
        ok = None if reading.value is Missing.NAN else False  # without traffic it is what it should be
        yield Finding(ok=ok, what=f"{name}: {reading.detail}", remedy=_GAUGE_REMEDY.get(reading.value, ""))
    else:
        yield Finding(ok=True, what=f"{name} is {reading.value:g}")
    yield from _quantile(name, gauge.query)


_GAUGE_REMEDY = {
    Missing.EMPTY: "try the query in Prometheus itself: is the metric scraped, and are the labels spelt so?",
    Missing.STALE: "is the target still scraped? Or is scrape shorter than the real time between two scrapes?",
    Missing.NAN: "normal without traffic; a rule on it is unknown meanwhile. Counts with sequential_ratio have no NaN",
}


def _quantile(name: str, query: str) -> Iterator[Finding]:
    """The two usual mistakes with quantiles: over all time, and over all series apart."""
    if "histogram_quantile" not in query:
        return
    if not re.search(r"\b(i?rate|increase)\s*\(", query):
        remedy = "wanted histogram_quantile(0.95, sum by (le) (rate(NAME_bucket{...}[1m])))"
        yield Finding(ok=None, what=f"{name} has no rate(): it is the quantile since the process began", remedy=remedy)
    elif not re.search(r"\bby\s*\([^)]*\ble\b", query):
        remedy = "wanted sum by (le) (rate(...)) inside, or one quantile comes of each series"
        yield Finding(ok=None, what=f"{name} does not sum by (le)", remedy=remedy)


def _counters(seen: Examination) -> Iterator[Finding]:
    if seen.trouble:
        yield Finding(ok=False, what=f"the counters cannot be read: {seen.trouble}")
        return
    for made, counted in zip(seen.made, seen.counted, strict=True):
        name = _named(made.counter.signal, made.counter.colour)
        if isinstance(counted.value, Missing):
            yield Finding(ok=False, what=f"{name}: {counted.detail}", remedy=_COUNTER_REMEDY.get(counted.value, ""))
            continue
        above = made.counter.above
        counts = made.plus if made.bound is None else f"{made.counter.selector} above {made.bound:g} s"
        yield Finding(ok=True, what=f"{name} is counted: {counts}")
        if made.bound is not None and above is not None and made.bound > above * (1 + 1e-9):
            remedy = f'give the histogram a bound at le="{above:g}"; until then slower faults are found later'
            what = f"{name} counts what took over {made.bound:g} s, the next bound above {above:g} s"
            yield Finding(ok=None, what=what, remedy=remedy)


_COUNTER_REMEDY = {
    Missing.EMPTY: "is the metric scraped, and are the labels spelt so? A counter that appears only with its first "
    "event needs the total of the same metric beside it, which says that nothing has happened yet",
    Missing.ERROR: 'wanted a histogram with a bucket bound at the limit, such as le="2"',
    Missing.STALE: "is the target still scraped? Or is scrape shorter than the real time between two scrapes?",
}


def _scrape(seen: Examination) -> Iterator[Finding]:
    if not seen.intervals:
        return
    usual = statistics.median(seen.intervals)
    if seen.scrape / SCRAPE_TOLERANCE <= usual <= seen.scrape * SCRAPE_TOLERANCE:
        yield Finding(ok=True, what=f"scrapes come every {usual:.3g} s")
        return
    what = f"scrapes come every {usual:.3g} s, the file says {seen.scrape:g} s"
    loss = "samples count as stale too soon" if usual > seen.scrape else "a vanished target is noticed late"
    written = f"{1000.0 * usual:.0f}ms" if usual < 1.0 else f"{usual:.0f}s"
    yield Finding(ok=None, what=what, remedy=f"wanted scrape: {written}, or {loss}")


def _named(signal: str, colour: str | None) -> str:
    return signal if colour is None else f"{signal} of {colour}"
