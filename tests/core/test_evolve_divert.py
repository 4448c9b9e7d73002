"""Folding diverts and trials."""

from dataclasses import replace

import pytest

from tests.core.examples import GREEN, SHOP, deployment_of, shop
from tests.core.world import World
from watchdog.core.effects import PullBrake, ReleaseBrake
from watchdog.core.engine import evolve
from watchdog.core.events import BrakeOutcome
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    Body,
    DivertBlocked,
    DivertDropped,
    DivertOrdered,
    DivertWanted,
    OutcomeGivenUp,
    Record,
    TrialBegun,
    TrialEnded,
    TrialOrdered,
)
from watchdog.core.state import Divert, State

PULL = PullBrake(id="pull", service=SHOP, epoch=2, colour=GREEN)
RELEASE = ReleaseBrake(id="release", service=SHOP, epoch=3, colour=GREEN)
ORDERED = DivertOrdered(service=SHOP, epoch=2, number=1, until=110.0, rules=("alive",), order=PULL)
TRIAL = TrialOrdered(service=SHOP, epoch=3, order=RELEASE)


def folded(state: State, *bodies: Body) -> State:
    for body in bodies:
        state = evolve(state, Record(seq=state.seq + 1, at=100.0, body=body))
    return state


@pytest.fixture
def soaking() -> State:
    world = World().begin().submit()
    world.run(14.0)
    return world.state


def divert(state: State) -> Divert | None:
    return deployment_of(state).divert


def test_a_divert_goes_from_the_order_over_the_cut_and_the_trial_to_its_end(soaking: State) -> None:
    """Each record changes one thing."""
    state = folded(soaking, DivertWanted(service=SHOP, rules=("alive",), onset=90.0), ORDERED)
    assert (Divert(number=1, until=110.0), None) == (divert(state), deployment_of(state).divert_wanted)
    assert (2, 1, {"pull": PULL}) == (deployment_of(state).epoch, deployment_of(state).diverts, shop(state).waiting)

    state = folded(state, BrakeOutcome(effect="pull", ok=True))
    assert Divert(number=1, cut=True, until=110.0) == divert(state)
    cut_at = deployment_of(state).first_cut_at
    assert cut_at is not None

    state = folded(state, TRIAL)
    assert Divert(number=1, cut=True, until=110.0, releasing=True) == divert(state)

    state = folded(state, BrakeOutcome(effect="release", ok=True), TrialBegun(service=SHOP, until=103.0))
    assert Divert(number=1, until=110.0, trial_until=103.0) == divert(state)

    state = folded(
        state,
        TrialEnded(service=SHOP, reason=Reason.TRIAL_PASSED),
        ORDERED,
        BrakeOutcome(effect="pull", ok=True, at=500.0),
    )
    assert cut_at == deployment_of(state).first_cut_at  # the first one, not the last
    assert None is divert(folded(state, TrialEnded(service=SHOP, reason=Reason.TRIAL_PASSED)))


def test_a_later_order_of_the_brake_takes_the_meaning_from_the_earlier_one(soaking: State) -> None:
    """Pull and release never wait side by side."""
    assert {"release"} == set(shop(folded(soaking, ORDERED, TRIAL)).waiting)
    assert {"pull"} == set(shop(folded(soaking, ORDERED, TRIAL, ORDERED)).waiting)


@pytest.mark.parametrize("until", [110.0, None])
def test_a_brake_that_could_not_be_released_waits_for_a_human(soaking: State, until: float | None) -> None:
    """It stays cut, with no time at which it ends by itself."""
    state = folded(soaking, replace(ORDERED, until=until), BrakeOutcome(effect="pull", ok=True), TRIAL)

    state = folded(state, BrakeOutcome(effect="release", ok=False))

    assert Divert(number=1, cut=True, until=None) == divert(state)


def test_a_brake_that_could_not_be_pulled_is_not_there(soaking: State) -> None:
    """The outcome changes nothing, the decision about it does."""
    state = folded(soaking, ORDERED, BrakeOutcome(effect="pull", ok=False))
    assert Divert(number=1, until=110.0) == divert(state)

    assert None is divert(folded(state, DivertDropped(service=SHOP, reason=Reason.BRAKE_FAILED)))


@pytest.mark.parametrize(("until", "expected"), [(110.0, 110.0), (None, 100.0)])
def test_a_release_that_was_given_up_is_to_be_ordered_anew(
    soaking: State, until: float | None, expected: float
) -> None:
    """Also one that a human had ordered."""
    state = folded(soaking, replace(ORDERED, until=until), BrakeOutcome(effect="pull", ok=True), TRIAL)

    state = folded(state, OutcomeGivenUp(service=SHOP, effect="release"))

    assert Divert(number=1, cut=True, until=expected) == divert(state)
    assert {} == shop(state).waiting


@pytest.mark.parametrize(
    "body",
    [
        BrakeOutcome(effect="pull", ok=True),
        TRIAL,
        TrialBegun(service=SHOP, until=103.0),
        DivertBlocked(service=SHOP, reason=Reason.SCHEMA),
        OutcomeGivenUp(service=SHOP, effect="pull"),
    ],
    ids=lambda body: type(body).__name__,
)
def test_without_a_divert_there_is_nothing_to_change(soaking: State, body: Body) -> None:
    """A rollback took its place."""
    waiting = replace(shop(soaking), waiting={"pull": PULL})
    state = folded(replace(soaking, services={SHOP: waiting}), body)

    assert deployment_of(soaking) == deployment_of(state)


def test_a_block_is_remembered_with_the_wish(soaking: State) -> None:
    """So that it is said once."""
    wish = DivertWanted(service=SHOP, rules=("alive",), onset=90.0)
    state = folded(soaking, wish, DivertBlocked(service=SHOP, reason=Reason.SCHEMA))

    wanted = deployment_of(state).divert_wanted
    assert wanted is not None
    assert (Reason.SCHEMA, 100.0) == (wanted.blocked, wanted.blocked_at)
    dropped = folded(state, DivertDropped(service=SHOP, reason=Reason.HEALTHY_AGAIN))
    assert None is deployment_of(dropped).divert_wanted
