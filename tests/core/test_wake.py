"""When the engine wants to be woken."""

from dataclasses import replace

import pytest

from tests.core.examples import GREEN, SERVICE, SHOP, environment
from tests.core.world import World
from watchdog.core.effects import ObserveTraffic, SetTraffic
from watchdog.core.engine import step, wake_at
from watchdog.core.events import Rollback, StopTheLine, Tick
from watchdog.core.phases import Phase
from watchdog.core.state import State

FOREVER = float("-inf")


def idle() -> World:
    """Nothing is under way, and the router has just answered."""
    world = World().begin()
    world.silent = {"edge", "health", "db"}
    return world


def test_without_services_nothing_is_due() -> None:
    """An empty engine sleeps."""
    assert None is wake_at(State(), FOREVER)


def test_an_idle_engine_wakes_to_look_at_the_router() -> None:
    """Ten seconds after its last answer; while it is asked, nothing is due."""
    world = idle()
    assert pytest.approx(10.05) == wake_at(world.state, world.now)

    world.lost = lambda effect: isinstance(effect, ObserveTraffic)
    world.run(12.0)
    assert None is wake_at(world.state, world.now)


def test_a_live_deployment_is_looked_at_once_a_second() -> None:
    """From the last look on, however many events came in between: another service's events must not starve it."""
    world = World().begin().submit()
    world.run(5.0)

    assert 5.5 == wake_at(world.state, 4.5)
    assert world.state.now + 1.0 == wake_at(world.state, FOREVER)


def test_a_stop_that_expires_is_due() -> None:
    """The line runs again in its time."""
    world = idle()
    world.put(StopTheLine(id="l", by="ada", because="storm", for_=3.0))

    assert world.now + 3.0 == wake_at(world.state, world.now)


def test_a_repetition_is_due() -> None:
    """An incident that nobody has taken over is told again."""
    world = World().begin()
    world.split = replace(world.split, weight=0.4)
    world.run(20.0)
    (incident,) = world.shop.incidents.values()
    assert 0.0 == incident.repeat
    repeated = replace(incident, repeat=2.0, told_at=world.now)
    state = replace(world.state, services={SHOP: replace(world.shop, incidents={incident.id: repeated})})

    assert world.now + 2.0 == wake_at(state, world.now)


def test_the_end_of_a_cut_and_of_a_trial_are_due() -> None:
    """To the moment, not to the next second."""
    world = World().begin().submit()
    world.run(14.0)
    world.share_bad[GREEN] = 0.6
    world.run(10.0, lambda world: world.deployment.divert is not None)
    divert = world.deployment.divert
    assert divert is not None
    assert divert.until is not None

    assert divert.until == wake_at(world.state, divert.until - 0.5)
    world.share_bad[GREEN] = 0.0
    world.run(15.0, lambda world: world.deployment.divert is None or world.deployment.divert.trial_until is not None)
    divert = world.deployment.divert
    assert divert is not None
    assert divert.trial_until is not None
    assert divert.trial_until == wake_at(world.state, divert.trial_until - 0.5)


def test_a_failed_rollback_is_due_again() -> None:
    """Ten seconds after it failed."""
    world = World().begin().submit()
    world.run(5.0)
    world.failing.add(SetTraffic)
    world.put(Rollback(id="r", by="ada", service=SHOP))
    world.run(5.0, lambda world: world.deployment.phase is Phase.ROLLBACK_FAILED)
    due = world.deployment.phase_since + 10.0

    assert due == wake_at(world.state, due - 0.5)


def test_a_failed_promotion_is_due_again() -> None:
    """Though the deployment has ended."""
    world = World().begin().submit()
    world.run(100.0, lambda world: world.deployment.phase is Phase.BAKING)
    world.failing.add(SetTraffic)
    world.run(60.0, lambda world: world.deployment.order_failed_at is not None)
    assert world.deployment.order_failed_at is not None
    due = world.deployment.order_failed_at + 30.0

    assert due == wake_at(world.state, due - 0.5)


def test_a_wanted_rollback_asks_stable_four_times_a_second() -> None:
    """And gives up waiting after two seconds; blocked, it asks once a second."""
    world = World(environment=environment(replace(SERVICE, divert=False))).begin().submit()
    world.run(5.0)
    world.alive = dict.fromkeys(world.alive, False)
    world.put(Rollback(id="r", by="ada", service=SHOP))
    world.run(0.1)
    assert pytest.approx(6.25) == wake_at(world.state, world.now)

    assert pytest.approx(8.0) == wake_at(world.state, 7.9)
    world.run(3.0)
    unasked = {colour: replace(probe, asked_at=None) for colour, probe in world.shop.probes.items()}
    quiet = replace(world.state, services={SHOP: replace(world.shop, probes=unasked)})
    assert 10.04 == pytest.approx(wake_at(quiet, 9.04))
    asked = max(probe.asked_at or 0.0 for probe in world.shop.probes.values())
    assert asked + 1.0 == wake_at(world.state, max(asked + 0.5, asked))


def test_what_was_looked_at_is_not_due_again() -> None:
    """A tick leads to all that time alone can lead to: the next one lies ahead."""
    world = World().begin().submit()
    world.run(5.0)
    state = step(world.state, Tick(), world.now).state

    due = wake_at(state, world.now)
    assert due is not None
    assert due > world.now
