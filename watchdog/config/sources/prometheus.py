"""A Prometheus server in plain values.

What lives here: its values and the translation. What must not: how it is asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchdog.config import promql
from watchdog.config.prometheus_forms import CounterQuery, GaugeQuery
from watchdog.config.promql import Matcher, Selector
from watchdog.config.schema.sources.prometheus import Prometheus
from watchdog.config.sources.asked import HttpSettings, http_settings
from watchdog.config.sources.colour import coloured, tells_colours
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class CounterSettings:
    """One raw counter of one colour."""

    signal: str
    colour: Colour | None
    metric: str
    """Of a histogram: its name without an ending."""
    matchers: tuple[tuple[str, str, str], ...]
    """Label, operator, value."""
    above: float | None
    """Seconds; set for a histogram."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GaugeSettings:
    """One expression of one colour."""

    signal: str
    colour: Colour | None
    query: str
    selectors: tuple[str, ...]
    """Those inside the expression, by which the age of its samples is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSettings:
    """One Prometheus source."""

    name: str
    http: HttpSettings
    poll: float
    scrape: float
    counters: tuple[CounterSettings, ...]
    gauges: tuple[GaugeSettings, ...]


def prometheus_settings(name: str, model: Prometheus) -> PrometheusSettings:
    """The source of that name; the same for every service."""
    return PrometheusSettings(
        name=name,
        http=http_settings(model),
        poll=float(model.poll),
        scrape=float(model.scrape),
        counters=tuple(each for signal, query in model.counters.items() for each in _counters(signal, query)),
        gauges=tuple(each for signal, query in model.gauges.items() for each in _gauges(signal, query)),
    )


def _counters(signal: str, query: CounterQuery) -> Iterator[CounterSettings]:
    for colour in _colours(str(query.selector)):
        selector = _of(query.selector, colour)
        yield CounterSettings(
            signal=signal,
            colour=colour,
            metric=selector.metric,
            matchers=tuple((matcher.label, matcher.op, matcher.value) for matcher in selector.matchers),
            above=None if query.above is None else float(query.above),
        )


def _gauges(signal: str, query: GaugeQuery) -> Iterator[GaugeSettings]:
    for colour in _colours(query.query):
        text = query.query if colour is None else coloured(query.query, colour)
        inside = tuple(str(selector) for selector in promql.selectors(text))
        yield GaugeSettings(signal=signal, colour=colour, query=text, selectors=inside)


def _colours(written: str) -> tuple[Colour | None, ...]:
    return tuple(Colour) if tells_colours(written) else (None,)


def _of(selector: Selector, colour: Colour | None) -> Selector:
    if colour is None:
        return selector
    matchers = tuple(Matcher(each.label, each.op, coloured(each.value, colour)) for each in selector.matchers)
    return Selector(coloured(selector.metric, colour), matchers)
