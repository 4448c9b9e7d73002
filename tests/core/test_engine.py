"""Which event goes where; every event in every state gives an answer."""

from dataclasses import replace

import pytest

from tests.core.examples import GREEN, SHOP, at_home, configured, each, edge, environment
from tests.core.world import World
from watchdog.core.effects import Notify, ObserveTraffic, PullBrake, SetTraffic
from watchdog.core.engine import ANSWERED_BY, decide, effects_of, evolve, step
from watchdog.core.events import (
    BrakeOutcome,
    Configured,
    DrainedOutcome,
    HookOutcome,
    NotifiedOutcome,
    Observed,
    Outcome,
    PreparedOutcome,
    Probed,
    ProofOutcome,
    RecheckedOutcome,
    RehearsedOutcome,
    Rollback,
    Started,
    StopTheLine,
    Tick,
    TrafficOutcome,
    TrafficSeen,
)
from watchdog.core.records import EffectsTakenUp, LineReleased, MessageOrdered, Record, RollbackOrdered, TrafficAsked
from watchdog.core.state import State

OUTCOMES = (
    PreparedOutcome,
    TrafficOutcome,
    BrakeOutcome,
    ProofOutcome,
    NotifiedOutcome,
    RecheckedOutcome,
    RehearsedOutcome,
    HookOutcome,
    DrainedOutcome,
)


def test_step_is_decide_and_then_evolve() -> None:
    """The records say everything that the state shows."""
    state = configured()
    stepped = step(state, at_home(), 3.0)

    assert stepped.records == decide(state, at_home(), 3.0)
    folded = state
    for record in stepped.records:
        folded = evolve(folded, record)
    assert folded == stepped.state
    assert effects_of(stepped.records) == stepped.effects


def test_effects_are_those_that_records_order_in_their_order() -> None:
    """One order in a record, or several taken up."""
    one, two = ObserveTraffic(id="1", service=SHOP), ObserveTraffic(id="2", service=SHOP)
    records = (
        Record(seq=1, at=0.0, body=EffectsTakenUp(service=SHOP, orders=(two, one))),
        Record(seq=2, at=0.0, body=TrafficAsked(service=SHOP, order=one)),
        Record(seq=3, at=0.0, body=Tick()),
    )

    assert (two, one, one) == effects_of(records)


def test_engine_time_never_runs_backwards() -> None:
    """A clock that did is taken at the last time that it showed."""
    state = step(configured(), at_home(), 10.0).state

    stepped = step(state, edge(4.0, (0.0, 1.0)), 4.0)

    assert {10.0} == {record.at for record in stepped.records}


@pytest.mark.parametrize(
    "event",
    [
        Started(),
        Tick(),
        edge(1.0, (0.0, 1.0)),
        Probed(service=SHOP, colour=GREEN, started=0.0, ended=0.0, ok=True),
        TrafficSeen(service=SHOP, split=None),
        Rollback(id="r", service=SHOP),
        StopTheLine(id="l", because="so"),
        *(kind(effect="none", ok=True) for kind in OUTCOMES),
    ],
    ids=lambda event: type(event).__name__,
)
def test_an_empty_engine_answers_everything(event: object) -> None:
    """Before any configuration nothing raises and nothing is ordered."""
    assert () == step(State(), event, 1.0).effects  # type: ignore[arg-type]  # events of every kind


def test_events_of_unknown_services_change_nothing() -> None:
    """A poll that ended after its service was taken away."""
    state = configured()
    for event in (
        Observed(service="nobody", source="edge", start=0.0, end=1.0, readings=()),
        Probed(service="nobody", colour=GREEN, started=0.0, ended=0.0, ok=True),
        TrafficSeen(service="nobody", split=None),
    ):
        assert () == step(state, event, 1.0).records


@pytest.mark.parametrize("kind", OUTCOMES)
def test_an_outcome_that_nobody_waits_for_changes_nothing(kind: type[Outcome]) -> None:
    """It belongs to an older epoch."""
    world = World().begin().submit()

    assert () == world.put(kind(effect="d1/1/0", ok=True))  # type: ignore[arg-type]  # one of the outcomes


