"""From Prometheus' plain settings to the live source: what reaches it."""

import asyncio

from watchdog.config.sources.asked import HttpSettings
from watchdog.config.sources.prometheus import CounterSettings, GaugeSettings, PrometheusSettings
from watchdog.config.words import Secret
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.prometheus.queries import Counter, Gauge
from watchdog.sources.prometheus.selectors import Selector
from watchdog.sources.prometheus.source import PrometheusSource

SETTINGS = PrometheusSettings(
    name="metrics",
    http=HttpSettings(
        url="https://metrics",
        timeout=2.0,
        headers=(("X-Scope", Secret(literal="team")),),
        token=Secret(credential="token"),
        verify=True,
        ca="/etc/ca.pem",
    ),
    poll=5.0,
    scrape=15.0,
    counters=(
        CounterSettings(
            signal="slow", colour=Colour.BLUE, metric="seconds", matchers=(("color", "=", "blue"),), above=2.0
        ),
    ),
    gauges=(GaugeSettings(signal="cpu", colour=None, query="max(cpu)", selectors=("cpu",)),),
)


def test_queries_rhythm_and_trust_reach_the_source() -> None:
    """With the credentials revealed."""
    source = build.source(SETTINGS, lambda: 0.0, lambda secret: f"<{secret.credential or secret.literal}>")
    assert isinstance(source, PrometheusSource)
    counter = Counter(
        signal="slow",
        colour=Colour.BLUE,
        selector=Selector(metric="seconds", matchers=(("color", "=", "blue"),)),
        above=2.0,
    )
    assert ((counter,), (Gauge(signal="cpu", colour=None, query="max(cpu)", selectors=("cpu",)),)) == (
        source._counters,
        source._gauges,
    )
    assert (5.0, 15.0, 2.0) == (source.interval, source._scrape, source._timeout)
    client = source._client
    assert ("https://metrics", "/etc/ca.pem") == (client._connect.url, client._session.verify)
    sent = {"Authorization": "Bearer <token>", "X-Scope": "<team>", "Accept-Encoding": "identity"}
    assert sent == client._connect.headers
    asyncio.run(source.close())
