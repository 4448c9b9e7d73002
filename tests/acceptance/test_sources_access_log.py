"""What a real nginx writes in each case, as the receiver understands it."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulations.lab.nginx import Nginx, available, start_nginx
from simulations.lab.processes import free_ports, run_folder
from tests.sources.servers import served
from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Colour, Reading
from watchdog.sources.access_log import AccessLog, EdgeService
from watchdog.sources.edge_counts import is_bad, is_slow
from watchdog.sources.edge_line import LineParser, Upstream
from watchdog.sources.edge_socket import bind_socket, remove_socket

pytestmark = [pytest.mark.acceptance, pytest.mark.skipif(not available(), reason="needs nginx")]

CONF = """
user www-data; worker_processes 1; daemon off; pid {run}/nginx.pid; error_log {run}/error.log warn;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path {run}/t1; proxy_temp_path {run}/t2; fastcgi_temp_path {run}/t3;
    uwsgi_temp_path {run}/t4; scgi_temp_path {run}/t5; access_log off;
    map $http_x_rwd_probe $rwd_probe {{ "TOKEN" 1; "TOKEN.user" 2; default 0; }}
    map $request_method $rwd_rw {{ GET r; HEAD r; OPTIONS r; default w; }}
    map $uri $rwd_route {{ default other; ~^/login login; }}
    log_format rwd 'rwd1 $msec $request_time $status $connection $connection_requests $rwd_probe $rwd_m $rwd_r '
                   '"$upstream_status" "$upstream_addr" "$upstream_header_time" "$upstream_response_time"';
    upstream rwd-app-green {{ server 127.0.0.1:{green} max_fails=0; server 127.0.0.1:{blue} backup; keepalive 4; }}
    upstream rwd-app-blue  {{ server 127.0.0.1:{blue}; keepalive 4; }}
    upstream rwd-app-alone {{ server 127.0.0.1:{green}; keepalive 4; }}
    upstream rwd-app-gone  {{ server 127.0.0.1:{gone} max_fails=1 fail_timeout=60s;
                              server 127.0.0.2:{gone} max_fails=1 fail_timeout=60s; }}
    server {{
        listen 127.0.0.1:{port};
        set $rwd_m $rwd_rw; set $rwd_r $rwd_route;
        access_log syslog:server=unix:{run}/edge.sock,nohostname,tag=rwd rwd;
        proxy_http_version 1.1; proxy_set_header Connection ""; proxy_read_timeout 3s;
        proxy_next_upstream error timeout http_500; proxy_next_upstream_tries 2;
        location / {{ proxy_pass http://rwd-app-green; }}
        location /short {{ proxy_pass http://rwd-app-green; proxy_read_timeout 200ms; proxy_next_upstream off; }}
        location /upgrade {{ proxy_pass http://rwd-app-green; proxy_set_header Connection upgrade;
                             proxy_set_header Upgrade $http_upgrade; }}
        location /stream {{ proxy_pass http://rwd-app-green; proxy_buffering off; }}
        location /accel {{ proxy_pass http://rwd-app-green; }}
        location /inner {{ internal; proxy_pass http://rwd-app-blue; }}
        location /alone {{ proxy_pass http://rwd-app-alone; }}
        location /gone {{ proxy_pass http://rwd-app-gone; }}
        location /static {{ return 200 "static"; }}
    }}
}}
"""


@dataclass
class Ground:
    """One nginx for all cases, and where its log goes."""

    nginx: Nginx
    edge: Path
    blue: int
    green: int
    gone: int
    log: socket.socket


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    port, blue, green, gone = free_ports(4)
    with run_folder() as run:
        edge = run / "edge.sock"
        log = bind_socket(edge, group="www-data")
        conf = CONF.format(run=run, port=port, blue=blue, green=green, gone=gone)
        with start_nginx(conf, run, port=port) as nginx:
            yield Ground(nginx, edge, blue, green, gone, log)
        remove_socket(edge, log)


@dataclass
class Scene:
    """A receiver on the real log, with both colours of an application behind nginx."""

    ground: Ground
    log: AccessLog
    slices: list[tuple[Reading, ...]]
    since: float

    async def line(self, count: int = 1) -> EdgeLine:
        """The newest line, when so many have come."""
        async with asyncio.timeout(10):
            while len(lines := self.log.ring.ended_since("app", self.since)) < count:  # noqa: ASYNC110 - as nginx likes
                await asyncio.sleep(0.005)
        return lines[-1]

    async def request(self, path: str, *, method: str = "GET", headers: str = "", leave_after: float = 9.0) -> bytes:
        """The answer, as far as it came before the client left."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.ground.nginx.port)
        body = "Content-Length: 0\r\n" if method == "POST" else ""
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{body}{headers}\r\n".encode())
        answer = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(leave_after):
                while data := await reader.read(4096):
                    answer += data
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        return answer

    def sums(self) -> dict[tuple[str, str], float]:
        """What the slices counted, zeros left out."""
        found: dict[tuple[str, str], float] = {}
        for readings in self.slices:
            for r in readings:
                if isinstance(r.value, float) and r.value:
                    key = r.signal, str(r.colour)
                    found[key] = found.get(key, 0.0) + r.value
        return found


async def blue(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A stable version: answers everything."""
    while True:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nblue")


async def green(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A candidate that does what the path says."""
    while True:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode().strip("/").split("/")
        match path[-1]:
            case "fail":
                writer.write(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n")
            case "missing":
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            case "hang":
                await asyncio.sleep(30)
            case "close":
                return
            case "events":
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                while True:
                    writer.write(b"6\r\ndata\n\n\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.05)
            case "chat":
                writer.write(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello")
                await writer.drain()
                await asyncio.sleep(0.2)
                return
            case "elsewhere":
                writer.write(b"HTTP/1.1 200 OK\r\nX-Accel-Redirect: /inner/x\r\nContent-Length: 0\r\n\r\n")
            case _:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngreen")


@contextlib.asynccontextmanager
async def scene(ground: Ground, *, with_green: bool = True) -> AsyncIterator[Scene]:
    upstreams = {
        f"127.0.0.1:{ground.blue}": Upstream(service="app", colour=Colour.BLUE),
        f"127.0.0.1:{ground.green}": Upstream(service="app", colour=Colour.GREEN),
        "rwd-app-gone": Upstream(service="app", colour=Colour.GREEN),
    }
    slices: list[tuple[Reading, ...]] = []
    settings = EdgeService(
        service="app",
        source="edge",
        slow=2.0,
        routes=("login",),
        also_bad={"login": frozenset({404})},
        emit=lambda *args: slices.append(args[3]),
    )
    log = AccessLog(
        sock=ground.log.dup(), parser=LineParser(upstreams), services=[settings], now=time.monotonic, wall=time.time
    )
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(served(blue, at=ground.blue))
        if with_green:
            await stack.enter_async_context(served(green, at=ground.green))
        log.start()
        stack.callback(log.close)
        yield Scene(ground, log, slices, time.time() - 0.002)
        await asyncio.sleep(0.3)


def play(ground: Ground, act: Callable[[Scene], Any], *, with_green: bool = True) -> tuple[EdgeLine, Scene]:
    """The line that an act leaves behind."""

    async def main() -> tuple[EdgeLine, Scene]:
        async with scene(ground, with_green=with_green) as this:
            await act(this)
            line = await this.line()
        assert 0 == this.log.stats.unreadable
        return line, this

    return asyncio.run(main())


def told(line: EdgeLine) -> tuple[int, int | None, str, str, bool, bool]:
    """What matters of a line: statuses, who was tried first, who answered, bad, slow."""
    return (line.status, line.first_status, line.colour, line.answered_by, is_bad(line), is_slow(line, 2.0))


def test_a_plain_answer(ground: Ground) -> None:
    """A user's read of a named route is one good request of the candidate, with its times."""
    line, this = play(ground, lambda s: s.request("/login"))

    assert (200, 200, "green", "green", False, False) == told(line)
    assert ("login", False, ProbeMark.USER) == (line.route, line.write, line.mark)
    assert line.header_time is not None
    assert 0 <= line.ended - line.started < 1
    assert abs(time.time() - line.ended) < 5
    assert {("requests", "green"): 1.0, ("requests[login]", "green"): 1.0} == this.sums()


def test_a_hidden_failure(ground: Ground) -> None:
    """The user sees stable's 200; the candidate's 500 counts, and that nobody saw it."""
    line, this = play(ground, lambda s: s.request("/fail"))

    assert (200, 500, "green", "blue", True, False) == told(line)
    assert dict.fromkeys([("requests", "green"), ("errors", "green"), ("shielded", "green")], 1.0) == this.sums()


def test_a_refusal(ground: Ground) -> None:
    """Nothing listens on the candidate: stable answers, the refusal counts, and a write is stable's."""
    line, this = play(ground, lambda s: s.request("/login", method="POST"), with_green=False)

    assert (200, 502, "green", "blue", True, False) == told(line)
    assert line.header_time is None
    assert 1.0 == this.sums()["writes", "blue"]
    assert ("writes", "green") not in this.sums()


def test_a_failed_write_is_not_retried(ground: Ground) -> None:
    """A POST that the candidate failed reaches the user as 500 and is no accepted write."""
    line, this = play(ground, lambda s: s.request("/fail", method="POST"))

    assert (500, 500, "green", "green", True, False) == told(line)
    assert line.write
    assert ("writes", "green") not in this.sums()


def test_an_accepted_write(ground: Ground) -> None:
    """A POST that the candidate took is its write."""
    _, this = play(ground, lambda s: s.request("/save", method="POST"))

    assert 1.0 == this.sums()["writes", "green"]


def test_a_timeout(ground: Ground) -> None:
    """The balancer gave up on the candidate: 504, no header."""
    line, this = play(ground, lambda s: s.request("/short/hang"))

    assert {("requests", "green"): 1.0, ("errors", "green"): 1.0} == this.sums()
    assert (504, 504, "green", "green", True, False) == told(line)
    assert line.header_time is None
    assert line.upstream_time is not None
    assert line.upstream_time >= 0.2


def test_a_user_who_just_left(ground: Ground) -> None:
    """A client that leaves after a moment is a 499 and no fault."""
    line, _ = play(ground, lambda s: s.request("/hang", leave_after=0.2))

    assert (499, None, "green", "green", False, False) == told(line)


def test_a_user_who_gave_up(ground: Ground) -> None:
    """A client that leaves after two seconds without a header has met a fault, and it was slow."""
    line, this = play(ground, lambda s: s.request("/hang", leave_after=2.1))

    assert (499, None, "green", "green", True, True) == told(line)
    assert {("requests", "green"): 1.0, ("errors", "green"): 1.0, ("slow", "green"): 1.0} == this.sums()


def test_what_a_route_declares_as_bad(ground: Ground) -> None:
    """A 404 is no error; on a route that lists it, it is counted as also bad, and elsewhere it is not."""
    _, this = play(ground, lambda s: s.request("/login/missing"))
    _, elsewhere = play(ground, lambda s: s.request("/missing"))

    assert {("requests", "green"): 1.0, ("requests[login]", "green"): 1.0, ("also_bad[login]", "green"): 1.0} == (
        this.sums()
    )
    assert {("requests", "green"): 1.0} == elsewhere.sums()


def test_an_event_stream(ground: Ground) -> None:
    """A client that leaves a stream of events is a 200, and its length is no slowness."""
    line, _ = play(ground, lambda s: s.request("/stream/events", leave_after=0.4))

    assert (200, 200, "green", "green", False, False) == told(line)
    assert line.upstream_time is not None
    assert line.upstream_time >= 0.3


def test_an_upgraded_connection(ground: Ground) -> None:
    """A websocket is a 101, logged when it closes."""
    line, _ = play(ground, lambda s: s.request("/upgrade/chat", headers="Upgrade: websocket\r\n"))

    assert (101, 101, "green", "green", False, False) == told(line)
    assert line.ended - line.started >= 0.15


def test_an_internal_redirect(ground: Ground) -> None:
    """The candidate sends nginx to stable: the candidate was tried first, stable answered."""
    line, _ = play(ground, lambda s: s.request("/accel/elsewhere"))

    assert (200, 200, "green", "blue", False, False) == told(line)


def test_a_pool_without_a_live_server(ground: Ground) -> None:
    """When nginx has given all servers up its line names the pool alone; it is still the candidate's failure."""

    async def twice(this: Scene) -> None:
        await this.request("/gone/x")  # its servers are of no service that we know
        await this.request("/gone/x")

    line, this = play(ground, twice)

    assert (502, 502, "green", "green", True, False) == told(line)
    assert {("requests", "green"): 1.0, ("errors", "green"): 1.0} == this.sums()


@pytest.mark.parametrize(
    ("method", "place", "expected"),
    [
        ("GET", "/alone", (200, 200, "green", "green", False, False, True)),
        ("POST", "/alone", (502, 502, "green", "green", True, False, False)),
        ("GET", "/shield", (200, 502, "green", "blue", True, False, False)),
    ],
)
def test_a_stale_connection(ground: Ground, method: str, place: str, expected: tuple[Any, ...]) -> None:
    """A read on a kept connection that the application had closed is repeated at the same server and is no fault.

    A write is not repeated, and a pool with a backup repeats there: those lines cannot be told from a crash.
    """

    async def grumpy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers once, and closes when asked again."""
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        await reader.read(1)

    async def main() -> EdgeLine:
        async with scene(ground, with_green=False) as this, served(grumpy, at=ground.green):
            await this.request(f"{place}/first")
            await this.request(f"{place}/second", method=method)
            return await this.line(2)

    line = asyncio.run(main())
    assert expected == (*told(line), line.stale_connection)


def test_what_no_upstream_saw(ground: Ground) -> None:
    """A static answer is read and belongs to nobody."""

    async def main() -> None:
        async with scene(ground) as this:
            await this.request("/static")
            await this.request("/login")
            await this.line()
            assert (1, 0) == (this.log.stats.no_upstream, this.log.stats.unreadable)
        assert {("requests", "green"): 1.0, ("requests[login]", "green"): 1.0} == this.sums()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("token", "mark"), [("TOKEN", ProbeMark.CANDIDATE_PROBE), ("TOKEN.user", ProbeMark.DRAWN_PROBE)]
)
def test_a_probe(ground: Ground, token: str, mark: ProbeMark) -> None:
    """A marked request is told apart and counts for nothing."""
    line, this = play(ground, lambda s: s.request("/fail", headers=f"X-RWD-Probe: {token}\r\n"))

    assert mark is line.mark
    assert {} == this.sums()


def test_lost_lines_are_estimated(ground: Ground) -> None:
    """Lines that were dropped on a kept-alive connection show as gaps in its numbers."""

    async def main() -> None:
        async with scene(ground) as this:
            reader, writer = await asyncio.open_connection("127.0.0.1", ground.nginx.port)
            for number in range(6):
                writer.write(b"GET /login HTTP/1.1\r\nHost: x\r\n\r\n")
                await reader.readuntil(b"green")
                if number == 1:
                    await this.line(2)
                    asyncio.get_running_loop().remove_reader(this.log._sock)
                if number == 4:  # three lines wait in the queue: take them away, as a full queue would
                    await asyncio.sleep(0.05)
                    for _ in range(3):
                        ground.log.recv(4096)
                    asyncio.get_running_loop().add_reader(this.log._sock, this.log._receive)
            await this.line(3)
            writer.close()

            assert (3, 3) == (this.log.stats.received, this.log.stats.lost)

    asyncio.run(main())
