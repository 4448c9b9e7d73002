"""`explain --why-not` in lines, from views made by hand."""

from typing import Any

import pytest

from tests.text import views
from tests.text.views import NOW, ZONE
from watchdog.cli.why_not import why_not


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


def test_what_would_keep_a_rollback_away_is_in_the_answer() -> None:
    """Also while no rule has proof: if one had, nothing would be done."""
    ada = {"since": NOW, "until": NOW + 60, "by": "ada", "because": "load test"}
    lines = now(
        deployment=views.deployment(level_1=False, level_1_off="disarmed", held_at=0.1, routes_cut=["login"]),
        disarmed=ada,
        parachute={"every": 10.0, "at": NOW, "bad": 3, "lost": True, "detail": "disk: 3 MB left"},
    )
    told = " ".join(line.strip() for line in lines)

    assert "If it had, nothing would be done by itself: level 1 is off: disarmed by ada until 09:16:00" in told
    assert "Green is held at 10 % instead of 50 %." in told
    assert "Users of login stay on blue." in told
    assert "A rollback would not work as prepared (disk: 3 MB left); it is tried all the same." in told


def test_a_block_names_the_order_that_passes_it() -> None:
    """With --anyway only where a human's plain order would be refused, too."""
    budget = now(deployment=views.blocked("budget", "3 of 3"))
    schema = now(deployment=views.blocked("schema", "unknown"))

    assert "rollback-watchdog rollback osun-his" == budget[1].strip()
    assert schema[1].strip().endswith('rollback osun-his --anyway --because "..."')
