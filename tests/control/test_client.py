"""The client asks for one thing at a time and says in words what went wrong."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.control.harness import FakeApi, Running, running
from watchdog.control import client as module
from watchdog.control.app import RefusedError as Refusal
from watchdog.control.app import UnavailableError
from watchdog.control.client import Client, ControlError, DaemonError, ForbiddenError, NotRunningError, RefusedError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


@pytest.fixture
def client(api: FakeApi, path: Path) -> Iterator[Client]:
    with running(api, path), Client(path) as found:
        yield found


CALLS: list[tuple[Callable[[Client], Any], tuple[Any, ...]]] = [
    (lambda c: c.status(), ("view",)),
    (lambda c: c.rules(), ("rules", None)),
    (lambda c: c.rules("shop"), ("rules", "shop")),
    (lambda c: c.records(), ("records", None, None, None, 1000)),
    (
        lambda c: c.records(since=3, service="shop", types=("HoldSet", "Tick"), limit=9),
        ("records", 3, "shop", ("HoldSet", "Tick"), 9),
    ),
    (lambda c: c.submit("shop", "4.2.0"), ("submit", {"service": "shop", "release": "4.2.0"})),
    (
        lambda c: c.submit("shop", "1", plan="p", schema="compatible", watched_by="ama", because="b"),
        (
            "submit",
            {
                "service": "shop",
                "release": "1",
                "plan": "p",
                "schema": "compatible",
                "watched_by": "ama",
                "because": "b",
            },
        ),
    ),
    (lambda c: c.rollback("shop"), ("rollback", {"service": "shop"})),
    (
        lambda c: c.rollback("shop", anyway=True, because="b"),
        ("rollback", {"service": "shop", "anyway": True, "because": "b"}),
    ),
    (lambda c: c.abort("shop"), ("abort", {"service": "shop"})),
    (lambda c: c.pause("shop", because="b"), ("pause", {"service": "shop", "because": "b"})),
    (lambda c: c.resume("shop"), ("resume", {"service": "shop"})),
    (lambda c: c.promote("shop", because="b"), ("promote", {"service": "shop", "because": "b"})),
    (lambda c: c.acknowledge("shop"), ("acknowledge", {"service": "shop"})),
    (lambda c: c.acknowledge("shop", incident="i1"), ("acknowledge", {"service": "shop", "incident": "i1"})),
    (lambda c: c.adopt("shop"), ("adopt", {"service": "shop"})),
    (lambda c: c.forgive("shop", "4.2.0"), ("forgive", {"service": "shop", "release": "4.2.0"})),
    (
        lambda c: c.waive("shop", "cpu", for_seconds=60.0, because="why"),
        ("waive", {"service": "shop", "rule": "cpu", "for_seconds": 60.0, "because": "why"}),
    ),
    (
        lambda c: c.waive("shop", "cpu", for_seconds=0.0),
        ("waive", {"service": "shop", "rule": "cpu", "for_seconds": 0.0}),
    ),
    (lambda c: c.stop_the_line(because="b"), ("stop_the_line", {"because": "b"})),
    (lambda c: c.stop_the_line(for_seconds=60.0), ("stop_the_line", {"for_seconds": 60.0})),
    (lambda c: c.stop_the_line(release=True), ("stop_the_line", {"release": True})),
    (lambda c: c.reload(), ("reload", {})),
    (lambda c: c.reload(force=True), ("reload", {"force": True})),
    (lambda c: c.pause("a b?c"), ("pause", {"service": "a b?c"})),
]  # fmt: skip


@pytest.mark.parametrize(("call", "expected"), CALLS)
def test_calls(api: FakeApi, client: Client, call: Callable[[Client], Any], expected: tuple[Any, ...]) -> None:
    """Each method asks for what it says, without what was not given, and hands the answer on."""
    answer = call(client)

    assert [expected] == api.asked
    assert {"asked": expected[0]} == (answer[0] if isinstance(answer, list) else answer)


def test_no_daemon(path: Path) -> None:
    """No socket: the message says what is missing and what to look at."""
    with Client(path) as client, pytest.raises(NotRunningError) as caught:
        client.status()

    expected = f"rollback-watchdog is not running ({path}: there is no socket); systemctl status rollback-watchdog"
    assert expected == str(caught.value)


def test_a_dead_daemon(path: Path) -> None:
    """A socket that nobody listens on."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    with Client(path) as client, pytest.raises(NotRunningError, match="the daemon left its socket behind"):
        client.status()


def test_a_refusal_is_in_the_daemons_words(api: FakeApi, client: Client) -> None:
    """The message, its reason and its status arrive."""
    api.error = Refusal("4.2.0 is known to be bad; forgive it first", reason="known_bad")
    with pytest.raises(RefusedError, match=r"^4\.2\.0 is known to be bad; forgive it first$") as caught:
        client.submit("shop", "4.2.0")

    assert ("known_bad", 409) == (caught.value.reason, caught.value.status)


