"""A deployment as plain data, from the engine's own."""

import json
from dataclasses import replace
from typing import Any

from tests.core.examples import GREEN, READY, SHOP, environment
from tests.core.world import World
from watchdog.control.deployment import deployment
from watchdog.control.moment import Data, Moment
from watchdog.core.events import Did
from watchdog.core.model import Schema
from watchdog.core.phases import Phase
from watchdog.core.state import Users, Wrote

WALL = 1_000_000.0


def ready(**submission: Any) -> World:
    return World(environment=environment(READY)).begin().submit(**submission)


def told(world: World, **different: Any) -> Data:
    shop = world.shop
    if different:
        shop = replace(shop, deployment=replace(world.deployment, **different))
    moment = Moment(now=world.now, to_wall=lambda at: WALL + at)
    found: Data = json.loads(json.dumps(deployment(world.state, READY, shop, moment)))
    return found


def rolled_back() -> World:
    world = ready()
    world.run(15.0)
    world.share_bad[GREEN] = 0.9
    world.run(60.0)
    assert world.is_in(Phase.ROLLED_BACK)
    return world


def test_a_task_done_before_the_rollback_is_to_be_done_again() -> None:
    """It was for an earlier rollback: nobody has repaired what this one left."""
    world = ready()
    world.run(15.0)
    world.put(Did(id="d", by="ada", because="after 1.0", service=SHOP, task="repair"))
    before = told(world)["tasks"][0]["done"]
    world.share_bad[GREEN] = 0.9
    world.run(60.0)

    assert "ada" == before["by"]
    assert [{"name": "repair", "command": "flyway repair", "done": None}] == told(world)["tasks"]


def test_without_a_deployment_there_is_nothing() -> None:
    """The service has never had one."""
    world = World(environment=environment(READY)).begin()

    assert None is deployment(world.state, READY, world.shop, Moment(now=0.0, to_wall=lambda at: at))


def test_level_1_with_its_closed_reason() -> None:
    """On, or off and why."""
    assert (True, "") == tuple(told(ready())[key] for key in ("level_1", "level_1_off"))
    unknown = ready(schema=Schema.UNKNOWN, watched_by="dba")
    assert (False, "schema", "dba") == tuple(told(unknown)[key] for key in ("level_1", "level_1_off", "watched_by"))


def test_what_humans_keep_from_the_candidate_and_what_users_met() -> None:
    """Share, routes in order, the first write, failed, shielded and seen apart."""
    shown = told(
        ready(),
        held_at=0.05,
        routes_cut=frozenset({"login", "lab"}),
        wrote=Wrote(at=3.0, seen=False),
        users=Users(failed=36, shielded=30),
    )

    assert (0.05, ["lab", "login"]) == (shown["held_at"], shown["routes_cut"])
    assert {"at": WALL + 3.0, "seen": False} == shown["wrote"]
    assert {"failed": 36, "shielded": 30, "saw": 6} == shown["users"]


def test_after_a_rollback_hooks_and_tasks_are_told() -> None:
    """Hooks in the order in which they ran; a task until and after somebody says that it was done."""
    world = rolled_back()
    shown = told(world)

    assert shown["rollback"]["automatic"]
    assert ["tell-ci", "flush", "stop"] == [each["name"] for each in shown["hooks"]]
    assert [True, True, True] == [each["ok"] for each in shown["hooks"]]
    assert shown["draining"]["ended"] >= shown["draining"]["ordered"]
    assert [{"name": "repair", "command": "flyway repair", "done": None}] == shown["tasks"]

    world.put(Did(id="d", by="ada", because="from the runbook", service=SHOP, task="repair"))
    done = told(world)["tasks"][0]["done"]
    assert ("ada", "from the runbook") == (done["by"], done["because"])
    assert WALL + world.now == done["at"]
