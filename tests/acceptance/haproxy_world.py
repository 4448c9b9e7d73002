"""A real HAProxy before two small applications that serve, fail, hang, close and reset as a path asks them to."""

import asyncio
import contextlib
import signal
import socket
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

from simulations.lab.processes import Child, free_port
from tests.sources.servers import served
from watchdog.core.model import Colour, Reading, Value
from watchdog.outside.haproxy_socket import Runtime
from watchdog.outside.haproxy_table import COMMANDS, parse
from watchdog.sources.haproxy.source import HaproxySource, Pool

CONFIGURATION = """
global
  stats socket {socket} level user mode 600 expose-fd listeners
defaults
  mode http
  timeout connect 300ms
  timeout client 10s
  timeout server 1s
  retries 2
  option redispatch
  {option}
frontend users
  bind 127.0.0.1:{entry}
  default_backend app
backend app
  use-server green if {{ hdr(x-colour) green }}
  use-server blue if {{ hdr(x-colour) blue }}
  server blue 127.0.0.1:{blue} check inter 100ms rise 1 fall 1
  server green 127.0.0.1:{green} {check}
"""

CHECKED = "check inter 100ms rise 1 fall 1"


async def application(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Does what the path says."""
    while True:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        match path:
            case "/hang":
                await asyncio.sleep(3600)
            case "/close":
                return
            case "/reset":
                sock: socket.socket = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return
            case "/cut":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
                await writer.drain()
                return
            case "/hint":
                writer.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
        status = path.removeprefix("/") if path.removeprefix("/").isdigit() else "200"
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 2\r\n\r\nok".encode())
        await writer.drain()


class World:
    """HAProxy, its folder and its ports."""

    def __init__(self, folder: Path, blue: int, green: int, *, check: str, option: str) -> None:
        self.folder = folder
        self._option = option
        self.entry = free_port()
        self.socket = folder / "haproxy.sock"
        self._config = folder / "haproxy.cfg"
        self._blue = blue
        self.aim_green(green, check=check)
        self.haproxy: Child | None = None
        self._children: list[Child] = []

    def aim_green(self, port: int, *, check: str = CHECKED) -> None:
        """Where green is, from the next start or reload on."""
        self._config.write_text(
            CONFIGURATION.format(
                socket=self.socket, entry=self.entry, blue=self._blue, green=port, check=check, option=self._option
            )
        )

    async def start(self) -> None:
        """Start HAProxy, and return when it answers at both ends."""
        argv = ("haproxy", "-db", "-f", str(self._config))
        self.haproxy = await asyncio.to_thread(Child.start, argv, name="haproxy", run_dir=self.folder)
        self._children.append(self.haproxy)
        async with asyncio.timeout(10.0):
            while not self._answers():  # noqa: ASYNC110 - another process opens it
                await asyncio.sleep(0.02)

    def stop(self) -> None:
        """At once; its socket's file stays."""
        for child in self._children:
            child.kill()
        self._children.clear()

    async def reload(self) -> None:
        """A new process takes the sockets over, as `systemctl reload` does it; the old one ends."""
        old = self.haproxy
        assert old is not None
        argv = ("haproxy", "-db", "-f", str(self._config), "-x", str(self.socket), "-sf", str(old.pid))
        self.haproxy = await asyncio.to_thread(Child.start, argv, name="haproxy-new", run_dir=self.folder)
        self._children.append(self.haproxy)
        async with asyncio.timeout(10.0):
            while old.running:  # noqa: ASYNC110 - another process ends
                await asyncio.sleep(0.02)

    async def freeze(self) -> None:
        """It stands still; return when it does."""
        assert self.haproxy is not None
        self.haproxy.signal(signal.SIGSTOP)
        async with asyncio.timeout(5.0):
            while not self._stands_still(self.haproxy.pid):  # noqa: ASYNC110 - another process stops
                await asyncio.sleep(0.005)

    def thaw(self) -> None:
        """It goes on."""
        assert self.haproxy is not None
        self.haproxy.signal(signal.SIGCONT)

    async def get(self, path: str, colour: Colour = Colour.GREEN, *, give_up: float = 5.0) -> str:
        """The status that a user gets; empty when the connection ends without one."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.entry)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nx-colour: {colour}\r\nConnection: close\r\n\r\n".encode())
            async with asyncio.timeout(give_up):
                words = (await reader.read()).split()
        except TimeoutError:
            words = []
        finally:
            writer.transport.abort()
        return words[1].decode() if len(words) > 1 else ""

    async def idle(self) -> None:
        """Return when no server has a request: HAProxy counts the last of it when it lets go."""
        runtime = Runtime(str(self.socket), 2.0)
        async with asyncio.timeout(10.0):
            while (await self._sessions(runtime)) > 0:  # noqa: ASYNC110 - another process lets go
                await asyncio.sleep(0.005)

    @staticmethod
    async def _sessions(runtime: Runtime) -> float:
        rows = parse(await runtime.ask(COMMANDS)).backends["app"].rows
        return sum(row.sessions for row in rows.values())

    @staticmethod
    def _stands_still(pid: int) -> bool:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    def _answers(self) -> bool:
        if not self.socket.exists():
            return False
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.entry), timeout=1):
            return True
        return False


@contextlib.asynccontextmanager
async def world(folder: Path, *, check: str = CHECKED, option: str = "") -> AsyncIterator[World]:
    """A running HAProxy with both applications; `option` is a line of its defaults."""
    async with served(application) as blue, served(application) as green:
        made = World(folder, blue, green, check=check, option=option)
        try:
            await made.start()
            yield made
        finally:
            await asyncio.to_thread(made.stop)


def source(address: str | Path, *, timeout: float = 1.0, pools: dict[Colour, Pool] | None = None) -> HaproxySource:
    """What reads it."""
    return HaproxySource(
        name="lb",
        interval=1.0,
        timeout=timeout,
        address=str(address),
        pools=pools or {colour: Pool(backend="app", servers=(colour.value,)) for colour in Colour},
        now=asyncio.get_running_loop().time,
    )


def values(readings: tuple[Reading, ...], colour: Colour = Colour.GREEN) -> dict[str, Value]:
    """One colour's readings by signal."""
    return {each.signal: each.value for each in readings if each.colour is colour}


def version() -> str:
    """HAProxy's own."""
    return subprocess.run(["haproxy", "-v"], check=True, capture_output=True, text=True).stdout.split()[2]
