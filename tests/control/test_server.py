"""The socket is for the right people only, and a stop ends in time."""

import grp
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.control.harness import WAIT_S, FakeApi, running
from watchdog.control.peer import Access
from watchdog.control.server import ListenError, bind

ROOT = Path(__file__).parents[2]


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def open_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder that every user of the machine can reach."""
    folder = Path("/tmp") / f"control-{os.getpid()}-{tmp_path.name}"
    folder.mkdir(mode=0o755)
    yield folder
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


def get(path: Path) -> int:
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as http:
        return http.get("http://x/v1/status").status_code


def test_the_mode_of_the_socket(api: FakeApi, tmp_path: Path) -> None:
    """Owner and group, whatever the umask of the process."""
    before = os.umask(0)
    try:
        with running(api, tmp_path / "s"):
            assert 0o660 == stat.S_IMODE((tmp_path / "s").stat().st_mode)
            assert 0 == os.umask(0)
    finally:
        os.umask(before)


def test_the_group_of_the_socket(api: FakeApi, tmp_path: Path) -> None:
    """The socket belongs to the group that may connect."""
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to any group")
    with running(api, tmp_path / "s", Access(operators="adm")):
        assert grp.getgrnam("adm").gr_gid == (tmp_path / "s").stat().st_gid


# Becomes another user with one more group, then asks; -I keeps the test's environment out.
STRANGER = """
import os, socket, sys
path, gid, method, target = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
os.setgroups([gid] if gid else [])
os.setgid(65534)
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as s:
    try:
        s.connect(path)
    except PermissionError:
        sys.exit("no entry")
    s.sendall(f"{method} {target} HTTP/1.1\\r\\nhost: x\\r\\nconnection: close\\r\\n\\r\\n".encode())
    while part := s.recv(65536):
        print(part.decode())
"""


def stranger(path: Path, group: str | None, method: str, target: str) -> str:
    gid = "0" if group is None else str(grp.getgrnam(group).gr_gid)
    command = ["/usr/bin/python3", "-I", "-c", STRANGER, str(path), gid, method, target]
    result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=WAIT_S)
    return result.stdout or result.stderr.strip()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user(api: FakeApi, open_folder: Path) -> None:
    """A member of the viewer group reads and gives no orders, an operator does both, others do not get in."""
    path = open_folder / "s"
    with running(api, path, Access(viewers="staff", operators="adm")):
        assert "HTTP/1.1 200" in stranger(path, "staff", "GET", "/v1/status")
        refused = stranger(path, "staff", "POST", "/v1/reload")
        assert "HTTP/1.1 403" in refused
        assert "nobody may not give orders; members of the operator group may" in refused
        assert "no entry" == stranger(path, None, "GET", "/v1/status")
    with running(api, path, Access(operators="adm")):
        assert "HTTP/1.1 200" in stranger(path, "adm", "POST", "/v1/reload")

    assert [65534] == [peer.uid for peer in api.peers]


def test_a_socket_left_behind_is_replaced(api: FakeApi, tmp_path: Path) -> None:
    """After a crash the next daemon starts."""
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(tmp_path / "s"))

    with running(api, tmp_path / "s"):
        assert 200 == get(tmp_path / "s")


def test_a_socket_in_use_is_not_taken(api: FakeApi, tmp_path: Path) -> None:
    """A second daemon is refused, and the first goes on."""
    with running(api, tmp_path / "s"):
        with pytest.raises(ListenError, match=f"{tmp_path}/s: another daemon answers there"):
            bind(tmp_path / "s")
        assert 200 == get(tmp_path / "s")


def test_where_no_socket_can_be(tmp_path: Path) -> None:
    """The error names the path and the reason; a file that is no socket stays."""
    with pytest.raises(ListenError, match=rf"{tmp_path}/no/s: No such file or directory"):
        bind(tmp_path / "no" / "s")
    (tmp_path / "file").write_text("precious")
    with pytest.raises(ListenError, match="file: Address already in use"):
        bind(tmp_path / "file")

    assert "precious" == (tmp_path / "file").read_text()


def test_the_socket_goes_with_the_server(api: FakeApi, tmp_path: Path) -> None:
    """After a stop there is none; one that another daemon has made meanwhile stays."""
    with running(api, tmp_path / "s"):
        pass
    assert not (tmp_path / "s").exists()

    with running(api, tmp_path / "s"):
        (tmp_path / "s").unlink()
        bind(tmp_path / "s").close()
    assert (tmp_path / "s").exists()


def test_signals_stay_the_daemons(api: FakeApi, tmp_path: Path) -> None:
    """Neither start nor stop touches the handlers of the process."""
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = [signal.getsignal(number) for number in signals]
    with running(api, tmp_path / "s"):
        assert before == [signal.getsignal(number) for number in signals]
    assert before == [signal.getsignal(number) for number in signals]


def test_a_stop_ends_event_streams(api: FakeApi, tmp_path: Path) -> None:
    """A client that listens hears the end, and the stop does not wait for it."""
    heard: list[str] = []

    def listen() -> None:
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(tmp_path / "s")), timeout=WAIT_S) as http:
            heard.append(http.get("http://x/v1/events").text)

    listener = threading.Thread(target=listen)
    with running(api, tmp_path / "s"):
        listener.start()
        assert api.opened.wait(WAIT_S)
        began = time.monotonic()
    took = time.monotonic() - began
    listener.join(WAIT_S)

    assert [": hello\n\n"] == heard
    assert 0 == api.streams
    assert took < 1.5


def test_a_client_that_goes_ends_its_stream(api: FakeApi, tmp_path: Path) -> None:
    """Nothing is kept for a client that hung up."""
    with running(api, tmp_path / "s"):
        with socket.socket(socket.AF_UNIX) as one:
            one.connect(str(tmp_path / "s"))
            one.sendall(b"GET /v1/events HTTP/1.1\r\nhost: x\r\n\r\n")
            assert api.opened.wait(WAIT_S)
            assert 1 == api.streams
        deadline = time.monotonic() + WAIT_S
        while api.streams and time.monotonic() < deadline:
            threading.Event().wait(0.01)

        assert 0 == api.streams


def test_a_stop_gives_up_on_a_hanging_answer(api: FakeApi, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An answer that does not end is cut off after the grace."""
    api.hold = 1_000.0
    asking = socket.socket(socket.AF_UNIX)
    with asking, running(api, tmp_path / "s"):
        asking.connect(str(tmp_path / "s"))
        asking.sendall(b"GET /v1/status HTTP/1.1\r\nhost: x\r\n\r\n")
        threading.Event().wait(0.1)
        began = time.monotonic()
    took = time.monotonic() - began

    assert 1.0 < took < 5.0
    assert "timeout graceful shutdown exceeded" in caplog.text


def test_the_budget_of_an_import() -> None:
    """The server costs the idle daemon less than 15 MiB."""
    program = """
import asyncio, json, logging, signal, socket
def rss():
    return int(open("/proc/self/statm").read().split()[1]) * 4 / 1024
before = rss()
import watchdog.control.server
print(rss() - before)
"""
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, cwd=ROOT)

    assert float(result.stdout) < 15.0
