"""The daemon's own machine, and processes on it.

What lives here: the keys. What must not: how they are measured (`watchdog.sources.host`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainValidator

from watchdog.config.errors import wrong
from watchdog.config.schema.base import Complaint
from watchdog.config.schema.sources.base import PolledModel, SignalSpec
from watchdog.config.sources.colour import tells_colours
from watchdog.config.words import AbsolutePath, Name

Group = Literal["machine", "unit", "cgroup", "pid_file"]
"""What is measured beside the machine itself."""

_UNIT = re.compile(r"[A-Za-z0-9:_.@$\{\}-]{1,200}\.(?:service|scope|slice)")
_OF_MACHINE = frozenset({"swap", "load", "disk"})
"""Whatever is measured beside it."""
_NOT_OF: Mapping[Group, frozenset[str]] = {
    "machine": frozenset({"restarts"}),
    "unit": frozenset(),
    "cgroup": frozenset(),
    "pid_file": frozenset({"oom_kills"}),
}


def unit_name(value: object) -> str:
    """A systemd unit that has processes."""
    if not isinstance(value, str) or not _UNIT.fullmatch(value):
        raise wrong(value, "a unit's full name, such as app-$colour.service")
    return value


UnitName = Annotated[str, PlainValidator(unit_name)]


class Host(PolledModel):
    """CPU, memory, load and disks of the machine that the daemon runs on; with `unit`, `cgroup` or `pid_file` CPU,
    memory and files of those processes instead. With `$colour` in it they are told apart by colour.
    """

    REQUIRED: ClassVar[bool] = False
    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "cpu": SignalSpec(kind="gauge", unit="share"),
        "memory": SignalSpec(kind="gauge", unit="share"),
        "memory_bytes": SignalSpec(kind="gauge", unit="size"),
        "processes": SignalSpec(kind="gauge", unit="number"),
        "threads": SignalSpec(kind="gauge", unit="number"),
        "open_files": SignalSpec(kind="gauge", unit="share"),
        "restarts": SignalSpec(kind="count"),
        "oom_kills": SignalSpec(kind="count"),
        "swap": SignalSpec(kind="gauge", unit="share", per_colour=False),
        "load": SignalSpec(kind="gauge", unit="number", per_colour=False),
        "disk": SignalSpec(kind="gauge", unit="share", per_colour=False, members=frozenset(), bare=False),
    }

    unit: UnitName | None = Field(
        default=None, description="A systemd unit: `app-$colour.service`. Left out, with the next two: the machine."
    )
    cgroup: AbsolutePath | None = Field(
        default=None,
        description="A control group as /proc/PID/cgroup writes it: `/docker/$colour`. Versions 1 and 2.",
    )
    pid_file: AbsolutePath | None = Field(
        default=None, description="A file with a process's number; its children count too: `/run/app-$colour.pid`."
    )
    disk: dict[Name, AbsolutePath] | None = Field(
        default=None,
        description="Names for file systems, each by a path on it: `{data: /var/lib/postgresql}`. `{}`: none. "
        "Left out: `{root: /}`.",
    )

    @property
    def group(self) -> tuple[Group, str]:
        """What is measured, and where it is written."""
        if self.unit is not None:
            return "unit", self.unit
        if self.cgroup is not None:
            return "cgroup", self.cgroup
        return ("machine", "") if self.pid_file is None else ("pid_file", self.pid_file)

    @property
    def disks(self) -> Mapping[str, str]:
        """File systems by name."""
        return {"root": "/"} if self.disk is None else self.disk

    def signals(self) -> Mapping[str, SignalSpec]:
        """Those that what is measured has."""
        kind, where = self.group
        told = tells_colours(where)
        specs = {
            name: spec if name in _OF_MACHINE else replace(spec, per_colour=told)
            for name, spec in self.CATALOGUE.items()
            if name not in _NOT_OF[kind]
        }
        disk = replace(specs.pop("disk"), members=frozenset(self.disks))
        return {**specs, "disk": disk} if self.disks else specs

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and several things at once."""
        yield from self.rhythm_complaints()
        given = [key for key in ("unit", "cgroup", "pid_file") if getattr(self, key) is not None]
        for key in given[1:]:
            yield (key,), f"and {given[0]} are two ways to name processes; wanted one of them"
