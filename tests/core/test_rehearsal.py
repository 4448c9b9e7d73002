"""Rehearsing a rollback without moving a user."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, GREEN, READY, SERVICE, SHOP, configured, environment
from tests.core.world import World
from watchdog.core.effects import CutRoute, Prepare, RunRehearsal, SetTraffic
from watchdog.core.engine import step
from watchdog.core.events import DivertRoute, Rehearse, RehearsedOutcome, Rollback
from watchdog.core.model import Check, Schema, Split
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import Refused, RehearsalOrdered
from watchdog.core.settings import Environment


def rehearse(*, drill: bool = True) -> Rehearse:
    return Rehearse(id="h", by="ada", service=SHOP, drill=drill)


def soaking(known: Environment | None = None) -> World:
    world = World(environment=known or environment(replace(SERVICE, divert=False))).begin().submit()
    world.run(14.0)
    return world


def ordered(world: World) -> list[RunRehearsal]:
    return [effect for effect in world.effects if isinstance(effect, RunRehearsal)]


def refusal(world: World, *, drill: bool = True) -> tuple[Reason, str]:
    world.put(rehearse(drill=drill))
    (refused,) = world.bodies(Refused)[-1:]
    assert isinstance(refused, Refused)
    return refused.reason, refused.detail


def test_the_splits_of_the_usual_plan_are_rehearsed() -> None:
    """Stable first, under a salt that is the same every time."""
    world = World().begin()
    world.put(rehearse())
    (effect,) = ordered(world)

    home = Split(stable=BLUE, candidate=GREEN, weight=0.0, salt=SHOP)
    assert (home, replace(home, weight=0.1), replace(home, weight=1.0), replace(home, weight=1.0, promoted=True)) == (
        effect.splits
    )
    assert effect.drill


def test_its_result_is_kept_for_the_screens() -> None:
    """Step by step with times; a later one takes its place."""
    world = World().begin()
    world.put(rehearse())
    running = world.shop.rehearsal
    assert running is not None
    assert (True, "ada", None, None) == (running.drill, running.by, running.ended, running.ok)

    world.run(1.0)
    result = world.shop.rehearsal
    assert result is not None
    assert (True, (Check(name="brake", ok=True, took=0.004),)) == (result.ok, result.checks)
    world.failing.add(RunRehearsal)
    world.put(rehearse(drill=False))
    world.run(1.0)
    result = world.shop.rehearsal
    assert result is not None
    assert (False, False, "it is not there") == (result.ok, result.drill, result.checks[0].detail)
    assert 2 == len(world.bodies(RehearsalOrdered))


def test_a_rehearsal_that_could_not_be_carried_out_says_why() -> None:
    """One line stands for all that were not there."""
    world = World(lost=lambda effect: isinstance(effect, RunRehearsal)).begin()
    world.put(rehearse())
    (effect,) = ordered(world)
    world.put(RehearsedOutcome(effect=effect.id, ok=False, detail="the router hangs"))

    result = world.shop.rehearsal
    assert result is not None
    assert (Check(name="rehearsal", ok=False, detail="the router hangs"),) == result.checks


def test_during_a_soak_the_deployments_own_splits_are_rehearsed() -> None:
    """And nothing of the deployment changes by it."""
    world = soaking()
    before = world.deployment
    world.put(rehearse())
    world.run(0.5)

    (effect,) = ordered(world)
    assert (before.declared.salt, 0.0) == (effect.splits[0].salt, effect.splits[0].weight)
    assert (before.phase, before.epoch, before.holds) == (
        world.deployment.phase,
        world.deployment.epoch,
        world.deployment.holds,
    )


def test_after_a_promotion_the_roles_are_the_new_ones() -> None:
    """The next release goes the other way."""
    world = soaking()
    world.run(120.0, lambda world: world.split.promoted)
    world.run(1.0)
    world.put(rehearse())

    (effect,) = ordered(world)
    assert (GREEN, BLUE, SHOP) == (effect.splits[0].stable, effect.splits[0].candidate, effect.splits[0].salt)


def test_it_does_not_come_across_orders_of_traffic() -> None:
    """Nor across another rehearsal."""
    world = World(lost=lambda effect: isinstance(effect, (Prepare, RunRehearsal))).begin()
    world.put(rehearse())
    assert (Reason.ONE_AT_A_TIME, "another rehearsal is under way") == refusal(world)
    world = World(lost=lambda effect: isinstance(effect, (Prepare, RunRehearsal))).begin()
    world.submit()
    assert (Reason.ONE_AT_A_TIME, "a preparation is under way") == refusal(world, drill=False)
    world = soaking(environment(replace(READY, divert=False)))
    world.lost = lambda effect: isinstance(effect, CutRoute)
    world.put(DivertRoute(id="d", service=SHOP, route="lab"))
    assert (Reason.ONE_AT_A_TIME, "a route is being cut") == refusal(world)


@pytest.mark.parametrize("phase", [Phase.ROLLING_BACK, Phase.VERIFYING, Phase.ROLLBACK_FAILED])
def test_it_does_not_come_across_a_rollback(phase: Phase) -> None:
    """Not even between two attempts."""
    world = soaking()
    if phase is Phase.ROLLBACK_FAILED:
        world.failing.add(SetTraffic)
    world.put(Rollback(id="b", by="ada", service=SHOP))
    assert world.run(20.0, lambda world: world.is_in(phase))

    assert Reason.ONE_AT_A_TIME is refusal(world)[0]


def test_a_rollback_that_waits_for_its_interlocks_is_under_way() -> None:
    """Stable is being asked whether it answers."""
    world = soaking()
    world.alive[BLUE] = False
    world.run(3.0)
    world.put(Rollback(id="b", by="ada", service=SHOP))
    assert world.deployment.wanted is not None

    assert (Reason.ONE_AT_A_TIME, "a rollback is under way") == refusal(world)


def test_a_blocked_rollback_leaves_room_for_it() -> None:
    """People want to know whether `--anyway` would work."""
    world = World(environment=environment(replace(SERVICE, divert=False))).begin()
    world.submit(schema=Schema.INCOMPATIBLE, watched_by="ada")
    world.run(14.0)
    world.share_bad[GREEN] = 0.6
    world.run(30.0, lambda world: world.deployment.wanted is not None and world.deployment.wanted.blocked is not None)
    world.put(rehearse(drill=False))

    assert 1 == len(ordered(world))


def test_a_drill_does_not_come_across_a_divert_and_a_look_does() -> None:
    """The brake is in use then."""
    world = soaking(environment(SERVICE))
    world.share_bad[GREEN] = 0.6
    assert world.run(20.0, lambda world: world.deployment.divert is not None and world.deployment.divert.cut)

    assert (Reason.ONE_AT_A_TIME, "green is diverted") == refusal(world)
    world.put(rehearse(drill=False))
    assert 1 == len(ordered(world))


def test_without_the_usual_plan_there_is_nothing_to_rehearse() -> None:
    """A configuration from elsewhere may lack it."""
    state = configured(replace(SERVICE, plan="gone"))
    stepped = step(state, rehearse(), 1.0)

    (refused,) = [record.body for record in stepped.records if isinstance(record.body, Refused)]
    assert Reason.NO_SUCH_PLAN is refused.reason


def test_a_rollback_does_not_wait_for_a_drill() -> None:
    """Both go on by themselves."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, RunRehearsal)
    world.put(rehearse())
    world.put(Rollback(id="b", by="ada", service=SHOP))

    assert world.run(10.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_a_drill_is_not_begun_again_by_a_restart() -> None:
    """Nobody asked for it twice; how it ended is not known."""
    world = World(lost=lambda effect: isinstance(effect, RunRehearsal)).begin()
    world.put(rehearse())
    world.restart()
    world.run(1.0)

    result = world.shop.rehearsal
    assert result is not None
    assert (1, None) == (len(ordered(world)), result.ok)
    assert result.ended is not None
    world.put(rehearse())
    assert 2 == len(ordered(world))
