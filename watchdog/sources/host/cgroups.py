"""Control groups, of version 2 and of version 1, also side by side.

What lives here: where a group's files are and what they say. What must not: processes, differences. A limit of a group
above holds for those below, so the least of them counts.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from watchdog.sources.host.values import Amount, GoneError, Lacking

MOUNTS: Final = Path("/proc/self/mounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchies:
    """Where control groups are mounted."""

    unified: Path | None = None
    """Version 2."""
    controllers: Mapping[str, Path] = field(default_factory=dict)
    """Version 1: each controller's, and `name=systemd`."""

    @classmethod
    def mounted(cls, mounts: Path = MOUNTS) -> "Hierarchies":
        """As the kernel says. OSError."""
        unified: Path | None = None
        controllers: dict[str, Path] = {}
        for line in mounts.read_text().splitlines():
            _, where, kind, options, *_ = line.split(" ")
            if kind == "cgroup2":
                unified = unified or Path(where)
            elif kind == "cgroup":
                controllers.update((option, Path(where)) for option in options.split(","))
        return cls(unified=unified, controllers=controllers)

    @property
    def roots(self) -> list[Path]:
        """Each hierarchy once."""
        return list(dict.fromkeys([*([self.unified] if self.unified else []), *self.controllers.values()]))


class Cgroup:
    """One group, wherever it is mounted."""

    def __init__(self, path: str, hierarchies: Hierarchies) -> None:
        """`path` as in /proc/PID/cgroup. GoneError when there is none."""
        self.path = path.strip("/")
        self._roots = hierarchies
        self._folders = [root / self.path for root in hierarchies.roots if (root / self.path).is_dir()]
        if not self._folders:
            raise GoneError(f"there is no control group /{self.path}")

    def pids(self) -> list[int]:
        """Its processes, and those of groups in it."""
        found: set[int] = set()
        for folder in self._folders:
            for file in folder.rglob("cgroup.procs"):
                with contextlib.suppress(OSError):  # a group that has just ended, or a threaded one
                    found.update(int(line) for line in file.read_text().split())
        return sorted(found)

    def cpu_seconds(self) -> Amount:
        """Time on the processors since the group was made."""
        if (text := self._read2("cpu.stat")) is not None and (used := _field(text, "usage_usec")) is not None:
            return used / 1e6
        if (text := self._read1("cpuacct", "cpuacct.usage")) is not None:
            return float(text) / 1e9
        return Lacking(why=f"/{self.path} does not count processor time; set CPUAccounting=yes")

    def quota(self) -> float | None:
        """How many processors it may use; None: all."""
        quotas = [each for each in (*self._quotas2(), *self._quotas1()) if each is not None]
        return min(quotas, default=None)

    def memory(self) -> Amount:
        """Bytes in use, without file pages that can be dropped at once."""
        if (text := self._read2("memory.current")) is not None:
            return float(text) - (_field(self._read2("memory.stat") or "", "inactive_file") or 0.0)
        if (text := self._read1("memory", "memory.usage_in_bytes")) is not None:
            stat = self._read1("memory", "memory.stat") or ""
            return float(text) - (_field(stat, "total_inactive_file") or 0.0)
        return Lacking(why=f"/{self.path} does not count memory; set MemoryAccounting=yes")

    def memory_limit(self) -> float | None:
        """Bytes that it may use; None: no limit."""
        limits = [
            float(text) for folder in self._upwards(self._roots.unified) if (text := _number(folder / "memory.max"))
        ]
        if (stat := self._read1("memory", "memory.stat")) is not None:
            limits += [limit for limit in [_field(stat, "hierarchical_memory_limit")] if limit is not None]
        return min(limits, default=None)

    def oom_kills(self) -> Amount:
        """Its processes that the kernel has ended for want of memory, since the group was made."""
        texts = (self._read2("memory.events"), self._read1("memory", "memory.oom_control"))
        counts = [count for text in texts if text is not None and (count := _field(text, "oom_kill")) is not None]
        return counts[0] if counts else Lacking(why=f"/{self.path} does not count oom kills; set MemoryAccounting=yes")

    def _quotas2(self) -> Iterator[float | None]:
        for folder in self._upwards(self._roots.unified):
            quota, _, period = (_text(folder / "cpu.max") or "max").partition(" ")
            yield None if quota == "max" else float(quota) / float(period)

    def _quotas1(self) -> Iterator[float | None]:
        for folder in self._upwards(self._roots.controllers.get("cpu")):
            quota, period = _text(folder / "cpu.cfs_quota_us"), _text(folder / "cpu.cfs_period_us")
            yield float(quota) / float(period) if quota and period and float(quota) > 0 else None

    def _upwards(self, root: Path | None) -> list[Path]:
        """Its folder and those above."""
        if root is None:
            return []
        folder = root / self.path
        return [folder, *(above for above in folder.parents if above.is_relative_to(root))]

    def _read2(self, name: str) -> str | None:
        return None if self._roots.unified is None else _text(self._roots.unified / self.path / name)

    def _read1(self, controller: str, name: str) -> str | None:
        root = self._roots.controllers.get(controller)
        return None if root is None else _text(root / self.path / name)


def _text(file: Path) -> str | None:
    try:
        return file.read_text().strip()
    except OSError:
        return None


def _number(file: Path) -> str | None:
    text = _text(file)
    return text if text and text.isdigit() else None


def _field(text: str, name: str) -> float | None:
    """The value beside a name, one pair on each line."""
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        if key == name:
            return float(value)
    return None
