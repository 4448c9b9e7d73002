"""The virtual router and what it does with effects."""

from dataclasses import replace

import pytest

from watchdog.core.effects import (
    Audience,
    CutRoute,
    DrainCandidate,
    Effect,
    Notify,
    Prepare,
    ProbeColour,
    Prove,
    PullBrake,
    Recheck,
    ReleaseBrake,
    RunHook,
    RunRehearsal,
    SetTraffic,
)
from watchdog.core.events import BrakeOutcome, Event, Outcome, Probed, ProofOutcome, TrafficOutcome
from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.replay.behaviour import Answer, Behaviour, Fault
from watchdog.replay.world import Deed, Failure, Router, World, deed

HALF = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.5, salt="d1")
HOME = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="d1")


def world(*failures: Failure, behaviour: Behaviour | None = None) -> World:
    return World(service="app", first_stable=Colour.BLUE, failures=failures, behaviour=behaviour)


def do(world: World, effect: object, now: float) -> Event:
    """Carry an effect out to its end; its outcome."""
    events = [stage.do(stage.at) for stage in world.carry_out(effect, now)]  # type: ignore[arg-type]  # any effect
    assert events[-1] is not None
    return events[-1]


def switch(split: Split, *, brake: bool) -> SetTraffic:
    return SetTraffic(id="e", service="app", epoch=1, split=split, brake=brake)


def test_a_user_keeps_the_side_while_the_weight_rises() -> None:
    """Weights only move users towards the candidate."""
    router = Router(split=HALF)
    before = {name: router.draw(0.0, name) for name in map(str, range(500))}
    router.split = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.8, salt="d1")
    moved = {name for name, colour in before.items() if colour is not router.draw(0.0, name)}

    assert 200 < sum(colour is Colour.GREEN for colour in before.values()) < 300
    assert moved
    assert all(before[name] is Colour.BLUE for name in moved)


def test_a_brake_wins_over_the_split() -> None:
    """Behind a brake everybody goes to the other colour."""
    router = Router(split=HALF, brakes={Colour.GREEN: BrakeKind.HAND})

    assert {Colour.BLUE} == {router.draw(place / 10, "") for place in range(10)}


def test_a_step_and_a_rollback() -> None:
    """A step puts its split in force; a rollback brakes first and says since when."""
    app = world()
    step = do(app, switch(HALF, brake=False), 1.0)
    back = do(app, switch(HOME, brake=True), 2.0)

    assert isinstance(step, TrafficOutcome)
    assert isinstance(back, TrafficOutcome)
    assert (True, HALF, None) == (step.ok, step.in_force, step.braked_at)
    assert (True, HOME, 2.005) == (back.ok, back.in_force, back.braked_at)
    assert {Colour.GREEN: BrakeKind.ROLLBACK} == app.router.brakes


def test_a_failure_changes_nothing_and_is_used_up() -> None:
    """A scripted failure holds for as many effects as it says."""
    app = world(Failure(deed=Deed.STEP, detail="no"))
    first, second = (do(app, switch(HALF, brake=False), at) for at in (1.0, 2.0))

    assert isinstance(first, TrafficOutcome)
    assert isinstance(second, TrafficOutcome)
    assert (False, "no", 0.0) == (first.ok, first.detail, first.in_force.weight if first.in_force else None)
    assert second.ok


def test_behind_a_brake_a_failed_switch_is_a_warning() -> None:
    """Users are off the candidate though the file is the old one."""
    app = world(Failure(deed=Deed.SWITCH, behind_brake=True, detail="no reload"))
    app.set_split(0.0, HALF)
    back = do(app, switch(HOME, brake=True), 1.0)

    assert isinstance(back, TrafficOutcome)
    assert (True, ("no reload",), HALF) == (back.ok, back.warnings, app.router.split)
    assert Colour.BLUE is app.router.draw(0.1, "")


@pytest.mark.parametrize("kind", [BrakeKind.HAND, BrakeKind.ROLLBACK])
def test_only_a_diverts_brake_is_released(kind: BrakeKind) -> None:
    """The brake of a human or of a rollback is not ours to release after a trial."""
    app = world()
    app.set_brake(0.0, Colour.GREEN, kind)
    outcome = do(app, ReleaseBrake(id="e", service="app", epoch=1, colour=Colour.GREEN), 1.0)

    assert isinstance(outcome, BrakeOutcome)
    assert not outcome.ok
    assert {Colour.GREEN: kind} == app.router.brakes


