"""What became of the candidate's users."""

from dataclasses import replace

from tests.core.examples import BLUE, GREEN, SERVICE, SHOP, environment, polled
from tests.core.world import World
from watchdog.core.effects import Prove
from watchdog.core.events import Rollback
from watchdog.core.model import Missing
from watchdog.core.phases import Phase
from watchdog.core.state import Users


def soaking() -> World:
    world = World(environment=environment(replace(SERVICE, divert=False))).begin().submit()
    world.run(14.0)
    return world


def test_failed_and_shielded_requests_of_the_candidate_are_added_up() -> None:
    """What stable answered in its place no user saw fail; stable's own failures are not the candidate's."""
    world = soaking()
    for errors, shielded in ((3.0, 2.0), (1.0, Missing.EMPTY), (2.0, 2.0)):
        world.put(
            polled(
                "edge",
                world.now,
                ("errors", GREEN, errors),
                ("shielded", GREEN, shielded),
                ("errors", BLUE, 50.0),
                ("requests", GREEN, 20.0),
                ("requests", BLUE, 180.0),
            )
        )

    assert Users(failed=6, shielded=4) == world.deployment.users
    assert 2 == world.deployment.users.saw


def test_they_are_counted_until_the_rollback_is_proved() -> None:
    """Requests that began before the brake end after it."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, Prove)
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(3.0)
    assert Phase.VERIFYING is world.deployment.phase
    world.put(polled("edge", world.now, ("errors", GREEN, 5.0), ("requests", GREEN, 5.0)))
    assert 5 == world.deployment.users.failed

    world.lost = lambda _: False
    world.run(60.0, lambda world: world.deployment.ended)
    world.put(polled("edge", world.now, ("errors", GREEN, 5.0), ("requests", GREEN, 5.0)))
    assert 5 == world.deployment.users.failed


def test_before_any_deployment_nobody_is_counted() -> None:
    """There is no candidate."""
    world = World().begin()
    world.put(polled("edge", world.now, ("errors", GREEN, 5.0), ("requests", GREEN, 5.0)))

    assert world.shop.deployment is None
