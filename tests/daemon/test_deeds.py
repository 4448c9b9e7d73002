"""Every kind of effect has its deed, its deadline and an outcome for when it was not done."""

from typing import get_args

import pytest

from watchdog.core.effects import Effect, Notify, ObserveTraffic, ProbeColour, SetTraffic
from watchdog.core.engine import ANSWERED_BY
from watchdog.core.model import Colour, Split
from watchdog.daemon import deeds
from watchdog.daemon.performer import DEADLINES_S

KINDS = get_args(Effect)


def test_every_kind_of_effect_has_a_deed() -> None:
    """A message needs no service's adapters, so it stands apart."""
    assert {*deeds.DEEDS, Notify} == set(KINDS)


def test_every_kind_of_effect_has_a_deadline() -> None:
    """Nothing is waited for without an end."""
    assert set(DEADLINES_S) == set(KINDS)


@pytest.mark.parametrize("kind", [each for each in KINDS if each not in (ObserveTraffic, ProbeColour)])
def test_the_outcome_is_one_that_the_core_takes_for_that_kind(kind: type) -> None:
    """Another one would leave the effect waiting for ever."""
    outcome = deeds._OUTCOMES[kind]
    assert kind in ANSWERED_BY[outcome]


def test_a_probe_that_was_not_done_says_nothing() -> None:
    """It is no sign of how the colour is."""
    assert deeds.not_done(ProbeColour(id="1", service="shop", colour=Colour.BLUE), "no end") is None


def test_an_order_that_was_not_done_says_why() -> None:
    """Under the effect's own id."""
    split = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.5, salt="")
    outcome = deeds.not_done(SetTraffic(id="1", service="shop", epoch=1, split=split), "no end within 45 s")
    assert ("1", False, "no end within 45 s") == (
        getattr(outcome, "effect", ""),
        getattr(outcome, "ok", True),
        getattr(outcome, "detail", ""),
    )
