"""The processes of one colour: by unit, by control group, or by pid file.

What lives here: from each of the three ways to one look. What must not: differences, readings.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from watchdog.core.model import Missing
from watchdog.sources.host import system, units
from watchdog.sources.host.cgroups import Cgroup, Hierarchies
from watchdog.sources.host.units import SystemdError, UnitState
from watchdog.sources.host.values import Amount, GoneError, Lacking, Look, Seen


class Group(Protocol):
    """Processes that are measured together."""

    @property
    def counts(self) -> tuple[str, ...]:
        """Which of `restarts` and `oom_kills` it has."""
        ...

    def see(self) -> Seen:
        """Look once. Never raises for what is not there."""
        ...

    def __str__(self) -> str:
        """What it is, for people."""
        ...


@dataclass(frozen=True, slots=True)
class PidFile:
    """A process whose number is in a file, with its descendants."""

    file: Path
    counts: tuple[str, ...] = ("restarts",)

    def see(self) -> Seen:
        """The process tree."""
        try:
            return Seen(look=system.look(system.tree(self.file)))
        except GoneError as gone:
            return Seen(look=Lacking(missing=Missing.EMPTY, why=str(gone)))
        except OSError as error:
            return Seen(look=Lacking(why=f"{self.file}: {error.strerror}"))
        except ValueError:
            return Seen(look=Lacking(why=f"{self.file} holds no process number"))

    def __str__(self) -> str:
        """The file."""
        return f"pid file {self.file}"


@dataclass(frozen=True, slots=True)
class CgroupAt:
    """A control group."""

    path: str
    hierarchies: Callable[[], Hierarchies] = Hierarchies.mounted
    counts: tuple[str, ...] = ("restarts", "oom_kills")

    def see(self) -> Seen:
        """The group's own figures, and those of the processes in it."""
        try:
            cgroup = Cgroup(self.path, self.hierarchies())
        except GoneError as gone:
            nothing = Lacking(missing=Missing.EMPTY, why=str(gone))
            return Seen(look=nothing, oom_kills=nothing)
        except OSError as error:
            nothing = Lacking(why=f"control groups: {error.strerror}")
            return Seen(look=nothing, oom_kills=nothing)
        return Seen(look=_inside(cgroup), oom_kills=cgroup.oom_kills())

    def __str__(self) -> str:
        """The path."""
        return f"control group {self.path}"


@dataclass(frozen=True, slots=True)
class Unit:
    """A systemd unit, which has a control group while it runs."""

    name: str
    ask: Callable[[str], UnitState] = units.state
    hierarchies: Callable[[], Hierarchies] = Hierarchies.mounted
    counts: tuple[str, ...] = ("restarts", "oom_kills")

    def see(self) -> Seen:
        """The unit's restarts, also while it does not run, and its group."""
        try:
            state = self.ask(self.name)
        except GoneError as gone:
            nothing = Lacking(missing=Missing.EMPTY, why=str(gone))
            return Seen(look=nothing, restarts=nothing, oom_kills=nothing)
        except SystemdError as error:
            nothing = Lacking(why=str(error))
            return Seen(look=nothing, restarts=nothing, oom_kills=nothing)
        restarts: Amount = float(state.restarts)
        if not state.cgroup:
            nothing = Lacking(missing=Missing.EMPTY, why=f"{self.name} is {state.active}")
            return Seen(look=nothing, restarts=restarts, oom_kills=nothing)
        return replace(CgroupAt(state.cgroup, self.hierarchies).see(), restarts=restarts)

    def __str__(self) -> str:
        """The name."""
        return f"unit {self.name}"


def _inside(cgroup: Cgroup) -> Look | Lacking:
    try:
        inside = system.look(system.running(cgroup.pids()))
    except GoneError as gone:
        return Lacking(missing=Missing.EMPTY, why=f"/{cgroup.path}: {gone}")
    limit, quota = cgroup.memory_limit(), cgroup.quota()
    return replace(
        inside,
        cpu_seconds=cgroup.cpu_seconds(),
        cores=inside.cores if quota is None else min(quota, inside.cores),
        memory=cgroup.memory(),
        memory_limit=inside.memory_limit if limit is None else min(limit, inside.memory_limit),
    )
