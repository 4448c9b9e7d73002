"""What users see of a candidate that fails in a canary step: with the shield, without it, and by the comparator.

The candidate has 10 or 50 % of the users and fails 100 or 30 % of its requests; GETs at 50 or 500 requests/s on
kept-alive connections. The real daemon reads the access log with the laboratory's rules (no divert, so that a run is
one decision). The figures come from the load generator (what users saw) and from a log of nginx's own (who was asked
first), between the fault and the proved rollback. The comparator is measured in the same case but for `--no-peer`.

What lives here: the cases, the runs and the figures. What must not: the laboratory (`simulations.lab`).

The last line is one JSON object, by case (`10_100_50`: weight, failing share, requests/s; medians of the runs):
`seen_by_users`, `shielded`, `candidate_failed` (first tries), `rollback_s` and `rollback_unshielded_s` (fault to the
decision), `cut_s` and `cut_unshielded_s` (fault to the last request that the candidate was asked first),
`seen_unshielded`, `peer_user_errors`.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

from simulations.bench import peer
from simulations.lab.load import LoadProcess
from simulations.lab.processes import LabError, run_folder, wait_until
from simulations.lab.results import last_before_first_cut, since
from simulations.lab.scene import Scene
from simulations.lab.tried import Tried, by_first, operator, read_tried
from watchdog.control.client import Client

WEIGHTS: Final = (10, 50)
ERRORS: Final = (100, 30)
RATES: Final = (50, 500)

SETTLED_S: Final = 4.0
"""Healthy time in the step before the fault, warm-up included."""
AT_MOST_S: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One cell of the table."""

    weight: int
    errors: int
    rate: int

    @property
    def name(self) -> str:
        return f"{self.weight}_{self.errors}_{self.rate}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One fault; seconds from it."""

    seen: int
    failed: int
    shielded: int
    decided_s: float
    cut_s: float


def main(argv: list[str]) -> int:
    """Run it; exit status 1 when a user saw an error with the shield."""
    parser = argparse.ArgumentParser(prog="shield", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one run per case")
    parser.add_argument("--runs", type=int, help="runs per case (3)")
    parser.add_argument("--no-peer", action="store_true", help="without the comparator")
    parser.add_argument("--only", nargs="+", metavar="CASE", help="some of the cases, such as 10_100_50")
    options = parser.parse_args(argv)
    runs = options.runs or (1 if options.quick else 3)
    cases = [Case(weight=weight, errors=errors, rate=rate) for weight, errors, rate in product(WEIGHTS, ERRORS, RATES)]
    results = {}
    for case in cases:
        if options.only and case.name not in options.only:
            continue
        shielded, bare = (_runs(case, runs, shield=shield) for shield in (True, False))
        results[case.name] = figures(shielded, bare, None if options.no_peer else _peer(case))
    print(json.dumps(results))
    return int(any(case["seen_by_users"] for case in results.values()))


def _peer(case: Case) -> int:
    found = peer.run("fast", case.errors, candidate_percent=case.weight, rate=case.rate, keep_alive=20)
    _say(f"{case.name} comparator: {found['user_errors']} user errors, cut {found['cut_s']} s")
    return int(found["user_errors"])


def _runs(case: Case, runs: int, *, shield: bool) -> list[Run]:
    """All runs of one case in one scene: after each rollback the release is fine again and deployed anew."""
    found = []
    with run_folder() as folder:
        log = folder / "seen.log"
        with Scene(folder, changes=_changes(case, shield=shield), operator=operator(log)) as scene:
            scene.start_daemon()
            client = scene.client()
            with scene.start_load(rate=case.rate, users=1000, keep_alive=20) as load:
                for number in range(runs):
                    _to_the_step(scene, client, f"2.{number}", case.weight / 100)
                    time.sleep(SETTLED_S)
                    run = _one_run(scene, client, load, log, case.errors / 100)
                    _say(
                        f"{case.name} {'shield' if shield else 'bare'} run {number + 1}: {run.failed} failed,"
                        f" {run.seen} seen, decided {run.decided_s:.2f} s, cut {run.cut_s:.2f} s"
                    )
                    found.append(run)
    return found


def _one_run(scene: Scene, client: Client, load: LoadProcess, log: Path, errors: float) -> Run:
    fault = scene.fault("green", error_rate=errors)
    wait_until(lambda: _deployment(scene, client)["phase"] == "rolled_back", what="the rollback", timeout=AT_MOST_S)
    rollback = _deployment(scene, client)["rollback"]
    time.sleep(1.0)  # the silence after the cut, as `quiet_seconds` wants it, and the load's own buffer
    seen = sum(each.failed for each in since(load.records(), fault))
    scene.fault("green", clear=True)
    return measured(read_tried(log), fault, scene.server("green"), seen=seen, decided=rollback["decided"])


def measured(tried: Sequence[Tried], fault: float, candidate: str, *, seen: int, decided: float) -> Run:
    """One run's figures from nginx's log. LabError when the candidate was not asked after the fault."""
    cut = last_before_first_cut(by_first(tried, candidate, "green", "blue"), "green", fault=fault)
    if cut is None:
        raise LabError("the candidate was not asked after the fault")
    failed = [each for each in tried if each.started >= fault and each.failed_at(candidate)]
    return Run(
        seen=seen,
        failed=len(failed),
        shielded=sum(each.shielded for each in failed),
        decided_s=decided - fault,
        cut_s=cut - fault,
    )


def figures(shielded: Sequence[Run], bare: Sequence[Run], peer_errors: int | None) -> dict[str, Any]:
    """One case's cell."""

    def middle(runs: Sequence[Run], name: str) -> float:
        return round(float(statistics.median(getattr(run, name) for run in runs)), 2)

    return {
        "seen_by_users": max(run.seen for run in shielded),
        "shielded": middle(shielded, "shielded"),
        "candidate_failed": middle(shielded, "failed"),
        "peer_user_errors": peer_errors,
        "seen_unshielded": middle(bare, "seen"),
        "rollback_s": middle(shielded, "decided_s"),
        "rollback_unshielded_s": middle(bare, "decided_s"),
        "cut_s": middle(shielded, "cut_s"),
        "cut_unshielded_s": middle(bare, "cut_s"),
    }


def _changes(case: Case, *, shield: bool) -> dict[str, Any]:
    gate = {"requests": 5, "per_critical_route": 0}
    steps = [{"weight": f"{case.weight}%", "soak": "30m", "gate": gate}, {"weight": "100%"}]
    service = {
        "plan": "canary",
        "on_suspect": "pause",
        "cool_down": "0s",
        "budget": "none",
        "router": {"nginx": {"shield": shield}},
    }
    return {"services": {"shop": service}, "plans": {"canary": {"steps": steps, "bake": "30m"}}}


def _to_the_step(scene: Scene, client: Client, release: str, weight: float) -> None:
    client.submit(scene.service, release)

    def there() -> bool:
        deployment = _deployment(scene, client)
        if deployment["phase"] == "aborted":
            raise LabError(f"the release was aborted: {deployment['checks']}")
        return bool(deployment["release"] == release and abs(deployment["in_force"]["weight"] - weight) < 1e-9)

    wait_until(there, what="the step", timeout=60.0, every=0.05)


def _deployment(scene: Scene, client: Client) -> Any:
    return client.status()["services"][scene.service]["deployment"]


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
