"""A rule that a human took out of a deployment: it measures, counts for nothing, and counts again by itself."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import BLUE, ERROR_RATE, GREEN, QUEUE, SERVICE, SHOP, WRITABLE, environment
from tests.core.world import World
from watchdog.core import verdict
from watchdog.core.engine import wake_at
from watchdog.core.events import Rollback, StopTheLine, Waive
from watchdog.core.model import Level, Schema, Verdict
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    Accepted,
    BlockCleared,
    DivertOrdered,
    IncidentOpened,
    IncidentResolved,
    Record,
    Refused,
    RollbackOrdered,
    RuleWaived,
    WaiverEnded,
)
from watchdog.core.settings import AnyOf, Service
from watchdog.core.state import Waiver


def soaking(service: Service = SERVICE, **more: Any) -> World:
    world = World(environment=environment(service)).begin().submit(**more)
    world.run(14.0)
    return world


def waive(
    world: World, rule: str = "error-rate", seconds: float = 60.0, *, because: str = "a known bug"
) -> tuple[Record, ...]:
    return world.put(Waive(id="w", by="ada", because=because, service=SHOP, rule=rule, for_=seconds))


def answer(records: tuple[Record, ...]) -> tuple[Reason, str] | None:
    """Why the command was refused; None when it was accepted."""
    (body,) = [record.body for record in records if isinstance(record.body, (Accepted, Refused))]
    return (body.reason, body.detail) if isinstance(body, Refused) else None


def test_a_waived_rule_neither_diverts_nor_rolls_back_and_goes_on_measuring() -> None:
    """Half of the requests fail, and it is proved: nothing follows."""
    world = soaking()
    waive(world)
    world.share_bad[GREEN] = 0.5
    world.run(20.0)

    assert [] == world.bodies(DivertOrdered, RollbackOrdered)
    assert Level.FIRING is world.shop.instances["error-rate@green"].level
    reading = verdict.read(world.environment.services[0], world.shop, world.now)
    assert ((), (), Verdict.HEALTHY) == (reading.firing, reading.suspect, reading.verdict)


def test_it_counts_again_at_once_when_its_time_is_over() -> None:
    """The proof is there: the rollback is ordered in the same turn, by nobody's command."""
    world = soaking()
    waive(world, seconds=20.0)
    until = world.deployment.waived["error-rate"].until
    world.share_bad[GREEN] = 0.5
    assert until == wake_at(world.state, until - 0.001)

    assert world.run(30.0, lambda world: world.deployment.rollback is not None)
    assert until <= world.now <= until + 0.2
    (ended,) = world.bodies(WaiverEnded)
    assert WaiverEnded(service=SHOP, rule="error-rate", reason=Reason.WAIVER_OVER) == ended
    assert {} == world.deployment.waived


def test_zero_seconds_end_a_waiver_at_once_and_need_no_reason() -> None:
    """Being careful again needs none."""
    world = soaking()
    waive(world)

    assert answer(waive(world, seconds=0.0, because="")) is None
    assert {} == world.deployment.waived
    assert [WaiverEnded(service=SHOP, rule="error-rate", reason=Reason.HUMAN, by="ada")] == world.bodies(WaiverEnded)


def test_a_second_waiver_takes_the_place_of_the_first() -> None:
    """Longer or shorter, with its own reason."""
    world = soaking()
    waive(world)
    waive(world, seconds=5.0, because="only until the cache is warm")

    assert {
        "error-rate": Waiver(since=world.now, until=world.now + 5.0, by="ada", because="only until the cache is warm")
    } == world.deployment.waived
    assert 2 == len(world.bodies(RuleWaived))


def test_a_waiver_lasts_through_a_restart_and_ends_with_its_deployment() -> None:
    """It is in the journal, and another release knows nothing of it."""
    world = soaking()
    waive(world)
    before = world.deployment.waived
    world.restart()
    assert before == world.deployment.waived

    world.put(Rollback(id="back", by="ada", service=SHOP))
    assert world.run(30.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)
    assert not verdict.waived(world.shop, "error-rate", world.now)
    world.submit("3.0", deployment="d2")
    assert {} == world.deployment.waived


