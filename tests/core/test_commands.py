"""Orders of people and drivers: what they change, and when they are refused."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import BLUE, GREEN, SHOP, environment
from tests.core.world import World
from watchdog.core.events import (
    Abort,
    Acknowledge,
    Adopt,
    Forgive,
    Pause,
    Promote,
    Resume,
    Rollback,
    StopTheLine,
    Submit,
)
from watchdog.core.model import Schema
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import Accepted, DeploymentBegun, Record, Refused, RollbackOrdered


def refusal(records: tuple[Record, ...]) -> Reason | None:
    """Why the command of these records was refused; None when it was accepted."""
    answers = [record.body for record in records if isinstance(record.body, (Accepted, Refused))]
    assert len(answers) == 1
    return answers[0].reason if isinstance(answers[0], Refused) else None


def submitted(release: str = "2.0", deployment: str = "d1", **more: Any) -> Submit:
    return Submit(id="c", service=SHOP, release=release, deployment=deployment, **more)


def soaking() -> World:
    world = World().begin().submit()
    world.run(12.0)
    return world


def promoted() -> World:
    world = World().begin().submit()
    world.run(100.0, lambda world: world.split.promoted)
    world.run(1.0)
    return world


def proved_bad() -> World:
    world = soaking()
    world.share_bad[GREEN] = 0.5
    assert world.run(60.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)
    world.share_bad[GREEN] = 0.0
    return world


@pytest.mark.parametrize("kind", [Pause, Resume, Promote, Abort, Adopt, Rollback, Acknowledge])
def test_a_command_for_an_unknown_service_is_refused(kind: type) -> None:
    """A service that the configuration does not have takes no orders."""
    records = World().begin().put(kind(id="c", service="nobody"))

    assert Reason.NO_SUCH_SERVICE is refusal(records)


@pytest.mark.parametrize("kind", [Pause, Resume, Promote, Abort, Rollback])
def test_without_a_deployment_there_is_nothing_to_order(kind: type) -> None:
    """Commands to a deployment need one that is not over."""
    assert Reason.NO_DEPLOYMENT is refusal(World().begin().put(kind(id="c", service=SHOP)))
    assert Reason.NO_DEPLOYMENT is refusal(proved_bad().put(kind(id="c", service=SHOP)))


def test_a_submission_begins_a_deployment_onto_the_other_colour() -> None:
    """Everything that stays as submitted is in the record: plan, colours, and each rule's share of alpha."""
    world = World().begin()

    assert None is refusal(world.put(submitted(schema=Schema.COMPATIBLE)))

    (begun,) = world.bodies(DeploymentBegun)
    assert isinstance(begun, DeploymentBegun)
    assert (BLUE, GREEN, "canary") == (begun.stable, begun.candidate, begun.plan.name)
    assert 0.001 == begun.alpha
    assert world.is_in(Phase.PREPARING)


def test_a_bake_lasts_until_sessions_in_memory_have_ended() -> None:
    """The promotion ends what is left on stable; the deployment keeps the longer of both, whatever changes later."""
    usual = World().begin().submit().deployment.plan.bake.at_least
    bakes = []
    for drain in (3600.0, usual / 2):
        own = environment()
        world = World(environment=replace(own, services=tuple(replace(s, session_drain=drain) for s in own.services)))
        bakes.append(world.begin().submit().deployment.plan.bake.at_least)

    assert [3600.0, usual] == bakes


def test_a_submission_with_an_unknown_plan_is_refused() -> None:
    """A plan that the file does not have is no plan."""
    assert Reason.NO_SUCH_PLAN is refusal(World().begin().put(submitted(plan="sideways")))


def test_a_second_submission_waits_for_the_end_of_the_first() -> None:
    """One deployment at a time; the same one again is answered as such, so a driver may ask twice."""
    world = soaking()

    assert Reason.ALREADY is refusal(world.put(submitted()))
    assert Reason.ONE_AT_A_TIME is refusal(world.put(submitted(deployment="d2")))


