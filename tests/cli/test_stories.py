"""`explain` in lines: from the engine's own story, and from views made by hand."""

import re
from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import ALIVE, GREEN, SERVICE, environment
from tests.core.world import World
from tests.text import views
from tests.text.views import NOW, ZONE
from watchdog.cli.stories import told, why_not
from watchdog.core.events import Pause, Resume, Submit, Waive
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
    assert ["the line runs", "schema is unchanged", "stable answers"] == [
        line[12:] for line in after(lines, "interlocks")[:3]
    ]
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
    assert ["deploy ordered submit", "ops ordered pause: lunch"] == [line[12:] for line in after(lines, "people")]
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


def now(**service: Any) -> list[str]:
    return why_not(views.view(), views.service(**service), 100, ZONE)


@pytest.mark.parametrize(
    ("service", "answer"),
    [
        (
            {"rules": [views.ratio(bad=1.0, total=412.0, log_e=0.0), views.probe()]},
            "no rule has proof. The nearest is error-rate: 1 bad of 412, evidence 1 of 1,000.",
        ),
        (
            {"rules": [views.ratio(), views.probe(in_a_row=2)]},
            "no rule has proof. The nearest is health: 2 failures in a row of 3.",
        ),
        ({"rules": []}, "no rule asks for a rollback."),
        ({"verdict": "blind", "blind": ["health"]}, "health cannot be judged; nothing is rolled back because of"),
        (
            {
                "firing": ["health"],
                "policy": {"at_least": 2, "all": False, "rules": ["health", "error-rate"], "parts": []},
            },
            "health fires, and the policy wants 2 of (health, error-rate).",
        ),
        (
            {"deployment": views.deployment(armed=False, waived=[views.waiver()])},
            "level 1 is off: no rule could roll back, waived: error-rate.",
        ),
        ({"deployment": views.blocked("schema", "unknown")}, "proof is there and schema is unknown."),
        ({"deployment": views.deployment(wanted=views.wanted())}, "a rollback is wanted; it waits for stable"),
        ({"deployment": views.deployment(phase="verifying")}, "it is being rolled back (verifying)."),
        ({"deployment": views.deployment(phase="preparing")}, "nobody is on green yet (preparing)."),
        (
            {"deployment": views.deployment(divert={"number": 1, "cut": True, "until": NOW, "trial_until": None})},
            "there is suspicion and no proof; green is cut off on suspicion until 09:15:00.",
        ),
    ],
)
def test_why_it_is_not_rolled_back(service: dict[str, Any], answer: str) -> None:
    """The reason that stands first is the first sentence."""
    assert now(**service)[0].startswith(f"osun-his 4.2.0: {answer}")


def test_a_stopped_line_is_the_answer() -> None:
    """Whatever the rules say."""
    stopped = views.view(stopped={"by": "ops", "because": "drill", "until": None})

    lines = why_not(stopped, views.service(), 100, ZONE)

    assert "osun-his 4.2.0: the line is stopped by ops (drill)." == lines[0]
    assert "anything, while the line was stopped by ops" in lines[-1]


def test_the_table_of_the_present_moment() -> None:
    """Every rule of the candidate: counts, evidence and what it needs; what is left out is said below."""
    lines = now(rules=[views.fired(), views.ratio(colour="blue"), views.probe(in_a_row=1), views.threshold()])

    assert [
        "rule         state     since  bad  total  evidence        needed  asks for",
        "error-rate  firing  09:14:56   36     44     8,103         1,000  rollback",
        "health          ok              1                              3  rollback",
        "p95             ok            1.2                   > 2 for 15 s  observe",
    ] == lines[2:6]
    assert "Now 50 % of users are on green (12 requests/s); level 1 is on." == lines[7]
    assert "Not considered: p95 (observed only)." == lines[8]


def test_what_would_be_found_is_said_with_what_was() -> None:
    """At the measured traffic, below the exposure."""
    found = [{"share": 0.5, "typical": 15.0, "worst": 24.0, "rule": "error-rate"}]
    outlook = {"rate": 3.0, "findings": found, "within": 30.0, "aim": 0.2, "in_time": True, "needed": None}
    lines = now(deployment=views.deployment(outlook=outlook))

    assert "At 3 requests/s on green: 50 % broken is found in ~15 s." == lines[-2]


def test_the_table_of_the_present_moment_on_a_phone() -> None:
    """At 60 columns it keeps the counts and the evidence, and no line is wider."""
    rules = [views.fired(), views.probe(in_a_row=1), views.threshold()]
    lines = why_not(views.view(), views.service(rules=rules), 60, ZONE)

    assert ["rule", "state", "bad", "total", "evidence", "needed"] == lines[3].split()
    assert max(len(line) for line in lines) <= 60


def test_how_the_last_one_ended_is_named_whatever_it_was() -> None:
    """A promoted or an aborted release was said to be None."""
    promoted = views.deployment(phase="promoted", ended=NOW - 5)

    assert ["osun-his: nothing is under way, so there is nothing to roll back; 4.2.0 promoted."] == now(
        deployment=promoted
    )


def test_nothing_is_under_way() -> None:
    """There is nothing to roll back, and how the last one ended."""
    assert ["osun-his: nothing is under way, so there is nothing to roll back; 4.2.0 rolled back."] == now(
        deployment=views.rolled_back()
    )
    assert ["osun-his: nothing is under way, so there is nothing to roll back."] == now(deployment=None)


def test_the_nearest_of_the_other_kinds() -> None:
    """An e-value is as near as its proof; a gauge is told as it stands."""
    counted = views.events(bad=3.0, log_e=3.0, level="pending")
    assert "no rule has proof. The nearest is db-errors: 3 events, evidence 20 of 1,000." in now(rules=[counted])[0]
    assert "The nearest is memory: 1.6 GiB, grows" in now(rules=[views.trend(on_fire="rollback")])[0]


def test_every_kind_has_its_row() -> None:
    """Counts and evidence, failures in a row, or a value and when it fires."""
    rules = [
        views.versus(bad=3.0, total=50.0, log_e=0.0),
        views.events(bad=3.0, log_e=0.0),
        views.probe(in_a_row=1),
        views.threshold(),
        views.threshold(last_value=None, name="p99"),
        views.spike(),
        views.trend(),
    ]

    lines = {line.split()[0]: line.split() for line in now(rules=rules) if line and line[0] != " "}

    assert ["worse-than-stable", "ok", "3", "50", "1", "1,000", "rollback"] == lines["worse-than-stable"]
    assert ["db-errors", "ok", "3", "1", "1,000", "rollback"] == lines["db-errors"]
    assert ["health", "ok", "1", "3", "rollback"] == lines["health"]
    assert ["p95", "ok", "1.2", ">", "2", "for", "15", "s", "observe"] == lines["p95"]
    assert ["p99", "ok", ">", "2", "for", "15", "s", "observe"] == lines["p99"]
    assert ["cpu", "ok", "35", "%", ">", "80", "%", "for", "30", "s", "freeze"] == lines["cpu"]
    assert ["1.6", "GiB", "it", "reaches"] == lines["memory"][2:6]


def test_waived_rules_are_not_considered_and_say_why() -> None:
    """Now, and in the story of what happened."""
    waived = views.deployment(waived=[views.waiver()])
    told = " ".join(now(deployment=waived))
    assert "Not considered: error-rate is waived by ada until 09:44:00 (08:44:00 UTC): a known bug" in told


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
