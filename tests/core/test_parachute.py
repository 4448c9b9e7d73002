"""The way back is looked at again and again; losing it stops progression and nothing else."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, GREEN, READY, SERVICE, SHOP, environment
from tests.core.world import World
from watchdog.core import parachute
from watchdog.core.effects import Prepare, Recheck, SetTraffic
from watchdog.core.engine import wake_at
from watchdog.core.events import Configured, Rollback
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import HoldSet, IncidentOpened, ParachuteLost, ParachuteRegained
from watchdog.core.settings import Service

PLAIN = replace(READY, divert=False, after_rollback=(), stop_candidate=None)


def looks(world: World) -> list[Recheck]:
    return [effect for effect in world.effects if isinstance(effect, Recheck)]


def soaking(service: Service = PLAIN) -> World:
    world = World(environment=environment(service)).begin().submit()
    world.run(14.0)
    return world


def lost(service: Service = PLAIN) -> World:
    world = soaking(service)
    world.failing.add(Recheck)
    assert world.run(60.0, lambda world: world.shop.parachute.lost)
    return world


def test_it_is_looked_at_every_ten_seconds_while_the_candidate_may_have_users() -> None:
    """From the first step to the end of the bake; nothing of it is kept."""
    world = soaking()
    kept = len(world.kept)
    before = len(looks(world))
    world.run(50.0)

    assert 4 <= len(looks(world)) - before <= 5
    assert all(effect.stable is BLUE for effect in looks(world))
    assert not [record for record in world.kept[kept:] if type(record.body).__name__.startswith("Recheck")]
    assert (0, False) == (world.shop.parachute.bad, world.shop.parachute.lost)


def test_without_an_interval_nobody_looks() -> None:
    """Then it is proved at preparation only."""
    world = World(environment=environment(SERVICE)).begin().submit()
    world.run(100.0)

    assert [] == looks(world)


def test_nobody_looks_before_a_deployment_or_while_it_is_prepared() -> None:
    """There is nothing to come back from."""
    world = World(environment=environment(PLAIN), lost=lambda effect: isinstance(effect, Prepare)).begin()
    world.run(30.0)
    world.submit()
    world.run(30.0)

    assert [] == looks(world)


def test_nobody_looks_while_traffic_is_being_moved() -> None:
    """What the router has then is neither the old nor the new."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, SetTraffic)
    world.run(40.0, lambda world: world.is_in(Phase.SHIFTING))
    before = len(looks(world))
    world.run(40.0)

    assert before == len(looks(world))


