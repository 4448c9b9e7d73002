"""The instant answer: every gauge, how old its samples are, histograms' bounds, and the server's own time, in one.

What lives here: one query out of many and many answers out of one, and what a gauge's answer means. What must not:
counters' samples. A query that the server refuses is asked by itself from then on, so that it costs no other.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from watchdog.core.model import Missing, Reading, Seconds
from watchdog.sources.prometheus.client import AskError, Client
from watchdog.sources.prometheus.queries import Counter, Gauge

PART_LABEL = "rwd"
"""Tells which query a series answers."""

SCRAPES_TO_STALE = 3.0
"""A sample that is older than this many scrapes speaks of a target that is gone."""

_NOW = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One series of an answer."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What the server said to all of them at one moment."""

    at: Seconds
    """The server's time."""
    found: Mapping[str, Sequence[Found]]
    """By query."""
    failed: Mapping[str, AskError] = field(default_factory=dict)
    """By query."""
    apart: frozenset[str] = frozenset()
    """Queries that were refused; they are asked one by one."""

    def of(self, query: str) -> Sequence[Found]:
        """The series that answer a query. AskError when it was refused."""
        if query in self.failed:
            raise self.failed[query]
        return self.found.get(query, ())


def age_query(selector: str) -> str:
    """When the newest sample of a selector was taken."""
    return f"max(timestamp({selector}))"


def bounds_query(counter: Counter) -> str:
    """How many series each bound of a histogram has."""
    return f"count by (le) ({counter.buckets})"


def queries(gauges: Sequence[Gauge], counters: Sequence[Counter]) -> tuple[str, ...]:
    """Everything to ask at one moment, equal queries once."""
    ages = [age_query(selector) for gauge in gauges for selector in gauge.selectors]
    bounds = [bounds_query(counter) for counter in counters if counter.above is not None]
    return tuple(dict.fromkeys([*(gauge.query for gauge in gauges), *ages, *bounds]))


def ask(client: Client, wanted: Sequence[str], apart: frozenset[str]) -> Answers:
    """Ask them all, as one query. AskError when the server cannot be asked."""
    together = [query for query in wanted if query not in apart]
    failed: dict[str, AskError] = {}
    found: dict[str, list[Found]] = {}
    try:
        at = _ask(client, together, found)
    except AskError as error:
        if not error.refused or not together:
            raise
        at = _ask(client, [], found)
        apart = apart | frozenset(together)
    for query in apart.intersection(wanted):
        try:
            _ask(client, [query], found)
        except AskError as error:
            if not error.refused:
                raise
            failed[query] = _in_our_words(error)
    return Answers(at=at, found=found, failed=failed, apart=frozenset(failed))


def _in_our_words(error: AskError) -> AskError:
    """A refusal that is about how we ask, as one about the query."""
    if "got scalar" not in str(error):
        return error
    return AskError(error.kind, "the query gives a scalar, wanted a series: put vector() round it", refused=True)


def _ask(client: Client, wanted: Sequence[str], found: dict[str, list[Found]]) -> Seconds:
    """Add each query's series to `found`; the server's time of evaluation."""
    parts = {_NOW: "vector(time())", **{f"q{index}": query for index, query in enumerate(wanted)}}
    # A query stands on lines of its own: one that ends in a comment must not swallow what follows.
    text = " or ".join(f'label_replace(\n{query}\n,"{PART_LABEL}","{part}","","")' for part, query in parts.items())
    at: Seconds | None = None
    result = client.ask(text)
    try:
        for item in result:
            labels = dict(item["metric"])
            part = labels.pop(PART_LABEL)
            value = float(item["value"][1]) if "value" in item else math.nan  # a native histogram is no number
            if part == _NOW:
                at = float(item["value"][0])
            else:
                found.setdefault(parts[part], []).append(Found(labels=labels, value=value))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        at = None
    if at is None:
        raise AskError(Missing.ERROR, "its answer is not the one that Prometheus' API promises")
    return at


def reading(gauge: Gauge, answers: Answers, scrape: Seconds, engine: Callable[[Seconds], Seconds]) -> Reading:
    """A gauge's reading; `engine` turns the server's time into the engine's."""
    try:
        value, oldest, detail = _judged(gauge, answers, scrape)
    except AskError as error:
        value, oldest, detail = error.kind, None, str(error)
    over = None if oldest is None else (engine(oldest), engine(answers.at))
    return Reading(signal=gauge.signal, colour=gauge.colour, value=value, detail=detail, over=over)


def _judged(gauge: Gauge, answers: Answers, scrape: Seconds) -> tuple[float | Missing, Seconds | None, str]:
    """Value, time of its sample, and why there is none."""
    series = answers.of(gauge.query)
    if not series:
        return Missing.EMPTY, None, "the query gives no series"
    if len(series) > 1:
        return Missing.ERROR, None, f"the query gives {len(series)} series, wanted one number: sum or max over them"
    value = series[0].value
    newest = [found.value for selector in gauge.selectors for found in answers.of(age_query(selector))]
    if gauge.selectors and not newest:
        return Missing.STALE, None, "none of the query's series has a current sample"
    oldest = min(newest, default=answers.at)
    age = answers.at - oldest
    if age > SCRAPES_TO_STALE * scrape:
        return Missing.STALE, None, f"the newest sample is {age:.0f} s old, more than 3 scrapes"
    if math.isnan(value):
        return Missing.NAN, None, "NaN: a share of nothing, or a quantile of no observations"
    if math.isinf(value):
        return Missing.NAN, None, f"{'+' if value > 0 else '-'}Inf is no number to compare"
    return value, oldest, ""
