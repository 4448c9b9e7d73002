"""What moves a service's traffic, in plain values.

What lives here: the translation from the keys of `router`. What must not: defaults (the schema has them).
"""

from urllib.parse import urlsplit

from watchdog.config.adapters import CommandRouterSettings, HaproxyRouterSettings, NginxSettings, RouterSettings
from watchdog.config.schema.routers.command import Fallback
from watchdog.config.schema.routers.entry import Entry
from watchdog.config.schema.routers.haproxy import HaproxyRouter
from watchdog.config.schema.routers.nginx import Nginx
from watchdog.config.schema.services import Service
from watchdog.config.sources.colour import coloured
from watchdog.core.model import Colour

SESSION_DRAIN_S = 3600.0
"""What the schema promises where `session_drain` is left out."""


def session_drain(service: Service) -> float:
    """How long old sessions stay on stable at 100 %, with sessions in memory."""
    return SESSION_DRAIN_S if service.session_drain is None else float(service.session_drain)


def router_settings(name: str, service: Service) -> RouterSettings:
    """The service's own router."""
    router = service.router
    if router.nginx is not None:
        return _nginx(name, service, router.nginx)
    if router.haproxy is not None:
        return _haproxy(name, service, router.haproxy)
    assert router.command is not None  # `validate` wants exactly one
    return _command(name, service, router.command)


def fallback_settings(name: str, service: Service) -> CommandRouterSettings | None:
    """What is asked to roll back when the router cannot."""
    fallback = service.router.fallback
    if fallback is None:
        return None
    assert fallback.command is not None  # `validate` wants exactly one
    return _command(name, service, fallback.command)


def _nginx(name: str, service: Service, nginx: Nginx) -> NginxSettings:
    return NginxSettings(
        service=name,
        directory=nginx.directory,
        main=nginx.main,
        entry_url=nginx.entry.url,
        entry_host=_host(nginx.entry),
        test=nginx.argv(nginx.test, "-t"),
        reload=nginx.argv(nginx.reload, "-s", "reload"),
        dump=nginx.argv(nginx.dump, "-T"),
        pool=nginx.pool,
        drain=float(nginx.drain),
        own_userid=nginx.own_userid,
        shield=nginx.shield,
        in_memory=service.sessions == "in_memory",
        blue=service.colours.blue.server,
        green=service.colours.green.server,
    )


def _haproxy(name: str, service: Service, haproxy: HaproxyRouter) -> HaproxyRouterSettings:
    return HaproxyRouterSettings(
        service=name,
        socket=haproxy.socket,
        backend=haproxy.backend,
        names={colour: tuple(coloured(server, colour) for server in haproxy.server) for colour in Colour},
        entry_url=haproxy.entry.url,
        entry_host=_host(haproxy.entry),
        state_file=haproxy.state_file,
        timeout=float(haproxy.timeout),
        shutdown_sessions=haproxy.shutdown_sessions,
        blue=service.colours.blue.server,
        green=service.colours.green.server,
    )


def _command(name: str, service: Service, command: Fallback) -> CommandRouterSettings:
    return CommandRouterSettings(
        service=name,
        actions=dict(command.actions),
        deadline=float(command.deadline),
        first_stable=Colour(service.stable),
        entry_url=command.entry.url,
        entry_host=_host(command.entry),
        blue=service.colours.blue.server,
        green=service.colours.green.server,
    )


def _host(entry: Entry) -> str:
    return entry.host or urlsplit(entry.url).netloc
