"""The Unix datagram socket that the balancer writes to: bound here, or inherited from systemd.

What lives here: making the socket and checking the kernel's queue. What must not: reading lines.
"""

import contextlib
import grp
import os
import socket
import stat
from pathlib import Path

MODE = 0o660
QUEUE_LINES_WANTED = 512  # at 10, the kernel's default, 11 % of the lines are lost at 1,000 requests/s; at 512 none
QUEUE_SETTING = Path("/proc/sys/net/unix/max_dgram_qlen")
_LONGEST_PATH_BYTES = 103  # sun_path holds 107 and a zero; ".new" is put behind it for a moment


class EdgeSocketError(Exception):
    """The socket could not be had. The message says which, why, and what would be right."""


def bind_socket(path: Path, *, group: str | None = None) -> socket.socket:
    """A non-blocking socket at `path`, mode 0660, of `group` if one is given.

    A socket file that nobody listens at is replaced in one step. EdgeSocketError when the path is in use by another
    process, is no socket, is too long, or the group is unknown.
    """
    if len(os.fsencode(path)) > _LONGEST_PATH_BYTES:
        raise EdgeSocketError(f"{path}: a socket's path has at most {_LONGEST_PATH_BYTES} bytes; use a shorter folder")
    gid = _group_id(group)
    _must_be_free(path)
    fresh = path.with_name(f"{path.name}.new")
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        with contextlib.suppress(FileNotFoundError):
            fresh.unlink()
        sock.bind(str(fresh))
        if gid is not None:
            os.chown(fresh, -1, gid)
        fresh.chmod(MODE)
        fresh.replace(path)
    except OSError as error:
        sock.close()
        raise EdgeSocketError(f"{path}: cannot bind the access-log socket: {error.strerror}") from error
    sock.settimeout(0.0)
    return sock


def adopt_socket(descriptor: int) -> socket.socket:
    """The socket that systemd opened for us (`ListenDatagram=`), non-blocking.

    EdgeSocketError when the descriptor is something else.
    """
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        raise EdgeSocketError(f"descriptor {descriptor} is no socket: {error.strerror}") from error
    if (sock.family, sock.type) != (socket.AF_UNIX, socket.SOCK_DGRAM):
        sock.detach()  # not ours: it stays open for whoever it is meant for
        raise EdgeSocketError(f"descriptor {descriptor} is no Unix datagram socket; the unit needs ListenDatagram=")
    sock.settimeout(0.0)
    return sock


def queue_warning(setting: Path = QUEUE_SETTING) -> str | None:
    """What to do when the kernel's queue is too short for a burst of lines; None when it is long enough.

    The kernel reads the setting when a socket is made, per network namespace: a change needs the socket made anew.
    """
    try:
        found = int(setting.read_text())
    except (OSError, ValueError) as error:
        return f"cannot read {setting} ({error}); net.unix.max_dgram_qlen should be at least {QUEUE_LINES_WANTED}"
    if found >= QUEUE_LINES_WANTED:
        return None
    return (
        f"net.unix.max_dgram_qlen is {found}: the balancer drops log lines under load. Put "
        f"net.unix.max_dgram_qlen={QUEUE_LINES_WANTED} into /etc/sysctl.d/, run sysctl --system, "
        "then restart the socket (it keeps the value it was made with)"
    )


def remove_socket(path: Path, sock: socket.socket) -> None:
    """Take our socket file away, unless another process has put its own there meanwhile."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        sock.close()
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _group_id(group: str | None) -> int | None:
    if group is None:
        return None
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        raise EdgeSocketError(f"group {group!r} does not exist; name the group of the balancer's workers") from None


def _must_be_free(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise EdgeSocketError(f"{path}: {error.strerror}") from error
    if not stat.S_ISSOCK(mode):
        raise EdgeSocketError(f"{path} is there and is no socket; move it away or name another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        try:
            other.connect(str(path))
        except ConnectionRefusedError:
            return
        except OSError as error:
            raise EdgeSocketError(f"{path}: cannot tell whether it is in use: {error.strerror}") from error
    raise EdgeSocketError(f"{path} is in use by another process; is a second daemon running?")