def test_a_submission_waits_for_a_rollback_that_is_wanted_after_promotion() -> None:
    """A promoted release that is to be rolled back is not over."""
    world = promoted()
    world.alive[BLUE] = False
    world.put(Rollback(id="r", by="ada", service=SHOP))
    world.run(1.0)

    assert Reason.ONE_AT_A_TIME is refusal(world.put(submitted(release="3.0", deployment="d2")))


def test_a_known_bad_release_is_not_accepted_until_it_is_forgiven() -> None:
    """What was rolled back on proof needs a human's reason to come again."""
    world = proved_bad()

    assert Reason.KNOWN_BAD is refusal(world.put(submitted(deployment="d2")))
    assert Reason.BECAUSE_WANTED is refusal(world.put(Forgive(id="f", service=SHOP, release="2.0")))
    assert Reason.ALREADY is refusal(world.put(Forgive(id="f", service=SHOP, release="9", because="so")))
    assert None is refusal(world.put(Forgive(id="f", service=SHOP, release="2.0", because="the database was full")))
    assert None is refusal(world.put(submitted(deployment="d2")))


def test_a_submission_needs_a_router_that_agrees() -> None:
    """Before the router was seen, and while it disagrees, nothing may begin."""
    world = World()
    world.split = world.split.__class__(stable=GREEN, candidate=BLUE, weight=0.0, salt="x")
    world.begin()

    records = world.put(submitted())

    assert Reason.NOT_ADOPTED is refusal(records)
    assert any("remembered" in record.body.detail for record in records if isinstance(record.body, Refused))


def test_a_release_whose_schema_stable_may_not_know_needs_somebody_who_watches() -> None:
    """Level 1 is off for it, so a name is wanted."""
    world = World().begin()

    assert Reason.WATCHER_WANTED is refusal(world.put(submitted(schema=Schema.UNKNOWN)))
    assert None is refusal(world.put(submitted(schema=Schema.UNKNOWN, watched_by="ada")))


def test_a_stopped_line_takes_no_submission() -> None:
    """A stop needs a reason, is released once, and refuses new deployments in between."""
    world = World().begin()
    assert Reason.BECAUSE_WANTED is refusal(world.put(StopTheLine(id="l", by="ada")))
    assert Reason.ALREADY is refusal(world.put(StopTheLine(id="l", by="ada", release=True)))
    assert None is refusal(world.put(StopTheLine(id="l", because="storm")))

    assert Reason.STOP_THE_LINE is refusal(world.put(submitted()))
    assert "somebody" == world.state.stopped_by
    assert None is refusal(world.put(StopTheLine(id="l", by="ada", release=True)))
    assert None is refusal(world.put(submitted()))


def test_pause_holds_and_resume_lets_go() -> None:
    """Progression stands still from pause to resume, and both say when there is nothing to do."""
    world = soaking()

    assert None is refusal(world.put(Pause(id="p", by="ada", service=SHOP)))
    assert {Hold.HUMAN: "ada"} == world.deployment.held_details
    assert Reason.ALREADY is refusal(world.put(Pause(id="p", by="ada", service=SHOP)))
    world.run(100.0)
    assert world.is_in(Phase.SOAKING)
    assert None is refusal(world.put(Resume(id="r", by="ada", service=SHOP)))
    assert world.is_in(Phase.SHIFTING)
    assert Reason.ALREADY is refusal(world.put(Resume(id="r", by="ada", service=SHOP)))


def test_pause_while_preparing_keeps_the_first_step_back() -> None:
    """A preparation ends, and no user is moved until a human resumes."""
    world = World().begin().submit()
    world.put(Pause(id="p", by="ada", service=SHOP))

    world.run(5.0)

    assert 0.0 == world.candidates_share
    assert world.is_in(Phase.SHIFTING)
    world.put(Resume(id="r", by="ada", service=SHOP))
    world.run(1.0)
    assert world.is_in(Phase.SOAKING)


