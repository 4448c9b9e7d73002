"""The text of nginx's files: pure functions from values to configuration, and back from a file's first line.

What lives here: the generated shape and the checks that keep a value from breaking out of it. What must not: disk,
processes, clocks. docs/nginx.md tells the operator why the lines are as they are.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from watchdog.core.model import Colour, Split

VERSION: Final = 1
"""Of the generated shape; a file of another version is not ours to interpret."""

HEADER: Final = "# rollback-watchdog "
MAX_SERVICE_CHARS: Final = 32  # nginx's default hash bucket of 64 bytes holds a variable name of 46 characters
MAX_TOKEN_CHARS: Final = 40  # the same bucket holds a map key of 46; ".user" takes 5
MAX_ROUTES: Final = 32  # the access-log source keeps counts per route
MAX_SOCKET_BYTES: Final = 107  # sun_path
WEIGHT_STEPS: Final = 10_000  # split_clients takes two decimals of a percentage

_SERVICE = re.compile(r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?")
_SERVER = re.compile(r"(?:unix:/[\w./+@=-]+|[\w.-]+:\d{1,5}|\[[0-9A-Fa-f:.]+\]:\d{1,5})")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,}")
_SALT = re.compile(r"[\w.:+@-]{0,200}")
_PATH = re.compile(r"/[\w./+@=-]*")
_ROUTE = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62})")
_POOL = re.compile(r"(least_conn|ip_hash|hash|random|keepalive|keepalive_timeout|keepalive_requests|zone)(?: [^;{}]+)?")
_METHODS = ("least_conn", "ip_hash", "hash", "random")  # nginx wants these before `keepalive`


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

    def __post_init__(self) -> None:
        """Refuse what could not be written."""
        _want(_SERVICE, self.service, "service name", "lower-case letters, digits, - and _")
        if len(self.service) > MAX_SERVICE_CHARS:
            raise RenderError(f"service name {self.service!r} has more than {MAX_SERVICE_CHARS} characters")
        _want(_TOKEN, self.token, "probe token", "at least 16 letters, digits, - or _")
        if len(self.token) > MAX_TOKEN_CHARS:
            raise RenderError(f"the probe token of {self.service} has more than {MAX_TOKEN_CHARS} characters")
        for colour in Colour:
            if not self.servers.get(colour):
                raise RenderError(f"{self.service} has no server for {colour}")
            for server in self.servers[colour]:
                _want(_SERVER, server, f"server of {colour}", "host:port, [address]:port or unix:/path")
        for line in self.pool:
            _want(_POOL, line, "upstream directive", "least_conn, ip_hash, hash, random, keepalive..., zone")
        _check_routes(self.routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line of a service's file says about the rest."""

    service: str
    split: Split
    digest: str


def _want(pattern: re.Pattern[str], value: str, what: str, wanted: str) -> None:
    if not pattern.fullmatch(value):
        raise RenderError(f"{what}: found {value!r}, wanted {wanted}")


def _check_routes(routes: Mapping[str, str]) -> None:
    if len(routes) > MAX_ROUTES:
        raise RenderError(f"{len(routes)} routes, at most {MAX_ROUTES} are counted")
    for name, path in routes.items():
        _want(_ROUTE, name, "route name", "lower-case letters, digits, - and _")
        if not path.startswith(("/", "~")) or not path.isprintable():
            raise RenderError(f"route {name}: found {path!r}, wanted a path that begins with / or ~ and an expression")


def variable(service: str, what: str) -> str:
    """The name of one of the service's nginx variables, with its `$`."""
    return f"$rwd_{service.replace('-', '_')}_{what}"


def upstream(service: str, colour: Colour) -> str:
    """The name of a colour's upstream block; hyphens, since it can end up in a Host header."""
    return f"{_prefix(service)}{colour}"


def _prefix(service: str) -> str:
    return f"rwd-{service.replace('_', '-')}-"


def percentage(weight: float) -> str:
    """A weight as split_clients takes it, such as `12.5%`. RenderError when nginx cannot express it."""
    steps = round(weight * WEIGHT_STEPS)
    if steps in (0, WEIGHT_STEPS):
        raise RenderError(f"weight {weight}: nginx splits in steps of 0.01 %, from 0.01 % to 99.99 %")
    return f"{steps / 100:.2f}".rstrip("0").rstrip(".") + "%"


