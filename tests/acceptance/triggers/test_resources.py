"""CPU and memory spikes: the candidate burns, holds or leaks."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from simulations.lab.apps import AppProcess
from simulations.lab.nginx import NGINX
from simulations.lab.processes import wait_until
from simulations.lab.prometheus import PROMETHEUS
from simulations.lab.scene import Scene
from tests.acceptance.daemon_world import View
from tests.acceptance.triggers import world as lab
from tests.acceptance.triggers.world import HEALTH, Cell, World, needs

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.timeout(120),
    needs(NGINX, PROMETHEUS),
]

BURN = {"burn": 0.4}
FLOOR_CORES = 0.12
"""Well above what the application takes with its users, and below what is burnt on a machine that others use, too."""
FLOOR = f"{100 * FLOOR_CORES / (os.cpu_count() or 1):.1f}%"
BASELINE = {"baseline": "1m", "min_readings": 10, "for": "2s"}
BEFORE_S = 6.0
"""Ten readings of the sources below, before the deployments."""
RHYTHM = {"poll": "500ms", "idle_poll": "500ms"}


def rule(kind: str, **keys: object) -> View:
    return {kind: keys, "on_fire": "rollback"}


CELLS = {
    "processes-cpu": Cell(
        rules={"processes-cpu": rule("spike", value="processes.cpu", floor=FLOOR, **BASELINE)}, fault=BURN
    ),
    "processes-leak": Cell(
        rules={
            "processes-leak": rule(
                "trend", value="leaking.memory_bytes", limit="> 1GiB", horizon="10m", over="5s", **{"for": "2s"}
            )
        },
        fault={"leak": 8},
    ),
    "scraped-memory": Cell(
        rules={"scraped-memory": rule("threshold", value="memory.resident", when="> 300MiB", **{"for": "2s"})},
        fault={"hold": 300},
    ),
    "scraped-cpu": Cell(
        rules={"scraped-cpu": rule("spike", value="seconds.cpu", floor=f"{FLOOR_CORES}", **BASELINE)}, fault=BURN
    ),
    "spring-cpu": Cell(
        rules={"spring-cpu": rule("threshold", value="spring.cpu", when=f"> {FLOOR}", **{"for": "2s"})}, fault=BURN
    ),
    "shared-process": Cell(
        rules={
            "shared-memory": {
                "threshold": {"value": "shared.memory_bytes", "when": "> 300MiB", "for": "2s"},
                "on_fire": "freeze",
            },
            "health": HEALTH,
        },
        fault={},
        order=lambda: WORKER[0].fault(hold=300),
    ),
    "stable-alone": Cell(
        rules={"stable-cpu": rule("spike", value="stable.cpu", floor=FLOOR, **BASELINE)}, fault=BURN, on=("blue",)
    ),
}
WORKER: list[AppProcess] = []
"""A process that works for both colours."""


def sources(scene: Scene, stack: ExitStack) -> View:
    folder = scene.paths.run_dir
    WORKER[:] = [stack.enter_context(AppProcess.start("blue", folder / "worker"))]
    (folder / "worker.pid").write_text(f"{WORKER[0].child.pid}\n")
    for (service, colour), app in scene.apps.items():
        (folder / f"{service}-{colour}.pid").write_text(f"{app.child.pid}\n")
    server = lab.prometheus(scene, stack, "scraped-memory", "scraped-cpu")
    wait_until(lambda: server.value("count(up == 1)") == 4, what="the first scrapes", timeout=20.0, every=0.1)
    resident = lab.of("scraped-memory", "process_resident_memory_bytes")
    seconds = lab.of("scraped-cpu", "process_cpu_seconds_total")
    cpu = {"metric": "process.cpu.usage", "unit": "share"}
    return {
        **{
            name: {"host": {"pid_file": str(folder / f"{service}-$colour.pid"), "disk": {}, **rhythm}}
            for name, service, rhythm in (
                ("processes", "processes-cpu", RHYTHM),
                ("leaking", "processes-leak", {"poll": "250ms"}),
                ("stable", "stable-alone", RHYTHM),
            )
        },
        "shared": {"host": {"pid_file": str(folder / "worker.pid"), "disk": {}, **RHYTHM}},
        "memory": lab.scraped(server, gauges={"resident": {"query": f"max({resident})", "unit": "size"}}),
        "seconds": lab.scraped(server, gauges={"cpu": {"query": f"sum(rate({seconds}[4s]))", "unit": "number"}}),
        "spring": {"actuator": {**RHYTHM, "metrics": {"cpu": cpu}}},
    }


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with lab.world(CELLS, sources, before=BEFORE_S) as made:
        yield made


@pytest.mark.parametrize("cell", ["processes-cpu", "processes-leak", "scraped-memory", "scraped-cpu", "spring-cpu"])
def test_what_the_candidate_takes_is_rolled_back(world: World, cell: str) -> None:
    """Against what was usual before the deployment, against a limit, and on its way to one."""
    times = world.rolled_back(cell)

    lab.say(f"resources / {cell}: {times}")
    assert times.proved <= lab.WITHIN_S


def test_what_is_not_one_colours_holds_the_release(world: World) -> None:
    """A process that works for both: the other colour has the same one, so people are asked."""
    took = world.frozen("shared-process")

    lab.say(f"resources / shared-process: frozen after {took:.1f} s")
    assert took <= lab.WITHIN_S


def test_what_stable_takes_is_no_fault_of_the_candidate(world: World) -> None:
    """It is seen, of stable."""
    world.fires("stable-alone", "stable-cpu", "blue")
    assert [] == world.orders("stable-alone")
