"""systemd hears when the daemon is ready, alive and on its way out; without systemd nothing happens."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from watchdog.daemon.systemd import Manager, connect, inherited_sockets

ROOT = Path(__file__).parents[2]


class FakeSystemd:
    """Keeps what it is told; refuses while `away`."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.now = 100.0
        self.away = False

    def send(self, message: str) -> bool:
        if self.away:
            raise FileNotFoundError(message)
        self.told.append(message)
        return True

    def manager(self, watchdog: float | None = None) -> Manager:
        return Manager(self.send, watchdog=watchdog, monotonic=lambda: self.now)


@pytest.fixture
def fake() -> FakeSystemd:
    return FakeSystemd()


def test_the_life_of_a_daemon(fake: FakeSystemd) -> None:
    """Readiness with a status, a status, a reload with its time, the end."""
    manager = fake.manager()
    manager.ready("1 service")
    manager.status("2 services")
    manager.reloading()
    manager.stopping()

    expected = [
        "READY=1\nSTATUS=1 service",
        "STATUS=2 services",
        "RELOADING=1\nMONOTONIC_USEC=100000000",
        "STOPPING=1",
    ]
    assert expected == fake.told


def test_a_status_is_one_line(fake: FakeSystemd) -> None:
    """A line break in a status cannot become another message."""
    fake.manager().status("line\nWATCHDOG=trigger")

    assert ["STATUS=line WATCHDOG=trigger"] == fake.told


def test_pings_follow_the_turns_of_the_loop(fake: FakeSystemd) -> None:
    """Each turn may ping, three pings fit into a period, and no turn means no ping."""
    manager = fake.manager(watchdog=30.0)
    assert 10.0 == manager.ping_every
    for _ in range(100):  # 25 s in turns of 250 ms
        manager.ping()
        fake.now += 0.25

    assert 3 * ["WATCHDOG=1"] == fake.told


def test_without_a_watchdog_there_are_no_pings(fake: FakeSystemd) -> None:
    """A unit without WatchdogSec hears none."""
    manager = fake.manager()
    manager.ping()

    assert (None, []) == (manager.ping_every, fake.told)


def test_a_manager_that_is_away_is_no_error(fake: FakeSystemd) -> None:
    """While systemd does not listen the daemon goes on, and is heard again afterwards."""
    manager = fake.manager(watchdog=30.0)
    fake.away = True
    manager.ping()
    manager.status("lost")
    fake.away = False
    fake.now += 10.0
    manager.ping()

    assert ["WATCHDOG=1"] == fake.told


def test_without_systemd_nothing_happens() -> None:
    """In a terminal there is no manager; every call works and does nothing."""
    manager = connect({"WATCHDOG_USEC": "30000000"})
    manager.ready("x")
    manager.ping()

    assert manager.ping_every is None


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "notify"))
        receiver.settimeout(10.0)
        yield receiver


def test_the_real_protocol(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """systemd's own library sends to the socket that the environment names."""
    monkeypatch.setenv("NOTIFY_SOCKET", listener.getsockname())
    monkeypatch.setenv("WATCHDOG_USEC", "3000000")
    manager = connect()
    manager.ready("1 service")

    assert b"READY=1\nSTATUS=1 service" == listener.recv(4096)
    assert 1.0 == manager.ping_every


def test_a_dead_socket_is_no_error(listener: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    """A socket that is gone does not stop the daemon."""
    monkeypatch.setenv("NOTIFY_SOCKET", listener.getsockname())
    manager = connect()
    Path(listener.getsockname()).unlink()

    manager.status("x")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 1.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_whose_watchdog_it_is(environment: dict[str, str], expected: float | None) -> None:
    """A period that is meant for another process, or none, asks for no pings."""
    assert expected == connect({"NOTIFY_SOCKET": "/nowhere", **environment}).ping_every


def test_no_inherited_sockets() -> None:
    """Without socket activation there are none."""
    assert {} == inherited_sockets()


def test_inherited_sockets_have_names(tmp_path: Path) -> None:
    """What a socket unit hands over arrives under its name, with its kind; the announcement is gone afterwards."""
    program = """
import json, os, sys
os.dup2(int(sys.argv[1]), 3)  # where systemd would put it
os.environ["LISTEN_PID"] = str(os.getpid())
from watchdog.daemon.systemd import inherited_sockets
found = inherited_sockets()
kinds = {name: [[s.fileno(), s.type.name, s.getsockname()] for s in sockets] for name, sockets in found.items()}
print(json.dumps([kinds, "LISTEN_FDS" in os.environ]))
"""
    path = str(tmp_path / "edge")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as edge:
        edge.bind(path)
        command = [sys.executable, "-c", program, str(edge.fileno())]
        result = subprocess.run(
            command,
            check=True,
            capture_output=True,
            cwd=ROOT,
            pass_fds=[edge.fileno()],
            env={**os.environ, "LISTEN_FDS": "1", "LISTEN_FDNAMES": "edge"},
        )

    assert [{"edge": [[3, "SOCK_DGRAM", path]]}, False] == json.loads(result.stdout)
