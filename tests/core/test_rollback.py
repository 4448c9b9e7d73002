"""From proof over the interlocks to traffic that is proved to be back on stable."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import ALIVE, BLUE, ERROR_RATE, GREEN, SERVICE, SHOP, WRITABLE, environment
from tests.core.world import World
from watchdog.core.conditions import SequentialRatio
from watchdog.core.effects import ObserveTraffic, ProbeColour, Prove, SetTraffic
from watchdog.core.events import ProofOutcome, Rollback, StopTheLine
from watchdog.core.model import Schema
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    BlockCleared,
    EvidenceDiscarded,
    PhaseChanged,
    RollbackBlocked,
    RollbackOrdered,
    RollbackWanted,
    SplitOrdered,
)
from watchdog.core.settings import AnyOf, Service

NO_DIVERT = replace(SERVICE, divert=False)


def soaking(service: Service = NO_DIVERT, **more: Any) -> World:
    world = World(environment=environment(service)).begin().submit(**more)
    world.run(14.0)
    return world


def ended(world: World) -> bool:
    return world.deployment.ended


def blocked(world: World) -> bool:
    return world.deployment.wanted is not None and world.deployment.wanted.blocked is not None


def human(world: World, **more: object) -> None:
    world.put(Rollback(id="r", by="ada", service=SHOP, **more))  # type: ignore[arg-type]  # fields of Rollback, by name


def rollback_orders(world: World) -> list[SetTraffic]:
    return [effect for effect in world.effects if isinstance(effect, SetTraffic) and effect.brake]


def test_proof_rolls_back_and_only_live_traffic_calls_it_so() -> None:
    """Decision, brake and switch in one order, then the proof; the release is known bad, and the evidence is kept."""
    world = soaking()
    world.share_bad[GREEN] = 0.5
    assert world.run(30.0, ended)

    (ordered,) = world.bodies(RollbackOrdered)
    assert isinstance(ordered, RollbackOrdered)
    assert (Reason.RULES_PROVED, ("error-rate",), "") == (ordered.reason, ordered.rules, ordered.by)
    own = ["stop_the_line", "shadow", "disarmed", "schema", "writes_on_candidate", "stable_down", "common_cause"]
    assert [*own, "budget", "wave", "known_bad"] == [name for name, _ in ordered.interlocks]
    assert ordered.onset is not None
    rolled = world.deployment.rollback
    assert rolled is not None
    assert rolled.braked_at is not None
    assert (20, 1) == (rolled.to_stable, rolled.attempts)
    assert rolled.decided_at <= rolled.braked_at <= (rolled.proved_at or 0.0)
    assert frozenset({"2.0"}) == world.shop.known_bad
    assert {} == world.deployment.holds
    assert 1 == len(rollback_orders(world))


def test_a_shared_rule_alone_never_rolls_back() -> None:
    """What cannot tell the colours apart freezes."""
    world = soaking()
    world.writable = 0.0
    world.run(60.0)

    assert [] == world.bodies(RollbackWanted)
    assert Hold.RULE in world.deployment.holds


def test_a_rollback_waits_for_stable_to_answer_now() -> None:
    """Both colours are asked every 250 ms; stable is down, so it freezes and tells the on-call within 2 s."""
    world = soaking()
    world.alive[BLUE] = False
    world.share_bad[GREEN] = 0.5
    assert world.run(30.0, blocked)

    wanted = world.deployment.wanted
    assert wanted is not None
    assert Reason.STABLE_DOWN is wanted.blocked
    assert 2.0 <= (wanted.blocked_at or 0.0) - wanted.since <= 2.3
    assert len([e for e in world.effects if isinstance(e, ProbeColour) and e.colour is BLUE]) >= 8
    assert Reason.STABLE_DOWN is world.deployment.holds[Hold.INTERLOCK]
    assert 0.1 == world.candidates_share

    world.alive[BLUE] = True
    assert world.run(5.0, ended)
    assert world.is_in(Phase.ROLLED_BACK)


def test_a_candidate_that_refuses_connections_has_nothing_to_lose() -> None:
    """Stable does not answer, but it does not refuse either, and the candidate serves nobody."""
    world = soaking()
    world.alive[GREEN] = world.alive[BLUE] = False
    world.refusing = {GREEN}
    assert world.run(30.0, lambda world: bool(world.bodies(RollbackOrdered)))

    (ordered,) = world.bodies(RollbackOrdered)
    assert isinstance(ordered, RollbackOrdered)
    assert "nothing_to_lose" in dict(ordered.interlocks)


def test_a_shared_incident_freezes_and_its_evidence_is_thrown_away() -> None:
    """Both colours fail alike: no rollback; when stable is well again the candidate must prove it by itself."""
    world = soaking()
    world.share_bad[GREEN] = world.share_bad[BLUE] = 0.4
    assert world.run(30.0, blocked)
    assert Reason.COMMON_CAUSE is world.deployment.holds[Hold.INTERLOCK]

    world.share_bad[GREEN] = world.share_bad[BLUE] = 0.0
    assert world.run(200.0, lambda world: world.deployment.wanted is None)
    assert [EvidenceDiscarded(service=SHOP, rules=("error-rate",), reason=Reason.SHARED_INCIDENT)] == (
        world.bodies(EvidenceDiscarded)
    )
    assert [BlockCleared(service=SHOP, reason=Reason.SHARED_INCIDENT)] == world.bodies(BlockCleared)
    assert world.run(500.0, lambda world: world.deployment.phase is Phase.PROMOTED)
    assert [] == world.bodies(RollbackOrdered)


def test_a_candidate_that_is_bad_by_itself_is_rolled_back_after_a_shared_incident() -> None:
    """The block clears with stable's recovery; the candidate's own fault is proved again."""
    world = soaking()
    world.share_bad[GREEN] = world.share_bad[BLUE] = 0.4
    assert world.run(30.0, blocked)

    world.share_bad[BLUE] = 0.0
    assert world.run(200.0, ended)

    assert world.is_in(Phase.ROLLED_BACK)
    assert frozenset({"2.0"}) == world.shop.known_bad


def test_each_rule_forgets_a_shared_incident_when_it_sees_its_end() -> None:
    """The quick rule's next chance failure is not the candidate's own because the slow one still waits."""
    condition = ERROR_RATE.condition
    assert isinstance(condition, SequentialRatio)
    slow = replace(ERROR_RATE, name="slow-to-forget", condition=replace(condition, limit=0.02, min_effect=0.04))
    world = soaking(replace(NO_DIVERT, rules=(ERROR_RATE, slow, ALIVE)))
    world.share_bad[GREEN] = world.share_bad[BLUE] = 0.4
    assert world.run(30.0, blocked)
    world.run(10.0)

    world.share_bad[GREEN] = world.share_bad[BLUE] = 0.0
    assert world.run(30.0, lambda world: bool(world.bodies(EvidenceDiscarded)))
    assert blocked(world)
    world.share_bad[GREEN] = 0.1
    world.run(1.0)
    world.share_bad[GREEN] = 0.0
    assert world.run(300.0, lambda world: world.deployment.wanted is None)

    assert ("error-rate",) == next(
        body.rules for body in world.bodies(EvidenceDiscarded) if isinstance(body, EvidenceDiscarded)
    )
    assert 1 == len(world.bodies(BlockCleared))
    assert [] == world.bodies(RollbackOrdered)


def test_new_proof_is_heard_while_a_rollback_is_blocked() -> None:
    """A shared incident blocks; then the candidate alone goes down, which is another matter: it is rolled back."""
    world = soaking()
    world.share_bad[GREEN] = world.share_bad[BLUE] = 0.4
    assert world.run(30.0, blocked)

    world.alive[GREEN] = False
    assert world.run(10.0, ended)

    assert [("error-rate",), ("error-rate", "alive")] == [
        body.rules for body in world.bodies(RollbackWanted) if isinstance(body, RollbackWanted)
    ]


def test_a_blocked_rollback_whose_cause_is_gone_is_let_go() -> None:
    """The schema stood in the way, and the candidate is well again: nothing is wanted any more."""
    world = soaking(replace(NO_DIVERT, rules=(ALIVE,)), schema=Schema.UNKNOWN, watched_by="ada")
    world.alive[GREEN] = False
    assert world.run(30.0, blocked)
    assert Reason.SCHEMA is world.deployment.holds[Hold.INTERLOCK]

    world.alive[GREEN] = True
    world.run(10.0)

    assert None is world.deployment.wanted
    assert [BlockCleared(service=SHOP, reason=Reason.HEALTHY_AGAIN)] == world.bodies(BlockCleared)


def test_a_humans_rollback_is_not_let_go_with_the_evidence() -> None:
    """A human's order stands until it can be carried out, though the rules are quiet again."""
    world = soaking(replace(NO_DIVERT, rules=(ALIVE,)))
    world.alive[GREEN] = world.alive[BLUE] = False
    assert world.run(30.0, blocked)
    human(world)
    world.alive[GREEN] = True
    world.run(20.0)
    assert world.deployment.wanted is not None
    assert "ada" == world.deployment.wanted.by

    world.alive[BLUE] = True
    assert world.run(5.0, ended)