@pytest.mark.parametrize(
    ("rule", "seconds", "because", "refused"),
    [
        ("eror-rate", 60.0, "why", (Reason.NO_SUCH_RULE, "eror-rate; there are error-rate, alive, writable")),
        ("error-rate", 60.0, "", (Reason.BECAUSE_WANTED, "")),
        ("error-rate", 0.0, "", (Reason.ALREADY, "error-rate is not waived")),
        ("error-rate", 60.0, "why", None),
    ],
)
def test_when_a_waiver_is_refused(rule: str, seconds: float, because: str, refused: tuple[Reason, str] | None) -> None:
    """An unknown rule, no reason, nothing to end; a refusal changes nothing."""
    world = soaking()

    assert refused == answer(waive(world, rule, seconds, because=because))
    assert (refused is None) is bool(world.deployment.waived)


def test_there_must_be_a_deployment_on_its_way() -> None:
    """None yet, one that is being rolled back, one that has ended."""
    world = World().begin()
    assert (Reason.NO_DEPLOYMENT, "") == answer(waive(world))

    world.submit()
    assert answer(waive(world)) is None
    world.run(14.0)
    world.put(Rollback(id="back", by="ada", service=SHOP))
    assert world.run(5.0, lambda world: world.deployment.phase is Phase.ROLLING_BACK)
    assert (Reason.WRONG_PHASE, "rolling_back") == answer(waive(world))
    assert world.run(30.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)
    assert (Reason.NO_DEPLOYMENT, "") == answer(waive(world))


def test_a_promoted_release_has_no_rules_to_waive() -> None:
    """It has ended, though it can still be rolled back by hand."""
    world = soaking()
    assert world.run(100.0, lambda world: world.deployment.phase is Phase.PROMOTED)

    assert (Reason.NO_DEPLOYMENT, "") == answer(waive(world))


def test_a_rule_that_a_reload_took_away_can_be_unwaived() -> None:
    """Otherwise nobody could end what waits for it to come back."""
    world = soaking()
    waive(world, "alive")
    world.environment = environment(replace(SERVICE, rules=(ERROR_RATE, WRITABLE)))
    world.restart()

    assert answer(waive(world, "alive", 0.0, because="")) is None


def test_somebody_is_named_where_nobody_is() -> None:
    """A driver without a user."""
    world = soaking()
    world.put(Waive(id="w", because="why", service=SHOP, rule="alive", for_=5.0))

    assert "somebody" == world.deployment.waived["alive"].by


def test_a_waived_freeze_rule_freezes_nothing() -> None:
    """And its suspicion does not stop the soak."""
    world = soaking()
    waive(world, "writable")
    before = world.deployment.soaked
    world.writable = 0.0
    world.run(10.0)

    assert {} == world.deployment.holds
    assert world.deployment.soaked > before or world.deployment.step > 0
    assert Level.FIRING is world.shop.instances["writable"].level


def test_a_required_source_of_waived_rules_makes_nobody_blind_and_stops_no_soak() -> None:
    """The health page is broken, and ada knows it: the release goes on without it."""
    world = soaking()
    waive(world, "alive", 600.0)
    world.silent = {"health"}
    world.run(10.0)
    reading = verdict.read(world.environment.services[0], world.shop, world.now)

    assert () == reading.blind
    assert world.run(60.0, lambda world: world.deployment.phase is Phase.BAKING)


def test_without_a_waiver_it_does() -> None:
    """The same release, and nobody said so."""
    world = soaking()
    world.silent = {"health"}
    world.run(60.0)

    assert ("alive",) == verdict.read(world.environment.services[0], world.shop, world.now).blind
    assert Phase.SOAKING is world.deployment.phase


