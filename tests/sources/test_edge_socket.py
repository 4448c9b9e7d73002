"""The socket file: its mode, its takeover, and what it must not take over."""

import grp
import os
import socket
import stat
from pathlib import Path

import pytest

from watchdog.sources.edge_socket import EdgeSocketError, adopt_socket, bind_socket, queue_warning, remove_socket


def test_a_bound_socket_receives_and_is_closed_to_others(tmp_path: Path) -> None:
    """The file has mode 0660 and the group asked for; datagrams sent to it arrive."""
    path = tmp_path / "edge.sock"
    gid = grp.getgrnam("daemon").gr_gid if os.geteuid() == 0 else os.getgid()
    group = grp.getgrgid(gid).gr_name
    with bind_socket(path, group=group) as bound, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"line", str(path))

        assert b"line" == bound.recv(100)
        assert (0o660, gid) == (stat.S_IMODE(path.stat().st_mode), path.stat().st_gid)
        with pytest.raises(BlockingIOError):
            bound.recv(100)
        assert [path] == list(tmp_path.iterdir())


def test_a_stale_socket_file_is_replaced(tmp_path: Path) -> None:
    """A file that a dead daemon left behind is taken over."""
    path = tmp_path / "edge.sock"
    bind_socket(path).close()
    with bind_socket(path) as bound, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"line", str(path))

        assert b"line" == bound.recv(100)


def test_a_socket_in_use_is_left_alone(tmp_path: Path) -> None:
    """A second daemon is told, and the first keeps its lines."""
    path = tmp_path / "edge.sock"
    with bind_socket(path) as first, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        with pytest.raises(EdgeSocketError, match="in use by another process"):
            bind_socket(path)
        sender.sendto(b"line", str(path))

        assert b"line" == first.recv(100)


def test_a_stream_socket_is_not_taken_over(tmp_path: Path) -> None:
    """A socket of another kind is somebody else's."""
    path = tmp_path / "edge.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        with pytest.raises(EdgeSocketError, match="cannot tell whether it is in use"):
            bind_socket(path)


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    """A file at the path is never removed."""
    path = tmp_path / "edge.sock"
    path.write_text("mine")
    with pytest.raises(EdgeSocketError, match="is no socket"):
        bind_socket(path)

    assert "mine" == path.read_text()


@pytest.mark.parametrize(
    ("name", "group", "message"),
    [
        ("x" * 104, None, "has at most 103 bytes"),
        ("edge.sock", "no-such-group", "group 'no-such-group' does not exist"),
        ("nowhere/edge.sock", None, "No such file or directory"),
    ],
)
def test_a_path_that_cannot_be_is_told(tmp_path: Path, name: str, group: str | None, message: str) -> None:
    """Too long a path, an unknown group and a missing folder are errors that say so."""
    with pytest.raises(EdgeSocketError, match=message):
        bind_socket(tmp_path / name, group=group)


def test_our_file_is_removed_and_a_successors_is_not(tmp_path: Path) -> None:
    """At the end our own file goes; a file that another daemon has put there meanwhile stays."""
    path = tmp_path / "edge.sock"
    first = bind_socket(path)
    path.unlink()
    with bind_socket(path) as second:
        remove_socket(path, first)
        assert path.exists()
        remove_socket(path, second)
        assert not path.exists()


def test_an_inherited_socket_is_adopted(tmp_path: Path) -> None:
    """A Unix datagram socket from systemd is used as it is, without waiting for lines."""
    given = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    given.bind(str(tmp_path / "edge.sock"))
    with adopt_socket(given.detach()) as adopted, pytest.raises(BlockingIOError):
        adopted.recv(100)


def test_an_inherited_socket_of_another_kind_is_refused() -> None:
    """A stream socket, or a file, is not the access log; it stays open for its owner."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        with pytest.raises(EdgeSocketError, match="ListenDatagram="):
            adopt_socket(other.fileno())
        assert socket.SOCK_STREAM == other.type
    with Path("/dev/null").open("rb") as file, pytest.raises(EdgeSocketError, match="is no socket"):
        adopt_socket(file.fileno())


@pytest.mark.parametrize(("text", "part"), [("10\n", "max_dgram_qlen is 10"), ("many", "cannot read")])
def test_a_short_queue_is_told(tmp_path: Path, text: str, part: str) -> None:
    """The kernel's default loses lines: the warning names the setting, the value and the cure."""
    setting = tmp_path / "max_dgram_qlen"
    setting.write_text(text)
    warning = queue_warning(setting)

    assert warning is not None
    assert part in warning
    assert "512" in warning


def test_a_long_queue_is_fine(tmp_path: Path) -> None:
    """At 512 no line is lost, so nothing is said."""
    setting = tmp_path / "max_dgram_qlen"
    setting.write_text("512\n")

    assert queue_warning(setting) is None