def test_a_stopped_line_blocks_what_is_automatic() -> None:
    """A wanted rollback waits for the line's release, a human's does not; the end of the stop lets it go ahead."""
    world = soaking()
    world.put(StopTheLine(id="l", by="ada", because="storm", for_=60.0))
    world.share_bad[GREEN] = 0.5
    assert world.run(30.0, blocked)
    assert 0.1 == world.candidates_share

    assert world.run(60.0, ended)

    assert [Reason.STOP_THE_LINE] == [b.reason for b in world.bodies(RollbackBlocked) if isinstance(b, RollbackBlocked)]


def test_a_human_passes_a_stopped_line() -> None:
    """Who stopped the line may still act."""
    world = soaking()
    world.put(StopTheLine(id="l", by="ada", because="storm"))

    human(world)

    assert world.run(3.0, ended)


def test_stable_that_died_while_a_block_stood_is_not_taken_for_alive() -> None:
    """The answer that came with the onset is no answer for now."""
    world = soaking()
    world.put(StopTheLine(id="l", by="ada", because="storm"))
    world.share_bad[GREEN] = 0.5
    assert world.run(30.0, blocked)
    world.alive[BLUE] = False
    world.run(20.0)

    world.put(StopTheLine(id="l", by="ada", release=True))
    world.run(5.0)

    assert [] == world.bodies(RollbackOrdered)


