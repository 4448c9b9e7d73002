"""The story of a deployment, told from the records that the engine wrote."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.core.examples import ALIVE, GREEN, READY, SERVICE, environment
from tests.core.test_handover import guarded
from tests.core.world import World
from watchdog.core.events import (
    Configured,
    Did,
    Disarm,
    DivertRoute,
    Forgive,
    HoldAt,
    Pause,
    StopTheLine,
    Submit,
    Waive,
)
from watchdog.core.interlocks import FOR_ROLLBACK
from watchdog.core.model import Level, OnFire, Schema
from watchdog.core.records import DeploymentBegun, LineStopped, Record
from watchdog.daemon.explain import explain_journal
from watchdog.daemon.explain.story import explain_records
from watchdog.daemon.explain.trails import SCREENFUL, Row, thin
from watchdog.journal.database import JournalError
from watchdog.journal.store import Store

WALL = 1_800_000_000.0


def to_wall(at: float) -> float:
    return WALL + at


def failing(share: float = 0.9, **submission: Any) -> World:
    """A deployment whose candidate begins to fail in its first step, half a minute later."""
    world = World().begin().submit(**submission)
    world.run(15.0)
    world.share_bad[GREEN] = share
    world.run(40.0)
    return world


def told(world: World) -> dict[str, Any]:
    return explain_records(world.kept, "shop", to_wall)


def test_a_rollback_is_explained() -> None:
    """The decision, the rule's case up to its proof, every interlock, every order with its outcome."""
    world = failing()

    story = told(world)

    rollback = world.deployment.rollback
    assert rollback is not None
    assert "rolled_back" == story["deployment"]["phase"]
    assert {"reason": "rules_proved", "rules": ["error-rate"], "by": ""} == {
        key: story["decided"][key] for key in ("reason", "rules", "by")
    }
    (rule,) = (each for each in story["rules"] if each["name"] == "error-rate")
    assert ("green", "firing") == (rule["colour"], rule["rows"][-1]["level"])
    assert rule["crossed"] == rule["rows"][-1]["at"] <= to_wall(rollback.decided_at)
    assert rule["rows"][-1]["log_e"] >= rule["log_e_needed"]
    assert all(row["level"] != "firing" and row["log_e"] < rule["log_e_needed"] for row in rule["rows"][:-1])
    assert [interlock.__name__ for interlock in FOR_ROLLBACK] == [each["interlock"] for each in story["interlocks"]]
    assert all(each["passed"] for each in story["interlocks"])


def test_every_order_has_its_outcome() -> None:
    """What was ordered stands with its time, what it was, and how it ended; mere questions are left out."""
    story = told(failing())

    kinds = [each["kind"] for each in story["effects"]]
    assert "prepare" == kinds[0]
    assert not {"probe_colour", "observe_traffic"} & set(kinds)
    (braked,) = (each for each in story["effects"] if each.get("brake"))
    assert {"weight": 0.0, "promoted": False} == {key: braked[key] for key in ("weight", "promoted")}
    assert braked["outcome"]["ok"]
    assert braked["outcome"]["at"] >= braked["outcome"]["braked"] >= braked["ordered"]
    assert all(each["outcome"] is not None for each in story["effects"])


def test_an_order_without_outcome_is_shown_as_such() -> None:
    """An effect that is under way has none yet."""
    world = World().begin().submit()
    world.lost = lambda effect: effect.kind == "set_traffic"
    world.run(5.0)

    assert [("prepare", True), ("set_traffic", False)] == [
        (each["kind"], each["outcome"] is not None) for each in told(world)["effects"]
    ]


def test_a_blocked_rollback_is_explained() -> None:
    """The interlock that stood in the way stands in the story, with its detail."""
    story = told(failing(schema=Schema.UNKNOWN, watched_by="ops"))

    assert [("schema", False, "unknown")] == [
        (each["interlock"], each["passed"], each["detail"]) for each in story["interlocks"]
    ]
    assert ["error-rate"] == story["decided"]["rules"]
    assert "firing" == next(each for each in story["rules"] if each["name"] == "error-rate")["rows"][-1]["level"]


def test_diverts_and_trials_are_told() -> None:
    """Each cut and each trial, with the rules that were suspicious."""
    world = World().begin().submit()
    world.run(23.0)
    world.share_bad[GREEN] = 0.4
    world.run(40.0)

    story = told(world)

    assert ["cut", "trial"] == [each["what"] for each in story["diverts"]][:2]
    assert ["error-rate"] == story["diverts"][0]["rules"]


