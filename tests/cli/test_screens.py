"""The status screen, from views made by hand."""

import io
from typing import Any

import pytest

from tests.text import views
from tests.text.views import NOW, ZONE
from watchdog.cli.screens import Look, changes_of, render
from watchdog.deploy.terminal import Paint


def screen(view: views.Data, *, only: str | None = None, width: int = 100) -> list[str]:
    return render(view, only, Look(width=width, paint=Paint(io.StringIO()), zone=ZONE))


def of(**service: Any) -> list[str]:
    return screen(views.view(views.service(**service)))


def test_everything_is_well() -> None:
    """One line for the environment, one for the deployment, one per rule, one for the readiness."""
    database = views.probe(
        name="database",
        level="pending",
        in_a_row=1,
        last_detail="too many connections",
        since=NOW - 55,
    )
    gauge = views.threshold(judgement="unknown")
    sources = [*views.service()["sources"], views.source(name="metrics", required=False, last=NOW - 46)]

    lines = of(rules=[views.ratio(bad=1.0, total=412.0), views.ratio(colour="blue"), database, gauge], sources=sources)

    assert [
        "production on lb1, up 12 d, 1 service, every required source answers",
        "osun-his   4.2.0   blue #######------- green   50 %   soaking 6:40 of 15:00, then 100 %",
        "  error-rate         ok        1 of 412 on green failed (0.2 %), limit 5 %",
        "  database           pending   1 failure in a row, 3 decide, last: too many connections (09:14:05)",
        "  p95                unknown   metrics: no new sample for 46 s (advisory) [observed only]",
        "  rollback is ready: blue answered 3.0 s ago, brake proved 3.0 s ago.  level 1 is on.  nobody is",
        "    paged.",
    ] == lines


def test_a_narrow_terminal() -> None:
    """At 60 columns everything is still there, and no line is wider."""
    lines = screen(views.view(), width=60)

    assert ["osun-his   4.2.0", "  blue #######------- green   50 %", "  soaking 6:40 of 15:00, then 100 %"] == lines[
        2:5
    ]
    assert ["  error-rate         ok", "    nothing bad on green, limit 5 %"] == lines[5:7]
    assert max(len(line) for line in lines) <= 60


def test_a_blocked_rollback() -> None:
    """Why, what it costs now, the way out as a whole line, who is paged and when next."""
    lines = of(
        deployment=views.blocked(
            "schema", "unknown", schema="unknown", level_1=False, level_1_off="schema", watched_by="dba"
        ),
        incidents=[views.incident("schema", next=NOW + 60)],
    )

    assert "  rollback is blocked: schema is unknown. 50 % of users are on green (12 requests/s)." in lines
    assert '    rollback-watchdog rollback osun-his --anyway --because "..."' in lines
    assert not [line for line in lines if "held:" in line]
    told = " ".join(line.strip() for line in lines)
    assert "level 1 is off: schema is unknown; dba watches." in told
    assert "on-call is paged (schema), next at 09:16:00." in told


@pytest.mark.parametrize(
    ("hold", "told"),
    [
        (views.hold("human", "human", "lunch"), "held: paused: lunch. rollback-watchdog resume osun-his"),
        (
            views.hold("rule", "rule_freezes", "cpu"),
            "held: rule cpu fires. Lifts itself after 5 min healthy, or rollback-watchdog resume osun-his",
        ),
        (
            views.hold("parachute", "not_prepared", "stable is silent"),
            "held: a rollback would not work now: stable is silent. Ends when it would work again",
        ),
    ],
)
def test_a_hold_has_its_reason_and_its_way_out(hold: views.Data, told: str) -> None:
    """Whoever reads it can end it, or knows how it ends."""
    assert f"  {told}" in of(deployment=views.deployment(holds=[hold]))


def test_a_divert_is_told_once() -> None:
    """The cut has its line; the hold that comes with it has none."""
    divert = {"number": 1, "cut": True, "until": NOW + 10, "trial_until": None}
    held = [views.hold("divert", "rule_suspicious")]

    lines = of(deployment=views.deployment(divert=divert, diverts=1, holds=held))

    assert "  green is cut off on suspicion until 09:15:10 (divert 1)" in lines
    assert not [line for line in lines if "held" in line]


def test_a_gate_that_waits_says_for_what() -> None:
    """What is missing stands in the screen."""
    lines = of(deployment=views.deployment(phase="waiting", lacks=["120 of 200 requests on green"]))

    assert "  waits for: 120 of 200 requests on green" in lines


