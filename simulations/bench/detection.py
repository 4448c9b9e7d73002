"""Time from a fault to the last candidate request before the first cut, beside an alerting chain tuned for speed.

50 requests/s, green at 100 % of traffic, warm-up over, one connection per request. Three profiles of ours on the access
log (divert; no divert with `ride_out: 0.5s`; no divert with the default 3 s) at 100 and 30 % errors, and two that have
nothing but a real Prometheus to see by (scrapes every 1 s and divert; every 15 s and the shipped rules' defaults). The
comparator (Prometheus, Alertmanager, webhook, reload; profile `fast`, and `default` where it is asked for) is measured
in the same run, one after the other, by the same load generator and the same definition.

What lives here: the runs and the figures. What must not: the comparator (`peer`), the laboratory (`simulations.lab`).

The last line is one JSON object: `divert_100 divert_30 fast_100 fast_30 default_100 default_30 prom1s_100 prom1s_30
prom15s_100 prom15s_30`, each with `ours_s` (median), `ours_all_s`, `peer_s` (median), `ratio` (peer_s / ours_s),
`user_errors` (median, until traffic is proved back), `proved_s` (median, fault to the proved rollback). The cells of
Prometheus also have `peer_default_s`, the comparator as it is usually configured, when it was asked for.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from simulations.bench import peer
from simulations.lab.load import LoadProcess
from simulations.lab.processes import LabError, run_folder, wait_until
from simulations.lab.prometheus import Prometheus
from simulations.lab.results import last_before_first_cut, since
from simulations.lab.scene import COLOURS, Scene
from watchdog.control.client import Client

RATE: Final = 50.0
WARM_UP_S: Final = 2.0
"""Shorter than the default 10 s, so that 90 runs fit into an hour; the fault comes after it either way."""

SETTLED_S: Final = 4.0
"""Healthy time at 100 % before the fault, warm-up included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How we are told to watch."""

    on_suspect: str
    ride_out: str
    scrape_s: float = 0.0
    """Time between two scrapes; 0: the access log."""
    poll: str = ""
    at_most_s: float = 60.0
    """Seconds that a rollback is given."""

    @property
    def settled_s(self) -> float:
        """Healthy time before the fault: a scrape that reaches back over the first step is not counted."""
        return SETTLED_S if not self.scrape_s else WARM_UP_S + 1.5 * self.scrape_s + 1.0

    @property
    def phase_s(self) -> float:
        """The fault comes at a random phase of the slices' or scrapes' clock."""
        return self.scrape_s or 0.25


PROFILES: Final[Mapping[str, Profile]] = {
    "divert": Profile(on_suspect="divert", ride_out="3s"),
    "fast": Profile(on_suspect="pause", ride_out="0.5s"),
    "default": Profile(on_suspect="pause", ride_out="3s"),
    "prom1s": Profile(on_suspect="divert", ride_out="3s", scrape_s=1.0, poll="250ms"),
    "prom15s": Profile(on_suspect="pause", ride_out="3s", scrape_s=15.0, poll="5s", at_most_s=120.0),
}

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
    parser.add_argument("--only", nargs="+", metavar="PROFILE", choices=list(PROFILES), help="some of the profiles")
    parser.add_argument("--peer-default", type=int, default=0, help="runs of the comparator's usual profile (0)")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    runs = options.runs or (2 if options.quick else 15)
    peer_runs = options.peer_runs if options.peer_runs is not None else (1 if options.quick else 5)
    rng = random.Random(options.seed)
    beside = {percent: _peer_runs("fast", percent, peer_runs) for percent in ERRORS}
    usual = {percent: _peer_runs("default", percent, options.peer_default) for percent in ERRORS}
    results: dict[str, Any] = {}
    for name in options.only or PROFILES:
        for percent in ERRORS:
            cell = _figures(_our_runs(name, percent, runs, rng), beside[percent])
            if usual[percent] and PROFILES[name].scrape_s:
                cell["peer_default_s"] = round(statistics.median(usual[percent]), 3)
            results[f"{name}_{percent}"] = cell
    print(json.dumps(results))
    return 0


def _peer_runs(profile: str, percent: int, runs: int) -> list[float]:
    found = []
    for number in range(runs):
        took = peer.run(profile, percent, rate=RATE)["cut_s"]
        _say(f"comparator {profile} {percent} % run {number + 1}: {took:.2f} s")
        found.append(took)
    return found


def _our_runs(name: str, percent: int, runs: int, rng: random.Random) -> list[Run]:
    """All runs of one cell in one scene: after each rollback the release is fine again and deployed anew."""
    profile, found = PROFILES[name], []
    with run_folder() as folder, ExitStack() as stack:
        scene = stack.enter_context(Scene(folder, changes=_changes(profile)))
        if profile.scrape_s:
            _watch_by_prometheus(scene, profile, stack)
        scene.start_daemon()
        client = stack.enter_context(Client(scene.paths.control))
        load = stack.enter_context(scene.start_load(rate=RATE))
        for number in range(runs):
            _to_full_traffic(scene, client, f"2.{number}")
            time.sleep(profile.settled_s + rng.uniform(0.0, profile.phase_s))
            run = _one_run(scene, client, load, percent, profile.at_most_s)
            _say(f"{name}_{percent} run {number + 1}: cut {run.cut_s:.2f} s, proved {run.proved_s:.1f} s")
            found.append(run)
    return found


def _one_run(scene: Scene, client: Client, load: LoadProcess, percent: int, at_most: float) -> Run:
    fault = scene.fault("green", error_rate=percent / 100)
    wait_until(lambda: _phase(scene, client) == "rolled_back", what="the rollback", timeout=at_most, every=0.05)
    proved = _deployment(scene, client)["rollback"]["proved"] - fault
    records = since(load.records(), fault)
    last = last_before_first_cut(load.records(), "green", fault=fault)
    if last is None:
        raise LabError("green was never cut off")
    scene.fault("green", clear=True)
    return Run(cut_s=last - fault, proved_s=proved, user_errors=sum(each.failed for each in records))


def _changes(profile: Profile) -> dict[str, Any]:
    ratio = {"sequential_ratio": {"window": "1h", "ride_out": profile.ride_out}, "warm_up": f"{WARM_UP_S:g}s"}
    gate = {"requests": 5, "per_critical_route": 0}
    steps = [{"weight": "10%", "soak": "1s", "gate": gate}, {"weight": "50%", "soak": "1s", "gate": gate}]
    return {
        "rules": {"error-rate": ratio, "latency-p95": ratio},
        # The fault comes at 100 %, where there is no shield. A run follows a rollback at once, and there are many.
        "services": {"shop": {"on_suspect": profile.on_suspect, "plan": "canary", "cool_down": "0s", "budget": "none"}},
        "plans": {"canary": {"steps": [*steps, {"weight": "100%"}], "bake": "30m"}},
    }


def _watch_by_prometheus(scene: Scene, profile: Profile, stack: ExitStack) -> None:
    """Nothing but scraped counters: no rule on the access log, and none on health."""
    targets = [scene.app(colour).server for colour in COLOURS]
    scrape = f"{profile.scrape_s:g}s"
    server = stack.enter_context(Prometheus.start(scene.paths.run_dir, targets, scrape=scrape))
    wait_until(
        lambda: server.value("count(http_requests_total)") is not None,
        what="the first scrapes",
        timeout=profile.scrape_s + 15.0,
        children=[server.child],
        every=0.1,
    )
    own = 'color="$colour"'
    counters = {"requests": f"http_requests_total{{{own}}}", "errors": f'http_requests_total{{{own},status=~"5.."}}'}
    source = {
        "url": server.url,
        "poll": profile.poll,
        "idle_poll": profile.poll,
        "scrape": scrape,
        "counters": counters,
    }
    signals = {"bad": "metrics.errors", "total": "metrics.requests"}
    scene.write_environment(
        {
            "sources": {"metrics": {"prometheus": source}},
            "rules": {"error-rate": {"sequential_ratio": signals}},
            "services": {scene.service: {"rules": ["error-rate"], "health": "health"}},
        }
    )


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