def test_nothing_is_paused_that_does_not_move() -> None:
    """A promoted release has no progression to pause."""
    assert Reason.WRONG_PHASE is refusal(promoted().put(Pause(id="p", service=SHOP)))


def test_promote_passes_the_evidence_gate_only() -> None:
    """It needs a reason and a step, it passes the gate, and it does not shorten the soak."""
    world = World().begin().submit()
    assert Reason.WRONG_PHASE is refusal(world.put(Promote(id="p", service=SHOP, because="so")))
    world.run(5.0)
    assert Reason.BECAUSE_WANTED is refusal(world.put(Promote(id="p", service=SHOP)))

    assert None is refusal(world.put(Promote(id="p", by="ada", service=SHOP, because="night")))

    assert world.deployment.gate_passed
    assert world.is_in(Phase.SOAKING)


def test_promote_past_a_firing_rule_is_refused() -> None:
    """A failing release is not promoted; here the rollback is blocked, for its schema is unknown."""
    world = World().begin().submit(schema=Schema.UNKNOWN, watched_by="ada")
    world.run(5.0)
    world.alive[GREEN] = False
    world.run(10.0)

    assert Reason.RULE_FIRING is refusal(world.put(Promote(id="p", service=SHOP, because="so")))


def test_a_human_rolls_back_without_proof_and_without_a_mark() -> None:
    """A rollback by a human is done at once and does not make the release known bad."""
    world = soaking()

    assert None is refusal(world.put(Rollback(id="r", service=SHOP)))
    world.run(2.0)

    (ordered,) = world.bodies(RollbackOrdered)
    assert isinstance(ordered, RollbackOrdered)
    assert (Reason.HUMAN, "somebody") == (ordered.reason, ordered.by)
    assert world.is_in(Phase.ROLLED_BACK)
    assert frozenset() == world.shop.known_bad


def test_a_rollback_before_the_first_step_is_an_abort() -> None:
    """Nothing has happened yet, so it just ends."""
    world = World().begin().submit()

    assert None is refusal(world.put(Rollback(id="r", service=SHOP)))

    assert world.is_in(Phase.ABORTED)


def test_an_abort_after_the_first_step_is_a_rollback() -> None:
    """Users were moved, so they are moved back."""
    world = soaking()

    assert None is refusal(world.put(Abort(id="a", by="ada", service=SHOP)))
    world.run(2.0)

    assert world.is_in(Phase.ROLLED_BACK)


def test_what_is_promoted_is_not_aborted() -> None:
    """It has ended; it can be rolled back."""
    assert Reason.WRONG_PHASE is refusal(promoted().put(Abort(id="a", service=SHOP)))


def test_a_promoted_release_is_rolled_back_while_stable_is_kept() -> None:
    """Until `keep_stable` ends the way back is open, and stable is again who it was."""
    world = promoted()
    assert GREEN is world.shop.stable
    assert "2.0" == world.shop.stable_release

    assert None is refusal(world.put(Rollback(id="r", by="ada", service=SHOP)))
    world.run(3.0)

    assert world.is_in(Phase.ROLLED_BACK)
    assert BLUE is world.shop.stable
    assert 1.0 == world.share(BLUE)


def test_a_promoted_release_is_not_rolled_back_when_stable_is_gone() -> None:
    """After `keep_stable` nobody promises that the old release still runs."""
    world = promoted()
    world.now += 86_401.0

    assert Reason.KEPT_LONG_ENOUGH is refusal(world.put(Rollback(id="r", service=SHOP)))


def test_a_rollback_under_way_is_not_ordered_twice() -> None:
    """Rolling back twice is the same as once."""
    world = soaking()
    world.put(Rollback(id="r", service=SHOP))
    world.run(0.06)

    assert Reason.ALREADY is refusal(world.put(Rollback(id="r", service=SHOP)))
    assert 1 == len(world.bodies(RollbackOrdered))