@pytest.mark.parametrize(
    ("soaked", "routes", "told"),
    [(400.0, ["lab"], True), (400.0, [], False), (900.0, [], True)],
)
def test_a_promotion_that_waits_says_for_what(soaked: float, routes: list[str], told: bool) -> None:  # noqa: FBT001 - a table's column
    """At once for a cut route, which waits for a human; otherwise once the bake's time is over."""
    lines = of(
        deployment=views.deployment(phase="baking", step=2, soaked=soaked, routes_cut=routes, lacks=["what it lacks"])
    )

    assert told is ("  waits for: what it lacks" in lines)


@pytest.mark.parametrize(
    ("answered", "told"),
    [
        (NOW - 0.4, "rollback is ready: blue answered 0.4 s ago, brake proved 3.0 s ago."),
        (NOW - 46, "rollback is not proved ready: blue last answered 46 s ago."),
        (None, "rollback is not proved ready: blue has not answered yet."),
    ],
)
def test_readiness_has_an_age(answered: float | None, told: str) -> None:
    """An old answer of stable is not called ready."""
    assert told in " ".join(line.strip() for line in of(stable_answered=answered))


def test_a_stable_that_stopped_answering_is_not_ready() -> None:
    """It was called ready, by its last good answer, in the same screen that said why a rollback was blocked."""
    lines = of(stable_answered=NOW - 8.4, stable_failed=NOW - 0.4)

    assert "rollback is not ready: blue did not answer 0.4 s ago." in " ".join(line.strip() for line in lines)


def test_before_the_proof_nothing_is_called_ready() -> None:
    """However fresh stable's answer is: the brake has not been tried yet."""
    lines = of(deployment=views.deployment(phase="preparing", step=-1))

    assert "  no user is moved before a rollback is proved to work.  level 1 is on.  nobody is paged." == lines[-1]


@pytest.mark.parametrize("phase", ["rolling_back", "verifying", "rollback_failed"])
def test_a_rollback_under_way_is_held_by_nothing(phase: str) -> None:
    """The interlock that had blocked it was shown as if it still did."""
    held = [views.hold("interlock", "stop_the_line", "ops: drill")]

    assert not [line for line in of(deployment=views.deployment(phase=phase, holds=held)) if "held" in line]


def test_a_lost_parachute_is_not_ready() -> None:
    """However fresh stable's answer is."""
    lost = views.deployment(holds=[views.hold("parachute", "not_prepared", "disk full")])

    assert "rollback is not ready: disk full" in of(deployment=lost)[-1]


@pytest.mark.parametrize(
    ("different", "told"),
    [
        ({"acknowledged_by": "ops"}, "ops has taken over (schema)."),
        ({"contacts": []}, "nobody is configured to be paged (schema)."),
        ({"open": False}, "nobody is paged."),
        ({"audience": "chat"}, "nobody is paged."),
    ],
)
def test_who_is_paged(different: views.Data, told: str) -> None:
    """Taken over, nobody configured, over, or only chat."""
    lines = of(incidents=[views.incident("schema", **different)])

    assert " ".join(line.strip() for line in lines).endswith(told)


def test_nothing_is_deployed() -> None:
    """Who serves, what runs there, and no readiness for a deployment that is not there."""
    assert [
        "osun-his   blue serves all users (4.1.0); no deployment yet",
        "  nobody is paged.",
    ] == of(deployment=None)[1:]


def test_after_a_rollback() -> None:
    """How the last deployment ended; the candidate's rules are history, stable's own trouble is not."""
    lines = of(
        deployment=views.rolled_back(),
        rules=[views.fired(), views.probe(colour="blue", level="firing", in_a_row=3)],
    )

    assert "osun-his   blue serves all users (4.1.0); 4.2.0 rolled back at 09:14:58 (08:14:58 UTC)" == lines[1]
    assert "  health firing" == lines[2]
    assert not [line for line in lines if "error-rate" in line]


def test_drift_and_a_balancer_that_was_not_seen() -> None:
    """Both keep deployments from starting, and say so."""
    drifted = of(deployment=None, drift="remembered: blue 100 %; the router says: nothing")

    assert "rollback-watchdog adopt osun-his" in " ".join(drifted)
    assert "the balancer has not been seen yet" in of(deployment=None, adopted=False)[-1]
    assert "No traffic leaves blue." in " ".join(of(drift="x"))


def test_the_environments_own_troubles() -> None:
    """A stopped line, silent sources and a journal that cannot be written come first."""
    silent = [views.source(silent=True)]
    view = views.view(
        views.service(sources=silent),
        stopped={"by": "ops", "because": "drill", "until": NOW + 600},
        not_durable="no space left",
    )

    lines = screen(view)

    assert "silent: edge of osun-his" in lines[0]
    assert "the line is stopped by ops until 09:25:00 (08:25:00 UTC): drill" in lines[1]
    assert "  rollback-watchdog stop-the-line --release" == lines[2]
    assert "the journal cannot be written: no space left" == lines[3]


