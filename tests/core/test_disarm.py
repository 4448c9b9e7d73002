"""A human silences a service's automatic rollbacks and diverts for a while."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, GREEN, SERVICE, SHOP, environment
from tests.core.test_commands import refusal
from tests.core.world import World
from watchdog.core.effects import Audience
from watchdog.core.engine import wake_at
from watchdog.core.events import Disarm, Promote, Rollback
from watchdog.core.model import Schema
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import ArmedAgain, Disarmed, DivertOrdered, RollbackBlocked, RollbackOrdered


def disarmed(for_: float, **more: str) -> Disarm:
    return Disarm(id="d", service=SHOP, for_=for_, **{"by": "ada", "because": "the probe is wrong", **more})


def soaking() -> World:
    world = World().begin().submit()
    world.run(12.0)
    return world


def failing(for_: float) -> World:
    """A disarmed release whose candidate fails."""
    world = soaking()
    assert None is refusal(world.put(disarmed(for_)))
    world.share_bad[GREEN] = 0.5
    world.run(20.0)
    return world


def test_a_disarm_needs_a_reason_and_something_to_end() -> None:
    """Ending what is not there is answered as such."""
    world = soaking()

    assert Reason.BECAUSE_WANTED is refusal(world.put(disarmed(60.0, because="")))
    assert Reason.ALREADY is refusal(world.put(disarmed(0.0)))
    assert None is refusal(world.put(disarmed(60.0, by="")))
    assert world.shop.disarmed is not None
    assert "somebody" == world.shop.disarmed.by
    assert None is refusal(world.put(disarmed(0.0, because="")))
    assert None is world.shop.disarmed


def test_while_disarmed_nothing_happens_by_itself_and_nobody_is_woken() -> None:
    """Chat hears once what would have been done; no hold is set, and the candidate keeps its users."""
    world = failing(600.0)

    assert [] == world.bodies(DivertOrdered, RollbackOrdered)
    assert [Reason.DISARMED] == [each.reason for each in world.bodies(RollbackBlocked)]  # type: ignore[union-attr]  # of that kind
    assert {} == world.deployment.holds
    assert [(Audience.CHAT, ("chat",))] == [(each.audience, each.contacts) for each in world.sent]
    assert 0.1 == world.share(GREEN)


def test_at_the_end_of_a_disarm_what_still_fails_is_rolled_back_at_once() -> None:
    """In the step that ends it, to the moment."""
    world = failing(25.0)
    waiver = world.shop.disarmed
    assert waiver is not None
    assert waiver.until == wake_at(world.state, waiver.until - 0.5)

    world.run(waiver.until - world.now)

    (over,) = world.bodies(ArmedAgain)
    (ordered,) = world.bodies(RollbackOrdered)
    assert isinstance(over, ArmedAgain)
    assert isinstance(ordered, RollbackOrdered)
    assert Reason.DISARM_OVER is over.reason
    assert (Reason.RULES_PROVED, "") == (ordered.reason, ordered.by)
    assert world.run(2.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_a_human_arms_again_before_the_time() -> None:
    """With the same consequence."""
    world = failing(600.0)

    world.put(disarmed(0.0, by="bo"))

    assert [ArmedAgain(service=SHOP, reason=Reason.HUMAN, by="bo")] == world.bodies(ArmedAgain)
    assert 1 == len(world.bodies(RollbackOrdered))


def test_a_new_disarm_replaces_the_one_before() -> None:
    """Its time counts from now on."""
    world = failing(25.0)
    world.put(disarmed(100.0, by="bo"))
    world.run(30.0)

    assert 2 == len(world.bodies(Disarmed))
    assert [] == world.bodies(RollbackOrdered)


def test_what_a_human_orders_is_not_disarmed() -> None:
    """They are at it."""
    world = failing(600.0)

    assert None is refusal(world.put(Rollback(id="r", by="ada", service=SHOP)))
    assert world.run(2.0, lambda world: world.share(BLUE) == 1.0)


def test_a_disarm_stands_beside_deployments() -> None:
    """It needs none, survives a submission, and ends in its time."""
    world = World().begin()
    assert None is refusal(world.put(disarmed(10.0)))
    world.submit()
    world.run(9.0)
    assert world.shop.disarmed is not None
    world.run(2.0)

    assert None is world.shop.disarmed
    idle = World().begin()
    idle.put(disarmed(10.0))
    idle.run(11.0)
    assert [ArmedAgain(service=SHOP, reason=Reason.DISARM_OVER)] == idle.bodies(ArmedAgain)


def test_a_page_about_a_block_ends_when_a_human_disarms() -> None:
    """The incident of the interlock is resolved: a human has taken it over."""
    world = World(environment=environment(replace(SERVICE, divert=False))).begin()
    world.submit(schema=Schema.UNKNOWN, watched_by="ada")
    world.run(12.0)
    world.share_bad[GREEN] = 0.5
    world.run(20.0)
    assert [Reason.SCHEMA] == [each.reason for each in world.shop.incidents.values() if each.resolved_at is None]

    world.put(disarmed(600.0))
    assert [Reason.DISARMED] == [each.reason for each in world.shop.incidents.values() if each.resolved_at is None]

    world.put(disarmed(0.0))
    assert [Reason.SCHEMA] == [each.reason for each in world.shop.incidents.values() if each.resolved_at is None]


def promote() -> Promote:
    return Promote(id="p", by="ada", service=SHOP, because="the rule is wrong")


def test_while_disarmed_a_human_takes_the_release_past_a_firing_rule() -> None:
    """One step for each order, without soak; the rule stays armed for the end of the disarm."""
    world = failing(600.0)
    assert 0.1 == world.share(GREEN)

    assert None is refusal(world.put(promote()))
    world.run(1.0)
    assert 1.0 == world.share(GREEN)
    world.put(disarmed(0.0))
    assert world.run(5.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_what_fails_never_becomes_stable() -> None:
    """Not even when a human passes the gate of the bake."""
    world = failing(600.0)
    world.put(promote())
    world.run(2.0)
    assert world.is_in(Phase.BAKING)

    assert None is refusal(world.put(promote()))
    world.run(100.0)
    assert world.is_in(Phase.BAKING)


@pytest.mark.parametrize("shadow", [True, False])
def test_past_a_firing_rule_nobody_promotes_who_did_not_disarm(shadow: bool) -> None:  # noqa: FBT001 - parameter
    """Shadow mode is no disarm."""
    settings = replace(SERVICE, divert=False, shadow=shadow)
    world = World(environment=environment(settings)).begin()
    world.submit(schema=Schema.UNKNOWN, watched_by="ada")
    world.run(12.0)
    world.share_bad[GREEN] = 0.5
    world.run(20.0)

    assert Reason.RULE_FIRING is refusal(world.put(promote()))


def test_in_shadow_chat_hears_what_would_have_been_done() -> None:
    """Once; no hold is set, nobody is woken, and a human's order works."""
    settings = replace(SERVICE, shadow=True)
    refused = World(environment=environment(settings)).begin().submit()
    assert None is refused.shop.deployment
    world = World(environment=environment(settings)).begin().submit(watched_by="ada")
    world.run(12.0)
    world.share_bad[GREEN] = 0.5
    world.run(60.0)

    assert [] == world.bodies(DivertOrdered, RollbackOrdered)
    assert {} == world.deployment.holds
    assert [Audience.CHAT] == [each.audience for each in world.sent]
    assert (Reason.SHADOW, ("error-rate",)) == next(
        (each.reason, each.rules) for each in world.shop.incidents.values() if each.resolved_at is None
    )
    world.put(Rollback(id="r", by="ada", service=SHOP))
    assert world.run(2.0, lambda world: world.share(BLUE) == 1.0)
