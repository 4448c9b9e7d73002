"""Memory and processors on order: what a leak, a cache that is too large and a loop that spins do to an application.

What lives here: holding, leaking and burning, and what the process uses. What must not: HTTP, the other faults.

A burner is a process of its own, so that the application still answers, and so that a measure which forgets children is
found out. It ends with its parent.

    python -m simulations.lab.app_load SHARE PARENT
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

MIB = 2**20
TICK_S = 0.1
"""A leak grows, and a burner with a part of a core spins and rests, once in this time."""

_PROJECT = Path(__file__).resolve().parents[2]


class Load:
    """What one process holds and burns. Each order replaces the last one of its kind; 0 ends it."""

    def __init__(self) -> None:
        self._held = b""
        self._leaked: list[bytes] = []
        self._leak_mib = 0.0
        self._leaking: threading.Thread | None = None
        self._burners: list[subprocess.Popen[bytes]] = []
        self._cores = 0.0
        self._process = psutil.Process()
        self._last = (time.monotonic(), self._cpu_seconds())
        self._usage = 0.0

    def hold(self, mib: float) -> None:
        """Keep so much memory, resident."""
        self._held = b"\x01" * int(mib * MIB)

    def leak(self, mib: float) -> None:
        """Keep so much more each second."""
        self._leak_mib = mib
        if mib and (self._leaking is None or not self._leaking.is_alive()):
            self._leaking = threading.Thread(target=self._leak, name="leak", daemon=True)
            self._leaking.start()

    def burn(self, cores: float) -> None:
        """Keep so many cores busy; half a core is half the time."""
        for burner in self._burners:
            burner.kill()
            burner.wait()
        shares = [1.0] * int(cores) + ([cores % 1] if cores % 1 else [])
        argv = [sys.executable, "-m", "simulations.lab.app_load"]
        environment = {**os.environ, "PYTHONPATH": str(_PROJECT)}
        self._burners = [subprocess.Popen([*argv, str(share), str(os.getpid())], env=environment) for share in shares]
        self._cores = cores

    def clear(self) -> None:
        """Give everything back."""
        self.hold(0)
        self.leak(0)
        self._leaked.clear()
        self.burn(0)

    def exposition(self, colour: str) -> list[str]:
        """Lines of Prometheus text: of the process with its burners."""
        label = f'{{color="{colour}"}}'
        lines = [
            line for name, value in self.gauges().items() for line in (f"# TYPE {name} gauge", f"{name}{label} {value}")
        ]
        counter = "process_cpu_seconds_total"
        return [*lines, f"# TYPE {counter} counter", f"{counter}{label} {self._cpu_seconds():.2f}"]

    def gauges(self) -> dict[str, float]:
        """What the process and its burners use now, by name."""
        return {
            "process_resident_memory_bytes": sum(each.memory_info().rss for each in self._processes()),
            "process_cpu_usage": round(self._cpu_usage(), 4),
            "app_held_bytes": len(self._held) + sum(map(len, self._leaked)),
            "app_burned_cores": self._cores,
        }

    def _leak(self) -> None:
        while self._leak_mib:
            self._leaked.append(b"\x01" * int(self._leak_mib * MIB * TICK_S))
            time.sleep(TICK_S)

    def _processes(self) -> list[psutil.Process]:
        return [self._process, *(psutil.Process(each.pid) for each in self._burners if each.poll() is None)]

    def _cpu_seconds(self) -> float:
        own = self._process.cpu_times()
        seconds = own.user + own.system + own.children_user + own.children_system
        for burner in self._processes()[1:]:
            times = burner.cpu_times()
            seconds += times.user + times.system
        return float(seconds)

    def _cpu_usage(self) -> float:
        """Share of the machine's processors since it was last asked; what it was then when that is just now."""
        now, seconds = time.monotonic(), self._cpu_seconds()
        before, then = self._last
        if now - before >= TICK_S:
            self._usage = (seconds - then) / ((now - before) * (os.cpu_count() or 1))
            self._last = (now, seconds)
        return self._usage


def spin(share: float, parent: int) -> None:
    """Keep one core busy for that share of the time, as long as the parent lives."""
    while os.getppid() == parent:
        end, spent = time.monotonic() + TICK_S, time.process_time() + TICK_S * share
        while time.process_time() < spent:  # by its own time: on a busy machine it would otherwise burn less
            pass
        time.sleep(max(0.0, end - time.monotonic()))


if __name__ == "__main__":
    spin(float(sys.argv[1]), int(sys.argv[2]))
