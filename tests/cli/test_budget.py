"""The detection budget that `check` prints."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import call
from tests.config.helpers import GOOD, compiled
from tests.core.outlook.examples import PLAN, PROBE, canary, ratio, rule, service
from watchdog.cli import budget
from watchdog.cli.budget import Budget, budgets, plain
from watchdog.cli.main import main
from watchdog.config.adapters import Compiled
from watchdog.core.conditions import Bound, Threshold
from watchdog.core.model import OnFire
from watchdog.core.settings import Plan, Rule

BEYOND = Bound(op=">", limit=2.0)
P95 = Threshold(value="p95", when=BEYOND, clear=BEYOND, for_=15.0, interval=15.0)


@pytest.fixture
def good(tmp_path: Path) -> Compiled:
    """The tests' usual environment."""
    return compiled(tmp_path, "")


def of(
    good: Compiled, *rules: Rule, traffic: float | None = 30.0, divert: bool = False, plan: Plan = PLAN
) -> list[Budget]:
    """The budget of a service with these rules."""
    subject = service(*rules, divert=divert)
    environment = replace(good.environment, services=(subject,), plans=(plan,))
    return budgets(replace(good, environment=environment, services=(replace(good.services[0], name="shop"),)), traffic)


def shown(found: list[Budget]) -> list[str]:
    return list(budget.lines(found))


def test_a_table_for_each_step(good: Compiled) -> None:
    """Typical and worst by the size of the fault, each step's weight applied to the traffic, what is late marked."""
    lines = shown(of(good, rule(ratio())))

    assert [
        "shop, plan canary: from a fault to the decision, typical / in the worst of 20 cases. ! is beyond",
        "level 1's 30 s.",
        "                        100 %             50 %              20 %              10 %",
        "  30 requests/s in all, 3 requests/s on the candidate (10 %)",
        "    errors              5.5 s / 7.5 s     9.3 s / 17 s      40 s / 78 s !     4 min / 8 min !",
        "  30 requests/s in all, 15 requests/s on the candidate (50 %)",
        "    errors              4.0 s / 4.5 s     4.8 s / 6.3 s     10 s / 18 s       53 s / 99 s !",
        "  errors: 20 % broken in 30 s takes 8.4 requests/s on the candidate: a first weight of 28 %, or a",
        "    synthetic source at 2/s, which finds 50 % and more broken in time at any traffic.",
        "  A fault that is there at the first step is decided up to 10 s later: warm_up.",
        "",
    ] == lines


def test_without_a_traffic_there_are_several(good: Compiled) -> None:
    """The first step at little, some and much traffic; the remedy does not name a weight then."""
    text = "\n".join(shown(of(good, rule(ratio()), traffic=None)))

    assert ["3 requests/s in all", "30 requests/s in all", "300 requests/s in all"] == re.findall(
        r"[\d,]+ requests/s in all", text
    )
    assert "on the candidate: a larger first weight, or" in text


def test_rules_that_do_not_depend_on_traffic_stand_once(good: Compiled) -> None:
    """A probe with its row by the size of the fault; a gauge with its parts, for nobody knows what moves it."""
    lines = shown(of(good, rule(PROBE, "health", "health"), rule(P95, "p95", "metrics", OnFire.OBSERVE), traffic=None))

    assert [
        "  at any traffic",
        "    health              5.0 s / 8.0 s     27 s / 74 s !     5 min / 15 min !  37 min / never !",
        "    p95                 25 s / 35 s       15 s scrape + 5.0 s poll + for 15 s, counted from when the",
        "                                          value is beyond its limit",
        "",
    ] == lines[3:]


def test_a_gauge_that_is_too_slow_to_roll_back(good: Compiled) -> None:
    """It cannot meet level 1, and what would help is said."""
    lines = shown(of(good, rule(replace(P95, for_=60.0), "p95", "metrics")))

    assert (
        "    p95                 70 s / 80 s !     15 s scrape + 5.0 s poll + for 60 s, counted from when the" in lines
    )
    assert "  p95: takes 15 s scrape + 5.0 s poll + for 60 s, more than level 1's 30 s: a shorter for." in lines


SYNTHETIC = """
sources: {probes: {synthetic: {requests: {login: {path: /login}, labs: {path: /labs}}}}}
rules:
  all-probes: {sequential_ratio: {bad: probes.failures, total: probes.requests, limit: 5%}, on_fire: rollback}
  login:
    sequential_ratio: {bad: "probes.failures[login]", total: "probes.requests[login]", limit: 5%}
    on_fire: rollback
services: {app: {rules: [errors, health, all-probes, login]}}
"""


