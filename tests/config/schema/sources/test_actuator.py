"""The keys of what an application says of itself."""

from pathlib import Path

import pytest

from tests.config.helpers import changed
from watchdog.config.schema.sources.actuator import Actuator, Metric
from watchdog.config.schema.sources.base import SignalSpec

TEXT = """
sources:
  app:
    actuator:
      metrics:
        pool: {metric: hikaricp.connections.active, tags: {pool: main}, unit: number}
        gc: {metric: jvm.gc.pause, statistic: COUNT}
rules:
  db: {probe: {signal: "app.health[db_primary]"}, on_fire: rollback}
  own: {probe: {signal: app.health}, on_fire: rollback}
"""


def test_its_signals_are_health_with_any_component_and_the_operator_s(tmp_path: Path) -> None:
    """Only the application knows which components it has."""
    source = changed(tmp_path, TEXT).sections.sources["app"]

    assert {
        "health": SignalSpec(kind="probe", any_member=True),
        "pool": SignalSpec(kind="gauge", unit="number"),
        "gc": SignalSpec(kind="count"),
    } == source.model.signals()
    assert 2.0 == source.interval


@pytest.mark.parametrize(
    ("written", "is_counter"),
    [
        ({}, False),
        ({"statistic": "MAX"}, False),
        ({"statistic": "COUNT"}, True),
        ({"statistic": "TOTAL_TIME"}, True),
        ({"statistic": "TOTAL"}, True),
        ({"statistic": "COUNT", "counter": "false"}, False),
        ({"counter": "true"}, True),
    ],
)
def test_a_statistic_says_whether_it_is_a_counter(written: dict[str, str], is_counter: bool) -> None:  # noqa: FBT001 - a table
    """Unless the file does."""
    metric = Metric.model_validate({"metric": "a.b", **written})

    assert is_counter is metric.is_counter
    assert ("count" if is_counter else "gauge") == metric.spec.kind


def test_it_is_advisory_and_no_probe_of_a_colour() -> None:
    """An application that does not answer here may still serve."""
    assert (False, False) == (Actuator.REQUIRED, Actuator.PROBING)
