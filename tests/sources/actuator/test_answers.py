"""What one server's answers say."""

from typing import Any

import pytest

from watchdog.core.model import Missing, Value
from watchdog.sources.actuator.answers import EXPOSE, Metric, Said, component, health, meter, statuses, unregistered
from watchdog.sources.actuator.client import Answer

POOL = Metric(name="pool", meter="hikaricp.connections.active", statistic="VALUE", tags=(("pool", "main"),))
SILENT = Answer(missing=Missing.TIMEOUT, detail="timeout: no")


def page(status: str, **components: Any) -> Answer:
    body = {"status": status, **({"components": components} if components else {})}
    return Answer(status=503 if status == "DOWN" else 200, body=body)


@pytest.mark.parametrize(
    ("answer", "value", "detail"),
    [
        (page("UP"), 1.0, ""),
        (page("DOWN"), 0.0, "DOWN"),
        (page("DOWN", db={"status": "DOWN"}, ping={"status": "UP"}), 0.0, "DOWN: db DOWN"),
        (page("OUT_OF_SERVICE", a={"status": "OUT_OF_SERVICE"}), 0.0, "OUT_OF_SERVICE: a OUT_OF_SERVICE"),
        (page("FATAL"), 0.0, "FATAL"),
        (page("UNKNOWN"), Missing.EMPTY, "UNKNOWN: the application does not say"),
        (Answer(status=500, body={"status": "UP"}), 1.0, ""),
        (SILENT, Missing.TIMEOUT, "timeout: no"),
        (
            Answer(status=404, body={"status": 404, "error": "Not Found"}),
            Missing.ERROR,
            f"404: there is no health page; {EXPOSE.format('health')}",
        ),
        (Answer(status=401), Missing.ERROR, "401: the application refuses us; is `token` there and right?"),
        (Answer(status=403, body={}), Missing.ERROR, "403: the application refuses us; is `token` there and right?"),
        (
            Answer(status=302),
            Missing.ERROR,
            "302: sent elsewhere, to a login page perhaps; the actuator must answer itself",
        ),
        (Answer(status=200, body=[1]), Missing.ERROR, "200: no health page's JSON"),
        (Answer(status=500, body={"status": 500}), Missing.ERROR, "500: no health page's JSON"),
    ],
)
def test_a_health_page_is_judged_by_its_json(answer: Answer, value: Value, detail: str) -> None:
    """DOWN under 503 is an answer; a page of somebody else is none."""
    assert Said(value, detail) == health(answer)


NESTED = page(
    "DOWN",
    db={"status": "DOWN", "components": {"primary": {"status": "DOWN", "details": {"error": "java.net:\trefused"}}}},
    diskSpace={"status": "UP", "details": {"free": 1}},
    odd={"no": "status"},
)


@pytest.mark.parametrize(
    ("name", "value", "detail"),
    [
        ("diskSpace", 1.0, ""),
        ("db", 0.0, "DOWN: primary DOWN"),
        ("db_primary", 0.0, "DOWN: java.net: refused"),
        ("odd", Missing.EMPTY, "there is no component odd; it has: db, db_primary, diskSpace"),
    ],
)
def test_a_component_has_its_own_state(name: str, value: Value, detail: str) -> None:
    """One inside another by both names; with its own words when it is down."""
    assert Said(value, detail) == component(NESTED, name)


def test_components_that_are_hidden_say_how_to_show_them() -> None:
    """They are not missing from the application."""
    said = component(page("UP"), "db")

    assert Missing.EMPTY is said.value
    assert "management.endpoint.health.show-components=always" in said.detail


def test_a_component_of_no_page_is_missing_as_the_page_is() -> None:
    """With the same words."""
    assert Said(Missing.TIMEOUT, "timeout: no") == component(SILENT, "db")


def test_names_that_no_rule_could_write_are_changed() -> None:
    """A dot or a space becomes _; what is itself called so goes first."""
    body = {
        "components": {
            "my.db": {"status": "UP"},
            "a": {"status": "UP", "components": {"b": {"status": "DOWN"}}},
            "a_b": {"status": "UP"},
        }
    }

    assert {"my_db": 1.0, "a": 1.0, "a_b": 1.0} == {name: said.value for name, said in statuses(body).items()}


def test_components_without_end_are_not_followed() -> None:
    """However deep they go."""
    deep: Any = {"status": "UP"}
    for _ in range(200):
        deep = {"status": "UP", "components": {"a": deep}}

    assert 6 == len(statuses(deep))


def test_long_words_are_cut() -> None:
    """One line on a telephone."""
    error = page("DOWN", db={"status": "DOWN", "details": {"error": "x" * 500}})

    assert "DOWN: " + "x" * 117 + "..." == component(error, "db").detail


def metric_page(*measurements: tuple[str, Any]) -> Answer:
    said = [{"statistic": statistic, "value": value} for statistic, value in measurements]
    return Answer(status=200, body={"name": "m", "measurements": said, "availableTags": []})


@pytest.mark.parametrize(
    ("answer", "value", "detail"),
    [
        (metric_page(("COUNT", 2.0), ("VALUE", 7)), 7.0, ""),
        (metric_page(("VALUE", "NaN")), Missing.NAN, "hikaricp.connections.active is NaN"),
        (metric_page(("VALUE", float("inf"))), Missing.NAN, "hikaricp.connections.active is inf"),
        (metric_page(("VALUE", None)), Missing.ERROR, "hikaricp.connections.active is no number"),
        (metric_page(("VALUE", True)), Missing.ERROR, "hikaricp.connections.active is no number"),
        (
            metric_page(("COUNT", 1.0), ("MAX", 1.0)),
            Missing.EMPTY,
            "hikaricp.connections.active has no VALUE; it has: COUNT, MAX",
        ),
        (SILENT, Missing.TIMEOUT, "timeout: no"),
        (Answer(status=401), Missing.ERROR, "401: the application refuses us; is `token` there and right?"),
        (Answer(status=400, body={}), Missing.ERROR, "400: no meter's JSON"),
        (
            Answer(status=404, body={"status": 404}),
            Missing.EMPTY,
            "404: there are no metrics; is `path` right, and is metrics in management.endpoints.web.exposure.include?",
        ),
    ],
)
def test_a_meter_s_number_is_read(answer: Answer, value: Value, detail: str) -> None:
    """By its statistic; what is no number has its own reason."""
    assert Said(value, detail) == meter(answer, POOL)


def test_a_meter_that_is_not_registered_is_told_apart() -> None:
    """It is a 404 without a body: Micrometer makes a meter when it is first used."""
    assert None is meter(Answer(status=404), POOL)
    assert "there is no hikaricp.connections.active with pool:main (yet)" == unregistered(POOL)
    assert "there is no a (yet)" == unregistered(Metric(name="a", meter="a", statistic="VALUE"))
