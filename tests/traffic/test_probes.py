"""Requests of our own: what they carry, what they keep, how long they may take."""

import asyncio
import time

from watchdog.core.model import Colour
from watchdog.traffic.probes import Entry, Probes


def test_probes_send_their_header_and_keep_nothing() -> None:
    """Each is a fresh client: neither the balancer's cookie nor the connection is used again by the next one."""
    heard: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 503 No\r\nSet-Cookie: rwd=x; path=/\r\nContent-Length: 2\r\n\r\nno")
        await writer.drain()
        await reader.read()  # a second request on this connection would get no answer
        writer.close()

    async def play() -> tuple[int | None, tuple[str, ...], str]:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        probes = Probes(Entry(url=f"http://127.0.0.1:{port}/health?x=1", host="his.example"), "T", time.time, 2.0)
        sent = await probes.through(user=True)
        await probes.through(user=False)
        bad = await probes.directly([f"127.0.0.1:{port}"])
        line = await probes.answers(Colour.BLUE, [f"127.0.0.1:{port}"])
        assert ("blue answers", False, bad[0]) == (line.name, line.ok, line.detail)
        await probes.close()
        server.close()
        await server.wait_closed()
        refused = await probes.directly([f"127.0.0.1:{port}"])
        return sent.status, bad, refused[0].replace(str(port), "PORT")

    status, bad, refused = asyncio.run(play())
    assert (503, True) == (status, bad[0].endswith(": status 503"))
    assert refused.startswith("127.0.0.1:PORT: ")
    lines = [head.decode().split("\r\n") for head in heard]
    assert ["GET /health?x=1 HTTP/1.1"] * 4 == [head[0] for head in lines]
    assert [["X-RWD-Probe: T.user"], ["X-RWD-Probe: T"], [], []] == [
        [line for line in head if line.startswith("X-RWD-Probe")] for head in lines
    ]
    assert all("Host: his.example" in head for head in lines)
    assert not [line for head in lines for line in head if line.lower().startswith("cookie")]


def test_a_probe_that_hangs_is_given_up() -> None:
    """A balancer that accepts and says nothing costs the probe's time and no more."""

    async def play() -> tuple[int | None, str]:
        async def silent(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)

        writers: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        probes = Probes(Entry(url=url, host="x"), "T", time.time, 0.1)
        sent = await probes.through(user=False)
        await probes.close()
        for writer in writers:
            writer.close()
        server.close()
        await server.wait_closed()
        return sent.status, sent.problem

    status, problem = asyncio.run(play())
    assert (None, True) == (status, problem.endswith("TimeoutError"))
