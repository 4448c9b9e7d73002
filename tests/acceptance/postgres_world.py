"""Real PostgreSQL servers for the tests: made in a temporary folder, on a free loopback port, ended by process."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import psycopg
import psycopg.sql
import pytest

from simulations.lab.processes import Child, free_port, wait_until
from watchdog.core.model import Colour
from watchdog.sources.postgres.door import DoorSetup

PASSWORD = "marker-7Kq'\\ x"  # with everything that has a meaning in a conninfo
USER = "postgres"
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


def binary(name: str) -> str:
    """A program of the newest PostgreSQL that is installed. Without one the test is skipped."""
    if not _BINARIES:
        pytest.skip("PostgreSQL is not installed; script/setup installs it")
    return str(_BINARIES[-1].with_name(name))


def quoted(text: str) -> bytes:
    """A text as SQL writes it."""
    return psycopg.sql.Literal(text).as_bytes(None)


def as_postgres(argv: Sequence[str | Path]) -> list[str]:
    """PostgreSQL refuses to run as root. The death signal is set last: a change of user takes it away."""
    guard = ["setpriv", "--pdeathsig", "QUIT", "--", *map(str, argv)]
    return ["setpriv", "--reuid", USER, "--regid", USER, "--clear-groups", "--", *guard] if os.geteuid() == 0 else guard


class Server:
    """One server and its data. `restart`, `freeze` and `thaw` do what their names say; the port stays."""

    def __init__(self, folder: Path, name: str, **settings: Any) -> None:
        self.folder = folder / name
        self.data = self.folder / "data"
        self.port = free_port()
        self.settings = {"max_connections": 20, "superuser_reserved_connections": 3, **settings}
        self.folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER, USER)
        self._child: Child | None = None
        self._frozen: list[psutil.Process] = []

    def make(self) -> None:
        """Fresh data in a running server: everybody may come by the socket, and with a password by TCP."""
        secret = self.folder / "password"
        secret.write_text(PASSWORD + "\n")
        options = ["--no-sync", "--no-locale", "--encoding=UTF8", "--auth-local=trust", "--auth-host=scram-sha-256"]
        argv = [binary("initdb"), "-D", str(self.data), "-U", USER, f"--pwfile={secret}", *options]
        self.run(argv)
        self.start()
        with self.sql() as talk:
            talk.execute(b"create role watchdog login password " + quoted(PASSWORD))
            talk.execute("grant pg_read_all_stats to watchdog")
            talk.execute("create database app")

    def run(self, argv: Sequence[str | Path]) -> None:
        """A program of PostgreSQL, to its end."""
        subprocess.run(as_postgres(argv), check=True, capture_output=True, cwd=self.folder, timeout=60)

    def start(self, *, wait: bool = True) -> None:
        """Start it; returns when it takes connections."""
        options = {
            "listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "off",
            "shared_buffers": "4MB", "autovacuum": "off", "log_min_messages": "fatal", **self.settings,
        }  # fmt: skip
        argv = [binary("postgres"), "-D", str(self.data), *(f"--{key}={value}" for key, value in options.items())]
        self._child = Child.start(as_postgres(argv), name=f"postgres-{self.port}", run_dir=self.folder)
        if wait:
            wait_until(self.answers, what="PostgreSQL", children=[self._child], timeout=20)

    def stop(self) -> None:
        """End it at once, whoever is connected."""
        if self._child is None:
            return
        self.thaw()
        children = self.processes()
        self._child.signal(signal.SIGINT)  # "fast": TERM would wait for the last client
        with contextlib.suppress(Exception):
            self._child.wait(10)
        self._child.stop()
        psutil.wait_procs(children, timeout=5)
        self._child = None

    def restart(self) -> None:
        """Stop and start."""
        self.stop()
        self.start()

    def processes(self) -> list[psutil.Process]:
        """The server's, the first one first."""
        assert self._child is not None
        main = psutil.Process(self._child.pid)
        return [main, *main.children(recursive=True)]

    def freeze(self, *, backends: bool) -> None:
        """Stop the first process, and perhaps those that serve connections."""
        for process in self.processes()[: None if backends else 1]:
            process.suspend()
            self._frozen.append(process)

    def thaw(self) -> None:
        """Let all go on."""
        for process in self._frozen:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()
        self._frozen.clear()

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            with self.sql():
                return True
        except psycopg.OperationalError:
            return False

    def sql(self, user: str = USER, database: str = "postgres") -> "psycopg.Connection[tuple[Any, ...]]":
        """A connection by the socket, each statement a transaction. psycopg.OperationalError."""
        where = {"host": str(self.folder), "port": self.port, "user": user, "dbname": database}
        return psycopg.connect(autocommit=True, connect_timeout=5, **where)  # type: ignore[arg-type]  # a plain dict

    def door(self, colour: Colour | None = None, *, password: str = PASSWORD, **changed: Any) -> DoorSetup:
        """The way that a source takes."""
        queries = changed.pop("queries", ())
        conninfo = {"host": "127.0.0.1", "port": str(self.port), "user": "watchdog", "dbname": "app", **changed}
        return DoorSetup(colour=colour, conninfo=conninfo, password=password, queries=queries)


@contextlib.contextmanager
def running(folder: Path, name: str, **settings: Any) -> Iterator[Server]:
    """A server with fresh data, running; ended afterwards."""
    server = Server(folder, name, **settings)
    try:
        server.make()
        yield server
    finally:
        server.stop()
