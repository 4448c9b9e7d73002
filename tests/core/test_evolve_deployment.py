"""Folding decisions and outcomes into a deployment."""

from dataclasses import replace

from tests.core.examples import BLUE, GREEN, SHOP, deployment_of, shop
from tests.core.world import World
from watchdog.core.effects import Effect, Notify, ObserveTraffic, Prepare, Prove, PullBrake, ReleaseBrake, SetTraffic
from watchdog.core.engine import evolve
from watchdog.core.events import PreparedOutcome, ProofOutcome, Rollback, Submit, TrafficOutcome
from watchdog.core.model import Check
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import Body, HoldLifted, HoldSet, Record, RollbackBlocked, SplitOrdered
from watchdog.core.state import State


def folded(state: State, body: Body, at: float = 100.0) -> State:
    return evolve(state, Record(seq=state.seq + 1, at=at, body=body))


def soaking() -> World:
    world = World().begin().submit()
    world.run(14.0)
    return world


def waiting(world: World, *effects: Effect) -> State:
    known = {effect.id: effect for effect in effects}
    return replace(world.state, services={SHOP: replace(world.shop, waiting=known)})


EVERYTHING = (
    Prepare(id="prepare", service=SHOP, splits=()),
    PullBrake(id="pull", service=SHOP, epoch=1, colour=GREEN),
    ReleaseBrake(id="release", service=SHOP, epoch=1, colour=GREEN),
    Prove(id="prove", service=SHOP, epoch=1, stable=BLUE, since=0.0),
    ObserveTraffic(id="observe", service=SHOP),
    Notify(id="notify", service=SHOP, incident="i", audience="chat", contacts=(), repetition=0),  # type: ignore[arg-type]  # a word
)


def test_a_new_deployment_rests_on_nothing_from_before_it() -> None:
    """What is not kept may not be remembered: beats, probes, rules, rates, and orders of the last deployment."""
    world = World().begin()
    world.run(30.0)
    assert world.shop.beats
    world.submit()

    service = world.shop
    assert ({}, {}, (0.0, 0.0)) == (service.beats, service.probes, service.rates)
    assert not any(each.measured for each in service.instances.values())


def test_an_order_of_a_rollback_takes_the_meaning_from_every_earlier_order_of_traffic() -> None:
    """Messages are still waited for; a brake must not be released after it."""
    world = soaking()
    step = SetTraffic(id="step", service=SHOP, epoch=1, split=world.deployment.declared)
    split = replace(world.deployment.declared, weight=0.0)
    order = SetTraffic(id="back", service=SHOP, epoch=2, split=split, brake=True)

    back = SplitOrdered(service=SHOP, epoch=2, step=0, split=split, order=order, rollback=True)
    forward = replace(back, rollback=False)

    assert {"notify", "back"} == set(shop(folded(waiting(world, step, *EVERYTHING), back)).waiting)
    kept = set(shop(folded(waiting(world, step, *EVERYTHING), forward)).waiting)
    assert {"prepare", "pull", "release", "prove", "notify", "back"} == kept


def test_an_end_takes_the_meaning_from_orders_of_traffic() -> None:
    """The next deployment has its own."""
    world = World(lost=lambda effect: isinstance(effect, Prepare)).begin().submit()
    assert any(isinstance(effect, Prepare) for effect in world.shop.waiting.values())

    world.put(Rollback(id="r", service=SHOP))

    assert world.is_in(Phase.ABORTED)
    assert not any(isinstance(effect, Prepare) for effect in world.shop.waiting.values())


def test_the_checklist_of_a_preparation_is_kept() -> None:
    """For the screens."""
    world = World(lost=lambda effect: isinstance(effect, Prepare)).begin().submit()
    (order,) = [effect for effect in world.effects if isinstance(effect, Prepare)]
    checks = (Check(name="disk", ok=True),)

    world.put(PreparedOutcome(effect=order.id, ok=True, checks=checks))

    assert checks == world.deployment.checks


def test_what_is_in_force_is_what_the_router_read_back() -> None:
    """An outcome without a word for it: the order if it worked, what was before if it did not."""
    world = soaking()
    before = world.deployment.in_force
    declared = replace(before, weight=1.0)
    world.state = replace(
        world.state, services={SHOP: replace(world.shop, deployment=replace(world.deployment, declared=declared))}
    )
    order = SetTraffic(id="step", service=SHOP, epoch=2, split=declared)
    state = waiting(world, order)
    other = replace(before, weight=0.7)

    worked = deployment_of(folded(state, TrafficOutcome(effect="step", ok=True)))
    failed = deployment_of(folded(state, TrafficOutcome(effect="step", ok=False)))
    read = deployment_of(folded(state, TrafficOutcome(effect="step", ok=False, in_force=other)))

    assert (declared, before, other) == (worked.in_force, failed.in_force, read.in_force)
    assert (None, 100.0) == (worked.order_failed_at, failed.order_failed_at)


def test_a_proof_without_a_rollback_is_only_noted() -> None:
    """Nothing to write it into."""
    world = soaking()
    state = waiting(world, EVERYTHING[3])

    after = folded(state, ProofOutcome(effect="prove", ok=True))

    assert ({}, None) == (shop(after).waiting, deployment_of(after).rollback)


def test_holds_are_a_set_with_age_and_detail() -> None:
    """Set again, a hold's five healthy minutes begin anew; lifting one leaves the others."""
    state = soaking().state
    for hold, at in ((Hold.HUMAN, 100.0), (Hold.RULE, 110.0), (Hold.HUMAN, 120.0)):
        state = folded(state, HoldSet(service=SHOP, hold=hold, reason=Reason.HUMAN, detail=f"since {at}"), at)
    assert {Hold.HUMAN: 120.0, Hold.RULE: 110.0} == deployment_of(state).held_since

    state = folded(state, HoldLifted(service=SHOP, hold=Hold.HUMAN, reason=Reason.HUMAN))

    deployment = deployment_of(state)
    assert ({Hold.RULE: Reason.HUMAN}, {Hold.RULE: "since 110.0"}) == (deployment.holds, deployment.held_details)


def test_a_block_without_a_wish_blocks_nothing() -> None:
    """The wish was let go in the meantime."""
    world = soaking()

    after = folded(world.state, RollbackBlocked(service=SHOP, reason=Reason.SCHEMA, rules=()))

    assert world.deployment == deployment_of(after)


def test_stable_is_remembered_with_what_it_runs() -> None:
    """The release before is the way back."""
    world = soaking()
    world.run(100.0, lambda world: world.split.promoted)
    world.put(Submit(id="s", service=SHOP, release="3.0", deployment="d2"))

    assert "2.0" == world.deployment.previous_release
    assert (GREEN, BLUE) == (world.deployment.stable, world.deployment.candidate)
