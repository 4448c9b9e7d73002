"""The routers that must keep one contract, each with what it orders: real balancers, scripts over a file, a fake."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from simulations.lab.processes import run_folder
from tests.acceptance import haproxy_router_world, nginx_world
from tests.daemon.helpers import ClockFake, RouterFake
from watchdog.core.model import Colour
from watchdog.traffic.base import Router
from watchdog.traffic.command.router import CommandRouter, Scripts
from watchdog.traffic.command.scripts import Script
from watchdog.traffic.probes import Entry

_T = TypeVar("_T")

SCRIPT = """#!/bin/sh
# Stands for a balancer: the candidate's percentage in a file, and a flag while it is cut off.
set -eu
cd {folder}
case "$1" in
  set) [ "$2" != 13 ] || {{ echo "13 brings bad luck" >&2; exit 3; }}; echo "$2" > share ;;
  rollback) echo 0 > share ;;
  promote) echo 100 > share ;;
  brake) touch cut ;;
  release) rm -f cut ;;
  observe) if [ -e cut ]; then echo 0; else cat share; fi ;;
esac
"""


@dataclass(kw_only=True)
class Bench:
    """One router before its balancer."""

    make: Callable[[], Router]
    close: Callable[[Router], Awaitable[None]]
    serves: Callable[[], Awaitable[dict[Colour, float]]]
    """Each colour's share of users who come for the first time."""
    wall: Callable[[], float] = time.time
    draws: bool = True
    """Shares are drawn, so they are only about right."""

    def run(self, scene: Callable[[Router], Awaitable[_T]]) -> _T:
        async def play() -> _T:
            router = self.make()
            try:
                return await scene(router)
            finally:
                await self.close(router)

        return asyncio.run(play())


def _shares(counted: Counter[str]) -> dict[Colour, float]:
    total = sum(counted.values())
    return {colour: counted[colour.value] / total for colour in Colour}


@contextmanager
def nginx() -> Iterator[Bench]:
    with nginx_world.world() as world:

        async def serves() -> dict[Colour, float]:
            return _shares(await world.fresh(200))

        async def close(router: Router) -> None:
            await router.close()  # type: ignore[attr-defined]  # made just below

        yield Bench(make=world.router, close=close, serves=serves)


@contextmanager
def haproxy() -> Iterator[Bench]:
    with haproxy_router_world.world() as world:

        async def serves() -> dict[Colour, float]:
            return _shares(await world.fresh(40))

        async def close(router: Router) -> None:
            await router.close()  # type: ignore[attr-defined]  # made just below

        yield Bench(make=world.router, close=close, serves=serves)


@contextmanager
def command() -> Iterator[Bench]:
    with run_folder() as folder:
        program = folder / "traffic"
        program.write_text(SCRIPT.format(folder=folder))
        program.chmod(0o755)
        (folder / "share").write_text("0\n")
        apps = {colour: haproxy_router_world.Application(colour) for colour in Colour}

        def script(*argv: str) -> Script:
            return Script(argv=(str(program), *argv), deadline=5.0)

        commands = Scripts(
            set=script("set", "$weight"),
            rollback=script("rollback"),
            promote=script("promote"),
            brake=script("brake", "$colour"),
            release=script("release"),
            observe=script("observe"),
        )

        def make() -> Router:
            return CommandRouter(
                service="app",
                commands=commands,
                addresses={colour: (f"127.0.0.1:{app.port}",) for colour, app in apps.items()},
                state=folder / "state",
                entry=Entry(url=f"http://127.0.0.1:{apps[Colour.BLUE].port}/", host="localhost"),
                token="0123456789abcdef0123456789abcdef",
                first_stable=Colour.BLUE,
                edge=None,
                wall=time.time,
            )

        async def serves() -> dict[Colour, float]:
            share = 0.0 if (folder / "cut").exists() else float((folder / "share").read_text()) / 100.0
            return {Colour.BLUE: 1.0 - share, Colour.GREEN: share}

        async def close(router: Router) -> None:
            await router.close()  # type: ignore[attr-defined]  # made just above

        try:
            yield Bench(make=make, close=close, serves=serves, draws=False)
        finally:
            for app in apps.values():
                app.close()


@contextmanager
def fake() -> Iterator[Bench]:
    clock = ClockFake()
    router = RouterFake(clock=clock)

    async def serves() -> dict[Colour, float]:
        return {colour: router.share(colour) for colour in Colour}

    async def close(_: Router) -> None:
        pass

    yield Bench(make=lambda: router, close=close, serves=serves, wall=clock.wall, draws=False)
