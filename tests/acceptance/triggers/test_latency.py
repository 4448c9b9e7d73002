"""p95 over 2 s: the candidate's answers take 2.5 s, or do not come at all."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from simulations.lab.nginx import NGINX
from simulations.lab.prometheus import PROMETHEUS
from simulations.lab.scene import Scene
from tests.acceptance.daemon_world import View
from tests.acceptance.triggers import world as lab
from tests.acceptance.triggers.world import HEALTH, Cell, World, needs, ratio

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    needs(NGINX, PROMETHEUS),
]

SLOW = {"latency": 2.5}
EDGE = {"edge-slow": ratio("edge", "slow"), "health": HEALTH}
P95: View = {"threshold": {"value": "quantile.p95", "when": "> 2s", "clear": "< 1.5s", "for": "2s"}, "warm_up": "1s"}
LARGEST: View = {"threshold": {"value": "spring.longest", "when": "> 2s", "for": "2s"}, "on_fire": "freeze"}
CELLS = {
    "access-log": Cell(rules=EDGE, fault=SLOW),
    "buckets": Cell(rules={"bucket-slow": ratio("buckets", "slow")}, fault=SLOW),
    "own": Cell(rules={"own-late": ratio("own", "failures")}, fault={"hang": True}),
    "quantile": Cell(
        rules={
            "quantile-p95": {**P95, "on_fire": "freeze"},
            "quantile-seen": {**P95, "on_fire": "observe", "instead_of": "rollback"},
            "health": HEALTH,
        },
        fault=SLOW,
    ),
    "spring": Cell(rules={"spring-longest": LARGEST, "health": HEALTH}, fault=SLOW),
    "both-colours": Cell(rules=EDGE, fault=SLOW, on=("blue", "green")),
}


def sources(scene: Scene, stack: ExitStack) -> View:
    server = lab.prometheus(scene, stack, "buckets", "quantile")
    histogram = lab.of("buckets", "http_request_duration_seconds")
    buckets = lab.of("quantile", "http_request_duration_seconds_bucket")
    p95 = f"histogram_quantile(0.95, sum by (le) (rate({buckets}[5s])))"
    longest = {"metric": "http.server.requests", "statistic": "MAX", "unit": "duration"}
    return {
        "buckets": lab.scraped(
            server,
            counters={
                "requests": lab.of("buckets", "http_request_duration_seconds_count"),
                "slow": {"histogram": histogram, "above": "2s"},
            },
        ),
        "quantile": lab.scraped(server, gauges={"p95": {"query": p95, "unit": "duration"}}),
        "own": {"synthetic": {"every": "250ms", "timeout": "2s", "requests": {"page": {"path": "/probe"}}}},
        "spring": {"actuator": {"poll": "1s", "metrics": {"longest": longest}}},
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with lab.world(CELLS, sources) as made:
        yield made


@pytest.mark.parametrize("cell", ["access-log", "buckets", "own"])
def test_slow_answers_are_rolled_back(world: World, cell: str) -> None:
    """As a count of those over 2 s, by the log, by a histogram's buckets, or by requests of our own that hang."""
    times = world.rolled_back(cell)

    lab.say(f"p95 / {cell}: {times}")
    assert times.proved <= lab.WITHIN_S


@pytest.mark.parametrize("cell", ["quantile", "spring"])
def test_a_gauge_of_latency_holds_the_release(world: World, cell: str) -> None:
    """It promises nothing about false alarms, so it freezes and people are asked; the split stays."""
    took = world.frozen(cell)

    lab.say(f"p95 / {cell}: frozen after {took:.1f} s")
    assert took <= lab.WITHIN_S


def test_an_observing_rule_says_what_it_would_have_done(world: World) -> None:
    """The same p95, and a rollback that is only spoken of."""
    view = world.watches["quantile"].until(lambda view: bool(view["deployment"]["would_have"]), "a wish", every=0.2)

    assert [("quantile-seen", "rollback")] == [(each["rule"], each["ask"]) for each in view["deployment"]["would_have"]]


def test_slow_answers_of_both_colours_are_not_rolled_back(world: World) -> None:
    """It is said that both suffer, and people are asked."""
    assert "common_cause" == world.blocked("both-colours")
