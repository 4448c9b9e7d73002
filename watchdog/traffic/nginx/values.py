"""What nginx must know of a service, checked when it is made, and the names that follow from it.

What lives here: the value, its checks, names of variables and upstream blocks. What must not: the files' text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from watchdog.core.model import Colour

MAX_SERVICE_CHARS: Final = 32  # nginx's default hash bucket of 64 bytes holds a variable name of 46 characters
MAX_TOKEN_CHARS: Final = 40  # the same bucket holds a map key of 46; ".user" takes 5
MAX_ROUTES: Final = 32  # the access-log source keeps counts per route
WEIGHT_STEPS: Final = 10_000  # split_clients takes two decimals of a percentage

METHODS: Final = ("least_conn", "ip_hash", "hash", "random")
"""Ways of choosing a server; nginx wants these before `keepalive`."""
WITHOUT_BACKUP: Final = ("ip_hash", "hash", "random")
"""Beside these nginx refuses `backup`."""

_SERVICE = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_SERVER = re.compile(r"(?:unix:/[\w./+@=-]+|[\w.-]+:\d{1,5}|\[[0-9A-Fa-f:.]+\]:\d{1,5})")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
_ROUTE = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62})")
_POOL = re.compile(r"(least_conn|ip_hash|hash|random|keepalive|keepalive_timeout|keepalive_requests|zone)(?: [^;{}]+)?")


class RenderError(ValueError):
    """A value cannot stand in nginx's configuration. The message says which, and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNginx:
    """What nginx must know of one service, apart from the split."""

    service: str
    servers: Mapping[Colour, tuple[str, ...]]
    """`host:port` or `unix:/path` of every server of a colour."""
    token: str
    """What the probe header carries; whoever knows it chooses the colour."""
    routes: Mapping[str, str] = field(default_factory=dict)
    """Name to path prefix (`/labs`: itself and what is below it) or to `~` and a regular expression."""
    pool: tuple[str, ...] = ()
    """Further directives of the colours' upstream blocks, such as `least_conn` or `keepalive 64`."""
    shield: bool | None = None
    """In a canary step what the candidate fails is asked of stable. None: where nothing speaks against it."""
    sessions_in_memory: bool = False
    """A session stays on the colour where it began; a cookie of ours names that."""

    def __post_init__(self) -> None:
        """Refuse what could not be written."""
        want(_SERVICE, self.service, "service name", "lower-case letters, digits, - and _")
        if len(self.service) > MAX_SERVICE_CHARS:
            raise RenderError(f"service name {self.service!r} has more than {MAX_SERVICE_CHARS} characters")
        want(_TOKEN, self.token, "probe token", "at least 16 letters, digits, - or _")
        if len(self.token) > MAX_TOKEN_CHARS:
            raise RenderError(f"the probe token of {self.service} has more than {MAX_TOKEN_CHARS} characters")
        for colour in Colour:
            if not self.servers.get(colour):
                raise RenderError(f"{self.service} has no server for {colour}")
            for server in self.servers[colour]:
                want(_SERVER, server, f"server of {colour}", "host:port, [address]:port or unix:/path")
        for line in self.pool:
            want(_POOL, line, "upstream directive", "least_conn, ip_hash, hash, random, keepalive..., zone")
        _check_routes(self.routes)
        if self.shield and (method := self._without_backup()):
            raise RenderError(f"shield: found true beside {method}, wanted false: nginx has no backup server there")

    def _without_backup(self) -> str:
        words = [line.split()[0] for line in self.pool]
        return next((word for word in words if word in WITHOUT_BACKUP), "")

    @property
    def no_shield(self) -> str:
        """Why users see what the candidate fails in a canary step; empty: the shield is wanted."""
        if self.shield is not None:
            return "" if self.shield else "it is switched off in the environment file"
        if method := self._without_backup():
            return f"nginx has no backup server beside {method}"
        if self.sessions_in_memory:
            return "stable does not know the candidate's sessions (sessions: in_memory)"
        if any(len(servers) > 1 for servers in self.servers.values()):
            return "with several servers of a colour nginx would repeat stable's errors too (shield: true allows it)"
        return ""

    @property
    def tries(self) -> int:
        """So many servers a failed request is asked of at most: the candidate's, then one of stable's."""
        return 1 + max(len(servers) for servers in self.servers.values())


def want(pattern: re.Pattern[str], value: str, what: str, wanted: str) -> None:
    """RenderError when a value is not what the pattern wants as a whole."""
    if not pattern.fullmatch(value):
        raise RenderError(f"{what}: found {value!r}, wanted {wanted}")


def _check_routes(routes: Mapping[str, str]) -> None:
    if len(routes) > MAX_ROUTES:
        raise RenderError(f"{len(routes)} routes, at most {MAX_ROUTES} are counted")
    for name, path in routes.items():
        want(_ROUTE, name, "route name", "lower-case letters, digits, - and _")
        if not path.startswith(("/", "~")) or not path.isprintable():
            raise RenderError(f"route {name}: found {path!r}, wanted a path that begins with / or ~ and an expression")


def variable(service: str, what: str) -> str:
    """The name of one of the service's nginx variables, with its `$`."""
    return f"$rwd_{service.replace('-', '_')}_{what}"


def upstream(service: str, colour: Colour) -> str:
    """The name of a colour's upstream block; hyphens, since it can end up in a Host header."""
    return f"{pool_prefix(service)}{colour}"


def pool_prefix(service: str) -> str:
    """What all upstream blocks of a service begin with."""
    return f"rwd-{service.replace('_', '-')}-"


def percentage(weight: float) -> str:
    """A weight as split_clients takes it, such as `12.5%`. RenderError when nginx cannot express it."""
    steps = round(weight * WEIGHT_STEPS)
    if steps in (0, WEIGHT_STEPS):
        raise RenderError(f"weight {weight}: nginx splits in steps of 0.01 %, from 0.01 % to 99.99 %")
    return f"{steps / 100:.2f}".rstrip("0").rstrip(".") + "%"
