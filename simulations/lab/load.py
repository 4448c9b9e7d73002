"""An open-loop load generator: requests start when they are due, however slow the answers are.

What lives here: the users, their connections, the schedule, and the process that runs them. What must not: what the
records mean (`results.py`), or anything of one scene.

    python -m simulations.lab.load PORT OUTFILE --rate 50 [--duration 10] [--keep-alive 8] [--users 200]
        [--path /=8 --path /api/labs=2] [--poisson] [--seed 1]

Without `--duration` it runs until SIGTERM; then it waits for the answers under way and writes them too.
"""

import argparse
import asyncio
import contextlib
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Self, TextIO

import h11

from simulations.lab.connection import AnswerError, Connection
from simulations.lab.processes import Child, wait_until
from simulations.lab.results import NO_COLOUR, Record, read_records

_FLUSH_EVERY_S = 0.1
_BUSY_WAIT_S = 0.0005


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What to send, and how."""

    port: int
    rate: float
    """Requests per second."""
    duration: float | None = None
    """Seconds; None: until SIGTERM."""
    keep_alive: int = 0
    """Idle connections that are kept for the next request; 0 opens one per request. A request that finds none idle
    opens a further one, so that hanging answers do not slow the schedule down."""
    users: int = 0
    """Distinct users, each with the cookies that it was given; 0: every request is a user's first."""
    paths: tuple[tuple[str, float], ...] = (("/", 1.0),)
    """`[METHOD:]/path` and its share."""
    poisson: bool = False
    """Random gaps instead of equal ones."""
    timeout: float = 10.0
    """Seconds until a user gives up."""
    seed: int | None = None
    host: str = "127.0.0.1"

    def argv(self, out: Path) -> list[str]:
        """The command line that runs this in a process of its own."""
        argv = [sys.executable, "-m", "simulations.lab.load", str(self.port), str(out)]
        argv += ["--rate", str(self.rate), "--keep-alive", str(self.keep_alive), "--users", str(self.users)]
        argv += ["--timeout", str(self.timeout), "--host", self.host]
        argv += [f"--path={path}={share}" for path, share in self.paths]
        argv += ["--duration", str(self.duration)] if self.duration is not None else []
        argv += ["--seed", str(self.seed)] if self.seed is not None else []
        return [*argv, "--poisson"] if self.poisson else argv