def test_requests_of_our_own_do_not_depend_on_the_users(tmp_path: Path) -> None:
    """Two of each name per second: half broken is found in 30 s whatever the traffic; what hangs is waited for."""
    found = budgets(compiled(tmp_path, SYNTHETIC), None)
    lines = shown(found)

    steady = lines[lines.index("  at any traffic") : next(n for n, line in enumerate(lines) if "in all" in line)]
    assert ["health", "all-probes", "login"] == [line.split()[0] for line in steady[1:]]
    rates = {(row.rule.name, cell.rate) for row in found[0].rows for cell in row.cells if "probes" in row.rule.source}
    assert {("all-probes", 4.0), ("login", 2.0)} == rates
    half = plain(found)[13]
    assert ("login", 0.5, True) == (half["rule"], half["share"], half["within_level_1"])
    assert {"piece": "timeout", "typical": 0.0, "worst": 2.0} == half["decided"]["parts"][-1]
    assert "route" not in "".join(lines)


def test_a_service_that_diverts_says_when_users_are_off(good: Compiled) -> None:
    """On suspicion, before the proof."""
    lines = shown(of(good, rule(ratio()), divert=True))

    assert "    off on suspicion    2.2 s / 4.2 s     5.9 s / 13 s      30 s / 65 s       3 min / 6 min" in lines


def test_a_slow_scrape_cannot_be_helped_by_traffic(good: Compiled) -> None:
    """A reading each 30 s: the access log would help, and a blip inside one reading is said."""
    text = "\n".join(shown(of(good, rule(ratio(30.0), source="metrics"))))

    assert "20 % broken takes over 30 s at any traffic: use the access log instead of a scrape." in text
    assert "errors: a blip inside one reading can fire it." in text


def test_what_is_quick_enough_needs_no_remark(good: Compiled) -> None:
    """Nothing but the warm-up; a rule that does not roll back is not measured against level 1."""
    quick, freezing = (
        shown(of(good, each, traffic=traffic))[-3:]
        for each, traffic in ((rule(ratio()), 1_000.0), (rule(ratio(), on_fire=OnFire.FREEZE), 3.0))
    )

    assert quick[1:] == freezing[1:]
    assert "warm_up" in quick[1]
    assert "!" not in freezing[0]


def test_what_the_estimates_leave_out(good: Compiled) -> None:
    """Stable without users, hangs, and how much of the traffic a route has."""
    route = replace(ratio(), bad="slow[login]", total="requests[login]")
    login, worse = replace(rule(route, "login"), slow=True), rule(canary(), "worse")
    whole = replace(PLAN, steps=(*PLAN.steps, replace(PLAN.steps[0], weight=1.0)))
    lines = shown(of(good, login, worse, plan=whole))

    assert "  login: a request that hangs is counted when it ends." in lines
    assert "  worse: cannot say without users on stable." in lines
    assert "  login: a route is taken to have 10 % of the requests." in lines
    assert "    worse               never !           never !           never !           never !" in lines


def test_no_line_is_wider_than_a_terminal(good: Compiled) -> None:
    """100 columns, whatever the rules are."""
    rules = (
        rule(ratio()),
        rule(canary(), "worse-than-stable"),
        rule(P95, "p95", "metrics"),
        rule(PROBE, "h", "health"),
    )
    for traffic in (None, 0.5, 5_000.0):
        assert max(len(line) for line in shown(of(good, *rules, traffic=traffic, divert=True))) <= 100


def test_for_programs(good: Compiled) -> None:
    """Every cell with its parts; what is not within the deployment is null."""
    told = plain(of(good, rule(ratio()), divert=True))

    assert told == json.loads(json.dumps(told, allow_nan=False))
    first: dict[str, Any] = told[0]
    assert ("shop", "canary", "errors", "rollback", 30.0, 0.1, 1.0, True) == tuple(
        first[key] for key in ("service", "plan", "rule", "on_fire", "traffic", "weight", "share", "within_level_1")
    )
    assert ["poll", "evidence", "ride_out"] == [part["piece"] for part in first["decided"]["parts"]]
    assert first["away"]["typical"] < first["decided"]["typical"]
    few = plain(of(good, rule(ratio()), traffic=0.1))
    assert (None, None) == (few[3]["decided"]["typical"], few[3]["suspected"])


def test_check_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Before the last line, which stays the summary; not among the keys in force."""
    assert 0 == call(main, "check", str(GOOD), "--traffic", "20")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("app, plan canary: from a fault to the decision")
    assert lines[-1].startswith(f"{GOOD} is right")

    assert 0 == call(main, "check", str(GOOD), "--effective")
    assert "from a fault" not in capsys.readouterr().out

    assert 0 == call(main, "check", str(GOOD), "--json")
    told = json.loads(capsys.readouterr().out)["budget"]
    assert {3.0, 30.0, 300.0} == {each["traffic"] for each in told}
    assert {5.0, 8.0} == {
        each["decided"][key] for each in told if each["rule"] == "health" and each["share"] == 1.0
        for key in ("typical", "worst")
    }  # fmt: skip