def test_one_look_at_a_time() -> None:
    """A hanging look is not overtaken by the next."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, Recheck)
    before = len(looks(world))
    world.run(60.0)

    assert before + 1 == len(looks(world))


def test_a_promoted_release_is_looked_after_until_stable_is_no_longer_kept() -> None:
    """Its rollback leads to the colour that was stable before."""
    world = soaking(replace(PLAIN, keep_stable=60.0))
    world.run(120.0, lambda world: world.split.promoted)
    before = len(looks(world))
    world.run(55.0)
    assert 4 <= len(looks(world)) - before <= 6
    assert BLUE is looks(world)[-1].stable

    world.run(20.0)
    before = len(looks(world))
    world.run(100.0)
    assert before == len(looks(world))


def test_a_look_at_a_promoted_release_is_due_in_time() -> None:
    """Nothing else wakes the engine then."""
    world = soaking()
    world.run(120.0, lambda world: world.split.promoted)
    world.run(12.0)
    due = parachute.look_at(PLAIN, world.shop, world.now)
    at = wake_at(world.state, world.now)

    assert at is not None
    assert at <= due <= world.now + 10.0
    assert float("inf") == parachute.look_at(PLAIN, replace(world.shop, deployment=None), world.now)


def test_three_bad_looks_in_a_row_lose_it() -> None:
    """Progression stops, on-call hears of it once, and nobody is asked to decide."""
    world = lost()

    assert {Hold.PARACHUTE: Reason.PARACHUTE_LOST} == world.deployment.holds
    assert 1 == len(world.bodies(ParachuteLost))
    (opened,) = world.bodies(IncidentOpened)
    assert isinstance(opened, IncidentOpened)
    assert (Reason.PARACHUTE_LOST, False, ("on-call",), ()) == (
        opened.reason,
        opened.needs_decision,
        opened.contacts,
        opened.levels,
    )
    assert "it is not there" == opened.detail
    world.run(400.0)
    assert (Phase.BAKING, 1) == (world.deployment.phase, len(world.sent))


def test_two_bad_looks_lose_nothing() -> None:
    """A good one begins the count anew."""
    world = soaking()
    for _ in range(3):
        world.failing.add(Recheck)
        world.run(40.0, lambda world: world.shop.parachute.bad == 2)
        world.failing.clear()
        world.run(20.0, lambda world: world.shop.parachute.good > 0)

    assert [] == world.bodies(ParachuteLost)


def test_three_good_looks_in_a_row_regain_it() -> None:
    """The hold lifts by that and the incident is over; five healthy minutes do nothing for it."""
    world = lost()
    world.failing.clear()
    world.run(15.0)
    assert Hold.PARACHUTE in world.deployment.holds
    world.run(20.0)

    assert {} == world.deployment.holds
    assert 1 == len(world.bodies(ParachuteRegained))
    assert all(incident.resolved_at is not None for incident in world.shop.incidents.values())
    assert world.run(120.0, lambda world: world.split.promoted)


def test_rollback_stays_armed_without_it() -> None:
    """It may work all the same, and staying is worse."""
    world = lost()
    world.share_bad[GREEN] = 0.6

    assert world.run(60.0, lambda world: world.is_in(Phase.ROLLED_BACK))
    world.run(5.0)
    assert all(incident.resolved_at is not None for incident in world.shop.incidents.values())


def test_a_promoted_release_that_loses_it_is_told_and_ends_in_time() -> None:
    """There is no progression to hold; the incident ends when stable is no longer kept."""
    world = soaking(replace(PLAIN, keep_stable=100.0))
    world.run(120.0, lambda world: world.split.promoted)
    world.failing.add(Recheck)
    world.run(60.0)
    assert ({}, [Reason.PARACHUTE_LOST]) == (world.deployment.holds, [i.reason for i in world.shop.incidents.values()])

    world.run(80.0)
    assert all(incident.resolved_at is not None for incident in world.shop.incidents.values())


def test_a_restart_keeps_that_it_is_lost() -> None:
    """Looks begin anew: three good ones are needed from there."""
    world = lost()
    world.restart()
    world.run(2.0)
    assert (True, 0) == (world.shop.parachute.lost, world.shop.parachute.good)
    assert Hold.PARACHUTE in world.deployment.holds

    world.failing.clear()
    world.run(35.0)
    assert Hold.PARACHUTE not in world.deployment.holds


def test_a_hold_whose_record_was_lost_is_set_again() -> None:
    """The journal lost the end of a step."""
    world = lost()
    number = next(n for n, record in enumerate(world.kept) if isinstance(record.body, ParachuteLost))
    assert isinstance(world.kept[number + 1].body, HoldSet)
    world.restart(number + 1)
    world.run(1.0)

    assert Hold.PARACHUTE in world.deployment.holds
    assert [Reason.PARACHUTE_LOST] == [incident.reason for incident in world.shop.incidents.values()]


def test_a_service_that_is_no_longer_looked_after_is_not_held_for_it() -> None:
    """By a reload that takes the interval away."""
    world = lost()
    world.environment = environment(replace(PLAIN, parachute_every=None))
    world.put(Configured(environment=world.environment))

    assert Hold.PARACHUTE not in world.deployment.holds


@pytest.mark.parametrize("release", ["2.0", "3.0"])
def test_the_next_deployment_begins_with_a_fresh_one(release: str) -> None:
    """Its preparation has just proved everything."""
    world = lost()
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(30.0)
    world.failing.clear()
    world.submit(release, deployment="d2")
    world.run(14.0)

    assert (False, Phase.SOAKING) == (world.shop.parachute.lost, world.deployment.phase)