def test_anyway_passes_every_interlock() -> None:
    """Stable is down and the line is stopped, and a human says why all the same."""
    world = soaking()
    world.put(StopTheLine(id="l", by="ada", because="storm"))
    world.alive[BLUE] = False

    human(world, anyway=True, because="better than this")

    assert world.is_in(Phase.ROLLING_BACK)
    assert () == world.bodies(RollbackOrdered)[0].interlocks  # type: ignore[union-attr]  # of that kind


def test_a_switch_that_failed_is_tried_again_until_it_works() -> None:
    """Every ten seconds, under a new epoch, with one incident that is repeated; then it is proved."""
    world = soaking()
    world.failing.add(SetTraffic)
    human(world)
    world.run(35.0)

    assert world.is_in(Phase.ROLLBACK_FAILED)
    orders = rollback_orders(world)
    assert 4 == len(orders)
    assert sorted({order.epoch for order in orders}) == [order.epoch for order in orders]
    assert 1 == len([i for i in world.shop.incidents.values() if i.reason is Reason.SWITCH_FAILED])

    world.failing.clear()
    assert world.run(15.0, ended)
    assert all(incident.resolved_at for incident in world.shop.incidents.values())


def test_a_proof_that_failed_is_a_rollback_that_failed() -> None:
    """The next attempt is proved by requests after it: those before it went to the candidate."""
    world = soaking()
    world.failing |= {Prove, ObserveTraffic}
    human(world)
    assert world.run(10.0, lambda world: world.deployment.phase is Phase.ROLLBACK_FAILED)
    world.failing = {ObserveTraffic}
    assert world.run(15.0, ended)

    first, *_, last = [effect for effect in world.effects if isinstance(effect, Prove)]
    assert first.since < last.since
    assert world.is_in(Phase.ROLLED_BACK)


def test_a_rollback_repaired_by_hand_is_proved_and_called_rolled_back() -> None:
    """Our own order keeps failing; a human put stable in force, and live traffic shows it."""
    world = soaking()
    world.failing.add(SetTraffic)
    human(world)
    world.run(5.0)
    world.split = replace(world.split, weight=0.0)

    assert world.run(15.0, ended)

    last = [b for b in world.bodies(PhaseChanged) if isinstance(b, PhaseChanged)][-1]
    assert (Phase.ROLLED_BACK, Reason.REPAIRED_BY_HAND) == (last.to, last.reason)


def test_a_repair_that_live_traffic_does_not_show_changes_nothing() -> None:
    """The files say stable, the requests do not: it is tried again."""
    world = soaking()
    world.failing |= {SetTraffic, Prove}
    human(world)
    world.run(5.0)
    world.split = replace(world.split, weight=0.0)
    world.run(30.0)

    assert world.deployment.phase in (Phase.ROLLBACK_FAILED, Phase.ROLLING_BACK)
    assert len(rollback_orders(world)) >= 3


def test_a_rollback_is_absorbing() -> None:
    """Nothing that comes later moves a user of this deployment away from stable."""
    world = soaking()
    human(world)
    assert world.run(5.0, ended)
    ordered_at = next(i for i, record in enumerate(world.kept) if isinstance(record.body, RollbackOrdered))
    world.run(300.0)
    world.restart(rebooted=True)
    world.run(60.0)

    splits = [record.body for record in world.kept[ordered_at:] if isinstance(record.body, SplitOrdered)]
    assert [0.0] == [split.split.weight for split in splits]


