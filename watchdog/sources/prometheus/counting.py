"""From counters' scrapes to counts: each scraped sample is used once, by its own time.

What lives here: which scrapes are new, target by target, and whose they are. What must not: requests, engine time,
differences (`core/deltas`). A target is what is scraped in one go, known by `job` and `instance`: everything of one
scrape bears one time, so that bad and total of a share are of the same requests.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias

from watchdog.core.deltas import FORGET_AFTER_S, Counters, Raw, increments
from watchdog.core.model import Missing, Seconds
from watchdog.sources.prometheus.instant import SCRAPES_TO_STALE
from watchdog.sources.prometheus.queries import Made
from watchdog.sources.prometheus.selectors import Fetch, Fits, Selector

CLOCK_BACK_S = 1.0
"""A server whose time went back by more has another clock: what was remembered is of no use."""

Target: TypeAlias = tuple[str, str]
"""Job and instance."""

Reached: TypeAlias = Mapping[tuple[str, Target], Seconds]
"""By family and target, the time of the last scrape that was counted."""

Found: TypeAlias = Mapping[tuple[Selector, Target], float]
"""What was counted now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What is remembered between two polls. All times are the server's."""

    at: Seconds | None = None
    """Of the last answer."""
    targets: Mapping[Target, Counters] = field(default_factory=dict)
    reached: Reached = field(default_factory=dict)
    held: Mapping[Target, Seconds] = field(default_factory=dict)
    """A scrape that only some of the requests had shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One counter at this poll."""

    value: float | Missing
    over: tuple[Seconds, Seconds] | None = None
    """From the last scrape that was counted before to the last that is counted now, by the server's time."""
    detail: str = ""


@dataclass(slots=True)
class _Series:
    key: str
    selectors: set[Selector] = field(default_factory=set)
    newest: dict[int, Seconds] = field(default_factory=dict)
    """By request."""
    samples: Sequence[tuple[Seconds, float]] = ()


def count(
    state: State, at: Seconds, made: Sequence[Made], fetched: Sequence[tuple[Fetch, Sequence[Any]]], scrape: Seconds
) -> tuple[State, tuple[Counted, ...]]:
    """The counts since the last poll, in the order of `made`. ValueError (and its like) for an answer of no sense."""
    if state.at is not None and at < state.at - CLOCK_BACK_S:
        state = State()
    families = {selector: each.family for each in made for selector in each.selectors}
    roots: dict[Selector, set[str]] = {}  # one histogram may be cut at several limits: its whole is the root of each
    for each in made:
        if each.root is not None:
            roots.setdefault(each.root, set()).add(each.family)
    targets, reached, held = dict(state.targets), dict(state.reached), {}
    found: dict[tuple[Selector, Target], float] = {}
    for target, series in _by_target(fetched).items():
        old = targets.get(target)
        horizon, newest = _horizon(series, old, state.held.get(target))
        if horizon < newest:
            held[target] = newest
        targets[target], counted = _target(old, series, horizon, families)
        for one in series:
            for selector in one.selectors:
                found[selector, target] = found.get((selector, target), 0.0) + counted.get(one.key, 0.0)
            seen = [time for time, _ in one.samples if time <= horizon]
            for family in [family for root in one.selectors & roots.keys() for family in roots[root] if seen]:
                reached[family, target] = max([*seen, reached.get((family, target), seen[0])])
    after = State(at=at, targets=_recent(targets, at), reached=_reached_recently(reached, at), held=held)
    span = _Span(before=state.reached, after=after.reached, at=at, scrape=scrape)
    return after, tuple(_counted(each, found, span) for each in made)


def window(state: State, at: Seconds, longest: Seconds, scrape: Seconds) -> Seconds:
    """How far back the samples must be read: to the oldest scrape from which a living target goes on."""
    if state.at is None or at < state.at - CLOCK_BACK_S:
        return longest
    since = [counters.at for counters in state.targets.values() if counters.at is not None]
    oldest = min((each for each in since if at - each < longest), default=state.at)
    # One scrape more: a target that was not there at the last poll, and one whose scrape took its time.
    return min(at - min(oldest, state.at) + scrape, longest)


def _by_target(fetched: Sequence[tuple[Fetch, Sequence[Any]]]) -> dict[Target, list[_Series]]:
    """Every series once, with all selectors that it fits."""
    series: dict[str, _Series] = {}
    targets: dict[Target, list[_Series]] = {}
    for request, (fetch, result) in enumerate(fetched):
        for item in result:
            labels: dict[str, str] = item["metric"]
            fitting = [selector for selector, fits in _tests(fetch) if fits is None or fits(labels)]
            samples = [(float(time), float(value)) for time, value in item.get("values", ())]
            if not fitting or not samples:
                continue
            key = "\n".join(f"{name}={value}" for name, value in sorted(labels.items()))
            if key not in series:
                series[key] = _Series(key=key)
                targets.setdefault((labels.get("job", ""), labels.get("instance", "")), []).append(series[key])
            each = series[key]
            each.selectors.update(fitting)
            each.samples = max(each.samples, samples, key=len)
            each.newest[request] = samples[-1][0]
    return targets


