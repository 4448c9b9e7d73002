"""What the daemon costs when nothing happens: memory, CPU, time to ready, time to `--help`.

20 rules on the access log and on health pages asked every 5 s, no deployment, no traffic, messages configured. Memory
is the daemon's resident set at the end; CPU is user and system time over the watched seconds.
What lives here: the measurement. What must not: anything that makes the daemon smaller than it is.

The last line is one JSON object: `rss_mib`, `cpu_percent`, `ready_s` and `help_ms` (medians of several starts).
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

from simulations.lab.processes import run_folder
from simulations.lab.scene import Scene

RULES: Final = 20
STARTS: Final = 5


def main(argv: list[str]) -> int:
    """Run it; exit status 0."""
    parser = argparse.ArgumentParser(prog="idle", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="watch for 10 s instead of 60")
    parser.add_argument("--seconds", type=float)
    options = parser.parse_args(argv)
    seconds = options.seconds or (10.0 if options.quick else 60.0)
    readies = []
    with run_folder() as folder, Scene(folder, changes=_changes()) as scene:
        for _ in range(STARTS - 1):
            readies.append(_start(scene))
            scene.daemon.stop()
        readies.append(_start(scene))
        daemon = scene.daemon
        time.sleep(2.0)  # past the start's own work
        before, at = daemon.cpu_seconds, time.monotonic()
        time.sleep(seconds)
        share = (daemon.cpu_seconds - before) / (time.monotonic() - at)
        rss = daemon.rss_mb * 1e6 / 2**20
    figures = {
        "rss_mib": round(rss, 1),
        "cpu_percent": round(100 * share, 2),
        "ready_s": round(statistics.median(readies), 2),
        "help_ms": round(statistics.median(_help_ms() for _ in range(STARTS)), 0),
        "rules": RULES,
        "seconds": seconds,
    }
    print(json.dumps(figures))
    return 0


def _start(scene: Scene) -> float:
    """Start the daemon; seconds until its control socket answers."""
    began = time.monotonic()
    scene.start_daemon()
    return time.monotonic() - began


def _changes() -> dict[str, Any]:
    """Twenty rules of every kind, and somebody to tell."""
    rules: dict[str, Any] = {
        f"errors-{number}": {
            "sequential_ratio": {"bad": "edge.errors", "total": "edge.requests", "limit": f"{number + 2}%"},
            "on_fire": "rollback",
        }
        for number in range(8)
    }
    for number in range(8, RULES - 1):
        rules[f"slow-{number}"] = {
            "threshold": {"value": "health.seconds", "when": f"> {number}s", "for": "30s"},
            "on_fire": "observe",
        }
    rules["health"] = {"probe": {"signal": "health.up", "fall": 3, "rise": 2}, "on_fire": "rollback"}
    return {
        "sources": {"health": {"health": {"poll": "5s", "timeout": "2s"}}},
        "rules": {"error-rate": None, "latency-p95": None, **rules},
        "services": {"shop": {"rules": list(rules)}},
        "contacts": {"on-call": {"apprise": "json://127.0.0.1:9/"}},
        "escalation": [{"level": 2, "after": "0s", "repeat": "1m", "contacts": ["on-call"]}],
    }


def _help_ms() -> float:
    """The console script as it is installed, from start to end."""
    began = time.monotonic()
    script = Path(sys.executable).with_name("rollback-watchdog")
    subprocess.run([script, "--help"], check=True, capture_output=True)
    return 1000 * (time.monotonic() - began)
