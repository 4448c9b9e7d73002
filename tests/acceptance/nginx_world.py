"""A real nginx in front of two small applications, the router that orders its traffic, and clients."""

import asyncio
import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from simulations.lab.nginx import NGINX, Location, Nginx, Operator, start_nginx, start_operator
from simulations.lab.processes import free_ports, run_folder
from watchdog.core.edge import EdgeLine
from watchdog.core.model import Colour, Split
from watchdog.sources.edge_line import LineParser, Upstream
from watchdog.sources.edge_ring import EdgeRing
from watchdog.traffic.nginx.render import ServiceNginx, upstream
from watchdog.traffic.nginx.router import NginxRouter
from watchdog.traffic.nginx.setup import write_common, write_service
from watchdog.traffic.probes import Entry
from watchdog.traffic.waiting import until

BLUE, GREEN = Colour.BLUE, Colour.GREEN
TOKEN = "0123456789abcdef0123456789abcdef"
OTHER_TOKEN = "fedcba9876543210fedcba9876543210"

_T = TypeVar("_T")


def at(weight: float, *, stable: Colour = BLUE, salt: str = "d1", promoted: bool = False) -> Split:
    return Split(stable=stable, candidate=stable.other, weight=weight, salt=salt, promoted=promoted)


class EdgeReader:
    """Receives nginx's lines in a thread and keeps them as the access-log source does."""

    def __init__(self, path: Path, upstreams: Mapping[str, Upstream]) -> None:
        self._parser = LineParser(upstreams)
        self._ring = EdgeRing()
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._socket.settimeout(0.1)
        self._closed = False
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _receive(self) -> None:
        while not self._closed:
            with contextlib.suppress(TimeoutError):
                line = self._parser.parse(self._socket.recv(4096))
                if isinstance(line, EdgeLine):
                    with self._lock:
                        self._ring.add(line)

    def started_since(self, service: str, since: float) -> Sequence[EdgeLine]:
        with self._lock:
            return self._ring.started_since(service, since)

    def ended_since(self, service: str, since: float) -> Sequence[EdgeLine]:
        with self._lock:
            return self._ring.ended_since(service, since)

    def close(self) -> None:
        self._closed = True
        self._thread.join()
        self._socket.close()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a client got."""

    status: int
    headers: dict[str, str]
    body: str
    cookies: dict[str, str] = field(default_factory=dict)
    """Those that it gives."""

    @property
    def cookie(self) -> str:
        return self.headers.get("set-cookie", "").partition(";")[0]


class Client:
    """One keep-alive connection; sends the cookies that it is told to."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str = "/", *, method: str = "GET", **headers: str) -> Answer:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"Host: {headers.pop('host', 'localhost')}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
        body = b""
        if "content-length" in fields and method != "HEAD":
            body = await reader.readexactly(int(fields["content-length"]))
        elif fields.get("transfer-encoding") == "chunked":
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size + 2)
            await reader.readline()
        if fields.get("connection") == "close":
            await self.close()
        given = [line.partition(":")[2].partition(";")[0] for line in head if line.lower().startswith("set-cookie:")]
        cookies = {name.strip(): value for name, _, value in (each.partition("=") for each in given)}
        return Answer(status=int(head[0].split()[1]), headers=fields, body=body.decode().strip(), cookies=cookies)

    @property
    def ended(self) -> bool:
        """The other end has closed the connection, and that is known before anything more is sent."""
        return self._streams is not None and self._streams[0].at_eof()

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            with contextlib.suppress(OSError):
                await self._streams[1].wait_closed()
            self._streams = None


@dataclass(kw_only=True)
class World:
    """Everything of one scene."""

    folder: Path
    nginx: Nginx
    edge: EdgeReader
    setups: dict[str, ServiceNginx]
    ports: dict[tuple[str, Colour], int]
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        return self.folder / "rwd"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def flag(self, colour: Colour, service: str = "app") -> Path:
        return self.state / "brake" / f"{service}.{colour}"

    def live(self, service: str = "app") -> Path:
        return self.directory / f"{service}.http.conf"

    def router(self, service: str = "app", **changes: Any) -> NginxRouter:
        setup = self.setups[service]
        values: dict[str, Any] = {
            "service": service,
            "servers": setup.servers,
            "directory": self.directory,
            "state": self.state,
            "main": self.nginx.conf,
            "test": (*self.nginx.reload_argv[:-2], "-t"),
            "reload": self.nginx.reload_argv,
            "dump": (*self.nginx.reload_argv[:-2], "-T"),
            "entry": Entry(url=f"{self.nginx.url}/{f'{service}/' if len(self.setups) > 1 else ''}", host="localhost"),
            "token": setup.token,
            "shield": setup.shield,
            "sessions_in_memory": setup.sessions_in_memory,
            "edge": self.edge,
            "wall": time.time,
            "settle": 0.3,
            "proof_deadline": 5.0,
            "command_deadline": 5.0,
        }
        return NginxRouter(**{**values, **self.options, **changes})

    async def fresh(self, count: int, path: str = "/", *, at_once: int = 16, **headers: str) -> Counter[str]:
        """The answers of clients that come for the first time, by colour."""
        return Counter(answer.body for answer in await self.answers([{"path": path, **headers}] * count, at_once))

    async def answers(self, requests: Sequence[dict[str, str]], at_once: int = 16) -> list[Answer]:
        """One answer per request, in order."""
        found: list[Answer | None] = [None] * len(requests)

        async def some(first: int) -> None:
            client = Client(self.nginx.port)
            for number in range(first, len(requests), at_once):
                found[number] = await client.get(**requests[number])
            await client.close()

        await asyncio.gather(*(some(first) for first in range(min(at_once, len(requests)))))
        return [answer for answer in found if answer is not None]

    async def lines(self, since: float, count: int, service: str = "app") -> Sequence[EdgeLine]:
        """The lines of requests that started since then, once there are `count` of them."""
        assert await until(lambda: len(self.edge.started_since(service, since)) >= count, 5.0)
        return self.edge.started_since(service, since)

    def run(self, scene: Callable[[NginxRouter], Awaitable[_T]], service: str = "app", **changes: Any) -> _T:
        """Play a scene with a router of its own."""

        async def play() -> _T:
            router = self.router(service, **changes)
            try:
                return await scene(router)
            finally:
                await router.close()

        return asyncio.run(play())


