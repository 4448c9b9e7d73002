"""Readings of both colours' applications, from a fake of what Spring Boot documents."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

from tests.sources.actuator_server import Application, running
from tests.sources.servers import free_port
from watchdog.core.model import Colour, Missing, Reading, Value
from watchdog.sources.actuator.answers import Metric
from watchdog.sources.actuator.client import Target
from watchdog.sources.actuator.source import ActuatorSource
from watchdog.sources.base import Finding

POOL = Metric(
    name="pool", meter="hikaricp.connections.active", statistic="VALUE", tags=(("pool", "main"),), across="sum"
)
PAUSES = Metric(name="gc", meter="jvm.gc.pause", statistic="COUNT", counter=True)
PAUSED = Metric(name="gc-time", meter="jvm.gc.pause", statistic="TOTAL_TIME", counter=True)

Step = Callable[[], object]


def made(
    targets: dict[Colour, Sequence[Target]],
    *,
    metrics: Sequence[Metric] = (),
    components: Sequence[str] = (),
    timeout: float = 5.0,
) -> ActuatorSource:
    times = iter(range(10, 1000))
    return ActuatorSource(
        name="app",
        interval=2.0,
        timeout=timeout,
        targets=targets,
        now=lambda: float(next(times)),
        metrics=metrics,
        components=components,
    )


def polled(
    *applications: Application,
    steps: Sequence[Step] = (),
    metrics: Sequence[Metric] = (),
    components: Sequence[str] = (),
) -> list[dict[str, Reading]]:
    """Green's readings: a poll, then one after each step. Green has these servers."""

    async def main() -> list[tuple[Reading, ...]]:
        async with contextlib.AsyncExitStack() as stack:
            targets = [Target(url=await stack.enter_async_context(running(each))) for each in applications]
            source = made({Colour.GREEN: targets}, metrics=metrics, components=components)
            polls = [await source.poll()]
            for step in steps:
                step()
                polls.append(await source.poll())
            await source.close()
            return polls

    return [{each.signal: each for each in poll} for poll in asyncio.run(main())]


def values(readings: dict[str, Reading]) -> dict[str, Value]:
    return {signal: reading.value for signal, reading in readings.items()}


def test_health_by_component() -> None:
    """The application's own word, DOWN under 503 included, with what is down."""
    application = Application(components={"db": {"primary": "UP", "replica": "UP"}, "diskSpace": "UP"})

    def down() -> None:
        application.components["db"] = {"primary": "DOWN", "replica": "UP"}

    up, now = polled(application, steps=[down], components=["db", "db_primary", "diskSpace", "redis"])

    assert {
        "health": 1.0,
        "health[db]": 1.0,
        "health[db_primary]": 1.0,
        "health[diskSpace]": 1.0,
        "health[redis]": Missing.EMPTY,
    } == values(up)
    assert (0.0, 0.0, 0.0, 1.0) == tuple(
        values(now)[name] for name in ("health", "health[db]", "health[db_primary]", "health[diskSpace]")
    )
    assert "DOWN: db DOWN" == now["health"].detail
    assert "it has: db, db_primary, db_replica, diskSpace" in now["health[redis]"].detail


def test_meters_are_gauges_and_counts() -> None:
    """A gauge as it is, by its tags; a counter's increase with its interval; one question for a meter's statistics."""
    application = Application()
    application.register("hikaricp.connections.active", {"pool": "main"}, VALUE=3.0)
    application.register("hikaricp.connections.active", {"pool": "other"}, VALUE=9.0)
    pause = application.register("jvm.gc.pause", {"action": "minor"}, COUNT=10.0, TOTAL_TIME=1.5, MAX=0.2)

    def work() -> None:
        pause.measurements.update(COUNT=14.0, TOTAL_TIME=2.25)

    first, then = polled(application, steps=[work], metrics=[POOL, PAUSES, PAUSED])

    assert {"health": 1.0, "pool": 3.0, "gc": Missing.EMPTY, "gc-time": Missing.EMPTY} == values(first)
    assert {"health": 1.0, "pool": 3.0, "gc": 4.0, "gc-time": 0.75} == values(then)
    assert ((10.0, 11.0), None) == (then["gc"].over, then["pool"].over)
    assert 2 == sum(path.startswith("/actuator/metrics/jvm.gc.pause") for path in application.asked)


def test_a_meter_that_comes_with_its_first_use_counts_in_full() -> None:
    """Before that it is empty; an application that restarts loses it again, and begins anew."""
    application = Application()
    errors = Metric(
        name="errors", meter="http.server.requests", statistic="COUNT", tags=(("status", "500"),), counter=True
    )

    def fail() -> None:
        application.register("http.server.requests", {"status": "500"}, COUNT=3.0, TOTAL_TIME=1.0, MAX=1.0)

    def restart() -> None:
        application.restart()
        application.register("http.server.requests", {"status": "500"}, COUNT=5.0, TOTAL_TIME=1.0, MAX=1.0)

    polls = polled(application, steps=[fail, application.restart, restart], metrics=[errors])

    assert [Missing.EMPTY, 3.0, Missing.EMPTY, 5.0] == [values(each)["errors"] for each in polls]
    assert "there is no http.server.requests with status:500 (yet)" == polls[0]["errors"].detail


