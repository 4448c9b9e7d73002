"""A colour's servers together."""

import pytest

from watchdog.core.model import Missing
from watchdog.sources.actuator.answers import Said
from watchdog.sources.actuator.colour import all_up, gauge

UP, DOWN, UNKNOWN = Said(1.0), Said(0.0, "DOWN: db"), Said(Missing.TIMEOUT, "timeout: no")


def test_a_colour_is_up_only_if_all_its_servers_are() -> None:
    """One that is known to be down says more than one that is not known; with several, the address is told."""
    assert UP == all_up({"a": UP, "b": UP})
    assert DOWN == all_up({"a": DOWN})
    assert Said(0.0, "c: DOWN: db") == all_up({"a": UP, "b": UNKNOWN, "c": DOWN})
    assert Said(Missing.TIMEOUT, "b: timeout: no") == all_up({"a": UP, "b": UNKNOWN})


@pytest.mark.parametrize(("across", "value"), [("max", 6.0), ("sum", 9.0), ("mean", 3.0)])
def test_a_gauge_of_several_servers(across: str, value: float) -> None:
    """As the operator says."""
    assert Said(value) == gauge({"a": Said(1.0), "b": Said(6.0), "c": Said(2.0)}, across)


def test_a_gauge_that_one_server_does_not_tell_is_missing() -> None:
    """Nobody knows what it would have been."""
    assert Said(Missing.TIMEOUT, "b: timeout: no") == gauge({"a": Said(1.0), "b": UNKNOWN}, "max")