def application(ports: Mapping[tuple[str, Colour], int], extra: str = "") -> str:
    """The http block's content of a second nginx that plays all applications."""
    return "".join(
        f"server {{ listen 127.0.0.1:{port} backlog=1024; access_log off; {extra} default_type text/plain;\n"
        f"  location / {{ add_header X-Uri $request_uri; add_header X-Host $http_host; return 200 {colour}; }}\n"
        f"  location /moved {{ return 302 /elsewhere; }}\n"
        f"  location /broken {{ return 502 {colour}; }}\n}}\n"
        for (_, colour), port in ports.items()
    )


@contextlib.contextmanager
def world(
    *,
    split: Split | None = None,
    services: Mapping[str, Mapping[str, str]] | None = None,
    userid: bool = True,
    pool: tuple[str, ...] = (),
    setup: Mapping[str, Any] | None = None,
    **operator: Any,
) -> Iterator[World]:
    """`services`: name to routes. `setup`: further fields of every service's `ServiceNginx`; with `servers` the test
    plays the applications itself. `operator`: what `simulations.lab.nginx.Operator` takes.
    """
    routes = services or {"app": {}}
    with run_folder() as folder, contextlib.ExitStack() as stack:
        numbers = iter(free_ports(2 * len(routes)))
        ports = {(service, colour): next(numbers) for service in routes for colour in Colour}
        apps_folder = folder / "apps"
        apps_folder.mkdir()
        first = next(iter(ports.values()))
        temp = "".join(f"{each}_temp_path {apps_folder}/{each};" for each in ("client_body", "proxy", "fastcgi"))
        apps = (
            f"daemon off; worker_processes 1; pid {apps_folder}/nginx.pid; error_log {apps_folder}/error.log;\n"
            f"events {{ worker_connections 2048; }} http {{ {temp} uwsgi_temp_path {apps_folder}/uwsgi;\n"
            f"scgi_temp_path {apps_folder}/scgi; keepalive_requests 1000000;\n{application(ports)} }}\n"
        )
        stack.callback(start_nginx(apps, apps_folder, port=first).stop)
        tokens = (TOKEN, OTHER_TOKEN, *(f"{number:032x}" for number in range(len(routes))))
        setups = {
            service: ServiceNginx(
                **{
                    "service": service,
                    "servers": {colour: (f"127.0.0.1:{ports[service, colour]}",) for colour in Colour},
                    "token": token,
                    "routes": routes[service],
                    "pool": pool,
                    **(setup or {}),
                }
            )
            for service, token in zip(routes, tokens, strict=False)
        }
        edge = EdgeReader(
            folder / "edge.sock",
            {
                server: Upstream(service=name, colour=colour)
                for name, each in setups.items()
                for colour, servers in each.servers.items()
                for server in (*servers, upstream(name, colour))  # the pool's name where it has no server left
            },
        )
        stack.callback(edge.close)
        state = folder / "state"
        (state / "brake").mkdir(parents=True)
        write_common(folder / "rwd", list(setups.values()), folder / "edge.sock", userid=userid)
        for each in setups.values():
            write_service(folder / "rwd", each, state, split or at(0.0))
        operator.setdefault("locations", [Location(service=name, path="/") for name in routes])
        operator.setdefault("services", tuple(routes))
        operator.setdefault("workers", 1)
        nginx = start_operator(Operator(generated=folder / "rwd", **operator), folder / "nginx")
        stack.callback(nginx.stop)
        yield World(folder=folder, nginx=nginx, edge=edge, setups=setups, ports=ports)


__all__ = ["BLUE", "GREEN", "NGINX", "TOKEN", "Client", "Location", "World", "at", "world"]
