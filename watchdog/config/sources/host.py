"""The daemon's own machine in plain values.

What lives here: the values and the translation. What must not: how it is measured.
"""

from dataclasses import dataclass

from watchdog.config.schema.sources.host import Group, Host
from watchdog.config.sources.colour import coloured, tells_colours
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class HostSettings:
    """One host source of one service."""

    name: str
    service: str
    poll: float
    group: Group
    """What `targets` are; of a machine there are none."""
    targets: tuple[tuple[Colour | None, str], ...]
    """By colour; None when they do not tell the colours apart."""
    disks: tuple[tuple[str, str], ...]
    """Name and path."""


def host_settings(name: str, service_name: str, host: Host) -> HostSettings:
    """The source of that name, for one service."""
    group, where = host.group
    targets: tuple[tuple[Colour | None, str], ...] = ()
    if tells_colours(where):
        targets = tuple((colour, coloured(where, colour)) for colour in Colour)
    elif group != "machine":
        targets = ((None, where),)
    return HostSettings(
        name=name,
        service=service_name,
        poll=float(host.poll),
        group=group,
        targets=targets,
        disks=tuple(host.disks.items()),
    )
