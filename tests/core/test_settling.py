"""After a proved rollback stable has every user: that it fails is told at once."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, DATABASE, EDGE, ERROR_RATE, GREEN, HEALTH, SERVICE, SHOP, WRITABLE, environment
from tests.core.world import World
from watchdog.core.effects import Audience
from watchdog.core.events import Rollback, Submit
from watchdog.core.model import Level
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.settings import Service
from watchdog.core.state import Incident
from watchdog.core.verdict import STABLE_SETTLES_S

PLAIN = replace(SERVICE, divert=False)
ONLY_EDGE = replace(PLAIN, rules=(ERROR_RATE,), sources=(EDGE,))
NO_HEALTH_RULE = replace(PLAIN, rules=(ERROR_RATE, WRITABLE), sources=(EDGE, HEALTH, DATABASE))


def rolled_back(service: Service = PLAIN, *, failing: float = 0.0) -> World:
    """By a human, so that stable was asked about nothing."""
    world = World(environment=environment(service)).begin().submit()
    world.run(14.0)
    world.share_bad[BLUE] = failing
    world.run(10.0 if failing else 0.0)
    world.put(Rollback(id="b", by="ada", service=SHOP, anyway=True, because="so"))
    assert world.run(10.0, lambda world: world.is_in(Phase.ROLLED_BACK))
    return world


def told(world: World) -> list[Incident]:
    return [each for each in world.shop.incidents.values() if each.reason is Reason.STABLE_FAILS]


def test_stable_that_fails_under_its_full_load_is_told_to_on_call_within_seconds() -> None:
    """With the rules that say so and nothing to decide: no release is left to move users to."""
    world = rolled_back(ONLY_EDGE)
    world.run(5.0)
    world.share_bad[BLUE] = 0.5
    began = world.now
    assert world.run(10.0, lambda world: bool(told(world)))

    (incident,) = told(world)
    assert (Audience.ON_CALL, ("error-rate",), False) == (incident.audience, incident.rules, incident.needs_decision)
    assert world.now - began < 8.0
    assert incident.id == world.sent[-1].incident
    assert ("on-call",) == world.sent[-1].contacts


def test_it_is_told_once_and_over_when_stable_is_no_longer_watched() -> None:
    """Failing, well, failing again is one story."""
    world = rolled_back(ONLY_EDGE)
    for _ in range(2):
        world.share_bad[BLUE] = 0.5
        world.run(20.0)
        world.share_bad[BLUE] = 0.0
        world.run(60.0)
    assert [None] == [each.resolved_at for each in told(world)]

    world.run(STABLE_SETTLES_S)

    assert [True] == [each.resolved_at is not None for each in told(world)]


@pytest.mark.parametrize(("after", "expected"), [(STABLE_SETTLES_S - 30.0, 1), (STABLE_SETTLES_S + 1.0, 0)])
def test_it_is_watched_for_ten_minutes(after: float, expected: int) -> None:
    """From then on it is what it was before the release: rules with `always` alone."""
    world = rolled_back(ONLY_EDGE)
    world.run(after)
    world.share_bad[BLUE] = 0.5
    world.run(20.0)

    assert expected == len(told(world))


def test_stable_that_answers_no_direct_probe_is_told_without_a_rule() -> None:
    """Three polls in a row; a single one wakes nobody."""
    world = rolled_back(NO_HEALTH_RULE)
    world.run(5.0)
    world.alive[BLUE] = False
    world.run(3.0)
    assert [] == told(world)
    world.run(5.0)

    assert [()] == [each.rules for each in told(world)]


def test_probes_that_were_not_sent_do_not_count_as_failed() -> None:
    """A daemon that stood still for a while (it took a busy machine for a dead stable) finds one failure, not three."""
    world = rolled_back(NO_HEALTH_RULE)
    world.run(5.0)
    world.silent.add("health")
    world.run(20.0)
    world.silent.clear()
    world.alive[BLUE] = False
    world.run(2.5)
    assert [] == told(world)
    assert 1 <= world.shop.probes[BLUE].failures <= 2


def test_stable_that_answers_is_not_told_of() -> None:
    """Nor the candidate, which fails on."""
    world = rolled_back()
    world.alive[GREEN], world.share_bad[GREEN] = False, 1.0
    world.run(100.0)

    assert [Reason.PROVED_BY_TRAFFIC] == [each.reason for each in world.shop.incidents.values()]


def test_what_stable_was_found_guilty_of_before_the_rollback_is_proved_again() -> None:
    """It may be over by then: a proof alone never fades."""
    world = rolled_back(ONLY_EDGE, failing=0.5)
    assert Level.FIRING is not world.shop.instances["error-rate@blue"].level
    world.share_bad[BLUE] = 0.0
    world.run(60.0)
    assert [] == told(world)

    still = rolled_back(ONLY_EDGE, failing=0.5)
    still.run(10.0)
    assert 1 == len(told(still))


def test_a_rule_that_is_always_on_is_not_told_twice() -> None:
    """The rollback's own message says more."""
    always = replace(ERROR_RATE, always=True)
    world = rolled_back(replace(ONLY_EDGE, rules=(always,)))
    world.share_bad[BLUE] = 0.5
    world.run(20.0)

    assert [Reason.PROVED_BY_TRAFFIC, Reason.STABLE_FAILS] == [each.reason for each in world.shop.incidents.values()]


def test_the_next_release_ends_it() -> None:
    """From then on its own rules and interlocks speak of stable."""
    world = rolled_back(ONLY_EDGE)
    world.share_bad[BLUE] = 0.5
    world.run(20.0)
    world.put(Submit(id="s", service=SHOP, release="2.1", deployment="d2"))

    assert [True] == [each.resolved_at is not None for each in told(world)]
