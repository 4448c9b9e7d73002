"""A real HAProxy in front of two small applications, and the router that orders its servers."""

import asyncio
import contextlib
import http.server
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from simulations.lab.processes import Child, accepts, free_ports, run_folder, wait_until
from watchdog.core.model import Colour, Split
from watchdog.traffic.haproxy.router import HaproxyRouter
from watchdog.traffic.probes import Entry

BLUE, GREEN = Colour.BLUE, Colour.GREEN

CONFIGURATION = """
global
  stats socket {folder}/admin.sock mode 600 level admin expose-fd listeners
  stats socket {folder}/user.sock mode 600 level user
  {state_file}
defaults
  mode http
  timeout connect 300ms
  timeout client 20s
  timeout server 20s
  {load_state}
frontend users
  bind 127.0.0.1:{entry}
  default_backend app
backend app
  balance {balance}
  {persist}
  server blue 127.0.0.1:{blue} weight 128 check inter 100ms rise 1 fall 2 {cookie_b}
  server green 127.0.0.1:{green} weight {green_weight} check inter 100ms rise 1 fall 2 {cookie_g} {agent}
"""

_T = TypeVar("_T")


def at(weight: float, *, stable: Colour = BLUE, salt: str = "d1", promoted: bool = False) -> Split:
    return Split(stable=stable, candidate=stable.other, weight=weight, salt=salt, promoted=promoted)


class Application:
    """Answers with its colour; `/slow` waits for `go`."""

    def __init__(self, colour: Colour) -> None:
        self.go = threading.Event()
        self.waiting = threading.Semaphore(0)
        application = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                if self.path.startswith("/slow"):
                    application.waiting.release()
                    application.go.wait(20.0)
                body = colour.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:  # health checks reset their connections
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.go.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Agent:
    """HAProxy's agent-check: says a word to whoever asks."""

    def __init__(self) -> None:
        self.says = b""
        self.asked = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def _answer(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.sendall(self.says)
            self.asked += 1

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@dataclass(kw_only=True)
class World:
    """HAProxy, its folder, ports and applications."""

    folder: Path
    entry: int
    apps: dict[Colour, Application] = field(default_factory=dict)
    ports: dict[Colour, int]
    options: dict[str, str]
    children: list[Child] = field(default_factory=list)

    @property
    def socket(self) -> Path:
        return self.folder / "admin.sock"

    @property
    def state_file(self) -> Path:
        return self.folder / "saved" / "server-state"

    @property
    def memory(self) -> Path:
        return self.folder / "state" / "haproxy" / "app.json"

    @property
    def haproxy(self) -> Child:
        return self.children[-1]

    def write(self, **changes: str) -> None:
        """The configuration for the next start or reload."""
        self.options = {**self.options, **changes}
        text = CONFIGURATION.format(
            folder=self.folder, entry=self.entry, blue=self.ports[BLUE], green=self.ports[GREEN], **self.options
        )
        (self.folder / "haproxy.cfg").write_text(text)

    def start(self, *more: str) -> None:
        argv = ("haproxy", "-db", "-f", str(self.folder / "haproxy.cfg"), *more)
        child = Child.start(argv, name=f"haproxy{len(self.children)}", run_dir=self.folder)
        self.children.append(child)
        wait_until(self._answers, what="haproxy", children=[child])

    def _answers(self) -> bool:
        """The newest process answers on its socket, and both servers have been checked."""
        with contextlib.suppress(OSError, IndexError):
            pid = next(line for line in self.ask("show info").splitlines() if line.startswith("Pid:")).split()[1]
            states = self.ask("show stat app 4 -1")
            return int(pid) == self.haproxy.pid and "INI" not in states and accepts(self.entry)
        return False

    def restart(self) -> None:
        """All that it knew is gone, but for what was saved."""
        self.haproxy.kill()
        self.start()

    def reload(self) -> None:
        """A new process takes over, as `systemctl reload` does it."""
        old = self.haproxy
        self.start("-x", str(self.socket), "-sf", str(old.pid))
        wait_until(lambda: not old.running, what="the old haproxy to go", children=[])

    def freeze(self) -> None:
        self.haproxy.signal(signal.SIGSTOP)
        stat = Path(f"/proc/{self.haproxy.pid}/stat")
        wait_until(lambda: stat.read_text().rpartition(")")[2].split()[0] == "T", what="haproxy to stop", children=[])

    def thaw(self) -> None:
        self.haproxy.signal(signal.SIGCONT)

    def ask(self, commands: str) -> str:
        """A hand on the runtime socket."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5.0)
            client.connect(str(self.socket))
            client.sendall(f"{commands}\n".encode())
            said = b""
            while piece := client.recv(65536):
                said += piece
        return said.decode()

    def router(self, **changes: Any) -> HaproxyRouter:
        values: dict[str, Any] = {
            "service": "app",
            "socket": str(self.socket),
            "backend": "app",
            "servers": {colour: (colour.value,) for colour in Colour},
            "addresses": {colour: (f"127.0.0.1:{port}",) for colour, port in self.ports.items()},
            "state": self.folder / "state",
            "entry": Entry(url=f"http://127.0.0.1:{self.entry}/", host="localhost"),
            "token": "0123456789abcdef0123456789abcdef",
            "wall": time.time,
            "state_file": self.state_file,
            "settle": 0.3,
            "proof_deadline": 3.0,
        }
        return HaproxyRouter(**{**values, **changes})

    def run(self, scene: Callable[[HaproxyRouter], Awaitable[_T]], **changes: Any) -> _T:
        """Play a scene with a router of its own."""

        async def play() -> _T:
            router = self.router(**changes)
            try:
                return await scene(router)
            finally:
                await router.close()

        return asyncio.run(play())

    async def get(self, path: str = "/", cookie: str = "") -> tuple[str, str]:
        """What a client on a connection of its own gets: the body (or the status), and the cookie that is set."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.entry)
        try:
            line = f"Cookie: {cookie}\r\n" if cookie else ""
            writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n{line}Connection: close\r\n\r\n".encode())
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
        finally:
            writer.transport.abort()
        status = head.split(" ")[1] if head else "closed"
        cookies = [text.split(": ")[1] for text in head.split("\r\n") if text.lower().startswith("set-cookie:")]
        return (body if status == "200" else status), (cookies[0].partition(";")[0] if cookies else "")

    async def fresh(self, count: int) -> Counter[str]:
        """The answers of clients that come for the first time."""
        return Counter([(await self.get())[0] for _ in range(count)])


@contextlib.contextmanager
def world(*, keeps_state: bool = True, ports: Mapping[Colour, int] | None = None, **options: str) -> Iterator[World]:
    """`keeps_state`: HAProxy reads what was saved at its start. `ports`: of applications that are there already."""
    with run_folder() as folder, contextlib.ExitStack() as stack:
        apps = {} if ports is not None else {colour: Application(colour) for colour in Colour}
        for app in apps.values():
            stack.callback(app.close)
        saved = folder / "saved" / "server-state"
        saved.parent.mkdir()
        usual = {
            "state_file": f"server-state-file {saved}" if keeps_state else "",
            "load_state": "load-server-state-from-file global" if keeps_state else "",
            "balance": "roundrobin",
            "persist": "",
            "cookie_b": "",
            "cookie_g": "",
            "agent": "",
            "green_weight": "0",
        }
        made = World(
            folder=folder,
            entry=free_ports(1)[0],
            apps=apps,
            ports=dict(ports or {colour: app.port for colour, app in apps.items()}),
            options={**usual, **options},
        )
        made.write()
        try:
            made.start()
            yield made
        finally:
            for child in made.children:
                child.kill()
