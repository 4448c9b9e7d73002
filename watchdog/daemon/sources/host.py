"""The daemon's own machine, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.host` does.
"""

from collections.abc import Callable
from pathlib import Path

from watchdog.config.sources.host import HostSettings
from watchdog.core.model import Seconds
from watchdog.sources.host.groups import CgroupAt, Group, PidFile, Unit
from watchdog.sources.host.source import HostSource


def host(settings: HostSettings, now: Callable[[], Seconds]) -> HostSource:
    """A host source."""
    return HostSource(
        name=settings.name,
        interval=settings.poll,
        groups=[(colour, _group(settings, where)) for colour, where in settings.targets],
        disks={name: Path(path) for name, path in settings.disks},
        now=now,
    )


def _group(settings: HostSettings, where: str) -> Group:
    match settings.group:
        case "unit":
            return Unit(where)
        case "cgroup":
            return CgroupAt(where)
        case _:
            return PidFile(Path(where))
