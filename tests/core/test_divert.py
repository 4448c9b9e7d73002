"""Protect first, decide with proof: suspicion, the cut, the trial."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import BLUE, GREEN, SERVICE, SHOP, environment
from tests.core.world import World
from watchdog.core.effects import ObserveTraffic, ProbeColour, PullBrake, ReleaseBrake
from watchdog.core.events import Resume as ResumeCommand
from watchdog.core.events import Rollback, StopTheLine
from watchdog.core.model import Schema
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    DivertBlocked,
    DivertDropped,
    DivertOrdered,
    HoldSet,
    RollbackOrdered,
    TrialBegun,
    TrialEnded,
)


def soaking(**more: Any) -> World:
    world = World().begin().submit(**more)
    world.run(14.0)
    return world


def cut(world: World) -> bool:
    divert = world.deployment.divert
    return divert is not None and divert.cut


def diverted(**more: Any) -> World:
    """A candidate whose one bad second was enough for suspicion, cut off."""
    world = soaking(**more)
    world.share_bad[GREEN] = 0.6
    assert world.run(10.0, cut)
    world.share_bad[GREEN] = 0.0
    return world


def resume(world: World) -> None:
    world.put(ResumeCommand(id="go", by="ada", service=SHOP))


def count(world: World, kind: type) -> int:
    return len([effect for effect in world.effects if isinstance(effect, kind)])


def test_suspicion_cuts_the_candidate_off_once_stable_has_answered() -> None:
    """The candidate has no users, hold divert is on, and chat alone hears of it."""
    world = diverted()

    assert 1.0 == world.share(BLUE)
    assert {Hold.DIVERT: Reason.RULE_SUSPICIOUS} == world.deployment.holds
    assert 1 == world.deployment.diverts
    assert [("chat",)] == [message.contacts for message in world.sent]


def test_a_blip_costs_seconds_and_no_rollback() -> None:
    """After the cut comes a trial; nothing found in it, the phase goes on where it was left."""
    world = diverted()

    world.run(10.1, lambda world: not cut(world))
    assert 0.1 == world.candidates_share
    world.run(4.0)

    assert None is world.deployment.divert
    assert {} == world.deployment.holds
    assert [TrialEnded(service=SHOP, reason=Reason.TRIAL_PASSED)] == world.bodies(TrialEnded)
    assert [] == world.bodies(RollbackOrdered)
    assert all(incident.resolved_at for incident in world.shop.incidents.values())
    assert world.run(100.0, lambda world: world.deployment.phase is Phase.PROMOTED)


def test_proof_in_a_trial_rolls_back() -> None:
    """A fault that is still there when the candidate is let in again is proved in the trial."""
    world = diverted()
    world.share_bad[GREEN] = 0.6

    assert world.run(20.0, lambda world: world.deployment.ended)

    assert world.is_in(Phase.ROLLED_BACK)
    assert 1 == len(world.bodies(DivertOrdered))


def test_no_soak_is_counted_from_the_cut_to_the_end_of_the_trial() -> None:
    """A candidate without users shows nothing."""
    world = diverted()
    soaked = world.deployment.soaked

    world.run(12.0)

    assert soaked == world.deployment.soaked


def one_failed_probe_short(world: World) -> None:
    """Two of three health checks fail, then the candidate is well again."""
    world.alive[GREEN] = False
    assert world.run(20.0, cut)
    world.alive[GREEN] = True


def test_each_divert_lasts_twice_as_long_and_the_third_asks_a_human() -> None:
    """10 s, 20 s, then until `resume`: the on-call hears of the third."""
    environment_ = environment(replace(SERVICE, rules=SERVICE.rules[1:], trial=1.0))
    world = World(environment=environment_).begin().submit()
    world.run(5.0)
    for _ in range(3):
        one_failed_probe_short(world)
        world.run(60.0, lambda world: world.deployment.divert is None)

    untils = [(b.number, b.until) for b in world.bodies(DivertOrdered) if isinstance(b, DivertOrdered)]
    ordered_at = [record.at for record in world.kept if isinstance(record.body, DivertOrdered)]
    lasts = [None if until is None else until - at for (_, until), at in zip(untils, ordered_at, strict=True)]
    assert [10.0, 20.0, None] == lasts
    assert {Hold.HUMAN: Reason.THIRD_DIVERT} == world.deployment.holds
    assert 0.0 == world.candidates_share
    assert ("on-call",) == world.sent[-1].contacts

    resume(world)
    world.run(5.0)
    assert None is world.deployment.divert
    assert 0.1 == world.candidates_share
    resume(world)
    assert 3 == world.deployment.diverts


def test_resume_before_the_third_brake_is_confirmed_lets_in_again() -> None:
    """The order to release follows the order to pull; the one before it is no longer waited for."""
    world = diverted()
    world.state = replace(
        world.state,
        services={
            SHOP: replace(
                world.shop,
                deployment=replace(world.deployment, diverts=2, divert=None, holds={}, held_since={}, held_details={}),
            )
        },
    )
    world.brake = world.braked = None
    world.share_bad[GREEN] = 0.6
    world.run(10.0, lambda world: world.deployment.divert is not None)

    resume(world)

    assert [ReleaseBrake] == [type(e) for e in world.shop.waiting.values() if isinstance(e, (PullBrake, ReleaseBrake))]


def test_suspicion_at_the_end_of_a_trial_asks_the_interlocks_again() -> None:
    """The next divert is not ordered when stable is down by then."""
    world = World(environment=environment(replace(SERVICE, rules=SERVICE.rules[1:], trial=4.5))).begin().submit()
    world.run(5.0)
    one_failed_probe_short(world)
    assert world.run(15.0, lambda world: bool(world.bodies(TrialBegun)))
    world.alive = {BLUE: False, GREEN: False}
    assert world.run(6.0, lambda world: bool(world.bodies(TrialEnded)))

    assert [TrialEnded(service=SHOP, reason=Reason.RULE_SUSPICIOUS)] == world.bodies(TrialEnded)
    assert world.deployment.divert_wanted is not None
    assert 1 == len(world.bodies(DivertOrdered))


def test_a_divert_without_a_sign_of_life_from_stable_is_blocked() -> None:
    """Stable does not answer: the candidate keeps its users, and stable goes on being asked."""
    world = soaking()
    world.alive[BLUE] = False
    world.share_bad[GREEN] = 0.3
    world.run(20.0, lambda world: bool(world.bodies(DivertBlocked)))

    assert [DivertBlocked(service=SHOP, reason=Reason.STABLE_DOWN, detail="stable does not answer direct probes")] == (
        world.bodies(DivertBlocked)
    )
    asked = count(world, ProbeColour)
    assert 0.1 == world.candidates_share
    world.run(0.6)
    world.run(1.0)
    assert asked < count(world, ProbeColour)


def test_a_wanted_divert_is_dropped_when_suspicion_goes() -> None:
    """What is suspected no longer is not cut off."""
    probes_only = environment(replace(SERVICE, rules=SERVICE.rules[1:]))
    world = World(environment=probes_only).begin().submit(schema=Schema.UNKNOWN, watched_by="ada")
    world.run(5.0)
    world.alive[GREEN] = False
    world.run(10.0, lambda world: world.deployment.divert_wanted is not None)
    world.alive[GREEN] = True
    world.run(3.0)

    assert [DivertDropped(service=SHOP, reason=Reason.HEALTHY_AGAIN)] == world.bodies(DivertDropped)
    assert 0 == count(world, PullBrake)


def test_a_service_that_pauses_on_suspicion_is_not_diverted() -> None:
    """`divert` off: nothing is cut off, proof still rolls back."""
    world = World(environment=environment(replace(SERVICE, divert=False))).begin().submit()
    world.run(14.0)
    world.share_bad[GREEN] = 0.6
    assert world.run(60.0, lambda world: world.deployment.ended)

    assert [] == world.bodies(DivertOrdered)


@pytest.mark.parametrize("warm", [True, False])
def test_only_a_warm_stable_takes_the_users_on_suspicion(warm: bool) -> None:  # noqa: FBT001 - the parameter
    """At full promotion stable takes users back on suspicion only while it has served them lately."""
    service = replace(SERVICE, stable_warm=1000.0 if warm else 5.0)
    world = World(environment=environment(service)).begin().submit(plan="all-at-once")
    world.run(14.0)
    world.alive[GREEN] = False
    world.run(3.0)

    assert warm is bool(world.bodies(DivertOrdered))


def test_a_brake_that_does_not_work_is_not_pulled_again_and_again() -> None:
    """The hold says so, the on-call hears of it, and the rules go on watching."""
    world = soaking()
    world.failing.add(PullBrake)
    world.share_bad[GREEN] = 0.3
    world.run(3.0)

    assert 1 == count(world, PullBrake)
    assert Reason.BRAKE_FAILED is world.deployment.holds[Hold.INTERLOCK]
    assert Hold.DIVERT not in world.deployment.holds
    assert world.run(60.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)


def test_a_brake_that_cannot_be_released_waits_for_a_human() -> None:
    """The candidate stays cut off, people are told, and `resume` tries again."""
    world = diverted()
    world.failing.add(ReleaseBrake)
    world.run(30.0)

    assert 1 == count(world, ReleaseBrake)
    assert cut(world)
    assert Reason.BRAKE_FAILED is world.deployment.holds[Hold.INTERLOCK]
    world.failing.clear()
    resume(world)
    world.run(5.0)
    assert None is world.deployment.divert


def test_a_stopped_line_lets_nobody_in() -> None:
    """The brake stays on until the line is released."""
    world = diverted()
    world.put(StopTheLine(id="l", by="ada", because="storm"))
    world.run(30.0)
    assert cut(world)

    world.put(StopTheLine(id="l", by="ada", release=True))
    world.run(0.2)

    assert 1 == len(world.bodies(TrialBegun))


def test_a_blocked_rollback_leaves_the_cut_as_it_is() -> None:
    """While a rollback waits, nobody is let in again."""
    world = diverted()
    world.alive[BLUE] = False
    world.put(Rollback(id="r", by="ada", service=SHOP))
    world.run(30.0)

    assert cut(world)
    assert 0 == count(world, ReleaseBrake)


def test_stable_keeps_its_evidence_in_a_trial() -> None:
    """Only the candidate was cut off, so only its suspicion starts afresh."""
    world = soaking()
    world.share_bad[BLUE] = 0.04
    world.share_bad[GREEN] = 0.6
    world.run(10.0, cut)
    world.share_bad[GREEN] = 0.0
    before = world.shop.instances["error-rate@blue"]
    world.run(11.0, lambda world: bool(world.bodies(TrialBegun)))

    blue, green = (world.shop.instances[f"error-rate@{colour}"].state for colour in (BLUE, GREEN))
    assert (False, True) == (blue.trial, green.trial)  # type: ignore[union-attr]  # a sequential rule's state
    assert before.rule == world.shop.instances["error-rate@blue"].rule


def test_a_lost_beginning_of_a_trial_is_made_up_for() -> None:
    """The brake is off and no record says that a trial runs: it begins now."""
    world = diverted()
    world.run(11.0, lambda world: bool(world.bodies(TrialBegun)))
    number = next(i for i, record in enumerate(world.kept) if isinstance(record.body, TrialBegun))

    world.restart(number)
    world.run(5.0)

    assert None is world.deployment.divert
    assert [HoldSet(service=SHOP, hold=Hold.DIVERT, reason=Reason.RULE_SUSPICIOUS)] == world.bodies(HoldSet)


def in_trial() -> World:
    world = diverted()
    assert world.run(11.0, lambda world: bool(world.bodies(TrialBegun)))
    return world


def test_a_trial_that_nobody_watched_begins_anew() -> None:
    """A source that was silent in it, though it speaks again: the trial has shown nothing."""
    world = in_trial()
    world.silent = {"edge"}
    world.run(2.0)
    world.restart(down=10.0)
    world.silent.clear()
    world.run(3.0)
    assert 2 <= len(world.bodies(TrialBegun))

    world.run(10.0)

    assert None is world.deployment.divert


def test_a_trial_does_not_end_in_the_dark() -> None:
    """Blind at its end: it waits for sight, and is then held once more."""
    world = in_trial()
    world.silent = {"edge"}
    world.run(60.0)
    assert world.deployment.divert is not None
    assert [] == world.bodies(TrialEnded)

    world.silent.clear()
    world.run(10.0)

    assert None is world.deployment.divert


def test_a_reboot_divert_is_blocked_by_a_stopped_line_and_says_so_once() -> None:
    """The split stays; stable goes on being asked."""
    world = soaking()
    world.put(StopTheLine(id="l", by="ada", because="storm"))
    world.restart(rebooted=True)
    world.run(5.0)

    assert [Reason.STOP_THE_LINE] == [b.reason for b in world.bodies(DivertBlocked) if isinstance(b, DivertBlocked)]


def take_the_brake_away(world: World) -> None:
    world.brake = world.braked = None
    assert world.run(10.1, lambda world: not cut(world))


def test_a_cut_whose_brake_a_hand_took_away_becomes_a_trial() -> None:
    """The candidate has users again without an order: they are watched as in a trial, and nothing else moves."""
    world = diverted()
    take_the_brake_away(world)

    assert 1 == len(world.bodies(TrialBegun))
    assert 0.1 == world.candidates_share
    assert Reason.BRAKE_TAKEN_AWAY is world.deployment.holds[Hold.HUMAN]
    assert (1, "") == (world.deployment.diverts, world.shop.drift)
    world.share_bad[GREEN] = 1.0
    assert world.run(10.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_a_third_cut_whose_brake_a_hand_took_away_waits_for_resume() -> None:
    """After the trial the candidate keeps its users, and no step is taken before a human says so."""
    world = World(environment=environment(replace(SERVICE, rules=SERVICE.rules[1:], trial=1.0))).begin().submit()
    world.run(5.0)
    for _ in range(3):
        one_failed_probe_short(world)
        world.run(60.0, lambda world: world.deployment.divert is None)
    take_the_brake_away(world)
    world.run(60.0)

    assert {Hold.HUMAN: Reason.THIRD_DIVERT} == world.deployment.holds
    assert (0.1, None) == (world.candidates_share, world.deployment.divert)
    resume(world)
    assert world.run(120.0, lambda world: world.is_in(Phase.PROMOTED))


def test_a_question_that_was_not_answered_takes_no_brake_away() -> None:
    """The router does not say that the brake is off, it says nothing."""
    world = diverted()
    world.failing.add(ObserveTraffic)
    world.run(9.0)

    assert cut(world)
    assert [] == world.bodies(TrialBegun)
