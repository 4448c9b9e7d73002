"""What rules that only observe would have done."""

from dataclasses import replace

import pytest

from tests.core.examples import ALIVE, GREEN, SERVICE, SHOP, WRITABLE, environment, health
from tests.core.world import World
from watchdog.core.engine import evolve, step
from watchdog.core.events import Waive
from watchdog.core.model import Level, OnFire
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import EvidenceDiscarded, Record, WouldHaveAsked
from watchdog.core.settings import Rule
from watchdog.core.state import WouldHave

WATCHED = replace(ALIVE, name="watched", on_fire=OnFire.OBSERVE, instead_of=OnFire.FREEZE)


def soaking(rule: Rule = WATCHED) -> World:
    rules = tuple(each for each in SERVICE.rules if each.name != "alive")
    world = World(environment=environment(replace(SERVICE, rules=(*rules, rule)))).begin().submit()
    world.run(14.0)
    return world


def asked(world: World) -> list[WouldHaveAsked]:
    return [body for body in world.bodies(WouldHaveAsked) if isinstance(body, WouldHaveAsked)]


def falls(world: World, seconds: float = 10.0) -> None:
    world.alive[GREEN] = False
    world.run(seconds)
    world.alive[GREEN] = True


def test_what_it_would_have_asked_for_is_written_down_once() -> None:
    """However long it fires; nobody is told and nothing is held."""
    world = soaking()
    falls(world)

    (record,) = asked(world)
    assert (SHOP, "watched", OnFire.FREEZE) == (record.service, record.rule, record.ask)
    assert record.onset is not None
    assert ([], {}, None) == (world.sent, world.deployment.holds, world.deployment.wanted)
    kept = world.deployment.would_have["watched"]
    assert (OnFire.FREEZE, 1, kept.first) == (kept.ask, kept.times, kept.last)


def test_each_time_that_it_begins_to_fire_is_a_time() -> None:
    """The first and the last are remembered, and how many there were."""
    world = soaking()
    falls(world, 8.0)
    first = world.deployment.would_have["watched"]
    world.run(5.0)
    falls(world, 8.0)

    assert 2 == len(asked(world))
    again = world.deployment.would_have["watched"]
    assert WouldHave(ask=OnFire.FREEZE, first=first.first, last=again.last, times=2) == again
    assert again.last > first.first


def test_a_recovery_that_is_not_over_is_the_same_time() -> None:
    """One success of two, and it fails again."""
    world = soaking()
    world.silent = {"health"}
    at = world.now
    for index, passed in enumerate([0.0, 0.0, 0.0, 1.0, 0.0, 0.0]):
        world.run(1.0)
        world.put(health(at + 1.0 + index, green=passed))

    assert 1 == len(asked(world))


def test_discarded_evidence_makes_it_a_new_time() -> None:
    """What fires after it, fires for itself."""
    world = soaking()
    world.silent = {"health"}
    for _ in range(3):
        world.run(1.0)
        world.put(health(world.now, green=0.0))
    gone = EvidenceDiscarded(service=SHOP, rules=("watched",), reason=Reason.SHARED_INCIDENT)
    world.state = evolve(world.state, Record(seq=world.state.seq + 1, at=world.now, body=gone))
    assert not world.shop.instances["watched@green"].noted
    for _ in range(3):
        world.run(1.0)
        world.put(health(world.now, green=0.0))

    assert 2 == len(asked(world))


def test_a_rule_without_a_colour_is_noted_too() -> None:
    """By its own name."""
    world = soaking(replace(WRITABLE, name="watched", on_fire=OnFire.OBSERVE))
    world.writable = 0.0
    world.run(20.0)

    assert ["watched"] == [record.rule for record in asked(world)]
    assert world.shop.instances["watched"].noted


def test_stables_trouble_is_not_the_candidates() -> None:
    """Only what fires on the candidate would have done something."""
    world = soaking()
    world.alive = {colour: colour is GREEN for colour in world.alive}
    world.run(15.0)

    assert [] == asked(world)


def test_a_waived_or_unknown_rule_would_have_done_nothing() -> None:
    """Nor one that fires while nobody can be on the candidate."""
    world = soaking()
    world.put(Waive(id="w", by="ada", because="why", service=SHOP, rule="watched", for_=60.0))
    falls(world)
    assert [] == asked(world)

    unknown = soaking()
    unknown.silent = {"health"}
    unknown.run(6.0)
    instance = replace(unknown.shop.instances["watched@green"], missed=3)
    falls(unknown, 0.0)
    fired = replace(instance, level=Level.FIRING)
    shop = replace(unknown.shop, instances={**unknown.shop.instances, "watched@green": fired})
    unknown.state = replace(unknown.state, services={SHOP: shop})
    unknown.run(1.0)
    assert [] == asked(unknown)


def test_before_anybody_is_on_it_nothing_is_written_down() -> None:
    """A release that is being prepared is not watched."""
    world = World(environment=environment(replace(SERVICE, rules=(*SERVICE.rules, WATCHED)))).begin().submit()
    fired = replace(world.shop.instances["watched@green"], level=Level.FIRING)
    shop = replace(world.shop, instances={**world.shop.instances, "watched@green": fired})
    state = replace(world.state, services={SHOP: shop})

    stepped = step(state, health(world.now, green=0.0), world.now)

    assert Phase.PREPARING is world.deployment.phase
    assert [] == [each for each in stepped.records if isinstance(each.body, WouldHaveAsked)]


@pytest.mark.parametrize("ask", [OnFire.ROLLBACK, OnFire.ESCALATE])
def test_what_it_would_have_asked_for_is_the_rules_own(ask: OnFire) -> None:
    """As configured."""
    world = soaking(replace(WATCHED, instead_of=ask))
    falls(world)

    assert [ask] == [record.ask for record in asked(world)]
