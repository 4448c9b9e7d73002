"""Where the operator's nginx passes requests to a service: by address, by upstream name, or already by our pool.

What lives here: finding, and comparing upstream blocks with what will replace them. What must not: changes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from watchdog.core.model import Colour
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.render import ServiceNginx
from watchdog.traffic.nginx.tree import Node

_TARGET = re.compile(r"(https?)://(unix:[^:]+:?|\$\w+|[^/$]+)([/$].*)?")
OTHER_PASSES = ("fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass")
_OF_AN_UPSTREAM = frozenset({"server", "zone"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The argument of a proxy_pass."""

    scheme: str
    host: str
    uri: str

    @classmethod
    def of(cls, node: Node) -> "Target | None":
        """None when it is no address that we know how to read."""
        found = _TARGET.fullmatch(node.args[0]) if node.args else None
        return cls(scheme=found[1].lower(), host=found[2], uri=found[3] or "") if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One proxy_pass that serves the service."""

    node: Node
    target: Target
    ours: bool
    """It names our pool already."""


def normal(server: str) -> str:
    """An address in one spelling."""
    server = server.lower().removesuffix(":") if server.startswith("unix:") else server.lower()
    if not server.startswith("unix:") and not re.search(r":\d+$", server):
        server += ":80"
    return re.sub(r"^(localhost|\[::1\]):", "127.0.0.1:", server)


def upstreams(http: Node) -> Mapping[str, Node]:
    """The operator's upstream blocks by name."""
    return {node.args[0]: node for node in http.own("upstream") if node.args and not node.args[0].startswith("rwd-")}


def members(upstream: Node) -> list[str]:
    """The addresses of an upstream block."""
    return [normal(node.args[0]) for node in upstream.own("server") if node.args]


def addresses(setup: ServiceNginx) -> dict[str, Colour]:
    """The service's addresses and whose they are."""
    return {normal(server): colour for colour in Colour for server in setup.servers[colour]}


def matching(http: Node, setup: ServiceNginx) -> dict[str, Node]:
    """The operator's upstream blocks that hold a server of this service."""
    wanted = addresses(setup)
    return {name: node for name, node in upstreams(http).items() if wanted.keys() & set(members(node))}


def find(http: Node, setup: ServiceNginx) -> list[Place]:
    """Every proxy_pass that leads to the service."""
    hosts = _hosts(http, setup)
    pool = render.variable(setup.service, "pool")
    places = []
    for node in http.walk():
        target = Target.of(node) if node.name == "proxy_pass" else None
        if target is None:
            continue
        ours = target.host == pool
        if ours or target.host in hosts or normal(target.host) in addresses(setup):
            places.append(Place(node=node, target=target, ours=ours))
    return places


def _hosts(http: Node, setup: ServiceNginx) -> set[str]:
    """What a proxy_pass may name: the upstreams, and variables of the operator's that can hold one of them."""
    names = set(matching(http, setup))
    known = names | set(addresses(setup))
    for variable, value in _assignments(http):
        if value in known or normal(value) in known:
            names.add(variable)
    return names


def _assignments(http: Node) -> Iterator[tuple[str, str]]:
    """Variable and value of the operator's set, map, geo and split_clients."""
    for node in http.walk():
        if node.name == "set" and len(node.args) > 1:
            yield node.args[0], node.args[1]
        elif node.name in {"map", "split_clients", "geo"} and node.args and not node.args[-1].startswith("$rwd_"):
            yield from ((node.args[-1], entry.args[0]) for entry in node.block if entry.args)


def elsewhere(root: Node, setup: ServiceNginx) -> Iterator[tuple[Node, str]]:
    """Ways to the service that no HTTP proxy_pass is: other protocols, and streams."""
    wanted = addresses(setup)
    for node in root.walk():
        if not node.args:
            continue
        host = node.args[0].partition("://")[2] or node.args[0]
        if node.name in OTHER_PASSES and normal(host) in wanted:
            yield node, f"{node.name} leads to {host}, and only proxy_pass can be switched"
        elif node.name in {"proxy_pass", "server"} and node.around("stream") and normal(node.args[0]) in wanted:
            yield node, f"a stream leads to {node.args[0]} past the split and the brake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What our upstream blocks would not take over from the operator's."""

    node: Node
    pool: str = ""
    """A directive that `pool` can carry."""
    server: str = ""
    """A server that the environment file does not name, or a parameter of one."""


def lost(upstream: Node, setup: ServiceNginx) -> Iterator[Lost]:
    """Compare one of the operator's upstream blocks with what will replace it."""
    wanted = addresses(setup)
    for node in upstream.block:
        if node.name == "server" and node.args:
            if normal(node.args[0]) not in wanted:
                yield Lost(node=node, server=f"it also holds {node.args[0]}, which the environment file does not name")
            elif len(node.args) > 1:
                yield Lost(node=node, server=f"its parameters {' '.join(node.args[1:])} are not taken over")
        elif node.name not in _OF_AN_UPSTREAM and node.text not in setup.pool:
            yield Lost(node=node, pool=node.text)
