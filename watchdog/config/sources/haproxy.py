"""HAProxy's statistics in plain values.

What lives here: their values and the translation. What must not: how they are read.
"""

from dataclasses import dataclass

from watchdog.config.schema.sources.haproxy import Haproxy
from watchdog.config.sources.colour import coloured
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class HaproxyPool:
    """Where HAProxy has one colour's servers, with `$colour` filled in."""

    colour: Colour
    backend: str
    servers: tuple[str, ...]
    """None: all of the backend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaproxySettings:
    """One HAProxy source of one service."""

    name: str
    service: str
    poll: float
    timeout: float
    socket: str
    """A path, or `host:port`."""
    pools: tuple[HaproxyPool, HaproxyPool]
    """Blue, green."""


def haproxy_settings(name: str, service_name: str, haproxy: Haproxy) -> HaproxySettings:
    """The source of that name, for one service."""
    return HaproxySettings(
        name=name,
        service=service_name,
        poll=float(haproxy.poll),
        timeout=float(haproxy.timeout),
        socket=haproxy.socket,
        pools=(_pool(Colour.BLUE, haproxy), _pool(Colour.GREEN, haproxy)),
    )


def _pool(colour: Colour, haproxy: Haproxy) -> HaproxyPool:
    return HaproxyPool(
        colour=colour,
        backend=coloured(haproxy.backend, colour),
        servers=tuple(coloured(server, colour) for server in haproxy.servers),
    )
