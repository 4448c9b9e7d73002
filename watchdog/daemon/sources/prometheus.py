"""Prometheus, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.prometheus` does.
"""

from collections.abc import Callable

from watchdog.config.sources.prometheus import PrometheusSettings
from watchdog.config.words import Secret
from watchdog.core.model import Seconds
from watchdog.daemon.sources.headers import headers
from watchdog.sources.prometheus.client import Client
from watchdog.sources.prometheus.queries import Counter, Gauge
from watchdog.sources.prometheus.selectors import Selector
from watchdog.sources.prometheus.source import PrometheusSource


def prometheus(
    settings: PrometheusSettings, now: Callable[[], Seconds], reveal: Callable[[Secret], str]
) -> PrometheusSource:
    """A Prometheus source. OSError when a credential cannot be read."""
    http = settings.http
    return PrometheusSource(
        name=settings.name,
        client=Client(
            url=http.url, timeout=http.timeout, headers=headers(http, reveal), verify=http.verify, ca=http.ca
        ),
        interval=settings.poll,
        timeout=http.timeout,
        scrape=settings.scrape,
        counters=[
            Counter(
                signal=each.signal,
                colour=each.colour,
                selector=Selector(metric=each.metric, matchers=each.matchers),
                above=each.above,
            )
            for each in settings.counters
        ],
        gauges=[
            Gauge(signal=each.signal, colour=each.colour, query=each.query, selectors=each.selectors)
            for each in settings.gauges
        ],
        now=now,
    )