def _draw(split: Split) -> str:
    if split.weight in (0.0, 1.0):  # `0%` is a syntax error for nginx
        return f"* {split.candidate if split.weight else split.stable};"
    return f"{percentage(split.weight)} {split.candidate}; * {split.stable};"


def _pools(service: str, split: Split) -> list[str]:
    """The lines of the pool map: gate / probe / known to an upstream. What is not listed is the safe answer."""
    stable, candidate = upstream(service, split.stable), upstream(service, split.candidate)
    if split.promoted:
        cut = [f"    cut/{probe}/{known}  {stable};" for probe in (0, 1) for known in (0, 1)]
        return [*cut, f"    default  {candidate};"]
    return [
        f"    open/0/1  {_prefix(service)}{variable(service, 'draw')};",
        f"    open/1/0  {candidate};",
        f"    open/1/1  {candidate};",
        f"    default   {stable};",
    ]


def _upstream_block(setup: ServiceNginx, colour: Colour) -> str:
    name = upstream(setup.service, colour)
    own = {line.split()[0]: line for line in setup.pool}
    zone = f"zone {name} {own['zone'].split()[-1]}" if "zone" in own else f"zone {name} 64k"
    methods = [line for word, line in own.items() if word in _METHODS]
    kept = {"keepalive": "keepalive 32", "keepalive_timeout": "keepalive_timeout 4s"} | {
        word: line for word, line in own.items() if word.startswith("keepalive")
    }
    lines = [zone, *methods, *(f"server {server}" for server in setup.servers[colour]), *kept.values()]
    return f"upstream {name} {{ {'; '.join(lines)}; }}"


def service_http(setup: ServiceNginx, split: Split) -> str:
    """`SERVICE.http.conf`: the only file that an order changes. RenderError when the split cannot be written."""
    _want(_SALT, split.salt, "salt of the split", "letters, digits and . _ : + @ -")
    name = setup.service

    def v(what: str) -> str:
        return variable(name, what)

    body = [
        "# Written by rollback-watchdog and replaced as a whole: a change by hand is noticed and stops its orders.",
        *(_upstream_block(setup, colour) for colour in Colour),
        f'map $http_x_rwd_probe {v("probe")} {{ "{setup.token}" 1; default 0; }}',
        f'map "${{uid_got}}${{uid_set}}" {v("known")} {{ "" 0; default 1; }}',
        f'split_clients "{name}:{split.salt}:${{uid_got}}${{uid_set}}" {v("draw")} {{ {_draw(split)} }}',
        f'map "" {v("gate")} {{ default unset; }}',
        f"map {v('probe')} {v('flag')} {{ 1 {name}.scratch; default {name}.{split.candidate}; }}",
        f'map "{v("gate")}/{v("probe")}/{v("known")}" {v("pool")} {{',
        *_pools(name, split),
        "}",
    ]
    return _with_header(name, split, "\n".join(body) + "\n")


def service_server(setup: ServiceNginx, brake: str) -> str:
    """`SERVICE.server.conf`: gate and brake, constant; first in the server block. `brake` is the flags' folder."""
    _want(_PATH, brake, "brake folder", "an absolute path of letters, digits and / . _ + @ = -")
    gate = variable(setup.service, "gate")
    return (
        f"set {gate} open;\n"
        f"if (-f {brake}/{variable(setup.service, 'flag')}) {{ set {gate} cut; }}\n"
        f"set $rwd_pin {variable(setup.service, 'route')};\n"
    )


def _route_key(path: str) -> str:
    if not path.startswith("~"):
        path = "~^" + re.escape(path) + ("" if path.endswith("/") else "(?:/|$)")
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _check_apart(services: Sequence[ServiceNginx]) -> None:
    variables = [variable(each.service, "pool") for each in services]
    tokens = [each.token.lower() for each in services]  # nginx's maps ignore case
    for what, values in (("names", variables), ("probe tokens", tokens)):
        for value, each in zip(values, services, strict=True):
            if values.count(value) > 1:
                twins = sorted(other.service for other, v in zip(services, values, strict=True) if v == value)
                raise RenderError(f"nginx cannot tell the {what} of {' and '.join(twins)} apart: rename {each.service}")


