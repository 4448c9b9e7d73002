"""While the maintenance page is in force nothing that the colours do says anything of the release."""

from dataclasses import replace

import pytest

from tests.core.examples import ALIVE, BLUE, ERROR_RATE, GREEN, SERVICE, SHOP, environment
from tests.core.world import World
from watchdog.core import verdict
from watchdog.core.events import Rollback
from watchdog.core.model import Judgement, OnFire, Verdict
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    BlockCleared,
    EvidenceDiscarded,
    RollbackBlocked,
    RollbackOrdered,
    RollbackWanted,
    WouldHaveAsked,
)
from watchdog.core.settings import Environment

UNDIVERTED = environment(replace(SERVICE, divert=False))


def soaking(known: Environment = UNDIVERTED) -> World:
    world = World(environment=known).begin().submit()
    world.run(12.0)
    return world


def closed(world: World, *, both: bool = True) -> World:
    """The page is on and was seen; then the copies are stopped."""
    world.maintenance = True
    world.run(11.0)
    assert verdict.maintained(world.shop)
    world.alive[GREEN] = False
    world.alive[BLUE] = not both
    return world


def test_what_is_stopped_behind_the_page_is_not_failing() -> None:
    """The rules of the colours do not apply; soak and steps stand still, and nobody is told anything."""
    world = closed(soaking())
    soaked = world.deployment.soaked
    world.run(120.0)

    settings, service = world.environment.services[0], world.shop
    assert Verdict.HEALTHY is verdict.read(settings, service, world.now).verdict
    instance = service.instances[verdict.key(ALIVE, GREEN)]
    assert Judgement.NOT_APPLICABLE is verdict.judgement(settings, service, instance, GREEN, world.now)
    assert [] == world.bodies(RollbackWanted)
    assert [] == world.sent
    assert soaked == world.deployment.soaked
    assert world.is_in(Phase.SOAKING)


def test_after_the_page_the_release_goes_on() -> None:
    """What was seen while it was on is not remembered, so nothing is rolled back for it."""
    world = closed(soaking())
    world.run(60.0)
    world.alive = {GREEN: True, BLUE: True}
    world.maintenance = False

    assert world.run(200.0, lambda world: world.deployment.phase is Phase.PROMOTED)
    assert [] == world.bodies(RollbackWanted)


def test_what_fails_after_the_page_is_rolled_back() -> None:
    """The rules judge again as soon as the router says that users are let in."""
    world = closed(soaking(), both=False)
    world.run(30.0)
    world.maintenance = False

    assert world.run(30.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_a_rollback_that_waits_is_not_wanted_any_more() -> None:
    """The copies were stopped a moment before the router told of the page: what the rules saw is thrown away."""
    world = soaking()
    world.alive = {GREEN: False, BLUE: False}
    assert world.run(20.0, lambda world: bool(world.bodies(RollbackBlocked)))
    world.maintenance = True
    world.run(11.0)

    assert [BlockCleared(service=SHOP, reason=Reason.MAINTENANCE)] == world.bodies(BlockCleared)
    assert Reason.MAINTENANCE in [each.reason for each in world.bodies(EvidenceDiscarded)]  # type: ignore[union-attr]  # of that kind
    assert None is world.deployment.wanted
    world.alive = {GREEN: True, BLUE: True}
    world.maintenance = False
    world.run(30.0)
    assert [] == world.bodies(RollbackOrdered)


def test_what_a_human_orders_goes_on() -> None:
    """Also while nobody sees the page's other side."""
    world = closed(soaking(), both=False)

    world.put(Rollback(id="r", by="ada", service=SHOP))
    assert world.run(5.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_a_trial_waits_for_users() -> None:
    """Without them it would show nothing: it begins anew after the page."""
    world = World().begin().submit()
    world.run(14.0)
    world.share_bad[GREEN] = 0.6
    assert world.run(
        30.0, lambda world: world.deployment.divert is not None and world.deployment.divert.until is not None
    )
    world.share_bad[GREEN] = 0.0
    world.maintenance = True
    world.run(90.0)
    assert world.deployment.divert is not None

    world.maintenance = False
    assert world.run(200.0, lambda world: world.deployment.phase is Phase.PROMOTED)


def test_a_restart_behind_the_page_forgets_nothing() -> None:
    """Its beginning and end are kept, so that what is observed means the same when it is read again."""
    world = closed(soaking())
    world.run(20.0)
    before = world.shop.instances

    world.restart()
    world.run(1.0)

    assert before.keys() == world.shop.instances.keys()
    world.run(30.0)
    assert verdict.maintained(world.shop)
    assert [] == world.bodies(RollbackWanted)


@pytest.mark.parametrize("on_fire", [OnFire.OBSERVE, OnFire.ESCALATE])
def test_nobody_is_told_of_what_stands_behind_the_page(on_fire: OnFire) -> None:
    """Neither what an observing rule would have asked for, nor a rule on stable that is always on."""
    rule = replace(ALIVE, name="seen", on_fire=on_fire, always=True)
    world = closed(soaking(environment(replace(SERVICE, divert=False, rules=(ERROR_RATE, rule)))))
    world.run(60.0)

    assert [] == world.bodies(WouldHaveAsked)
    assert [] == world.sent


def test_without_a_deployment_the_page_changes_nothing() -> None:
    """There is no evidence to throw away."""
    world = World().begin()
    world.maintenance = True
    world.run(15.0)

    assert verdict.maintained(world.shop)
    assert [] == world.bodies(EvidenceDiscarded)
    rules_of_none = environment(replace(SERVICE, rules=tuple(rule for rule in SERVICE.rules if not rule.per_colour)))
    bare = World(environment=rules_of_none).begin().submit()
    bare.maintenance = True
    bare.run(15.0)
    assert [] == bare.bodies(EvidenceDiscarded)
