"""What the adapters need, in plain values: the daemon's wiring turns these into sources, routers and senders.

What lives here: frozen values without optional meaning. What must not: the core's values (`core/settings`), defaults.
Durations are seconds.
"""

from dataclasses import dataclass

from watchdog.config.sources.access_log import AccessLogSettings
from watchdog.config.sources.translate import SourceSettings
from watchdog.config.words import Secret
from watchdog.core.settings import Environment


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
    sources: tuple[SourceSettings, ...]
    """Every other source that it uses; they are polled."""
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
