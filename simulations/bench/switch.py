"""Time from the order to the last request that reaches the candidate: by the brake, and by reload alone.

500 requests/s on 20 kept-alive connections, the candidate at 100 %, the real router on a real nginx.
What lives here: the measurement. What must not: a way of switching of its own.

The last line is one JSON object: `nginx_brake_ms`, `nginx_reload_ms` (medians), `failed_requests`, and every run.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from simulations.lab.load import LoadProcess
from simulations.lab.processes import run_folder
from simulations.lab.results import of_colour
from simulations.lab.scene import Scene
from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.daemon import adapters
from watchdog.sources.edge_ring import EdgeRing
from watchdog.traffic.nginx.router import NginxRouter

RATE: Final = 500.0
SETTLE_S: Final = 0.7
"""Time for old workers to go and for the load to show which colour answers."""


def main(argv: list[str]) -> int:
    """Run it; exit status 0."""
    parser = argparse.ArgumentParser(prog="switch", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="3 runs instead of 15")
    parser.add_argument("--runs", type=int)
    options = parser.parse_args(argv)
    runs = options.runs or (3 if options.quick else 15)
    with run_folder() as folder, Scene(folder) as scene:
        (scene.paths.state / "brake").mkdir(mode=0o755)  # the daemon makes it at its start
        compiled = compile_(load(str(scene.write_environment())))
        router = adapters.nginx_router(compiled, compiled.services[0], EdgeRing(), time.time, asyncio.Lock())
        with scene.start_load(rate=RATE, keep_alive=20) as users:
            figures = asyncio.run(_measure(router, users, runs))
            figures["failed_requests"] = sum(each.failed for each in users.stop())
    print(json.dumps(figures))
    return 0


async def _measure(router: NginxRouter, users: LoadProcess, runs: int) -> dict[str, Any]:
    full = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=1.0, salt="switch")
    home = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="switch")
    # Not prepared: that wants the daemon's own edge log. An order renders and stages what it needs on the spot.
    await router.apply(full, brake=False, note="switch")
    brakes, reloads = [], []
    for _ in range(runs):
        pull = partial(router.pull_brake, Colour.GREEN, BrakeKind.DIVERT, "switch")
        brakes.append(await _last_on_green(users, pull))
        await router.release_brake(Colour.GREEN)
        reloads.append(await _last_on_green(users, partial(router.apply, home, brake=False, note="switch")))
        await router.apply(full, brake=False, note="switch")
        print(f"brake {brakes[-1]:.1f} ms, reload {reloads[-1]:.1f} ms", file=sys.stderr, flush=True)
    await router.close()
    return {
        "nginx_brake_ms": round(statistics.median(brakes), 1),
        "nginx_reload_ms": round(statistics.median(reloads), 1),
        "brakes_ms": [round(each, 1) for each in brakes],
        "reloads_ms": [round(each, 1) for each in reloads],
    }


async def _last_on_green(users: LoadProcess, order: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds from the order to the start of the last request that green answered; 0 when none came after it."""
    await asyncio.sleep(SETTLE_S)
    ordered = time.time()
    await order()
    await asyncio.sleep(SETTLE_S)
    starts = [each.started for each in of_colour(users.records(), "green") if each.started >= ordered]
    return 1000.0 * (max(starts, default=ordered) - ordered)