def test_a_rollback_onto_an_unknown_schema_needs_anyway_and_a_reason() -> None:
    """Neither a rollback nor an abort goes where stable may not work, unless a human says why."""
    world = World().begin().submit(schema=Schema.UNKNOWN, watched_by="ada")
    world.run(5.0)

    assert Reason.SCHEMA is refusal(world.put(Rollback(id="r", service=SHOP)))
    assert Reason.SCHEMA is refusal(world.put(Abort(id="a", service=SHOP)))
    assert Reason.BECAUSE_WANTED is refusal(world.put(Rollback(id="r", service=SHOP, anyway=True)))
    assert None is refusal(world.put(Rollback(id="r", service=SHOP, anyway=True, because="it only added a column")))
    assert world.is_in(Phase.ROLLING_BACK)


def test_a_human_who_ends_a_blocked_rollback_keeps_its_proof() -> None:
    """What the rules had proved goes with the human's order, and the release is known bad."""
    world = World().begin().submit(schema=Schema.UNKNOWN, watched_by="ada")
    world.run(5.0)
    world.alive[GREEN] = False
    world.run(10.0)

    world.put(Rollback(id="r", by="ada", service=SHOP, anyway=True, because="so"))
    world.run(2.0)

    assert frozenset({"2.0"}) == world.shop.known_bad


def test_a_human_who_rolls_back_in_a_shared_incident_marks_nothing() -> None:
    """Both colours fail alike: that proves nothing against the release."""
    world = soaking()
    world.share_bad[GREEN] = world.share_bad[BLUE] = 0.5
    world.run(60.0, lambda world: world.deployment.wanted is not None and world.deployment.wanted.blocked is not None)
    assert Reason.COMMON_CAUSE is world.deployment.wanted.blocked  # type: ignore[union-attr]  # see the line above

    world.put(Rollback(id="r", by="ada", service=SHOP, anyway=True, because="so"))
    world.run(2.0)

    assert world.is_in(Phase.ROLLED_BACK)
    assert frozenset() == world.shop.known_bad


def test_an_incident_is_acknowledged_once() -> None:
    """All open ones by default, or one by its id; what is not open is no incident."""
    world = soaking()
    world.writable = 0.0
    world.run(20.0)
    (incident,) = world.shop.incidents.values()

    assert Reason.NO_SUCH_INCIDENT is refusal(world.put(Acknowledge(id="a", service=SHOP, incident="other")))
    assert None is refusal(world.put(Acknowledge(id="a", by="ada", service=SHOP, incident=incident.id)))
    assert "ada" == world.shop.incidents[incident.id].acknowledged_by
    assert Reason.NO_SUCH_INCIDENT is refusal(world.put(Acknowledge(id="a", service=SHOP)))


def test_adopt_takes_the_routers_word_for_stable() -> None:
    """All users on one colour is a state that can be adopted; what it runs is not known."""
    world = World()
    world.split = world.split.__class__(stable=GREEN, candidate=BLUE, weight=0.0, salt="x")
    world.begin()

    assert None is refusal(world.put(Adopt(id="a", by="ada", service=SHOP)))

    assert (GREEN, True, "") == (world.shop.stable, world.shop.adopted, world.shop.drift)
    assert Reason.ALREADY is refusal(world.put(Adopt(id="a", by="ada", service=SHOP)))


def test_a_split_router_is_not_adopted() -> None:
    """Only one colour at 100 % can be stable; before the router was seen nothing can."""
    world = World()
    assert world.split.weight == 0.0
    world.split = world.split.__class__(stable=BLUE, candidate=GREEN, weight=0.3, salt="x")
    world.begin()
    assert Reason.NOT_ADOPTED is refusal(world.put(Adopt(id="a", service=SHOP)))

    unseen = World(lost=lambda _: True).begin()
    assert Reason.NOT_ADOPTED is refusal(unseen.put(Adopt(id="a", service=SHOP)))


def test_nothing_is_adopted_in_the_middle_of_a_deployment() -> None:
    """The deployment says what traffic is ordered to be."""
    assert Reason.ONE_AT_A_TIME is refusal(soaking().put(Adopt(id="a", service=SHOP)))
