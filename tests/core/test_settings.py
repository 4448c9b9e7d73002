"""The configuration in core values."""

from dataclasses import replace
from typing import Literal

import pytest

from tests.core.examples import ALIVE, CANARY, EDGE, SERVICE, SHOP, environment
from watchdog.core.conditions import Bound
from watchdog.core.model import Missing, NoData


@pytest.mark.parametrize(
    ("op", "beyond"),
    [
        (">", [False, False, True]),
        (">=", [False, True, True]),
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
    ],
)
def test_a_bound_has_one_bad_side(op: Literal[">", ">=", "<", "<="], beyond: list[bool]) -> None:
    """Of values below, at and above the limit."""
    assert beyond == [Bound(op=op, limit=2.0).beyond(value) for value in (1.0, 2.0, 3.0)]


def test_missing_data_is_held_unless_the_rule_says_otherwise() -> None:
    """Per kind of missing."""
    rule = replace(ALIVE, no_data=((Missing.TIMEOUT, NoData.FIRE),))

    assert (NoData.FIRE, NoData.HOLD) == (rule.on_missing(Missing.TIMEOUT), rule.on_missing(Missing.ERROR))


def test_a_plan_is_watched_for_its_soaks_and_its_bake() -> None:
    """When nothing holds it up."""
    assert 40.0 == CANARY.watched()


def test_things_are_found_by_their_names() -> None:
    """A source that a service does not have is a fault of the program, everything else may be missing."""
    known = environment()

    assert (EDGE, ALIVE, None) == (SERVICE.source("edge"), SERVICE.rule("alive"), SERVICE.rule("none"))
    assert (SERVICE, None) == (known.service(SHOP), known.service("none"))
    assert (CANARY, None) == (known.plan("canary"), known.plan("none"))
    with pytest.raises(KeyError, match="none"):
        SERVICE.source("none")