def test_a_blocked_rollback_whose_rule_is_waived_is_wanted_no_more() -> None:
    """The people who were called are told that it is over; what was measured stays."""
    world = soaking(schema=Schema.UNKNOWN, watched_by="ada")
    world.share_bad[GREEN] = 0.5
    assert world.run(20.0, lambda world: world.deployment.wanted is not None and bool(world.deployment.wanted.blocked))
    assert [Reason.SCHEMA] == [body.reason for body in world.bodies(IncidentOpened)]  # type: ignore[union-attr]  # of that class

    waive(world)
    assert world.deployment.wanted is None
    assert [BlockCleared(service=SHOP, reason=Reason.WAIVED)] == world.bodies(BlockCleared)
    assert [Reason.SCHEMA] == [body.reason for body in world.bodies(IncidentResolved)]  # type: ignore[union-attr]  # of that class
    assert Level.FIRING is world.shop.instances["error-rate@green"].level
    assert Hold.INTERLOCK in world.deployment.holds


def wanted(world: World) -> set[str]:
    return set() if world.deployment.wanted is None else set(world.deployment.wanted.rules)


def test_a_rollback_that_another_rule_proves_too_is_still_wanted() -> None:
    """The policy is true without the waived one."""
    world = soaking(schema=Schema.UNKNOWN, watched_by="ada")
    world.alive[GREEN] = False
    world.share_bad[GREEN] = 0.5
    assert world.run(20.0, lambda world: wanted(world) == {"alive", "error-rate"})

    waive(world)
    assert world.deployment.wanted is not None


def test_a_humans_rollback_is_not_about_rules() -> None:
    """Stable does not answer, the human's order waits: a waiver changes nothing about it."""
    world = soaking()
    world.alive[BLUE] = False
    world.run(4.0)
    world.put(Rollback(id="back", by="ada", service=SHOP))
    world.run(5.0)
    assert world.deployment.wanted is not None

    waive(world)
    assert world.deployment.wanted is not None


def test_a_stopped_line_does_not_end_waivers() -> None:
    """Time goes on."""
    world = soaking()
    waive(world, seconds=5.0)
    world.put(StopTheLine(id="s", by="ada", because="why"))
    world.run(6.0)

    assert {} == world.deployment.waived


def test_an_always_on_rule_that_is_waived_calls_nobody() -> None:
    """Nor does it escalate from stable."""
    busy = replace(QUEUE, always=True, per_colour=False)
    world = soaking(replace(SERVICE, rules=(*SERVICE.rules, busy)))
    settings = world.environment.services[0]
    queue = replace(world.shop.instances["queue"], level=Level.FIRING)
    watched = replace(world.shop, instances={**world.shop.instances, "queue": queue})
    assert ("queue",) == verdict.read(settings, watched, world.now).escalating

    waive(world, "queue")
    waived = replace(world.shop, instances=watched.instances)
    assert () == verdict.read(settings, waived, world.now).escalating
    over = replace(settings, rules=tuple(replace(each, per_colour=True) for each in settings.rules))
    stable = {f"queue@{BLUE}": replace(queue, rule=replace(queue.rule, per_colour=True))}
    assert () == verdict.always_firing(over, replace(waived, instances=stable), world.now)


@pytest.mark.parametrize(
    ("policy", "waived", "armed"),
    [
        (AnyOf(), ("error-rate",), True),
        (AnyOf(), ("error-rate", "alive"), False),
        (AnyOf(all_=True), ("error-rate",), False),
        (AnyOf(at_least=2), ("alive",), False),
        (AnyOf(at_least=2), (), True),
        (AnyOf(rules=("alive",), parts=(AnyOf(rules=("error-rate",)),)), ("alive",), True),
    ],
)
def test_whether_a_rollback_can_still_follow(policy: AnyOf, waived: tuple[str, ...], armed: bool) -> None:  # noqa: FBT001 - parameter
    """A waived rule counts as one that does not fire: no policy becomes laxer by it."""
    world = soaking(replace(SERVICE, policy=policy))
    for rule in waived:
        waive(world, rule)
    settings = world.environment.services[0]

    assert armed is verdict.armed(settings, world.shop, world.now)


def test_the_last_rule_that_could_roll_back_is_known_before_it_is_waived() -> None:
    """So that whoever is about to waive it can be told."""
    world = soaking()
    settings = world.environment.services[0]
    assert verdict.armed(settings, world.shop, world.now, without="alive")

    waive(world)
    assert verdict.armed(settings, world.shop, world.now)
    assert not verdict.armed(settings, world.shop, world.now, without="alive")