def test_while_it_is_cut_off_no_row_is_repeated() -> None:
    """Polls in which the candidate has no users say nothing of it and are left out."""
    world = World().begin().submit()
    world.run(23.0)
    world.share_bad[GREEN] = 0.4
    world.run(40.0)

    (rule,) = (each for each in told(world)["rules"] if each["name"] == "error-rate")
    own = [(row["bad"], row["total"], row["level"]) for row in rule["rows"]]
    assert 2 <= len(own) == len(set(own))


def test_people_and_phases_are_told() -> None:
    """Who ordered what, and every phase with its reason."""
    world = World().begin()
    world.put(Submit(id="c", by="deploy", service="shop", release="2.0", deployment="d1"))
    world.run(5.0)
    world.put(Pause(id="p", by="ops", because="lunch", service="shop"))
    world.run(5.0)

    story = told(world)

    assert [("submit", "deploy", ""), ("pause", "ops", "lunch")] == [
        (each["kind"], each["by"], each["because"]) for each in story["commands"]
    ]
    assert ["preparing", "shifting", "soaking"] == [each["to"] for each in story["phases"]]
    assert [("human", True)] == [(each["hold"], each["on"]) for each in story["holds"]]
    assert story["decided"] is None


def test_what_was_not_considered_is_told() -> None:
    """A source that says nothing makes its rules unknown, and a stopped line is named."""
    world = World().begin()
    world.silent.add("db")
    world.run(20.0)
    world.submit()
    world.run(15.0)
    world.put(StopTheLine(id="s", by="ops", because="drill"))
    world.share_bad[GREEN] = 0.9
    world.run(40.0)

    left_out = told(world)["not_considered"]

    assert "writable" in left_out["unknown"]
    assert {"by": "ops", "because": "drill"} == left_out["stopped"]


def test_only_the_last_deployment_is_told() -> None:
    """The case of an earlier deployment is not mixed into the next one's."""
    world = failing()
    world.share_bad[GREEN] = 0.0
    world.submit("3.0", deployment="d2")
    world.run(5.0)
    begun = next(each.seq for each in world.kept if getattr(each.body, "deployment", "") == "d2")
    configured = [each for each in world.kept if isinstance(each.body, Configured)]

    story = explain_records([*configured, *(each for each in world.kept if each.seq >= begun)], "shop", to_wall)

    assert ("d2", []) == (story["deployment"]["id"], story["rules"])


def test_without_a_deployment_there_is_no_story() -> None:
    """A service that was never deployed has nothing to explain."""
    assert {"service": "shop", "deployment": None} == explain_records(World().begin().kept, "shop", to_wall)


def kept_in(folder: Path, records: list[Record]) -> Path:
    """A journal with these records, written as a daemon would."""
    store = Store.open(folder, wall=WALL)
    store.append(records, wall=WALL).result(10.0)
    assert store.close()
    return folder


def test_the_journal_gives_the_same_story(tmp_path: Path) -> None:
    """What is read from the disk, over several pages and past an earlier deployment, is what the records say."""
    world = failing()
    world.share_bad[GREEN] = 0.0
    world.put(Forgive(id="f", by="ops", because="fixed", service="shop", release="2.0"))
    world.submit("3.0", deployment="d2")
    world.run(15.0)
    world.share_bad[GREEN] = 0.9
    world.run(30.0)
    *_, begun = (each.seq for each in world.kept if isinstance(each.body, DeploymentBegun))
    first, *_ = (each for each in world.kept if isinstance(each.body, Configured))
    expected = explain_records([first, *(each for each in world.kept if each.seq >= begun)], "shop", to_wall)

    assert "firing" == expected["rules"][0]["rows"][-1]["level"]
    assert expected == explain_journal(kept_in(tmp_path, world.kept), "shop", to_wall, page=7)


def test_a_line_that_was_stopped_before_is_known(tmp_path: Path) -> None:
    """A stop from before the deployment is in force in it, though its record lies before the deployment's."""
    world = failing(schema=Schema.UNKNOWN, watched_by="ops")
    begun = next(each for each in world.kept if isinstance(each.body, DeploymentBegun))
    stop = replace(begun, seq=begun.seq - 1, body=LineStopped(by="ops", because="drill", until=None))
    records = [stop if each.seq == stop.seq else each for each in world.kept]

    assert "ops" == explain_journal(kept_in(tmp_path, records), "shop", to_wall)["not_considered"]["stopped"]["by"]


def test_a_journal_without_deployment(tmp_path: Path) -> None:
    """Nothing was deployed: nothing is told, and nothing fails."""
    folder = kept_in(tmp_path, World().begin().kept)

    assert {"service": "shop", "deployment": None} == explain_journal(folder, "shop", to_wall)


