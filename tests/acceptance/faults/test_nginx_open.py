"""What is open at a rollback and goes on: websockets, event streams, uploads, requests that take long."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from simulations.lab.processes import free_ports
from tests.acceptance.faults.apps import WEBSOCKETS, Line, applications
from tests.acceptance.faults.figures import figure
from tests.acceptance.nginx_world import BLUE, GREEN, World, at, world
from watchdog.core.model import Colour
from watchdog.traffic.base import Applied
from watchdog.traffic.nginx.router import NginxRouter
from watchdog.traffic.waiting import until

pytestmark = pytest.mark.acceptance

SHUTDOWN_SECONDS = 1
LONG = 8  # the kernel keeps ten lines of the log, and they all end at once
UPLOADS = "client_max_body_size 0;\n"
UPGRADE = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade"


def play(scene: Callable[[World, NginxRouter], Awaitable[None]], *, shutdown: int = 0, **changes: Any) -> None:
    """All users are on green; both colours can do everything."""
    ports = free_ports(2)
    servers = {BLUE: (f"127.0.0.1:{ports[0]}",), GREEN: (f"127.0.0.1:{ports[1]}",)}
    with world(split=at(1.0), setup={"servers": servers}, server=WEBSOCKETS + UPLOADS) as made:
        if shutdown:
            conf, setting = made.nginx.conf, "worker_shutdown_timeout"
            conf.write_text(conf.read_text().replace(f"{setting} 60s", f"{setting} {shutdown}s"))
            made.nginx.reload()

        async def story(router: NginxRouter) -> None:
            async with applications(servers):
                await scene(made, router)

        made.run(story, **{"settle": 0.1, **changes})


async def rolled_back(router: NginxRouter) -> tuple[Applied, float]:
    """The rollback, and since when the brake holds."""
    back = await router.apply(at(0.0), brake=True, note="")
    assert back.ok, back
    assert back.braked_at is not None
    return back, back.braked_at


async def logged(scene: World, since: float, colour: Colour, count: int = 1) -> None:
    """Wait until so many requests that ended after the brake on this colour are in the log."""

    def found() -> bool:
        return sum(line.colour is colour for line in scene.edge.ended_since("app", since)) >= count

    assert await until(found, 5.0)


def test_a_websocket_ends_when_the_old_worker_does() -> None:
    """It outlives brake and reload, is counted as open, and ends at worker_shutdown_timeout; then it is a straggler."""

    async def scene(made: World, router: NginxRouter) -> None:
        socket = await Line.open(made.nginx.port, UPGRADE)
        assert "101" in await socket.head()
        back, since = await rolled_back(router)
        reloaded = time.monotonic()
        proof = await router.prove(BLUE, since)
        assert (True, 0, 1) == (proof.ok, proof.to_candidate, proof.open), proof
        assert await socket.echoes("still here")
        drained = await router.drain(GREEN, 5.0)
        ended = time.monotonic() - reloaded
        assert 0 == drained.open, drained
        assert SHUTDOWN_SECONDS * 0.5 < ended < SHUTDOWN_SECONDS + 1.0
        assert b"" == await socket.reader.read()
        await socket.close()
        await logged(made, since, GREEN)
        again = await router.prove(BLUE, since)
        assert (True, 0, 1, 0) == (again.ok, again.to_candidate, again.stragglers, again.open)
        assert "other (websocket): began " in again.straggling[0]
        assert any("old workers finish" in warning for warning in back.warnings)
        figure("websocket ended after the order, worker_shutdown_timeout 1s", f"{ended:.2f} s")

    play(scene, shutdown=SHUTDOWN_SECONDS)


def test_what_cannot_be_ended_is_counted_at_the_deadline() -> None:
    """A drain that runs out says how many are left and what ends them; nothing of ours keeps a connection open."""

    async def scene(made: World, router: NginxRouter) -> None:
        sockets = [await Line.open(made.nginx.port, UPGRADE) for _ in range(3)]
        for socket in sockets:
            await socket.head()
        await rolled_back(router)
        drained = await router.drain(GREEN, 0.3)
        assert 3 == drained.open, drained
        assert "after 0.3 s nginx has 3 connections to green" in drained.detail
        assert "worker_shutdown_timeout" in drained.detail
        assert not (made.state / "brake" / "app.scratch").exists()
        for socket in sockets:
            await socket.close()
        assert 0 == (await router.drain(GREEN, 5.0)).open

    play(scene)


def test_without_a_reload_idle_connections_end_by_themselves() -> None:
    """Behind a brake alone nginx's pool empties after its keepalive_timeout, though our probes go on meanwhile."""

    async def scene(made: World, router: NginxRouter) -> None:
        await made.fresh(20)
        socket = await Line.open(made.nginx.port, UPGRADE)
        await socket.head()
        await rolled_back(router)
        asked = True

        async def probes() -> None:
            while asked:
                await router.send_probe(user=False)
                await asyncio.sleep(0.2)

        probing = asyncio.ensure_future(probes())
        drained = await router.drain(GREEN, 5.5)
        assert 1 == drained.open, drained
        assert "the next reload does" in drained.detail
        await socket.close()
        assert 0 == (await router.drain(GREEN, 5.0)).open
        asked = False
        await probing

    play(scene, reload=("false",))


