"""Orders by subject: what test_commands.py has not."""

from dataclasses import replace

from tests.core.examples import GREEN, SERVICE, SHOP, environment
from tests.core.test_commands import refusal, submitted
from tests.core.world import World
from watchdog.core.events import Rollback
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import Refused


def test_after_a_rollback_no_deployment_begins_for_a_while() -> None:
    """The refusal says how long; a rollback itself is never kept back by it."""
    world = World(environment=environment(replace(SERVICE, cool_down=60.0))).begin().submit()
    world.run(12.0)
    world.put(Rollback(id="r", by="ada", service=SHOP))
    assert world.run(5.0, lambda world: world.is_in(Phase.ROLLED_BACK))
    ended = world.now

    records = world.put(submitted(release="3.0", deployment="d3"))
    assert Reason.COOL_DOWN is refusal(records)
    assert ["60 s left"] == [each.body.detail for each in records if isinstance(each.body, Refused)]
    world.run(59.5)
    assert Reason.COOL_DOWN is refusal(world.put(submitted(release="3.0", deployment="d3")))
    world.now = ended + 60.0
    assert None is refusal(world.put(submitted(release="3.0", deployment="d3")))
    assert GREEN is world.deployment.candidate


def test_after_an_abort_the_next_deployment_may_begin() -> None:
    """Nothing was rolled back."""
    world = World(environment=environment(replace(SERVICE, cool_down=60.0))).begin().submit()
    world.put(Rollback(id="r", by="ada", service=SHOP))
    assert world.is_in(Phase.ABORTED)

    assert None is refusal(world.put(submitted(release="3.0", deployment="d3")))
