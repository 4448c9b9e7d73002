"""Errors over 5 %: half of the candidate's requests fail."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from simulations.lab.haproxy import HAPROXY
from simulations.lab.nginx import NGINX
from simulations.lab.prometheus import PROMETHEUS
from simulations.lab.scene import Scene
from tests.acceptance.daemon_world import View
from tests.acceptance.triggers import world as lab
from tests.acceptance.triggers.world import HEALTH, Cell, World, needs, ratio

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    needs(NGINX, PROMETHEUS, HAPROXY),
]

HALF = {"error_rate": 0.5}


VERSUS: View = {
    "canary_vs_stable": {"bad": "edge.errors", "total": "edge.requests"},
    "on_fire": "rollback",
    "warm_up": "1s",
}
EDGE = ratio("edge")
CELLS = {
    "access-log": Cell(rules={"edge-errors": EDGE, "health": HEALTH}, fault=HALF),
    "against-stable": Cell(rules={"worse-than-stable": VERSUS, "health": HEALTH}, fault=HALF),
    "scraped": Cell(rules={"scraped-errors": ratio("scraped")}, fault=HALF),
    "proxied": Cell(rules={"proxied-errors": ratio("proxied")}, fault=HALF, haproxy=True),
    "spring": Cell(rules={"spring-errors": ratio("spring")}, fault=HALF),
    "own": Cell(rules={"own-failures": ratio("own", "failures")}, fault=HALF),
    "both-colours": Cell(
        rules={
            "edge-errors": EDGE,
            "worse-than-stable": VERSUS,
            "both-scraped-errors": ratio("both-scraped"),
            "health": HEALTH,
        },
        fault=HALF,
        on=("blue", "green"),
    ),
    "stable-alone": Cell(
        rules={"edge-errors": EDGE, "worse-than-stable": VERSUS, "health": HEALTH}, fault=HALF, on=("blue",)
    ),
}


def sources(scene: Scene, stack: ExitStack) -> View:
    server = lab.prometheus(scene, stack, "scraped", "both-colours")
    outcomes = {"requests": {}, "errors": {"tags": {"outcome": "SERVER_ERROR"}, "absent": "zero"}}
    metrics = {
        name: {"metric": "http.server.requests", "statistic": "COUNT", **more} for name, more in outcomes.items()
    }
    return {
        **{
            source: lab.scraped(
                server,
                counters={
                    "requests": lab.of(service, "http_requests_total"),
                    "errors": lab.of(service, "http_requests_total", 'status=~"5.."'),
                },
            )
            for source, service in (("scraped", "scraped"), ("both-scraped", "both-colours"))
        },
        "proxied": {"haproxy": {"socket": str(scene.haproxy.socket), "backend": "proxied-$colour"}},
        "spring": {"actuator": {"poll": "1s", "metrics": metrics}},
        "own": {"synthetic": {"every": "250ms", "requests": {"page": {"path": "/probe"}}}},
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with lab.world(CELLS, sources) as made:
        yield made


@pytest.mark.parametrize("cell", ["access-log", "against-stable", "scraped", "proxied", "spring", "own"])
def test_errors_are_rolled_back(world: World, cell: str) -> None:
    """Whoever counts them: proved within 30 s of the fault, for the reason that the source gave."""
    times = world.rolled_back(cell)

    lab.say(f"errors / {cell}: {times}")
    assert times.proved <= lab.WITHIN_S


def test_errors_of_both_colours_are_not_rolled_back(world: World) -> None:
    """It is said that both suffer, and people are asked; what compares them is silent."""
    assert "common_cause" == world.blocked("both-colours")
    assert "firing" != world.level("both-colours", "worse-than-stable", "green")


def test_errors_of_stable_are_no_fault_of_the_candidate(world: World) -> None:
    """They are seen, of stable."""
    world.fires("stable-alone", "edge-errors", "blue")
    assert [] == world.orders("stable-alone")
    assert [] == world.watches["stable-alone"].incidents(world.deployments["stable-alone"])