class Generator:
    """Runs a `Load` in the calling event loop and writes one line per request."""

    def __init__(self, load: Load, out: TextIO) -> None:
        self._load = load
        self._out = out
        self._random = random.Random(load.seed)
        self._idle: list[Connection] = []
        self._cookies: list[dict[str, str]] = [{} for _ in range(load.users)]
        self._tasks: set[asyncio.Task[None]] = set()
        self._paths = [path if ":" in path else f"GET:{path}" for path, _ in load.paths]
        self._shares = [share for _, share in load.paths]
        self._count = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Send until `stop` or the duration's end, then wait for the answers under way."""
        began = due = time.perf_counter()
        wall_offset = time.time() - began
        flushed = began
        while not stop.is_set() and (self._load.duration is None or due - began < self._load.duration):
            now = time.perf_counter()
            if due - now > _BUSY_WAIT_S:
                await asyncio.sleep(due - now)
                continue
            self._start(due + wall_offset)
            due += self._random.expovariate(self._load.rate) if self._load.poisson else 1 / self._load.rate
            if now - flushed > _FLUSH_EVERY_S:
                self._out.flush()
                flushed = now
            await asyncio.sleep(0)
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._load.timeout + 1)
        for connection in self._idle:
            connection.close()
        self._out.flush()

    def _start(self, due: float) -> None:
        self._count += 1
        user = self._random.randrange(self._load.users) if self._load.users else self._count
        method, _, path = self._random.choices(self._paths, self._shares)[0].partition(":")
        task = asyncio.create_task(self._one(due, user, method, path))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _one(self, due: float, user: int, method: str, path: str) -> None:
        started = time.time()
        connection = self._take_idle()
        reused = connection is not None
        status, colour, error = 0, NO_COLOUR, "-"
        try:
            async with asyncio.timeout(self._load.timeout):
                if connection is None:
                    connection = await Connection.open(self._load.host, self._load.port)
                response = await connection.ask(method, path, self._headers(user, method))
                status, colour = response.status_code, self._note(user, response)
        except TimeoutError:
            error = "timeout"
        except AnswerError as failure:
            error = str(failure)
        ended = time.time()
        self._give_back(connection, usable=status != 0)
        self._out.write(
            Record(
                started=started,
                ended=ended,
                late=max(0.0, started - due),
                user=user,
                reused=reused,
                status=status,
                colour=colour,
                route=path,
                error=error,
            ).line()
        )

    def _take_idle(self) -> Connection | None:
        while self._idle:
            connection = self._idle.pop(0)
            if not connection.lost:
                return connection
            connection.close()
        return None

    def _give_back(self, connection: Connection | None, *, usable: bool) -> None:
        if connection is None:
            return
        if usable and len(self._idle) < self._load.keep_alive and connection.reusable():
            self._idle.append(connection)
        else:
            connection.close()

    def _headers(self, user: int, method: str) -> list[tuple[str, str]]:
        headers = [("Host", "lab"), ("Connection", "keep-alive" if self._load.keep_alive else "close")]
        if method not in {"GET", "HEAD"}:
            headers.append(("Content-Length", "0"))
        if self._load.users and (cookies := self._cookies[user]):
            headers.append(("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items())))
        return headers

    def _note(self, user: int, response: h11.Response) -> str:
        """Keep the cookies that came; the colour that answered."""
        colour = NO_COLOUR
        for name, value in response.headers:
            if name == b"x-colour":
                colour = value.decode()
            elif name == b"set-cookie" and self._load.users:
                jar = SimpleCookie(value.decode())
                self._cookies[user].update({key: morsel.value for key, morsel in jar.items()})
        return colour


class LoadProcess:
    """A load that runs in a process of its own. Leave the `with` block, or `stop`, to end it."""

    def __init__(self, load: Load, child: Child, out: Path) -> None:
        self.load = load
        self.child = child
        self.out = out

    @classmethod
    def start(cls, load: Load, run_dir: Path, *, name: str = "load") -> Self:
        """Start it; returns when the first answer is on file. The records are in `run_dir/NAME.txt`."""
        out = run_dir / f"{name}.txt"
        child = Child.start(load.argv(out), name=name, run_dir=run_dir, grace=load.timeout + 2)
        process = cls(load, child, out)
        try:
            wait_until(lambda: bool(process.records()), what="the load's first answer", children=[child], every=0.05)
        except BaseException:
            child.stop()
            raise
        return process

    def records(self) -> list[Record]:
        """What is on file now, by start: at most 0.1 s behind while it runs."""
        return read_records(self.out)

    def stop(self) -> list[Record]:
        """End it after the answers under way; every record."""
        self.child.stop()
        return self.records()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.child.stop()


async def generate(load: Load, out: Path) -> None:
    """Run until the load's end or SIGTERM, writing to `out`."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    with out.open("w") as file:
        await Generator(load, file).run(stop)


def parse_paths(words: Sequence[str]) -> tuple[tuple[str, float], ...]:
    """`[METHOD:]/path=share`, the share 1 when it is not given. ValueError names the word."""
    paths = []
    for word in words:
        path, _, share = word.partition("=")
        try:
            paths.append((path, float(share or 1)))
        except ValueError:
            raise ValueError(f"path {word!r}: wanted [METHOD:]/path=share such as POST:/orders=0.1") from None
    return tuple(paths)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m simulations.lab.load", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("port", type=int)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rate", type=float, required=True, help="requests per second")
    parser.add_argument("--duration", type=float, help="seconds; without it: until SIGTERM")
    parser.add_argument("--keep-alive", type=int, default=0, help="idle connections kept; 0: one per request")
    parser.add_argument("--users", type=int, default=0, help="distinct users with cookies; 0: always a fresh one")
    parser.add_argument("--path", action="append", help="[METHOD:]/path=share, several times")
    parser.add_argument("--poisson", action="store_true", help="random gaps instead of equal ones")
    parser.add_argument("--timeout", type=float, default=10.0, help="seconds until a user gives up")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--host", default="127.0.0.1")
    options = vars(parser.parse_args(argv))
    out = options.pop("out")
    paths = parse_paths(options.pop("path") or ["/"])
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(generate(Load(paths=paths, **options), out))


if __name__ == "__main__":
    main()
