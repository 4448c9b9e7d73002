from pathlib import Path

import pytest

from tests.config.helpers import changed, compiled
from watchdog.config import conditions
from watchdog.core import conditions as core
from watchdog.core.rules import api

KINDS = """
  ratio:
    sequential_ratio: {bad: edge.errors, total: edge.requests, limit: 5%, dependence: per_poll, design_effect: 3}
    on_fire: rollback
  canary:
    canary_vs_stable: {bad: edge.errors, total: edge.requests, margin: 1.5, ride_out: 5s, window: 1h, design_effect: 2}
    on_fire: rollback
  count: {sequential_count: {events: "edge.errors[labs]", limit: 3 per minute, min_ratio: 4}, on_fire: rollback}
  spike: {spike: {value: health.seconds, floor: 500ms}, on_fire: freeze}
  trend: {trend: {value: health.seconds, limit: "> 2s"}, on_fire: escalate}
"""
TEXT = f"rules:{KINDS}services: {{app: {{rules: [health, ratio, canary, count, spike, trend]}}}}\n"


def conditions_of(folder: Path, text: str = TEXT) -> dict[str, core.Condition]:
    (service,) = compiled(folder, text).environment.services
    return {rule.name: rule.condition for rule in service.rules}


def test_the_sequential_kinds_share_alpha(tmp_path: Path) -> None:
    """Each that rolls back has its part; what the file leaves out has its default."""
    made = conditions_of(tmp_path)

    assert (
        core.SequentialRatio(
            bad="errors",
            total="requests",
            limit=0.05,
            alpha=0.001 / 3,
            ride_out=3.0,
            interval=0.25,
            window=0.0,
            min_effect=1.6 * 0.05,
            dependence="per_poll",
            design_effect=3.0,
        )
        == made["ratio"]
    )
    assert (
        core.CanaryVsStable(
            bad="errors",
            total="requests",
            margin=1.5,
            min_ratio=3.0,
            alpha=0.001 / 3,
            ride_out=5.0,
            interval=0.25,
            window=3600.0,
            design_effect=2.0,
        )
        == made["canary"]
    )
    assert (
        core.SequentialCount(
            events="errors[labs]",
            limit=0.05,
            alpha=0.001 / 3,
            ride_out=3.0,
            interval=0.25,
            window=0.0,
            min_ratio=4.0,
        )
        == made["count"]
    )


def test_rules_on_gauges_have_their_defaults(tmp_path: Path) -> None:
    """Times in seconds, the interval of their source."""
    made = conditions_of(tmp_path)

    assert (
        core.Spike(
            value="seconds",
            floor=0.5,
            unit="duration",
            deviations=6.0,
            for_=30.0,
            clear_for=60.0,
            baseline=3600.0,
            min_readings=30,
            interval=2.0,
        )
        == made["spike"]
    )
    assert (
        core.Trend(
            value="seconds",
            limit=core.Bound(op=">", limit=2.0, unit="duration"),
            horizon=3600.0,
            over=600.0,
            for_=60.0,
            clear_for=300.0,
            interval=2.0,
        )
        == made["trend"]
    )


def test_every_condition_is_one_that_the_core_judges(tmp_path: Path) -> None:
    """The defaults too; the plan's own window is set where a deployment begins."""
    made = conditions_of(tmp_path)
    later = {name for name, each in made.items() if isinstance(each, core.Sequential) and not each.window}
    for name in made.keys() - later:
        api.check(made[name])

    assert {"health", "ratio", "canary", "count", "spike", "trend"} == made.keys()
    assert {"ratio", "count"} == later


@pytest.mark.parametrize(("on_fire", "shares"), [("rollback", True), ("freeze", False), ("observe", False)])
def test_only_a_sequential_rule_that_rolls_back_has_a_part_of_alpha(tmp_path: Path, on_fire: str, shares: bool) -> None:  # noqa: FBT001 (a parameter)
    """What it would do if it were armed takes nothing from the others."""
    text = f"rules: {{new: {{sequential_count: {{events: edge.errors, limit: 1 per hour}}, on_fire: {on_fire}}}}}\n"
    rules = changed(tmp_path, text).sections.rules

    assert [shares, False] == [conditions.shares_alpha(rules[name]) for name in ("new", "health")]


def test_the_sequential_kinds_ride_disturbances_out(tmp_path: Path) -> None:
    """The others have their own ways to wait."""
    rules = changed(tmp_path, TEXT).sections.rules

    assert {"ratio": 3.0, "canary": 5.0, "count": 3.0, "spike": 0.0, "health": 0.0} == {
        name: conditions.ride_out(rules[name]) for name in ("ratio", "canary", "count", "spike", "health")
    }
