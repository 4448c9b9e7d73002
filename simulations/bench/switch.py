"""Time from the order to the last request that reaches the candidate: by nginx's brake, by its reload, by HAProxy.

500 requests/s on 20 kept-alive connections, the candidate at 100 %, the real routers on real balancers.
What lives here: the measurement. What must not: a way of switching of its own.

The last line is one JSON object: `nginx_brake_ms`, `nginx_reload_ms`, `haproxy_ms` (medians), `failed_requests`, and
every run.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

from simulations.lab.load import Load, LoadProcess
from simulations.lab.processes import Child, accepts, free_port, run_folder, wait_until
from simulations.lab.results import of_colour
from simulations.lab.scene import Scene
from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.daemon import adapters
from watchdog.sources.edge_ring import EdgeRing
from watchdog.traffic.haproxy.router import HaproxyRouter
from watchdog.traffic.nginx.router import NginxRouter
from watchdog.traffic.probes import Entry

RATE: Final = 500.0
SETTLE_S: Final = 0.7
"""Time for old workers to go and for the load to show which colour answers."""

_HOME: Final = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="switch")
_FULL: Final = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=1.0, salt="switch")
_HAPROXY: Final = """\
global
  stats socket {socket} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 70s
  timeout server 60s
frontend users
  bind 127.0.0.1:{port}
  default_backend app
backend app
  server blue {blue} weight 128
  server green {green} weight 0
"""


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
        figures |= _haproxy(scene, folder / "haproxy", runs)
    print(json.dumps(figures))
    return 0


def _haproxy(scene: Scene, folder: Path, runs: int) -> dict[str, Any]:
    """The same users and applications behind HAProxy, whose candidate is cut off by the router's rollback."""
    folder.mkdir()
    servers = {colour: scene.server(colour) for colour in Colour}
    port = free_port()
    (folder / "haproxy.cfg").write_text(
        _HAPROXY.format(socket=folder / "admin.sock", port=port, blue=servers[Colour.BLUE], green=servers[Colour.GREEN])
    )
    with Child.start(("haproxy", "-db", "-f", folder / "haproxy.cfg"), name="haproxy", run_dir=folder) as child:
        wait_until(lambda: accepts(port), what="haproxy", children=[child])
        router = HaproxyRouter(
            service="switch",
            socket=str(folder / "admin.sock"),
            backend="app",
            servers={colour: (colour.value,) for colour in Colour},
            addresses={colour: (server,) for colour, server in servers.items()},
            state=folder / "state",
            entry=Entry(url=f"http://127.0.0.1:{port}/", host="localhost"),
            token="switch",  # noqa: S106 - nobody asks for it here
            wall=time.time,
            state_file=folder / "server-state",
        )
        with LoadProcess.start(Load(port=port, rate=RATE, keep_alive=20), folder) as users:
            cuts = asyncio.run(_cuts(router, users, runs))
            failed = sum(each.failed for each in users.stop())
    return {
        "haproxy_ms": round(statistics.median(cuts), 1),
        "haproxy_cuts_ms": [round(each, 1) for each in cuts],
        "haproxy_failed_requests": failed,
    }


async def _cuts(router: HaproxyRouter, users: LoadProcess, runs: int) -> list[float]:
    cuts = []
    for _ in range(runs):
        await router.prepare((_HOME,))
        await router.apply(_FULL, brake=False, note="switch")
        await asyncio.sleep(SETTLE_S)
        cuts.append(await _last_on_green(users, partial(router.apply, _HOME, brake=True, note="switch")))
        print(f"haproxy {cuts[-1]:.1f} ms", file=sys.stderr, flush=True)
    await router.close()
    return cuts


async def _measure(router: NginxRouter, users: LoadProcess, runs: int) -> dict[str, Any]:
    # Not prepared: that wants the daemon's own edge log. An order renders and stages what it needs on the spot.
    await router.apply(_FULL, brake=False, note="switch")
    brakes, reloads = [], []
    for _ in range(runs):
        pull = partial(router.pull_brake, Colour.GREEN, BrakeKind.DIVERT, "switch")
        brakes.append(await _last_on_green(users, pull))
        await router.release_brake(Colour.GREEN)
        reloads.append(await _last_on_green(users, partial(router.apply, _HOME, brake=False, note="switch")))
        await router.apply(_FULL, brake=False, note="switch")
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
