"""Impossible values are missing ones from the moment they come in."""

from dataclasses import replace
from math import inf, nan

import pytest

from tests.core.examples import BLUE, ERROR_RATE, GREEN, SERVICE, environment, polled
from tests.core.world import World
from watchdog.core import verdict
from watchdog.core.events import Observed
from watchdog.core.model import Missing, Value, Verdict
from watchdog.core.readings import believed

PLAIN = replace(SERVICE, divert=False)


@pytest.mark.parametrize(
    ("signal", "value", "expected", "said"),
    [
        ("errors", nan, Missing.NAN, "NaN is no number to compare"),
        ("errors", inf, Missing.NAN, "+infinity is no number to compare"),
        ("requests", -inf, Missing.NAN, "-infinity is no number to compare"),
        ("requests", -3.0, Missing.ERROR, "-3 is no count"),
        ("p95", inf, Missing.NAN, "+infinity is no number to compare"),
        ("p95", -3.0, -3.0, ""),
        ("errors", 0.0, 0.0, ""),
        ("errors", Missing.STALE, Missing.STALE, ""),
    ],
)
def test_what_no_source_can_have_seen_is_missing(signal: str, value: Value, expected: Value, said: str) -> None:
    """NaN and infinity of every signal; below zero only what counts."""
    event = polled("edge", 5.0, (signal, GREEN, value), ("requests", BLUE, 4.0))

    mine, others = believed(PLAIN, event).readings

    assert (expected, said, 4.0) == (mine.value, mine.detail, others.value)


@pytest.mark.parametrize("value", [nan, inf, -1.0])
@pytest.mark.parametrize("signal", ["errors", "requests"])
def test_a_source_that_says_impossible_counts_blinds_its_rules(signal: str, value: float) -> None:
    """It says nothing that can be trusted: three polls later the verdict is blind, and never healthy."""
    world = World(environment=environment(PLAIN)).begin().submit()
    world.run(14.0)
    world.silent = {"edge"}
    for _ in range(3):
        world.run(1.0)
        counts = {"errors": 0.0, "requests": 20.0} | {signal: value}
        readings = [(name, colour, count) for name, count in counts.items() for colour in (BLUE, GREEN)]
        world.put(polled("edge", world.now, *readings))

    reading = verdict.read(PLAIN, world.shop, world.now)

    assert (Verdict.BLIND, (ERROR_RATE.name,)) == (reading.verdict, reading.blind)
    kept = world.kept[-1].body
    assert isinstance(kept, Observed)
    assert {Missing.NAN, Missing.ERROR} & {each.value for each in kept.readings}


def test_what_is_missing_already_stays_as_it_was() -> None:
    """Its own reason is the better one."""
    event = polled("edge", 5.0, ("errors", GREEN, nan), ("requests", GREEN, Missing.STALE))
    assert [Missing.NAN, Missing.STALE] == [reading.value for reading in believed(PLAIN, event).readings]


def test_a_service_that_left_the_configuration_has_no_counts() -> None:
    """Its last polls may still arrive: only what is no number is replaced."""
    event = polled("edge", 5.0, ("errors", GREEN, nan), ("requests", GREEN, -3.0))
    assert [Missing.NAN, -3.0] == [reading.value for reading in believed(None, event).readings]
