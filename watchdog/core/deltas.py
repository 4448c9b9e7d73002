"""Raw counters to counts: the difference per series, before any sum.

Law of the module: a counter only ever counts what it shows. Never a rate, never extrapolated, and nothing is counted
that may have happened before we looked (STATS 4.2; Prometheus itself drops a series' first increment, prometheus#1673).
Source and replay share it, so that a recording yields what the live system saw. All times here are the sampled
server's own (seconds, the time of the scrape), never engine time.

What is new counts in full where it is known to be new: its process began after the last scrape, or the last scrape
showed others of its family (the same metric of the same target) and not this one, so that it was made since. The first
500 of an application is such a series.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from watchdog.core.model import Missing, Seconds

FORGET_AFTER_S = 3600.0
"""A series that has not been seen for so long is forgotten: each restarted container leaves one behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One series of one scrape."""

    series: str
    """All its labels, in any fixed spelling."""
    value: float
    started: Seconds | None = None
    """When the process began to count (`process_start_time_seconds`, `_created`), if it tells."""
    family: str = ""
    """What is shown together or not at all; empty when nothing is known of that."""


Known: TypeAlias = tuple[str, float, Seconds]
"""Series, its last value, and the time of the scrape that showed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What is remembered between two scrapes. A vanished series keeps its value: it may come back."""

    known: tuple[Known, ...] = ()
    at: Seconds | None = None
    """Time of the last scrape that showed anything; the next count begins there."""
    families: frozenset[str] = frozenset()
    """Those that the last scrape showed."""


def advance(counters: Counters, at: Seconds, scrape: Iterable[Raw]) -> tuple[Counters, float | Missing]:
    """The count between the last scrape and this one.

    Missing is STALE for a scrape that was consumed before, EMPTY for one without a usable series (the next count then
    reaches over it, so a missed poll loses nothing) and for the first, which has nothing to be compared with.
    """
    counters, found = increments(counters, at, scrape)
    return counters, found if isinstance(found, Missing) else sum(found.values())


def increments(
    counters: Counters, at: Seconds, scrape: Iterable[Raw]
) -> tuple[Counters, Mapping[str, float] | Missing]:
    """The same by series, for a scrape of which several counts are made: each takes the series that are its own."""
    if counters.at is not None and at <= counters.at:
        return counters, Missing.STALE
    usable = [raw for raw in scrape if 0.0 <= raw.value < math.inf]
    if not usable:
        return counters, Missing.EMPTY
    known = {series: (value, seen) for series, value, seen in counters.known}
    found: dict[str, float] = {}
    for raw in usable:
        found[raw.series] = _increment(raw, known.get(raw.series), counters)
        known[raw.series] = (raw.value, at)
    kept = tuple((series, value, seen) for series, (value, seen) in known.items() if at - seen <= FORGET_AFTER_S)
    families = frozenset(raw.family for raw in usable if raw.family)
    return Counters(known=kept, at=at, families=families), Missing.EMPTY if counters.at is None else found


def _increment(raw: Raw, last: tuple[float, Seconds] | None, counters: Counters) -> float:
    """What one series has counted since it was last seen, or since the last scrape when it is new."""
    if last is None:
        began = raw.started is not None and counters.at is not None and raw.started > counters.at
        return raw.value if began or raw.family in counters.families else 0.0
    value, seen = last
    if raw.value < value or (raw.started is not None and raw.started > seen):
        return raw.value  # it began at 0 again; with a known start even one that has already overtaken its old value
    return raw.value - value