@lru_cache(maxsize=256)
def _tests(fetch: Fetch) -> tuple[tuple[Selector, Fits | None], ...]:
    return tuple((selector, selector.fits()) for selector in fetch.wanted)


def _horizon(series: Sequence[_Series], old: Counters | None, held: Seconds | None) -> tuple[Seconds, Seconds]:
    """Up to which scrape is counted, and the newest there is.

    Two requests may fall on either side of a scrape: what only one of them shows waits for the next poll, and no longer
    (a metric that is gone must not stop the others).
    """
    newest: dict[int, Seconds] = {}
    for each in series:
        for request, time in each.newest.items():
            newest[request] = max(newest.get(request, time), time)
    low, high = min(newest.values()), max(newest.values())
    if low == high or old is None or old.at is None or low > old.at:
        return low, high
    return (min(held, high) if held is not None else low), high


def _target(
    old: Counters | None, series: Sequence[_Series], horizon: Seconds, families: Mapping[Selector, str]
) -> tuple[Counters, dict[str, float]]:
    """One target's new scrapes, and what each of its series has counted in them."""
    found: dict[str, float] = {}
    by_time: dict[Seconds, list[Raw]] = {}
    since = float("-inf") if old is None or old.at is None else old.at
    for each in series:
        family = min(families[selector] for selector in each.selectors)
        for time, value in each.samples:
            if since < time <= horizon:
                by_time.setdefault(time, []).append(Raw(series=each.key, value=value, family=family))
    counters = old or Counters()
    if old is None:  # nothing is counted yet: only where each series stands matters, and what the last scrape showed
        return _baseline(by_time), found
    for time in sorted(by_time):
        counters, counted = increments(counters, time, by_time[time])
        if not isinstance(counted, Missing):
            for key, value in counted.items():
                found[key] = found.get(key, 0.0) + value
    return counters, found


def _baseline(by_time: Mapping[Seconds, Sequence[Raw]]) -> Counters:
    latest: dict[str, tuple[Seconds, Raw]] = {
        raw.series: (time, raw) for time in sorted(by_time) for raw in by_time[time]
    }
    counters = Counters()
    for time in sorted({time for time, _ in latest.values()}):
        counters, _ = increments(counters, time, [raw for seen, raw in latest.values() if seen == time])
    return counters


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    before: Reached
    after: Reached
    at: Seconds
    scrape: Seconds


def _counted(made: Made, found: Found, span: _Span) -> Counted:
    if made.missing is not None or made.plus is None:
        return Counted(value=made.missing or Missing.ERROR, detail=made.detail)
    family = made.family
    now = {target: time for (key, target), time in span.after.items() if key == family}
    newest = max(now.values(), default=None)
    if newest is None:
        return Counted(value=Missing.EMPTY, detail=f"no series matches {made.root}")
    age = span.at - newest
    if age > SCRAPES_TO_STALE * span.scrape:
        detail = f"the newest sample of {made.root} is {age:.0f} s old, more than 3 scrapes"
        return Counted(value=Missing.STALE, detail=detail)
    moved = {
        target: (span.before[family, target], time)
        for target, time in now.items()
        if (family, target) in span.before and time > span.before[family, target]
    }
    if not moved:
        return Counted(value=0.0, over=(newest, newest))
    value = sum(found.get((made.plus, target), 0.0) for target in moved)
    if made.minus is not None:
        value -= sum(found.get((made.minus, target), 0.0) for target in moved)
    over = (min(start for start, _ in moved.values()), max(end for _, end in moved.values()))
    return Counted(value=max(value, 0.0), over=over)


def _recent(targets: Mapping[Target, Counters], at: Seconds) -> dict[Target, Counters]:
    """Without those that nobody has seen for long: each replaced container leaves one."""
    return {
        target: counters
        for target, counters in targets.items()
        if counters.at is None or at - counters.at <= FORGET_AFTER_S
    }


def _reached_recently(reached: Reached, at: Seconds) -> Reached:
    return {key: time for key, time in reached.items() if at - time <= FORGET_AFTER_S}


def intervals(results: Iterable[Sequence[Any]]) -> list[Seconds]:
    """The times between two scrapes, of every series."""
    found: list[Seconds] = []
    for result in results:
        for item in result:
            times = [float(time) for time, _ in item.get("values", ())]
            found += [later - earlier for earlier, later in pairwise(times)]
    return found