def test_no_journal_is_an_error(tmp_path: Path) -> None:
    """Where there is no journal somebody must hear of it."""
    with pytest.raises(JournalError):
        explain_journal(tmp_path, "shop", to_wall)


def row(number: int, level: Level = Level.INACTIVE) -> Row:
    return Row(
        at=float(number),
        bad=float(number),
        total=float(number),
        other_bad=0.0,
        other_total=0.0,
        log_e=None,
        value=None,
        in_a_row=0,
        detail="",
        level=level,
    )


def test_a_long_trail_becomes_a_screenful() -> None:
    """First, last and the crossings stay, the rest is spread evenly."""
    rows = [row(number, Level.PENDING if number >= 61 else Level.INACTIVE) for number in range(300)]

    kept = [int(each.at) for each in thin(rows)]

    assert kept == sorted(set(kept))
    assert len(kept) <= SCREENFUL
    assert {0, 61, 299} <= set(kept)
    assert max(later - sooner for sooner, later in pairwise(kept)) < 60


def test_a_short_trail_stays_whole() -> None:
    """What fits a screen is not thinned."""
    rows = [row(number) for number in range(SCREENFUL)]

    assert rows == thin(rows)


def test_what_a_gauge_was_compared_with_stands_beside_its_rows() -> None:
    """A spike's table says from where on it was one."""
    world = World(environment=environment(guarded())).begin()
    world.run(20.0)
    world.submit()
    world.run(10.0)
    world.cpu[GREEN] = 0.9
    world.run(5.0)

    (rule,) = [each for each in told(world)["rules"] if each["name"] == "cpu"]
    assert (0.3, 0.6, 0.6) == (rule["usual"], rule["beyond"], rule["floor"])
    assert {0.9} == {row["value"] for row in rule["rows"]}


def test_waivers_and_what_was_only_observed_are_part_of_the_story() -> None:
    """With times on the wall clock; what is waived in the end was not considered."""
    watched = replace(ALIVE, name="watched", on_fire=OnFire.OBSERVE)
    world = World(environment=environment(replace(SERVICE, rules=(*SERVICE.rules, watched)))).begin().submit()
    world.run(14.0)
    for rule, seconds in (("alive", 600.0), ("error-rate", 600.0), ("error-rate", 0.0)):
        world.put(Waive(id="w", by="ada", because="why", service="shop", rule=rule, for_=seconds))
    world.alive[GREEN] = False
    world.run(8.0)
    story = told(world)

    assert [("alive", True), ("error-rate", True), ("error-rate", False)] == [
        (each["rule"], each["until"] is not None) for each in story["waivers"]
    ]
    assert ["ada", "ada", "ada"] == [each["by"] for each in story["waivers"]]
    assert [("watched", "rollback")] == [(each["rule"], each["ask"]) for each in story["observed"]]
    assert story["observed"][0]["at"] > WALL
    assert ["alive"] == [each["rule"] for each in story["not_considered"]["waived"]]
    assert "watched" in story["not_considered"]["observed_only"]


def test_what_is_done_around_a_rollback_is_in_the_story() -> None:
    """Hooks, the wait for open connections, a look at the way back that was lost, a disarming, and what hands did."""
    world = World(environment=environment(READY)).begin().submit()
    world.run(15.0)
    world.put(Disarm(id="d", by="ada", because="load test", service="shop", for_=5.0))
    world.run(10.0)
    world.put(DivertRoute(id="r", by="ada", service="shop", route="login"))
    world.share_bad[GREEN] = 0.9
    world.run(60.0)
    world.put(Did(id="t", by="ada", because="", service="shop", task="repair"))
    story = told(world)

    kinds = {each["kind"]: each for each in story["effects"]}
    assert ("tell-ci", "login", True, 30.0) == (
        next(each["hook"] for each in story["effects"] if each["kind"] == "run_hook"),
        kinds["cut_route"]["route"],
        kinds["cut_route"]["cut"],
        kinds["drain_candidate"]["within"],
    )
    assert "recheck" not in kinds
    watch = story["watch"]
    assert ["disarmed", "armed", "done_by_hand"] == [each["what"] for each in watch]
    assert ("ada", "load test", "") == (watch[0]["by"], watch[0]["because"], watch[1]["by"])
    assert ["2.0", "", "login", "repair"] == [each["about"] for each in story["commands"]]


def test_a_share_that_a_human_wanted_is_named() -> None:
    """As a percentage."""
    world = World(environment=environment(READY)).begin().submit()
    world.run(15.0)
    world.put(HoldAt(id="h", by="ada", because="lunch", service="shop", weight=0.025))

    assert ("hold-at", "2.5 %") == tuple(told(world)["commands"][-1][key] for key in ("kind", "about"))
