"""The HAProxy source against a real HAProxy: requests of every kind, a dead server, reload, restart, freeze."""

import asyncio
import os
from pathlib import Path

import pytest

from simulations.lab.processes import free_port, run_folder
from tests.acceptance.haproxy_world import CHECKED, World, source, values, version, world
from watchdog.core.model import Colour, Missing
from watchdog.sources.haproxy.source import HaproxySource, Pool

pytestmark = pytest.mark.acceptance

CLASSES = ("requests", "errors", "connect_errors", "response_errors")


async def counted(lab: World, lb: HaproxySource, colour: Colour = Colour.GREEN) -> tuple[object, ...]:
    """Once nothing is under way."""
    await lab.idle()
    readings = values(await lb.poll(), colour)
    return tuple(readings[signal] for signal in CLASSES)


async def eventually_up(lb: HaproxySource, value: float) -> str:
    """The detail of green's check when it has this value."""
    async with asyncio.timeout(5.0):
        while True:
            (up,) = (r for r in await lb.poll() if (r.signal, r.colour) == ("server_up", Colour.GREEN))
            if up.value == value:
                return up.detail
            await asyncio.sleep(0.05)


def test_every_kind_of_request_counts_once() -> None:
    """Whatever a server does, a failed request is one request and one error, and blue's are blue's."""

    async def play(lab: World) -> dict[str, tuple[str, tuple[object, ...]]]:
        lb = source(lab.socket)
        seen: dict[str, tuple[str, tuple[object, ...]]] = {}
        assert Missing.EMPTY is values(await lb.poll())["requests"]
        for path in ("/200", "/404", "/500", "/503", "/hint", "/hang", "/close", "/reset", "/cut"):
            status = await lab.get(path)
            seen[path] = (status, await counted(lab, lb))
        await lab.get("/hang", give_up=0.1)
        seen["left"] = ("", await counted(lab, lb))
        await lab.get("/500", Colour.BLUE)
        await lab.idle()
        poll = await lb.poll()
        seen["blue"] = ("", tuple(values(poll, Colour.BLUE)[name] for name in CLASSES))
        seen["green"] = ("", tuple(values(poll)[name] for name in CLASSES))
        return seen

    async def main(folder: Path) -> dict[str, tuple[str, tuple[object, ...]]]:
        async with world(folder) as lab:
            return await play(lab)

    with run_folder() as folder:
        assert {
            "/200": ("200", (1.0, 0.0, 0.0, 0.0)),
            "/404": ("404", (1.0, 0.0, 0.0, 0.0)),
            "/500": ("500", (1.0, 1.0, 0.0, 0.0)),
            "/503": ("503", (1.0, 1.0, 0.0, 0.0)),
            "/hint": ("103", (1.0, 0.0, 0.0, 0.0)),
            "/hang": ("504", (1.0, 1.0, 0.0, 1.0)),
            "/close": ("502", (1.0, 1.0, 0.0, 1.0)),
            "/reset": ("502", (1.0, 1.0, 0.0, 1.0)),
            "/cut": ("200", (1.0, 0.0, 0.0, 0.0)),
            "left": ("", (1.0, 1.0, 0.0, 1.0)),  # the server hung until `timeout server`, though nobody waited any more
            "blue": ("", (1.0, 1.0, 0.0, 0.0)),
            "green": ("", (0.0, 0.0, 0.0, 0.0)),
        } == asyncio.run(main(folder))


def test_a_user_who_leaves_is_nobody_s_failure_where_haproxy_lets_go() -> None:
    """With `option abortonclose` the server was not given its time, so the request does not count."""

    async def main(folder: Path) -> tuple[object, ...]:
        async with world(folder, option="option abortonclose") as lab:
            lb = source(lab.socket)
            await lb.poll()
            await lab.get("/hang", give_up=0.1)
            await lab.get("/200")
            return await counted(lab, lb)

    with run_folder() as folder:
        assert (1.0, 0.0, 0.0, 0.0) == asyncio.run(main(folder))


