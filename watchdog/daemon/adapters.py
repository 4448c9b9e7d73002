"""From the configuration's plain settings to live adapters: routers and the access log's parts.

What lives here: the conversion, service by service (polled sources: `daemon.sources`). What must not: starting
anything, deciding. `daemon.wiring` puts what is made here together; the command line uses the same conversion to write
and check nginx's files.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from pathlib import Path

from watchdog.config.adapters import (
    CommandRouterSettings,
    Compiled,
    HaproxyRouterSettings,
    NginxSettings,
    ServiceSettings,
)
from watchdog.core.model import Colour
from watchdog.outside.resolve import Resolver
from watchdog.sources.access_log import EdgeService
from watchdog.sources.base import Emit
from watchdog.sources.edge_line import LineParser, Upstream
from watchdog.traffic.base import EdgeLog, OpenRouter
from watchdog.traffic.command.router import CommandRouter, Scripts
from watchdog.traffic.command.scripts import Script
from watchdog.traffic.fallback import FallbackRouter
from watchdog.traffic.haproxy.router import HaproxyRouter
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.render import ServiceNginx
from watchdog.traffic.nginx.router import NginxRouter
from watchdog.traffic.probes import Entry

TOKEN_BYTES = 16
RESOLVE_WITHIN_S = 2.0


def probe_token(state: Path, service: str) -> str:
    """The service's probe token, kept for ever in the state folder; made when there is none. OSError."""
    path = state / "probe-tokens" / service
    if path.exists() and (known := path.read_text().strip()):
        return known
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    token = secrets.token_hex(TOKEN_BYTES)
    fresh = path.with_name(f".{service}.new")  # in one step: a token that is half there would let anybody in
    fresh.touch(mode=0o600)
    fresh.write_text(token + "\n")
    fresh.replace(path)
    return token


def servers(service: ServiceSettings) -> Mapping[Colour, tuple[str, ...]]:
    """Where each colour listens."""
    return {Colour.BLUE: service.router.blue, Colour.GREEN: service.router.green}


def nginx_setup(service: ServiceSettings, token: str) -> ServiceNginx:
    """What nginx's files must know of a service whose router is nginx."""
    nginx, edge = service.router, service.edge
    assert isinstance(nginx, NginxSettings)
    routes = {} if edge is None else {route.name: route.path for route in edge.routes}
    return ServiceNginx(
        service=service.name,
        servers=servers(service),
        token=token,
        routes=routes,
        pool=nginx.pool,
        shield=nginx.shield,
        sessions_in_memory=nginx.in_memory,
    )


def same_router(before: ServiceSettings, now: ServiceSettings) -> bool:
    """Whether a router that is at work may stay: it knows which orders a rollback has made void."""
    had, has = before.edge is not None, now.edge is not None
    return (before.router, before.fallback, had) == (now.router, now.fallback, has)


def router(
    compiled: Compiled,
    service: ServiceSettings,
    edge: EdgeLog,
    wall: Callable[[], float],
    turns: MutableMapping[str, asyncio.Lock],
) -> OpenRouter:
    """The service's router, with its fallback. OSError when the state folder cannot be written.

    `turns` has a lock for each nginx, so that one service tests and reloads at a time.
    """
    first: OpenRouter
    if isinstance(service.router, NginxSettings):
        turn = turns.setdefault(service.router.main, asyncio.Lock())
        first = nginx_router(compiled, service, edge, wall, turn)
    else:
        first = _by_orders(compiled, service, service.router, edge, wall)
    if service.fallback is None:
        return first
    return FallbackRouter(first, _by_orders(compiled, service, service.fallback, edge, wall))