def test_a_daemon_in_trouble(api: FakeApi, client: Client) -> None:
    """A mistake of the daemon's is told apart from a refusal."""
    api.error = UnavailableError("stopping")
    with pytest.raises(DaemonError, match="stopping"):
        client.status()


def test_an_answer_that_takes_too_long(api: FakeApi, path: Path) -> None:
    """The client does not wait for ever, and says that the command may have been carried out."""
    api.hold = 0.5
    with running(api, path), Client(path, timeout=0.05) as client, pytest.raises(DaemonError, match="status tells"):
        client.status()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "the connection to the daemon broke"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", "what answers there is not rollback-watchdog"),
        (b"HTTP/1.1 500 Oops\r\ncontent-length: 2\r\n\r\nhi", "what answers there is not rollback-watchdog"),
    ],
)
def test_something_else_answers(path: Path, answer: bytes, message: str) -> None:
    """A broken connection and a foreign program are told apart."""
    program = f"""
import socket
with socket.socket(socket.AF_UNIX) as s:
    s.bind({str(path)!r}); s.listen(); print(flush=True)
    for _ in range(2):  # a knock, then the request
        c, _ = s.accept()
        with c:
            if c.recv(4096):
                c.sendall({answer!r})
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        with Client(path) as client, pytest.raises(DaemonError, match=message):
            client.status()


# Becomes nobody, asks, and tells the error; the modules are loaded before, since nobody may not read them.
NOBODY = """
import os, pathlib, sys
import httpcore  # loaded late by httpx, and not readable for everybody below root's home
from watchdog.control.client import Client, ControlError
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
try:
    Client(pathlib.Path(sys.argv[1])).status()
except ControlError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("folder_mode", [0o755, 0o700])
def test_a_user_without_rights(api: FakeApi, folder_mode: int) -> None:
    """A user whom the socket's mode or its folder keeps out hears which groups may use it."""
    folder = Path("/tmp") / f"client-{os.getpid()}-{folder_mode}"
    folder.mkdir(mode=folder_mode)
    try:
        with running(api, folder / "s"):
            command = [sys.executable, "-c", NOBODY, str(folder / "s")]
            result = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)
    finally:
        folder.rmdir()

    expected = f"ForbiddenError {folder}/s: permission denied; members of the operator or viewer group may use it\n"
    assert (expected, "") == (result.stdout, result.stderr)


def event(seq: int) -> dict[str, Any]:
    return {"seq": seq, "type": "HoldSet", "text": "a: b\nc"}


def test_events_arrive_while_the_stream_is_open(api: FakeApi, client: Client) -> None:
    """Each event arrives when it happens, whole."""
    api.script = [event(1), event(2)]
    events = client.events(after=0)

    assert [event(1), event(2)] == [next(events), next(events)]
    assert 1 == api.streams
    events.close()


def test_a_lost_stream_goes_on_where_it_was(api: FakeApi, path: Path) -> None:
    """After a restart of the daemon the client connects again, waits in between, and misses and repeats nothing."""
    api.script = [event(1)]
    server: Running | None = Running(api, path)
    restarts = 0

    def wait(seconds: float) -> None:
        nonlocal server, restarts
        assert module.RECONNECT_S == seconds
        restarts += 1
        if restarts == 2:  # once in vain, then the daemon is back
            api.script = [event(1), event(2)]
            server = Running(api, path)

    try:
        with Client(path) as client:
            events = client.events(sleep=wait)
            assert event(1) == next(events)
            assert server is not None
            server.stop()
            server = None

            assert event(2) == next(events)
            assert 2 == restarts
            assert [("events", None), ("events", 1)] == api.asked
            events.close()
    finally:
        if server is not None:
            server.stop()


def test_a_first_connection_that_fails_is_an_error(path: Path) -> None:
    """Nobody waits for a daemon that is not there."""
    with Client(path) as client, pytest.raises(NotRunningError):
        next(client.events())


def test_events_that_are_refused(api: FakeApi, client: Client) -> None:
    """A refusal is not a lost connection."""
    with pytest.raises(RefusedError, match="last-event-id: found '-1', wanted a number from 0 up"):
        next(client.events(after=-1))


def test_every_error_is_one_of_ours() -> None:
    """A caller needs to catch one class."""
    assert all(issubclass(e, ControlError) for e in (NotRunningError, ForbiddenError, RefusedError, DaemonError))


def test_the_client_needs_nothing_of_the_daemon() -> None:
    """On a deploy host the import pulls neither the core nor the server's libraries."""
    program = "import sys, watchdog.control.client; print(*(m.split('.')[0] + '.' + m for m in sys.modules))"
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT)

    for name in ("watchdog.core", "pydantic", "starlette", "uvicorn", "structlog", "systemd"):
        assert f".{name} " not in f"{result.stdout} "
