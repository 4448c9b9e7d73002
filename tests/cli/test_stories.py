"""`explain` in lines: from the engine's own story, and from views made by hand."""

import re
from dataclasses import replace
from typing import Any

from tests.core.examples import ALIVE, GREEN, READY, SERVICE, environment
from tests.core.world import World
from tests.text.views import ZONE
from watchdog.cli.stories import told
from watchdog.core.events import Did, Disarm, DivertRoute, Pause, Resume, Submit, Waive
from watchdog.core.model import OnFire, Schema
from watchdog.daemon.explain.story import explain_records

WALL = 1_800_000_000.0


def story(world: World, width: int = 100) -> list[str]:
    return told(explain_records(world.kept, "shop", lambda at: WALL + at), width, ZONE)


def failing(**submission: Any) -> World:
    world = World().begin().submit(**submission)
    world.run(15.0)
    world.share_bad[GREEN] = 0.9
    world.run(40.0)
    return world


def after(lines: list[str], title: str) -> list[str]:
    """The lines of one part."""
    start = lines.index(title) + 1
    end = next((at for at in range(start, len(lines)) if not lines[at]), len(lines))
    return lines[start:end]


def test_a_rollback_on_one_screen() -> None:
    """Why, the table with its crossing, what each interlock said, each effect with its outcome, what was left out."""
    lines = story(failing())

    assert lines[0].startswith("shop 2.0 is rolled back since 09:00:")
    assert lines[0].endswith(", because: error-rate.")
    (head,) = (line for line in lines if line.startswith("error-rate on green: limit 5 %"))
    assert re.match(
        r"  \d+ of \d+ requests to green failed since 09:00:\d\d; at least \d+ % \(99.9 % anytime confidence\), limit",
        after(lines, head)[0],
    )
    assert after(lines, head)[-1].endswith("<- fires")
    assert ["the line runs", "no shadow mode", "armed"] == [line[12:] for line in after(lines, "interlocks")[:3]]
    effects = after(lines, "effects")
    assert any(
        "cut green off, all traffic to blue: done after 50 ms; cut off 0 ms after the order" in e for e in effects
    )
    assert any("show by live traffic that blue alone answers: done after" in each for each in effects)
    assert any("tell on-call (proved by traffic): done after" in each for each in effects)
    assert "Nothing was left out." == lines[-1]
    assert len(lines) < 60


def test_a_blocked_rollback() -> None:
    """It is wanted and not done; the interlock stands there in words."""
    lines = story(failing(schema=Schema.UNKNOWN, watched_by="ops"))

    assert "; a rollback is wanted: error-rate." in lines[0]
    assert ["BLOCKED: schema is unknown"] == [line[12:] for line in after(lines, "interlocks")]


def test_diverts_phases_and_people() -> None:
    """Cuts and trials, phases with their reasons, who ordered what and why."""
    world = World().begin()
    world.put(Submit(id="c", by="deploy", service="shop", release="2.0", deployment="d1"))
    world.run(23.0)
    world.put(Pause(id="p", by="ops", because="lunch", service="shop"))
    world.share_bad[GREEN] = 0.4
    world.run(12.0)

    lines = story(world)

    assert "divert 1: cut off until" in after(lines, "diverts")[0]
    assert "let in again for a trial until" in after(lines, "diverts")[1]
    assert ["deploy ordered submit 2.0", "ops ordered pause: lunch"] == [line[12:] for line in after(lines, "people")]
    assert any("held (human): paused: lunch" in line for line in after(lines, "phases"))


def test_phases_and_holds_stand_in_the_order_of_time() -> None:
    """What was held, and when it ended, between the phases in which it happened."""
    world = World().begin().submit()
    world.run(13.0)
    world.put(Pause(id="p", by="ops", because="lunch", service="shop"))
    world.run(1.0)
    world.put(Resume(id="r", by="ops", service="shop"))
    world.run(20.0)

    lines = after(story(world), "phases")

    assert sorted(lines, key=lambda line: line[:10]) == lines
    held = next(at for at, line in enumerate(lines) if line.endswith("held (human): paused: lunch"))
    assert lines[held + 1].endswith("hold human lifted: human")
    assert held + 2 < len(lines)


def test_a_narrow_screen() -> None:
    """Long lines are continued below their time, none is wider than the terminal."""
    lines = story(failing(), width=60)

    assert max(len(line) for line in lines) <= 60


def test_no_deployment() -> None:
    """A service that was never deployed has no story."""
    assert ["shop has had no deployment yet."] == story(World().begin())


def waived_and_observed() -> World:
    watched = replace(ALIVE, name="watched", on_fire=OnFire.OBSERVE)
    service = replace(SERVICE, rules=(*SERVICE.rules, watched))
    world = World(environment=environment(service)).begin().submit()
    world.run(14.0)
    for rule in ("alive", "error-rate"):
        world.put(Waive(id="w", by="ada", because="a known bug", service="shop", rule=rule, for_=600.0))
    world.alive[GREEN] = False
    world.run(10.0)
    world.put(Waive(id="w", service="shop", rule="error-rate", for_=0.0))
    return world


def test_the_story_tells_of_waivers_and_of_what_was_only_observed() -> None:
    """When, by whom, why; and what would have been done."""
    lines = story(waived_and_observed())

    waived = after(lines, "waived")
    assert 3 == len(waived)
    assert "  alive waived by ada until " in waived[0]
    assert waived[0].endswith(": a known bug")
    assert waived[2].endswith("  error-rate counts again")
    (observed,) = after(lines, "observed only")
    assert observed.endswith("  watched would have asked to roll back")
    told = " ".join(lines)
    assert "Not considered: alive is waived by ada until " in told
    assert "watched (observed only)" in told


def test_the_story_tells_what_was_done_around_a_rollback() -> None:
    """Hooks, what was open, routes, a disarming, and what hands did, each as a line."""
    world = World(environment=environment(READY)).begin().submit()
    world.run(15.0)
    world.put(Disarm(id="d", by="ada", because="load test", service="shop", for_=5.0))
    world.put(DivertRoute(id="r", by="ada", service="shop", route="login"))
    world.run(10.0)
    world.share_bad[GREEN] = 0.9
    world.run(60.0)
    world.put(Did(id="t", by="ada", because="as in the runbook", service="shop", task="repair"))
    lines = story(world, 200)

    watch = [line[12:] for line in after(lines, "watch")]
    assert watch[0].startswith("disarmed by ada until 09:00:")
    assert watch[0].endswith(": load test")
    assert ["armed again: the time was over", "repair done by hand, says ada: as in the runbook"] == watch[1:]
    effects = [line[12:] for line in after(lines, "effects")]
    for told_so in (
        "run hook tell-ci: done after",
        "keep users of login on blue: done after",
        "wait until nothing is open on green, 30 s at most: done after",
    ):
        assert any(each.startswith(told_so) for each in effects)
    assert "ada ordered divert login" in [line[12:] for line in after(lines, "people")]