def _by_orders(
    compiled: Compiled,
    service: ServiceSettings,
    settings: HaproxyRouterSettings | CommandRouterSettings,
    edge: EdgeLog,
    wall: Callable[[], float],
) -> OpenRouter:
    """A router that is told what to do and has no files of its own."""
    state = Path(compiled.state)
    token = probe_token(state, service.name)
    match settings:
        case HaproxyRouterSettings():
            return HaproxyRouter(
                service=service.name,
                socket=settings.socket,
                backend=settings.backend,
                servers=settings.names,
                addresses=servers(service),
                state=state,
                entry=Entry(url=settings.entry_url, host=settings.entry_host),
                token=token,
                wall=wall,
                state_file=None if settings.state_file is None else Path(settings.state_file),
                timeout=settings.timeout,
                shutdown_sessions=settings.shutdown_sessions,
            )
        case CommandRouterSettings():
            return CommandRouter(
                service=service.name,
                commands=_scripts(settings),
                addresses=servers(service),
                state=state,
                entry=Entry(url=settings.entry_url, host=settings.entry_host),
                token=token,
                first_stable=settings.first_stable,
                edge=None if service.edge is None else edge,
                wall=wall,
            )


def _scripts(settings: CommandRouterSettings) -> Scripts:
    scripts = {name: Script(argv=argv, deadline=settings.deadline) for name, argv in settings.actions.items()}
    return Scripts(**{"set": None, **scripts})  # type: ignore[arg-type]  # the schema demands `rollback`


def nginx_router(
    compiled: Compiled, service: ServiceSettings, edge: EdgeLog, wall: Callable[[], float], turn: asyncio.Lock
) -> NginxRouter:
    """The service's nginx. OSError when the state folder cannot be written."""
    nginx, state = service.router, Path(compiled.state)
    assert isinstance(nginx, NginxSettings)
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
        shield=nginx.shield,
        sessions_in_memory=nginx.in_memory,
        turn=turn,
    )


def log_probe(router: OpenRouter) -> Callable[[], Awaitable[bool]] | None:
    """What sends a probe that the access log must show; None where the balancer keeps no log for us."""
    nginx = router.first if isinstance(router, FallbackRouter) else router
    if not isinstance(nginx, NginxRouter):
        return None

    async def send() -> bool:
        return (await nginx.send_probe(user=False)).status is not None

    return send


async def addresses(compiled: Compiled, resolver: Callable[[str, int], Resolver] = Resolver) -> dict[str, list[str]]:
    """For every server as configured (`host:port`) its addresses as the balancer's log names them.

    A name that leads nowhere has none: the balancer would not start with it either. All are looked up side by side, so
    that a resolver that hangs costs a start or a reload the time of one.
    """
    of_services = (named for service in compiled.services for named in servers(service).values())
    wanted = list(dict.fromkeys(server for named in of_services for server in named))
    found = await asyncio.gather(*(_addresses(server, resolver) for server in wanted))
    return dict(zip(wanted, found, strict=True))


async def _addresses(server: str, resolver: Callable[[str, int], Resolver]) -> list[str]:
    host, _, port = server.rpartition(":")
    lookup = resolver(host.strip("[]"), int(port))
    try:
        known = await lookup.addresses(RESOLVE_WITHIN_S)
    except (OSError, TimeoutError):
        known = []
    finally:
        lookup.close()
    return [f"[{address}]:{port}" if ":" in address else f"{address}:{port}" for address in known]


def parser(compiled: Compiled, known: Mapping[str, Sequence[str]]) -> LineParser:
    """Who is who in the balancer's lines: every server's `known` addresses, and the pools' names."""
    upstreams: dict[str, Upstream] = {}
    for service in compiled.services:
        for colour, named in servers(service).items():
            upstream = Upstream(service=service.name, colour=colour)
            upstreams[render.upstream(service.name, colour)] = upstream
            for server in named:
                upstreams.update(dict.fromkeys((server, *known.get(server, ())), upstream))
    return LineParser(upstreams)


def edge_service(service: ServiceSettings, emit: Emit) -> EdgeService:
    """The share of the access log that a service with one has."""
    edge = service.edge
    assert edge is not None
    return EdgeService(
        service=service.name,
        source=edge.name,
        slow=edge.slow,
        emit=emit,
        routes=tuple(route.name for route in edge.routes),
        long_routes=tuple(route.name for route in edge.routes if route.long),
        also_bad={route.name: frozenset(route.also_bad) for route in edge.routes if route.also_bad},
    )
