"""Health checks in plain values.

What lives here: their values and the translation. What must not: how they are made.
"""

from dataclasses import dataclass

from watchdog.config.forms import Expect
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.health import Health
from watchdog.config.sources.colour import coloured, coloured_secret
from watchdog.config.words import Secret
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthTarget:
    """One colour's servers, with `$colour` filled in."""

    colour: Colour
    urls: tuple[str, ...]
    """The health page of each server; the colour is up only if all are."""
    headers: tuple[tuple[str, Secret], ...]
    server_name: str | None
    """The name that the certificate must bear; None: the server's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthSettings:
    """One health source of one service."""

    name: str
    service: str
    poll: float
    timeout: float
    verify: bool
    ca: str | None
    """None: the system's certificates."""
    expect: Expect
    targets: tuple[HealthTarget, HealthTarget]
    """Blue, green."""


def health_settings(name: str, service_name: str, health: Health, service: Service) -> HealthSettings:
    """The source of that name, for one service."""
    tls = health.tls
    return HealthSettings(
        name=name,
        service=service_name,
        poll=float(health.poll),
        timeout=float(health.timeout),
        verify=tls is None or tls.verify,
        ca=None if tls is None else tls.ca,
        expect=health.expect,
        targets=(
            _target(Colour.BLUE, service.colours.blue.server, health),
            _target(Colour.GREEN, service.colours.green.server, health),
        ),
    )


def _target(colour: Colour, servers: tuple[str, ...], health: Health) -> HealthTarget:
    server_name = None if health.tls is None else health.tls.server_name
    return HealthTarget(
        colour=colour,
        urls=tuple(f"{health.scheme}://{server}{coloured(health.path, colour)}" for server in servers),
        headers=tuple((header, coloured_secret(value, colour)) for header, value in health.headers.items()),
        server_name=None if server_name is None else coloured(server_name, colour),
    )