def common_http(services: Sequence[ServiceNginx]) -> str:
    """`rwd-common.http.conf`: once per nginx, for all its services. RenderError when two cannot be told apart.

    Every service has a route map of its own. Which one a request's line shows is decided when it is logged, by the
    pool that it was passed to; after an internal redirect nginx has forgotten the pool, and the first service whose
    routes know the path names it.
    """
    _check_apart(services)
    tokens = " ".join(f'"{each.token}" 1; "{each.token}.user" 2;' for each in services)
    routes = [variable(each.service, "route") for each in services]
    lines = [
        "# Written by rollback-watchdog: what all its services share.",
        f"map $http_x_rwd_probe $rwd_probe {{ {tokens} default 0; }}",
        "map $request_method $rwd_m { GET r; HEAD r; OPTIONS r; default w; }",
    ]
    for each, route in zip(services, routes, strict=True):
        named = "".join(f"    {_route_key(path)} {name};\n" for name, path in each.routes.items())
        lines.append(f"map $uri {route} {{\n    default other;\n{named}}}")
    fallback = routes[-1] if routes else "other"
    for number, route in reversed(list(enumerate(routes[:-1]))):
        lines.append(f"map {route} $rwd_any{number} {{ other {fallback}; default {route}; }}")
        fallback = f"$rwd_any{number}"
    served = "".join(
        f"    {upstream(each.service, colour)} {route};\n"
        for each, route in zip(services, routes, strict=True)
        for colour in Colour
    )
    lines.append(f"map $proxy_host $rwd_r {{\n    default {fallback};\n{served}}}")
    lines.append(
        "log_format rwd 'rwd1 $msec $request_time $status $connection $connection_requests $rwd_probe $rwd_m $rwd_r "
        '"$upstream_status" "$upstream_addr" "$upstream_header_time" "$upstream_response_time"\';'
    )
    return "\n".join(lines) + "\n"


def _check_socket(socket: str) -> None:
    _want(_PATH, socket, "socket of the access log", "an absolute path of letters, digits and / . _ + @ = -")
    if len(socket.encode()) > MAX_SOCKET_BYTES:
        raise RenderError(f"socket of the access log: {socket!r} has more than {MAX_SOCKET_BYTES} bytes")


def common_server(socket: str | None, *, userid: bool = True) -> str:
    """`rwd-common.server.conf`: once per server block. `userid=False` where the operator's own userid is the key.

    Without a socket the operator writes the access log's line.
    """
    log = ""
    if socket is not None:
        _check_socket(socket)
        log = f"access_log syslog:server=unix:{socket},nohostname,tag=rwd rwd;\n"
    cookie = "userid on; userid_name rwd; userid_path /; userid_service 1; userid_flags httponly samesite=lax;\n"
    return (
        "# Written by rollback-watchdog: the cookie that keeps a user on one colour, and the log that it reads.\n"
        f"{cookie if userid else ''}"
        "open_file_cache off;\n"  # an operator's cache would keep the brake from being seen for seconds
        f"{log}"
        "set $rwd_pin $rwd_m;\n"  # evaluated now: after a rewrite or a redirect the log would show the wrong method
    )


def _digest(description: Mapping[str, object], body: str) -> str:
    return hashlib.sha256((json.dumps(description, sort_keys=True) + "\n" + body).encode()).hexdigest()


def _with_header(service: str, split: Split, body: str) -> str:
    description = {
        "version": VERSION,
        "service": service,
        "stable": split.stable,
        "candidate": split.candidate,
        "weight": split.weight,
        "salt": split.salt,
        "promoted": split.promoted,
    }
    first = {"digest": _digest(description, body), **description}
    return HEADER + json.dumps(first) + "\n" + body


def read_header(text: str) -> Header:
    """What a service's file says it is. ValueError when it is not ours, of another version or was edited."""
    first, _, body = text.partition("\n")
    if not first.startswith(HEADER):
        raise ValueError("its first line is not the one that rollback-watchdog writes")
    try:
        description = json.loads(first.removeprefix(HEADER))
        digest = description.pop("digest")
        split = Split(
            stable=Colour(description["stable"]),
            candidate=Colour(description["candidate"]),
            weight=float(description["weight"]),
            salt=str(description["salt"]),
            promoted=bool(description["promoted"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its first line cannot be read ({error})") from error
    if description.get("version") != VERSION:
        raise ValueError(f"it is of version {description.get('version')}, this program writes {VERSION}")
    if digest != _digest(description, body):
        raise ValueError("it was edited by hand (its digest does not fit)")
    return Header(service=str(description.get("service")), split=split, digest=str(digest))
