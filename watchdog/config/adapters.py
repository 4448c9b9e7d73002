"""What the adapters need, in plain values: the daemon's wiring turns these into sources, routers and senders.

What lives here: frozen values without optional meaning. What must not: the core's values (`core/settings`), defaults.
Durations are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from watchdog.config.sources.access_log import AccessLogSettings
from watchdog.config.sources.translate import SourceSettings
from watchdog.config.words import Secret
from watchdog.core.model import Colour
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
    shield: bool | None
    """What the candidate fails is asked of stable. None: where nothing speaks against it."""
    in_memory: bool
    """A session stays on the colour where it began."""
    blue: tuple[str, ...]
    green: tuple[str, ...]
    """Servers as `host:port`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaproxyRouterSettings:
    """HAProxy as one service's router."""

    service: str
    socket: str
    """A path, or `host:port`."""
    backend: str
    names: Mapping[Colour, tuple[str, ...]]
    """Of each colour's servers in HAProxy's configuration."""
    entry_url: str
    entry_host: str
    state_file: str | None
    timeout: float
    shutdown_sessions: bool
    """What is open after the drain is ended."""
    blue: tuple[str, ...]
    green: tuple[str, ...]
    """Servers as `host:port`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandRouterSettings:
    """Commands as one service's router, or as its fallback."""

    service: str
    actions: Mapping[str, tuple[str, ...]]
    """The arguments of each that there is, with placeholders."""
    deadline: float
    first_stable: Colour
    entry_url: str
    entry_host: str
    blue: tuple[str, ...]
    green: tuple[str, ...]
    """Servers as `host:port`."""


RouterSettings: TypeAlias = NginxSettings | HaproxyRouterSettings | CommandRouterSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class HookSettings:
    """One of the operator's commands around a rollback."""

    name: str
    argv: tuple[str, ...]
    deadline: float
    idempotent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """One service's adapters."""

    name: str
    router: RouterSettings
    fallback: CommandRouterSettings | None
    """What is asked to roll back when the router cannot."""
    edge: AccessLogSettings | None
    """The access log that counts its users; None: the balancer keeps none of ours."""
    sources: tuple[SourceSettings, ...]
    """Every other source that it uses; they are polled."""
    direct: str
    """Name of the health source that asks stable before a rollback."""
    hooks: tuple[HookSettings, ...]
    """Every one that the core may order; the one that stops the candidate is called `STOP`."""
    maintenance: str | None
    """While this file is there the operator's maintenance page is up."""


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
