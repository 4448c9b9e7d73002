"""`nginx show`: reads the operator's real configuration and says what to change, or why it cannot be served as it is.

What lives here: the order of the review. What must not: writing anything; the operator makes the changes.
"""

import ipaddress
import socket as sockets
from collections.abc import Callable, Sequence
from pathlib import Path

from watchdog.core.model import Colour
from watchdog.traffic.nginx import blocks, location, places, tree
from watchdog.traffic.nginx.findings import Findings, ShowResult
from watchdog.traffic.nginx.render import ServiceNginx
from watchdog.traffic.nginx.tree import Node

__all__ = ["ShowResult", "show"]


def resolves(host: str) -> bool:
    """Whether this machine finds an address for a name."""
    try:
        sockets.getaddrinfo(host, None)
    except OSError:
        return False
    return True


def listening(path: Path) -> bool:
    """Whether somebody holds the access log's socket open."""
    with sockets.socket(sockets.AF_UNIX, sockets.SOCK_DGRAM) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def show(
    *,
    main: Path,
    directory: Path,
    services: Sequence[ServiceNginx],
    socket: Path,
    drain: float = 60.0,
    own_userid: bool = False,
    has_address: Callable[[str], bool] = resolves,
    is_read: Callable[[Path], bool] = listening,
) -> ShowResult:
    """What to do so that this nginx obeys for these services, which share `directory`. Never raises for its content.

    `main`: nginx.conf. `socket`: where the access log's lines go. `drain`: seconds for what was begun before a
    reload. `own_userid`: the operator's cookie tells users apart, ours is not set.
    """
    findings = Findings(log_line=location.our_log(socket))
    root, problems = tree.parse(main)
    for problem in problems:
        findings.refuse(problem, "so this cannot be reviewed", "Make nginx -t pass first")
    http = next(iter(root.own("http")), None)
    if http is None:
        if not problems:
            findings.refuse(f"{main}:1", "there is no http block", "Is this nginx's main configuration file?")
        return findings.result()
    blocks.review_main(root, drain, findings)
    for server, names in _review(root, http, directory, services, findings).items():
        blocks.review_server(server, directory, names, findings, own_userid=own_userid)
    for setup in services:
        _hosts(setup, has_address, findings)
    if not is_read(socket):
        what = "nobody listens: nginx would write two lines to its error log per request. Start"
        findings.add(str(socket), what, "systemctl enable --now rollback-watchdog-edge.socket")
    return findings.result()


def _review(
    root: Node, http: Node, directory: Path, services: Sequence[ServiceNginx], findings: Findings
) -> dict[Node, list[str]]:
    """The http block and every location; the server blocks with the services that each has."""
    blocks.review_http(http, directory, [setup.service for setup in services], findings)
    served: dict[Node, list[str]] = {}
    for setup in services:
        found = places.find(http, setup)
        _upstreams(http, setup, findings)
        for node, what in places.elsewhere(root, setup):
            findings.refuse(node.where, what, "Pass it by HTTP, or leave this service out")
        if not found:
            where = ", ".join(server for colour in Colour for server in setup.servers[colour])
            findings.refuse(
                f"{root.file}:1",
                f"no proxy_pass leads to {setup.service} ({where})",
                "Are its servers in the environment file spelled as in nginx?",
            )
        for place in found:
            location.review(place, setup, findings)
            server = place.node.around("server")
            if server is not None:
                names = served.setdefault(server, [])
                names.extend({setup.service} - set(names))
            if place.ours:
                findings.present.append(f"{place.node.where}: {setup.service} is in place")
    return served


def _upstreams(http: Node, setup: ServiceNginx, findings: Findings) -> None:
    """What the operator's own upstream blocks have and ours would not."""
    carried = []
    for upstream in places.matching(http, setup).values():
        for lost in places.lost(upstream, setup):
            if lost.server:
                cure = f"Name every server in services.{setup.service}.colours, without parameters"
                findings.refuse(lost.node.where, lost.server, cure)
            elif lost.pool not in carried:
                carried.append(lost.pool)
    if carried:
        both = ", ".join((*setup.pool, *carried))
        where = f"services.{setup.service}.router.nginx"
        what = "in the environment file keep what your upstream block has, and run rollback-watchdog nginx write ENV"
        findings.add(where, what, f"pool: [{both}]")


def _hosts(setup: ServiceNginx, has_address: Callable[[str], bool], findings: Findings) -> None:
    """A name without an address stops nginx from starting, also long after a deployment."""
    for colour in Colour:
        for server in setup.servers[colour]:
            host = server.rpartition(":")[0].strip("[]")
            if server.startswith("unix:") or _is_address(host) or has_address(host):
                continue
            findings.refuse(
                f"services.{setup.service}.colours.{colour}.server",
                f"{host} has no address, and nginx does not start with such a name",
                "Put it into /etc/hosts, or write an address",
            )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
