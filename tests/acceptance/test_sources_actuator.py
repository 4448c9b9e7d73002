"""The actuator source, from the operator's file on, against a fake of what Spring Boot documents on real sockets."""

import asyncio
from pathlib import Path

import pytest

from tests.config.helpers import compiled
from tests.sources.actuator_server import Application, running
from tests.sources.servers import free_port
from watchdog.config.sources.actuator import ActuatorSettings
from watchdog.core.model import Colour, Missing, Reading, Value
from watchdog.daemon.sources import build
from watchdog.sources.actuator.source import ActuatorSource
from watchdog.sources.base import Finding

pytestmark = pytest.mark.acceptance

TEXT = """
sources:
  app:
    actuator:
      timeout: 5s
      token: t0ken
      metrics:
        pool: {{metric: hikaricp.connections.active, tags: {{pool: main}}, unit: number}}
        tasks: {{metric: executor.active, unit: number}}
        heap: {{metric: jvm.memory.used, tags: {{area: heap}}, unit: size}}
        pauses: {{metric: jvm.gc.pause, statistic: COUNT}}
        pause-time: {{metric: jvm.gc.pause, statistic: TOTAL_TIME}}
        requests: {{metric: http.server.requests, statistic: COUNT}}
        errors: {{metric: http.server.requests, statistic: COUNT, tags: {{outcome: SERVER_ERROR}}, absent: zero}}
rules:
  db: {{probe: {{signal: "app.health[db]"}}, on_fire: rollback}}
  ready: {{probe: {{signal: app.health}}, on_fire: observe}}
  pool: {{threshold: {{value: app.pool, when: "> 8"}}, on_fire: observe}}
  errors: {{sequential_ratio: {{bad: app.errors, total: app.requests, limit: 5%}}, on_fire: rollback}}
  edge: {{sequential_ratio: {{bad: edge.errors, total: edge.requests, limit: 5%}}, on_fire: rollback}}
services:
  app:
    colours: {{blue: {{server: "127.0.0.1:{blue}"}}, green: {{server: "127.0.0.1:{green}"}}}}
    rules: [errors, edge, health, db, ready, pool]
"""


def made(folder: Path, blue: int, green: int) -> ActuatorSource:
    """The live source of an operator's file."""
    (service,) = compiled(folder, TEXT.format(blue=blue, green=green)).services
    (settings,) = [each for each in service.sources if isinstance(each, ActuatorSettings)]
    source = build.source(settings, asyncio.get_running_loop().time, lambda secret: secret.literal or "")
    assert isinstance(source, ActuatorSource)
    return source


def application() -> Application:
    """One that has served a while."""
    app = Application(token="t0ken")
    for pool, active in (("main", 3.0), ("reports", 1.0)):
        app.register("hikaricp.connections.active", {"pool": pool}, "connections", VALUE=active)
    app.register("executor.active", {"name": "applicationTaskExecutor"}, "threads", VALUE=2.0)
    for area, used in (("heap", 2.0**28), ("nonheap", 2.0**26)):
        app.register("jvm.memory.used", {"area": area}, "bytes", VALUE=used)
    app.register("jvm.gc.pause", {"action": "end of minor GC"}, "seconds", COUNT=40.0, TOTAL_TIME=0.5, MAX=0.02)
    app.register("http.server.requests", {"outcome": "SUCCESS"}, "seconds", COUNT=1000.0, TOTAL_TIME=20.0, MAX=0.1)
    return app


def port(url: str) -> int:
    return int(url.split(":")[2].split("/", maxsplit=1)[0])


def of(colour: Colour, poll: tuple[Reading, ...]) -> dict[str, Value]:
    return {each.signal: each.value for each in poll if each.colour is colour}


def test_an_application_through_its_life(tmp_path: Path) -> None:
    """Served, its database lost, its requests failing, restarted with counters from zero, gone; blue goes on."""

    async def main() -> list[tuple[Reading, ...]]:
        blue, green = application(), application()
        async with running(blue) as blue_url:
            polls: list[tuple[Reading, ...]] = []
            async with running(green) as green_url:
                source = made(tmp_path, port(blue_url), port(green_url))
                polls.append(await source.poll())

                green.components["db"] = {"status": "DOWN", "details": {"error": "Connection refused"}}
                green.register("http.server.requests", {"outcome": "SERVER_ERROR"}, COUNT=7.0, TOTAL_TIME=1.0, MAX=1.0)
                green.meters[0][1].measurements["VALUE"] = 10.0
                polls.append(await source.poll())

                green.restart()
                green.components["db"] = "UP"
                green.register("http.server.requests", {"outcome": "SUCCESS"}, COUNT=2000.0, TOTAL_TIME=1.0, MAX=1.0)
                polls.append(await source.poll())
            polls.append(await source.poll())
            await source.close()
            return polls

    first, failing, restarted, gone = asyncio.run(main())

    assert {
        "health": 1.0,
        "health[db]": 1.0,
        "pool": 3.0,
        "tasks": 2.0,
        "heap": 2.0**28,
        "pauses": Missing.EMPTY,
        "pause-time": Missing.EMPTY,
        "requests": Missing.EMPTY,
        "errors": Missing.EMPTY,
    } == of(Colour.GREEN, first)

    now = of(Colour.GREEN, failing)
    assert (0.0, 0.0, 10.0) == (now["health"], now["health[db]"], now["pool"])
    assert (0.0, 7.0, 7.0) == (now["pauses"], now["requests"], now["errors"])
    (db,) = [each for each in failing if (each.signal, each.colour) == ("health[db]", Colour.GREEN)]
    assert "DOWN: Connection refused" == db.detail

    now = of(Colour.GREEN, restarted)
    assert (1.0, 2000.0, 0.0) == (now["health[db]"], now["requests"], now["errors"])
    assert {Missing.EMPTY} == {now[name] for name in ("pool", "tasks", "heap", "pauses")}

    assert {Missing.ERROR} == set(of(Colour.GREEN, gone).values())
    assert {"health": 1.0, "health[db]": 1.0, "pool": 3.0, "requests": 0.0, "errors": 0.0}.items() <= of(
        Colour.BLUE, gone
    ).items()


def test_a_look_from_the_file_on(tmp_path: Path) -> None:
    """A wrong token, hidden components, a meter that is not there yet, and a server that is not there at all."""

    async def main() -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
        green = application()
        async with running(green) as url:
            source = made(tmp_path, free_port(), port(url))
            green.show = False
            first = await source.examine()
            green.token = "other"
            second = await source.examine()
            await source.close()
            return first, second

    first, second = asyncio.run(main())
    green = [(each.ok, each.what.partition("): ")[2]) for each in first if each.what.startswith("green")]
    assert [
        (True, "health is UP"),
        (False, "health[db] gives no reading (empty): the health page shows no components; set"),
        (True, "pool is 3"),
        (True, "tasks is 2"),
        (True, "heap is 2.68435e+08"),
        (True, "pauses is 40"),
        (True, "pause-time is 0.5"),
        (True, "requests is 1000"),
        (None, "errors: there is no http.server.requests with outcome:SERVER_ERROR (yet)"),
    ] == [(ok, what.partition(" management")[0]) for ok, what in green]
    assert any("refused" in each.what for each in first if each.what.startswith("blue"))
    assert any(each.ok is False and "is `token` there and right?" in each.what for each in second)
