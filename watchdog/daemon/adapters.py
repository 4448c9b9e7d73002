"""From the configuration's plain settings to live adapters: routers, health sources, the access log's parts.

What lives here: the conversion, service by service. What must not: starting anything, deciding. `daemon.wiring` puts
what is made here together; the command line uses the same conversion to write and check nginx's files.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from watchdog.config.adapters import Compiled, HealthSettings, ServiceSettings
from watchdog.config.words import Secret
from watchdog.core.model import Colour, Seconds
from watchdog.sources.access_log import EdgeService
from watchdog.sources.base import Emit
from watchdog.sources.edge_line import LineParser, Upstream
from watchdog.sources.health import HealthSource, HealthTarget, Tls
from watchdog.traffic.base import EdgeLog
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.probes import Entry
from watchdog.traffic.nginx.render import ServiceNginx
from watchdog.traffic.nginx.router import NginxRouter

TOKEN_BYTES = 16


def probe_token(state: Path, service: str) -> str:
    """The service's probe token, kept for ever in the state folder; made when there is none. OSError."""
    path = state / "probe-tokens" / service
    if path.exists():
        return path.read_text().strip()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = secrets.token_hex(TOKEN_BYTES)
    path.touch(mode=0o600)
    path.write_text(token + "\n")
    return token


def servers(service: ServiceSettings) -> Mapping[Colour, tuple[str, ...]]:
    """Where each colour listens."""
    return {Colour.BLUE: service.router.blue, Colour.GREEN: service.router.green}


def nginx_setup(service: ServiceSettings, token: str) -> ServiceNginx:
    """What nginx's files must know of a service."""
    routes = {route.name: route.path for route in service.edge.routes}
    return ServiceNginx(
        service=service.name, servers=servers(service), token=token, routes=routes, pool=service.router.pool
    )


def router(
    compiled: Compiled, service: ServiceSettings, edge: EdgeLog, wall: Callable[[], float], turn: asyncio.Lock
) -> NginxRouter:
    """The service's router. OSError when the state folder cannot be written.

    `turn` is one per nginx, so that one service tests and reloads at a time.
    """
    nginx, state = service.router, Path(compiled.state)
    return NginxRouter(
        service=service.name,
        servers=servers(service),
        directory=Path(nginx.directory),
        state=state,
        main=Path(nginx.main),
        test=nginx.test,
        reload=nginx.reload,
        dump=nginx.dump,
        entry=Entry(url=nginx.entry_url, host=nginx.entry_host),
        token=probe_token(state, service.name),
        edge=edge,
        wall=wall,
        drain=nginx.drain,
        pool=nginx.pool,
        turn=turn,
    )


def health(settings: HealthSettings, now: Callable[[], Seconds], reveal: Callable[[Secret], str]) -> HealthSource:
    """A health source. OSError or ssl.SSLError when a certificate file cannot be read."""
    targets = {
        target.colour: HealthTarget(
            url=target.urls[0],
            timeout=settings.timeout,
            status=settings.expect.status,
            expect=settings.expect.wanted(),
            headers={name: reveal(value) for name, value in target.headers},
            tls=Tls(
                verify=settings.verify,
                ca=None if settings.ca is None else Path(settings.ca),
                server_name=target.server_name or "",
            ),
        )
        for target in settings.targets
    }
    return HealthSource(name=settings.name, interval=settings.poll, targets=targets, now=now)


def parser(compiled: Compiled) -> LineParser:
    """Who is who in the balancer's lines: every server's address, and the pools' names."""
    upstreams: dict[str, Upstream] = {}
    for service in compiled.services:
        for colour, addresses in servers(service).items():
            upstream = Upstream(service=service.name, colour=colour)
            upstreams[render.upstream(service.name, colour)] = upstream
            upstreams.update(dict.fromkeys(addresses, upstream))
    return LineParser(upstreams)


def edge_service(service: ServiceSettings, emit: Emit) -> EdgeService:
    """A service's share of the access log."""
    edge = service.edge
    return EdgeService(
        service=service.name,
        source=edge.name,
        slow=edge.slow,
        emit=emit,
        routes=tuple(route.name for route in edge.routes),
        long_routes=tuple(route.name for route in edge.routes if route.long),
    )
