"""Data per colour: what is known of writes on the candidate, and what that forbids."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, GREEN, SERVICE, SHOP, environment
from tests.core.test_commands import refusal
from tests.core.world import World
from watchdog.core.effects import Prepare
from watchdog.core.events import Abort, Configured, Rollback
from watchdog.core.model import Data, Missing
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import DivertBlocked, DivertOrdered, RollbackBlocked, RollbackOrdered
from watchdog.core.settings import Service
from watchdog.core.state import Wrote

PER_COLOUR = replace(SERVICE, data=Data.PER_COLOUR)


def soaking(settings: Service = PER_COLOUR, *, writes: float | Missing = 0.0) -> World:
    world = World(environment=environment(settings), writes=writes).begin().submit(watched_by="ada")
    world.run(12.0)
    assert world.is_in(Phase.SOAKING)
    return world


def test_a_release_with_data_per_colour_needs_somebody_who_watches() -> None:
    """Its automatic rollback ends with the first write, unless what is written may be lost."""
    world = World(environment=environment(PER_COLOUR)).begin().submit()
    assert None is world.shop.deployment

    lossy = World(environment=environment(replace(PER_COLOUR, writes_may_be_lost=True))).begin().submit()
    assert lossy.is_in(Phase.PREPARING)


def test_the_first_write_on_the_candidate_is_noted() -> None:
    """Once, with its time; before it nothing is known to be lost."""
    world = soaking()
    assert None is world.deployment.wrote

    world.writes = 2.0
    world.run(1.0)
    first = world.now
    world.run(5.0)

    assert world.deployment.wrote is not None
    assert world.deployment.wrote.seen
    assert first >= world.deployment.wrote.at


def test_where_data_is_shared_nobody_counts_writes() -> None:
    """There is nothing to lose."""
    assert None is soaking(SERVICE, writes=2.0).deployment.wrote


@pytest.mark.parametrize("unknown", [Missing.STALE, "no reading"])
def test_what_is_not_known_counts_as_possible(unknown: object) -> None:
    """A log that cannot be read, and a source that does not tell reads from writes."""
    world = soaking()
    if unknown is Missing.STALE:
        world.writes = Missing.STALE
    else:
        world.without = {"writes"}
    world.run(2.0)

    assert world.deployment.wrote is not None
    assert not world.deployment.wrote.seen
    world.without, world.writes = set(), 1.0
    world.run(2.0)
    assert world.deployment.wrote.seen


def test_before_the_candidate_has_users_nobody_can_have_written() -> None:
    """Whatever the log says or does not say of it."""
    lost = World(environment=environment(PER_COLOUR), writes=Missing.STALE, lost=lambda each: isinstance(each, Prepare))
    world = lost.begin().submit(watched_by="ada")
    world.run(5.0)

    assert None is world.deployment.wrote


def test_after_a_gap_in_the_log_a_write_is_possible() -> None:
    """So it is after a restart: nobody looked."""
    world = soaking()
    world.silent.add("edge")
    world.run(10.0)
    assert None is world.deployment.wrote
    world.silent.clear()
    world.run(1.0)
    assert world.deployment.wrote is not None
    assert not world.deployment.wrote.seen

    again = soaking()
    again.restart()
    assert Wrote(at=again.now, seen=False) == again.deployment.wrote


def test_a_restart_before_the_first_step_loses_no_sight() -> None:
    """The candidate had no users."""
    world = World(environment=environment(PER_COLOUR)).begin().submit(watched_by="ada")
    world.restart()

    assert None is world.deployment.wrote


def test_a_log_that_says_nothing_now_is_reason_enough() -> None:
    """The rollback is asked for before the gap has ended."""
    world = soaking(replace(PER_COLOUR, divert=False))
    world.silent.add("edge")
    world.alive[GREEN] = False
    world.run(15.0)

    (blocked,) = world.bodies(RollbackBlocked)
    assert isinstance(blocked, RollbackBlocked)
    assert (Reason.WRITES_ON_CANDIDATE, "possibly: the log says nothing") == (blocked.reason, blocked.detail)


def test_without_a_log_every_write_is_possible() -> None:
    """Nobody ever told how many there were."""
    settings = replace(PER_COLOUR, traffic_source=None, divert=False)
    world = World(environment=environment(settings)).begin().submit(watched_by="ada")
    world.run(12.0)

    assert Reason.WRITES_ON_CANDIDATE is refusal(world.put(Rollback(id="r", by="bo", service=SHOP)))


def test_after_a_write_nothing_goes_back_by_itself() -> None:
    """It freezes and asks; neither is the candidate cut off on suspicion."""
    world = soaking(writes=2.0)
    world.share_bad[GREEN] = 0.5
    world.run(30.0)

    (blocked,) = world.bodies(RollbackBlocked)
    assert isinstance(blocked, RollbackBlocked)
    assert Reason.WRITES_ON_CANDIDATE is blocked.reason
    assert Reason.WRITES_ON_CANDIDATE is world.deployment.holds[Hold.INTERLOCK]
    assert [] == world.bodies(DivertOrdered, RollbackOrdered)
    assert [Reason.WRITES_ON_CANDIDATE] == [each.reason for each in world.bodies(DivertBlocked)]  # type: ignore[union-attr]  # of that kind
    assert [2] == [effect.level for effect in world.sent]


def test_writes_that_may_be_lost_stop_nothing() -> None:
    """The operator has said so."""
    world = soaking(replace(PER_COLOUR, writes_may_be_lost=True), writes=2.0)
    world.share_bad[GREEN] = 0.5

    assert world.run(30.0, lambda world: world.is_in(Phase.ROLLED_BACK))


def test_a_human_says_anyway_to_lose_what_was_written() -> None:
    """Neither a rollback nor an abort loses it otherwise."""
    world = soaking(writes=2.0)

    assert Reason.WRITES_ON_CANDIDATE is refusal(world.put(Rollback(id="r", by="bo", service=SHOP)))
    assert Reason.WRITES_ON_CANDIDATE is refusal(world.put(Abort(id="a", by="bo", service=SHOP)))
    order = Rollback(id="r", by="bo", service=SHOP, anyway=True, because="nothing that matters")
    assert None is refusal(world.put(order))
    world.run(2.0)
    assert 1.0 == world.share(BLUE)


def test_after_promotion_writes_are_taken_for_granted() -> None:
    """Nobody counts them any more, and the candidate has all users."""
    world = soaking()
    assert world.run(100.0, lambda world: world.split.promoted)
    world.run(1.0)

    assert world.deployment.wrote is not None
    assert Reason.WRITES_ON_CANDIDATE is refusal(world.put(Rollback(id="r", by="bo", service=SHOP)))


def test_data_that_becomes_per_colour_was_not_watched_before() -> None:
    """A reload in mid-deployment; the same configuration again changes nothing."""
    world = soaking(SERVICE)
    world.put(Configured(environment=environment(PER_COLOUR)))
    assert Wrote(at=world.now, seen=False) == world.deployment.wrote

    known = soaking()
    known.put(Configured(environment=environment(PER_COLOUR)))
    assert None is known.deployment.wrote