def test_an_event_stream_goes_on_and_is_a_straggler_when_it_ends() -> None:
    """Events of the candidate arrive after the brake; new streams are stable's; the proof holds throughout."""

    async def scene(made: World, router: NginxRouter) -> None:
        stream = await Line.open(made.nginx.port, "GET /stream HTTP/1.1")
        assert b"green" in await stream.reader.readuntil(b"green")
        _, since = await rolled_back(router)
        proof = await router.prove(BLUE, since)
        assert (True, 0, 0, 1) == (proof.ok, proof.to_candidate, proof.stragglers, proof.open)
        await stream.reader.readuntil(b"green")
        new = await Line.open(made.nginx.port, "GET /stream HTTP/1.1")
        await new.reader.readuntil(b"blue")
        await new.close()
        await stream.close()
        await logged(made, since, GREEN)
        proof = await router.prove(BLUE, since)
        assert (True, 0, 1) == (proof.ok, proof.to_candidate, proof.stragglers)

    play(scene)


def test_an_upload_that_was_begun_ends_on_the_candidate() -> None:
    """A large body whose header came before the brake is taken to its end: a straggler, not a failure of the proof."""

    async def scene(made: World, router: NginxRouter) -> None:
        size, half = 8_000_000, 4_000_000
        upload = await Line.open(made.nginx.port, f"POST /upload HTTP/1.1\r\nContent-Length: {size}")
        upload.writer.write(b"x" * half)
        await upload.writer.drain()
        await asyncio.sleep(0.05)
        _, since = await rolled_back(router)
        assert {"blue": 20} == await made.fresh(20)
        drained = await router.drain(GREEN, 0.3)  # nginx passes it on when it has all of it
        assert (0, True) == (drained.open, "perhaps an upload not passed on yet" in drained.detail)
        upload.writer.write(b"x" * half)
        assert "200" in await upload.head()
        assert b"green" == await upload.reader.readexactly(5)
        await upload.close()
        await logged(made, since, GREEN)
        proof = await router.prove(BLUE, since)
        assert (True, 0, 1) == (proof.ok, proof.to_candidate, proof.stragglers), proof
        assert proof.straggling[0].startswith("other: began ")

    play(scene)


def test_workers_with_long_requests_hold_up_nothing() -> None:
    """Old workers finish them; users are on stable at once, the order says that old workers are left, none fails."""

    async def scene(made: World, router: NginxRouter) -> None:
        long = [asyncio.ensure_future(made.fresh(1, "/slow?s=1.5")) for _ in range(LONG)]
        await asyncio.sleep(0.1)
        began = time.monotonic()
        back, since = await rolled_back(router)
        took = time.monotonic() - began
        assert {"blue": 50} == await made.fresh(50)
        assert took < 1.5
        assert any("old workers finish" in warning for warning in back.warnings), back.warnings
        assert [{"green": 1}] * LONG == await asyncio.gather(*long)
        await logged(made, since, GREEN, LONG)
        proof = await router.prove(BLUE, since)
        assert (True, 0, LONG) == (proof.ok, proof.to_candidate, proof.stragglers)
        figure(f"{LONG} requests of 1.5 s under way: order done after", f"{took:.3f} s, none failed")

    play(scene)
