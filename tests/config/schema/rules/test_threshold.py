from typing import Any

import pytest

from watchdog.config.schema.rules.threshold import Threshold


def complaints(**keys: Any) -> list[str]:
    model = Threshold.model_validate({"value": "a.b", "when": "> 5%", **keys})
    return [".".join(map(str, place)) for place, _ in model.complaints()]


def test_with_a_total_the_value_is_a_count() -> None:
    """Without one it is a gauge."""
    assert {"value": "gauge", "total": "count"} == Threshold.wanted(["value", "when"])
    assert {"value": "count", "total": "count"} == Threshold.wanted(["value", "total"])


@pytest.mark.parametrize(
    ("keys", "places"),
    [
        ({}, []),
        ({"total": "a.c", "over": "1m", "min_events": "20"}, []),
        ({"total": "a.c"}, ["total"]),
        ({"total": "a.c", "over": "0s"}, ["total"]),
        ({"total": "a.c", "over": "1m", "when": "> 5"}, ["when"]),
        ({"total": "a.c", "over": "1m", "when": "> 0.05"}, []),
        ({"over": "1m"}, ["over"]),
        ({"min_events": "1"}, ["min_events"]),
        ({"matches": "3 of 5", "for": "1s"}, ["matches"]),
        ({"clear": "> 2s"}, ["clear"]),
    ],
)
def test_keys_that_need_or_exclude_each_other(keys: dict[str, str], places: list[str]) -> None:
    """Each at the key that is wrong."""
    assert places == complaints(**keys)
