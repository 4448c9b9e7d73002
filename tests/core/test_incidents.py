"""What a human must know: told once, again, taken over, resolved."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import (
    ALIVE,
    BLUE,
    CANARY,
    ERROR_RATE,
    GREEN,
    ON_CALL,
    QUEUE,
    SERVICE,
    SHOP,
    database,
    environment,
    health,
)
from tests.core.world import World
from watchdog.core.effects import Audience, Prepare
from watchdog.core.events import Acknowledge, Configured, NotDurable, Rollback
from watchdog.core.model import Missing, OnFire, Schema
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import IncidentOpened, IncidentResolved, MessageOrdered
from watchdog.core.settings import Environment, Gate
from watchdog.core.state import Incident


def soaking(known: Environment | None = None, **more: Any) -> World:
    world = World(environment=known or environment()).begin().submit(**more)
    world.run(14.0)
    return world


def frozen() -> World:
    """A freeze rule fires."""
    world = soaking()
    world.writable = 0.0
    world.run(30.0, lambda world: bool(world.sent))
    return world


def the_incident(world: World) -> Incident:
    (incident,) = world.shop.incidents.values()
    return incident


def test_a_proved_rollback_is_one_message_and_nothing_to_decide() -> None:
    """The on-call hears of it at once; it is over with that."""
    world = soaking(environment(replace(SERVICE, divert=False)))
    world.share_bad[GREEN] = 0.5
    world.run(200.0)

    (message,) = world.sent
    assert (Audience.ON_CALL, ("on-call",), 0) == (message.audience, message.contacts, message.repetition)
    incident = the_incident(world)
    assert (Reason.PROVED_BY_TRAFFIC, False) == (incident.reason, incident.needs_decision)
    assert incident.resolved_at is not None


def test_a_freeze_is_told_every_minute_until_somebody_takes_it_over() -> None:
    """Each repetition has its number; acknowledgement stops them and resolves nothing."""
    world = frozen()
    world.run(125.0)
    assert [0, 1, 2] == [message.repetition for message in world.sent]
    assert {the_incident(world).id} == {message.incident for message in world.sent}

    world.put(Acknowledge(id="a", by="ada", service=SHOP))
    world.run(300.0)

    assert 3 == len(world.sent)
    assert None is the_incident(world).resolved_at
    assert the_incident(world).needs_decision


def test_a_freeze_is_resolved_when_its_hold_lifts() -> None:
    """Then nobody is told again."""
    world = frozen()
    world.writable = 1.0
    world.run(330.0)
    told = len(world.sent)
    world.run(120.0)

    assert the_incident(world).resolved_at is not None
    assert told == len(world.sent)


def test_the_contacts_are_those_of_the_opening() -> None:
    """A reload does not change who was told and who is told again."""
    world = frozen()
    others = (replace(ON_CALL, contacts=("somebody-else",), repeat=5.0),)
    world.put(Configured(environment=environment(escalation=others)))
    world.run(61.0)

    assert [("on-call",), ("on-call",)] == [message.contacts for message in world.sent]


def test_without_an_escalation_nobody_is_told_and_the_incident_stands() -> None:
    """A file without contacts still has its incidents on the screen."""
    world = World(environment=environment(escalation=())).begin().submit()
    world.run(14.0)
    world.writable = 0.0
    world.run(100.0)

    assert ((), 0.0) == (the_incident(world).contacts, the_incident(world).repeat)


def test_a_blocked_rollback_wants_a_decision_and_ends_with_the_block() -> None:
    """One incident for one interlock, however often it is asked."""
    world = soaking(
        environment(replace(SERVICE, divert=False, rules=(ALIVE,))), schema=Schema.UNKNOWN, watched_by="ada"
    )
    world.alive[GREEN] = False
    world.run(60.0)
    incident = the_incident(world)
    assert (Reason.SCHEMA, True, ("alive",)) == (incident.reason, incident.needs_decision, incident.rules)

    world.alive[GREEN] = True
    world.run(20.0)
    assert the_incident(world).resolved_at is not None


def test_a_blocked_rollback_that_goes_ahead_is_resolved() -> None:
    """The block's incident ends with the order, the rollback's own message follows."""
    world = soaking(environment(replace(SERVICE, divert=False)), schema=Schema.UNKNOWN, watched_by="ada")
    world.alive[GREEN] = False
    world.run(20.0)
    world.put(Rollback(id="r", by="ada", service=SHOP, anyway=True, because="so"))
    world.run(3.0)

    assert [Reason.SCHEMA, Reason.PROVED_BY_TRAFFIC] == [each.reason for each in world.shop.incidents.values()]
    assert all(each.resolved_at for each in world.shop.incidents.values())


def test_blindness_is_told_after_two_minutes_and_hourly() -> None:
    """No rollback for it, no further levels; over when the sources speak again."""
    world = soaking()
    world.silent = {"edge"}
    world.run(115.0)
    assert [] == world.sent
    world.run(15.0)
    incident = the_incident(world)
    assert (Reason.BLIND, ("error-rate",), 3600.0) == (incident.reason, incident.rules, incident.repeat)
    world.run(3500.0)
    assert 1 == len(world.sent)
    world.run(200.0)
    assert 2 == len(world.sent)

    world.silent.clear()
    world.run(3.0)
    assert the_incident(world).resolved_at is not None
    assert Phase.ROLLED_BACK is not world.deployment.phase


def test_a_source_without_a_rule_can_make_blind_too() -> None:
    """It is named itself."""
    world = soaking(environment(replace(SERVICE, rules=(ERROR_RATE,))))
    world.silent = {"health"}
    world.run(130.0)

    assert (Reason.BLIND, ("health",)) == (the_incident(world).reason, the_incident(world).rules)


def test_readings_without_a_value_are_blindness_from_the_first_of_them_on() -> None:
    """The source speaks, and says nothing."""
    world = soaking()
    world.silent = {"health"}
    began = world.now
    while not world.sent and world.now < began + 200.0:
        world.run(2.0)
        world.put(health(world.now, green=Missing.ERROR, blue=Missing.ERROR))

    assert (Reason.BLIND, ("alive",)) == (the_incident(world).reason, the_incident(world).rules)
    assert pytest.approx(120.0, abs=6.0) == world.now - began


def test_a_source_that_never_spoke_is_blindness_since_the_beginning() -> None:
    """Two minutes after the submission."""
    world = World().begin()
    world.silent = {"health"}
    world.submit()
    world.run(122.0)

    assert Reason.BLIND is the_incident(world).reason


def test_a_gate_that_waits_is_told_to_chat_after_four_soaks() -> None:
    """Nobody is woken for it; it says what is missing, and ends with the next step."""
    first, last = CANARY.steps
    plan = replace(CANARY, steps=(replace(first, gate=Gate(requests=3000, per_critical_route=0)), last))
    world = World(environment=environment(plans=(plan,))).begin().submit()
    world.run(78.0)
    assert [] == world.sent
    world.run(5.0)
    (message,) = world.sent
    assert (Audience.CHAT, ("chat",)) == (message.audience, message.contacts)
    assert "of 3000 requests" in the_incident(world).detail
    world.run(3610.0, lambda world: world.deployment.phase is Phase.BAKING)
    world.run(0.1)

    assert the_incident(world).resolved_at is not None


def test_an_escalating_rule_tells_and_holds_nothing() -> None:
    """It acts alone, and ends when the rule is quiet."""
    world = soaking(environment(replace(SERVICE, rules=(ERROR_RATE, ALIVE, QUEUE))))
    world.silent.add("db")
    world.put(database(world.now, queue=50.0))
    assert Reason.RULE_ESCALATES is the_incident(world).reason
    assert {} == world.deployment.holds

    world.put(database(world.now, queue=1.0))
    assert the_incident(world).resolved_at is not None


def test_a_rule_that_is_always_on_escalates_for_stable_without_a_deployment() -> None:
    """Stable is down, and nothing is under way: the on-call hears of it, and when it is over."""
    rules = (ERROR_RATE, replace(ALIVE, always=True, on_fire=OnFire.ROLLBACK))
    world = World(environment=environment(replace(SERVICE, rules=rules))).begin()
    world.alive[BLUE] = False
    world.run(10.0)
    assert (Reason.RULE_ESCALATES, ("alive",)) == (the_incident(world).reason, the_incident(world).rules)
    assert 1 == len(world.sent)

    world.alive[BLUE] = True
    world.run(10.0)
    assert the_incident(world).resolved_at is not None


def test_a_disk_that_fails_is_told_once_in_the_whole_environment() -> None:
    """With the first service; the end of it is no news."""
    world = World(environment=environment(SERVICE, replace(SERVICE, name="blog"))).begin()
    world.put(NotDurable(detail="no space left"))

    opened = [body for body in world.bodies(IncidentOpened) if isinstance(body, IncidentOpened)]
    assert [(SHOP, Reason.NOT_DURABLE, "no space left")] == [(b.service, b.reason, b.detail) for b in opened]
    assert "no space left" == world.state.not_durable
    world.put(NotDurable(detail=""))
    assert "" == world.state.not_durable
    assert 1 == len(world.bodies(IncidentOpened))


def test_records_of_one_service_leave_the_others_alone() -> None:
    """A rollback of the shop is no matter of the blog."""
    world = World(environment=environment(SERVICE, replace(SERVICE, name="blog"))).begin().submit()
    world.run(14.0)
    blog = world.state.services["blog"]
    world.share_bad[GREEN] = 0.5
    world.run(60.0, lambda world: world.deployment.ended)

    after = world.state.services["blog"]
    assert (None, {}) == (after.deployment, after.incidents)
    assert blog.instances == after.instances


def test_resolved_incidents_leave_the_state_in_time() -> None:
    """Twenty stay for the screens; the journal has them all."""
    world = World().begin()
    for _ in range(25):
        world.put(NotDurable(detail="again"))

    assert 20 == len(world.shop.incidents)
    assert 25 == len(world.bodies(IncidentResolved))


def test_every_message_is_one_order() -> None:
    """Message and order are counted together."""
    world = frozen()
    world.run(61.0)

    assert 2 == the_incident(world).told == len(world.bodies(MessageOrdered))


def test_drift_outlives_the_deployment() -> None:
    """A router that disagrees still disagrees when the deployment has ended."""
    world = World(failing={Prepare}).begin()
    world.split = replace(world.split, weight=0.4)
    world.run(11.0)
    world.state = replace(world.state, services={SHOP: replace(world.shop, adopted=True)})
    world.submit()
    world.run(0.2)

    assert world.is_in(Phase.ABORTED)
    assert (Reason.DRIFT, None) == (the_incident(world).reason, the_incident(world).resolved_at)
