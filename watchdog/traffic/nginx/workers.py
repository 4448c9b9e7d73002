"""nginx's processes as the kernel shows them: who is the master, which workers take requests, since when.

What lives here: reading /proc. What must not: starting or signalling anything.
"""

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
DEFAULT_PID: Final = Path("/run/nginx.pid")


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process; pid and start together are never used twice."""

    pid: int
    started: float
    """Seconds since boot, in steps of a clock tick (10 ms)."""
    draining: bool
    """It finishes what it has and takes no new connection."""

    @property
    def identity(self) -> tuple[int, float]:
        """What tells it from every other process of this boot."""
        return self.pid, self.started


def pid_file(main: Path) -> Path:
    """Where nginx writes its master's pid, by the main configuration; nginx's own default when it does not say."""
    try:
        found = re.search(r"^\s*pid\s+[\"']?([^;\"'\s]+)", main.read_text(errors="replace"), re.MULTILINE)
    except OSError:
        found = None
    return Path(found[1]) if found else DEFAULT_PID


def master(pid: Path) -> int | None:
    """The master's pid, if the file names a process that is alive."""
    try:
        number = int(pid.read_text().strip())
    except (OSError, ValueError):
        return None
    return number if (_PROC / str(number)).exists() else None


def _stat(pid: int) -> list[str]:
    # The command's name stands in brackets and may contain anything, also brackets and spaces.
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _children(parent: int) -> list[int]:
    try:
        return [int(word) for word in (_PROC / f"{parent}/task/{parent}/children").read_text().split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        pass
    found = []
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            try:
                if int(_stat(int(entry.name))[1]) == parent:
                    found.append(int(entry.name))
            except (OSError, IndexError):
                continue
    return found


def workers(pid: Path) -> tuple[Worker, ...]:
    """The master's workers; none when nginx does not run, or runs where its processes cannot be seen."""
    parent = master(pid)
    found = []
    for child in _children(parent) if parent else ():
        try:
            title = (_PROC / str(child) / "cmdline").read_bytes().decode(errors="replace")
            if title.startswith("nginx: worker process"):
                found.append(Worker(child, int(_stat(child)[19]) / _TICKS, "shutting down" in title))
        except (OSError, IndexError):  # it ended meanwhile
            continue
    return tuple(found)


def active(pid: Path) -> frozenset[tuple[int, float]]:
    """The identities of the workers that take new requests."""
    return frozenset(worker.identity for worker in workers(pid) if not worker.draining)


def user(pid: int) -> tuple[int, frozenset[int]]:
    """The effective user id and all groups of a process."""
    text = (_PROC / str(pid) / "status").read_text()
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    groups = {int(fields["Gid"].split()[1]), *(int(word) for word in fields["Groups"].split())}
    return int(fields["Uid"].split()[1]), frozenset(groups)


def owner(pid: Path) -> tuple[int, frozenset[int]] | None:
    """The user and groups of the workers, any of which can end at this moment; None when none is to be seen."""
    for worker in workers(pid):
        with contextlib.suppress(OSError, KeyError):
            return user(worker.pid)
    return None


def uptime() -> float:
    """Seconds since boot, on the same scale as `Worker.started`."""
    return float((_PROC / "uptime").read_text().split()[0])
