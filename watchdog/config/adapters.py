"""What the adapters need, in plain values: the daemon's wiring turns these into sources, routers and senders.

What lives here: frozen values without optional meaning. What must not: the core's values (`core/settings`), defaults.
Durations are seconds.
"""

from dataclasses import dataclass

from watchdog.config.forms import Expect
from watchdog.config.words import Secret
from watchdog.core.model import Colour
from watchdog.core.settings import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSettings:
    """A group of paths under one name."""

    name: str
    path: str
    """Beginning of the request paths, or `~` and a regular expression."""
    critical: bool
    long: bool
    """Left out of `slow`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLogSettings:
    """One access-log source."""

    name: str
    slow: float
    routes: tuple[RouteSettings, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class NginxSettings:
    """nginx as one service's router."""

    service: str
    directory: str
    main: str
    entry_url: str
    entry_host: str
    test: tuple[str, ...]
    reload: tuple[str, ...]
    dump: tuple[str, ...]
    pool: tuple[str, ...]
    drain: float
    own_userid: bool
    """The operator's own cookie tells users apart."""
    blue: tuple[str, ...]
    green: tuple[str, ...]
    """Servers as `host:port`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """One service's adapters."""

    name: str
    router: NginxSettings
    edge: AccessLogSettings
    """The access log that counts its users."""
    health: tuple[HealthSettings, ...]
    """Every health source that it uses."""
    direct: str
    """Name of the health source that asks stable before a rollback."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactSettings:
    """Somebody who can be told."""

    name: str
    url: Secret
    """An apprise address, or where it is read at run time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """Everything that a daemon is made of: the core's environment and the adapters' settings."""

    environment: Environment
    text: str
    """The canonical effective text, for the journal; `environment.digest` is of it."""
    services: tuple[ServiceSettings, ...]
    contacts: tuple[ContactSettings, ...]
    state: str
    control_socket: str
    operators: str | None
    """Group that may give orders; None: root and the daemon's own user."""
    viewers: str | None
    """Group that may read."""
    edge_socket: str
    edge_group: str | None
    """Group of the balancer's workers; None: one of the usual names."""
