"""Prometheus in plain values: each colour has its own queries."""

from pathlib import Path

from tests.config.helpers import compiled
from tests.config.schema.sources.test_prometheus import TEXT
from watchdog.config.sources.prometheus import CounterSettings, GaugeSettings, PrometheusSettings
from watchdog.core.conditions import SequentialRatio
from watchdog.core.model import Colour


def test_the_colour_is_filled_in_everywhere(tmp_path: Path) -> None:
    """In conditions and expressions; a query without `$colour` is asked once, for no colour."""
    (service,) = compiled(tmp_path, TEXT.replace("9090", "9090/")).services
    (settings,) = [each for each in service.sources if isinstance(each, PrometheusSettings)]
    blue, green = (("color", "=", colour) for colour in ("blue", "green"))

    assert "http://127.0.0.1:9090" == settings.http.url
    assert (
        CounterSettings(signal="requests", colour=Colour.BLUE, metric="requests_total", matchers=(blue,), above=None),
        CounterSettings(signal="requests", colour=Colour.GREEN, metric="requests_total", matchers=(green,), above=None),
        CounterSettings(signal="slow", colour=Colour.BLUE, metric="seconds", matchers=(blue,), above=2.0),
        CounterSettings(signal="slow", colour=Colour.GREEN, metric="seconds", matchers=(green,), above=2.0),
    ) == settings.counters
    assert [(Colour.BLUE, ('seconds_bucket{color="blue"}',)), (Colour.GREEN, ('seconds_bucket{color="green"}',))] == [
        (gauge.colour, gauge.selectors) for gauge in settings.gauges if gauge.signal == "p95"
    ]
    assert GaugeSettings(signal="pool", colour=None, query="max(pool)", selectors=("pool",)) == settings.gauges[-1]


def test_a_rule_on_counts_is_paced_by_the_scrapes(tmp_path: Path) -> None:
    """Between two scrapes nothing new can be seen, however often the server is asked."""
    environment = compiled(tmp_path, TEXT).environment
    (condition,) = [
        rule.condition for rule in environment.services[0].rules if isinstance(rule.condition, SequentialRatio)
    ]
    assert 15.0 == condition.interval
