"""Which records make an incident, and which put an end to one."""

from dataclasses import replace

import pytest

from tests.core.examples import GREEN, SERVICE, SHOP, environment
from tests.core.world import World
from watchdog.core import causes, interlocks
from watchdog.core.effects import Audience
from watchdog.core.events import Resume, StopTheLine
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import BlockCleared, HoldLifted, RollbackBlocked, RollbackOrdered
from watchdog.core.settings import Budget


def test_every_interlock_has_an_incident_that_ends() -> None:
    """A block that is told about is resolved when the rollback is ordered."""
    assert set() == {Reason(interlock.__name__) for interlock in interlocks.FOR_ROLLBACK} - causes.BLOCKS


@pytest.mark.parametrize("reason", [Reason.SHADOW, Reason.DISARMED])
def test_what_somebody_wanted_wakes_nobody(reason: Reason) -> None:
    """Chat hears it."""
    cause = causes.opens(RollbackBlocked(service=SHOP, reason=reason, rules=("alive",)))

    assert cause is not None
    assert (Audience.CHAT, False) == (cause.audience, cause.needs_decision)


def stopped(world: World, for_: float | None = None, **more: bool) -> None:
    world.put(StopTheLine(id="l", by="ada", because="storm", for_=for_, **more))


def test_a_line_that_is_stopped_without_an_end_nags() -> None:
    """Chat hears it at once and then every hour, until it runs again; nobody is woken."""
    world = World().begin()
    stopped(world)
    world.run(2 * 3600.0 + 5.0)

    assert [(Audience.CHAT, 0), (Audience.CHAT, 1), (Audience.CHAT, 2)] == [
        (each.audience, each.repetition) for each in world.sent
    ]
    (incident,) = world.shop.incidents.values()
    assert (Reason.LINE_STILL_STOPPED, "ada: storm") == (incident.reason, incident.detail)

    stopped(world, release=True)
    world.run(2 * 3600.0)
    assert 3 == len(world.sent)


def test_a_line_that_is_stopped_for_a_time_does_not_nag() -> None:
    """It runs again by itself; one without an end that gets one is no longer told about."""
    world = World().begin()
    stopped(world, 8000.0)
    world.run(7500.0)
    assert [] == world.sent

    stopped(world)
    stopped(world, 60.0)
    assert [None] != [each.resolved_at for each in world.shop.incidents.values()]


def test_a_stopped_line_is_told_once_and_outlives_a_deployment() -> None:
    """With the first service; another service's deployment that ends does not end it."""
    world = World(environment=environment(SERVICE, replace(SERVICE, name="api"))).begin().submit()
    world.run(12.0)
    stopped(world)
    world.put(Resume(id="n", by="ada", service="api"))
    world.share_bad[GREEN] = 0.0

    assert [1, 0] == [len(service.incidents) for service in world.state.services.values()]
    stopped(world, release=True)
    assert world.run(120.0, lambda world: world.deployment.phase is Phase.PROMOTED)


def over_budget() -> World:
    """A release whose rollback is one too many."""
    settings = replace(SERVICE, divert=False, budget=Budget(rollbacks=1, within=400.0))
    world = World(environment=environment(settings)).begin().submit()
    world.run(12.0)
    spent = replace(world.shop, rolled_back_at=(world.now,))
    world.state = replace(world.state, services={SHOP: spent})
    world.share_bad[GREEN] = 0.5
    assert world.run(30.0, lambda world: bool(world.bodies(RollbackBlocked)))
    return world


def test_a_rollback_over_the_budget_calls_a_human_until_somebody_comes() -> None:
    """The hold does not lift itself when the release is well again, and the incident stays open with it."""
    world = over_budget()
    assert Reason.BUDGET is world.deployment.holds[Hold.INTERLOCK]
    assert [2] == [effect.level for effect in world.sent]
    world.share_bad[GREEN] = 0.0
    assert world.run(300.0, lambda world: bool(world.bodies(BlockCleared)))
    world.run(700.0)

    (incident,) = world.shop.incidents.values()
    assert [] == world.bodies(HoldLifted)
    assert (Reason.BUDGET, None) == (incident.reason, incident.resolved_at)
    world.put(Resume(id="g", by="ada", service=SHOP))
    assert {} == world.deployment.holds
    assert None is not world.shop.incidents[incident.id].resolved_at


def test_a_budget_has_room_again_in_its_time() -> None:
    """What still fails then is rolled back: that is what the budget allows."""
    world = over_budget()

    assert world.run(420.0, lambda world: world.is_in(Phase.ROLLED_BACK))
    (ordered,) = world.bodies(RollbackOrdered)
    assert isinstance(ordered, RollbackOrdered)
    assert world.now > 400.0
