from typing import Any

import pytest

from watchdog.config.schema.sources.access_log import AccessLog


def log(**keys: Any) -> AccessLog:
    return AccessLog.model_validate(keys)


def test_every_signal_exists_per_route() -> None:
    """As a count of each colour."""
    signals = log(routes={"login": {"path": "/login"}, "labs": {"path": "/labs"}}).signals()

    assert [frozenset({"login", "labs"})] * 4 == [
        signals[name].members for name in ("requests", "errors", "slow", "writes")
    ]
    assert {("count", True)} == {(spec.kind, spec.per_colour) for spec in signals.values()}


def test_also_bad_exists_only_for_the_routes_that_declare_it() -> None:
    """It is judged against stable only, for clients cause such statuses too."""
    also_bad = log(
        routes={"login": {"path": "/login", "also_bad": ["401", "403"]}, "labs": {"path": "/labs"}}
    ).signals()["also_bad"]

    assert (frozenset({"login"}), False, True) == (also_bad.members, also_bad.bare, also_bad.relative)


@pytest.mark.parametrize(
    ("keys", "places"),
    [
        ({}, []),
        ({"slow": "0s"}, [("slow",)]),
        ({"routes": {"other": {"path": "/o"}}}, [("routes", "other")]),
    ],
)
def test_ranges(keys: dict[str, Any], places: list[tuple[str, ...]]) -> None:
    """And the one name that is taken."""
    assert places == [place for place, _ in log(**keys).complaints()]


def test_a_status_is_given_once() -> None:
    """Twice is a slip."""
    route = log(routes={"login": {"path": "/login", "also_bad": ["401", "401"]}}).routes["login"]

    assert [(("also_bad",), "names a status twice")] == list(route.complaints())


def test_it_is_read_in_slices() -> None:
    """Four a second, with or without a deployment."""
    assert (0.25, 0.25, 1.0) == (log().interval, log().rhythm, log().idle_factor)
