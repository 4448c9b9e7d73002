"""The daemon with nothing but Prometheus and Alertmanager to see by: outages of theirs, and faults of a release."""

import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from simulations.lab.load import LoadProcess
from simulations.lab.processes import run_folder, wait_until
from simulations.lab.prometheus import Alertmanager, Prometheus, available
from simulations.lab.scene import COLOURS, Scene
from tests.acceptance.daemon_world import Watch, changes, step

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.long,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not available(), reason="needs prometheus and prometheus-alertmanager"),
]

OWN = 'color="$colour"'
RULES: dict[str, Any] = {
    "metric-errors": {
        "sequential_ratio": {"bad": "metrics.errors", "total": "metrics.requests", "limit": "5%", "ride_out": "0.5s"},
        "on_fire": "rollback",
        "warm_up": "1s",
    },
    "metric-slow": {
        "sequential_ratio": {"bad": "metrics.slow", "total": "metrics.requests", "limit": "5%", "ride_out": "0.5s"},
        "on_fire": "rollback",
        "warm_up": "1s",
    },
    "metric-p95": {"threshold": {"value": "metrics.p95", "when": "> 2s"}, "on_fire": "rollback"},
    "alerts": {"probe": {"signal": "alerts.clear", "fall": 2}, "on_fire": "rollback"},
}
SCRAPE = "500ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    scene: Scene
    prometheus: Prometheus
    alertmanager: Alertmanager
    load: LoadProcess
    watch: Watch

    def release(self) -> str:
        """A healthy release that has everybody, with every rule known."""
        self.scene.fault("green", clear=True)
        deployment = self.watch.submit(f"5.{time.monotonic_ns()}", plan="half")
        self.watch.until(lambda view: set(self.judgements("green")) == {"known"}, "rules that see", timeout=30.0)
        return deployment

    def judgements(self, colour: str) -> list[str]:
        rules = [each for each in self.watch.view()["rules"] if each["name"] in RULES and each["colour"] == colour]
        return [each["judgement"] for each in rules]

    def fired(self, deployment: str) -> list[list[str]]:
        return [each["rules"] for each in self.watch.of(deployment, "RollbackOrdered")]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    more = {"plans": {"half": {"steps": [step("50%", "10m"), {"weight": "100%"}], "bake": "10m"}}}
    with run_folder() as folder, Scene(folder, changes=changes(**more), seed=1) as scene:
        targets = [scene.app(colour).server for colour in COLOURS]
        expr = 'sum by (color) (rate(http_requests_total{status="503"}[2s])) > 1'
        with (
            Alertmanager.start(folder) as alertmanager,
            Prometheus.start(
                folder, targets, scrape=SCRAPE, alerts={"Unavailable": expr}, alertmanager=alertmanager.port
            ) as prometheus,
        ):
            scene.write_environment(_sources(prometheus, alertmanager))
            load = scene.start_load(rate=40)
            wait_until(lambda: prometheus.value("up") is not None, what="scrapes", timeout=20.0, every=0.1)
            scene.start_daemon()
            yield World(scene=scene, prometheus=prometheus, alertmanager=alertmanager, load=load, watch=Watch(scene))


def _sources(prometheus: Prometheus, alertmanager: Alertmanager) -> dict[str, Any]:
    rhythm = {"poll": "250ms", "idle_poll": "250ms", "timeout": "1s"}
    return {
        "sources": {
            "metrics": {
                "prometheus": {
                    "url": prometheus.url,
                    "scrape": SCRAPE,
                    **rhythm,
                    "counters": {
                        "requests": f"http_requests_total{{{OWN}}}",
                        "errors": f'http_requests_total{{{OWN},status="500"}}',
                        "slow": {"histogram": f"http_request_duration_seconds{{{OWN}}}", "above": "1s"},
                    },
                    "gauges": {
                        "p95": {
                            "query": "histogram_quantile(0.95, sum by (le) "
                            f"(rate(http_request_duration_seconds_bucket{{{OWN}}}[5s])))",
                            "unit": "duration",
                        }
                    },
                },
                "required": True,
            },
            "alerts": {"alertmanager": {"url": alertmanager.url, "matchers": [OWN, "severity=critical"], **rhythm}},
        },
        "rules": RULES,
        "services": {"shop": {"rules": list(RULES), "health": "health"}},
    }


def test_an_outage_of_the_monitoring_rolls_nothing_back(world: World) -> None:
    """Prometheus hangs, dies and comes back, Alertmanager hangs: rules that do not see, a pause, few lines."""
    deployment = world.release()
    log = world.scene.daemon.log_path
    before = len(log.read_text(errors="replace"))

    def said(source: str) -> list[str]:
        lines = [
            json.loads(line) for line in log.read_text(errors="replace")[before:].splitlines() if "poll failed" in line
        ]
        return [line["error"] for line in lines if line["source"] == source]

    world.prometheus.child.signal(signal.SIGSTOP)
    world.alertmanager.child.signal(signal.SIGSTOP)
    wait_until(lambda: bool(said("metrics") and said("alerts")), what="two lines")
    time.sleep(2.5)  # two more polls that time out
    assert {"unknown"} == set(world.judgements("green"))
    assert ("blind", "soaking") == (world.watch.view()["verdict"], world.watch.deployment()["phase"])
    world.alertmanager.child.signal(signal.SIGCONT)
    world.prometheus.child.kill()
    time.sleep(2.0)  # eight polls of a server that is gone
    world.prometheus.restart()
    world.watch.until(lambda view: set(world.judgements("green")) == {"known"}, "rules that see again")

    deployed = world.watch.deployment()
    assert (deployment, "soaking", 0.5) == (deployed["id"], deployed["phase"], deployed["in_force"]["weight"])
    assert ([], []) == (world.fired(deployment), world.watch.incidents(deployment))
    assert ["no complete answer within 1 s"] == said("alerts")
    assert "no complete answer within 1 s" == said("metrics")[0]
    assert len(said("metrics")) <= 5  # late, gone, and what a server knows that has just begun
    world.watch.client.rollback("shop", because="the next test")
    world.watch.until_phase("rolled_back")


@pytest.mark.parametrize(
    ("fault", "rules"),
    [
        ({"error_rate": 0.5}, {"metric-errors"}),
        ({"latency": 3.0}, {"metric-slow", "metric-p95"}),
        ({"error_rate": 1.0, "status": 503}, {"alerts"}),
    ],
)
def test_a_fault_is_rolled_back_by_what_was_scraped(world: World, fault: dict[str, Any], rules: set[str]) -> None:
    """Failures and slowness as counts, the p95 as a gauge, and an alert of Prometheus' own."""
    deployment = world.release()
    world.scene.fault("green", **fault)
    world.watch.until_phase("rolled_back")
    (fired,) = world.fired(deployment)
    assert set(fired) & rules
    world.scene.fault("green", clear=True)
