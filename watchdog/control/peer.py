"""Who is at the other end of the Unix socket, as the kernel says, and what they may do.

What lives here: credentials and roles. What must not: HTTP, and any word of the peer's own about who it is.
"""

import contextlib
import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Final, Protocol

SO_PEERGROUPS: Final = 59  # asm-generic/socket.h; Python 3.11 has no name for it
UCRED: Final = struct.Struct("3i")
MOST_GROUPS_BYTES: Final = 1024  # what Python's getsockopt can take: 256 groups


class Role(IntEnum):
    """What a peer may do; a higher role includes the lower ones."""

    NONE = 0
    VIEWER = 1
    """Read everything."""
    OPERATOR = 2
    """Give orders too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The process at the other end when it connected."""

    uid: int
    gid: int
    pid: int
    user: str
    """The login name; `uid 1234` for a user that this machine does not know."""
    groups: frozenset[int]
    """Numbers of all its groups, the primary one included."""


class CredentialSocket(Protocol):
    """A connected Unix socket, as far as it is asked here."""

    def getsockopt(self, level: int, option: int, buflen: int, /) -> bytes:
        """As `socket.socket` has it."""
        ...


def peer_of(connection: CredentialSocket) -> Peer:
    """Ask the kernel about the peer. OSError when the socket is not a connected Unix socket."""
    pid, uid, gid = UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, UCRED.size))
    groups = frozenset({gid, *_groups(connection, uid, gid)})
    return Peer(uid=uid, gid=gid, pid=pid, user=_user(uid), groups=groups)


class Access:
    """Who has which role: root and the daemon's own user are operators, others by group.

    A socket file has one group. Where there are viewers it is theirs, and operators must be members of both groups.
    """

    def __init__(self, *, operators: str | None = None, viewers: str | None = None) -> None:
        """Names of groups; None for nobody. LookupError when a group does not exist."""
        self.operator_group = _group(operators)
        self.viewer_group = _group(viewers)
        self._self = os.geteuid()

    @property
    def socket_group(self) -> int | None:
        """The number of the group that may connect at all; None for nobody but the daemon's own."""
        return self.operator_group if self.viewer_group is None else self.viewer_group

    def role(self, peer: Peer) -> Role:
        """What this peer may do."""
        if peer.uid in {0, self._self} or _in(peer, self.operator_group):
            return Role.OPERATOR
        return Role.VIEWER if _in(peer, self.viewer_group) else Role.NONE


def _in(peer: Peer, group: int | None) -> bool:
    return group is not None and group in peer.groups


def _groups(connection: CredentialSocket, uid: int, gid: int) -> list[int]:
    """The process' groups from the kernel; from the user database when there are more than the call can take."""
    with contextlib.suppress(OSError):
        raw = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, MOST_GROUPS_BYTES)
        return [number for (number,) in struct.iter_unpack("I", raw)]
    with contextlib.suppress(KeyError):
        return os.getgrouplist(pwd.getpwuid(uid).pw_name, gid)
    return []


@lru_cache(maxsize=256)  # a directory service may be slow; its answer is asked for once per user
def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _group(name: str | None) -> int | None:
    if name is None:
        return None
    try:
        return grp.getgrnam(name).gr_gid
    except KeyError as error:
        raise LookupError(f"there is no group {name!r} on this machine; groupadd --system {name}") from error
