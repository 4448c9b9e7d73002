"""Time from a fault to the last candidate request before the first cut, beside an alerting chain tuned for speed.

50 requests/s, green at 100 % of traffic, warm-up over, one connection per request. Three profiles of ours (divert; no
divert with `ride_out: 0.5s`; no divert with the default 3 s) at 100 and 30 % errors, and the comparator (Prometheus,
Alertmanager, webhook, reload; profile `fast`) in the same run, one after the other. Both sides are measured by the
same load generator and the same definition.

What lives here: the runs and the figures. What must not: the comparator (`peer`), the laboratory (`simulations.lab`).

The last line is one JSON object: `divert_100 divert_30 fast_100 fast_30 default_100 default_30`, each with `ours_s`
(median), `ours_all_s`, `peer_s` (median), `ratio` (peer_s / ours_s), `user_errors` (median, until traffic is proved
back), and `proved_s` (median, fault to the proved rollback).
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from simulations.bench import peer
from simulations.lab.processes import LabError, run_folder, wait_until
from simulations.lab.results import last_before_first_cut, since
from simulations.lab.scene import Scene
from watchdog.control.client import Client

RATE: Final = 50.0
WARM_UP_S: Final = 2.0
"""Shorter than the default 10 s, so that 90 runs fit into an hour; the fault comes after it either way."""

SETTLED_S: Final = 4.0
"""Healthy time at 100 % before the fault, warm-up included."""

PROFILES: Final[Mapping[str, tuple[str, str]]] = {
    "divert": ("divert", "3s"),
    "fast": ("pause", "0.5s"),
    "default": ("pause", "3s"),
}
"""`on_suspect` and `ride_out`."""

ERRORS: Final = (100, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One fault and what followed; seconds from the fault."""

    cut_s: float
    proved_s: float
    user_errors: int


def main(argv: list[str]) -> int:
    """Run it; exit status 1 when a run did not end in a proved rollback."""
    parser = argparse.ArgumentParser(
        prog="detection", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="two runs of ours and one of the comparator per cell")
    parser.add_argument("--runs", type=int, help="runs of ours per cell (15)")
    parser.add_argument("--peer-runs", type=int, help="runs of the comparator per cell (5); 0 leaves it out")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    runs = options.runs or (2 if options.quick else 15)
    peer_runs = options.peer_runs if options.peer_runs is not None else (1 if options.quick else 5)
    rng = random.Random(options.seed)
    beside = {percent: _peer_runs(percent, peer_runs) for percent in ERRORS}
    results: dict[str, Any] = {}
    for name in PROFILES:
        for percent in ERRORS:
            results[f"{name}_{percent}"] = _figures(_our_runs(name, percent, runs, rng), beside[percent])
    print(json.dumps(results))
    return 0


def _peer_runs(percent: int, runs: int) -> list[float]:
    found = []
    for number in range(runs):
        took = peer.run("fast", percent, rate=RATE)["cut_s"]
        _say(f"comparator {percent} % run {number + 1}: {took:.2f} s")
        found.append(took)
    return found


def _our_runs(profile: str, percent: int, runs: int, rng: random.Random) -> list[Run]:
    """All runs of one cell in one scene: after each rollback the release is fine again and deployed anew."""
    found = []
    with run_folder() as folder, Scene(folder, changes=_changes(*PROFILES[profile])) as scene:
        scene.start_daemon()
        with Client(scene.paths.control) as client, scene.start_load(rate=RATE) as load:
            for number in range(runs):
                _to_full_traffic(scene, client, f"2.{number}")
                time.sleep(SETTLED_S + rng.uniform(0.0, 0.25))  # a random phase against the slices' clock
                fault = scene.fault("green", error_rate=percent / 100)
                wait_until(
                    lambda: _phase(scene, client) == "rolled_back", what="the rollback", timeout=60.0, every=0.05
                )
                proved = _deployment(scene, client)["rollback"]["proved"] - fault
                records = since(load.records(), fault)
                last = last_before_first_cut(load.records(), "green", fault=fault)
                if last is None:
                    raise LabError("green was never cut off")
                run = Run(cut_s=last - fault, proved_s=proved, user_errors=sum(each.failed for each in records))
                _say(f"{profile}_{percent} run {number + 1}: cut {run.cut_s:.2f} s, proved {proved:.1f} s")
                found.append(run)
                scene.fault("green", clear=True)
    return found


def _changes(on_suspect: str, ride_out: str) -> dict[str, Any]:
    ratio = {"sequential_ratio": {"window": "1h", "ride_out": ride_out}, "warm_up": f"{WARM_UP_S:g}s"}
    gate = {"requests": 5, "per_critical_route": 0}
    steps = [{"weight": "10%", "soak": "1s", "gate": gate}, {"weight": "50%", "soak": "1s", "gate": gate}]
    return {
        "rules": {"error-rate": ratio, "latency-p95": ratio},
        "services": {"shop": {"on_suspect": on_suspect, "plan": "canary"}},
        "plans": {"canary": {"steps": [*steps, {"weight": "100%"}], "bake": "30m"}},
    }


def _to_full_traffic(scene: Scene, client: Client, release: str) -> None:
    client.submit(scene.service, release)
    wait_until(lambda: _phase(scene, client) == "baking", what="100 % on green", timeout=60.0, every=0.05)


def _deployment(scene: Scene, client: Client) -> Any:
    return client.status()["services"][scene.service]["deployment"]


def _phase(scene: Scene, client: Client) -> str:
    phase = str(_deployment(scene, client)["phase"])
    if phase == "aborted":
        raise LabError(f"the release was aborted: {_deployment(scene, client)['checks']}")
    return phase


def _figures(ours: Sequence[Run], beside: Sequence[float]) -> dict[str, Any]:
    took = statistics.median(run.cut_s for run in ours)
    figures: dict[str, Any] = {
        "ours_s": round(took, 3),
        "peer_s": round(statistics.median(beside), 3) if beside else None,
        "ratio": round(statistics.median(beside) / took, 2) if beside else None,
        "user_errors": statistics.median(run.user_errors for run in ours),
        "proved_s": round(statistics.median(run.proved_s for run in ours), 2),
        "ours_all_s": [round(run.cut_s, 3) for run in ours],
        "peer_all_s": [round(each, 3) for each in beside],
    }
    return figures


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
