"""The comparator: Prometheus alert, Alertmanager, webhook, and a script that reloads nginx.

It is what an operator would build from parts. Both colours and the load are those of the laboratory, so that both
sides are measured by the same code. Green gets `--candidate` percent of the traffic, turns bad, and the chain moves
everything to blue. The main figure is `cut_s`: from the fault to the start of the last request that green answered
before traffic left it. The fault comes at a random phase of the scrape clock. Absolute times move with the machine:
compare runs of one machine only.

    script/bench peer [--profile fast|mid|default] [--errors 30] [--runs N] [--quick]
"""

import argparse
import json
import random
import shutil
import statistics
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from simulations.lab.apps import AppProcess
from simulations.lab.load import Load, LoadProcess
from simulations.lab.nginx import start_nginx
from simulations.lab.processes import Child, LabError, accepts, free_ports, run_folder, wait_until
from simulations.lab.results import Record, last_before_first_cut, since, summarise

DEBIAN_PACKAGES = ("prometheus", "prometheus-alertmanager", "webhook")
"""By Debian's names; each brings a program of the same name."""

TEMPLATES = Path(__file__).with_name("peer")

_AFTER_RELOAD_S = 3.0
_REQUESTS_MISSED = 25
"""Watched after the reload: more than `results.quiet_seconds` needs to call it a cut."""

_QUICK_RUNS = 1
_RUNS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How fast the chain is told to be. Durations as Prometheus writes them, but for `warm` and `at_most` (seconds)."""

    scrape: str
    scrape_timeout: str
    evaluation: str
    rate: str
    hold: str
    """The alert's `for`."""
    group_wait: str
    warm: float
    """Seconds of healthy traffic before the fault; fills the rate window."""
    at_most: float
    """Seconds that the chain is given after the fault."""


