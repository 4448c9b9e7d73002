"""Whether a rollback would work and may happen by itself, as plain data."""

from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import BLUE, READY, SHOP, environment
from tests.core.world import World
from watchdog.control.moment import Data, Moment
from watchdog.control.readiness import checks, level_1_off, readiness
from watchdog.core.events import Rehearse
from watchdog.core.model import Check, Schema
from watchdog.core.model import Data as Kept
from watchdog.core.reasons import Reason
from watchdog.core.settings import Budget, Service
from watchdog.core.state import Parachute, ServiceState, State, Waiver, Wrote

WALL = 1_000_000.0
ADA = Waiver(since=0.0, until=60.0, by="ada", because="load test")
APART = replace(READY, data=Kept.PER_COLOUR)


def under_way(service: Service = READY, **submission: Any) -> World:
    world = World(environment=environment(service)).begin().submit(**{"watched_by": "dba", **submission})
    world.run(5.0)
    return world


def told(world: World, service: Service = READY, **known: Any) -> Data:
    shop = replace(world.shop, **known)
    return readiness(world.state, service, shop, Moment(now=world.now, to_wall=lambda at: WALL + at))


def off(service: Service, known: ServiceState, state: State, now: float = 30.0) -> Reason | None:
    return level_1_off(state, service, known, now)


def test_nothing_takes_level_1_away_by_itself() -> None:
    """A release whose schema stable knows, on shared data, may be rolled back by rules."""
    world = under_way()

    assert None is off(READY, world.shop, world.state)


@pytest.mark.parametrize(
    ("reason", "service", "submission", "known"),
    [
        (Reason.SHADOW, replace(READY, shadow=True), {}, {}),
        (Reason.DISARMED, READY, {}, {"disarmed": ADA}),
        (Reason.SCHEMA, READY, {"schema": Schema.UNKNOWN, "watched_by": "dba"}, {}),
    ],
)
def test_each_cause_has_its_closed_name(
    reason: Reason, service: Service, submission: dict[str, Any], known: dict[str, Any]
) -> None:
    """The same names as the interlocks'."""
    world = under_way(service, **submission)

    assert reason is off(service, replace(world.shop, **known), world.state)


def test_a_stopped_line_stands_before_all_others() -> None:
    """It is asked first, too."""
    world = under_way(replace(READY, shadow=True))

    assert Reason.STOP_THE_LINE is off(
        replace(READY, shadow=True), world.shop, replace(world.state, stopped_by="ada", stopped_because="audit")
    )


def test_a_disarming_ends() -> None:
    """Also before the engine has noted it."""
    world = under_way()
    disarmed = replace(world.shop, disarmed=ADA)

    assert (Reason.DISARMED, None) == (
        off(READY, disarmed, world.state, 59.9),
        off(READY, disarmed, world.state, 60.0),
    )


@pytest.mark.parametrize("seen", [True, False])
def test_a_write_takes_it_away_where_data_is_kept_apart(seen: bool) -> None:  # noqa: FBT001 - a case of the table
    """Whether it was seen or may have been; not where writes may be lost."""
    world = under_way(APART)
    wrote = replace(world.shop, deployment=replace(world.deployment, wrote=Wrote(at=20.0, seen=seen)))

    assert Reason.WRITES_ON_CANDIDATE is off(APART, wrote, world.state)
    assert None is off(replace(APART, writes_may_be_lost=True), wrote, world.state)


def test_what_is_declared_and_what_is_left_of_the_budget() -> None:
    """The budget is freed when the oldest of the rollbacks that fill it is too old."""
    service = replace(APART, budget=Budget(rollbacks=2, within=100.0))
    world = under_way(service)
    world.now = 200.0
    one = told(world, service, rolled_back_at=(50.0, 150.0))
    both = told(world, service, rolled_back_at=(50.0, 150.0, 180.0))

    assert ("per_colour", False, "shared", False) == tuple(
        one[key] for key in ("data", "writes_may_be_lost", "sessions", "shadow")
    )
    assert {"rollbacks": 2, "within": 100.0, "left": 1, "free_at": None} == one["budget"]
    assert {"rollbacks": 2, "within": 100.0, "left": 0, "free_at": WALL + 250.0} == both["budget"]
    assert None is told(world)["budget"]


def test_the_last_look_at_the_way_back() -> None:
    """When, whether it is lost, and what was found."""
    world = under_way()
    looked = told(world, parachute=Parachute(at=4.0, bad=3, lost=True, detail="disk"))

    assert {"every": 10.0, "at": WALL + 4.0, "bad": 3, "lost": True, "detail": "disk"} == looked["parachute"]


def test_a_rehearsal_is_told_while_it_runs_and_when_it_has_ended() -> None:
    """Its id pairs it with the order; every check has its time."""
    world = under_way()
    assert None is told(world)["rehearsal"]
    world.put(Rehearse(id="r", by="ada", service=SHOP))
    running = told(world)["rehearsal"]
    world.run(5.0)
    ended = told(world)["rehearsal"]

    assert ("ada", False, None, None) == tuple(running[key] for key in ("by", "drill", "ended", "ok"))
    assert (running["id"], True) == (ended["id"], ended["ok"])
    assert ended["ended"] > ended["began"]
    assert {"name", "ok", "detail", "took"} == set(ended["checks"][0])


def test_a_check_has_its_time() -> None:
    """In seconds; none where nobody measured it."""
    assert [{"name": "reload", "ok": True, "detail": "", "took": 0.2}] == checks(
        [Check(name="reload", ok=True, took=0.2)]
    )


def test_who_goes_with_whom() -> None:
    """The services whose rollback calls for this one's are named in it, too."""
    api = replace(READY, name="api", rollback_with=(SHOP,))
    world = World(environment=environment(READY, api)).begin().submit()

    assert (["api"], []) == (told(world)["goes_with"], told(world)["rollback_with"])


def test_the_disarming_is_told_with_its_end() -> None:
    """By whom and why; nothing when it is over."""
    world = under_way()
    world.now = 30.0

    assert {"since": WALL, "until": WALL + 60.0, "by": "ada", "because": "load test"} == told(world, disarmed=ADA)[
        "disarmed"
    ]
    world.now = 61.0
    assert None is told(world, disarmed=ADA)["disarmed"]
    assert BLUE is world.shop.stable
