"""Who is told, level by level, until somebody takes an incident over."""

from dataclasses import replace

import pytest

from tests.core.examples import GREEN, ON_CALL, SERVICE, SHOP, environment
from tests.core.world import World
from watchdog.core import escalation, settings
from watchdog.core.effects import Notify, Prove, SetTraffic
from watchdog.core.engine import wake_at
from watchdog.core.events import Acknowledge, Configured, Rollback
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import IncidentOpened
from watchdog.core.settings import Environment, Escalation

LEAD = Escalation(level=3, after=300.0, repeat=120.0, contacts=("lead",))
DIRECTOR = Escalation(level=4, after=900.0, repeat=0.0, contacts=("director",))


def with_levels(*levels: Escalation) -> Environment:
    return environment(replace(SERVICE, divert=False), escalation=levels)


ALL = with_levels(ON_CALL, LEAD, DIRECTOR)


def soaking(known: Environment = ALL) -> World:
    world = World(environment=known).begin().submit()
    world.run(14.0)
    return world


def frozen(known: Environment = ALL) -> World:
    """A freeze rule fires, which wants a decision."""
    world = soaking(known)
    world.writable = 0.0
    assert world.run(30.0, lambda world: bool(world.shop.incidents))
    return world


def told(world: World, level: int) -> list[Notify]:
    return [message for message in world.sent if message.level == level]


def opened(world: World) -> float:
    (incident,) = world.shop.incidents.values()
    return incident.opened


def test_each_level_is_told_at_its_time_counted_from_the_opening() -> None:
    """On-call at once and every minute, the lead after five minutes and every two, the director once after fifteen."""
    world = frozen()
    begin = opened(world)
    times: dict[int, list[float]] = {2: [], 3: [], 4: []}
    while world.now < begin + 1000.0:
        before = len(world.sent)
        world.run(1.0)
        for message in world.sent[before:]:
            times[message.level].append(round(world.now - begin))

    assert [60.0 * n for n in range(1, 17)] == pytest.approx(times[2], abs=2.0 * 16)
    assert [300.0, 420.0, 540.0, 660.0, 780.0, 900.0] == pytest.approx(times[3], abs=8.0)
    assert [900.0] == pytest.approx(times[4], abs=2.0)
    assert {("lead",)} == {message.contacts for message in told(world, 3)}
    assert {("director",)} == {message.contacts for message in told(world, 4)}


def test_no_two_messages_of_an_incident_have_one_number() -> None:
    """Whatever level they go to: the outbox keeps them apart by it."""
    world = frozen()
    world.run(1000.0)
    (incident,) = world.shop.incidents.values()

    numbers = [message.repetition for message in world.sent]
    assert list(range(len(numbers))) == numbers
    assert len(numbers) == incident.told


def test_an_acknowledgement_ends_every_level() -> None:
    """Also those that had not been told yet."""
    world = frozen()
    world.run(310.0)
    assert 1 == len(told(world, 3))
    world.put(Acknowledge(id="a", service=SHOP, by="ada"))
    before = len(world.sent)
    world.run(2000.0)

    assert before == len(world.sent)


def test_those_who_were_woken_hear_once_that_it_is_over() -> None:
    """On-call sees it anyway; who was not told hears nothing."""
    world = frozen()
    world.run(310.0)
    world.writable = 1.0
    before = len(told(world, 3))
    assert world.run(500.0, lambda world: all(each.resolved_at for each in world.shop.incidents.values()))
    while_open = told(world, 3)[before:-1]
    world.run(2000.0)

    assert 2 == len(while_open)
    assert before + 3 == len(told(world, 3))
    assert [] == told(world, 4)


def test_an_incident_that_ends_early_wakes_nobody_after_on_call() -> None:
    """The others never hear of it."""
    world = frozen()
    world.run(200.0)
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(2000.0)

    assert Phase.ROLLED_BACK is world.deployment.phase
    assert [] == told(world, 3)


def test_the_chain_is_what_it_was_when_the_incident_opened() -> None:
    """A reload changes the next one."""
    world = frozen()
    world.environment = with_levels(ON_CALL)
    world.put(Configured(environment=world.environment))
    world.run(310.0)

    assert 1 == len(told(world, 3))
    body = world.bodies(IncidentOpened)[0]
    assert isinstance(body, IncidentOpened)
    assert (LEAD, DIRECTOR) == body.levels


@pytest.mark.parametrize("kind", [SetTraffic, Prove])
def test_a_failed_rollback_tells_every_level_at_once(kind: type) -> None:
    """Users are where they should not be, and the program could not help it."""
    world = soaking()
    world.failing.add(kind)
    world.put(Rollback(id="b", by="ada", service=SHOP))
    assert world.run(20.0, lambda world: world.is_in(Phase.ROLLBACK_FAILED))
    world.run(0.1)

    assert [2, 3, 4] == [message.level for message in world.sent]
    world.run(130.0)
    assert 2 == len(told(world, 3))
    assert 1 == len(told(world, 4))


def test_a_proved_rollback_is_one_message_to_on_call() -> None:
    """Nobody else is woken for what went well."""
    world = soaking()
    world.share_bad[GREEN] = 0.6
    world.run(2000.0)

    assert [2] == [message.level for message in world.sent]


def test_without_on_call_the_others_are_told_all_the_same() -> None:
    """A chain may begin higher."""
    world = frozen(with_levels(LEAD))
    world.run(310.0)

    assert [(2, ()), (3, ("lead",))] == [(message.level, message.contacts) for message in world.sent]


def test_when_on_call_is_told_again_can_be_asked() -> None:
    """For the screens; nothing is due once it is over."""
    world = frozen()
    (incident,) = world.shop.incidents.values()

    assert incident.opened + 60.0 == dict(escalation.dues(incident))[settings.ON_CALL]
    assert [] == list(escalation.dues(replace(incident, acknowledged_by="ada")))


def test_a_levels_time_is_one_to_wake_at() -> None:
    """It comes although nothing else happens."""
    world = frozen()
    world.run(299.0)
    (incident,) = world.shop.incidents.values()
    at = wake_at(replace(world.state, services={SHOP: replace(world.shop, deployment=None)}), world.now)

    assert at is not None
    assert at <= incident.opened + 300.0
    assert Reason.RULE_FREEZES is incident.reason