def test_a_colour_with_several_servers() -> None:
    """All must be up; gauges across them as told; counts are summed after each server's difference."""
    one, two = Application(), Application()
    meters = []
    for application, active, count in ((one, 3.0, 100.0), (two, 4.0, 10.0)):
        application.register("hikaricp.connections.active", {"pool": "main"}, VALUE=active)
        meters.append(application.register("jvm.gc.pause", COUNT=count))

    def go_on() -> None:
        two.restart()
        two.register("hikaricp.connections.active", {"pool": "main"}, VALUE=1.0)
        two.register("jvm.gc.pause", COUNT=20.0)
        meters[0].measurements["COUNT"] = 101.0
        two.components["db"] = "DOWN"

    first, then = polled(one, two, steps=[go_on], metrics=[POOL, PAUSES])

    assert (1.0, 7.0) == (values(first)["health"], values(first)["pool"])
    assert {"health": 0.0, "pool": 4.0, "gc": 21.0} == values(then)
    assert then["health"].detail.startswith("127.0.0.1:")


def test_an_application_that_does_not_answer_says_nothing() -> None:
    """Refused, hung or denied is missing, not down; the counts reach over it; the other colour has its readings."""
    green, blue = Application(), Application()
    green.register("jvm.gc.pause", COUNT=1.0)
    blue.register("jvm.gc.pause", COUNT=1.0)

    async def main() -> list[tuple[Reading, ...]]:
        async with running(blue) as blue_url, running(green) as green_url:
            source = made(
                {Colour.BLUE: [Target(url=blue_url)], Colour.GREEN: [Target(url=green_url)]},
                metrics=[PAUSES],
                timeout=0.7,
            )
            polls = [await source.poll()]
            green.hangs = {"/actuator/health", "/actuator/metrics/jvm.gc.pause"}
            polls.append(await source.poll())
            green.hangs = set()
            green.token = "t"
            polls.append(await source.poll())
            green.token = ""
            green.meters[0][1].measurements["COUNT"] = 9.0
            polls.append(await source.poll())
            await source.close()
            return polls

    def of(colour: Colour, poll: tuple[Reading, ...]) -> list[Value]:
        return [each.value for each in poll if each.colour is colour]

    _, hung, denied, again = asyncio.run(main())
    assert [Missing.TIMEOUT, Missing.TIMEOUT] == of(Colour.GREEN, hung)
    assert [1.0, 0.0] == of(Colour.BLUE, hung)
    assert [Missing.ERROR, Missing.ERROR] == of(Colour.GREEN, denied)
    assert [1.0, 8.0] == of(Colour.GREEN, again)


def test_nothing_listening_is_missing() -> None:
    """The health source finds out whether anybody serves."""

    async def main() -> tuple[Reading, ...]:
        source = made({Colour.GREEN: [Target(url=f"http://127.0.0.1:{free_port()}/actuator")]}, metrics=[POOL, PAUSES])
        try:
            return await source.poll()
        finally:
            await source.close()

    assert {("health", Missing.ERROR), ("pool", Missing.ERROR), ("gc", Missing.ERROR)} == {
        (each.signal, each.value) for each in asyncio.run(main())
    }


def test_the_answer_to_no_poll_names_every_signal() -> None:
    """And the deadline leaves the questions time to end by themselves."""
    source = made(
        {colour: [Target(url="http://127.0.0.1:1/a")] for colour in Colour}, metrics=[POOL, PAUSES], components=["db"]
    )

    assert {
        (signal, colour, Missing.TIMEOUT) for signal in ("health", "health[db]", "pool", "gc") for colour in Colour
    } == {(each.signal, each.colour, each.value) for each in source.missing()}
    assert source.deadline > 5.0
    asyncio.run(source.close())


def test_a_look_asks_every_server() -> None:
    """And names it."""
    application = Application(show=False)
    application.register("hikaricp.connections.active", {"pool": "main"}, VALUE=3.0)

    async def main() -> tuple[tuple[Finding, ...], str]:
        async with running(application) as url:
            source = made({Colour.GREEN: [Target(url=url)]}, metrics=[POOL, PAUSES], components=["db"])
            found = await source.examine()
            await source.close()
            return found, url.removeprefix("http://").removesuffix("/actuator")

    found, address = asyncio.run(main())
    assert [
        (True, f"green ({address}): health is UP"),
        (False, f"green ({address}): health[db] gives no reading"),
        (True, f"green ({address}): pool is 3"),
        (None, f"green ({address}): gc: there is no jvm.gc.pause"),
    ] == [(each.ok, each.what.partition(" (empty)")[0].partition(" (yet)")[0]) for each in found]
