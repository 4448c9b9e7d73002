"""What is found at one server's actuator."""

from typing import Any

from watchdog.core.model import Missing
from watchdog.sources.actuator.answers import Metric
from watchdog.sources.actuator.client import Answer
from watchdog.sources.actuator.look import server
from watchdog.sources.base import Finding

UP = Answer(status=200, body={"status": "UP", "components": {"db": {"status": "UP"}}})
NAMES = Answer(status=200, body={"names": ["hikaricp.connections.active", "http.server.requests"]})


def said(value: Any, unit: str = "") -> Answer:
    body = {"measurements": [{"statistic": "VALUE", "value": value}], **({"baseUnit": unit} if unit else {})}
    return Answer(status=200, body=body)


def looked(
    page: Answer = UP, names: Answer = NAMES, components: tuple[str, ...] = (), **metrics: tuple[Metric, Answer]
) -> list[Finding]:
    return list(server("green", page, names, components, dict(metrics.values())))


def metric(meter: str = "hikaricp.connections.active", unit: str = "any") -> Metric:
    return Metric(name="pool", meter=meter, statistic="VALUE", unit=unit)


def test_all_is_well() -> None:
    """Health, and each signal's value."""
    found = looked(components=("db",), pool=(metric(), said(3.0)))

    assert [(True, "green: health is UP"), (True, "green: pool is 3")] == [(each.ok, each.what) for each in found]


def test_a_health_page_that_gives_nothing() -> None:
    """An application that is down is worth a word; components that rules use must be there."""
    down = Answer(status=503, body={"status": "DOWN"})
    assert [(None, "green: health is DOWN")] == [(each.ok, each.what) for each in looked(down)]

    silent = Answer(missing=Missing.TIMEOUT, detail="timeout: no")
    assert [(False, "green: health gives no reading (timeout): timeout: no")] == [
        (each.ok, each.what) for each in looked(silent, components=("db",))
    ]

    _, hidden = looked(Answer(status=200, body={"status": "UP"}), components=("db",))
    assert False is hidden.ok
    assert "health[db] gives no reading (empty): the health page shows no components" in hidden.what


def test_metrics_that_are_not_exposed_are_told_once() -> None:
    """Whatever number of signals wants them."""
    absent = Answer(status=404, body={"status": 404})
    _, found = looked(names=absent, pool=(metric(), absent))

    assert (False, "green: 404 instead of a list of metrics") == (found.ok, found.what)
    assert "management.endpoints.web.exposure.include" in found.remedy


def test_a_meter_that_is_not_there() -> None:
    """A slip, other tags, or one that may come with its first use."""
    gone = Answer(status=404)
    slip, tags, later = (
        looked(pool=(metric(name), gone))[1]
        for name in ("hikaricp.connection.active", "hikaricp.connections.active", "executor.active")
    )

    assert (False, "did you mean hikaricp.connections.active?") == (slip.ok, slip.remedy)
    other = looked(pool=(metric("hikaricp.connections.timeout"), gone))[1]
    assert other.ok is None  # a name of its own, which comes later
    assert (None, "the meter is there with other tags") == (tags.ok, tags.remedy)
    assert None is later.ok
    assert "first use" in later.remedy


def test_a_meter_in_another_unit() -> None:
    """A limit of 2s would be compared with milliseconds."""
    _, fine, wrong = looked(pool=(metric(unit="duration"), said(1500.0, "milliseconds")))
    assert (True, False) == (fine.ok, wrong.ok)
    assert "is in milliseconds" in wrong.what
    for unit in ("seconds", ""):
        assert 2 == len(looked(pool=(metric(unit="duration"), said(1.5, unit))))


def test_a_meter_without_a_number() -> None:
    """A NaN may pass; a statistic that it does not have stays."""
    assert None is looked(pool=(metric(), said("NaN")))[1].ok
    assert False is looked(pool=(metric(), Answer(status=200, body={"measurements": []})))[1].ok
