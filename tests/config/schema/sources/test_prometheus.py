"""Prometheus' keys: which signals they make, and how fast these move."""

from pathlib import Path

from tests.config.helpers import changed
from watchdog.config.schema.sources.prometheus import Prometheus

TEXT = """
sources:
  metrics:
    prometheus:
      url: http://127.0.0.1:9090
      gauges:
        p95: 'histogram_quantile(0.95, sum by (le) (rate(seconds_bucket{color="$colour"}[1m])))'
        pool: {query: max(pool), unit: number}
      counters:
        requests: 'requests_total{color="$colour"}'
        slow: {histogram: 'seconds{color="$colour"}', above: 2s}
rules:
  errors: {sequential_ratio: {bad: metrics.slow, total: metrics.requests, limit: 5%}, on_fire: rollback}
"""


def prometheus(folder: Path, text: str = TEXT) -> Prometheus:
    model = changed(folder, text).sections.sources["metrics"].prometheus
    assert model is not None
    return model


def test_each_query_is_a_signal(tmp_path: Path) -> None:
    """Gauges know how far they look back, and `$colour` makes a signal per colour."""
    signals = prometheus(tmp_path).signals()
    assert {
        "p95": ("gauge", "any", True, 60.0),
        "pool": ("gauge", "number", False, 0.0),
        "requests": ("count", "any", True, 0.0),
        "slow": ("count", "any", True, 0.0),
    } == {name: (spec.kind, spec.unit, spec.per_colour, spec.lookback) for name, spec in signals.items()}


def test_its_rhythm_is_the_slower_of_poll_and_scrape(tmp_path: Path) -> None:
    """A poll between two scrapes finds nothing new; one that is slower than the scrapes finds several."""
    assert 15.0 == prometheus(tmp_path).rhythm
    assert 30.0 == prometheus(tmp_path, TEXT.replace("      gauges:", "      poll: 30s\n      gauges:")).rhythm
    assert 5.0 == prometheus(tmp_path).interval


def test_it_is_advisory(tmp_path: Path) -> None:
    """A monitoring outage is not a bad release, so no service is blind without it."""
    assert not changed(tmp_path, TEXT).sections.sources["metrics"].is_required