def test_one_service_only() -> None:
    """The others are left out."""
    both = views.view(views.service(), views.service(name="portal"))

    assert not [line for line in screen(both, only="portal") if line.startswith("osun-his")]
    assert "2 services" in screen(both)[0]


def test_a_service_that_was_taken_out() -> None:
    """Without settings there is nothing but its name."""
    assert "old   blue; not in the configuration any more" in screen(views.view({"name": "old", "stable": "blue"}))


def test_a_change_is_a_line_and_a_count_is_none() -> None:
    """What is printed without a terminal: phase, split, holds and rules in trouble; not the soak."""
    sooner, later = (
        changes_of(views.view(views.service(deployment=views.deployment(soaked=soaked))), None)
        for soaked in (400.0, 401.0)
    )
    trouble = changes_of(views.view(views.service(rules=[views.fired()])), None)

    assert sooner == later
    assert trouble["osun-his"].endswith("osun-his 4.2.0: soaking at 50 %, healthy; error-rate firing")
    assert {"osun-his": "osun-his: blue serves all users; no deployment"} == changes_of(
        views.view(views.service(deployment=None)), None
    )


def test_what_is_found_at_the_measured_traffic() -> None:
    """Below the rules, with the remedy where level 1's 30 s is out of reach."""
    findings = [
        {"share": share, "typical": typical, "worst": typical and 2 * typical, "rule": "error-rate"}
        for share, typical in ((0.5, 15.0), (0.2, 40.0), (0.1, 236.0), (0.06, None))
    ]
    measured = {
        "rate": 3.0,
        "findings": findings,
        "within": 30.0,
        "aim": 0.2,
        "in_time": False,
        "needed": 8.2,
        "asks_itself": False,
    }

    assert [
        "  at 3 requests/s on green: 50 % broken is found in ~15 s, 20 % in ~40 s, 10 % in ~4 min, 6 % not",
        "    within the deployment.",
        "  20 % broken within 30 s takes 8.2 requests/s on green: more users sooner, or a synthetic source at",
        "    2/s, which finds 50 % and more broken in time at any traffic.",
    ] == of(deployment=views.deployment(outlook=measured))[4:8]


def test_a_waived_rule_says_so_with_its_way_out() -> None:
    """Beside the rule, with what it measures; below, by whom, until when, why and how to end it."""
    deployment = views.deployment(waived=[views.waiver()])
    lines = of(rules=[views.fired(waived=True), views.probe()], deployment=deployment)
    told = " ".join(line.strip() for line in lines)

    assert "  error-rate         waived    36 of 44 on green failed (82 %), limit 5 %" in lines
    assert "error-rate is waived by ada until 09:44:00 (08:44:00 UTC): a known bug." in told
    assert "To end that: rollback-watchdog waive osun-his error-rate --for 0s" in told
    assert "level 1 is on" in told
    (change,) = changes_of(views.view(views.service(rules=[views.fired(waived=True)])), None).values()
    assert change.endswith("; error-rate waived")


def test_a_release_that_nothing_could_roll_back_says_so_everywhere() -> None:
    """On the screen and in every line of a log."""
    deployment = views.deployment(armed=False, waived=[views.waiver(), views.waiver("health")])
    service = views.service(deployment=deployment)
    off = "level 1 is off: no rule could roll back, waived: error-rate, health"

    assert off in " ".join(line.strip() for line in screen(views.view(service)))
    (change,) = changes_of(views.view(service), None).values()
    assert change.endswith(off)


def test_what_observing_rules_would_have_done() -> None:
    """Below the rules."""
    asked = {"rule": "p95", "ask": "rollback", "first": NOW - 60, "last": NOW - 60, "times": 1}

    assert "  p95 (observe): would have asked to roll back at 09:14:00" in of(
        deployment=views.deployment(would_have=[asked])
    )


def test_each_kind_of_rule_has_its_line() -> None:
    """All seven."""
    rules = [
        views.ratio(),
        views.versus(),
        views.events(),
        views.probe(),
        views.threshold(),
        views.spike(),
        views.trend(),
    ]

    told = " ".join(line.strip() for line in of(rules=rules))

    for part in (
        "nothing bad on green, limit 5 %",
        "allowed 1.5 times",
        "2 events per minute",
        "passes",
        "> 2 for 15 s",
    ):
        assert part in told
    assert "usually 31 %" in told
    assert "reaches 2 GiB in about 14 min" in told