def test_a_proof_counts_what_started_after_the_brake() -> None:
    """It fails while users still reach the candidate, and holds once they do not."""
    app = world()
    app.set_split(0.0, HALF)
    open_ = do(app, Prove(id="e", service="app", epoch=1, stable=Colour.BLUE, since=5.0), 5.0)
    do(app, PullBrake(id="e", service="app", epoch=1, colour=Colour.GREEN), 10.0)
    shut = do(app, Prove(id="e", service="app", epoch=1, stable=Colour.BLUE, since=10.005), 10.005)

    assert isinstance(open_, ProofOutcome)
    assert isinstance(shut, ProofOutcome)
    assert not open_.ok
    assert open_.to_candidate > 0
    assert (True, 0, 0) == (shut.ok, shut.to_candidate, shut.probes)
    assert shut.to_stable > 50


@pytest.mark.parametrize(
    ("answer", "ok", "refused", "takes"),
    [
        (Answer.UP, True, False, 0.005),
        (Answer.DOWN, False, False, 0.005),
        (Answer.REFUSED, False, True, 0.001),
        (Answer.TIMEOUT, False, False, 2.0),
    ],
)
def test_direct_probes(answer: Answer, ok: bool, refused: bool, takes: float) -> None:  # noqa: FBT001 - a table
    """A colour that is asked says what its behaviour is, after the time that it takes."""
    app = world(behaviour=Behaviour(faults=(Fault(colours=frozenset({Colour.GREEN}), health=answer),)))
    outcome = do(app, ProbeColour(id="e", service="app", colour=Colour.GREEN), 1.0)

    assert isinstance(outcome, Probed)
    assert (ok, refused, 1.0 + takes) == (outcome.ok, outcome.refused, outcome.ended)


ERRANDS = [
    Recheck(id="1", service="app", stable=Colour.BLUE),
    RunRehearsal(id="1", service="app", splits=(), drill=True),
    RunHook(id="1", service="app", hook="flush", idempotent=False),
    DrainCandidate(id="1", service="app", colour=Colour.GREEN, within=60.0),
    Notify(id="1", service="app", incident="i", audience=Audience.CHAT, contacts=(), repetition=0),
]


@pytest.mark.parametrize("effect", ERRANDS, ids=lambda effect: effect.kind)
def test_what_moves_no_user_works_after_its_time_or_fails_as_scripted(effect: Effect) -> None:
    """By the kind of effect that the script names."""
    app = world(Failure(deed=deed(effect), takes=9.0, detail="no"))
    (failing,) = app.carry_out(effect, 1.0)
    (working,) = app.carry_out(effect, 1.0)

    assert (10.0, True) == (failing.at, working.at > 1.0)
    failed, worked = failing.do(failing.at), working.do(working.at)
    assert isinstance(failed, Outcome)
    assert isinstance(worked, Outcome)
    assert ((False, "no"), (True, "")) == ((failed.ok, failed.detail), (worked.ok, worked.detail))


def test_one_route_is_kept_from_a_colour_until_it_is_let_go_or_prepared_anew() -> None:
    """The other routes go on."""
    app = world(Failure(deed=Deed.ROUTE, detail="full"))
    app.set_split(0.0, replace(app.router.split, weight=1.0))

    def turn(*, cut: bool) -> bool:
        effect = CutRoute(id="1", service="app", epoch=1, colour=Colour.GREEN, route="login", cut=cut)
        (stage,) = app.carry_out(effect, 1.0)
        outcome = stage.do(stage.at)
        assert isinstance(outcome, Outcome)
        return outcome.ok

    def login() -> Colour:
        return app.router.draw(0.5, "", "login")

    assert not turn(cut=True)
    assert Colour.GREEN is login()
    assert turn(cut=True)
    assert (Colour.BLUE, Colour.GREEN) == (login(), app.router.draw(0.5, "", "other"))
    assert turn(cut=False)
    assert Colour.GREEN is login()
    assert turn(cut=True)
    (stage,) = app.carry_out(Prepare(id="1", service="app", splits=(app.router.split,)), 1.0)
    stage.do(stage.at)
    assert Colour.GREEN is login()
