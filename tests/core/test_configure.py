"""A reload in mid-deployment: what it may change, and what it may not take away."""

from dataclasses import replace

import pytest

from tests.core.examples import ALIVE, EDGE, ERROR_RATE, GREEN, SERVICE, SHOP, WRITABLE, environment
from tests.core.world import World
from watchdog.core.events import Configured, Pause
from watchdog.core.model import Level, Schema
from watchdog.core.reasons import Reason
from watchdog.core.records import Accepted, Refused
from watchdog.core.settings import Service


def soaking() -> World:
    world = World().begin().submit(schema=Schema.UNKNOWN, watched_by="ada")
    world.run(12.0)
    return world


def reload(world: World, service: Service, *, forced: bool = False) -> Reason | None:
    """Why the reload was refused, if it was."""
    before = world.state
    records = world.put(Configured(id="reload", environment=environment(service), forced=forced))
    refused = [record.body for record in records if isinstance(record.body, Refused)]
    if refused:
        assert before.environment == world.state.environment
        return refused[0].reason
    assert Accepted(command="reload") in [record.body for record in records]
    return None


def test_a_service_with_a_live_deployment_cannot_go() -> None:
    """Nobody would look after its traffic: refused, even by force."""
    world = soaking()

    assert Reason.ONE_AT_A_TIME is reload(world, replace(SERVICE, name="other"), forced=True)


def test_a_service_without_a_deployment_may_go_and_come() -> None:
    """Services without a live deployment are what the file says."""
    world = World().begin()

    assert None is reload(world, replace(SERVICE, name="other"))
    assert ["other"] == list(world.state.services)


def test_a_firing_rule_goes_only_by_force() -> None:
    """A rule that fires is evidence; a human must mean it."""
    world = soaking()
    world.alive[GREEN] = False
    world.run(10.0)
    without = replace(SERVICE, rules=(ERROR_RATE, WRITABLE))

    assert Reason.RULE_FIRING is reload(world, without)
    assert None is reload(world, without, forced=True)
    assert "alive@green" not in world.shop.instances


def test_a_quiet_rule_goes_without_force() -> None:
    """What does not fire may be taken away."""
    assert None is reload(soaking(), replace(SERVICE, rules=(ERROR_RATE, WRITABLE)))


def test_a_changed_rule_starts_afresh_and_the_others_keep_their_state() -> None:
    """Plan, shares of alpha and unchanged rules stay as submitted."""
    world = soaking()
    before = world.shop.instances
    plan = world.deployment.plan

    changed = replace(SERVICE, rules=(ERROR_RATE, replace(ALIVE, warm_up=1.0), WRITABLE), alpha=0.5, plan="all-at-once")
    assert None is reload(world, changed)

    after = world.shop.instances
    assert before["error-rate@green"] == after["error-rate@green"]
    assert before["writable"] == after["writable"]
    assert not after["alive@green"].measured
    assert Level.INACTIVE is after["alive@green"].level
    assert plan == world.deployment.plan


def test_a_source_that_is_gone_is_forgotten() -> None:
    """A source's beat does not outlive the source."""
    world = soaking()
    assert "db" in world.shop.beats

    reload(world, replace(SERVICE, rules=(ERROR_RATE, ALIVE), sources=SERVICE.sources[:2]))

    assert {"edge", "health"} == set(world.shop.beats)


@pytest.mark.parametrize("name", ["", "first"])
def test_the_first_configuration_is_answered_when_it_asks(name: str) -> None:
    """Only a configuration with an id is answered."""
    world = World()

    world.put(Configured(id=name, environment=environment()))

    assert [Accepted(command=name)] * bool(name) == world.bodies(Accepted)
    assert SHOP in world.state.services


def test_a_source_that_a_reload_brought_has_its_two_minutes() -> None:
    """Its silence before the reload is no blindness."""
    world = soaking()
    world.put(Pause(id="p", service=SHOP))
    world.run(600.0)

    reload(world, replace(SERVICE, sources=(*SERVICE.sources, replace(EDGE, name="synthetic"))))
    world.run(60.0)

    assert [] == world.sent
    assert world.run(70.0, lambda world: bool(world.sent))
