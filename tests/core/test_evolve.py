"""The fold: facts and decisions are believed, whatever the configuration is now."""

from dataclasses import replace
from typing import get_args

import pytest

from tests.core.examples import SHOP, configured, deployment_of
from tests.core.world import World
from watchdog.core import evolve as module
from watchdog.core.engine import evolve
from watchdog.core.events import NotDurable, Observed, Submit, Tick, TrafficOutcome
from watchdog.core.phases import IllegalTransitionError, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    Accepted,
    Body,
    DriftNoted,
    LineReleased,
    LineStopped,
    OutcomeGivenUp,
    PhaseChanged,
    Record,
    Refused,
)
from watchdog.core.state import State


def folded(state: State, body: Body, at: float = 100.0) -> State:
    return evolve(state, Record(seq=state.seq + 1, at=at, body=body))


def test_number_and_time_never_fall() -> None:
    """An older record cannot turn the clock back."""
    state = evolve(State(seq=9, now=50.0), Record(seq=3, at=20.0, body=Tick()))

    assert (9, 50.0) == (state.seq, state.now)


def test_every_kind_of_record_has_a_fold_or_needs_none() -> None:
    """Commands and answers change nothing by themselves; all the rest is folded."""
    without = {kind for kind in get_args(Body) if kind not in module._WHOLE and kind not in module._SERVICE}
    commands = {kind for kind in without if "id" in kind.__dataclass_fields__}

    assert {Tick, Accepted, Refused} == without - commands
    assert Submit in commands


@pytest.mark.parametrize(
    "body",
    [
        DriftNoted(service="nobody", detail="x"),
        Observed(service="nobody", source="edge", start=0.0, end=1.0, readings=()),
        TrafficOutcome(effect="nobody/1/0", ok=True),
        OutcomeGivenUp(service=SHOP, effect="shop/99/0"),
    ],
)
def test_a_record_about_nothing_known_changes_nothing(body: Body) -> None:
    """A service that is gone, an effect that nobody waits for."""
    state = configured()

    assert state.services == folded(state, body).services


def test_an_illegal_transition_raises_and_changes_nothing() -> None:
    """A journal that says so was not written by this program."""
    world = World().begin().submit()
    before = world.state

    with pytest.raises(IllegalTransitionError):
        folded(before, PhaseChanged(service=SHOP, to=Phase.ROLLED_BACK, reason=Reason.PROVED_BY_TRAFFIC))

    assert Phase.PREPARING is deployment_of(before).phase


def test_a_decision_about_a_deployment_that_is_not_there_is_a_fault() -> None:
    """It names the service."""
    with pytest.raises(LookupError, match="shop has no deployment"):
        folded(configured(), PhaseChanged(service=SHOP, to=Phase.ABORTED, reason=Reason.HUMAN))


def test_the_line_is_stopped_and_released() -> None:
    """Who, why, until when."""
    stopped = folded(State(), LineStopped(by="ada", because="storm", until=200.0))
    assert ("ada", "storm", 200.0) == (stopped.stopped_by, stopped.stopped_because, stopped.stopped_until)

    released = folded(stopped, LineReleased(by="ada"))
    assert ("", "", None) == (released.stopped_by, released.stopped_because, released.stopped_until)


def test_what_the_disk_refused_is_remembered_until_it_works_again() -> None:
    """For the screens."""
    assert "full" == folded(State(), NotDurable(detail="full")).not_durable
    assert "" == folded(State(not_durable="full"), NotDurable(detail="")).not_durable


def test_a_fold_gives_the_state_back_without_the_code_that_decided() -> None:
    """A whole rollback, folded from its records."""
    world = World().begin().submit()
    world.run(14.0)
    world.share_bad = dict.fromkeys(world.share_bad, 0.0) | {world.deployment.candidate: 0.5}
    world.run(60.0, lambda world: world.deployment.ended)

    state = State()
    for record in world.kept:
        state = evolve(state, record)

    assert world.deployment == deployment_of(state)
    assert replace(world.shop.incidents[next(iter(world.shop.incidents))]) in state.services[SHOP].incidents.values()