def test_a_rollback_supersedes_a_step_under_way() -> None:
    """The step's late outcome belongs to an older epoch and changes nothing."""
    world = soaking(replace(NO_DIVERT, rules=(ERROR_RATE, ALIVE, WRITABLE)))
    world.lost = lambda effect: isinstance(effect, SetTraffic) and not effect.brake
    world.run(40.0, lambda world: world.deployment.step == 1)
    step = [effect for effect in world.effects if isinstance(effect, SetTraffic)][-1]

    human(world)
    assert step.id in world.shop.waiting
    world.run(0.1)
    assert step.id not in world.shop.waiting
    assert world.run(5.0, ended)


def test_proof_that_the_policy_does_not_let_act_freezes() -> None:
    """One of two rules has proof and never recovers: the on-call is told instead of a release that waits for ever."""
    world = soaking(replace(NO_DIVERT, policy=AnyOf(all_=True)))
    world.share_bad[GREEN] = 0.3
    world.run(60.0)

    assert [] == world.bodies(RollbackWanted)
    assert {Hold.RULE: "error-rate"} == world.deployment.held_details
    assert ["on-call"] == [contact for message in world.sent[:1] for contact in message.contacts]


def test_rollback_after_promotion_is_decided_without_other_events() -> None:
    """Nobody polls for a promoted release's rollback: the engine asks to be woken for stable's answer."""
    world = soaking()
    assert world.run(100.0, lambda world: world.split.promoted)
    world.silent = {"edge", "health", "db"}
    world.alive[BLUE] = False
    human(world)
    assert world.run(2.5, blocked)
    world.alive[BLUE] = True

    assert world.run(3.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)


def test_what_was_still_open_and_late_is_kept_with_the_proof() -> None:
    """In the balancer's words, for the people who look."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, Prove)
    human(world)
    world.run(1.0)
    (effect,) = [each for each in world.effects if isinstance(each, Prove)]
    late = ("lab: began 4.0 s before the brake, took 6.1 s",)
    world.put(ProofOutcome(effect=effect.id, ok=True, to_stable=40, stragglers=1, straggling=late, open=3))

    rollback = world.deployment.rollback
    assert rollback is not None
    assert (Phase.ROLLED_BACK, late, 3) == (world.deployment.phase, rollback.straggling, rollback.open)


@pytest.mark.parametrize(
    ("kind", "phase", "within", "reason"),
    [
        (SetTraffic, Phase.ROLLING_BACK, 60.0, Reason.SWITCH_FAILED),
        (Prove, Phase.VERIFYING, 30.0, Reason.PROOF_FAILED),
    ],
)
def test_an_outcome_that_never_comes_is_a_failure_and_is_tried_again(
    kind: type, phase: Phase, within: float, reason: Reason
) -> None:
    """Every step has an end, whatever becomes of those who carry it out."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, kind)
    human(world)
    assert world.run(5.0, lambda world: world.is_in(phase))
    began = world.now
    assert world.run(within + 2.0, lambda world: world.is_in(Phase.ROLLBACK_FAILED))

    assert began + within <= world.now <= began + within + 1.0
    failed = [each for each in world.bodies(PhaseChanged) if isinstance(each, PhaseChanged)][-1]
    assert (reason, True) == (failed.reason, f"within {within:g} s" in failed.detail)
    world.lost = lambda _: False
    assert world.run(20.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_a_restart_gives_a_lost_outcome_its_time_again() -> None:
    """The order is given again under its old id."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, SetTraffic)
    human(world)
    world.run(50.0)
    world.restart(down=30.0)
    world.run(50.0)
    assert Phase.ROLLING_BACK is world.deployment.phase

    world.lost = lambda _: False
    world.restart()
    assert world.run(10.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_a_repair_by_hand_whose_proof_never_comes_does_not_stop_the_retries() -> None:
    """The question is given up in the end."""
    world = soaking()
    world.failing.add(SetTraffic)
    human(world)
    assert world.run(5.0, lambda world: world.is_in(Phase.ROLLBACK_FAILED))
    world.lost = lambda effect: isinstance(effect, Prove)
    world.split = replace(world.split, weight=0.0)
    assert world.run(12.0, lambda world: any(isinstance(each, Prove) for each in world.shop.waiting.values()))
    orders = len([each for each in world.effects if isinstance(each, SetTraffic)])
    world.run(60.0)

    assert orders < len([each for each in world.effects if isinstance(each, SetTraffic)])