PROFILES = {
    "default": Profile(
        scrape="15s",
        scrape_timeout="10s",
        evaluation="15s",
        rate="1m",
        hold="30s",
        group_wait="30s",
        warm=80,
        at_most=300,
    ),
    "mid": Profile(
        scrape="5s", scrape_timeout="5s", evaluation="5s", rate="30s", hold="15s", group_wait="0s", warm=40, at_most=200
    ),
    "fast": Profile(
        scrape="1s", scrape_timeout="1s", evaluation="1s", rate="10s", hold="2s", group_wait="0s", warm=16, at_most=60
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    balancer: int
    prometheus: int
    alertmanager: int
    webhook: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What was done to the chain; part of every result."""

    profile: str
    error_percent: float
    candidate_percent: float = 100.0
    rate: float = 50.0
    keep_alive: int = 0


def check_installed() -> None:
    """LabError with the command that cures it when a program is missing."""
    missing = [name for name in DEBIAN_PACKAGES if shutil.which(name) is None]
    if missing:
        raise LabError(
            f"the comparator needs {', '.join(missing)}: apt-get install -y --no-install-recommends {' '.join(missing)}"
        )


def run(
    profile: str,
    error_percent: float,
    *,
    candidate_percent: float = 100.0,
    rate: float = 50.0,
    keep_alive: int = 0,
    seed: int | None = None,
) -> dict[str, Any]:
    """Bring the chain up, break green, measure. Times in seconds from the fault; None for what did not happen.

    LabError when a program is missing or does not come up.
    """
    check_installed()
    conditions = Conditions(
        profile=profile,
        error_percent=error_percent,
        candidate_percent=candidate_percent,
        rate=rate,
        keep_alive=keep_alive,
    )
    with run_folder() as run_dir, ExitStack() as stack:
        return _run(conditions, run_dir, stack, random.Random(seed))


def _run(conditions: Conditions, run_dir: Path, stack: ExitStack, rng: random.Random) -> dict[str, Any]:
    profile = PROFILES[conditions.profile]
    ports = Ports(**dict(zip(("balancer", "prometheus", "alertmanager", "webhook"), free_ports(4), strict=True)))
    blue, green = (stack.enter_context(AppProcess.start(colour, run_dir)) for colour in ("blue", "green"))
    write_files(
        run_dir, profile, ports, blue=blue.port, green=green.port, candidate_percent=conditions.candidate_percent
    )
    nginx = stack.enter_context(start_nginx(run_dir / "nginx.conf", run_dir, port=ports.balancer))
    chain = _start_chain(run_dir, ports, stack)
    load = stack.enter_context(
        LoadProcess.start(Load(port=nginx.port, rate=conditions.rate, keep_alive=conditions.keep_alive), run_dir)
    )
    time.sleep(profile.warm + rng.uniform(0, float(profile.scrape.removesuffix("s"))))
    fault = green.fault(error_rate=conditions.error_percent / 100)
    settle = max(_AFTER_RELOAD_S, _REQUESTS_MISSED * 100 / (conditions.rate * conditions.candidate_percent))
    events = _wait_for_reload(run_dir / "events.log", profile.at_most, settle)
    memory = {child.name: child.rss_mb for child in chain}
    records = load.stop()
    return {"bench": "peer", **asdict(conditions), **figures(records, events, fault), "rss_mb": memory}


def figures(records: Sequence[Record], events: dict[str, float], fault: float) -> dict[str, Any]:
    """What users saw and when the chain acted, from the fault on."""
    after = since(records, fault)
    total = summarise(after)
    cut = last_before_first_cut(records, "green", fault=fault) if "reloaded" in events else None
    return {
        "cut_s": _from(fault, cut),
        "hook_s": _from(fault, events.get("hook")),
        "reloaded_s": _from(fault, events.get("reloaded")),
        "user_errors": total.errors,
        "connection_errors": total.connection_errors,
        "requests_after_fault": total.requests,
        "errors_before_fault": sum(record.failed for record in records if record.started < fault),
        "worst_late_ms": total.worst_late_ms,
    }


def _from(fault: float, when: float | None) -> float | None:
    return None if when is None else round(when - fault, 3)


def write_files(
    run_dir: Path, profile: Profile, ports: Ports, *, blue: int, green: int, candidate_percent: float
) -> None:
    """Fill the templates in and write them to the run folder."""
    words = {
        "RUN": str(run_dir),
        "BLUE": str(blue),
        "GREEN": str(green),
        "SCRAPE": profile.scrape,
        "SCRAPE_TIMEOUT": profile.scrape_timeout,
        "EVALUATION": profile.evaluation,
        "RATE": profile.rate,
        "FOR": profile.hold,
        "GROUP_WAIT": profile.group_wait,
        **{name.upper(): str(port) for name, port in asdict(ports).items()},
    }
    for template in TEMPLATES.iterdir():
        text = template.read_text()
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        target = run_dir / template.name
        target.write_text(text)
        target.chmod(0o755 if target.suffix == ".sh" else 0o644)
    share = "* green;" if candidate_percent >= 100 else f"{candidate_percent:g}% green; * blue;"
    (run_dir / "split.conf").write_text(f'split_clients "$request_id" $pool {{ {share} }}\n')


def _start_chain(run_dir: Path, ports: Ports, stack: ExitStack) -> list[Child]:
    address = f"127.0.0.1:{ports.alertmanager}"
    commands: dict[str, list[str]] = {
        "prometheus-alertmanager": [
            f"--config.file={run_dir}/alertmanager.yml",
            f"--storage.path={run_dir}/alertmanager",
            f"--web.listen-address={address}",
            "--cluster.listen-address=",
        ],
        "prometheus": [
            f"--config.file={run_dir}/prometheus.yml",
            f"--storage.tsdb.path={run_dir}/tsdb",
            f"--web.listen-address=127.0.0.1:{ports.prometheus}",
        ],
        "webhook": ["-hooks", f"{run_dir}/hooks.json", "-ip", "127.0.0.1", "-port", str(ports.webhook)],
    }
    chain = [
        stack.enter_context(Child.start([name, *arguments], name=name, run_dir=run_dir))
        for name, arguments in commands.items()
    ]
    listening = (ports.alertmanager, ports.prometheus, ports.webhook)
    wait_until(lambda: all(map(accepts, listening)), what="the chain", timeout=30, children=chain)
    return chain


def _wait_for_reload(log: Path, at_most: float, settle: float) -> dict[str, float]:
    """The first time of each event, `settle` seconds after the reload; what there is when it never comes."""
    deadline = time.monotonic() + at_most
    while time.monotonic() < deadline:
        time.sleep(0.05)
        events = read_events(log)
        if "reloaded" in events:
            time.sleep(settle)
            return events
    return read_events(log)


def read_events(log: Path) -> dict[str, float]:
    """What the script wrote about green: the first time of each event."""
    events: dict[str, float] = {}
    for line in log.read_text().splitlines() if log.exists() else ():
        words = line.split()
        if len(words) == 3 and words[1] == "green":
            events.setdefault(words[0], float(words[2]))
    return events


def main(argv: list[str]) -> int:
    """Run it and print each run; 0 when every run moved the traffic."""
    parser = argparse.ArgumentParser(prog="script/bench peer", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--profile", choices=PROFILES, default="fast")
    parser.add_argument("--errors", type=float, default=30.0, help="percent of green's requests that fail")
    parser.add_argument("--candidate", type=float, default=100.0, help="percent of the traffic that green gets")
    parser.add_argument("--rate", type=float, default=50.0, help="requests per second")
    parser.add_argument("--keep-alive", type=int, default=0, help="idle connections kept; 0: one per request")
    parser.add_argument("--runs", type=int, help=f"default {_RUNS}")
    parser.add_argument("--quick", action="store_true", help=f"{_QUICK_RUNS} run")
    parser.add_argument("--seed", type=int, help="of the fault's phase against the scrape clock")
    options = parser.parse_args(argv)
    runs = options.runs or (_QUICK_RUNS if options.quick else _RUNS)
    results = []
    for number in range(runs):
        result = run(
            options.profile,
            options.errors,
            candidate_percent=options.candidate,
            rate=options.rate,
            keep_alive=options.keep_alive,
            seed=None if options.seed is None else options.seed + number,
        )
        results.append(result)
        print(f"run {number + 1} of {runs}: last request on green after {result['cut_s']} s", flush=True)
    cuts = [result["cut_s"] for result in results if result["cut_s"] is not None]
    report = {
        "bench": "peer",
        "runs": runs,
        "cut_s_median": round(statistics.median(cuts), 3) if cuts else None,
        "user_errors_median": statistics.median(result["user_errors"] for result in results),
        "results": results,
    }
    print(json.dumps(report))
    return 0 if len(cuts) == runs else 1