def test_many_requests_at_once_are_all_counted() -> None:
    """Two hundred, a quarter of them failing in four ways; what is under way does not count yet."""

    async def main(folder: Path) -> tuple[tuple[object, ...], tuple[object, ...]]:
        async with world(folder) as lab:
            lb = source(lab.socket)
            await lb.poll()
            under_way = asyncio.ensure_future(lab.get("/hang"))
            await asyncio.sleep(0.1)
            first = values(await lb.poll())
            paths = ["/200"] * 150 + ["/500"] * 20 + ["/close"] * 10 + ["/reset"] * 10 + ["/hang"] * 9
            turn = asyncio.Semaphore(50)  # more at once would overrun the application's queue of connections

            async def get(path: str) -> None:
                async with turn:
                    await lab.get(path)

            await asyncio.gather(under_way, *(get(path) for path in paths))
            return (first["requests"], first["sessions"]), await counted(lab, lb)

    with run_folder() as folder:
        first, then = asyncio.run(main(folder))
    assert (0.0, 1.0) == first
    assert (200.0, 50.0, 0.0, 30.0) == then


def test_a_server_that_refuses() -> None:
    """What HAProxy gives to blue instead is green's failure, though no user sees it; its checks call green down."""

    async def main(folder: Path) -> tuple[list[str], tuple[object, ...], str]:
        async with world(folder, check="") as lab:
            lab.aim_green(free_port(), check="")
            await lab.reload()
            lb = source(lab.socket)
            await lb.poll()
            statuses = [await lab.get("/200") for _ in range(3)]
            counts = await counted(lab, lb)
            lab.aim_green(free_port(), check=CHECKED)
            await lab.reload()
            return statuses, counts, await eventually_up(lb, 0.0)

    with run_folder() as folder:
        statuses, counts, detail = asyncio.run(main(folder))
    assert ["200"] * 3 == statuses
    assert (3.0, 3.0, 3.0, 0.0) == counts
    assert detail.startswith("DOWN: L4CON")


def test_reload_restart_and_freeze() -> None:
    """A new process counts in full; a socket that is gone or silent is missing, and afterwards nothing was lost."""

    async def main(folder: Path) -> list[object]:
        seen: list[object] = []
        async with world(folder) as lab:
            lb = source(lab.socket, timeout=1.0)
            await lb.poll()
            await lab.get("/500")
            await lab.reload()
            await lab.get("/500")
            seen.append((await counted(lab, lb))[:2])

            await lab.freeze()
            seen.append(set(values(await lb.poll()).values()))
            lab.thaw()
            await lab.get("/200")
            seen.append((await counted(lab, lb))[:2])

            await asyncio.to_thread(lab.stop)
            gone = await lb.poll()
            seen.append({(each.value, each.detail.split(":")[0]) for each in gone})
            await lab.start()
            await lab.get("/200")
            seen.append((await counted(lab, lb))[:2])
        return seen

    with run_folder() as folder:
        assert [
            (1.0, 1.0),  # the old process took what it had counted since the last look with it
            {Missing.TIMEOUT},
            (1.0, 0.0),
            {(Missing.ERROR, "refused")},
            (1.0, 0.0),
        ] == asyncio.run(main(folder))


def test_a_look_at_a_real_haproxy() -> None:
    """Its version, its names, and what is not checked."""

    async def main(folder: Path) -> tuple[list[tuple[bool | None, str]], dict[str, object]]:
        async with world(folder, check="") as lab:
            pools = {Colour.BLUE: Pool(backend="app", servers=("blu",)), Colour.GREEN: Pool(backend="app")}
            lb = source(lab.socket, pools=pools)
            found = [(each.ok, each.what) for each in await lb.examine()]
            return found, {**values(await lb.poll())}

    with run_folder() as folder:
        found, readings = asyncio.run(main(folder))
        assert [
            (True, f"HAProxy {version()} answers at {folder}/haproxy.sock"),
            (False, "blue: backend app has no server blu; it has: blue, green"),
            (True, "green: backend app has blue, green"),
            (None, "green: HAProxy does not check green, so server_up has no value"),
        ] == found
    assert Missing.EMPTY is readings["server_up"]


def test_reading_leaves_no_connection() -> None:
    """Three hundred looks use no descriptor up."""

    async def main(folder: Path) -> tuple[int, int]:
        async with world(folder) as lab:
            lb = source(lab.socket)
            await lb.poll()
            before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked
            for _ in range(300):
                await lb.poll()
            await asyncio.sleep(0)
            return before, len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked

    with run_folder() as folder:
        before, after = asyncio.run(main(folder))
    assert after <= before + 1