@pytest.mark.parametrize("kind", OUTCOMES)
def test_an_outcome_of_another_kind_changes_nothing(kind: type[Outcome]) -> None:
    """An answer must fit its question."""
    world = World(lost=lambda _: True).begin()
    (question,) = world.shop.waiting

    assert () == world.put(kind(effect=question, ok=True))  # type: ignore[arg-type]  # one of the outcomes
    assert set(OUTCOMES) == set(ANSWERED_BY)


def test_a_late_outcome_after_the_end_changes_nothing() -> None:
    """The brake of a divert that a rollback overtook."""
    world = World().begin().submit()
    world.run(14.0)
    world.lost = lambda effect: isinstance(effect, PullBrake)
    world.share_bad[GREEN] = 0.6
    world.run(10.0, lambda world: world.deployment.divert is not None)
    (pulled,) = [effect for effect in world.effects if isinstance(effect, PullBrake)]
    world.put(Rollback(id="r", by="ada", service=SHOP))
    world.run(3.0)

    assert () == world.put(BrakeOutcome(effect=pulled.id, ok=False))
    assert 1 == len(world.bodies(RollbackOrdered))


def test_a_brakes_outcome_without_its_divert_is_only_noted() -> None:
    """The fold of a journal whose deployment is over."""
    world = World(lost=lambda effect: isinstance(effect, PullBrake)).begin().submit()
    world.run(14.0)
    world.share_bad[GREEN] = 0.6
    world.run(10.0, lambda world: world.deployment.divert is not None)
    (pulled,) = [effect for effect in world.effects if isinstance(effect, PullBrake)]
    service = replace(world.shop, deployment=replace(world.deployment, divert=None))
    world.state = replace(world.state, services={SHOP: service})

    records = world.put(BrakeOutcome(effect=pulled.id, ok=False))

    assert BrakeOutcome(effect=pulled.id, ok=False) == records[0].body
    assert pulled.id not in world.shop.waiting


def test_a_stop_that_expires_is_released_by_a_tick() -> None:
    """At its time, not before."""
    world = World().begin()
    world.put(StopTheLine(id="l", by="ada", because="storm", for_=60.0))
    state, records = each(world.state, (world.now + 59.0, Tick()), (world.now + 60.0, Tick()))

    assert "" == state.stopped_by
    assert [world.now + 60.0] == [record.at for record in records if isinstance(record.body, LineReleased)]


def test_ticks_fire_no_rule() -> None:
    """Time without readings is no evidence."""
    world = World().begin().submit()
    world.run(14.0)
    world.alive[GREEN] = False
    world.run(2.0)
    before = world.shop.instances
    state, _ = each(world.state, *((world.now + i, Tick()) for i in range(100)))

    assert before == state.services[SHOP].instances


def test_what_happens_to_one_service_is_decided_for_that_service() -> None:
    """Ids of effects never meet."""
    shops = environment(environment().services[0], replace(environment().services[0], name="blog"))
    state, records = each(State(), (0.0, Configured(environment=shops)), (0.0, Started()))

    orders = effects_of(records)
    assert {SHOP, "blog"} == {order.service for order in orders}
    assert len({order.id for order in orders}) == len(orders)
    assert all(key == order.id for s in state.services.values() for key, order in s.waiting.items())


def test_a_message_and_a_split_are_orders_of_their_own_records() -> None:
    """An effect's id names the record that ordered it."""
    world = World().begin().submit()
    world.run(14.0)
    world.writable = 0.0
    world.run(20.0, lambda world: bool(world.sent))

    for record in world.kept:
        if isinstance(record.body, MessageOrdered):
            assert f"d1/{record.seq}/0" == record.body.order.id
            assert isinstance(record.body.order, Notify)
    assert all(effect.id.startswith("d1/") for effect in world.effects if isinstance(effect, SetTraffic))
