"""The text of nginx's files: pure functions from values to configuration, and back from a file's first line.

What lives here: the files as wholes, and the header that describes one. What must not: disk, processes, clocks.
docs/nginx.md tells the operator why the lines are as they are.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchdog.core.model import Colour, Split
from watchdog.traffic.nginx import pools
from watchdog.traffic.nginx.values import RenderError, ServiceNginx, percentage, upstream, variable, want

__all__ = [
    "HEADER",
    "VERSION",
    "Header",
    "RenderError",
    "ServiceNginx",
    "common_http",
    "common_server",
    "percentage",
    "read_header",
    "service_http",
    "service_server",
    "upstream",
    "variable",
]

VERSION: Final = 1
"""Of the generated shape; a file of another version is not ours to interpret."""

HEADER: Final = "# rollback-watchdog "
MAX_SOCKET_BYTES: Final = 107  # sun_path

_SALT = re.compile(r"[\w.:+@-]{0,200}")
_PATH = re.compile(r"/[\w./+@=-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What the first line of a service's file says about the rest."""

    service: str
    split: Split
    digest: str


def service_http(setup: ServiceNginx, split: Split) -> str:
    """`SERVICE.http.conf`: the only file that an order changes. RenderError when the split cannot be written."""
    want(_SALT, split.salt, "salt of the split", "letters, digits and . _ : + @ -")
    name = setup.service

    def v(what: str) -> str:
        return variable(name, what)

    body = [
        "# Written by rollback-watchdog and replaced as a whole: a change by hand is noticed and stops its orders.",
        *(pools.upstream_block(setup, colour, split) for colour in Colour),
        f'map $http_x_rwd_probe {v("probe")} {{ "{setup.token}" 1; default 0; }}',
        f'map "${{uid_got}}${{uid_set}}" {v("known")} {{ "" 0; default 1; }}',
        f'split_clients "{name}:{split.salt}:${{uid_got}}${{uid_set}}" {v("draw")} {{ {pools.draw(split)} }}',
        f'map "" {v("gate")} {{ default unset; }}',
        f"map {v('probe')} {v('flag')} {{ 1 {name}.scratch; default {name}.{split.candidate}; }}",
        *pools.pool(setup, split),
    ]
    return _with_header(name, split, "\n".join(body) + "\n")


def service_server(setup: ServiceNginx, brake: str) -> str:
    """`SERVICE.server.conf`: gate and brakes, constant; first in the server block. `brake` is the flags' folder."""
    return _service_server(setup, brake, routes=True)


def service_servers(setup: ServiceNginx, brake: str) -> tuple[str, ...]:
    """Every text of `SERVICE.server.conf` that this program can work with: the present one, and one without routes."""
    return tuple(_service_server(setup, brake, routes=routes) for routes in (True, False))


def _service_server(setup: ServiceNginx, brake: str, *, routes: bool) -> str:
    want(_PATH, brake, "brake folder", "an absolute path of letters, digits and / . _ + @ = -")
    gate = variable(setup.service, "gate")
    flag, route = variable(setup.service, "flag"), variable(setup.service, "route")
    lines = [
        f"set {gate} open;",
        f"if (-f {brake}/{flag}) {{ set {gate} cut; }}",
        f"set $rwd_pin {route};",
    ]
    if routes:  # after the pin: the route is that of the request as it came
        lines.append(f"if (-f {brake}/{flag}.{route}) {{ set {gate} cut; }}")
    return "\n".join(lines) + "\n"


def routes_in(common: str, service: str) -> tuple[str, ...]:
    """The routes that `rwd-common.http.conf` gives to a service, and the name of all its other paths."""
    _, _, rest = common.partition(f"map $uri {variable(service, 'route')} {{\n")
    lines = rest.partition("\n}")[0].splitlines()
    return tuple(line.rsplit(" ", 1)[-1].rstrip(";") for line in lines)


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
    want(_PATH, socket, "socket of the access log", "an absolute path of letters, digits and / . _ + @ = -")
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
