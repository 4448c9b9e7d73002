"""Which instances there are, under the configuration and the deployment in force."""

from dataclasses import replace

from tests.core.examples import ALIVE, BLUE, CANARY, ERROR_RATE, GREEN, SERVICE, WRITABLE
from tests.core.world import World
from watchdog.core import instances
from watchdog.core.conditions import Probe, SequentialRatio


def soaking() -> World:
    world = World().begin().submit()
    world.run(1.0)
    return world


def test_shares_of_alpha_and_the_watched_time_are_fixed_at_submission() -> None:
    """A window of 0 is the deployment's own plan; outside of deployments half an hour."""
    condition = soaking().shop.instances["error-rate@green"].rule.condition
    idle = World().begin().shop.instances["error-rate@green"].rule.condition

    assert isinstance(condition, SequentialRatio)
    assert isinstance(idle, SequentialRatio)
    assert CANARY.watched() < instances.SHORTEST_WINDOW_S
    assert (0.001, instances.SHORTEST_WINDOW_S) == (condition.alpha, condition.window)
    assert instances.WINDOW_OUTSIDE_DEPLOYMENTS_S == idle.window


def test_every_rule_has_one_instance_per_colour_that_its_source_can_tell() -> None:
    """One for each, or one for both."""
    names = set(instances.instances_for(SERVICE, None, {}, 0.0))

    assert {"error-rate@blue", "error-rate@green", "alive@blue", "alive@green", "writable"} == names


def test_only_a_changed_definition_starts_afresh() -> None:
    """The others keep their state; of a rule that is gone nothing is left."""
    world = soaking()
    world.run(15.0)
    before = world.shop.instances
    slower = replace(ALIVE, condition=Probe(signal="up", fall=5, rise=2))

    after = instances.instances_for(replace(SERVICE, rules=(ERROR_RATE, slower)), world.deployment, before, world.now)

    for colour in (BLUE, GREEN):
        assert before[f"error-rate@{colour}"] == after[f"error-rate@{colour}"]
        assert (world.now, False) == (after[f"alive@{colour}"].since, after[f"alive@{colour}"].measured)
    assert WRITABLE.name not in after
