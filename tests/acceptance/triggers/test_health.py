"""Failed health checks: the candidate's health page says DOWN, or an alert says so of it."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest

from simulations.lab.haproxy import HAPROXY
from simulations.lab.nginx import NGINX
from simulations.lab.prometheus import ALERTMANAGER, Alertmanager
from simulations.lab.scene import COLOURS, Scene
from tests.acceptance.daemon_world import View
from tests.acceptance.triggers import world as lab
from tests.acceptance.triggers.world import HEALTH, Cell, World, needs, probe

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    needs(NGINX, HAPROXY, ALERTMANAGER),
]

DOWN = {"health": "down"}
SCRIPT = """\
#!/bin/bash
# Asks the colour's health page, with nothing but the shell.
declare -A port=({ports})
exec 3<>"/dev/tcp/127.0.0.1/${{port[$1]}}" || exit 1
printf 'GET /health HTTP/1.1\\r\\nHost: lab\\r\\nConnection: close\\r\\n\\r\\n' >&3
read -r _ status _ <&3
[ "$status" = 200 ] || {{ echo "the health page answers $status" >&2; exit 1; }}
"""


@dataclass(slots=True)
class Alerts:
    """Where an alert is posted."""

    managers: list[Alertmanager] = field(default_factory=list)

    def post(self) -> float:
        labels = {"alertname": "TooManyErrors", "severity": "critical", "color": "green", "service": "alerts"}
        self.managers[0].post("alerts", [{"labels": labels}])
        return time.time()


ALERTS = Alerts()
CELLS = {
    "probe": Cell(rules={"health": HEALTH}, fault=DOWN),
    "spring": Cell(rules={"spring-health": probe("spring.health")}, fault=DOWN),
    "script": Cell(rules={"script-ok": probe("script.ok")}, fault=DOWN),
    "proxied": Cell(rules={"proxied-up": probe("proxied.server_up")}, fault=DOWN, haproxy=True),
    "alerts": Cell(rules={"alerts-clear": probe("alerts.clear")}, fault={}, order=ALERTS.post),
    "both-colours": Cell(rules={"health": HEALTH}, fault=DOWN, on=("blue", "green")),
    "stable-alone": Cell(rules={"health": HEALTH}, fault=DOWN, on=("blue",)),
}


def sources(scene: Scene, stack: ExitStack) -> View:
    manager = stack.enter_context(Alertmanager.start(scene.paths.run_dir))
    ALERTS.managers[:] = [manager]
    script = scene.paths.run_dir / "check-health"
    script.write_text(SCRIPT.format(ports=" ".join(f"[{each}]={scene.app(each, 'script').port}" for each in COLOURS)))
    script.chmod(0o755)
    matchers = ["severity=critical", "service=alerts", "color=$colour"]
    return {
        "spring": {"actuator": {"poll": "1s"}},
        "script": {"command": {"argv": [str(script), "$colour"], "poll": "1s"}},
        "proxied": {"haproxy": {"socket": str(scene.haproxy.socket), "backend": "proxied-$colour"}},
        "alerts": {"alertmanager": {"url": manager.url, "matchers": matchers, "poll": "1s"}},
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with lab.world(CELLS, sources) as made:
        yield made


@pytest.mark.parametrize("cell", ["probe", "spring", "script", "proxied", "alerts"])
def test_failed_checks_are_rolled_back(world: World, cell: str) -> None:
    """Three in a row, whoever checks; the second one takes the users off."""
    times = world.rolled_back(cell)

    lab.say(f"health / {cell}: {times}")
    assert times.proved <= lab.WITHIN_S


def test_failed_checks_of_both_colours_are_not_rolled_back(world: World) -> None:
    """There is nothing to roll back to, and people are asked."""
    assert world.blocked("both-colours") in {"stable_down", "common_cause"}


def test_failed_checks_of_stable_are_no_fault_of_the_candidate(world: World) -> None:
    """They are seen, of stable."""
    world.fires("stable-alone", "health", "blue")
    assert [] == world.orders("stable-alone")
