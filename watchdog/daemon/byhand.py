"""How a person moves users off a colour without this program: the commands that messages print, by kind of router.

What lives here: text from the configuration. What must not: running any of it.
"""

import shlex
from string import Template
from typing import TypeAlias

from watchdog.config.adapters import (
    CommandRouterSettings,
    Compiled,
    HaproxyRouterSettings,
    NginxSettings,
    RouterSettings,
    ServiceSettings,
)
from watchdog.core.model import Colour

Commands: TypeAlias = dict[str, dict[str, list[str]]]


def by_hand(compiled: Compiled) -> Commands:
    """By service and by the colour that users are moved off: the commands, the usual one first."""
    return {
        each.name: {str(colour): _commands(each, colour, compiled.state) for colour in Colour}
        for each in compiled.services
    }


def _commands(service: ServiceSettings, colour: Colour, state: str) -> list[str]:
    routers: list[RouterSettings] = [service.router, *([service.fallback] if service.fallback else [])]
    return [_command(each, colour, state) for each in routers]


def _command(router: RouterSettings, colour: Colour, state: str) -> str:
    match router:
        case NginxSettings():
            return f"touch {shlex.quote(f'{state}/brake/{router.service}.{colour}')}"
        case HaproxyRouterSettings():
            return _haproxy(router, colour)
        case CommandRouterSettings():
            return _script(router, colour)


def _haproxy(router: HaproxyRouterSettings, colour: Colour) -> str:
    """The other colour first, so that somebody serves at every moment."""
    other = [f"{router.backend}/{name}" for name in router.names[colour.other]]
    orders = [order for name in other for order in (f"set server {name} state ready", f"set server {name} weight 100%")]
    orders += [f"set server {router.backend}/{name} state maint" for name in router.names[colour]]
    where = router.socket if router.socket.startswith("/") else f"TCP:{router.socket}"
    return f"echo {shlex.quote('; '.join(orders))} | socat stdio {shlex.quote(where)}"


def _script(router: CommandRouterSettings, colour: Colour) -> str:
    """The operator's own rollback command, with what is known filled in."""
    values = {
        "service": router.service,
        "stable": str(colour.other),
        "candidate": str(colour),
        "colour": str(colour.other),
        "weight": "0",
        "deployment": "by-hand",
    }
    return shlex.join(Template(each).safe_substitute(values) for each in router.actions["rollback"])
