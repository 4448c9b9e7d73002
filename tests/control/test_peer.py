"""The kernel says who asks; groups say what they may do."""

import contextlib
import grp
import os
import pwd
import socket
import struct

import pytest

from watchdog.control.peer import SO_PEERGROUPS, Access, Peer, Role, peer_of


def peer(uid: int = 1234, groups: frozenset[int] = frozenset({1234})) -> Peer:
    return Peer(uid=uid, gid=1234, pid=1, user="ama", groups=groups)


class FakeConnection:
    """A connection whose peer has a uid and groups as told; without groups the kernel's list is too long."""

    def __init__(self, uid: int, gid: int, groups: list[int] | None) -> None:
        self.credentials = struct.pack("3i", 77, uid, gid)
        self.groups = groups

    def getsockopt(self, level: int, option: int, buflen: int, /) -> bytes:
        if option != SO_PEERGROUPS:
            return self.credentials
        if self.groups is None:
            raise OSError(34, "Numerical result out of range")
        return struct.pack(f"{len(self.groups)}I", *self.groups)


def test_the_real_peer() -> None:
    """Both ends of a pair are this process."""
    one, other = socket.socketpair(socket.AF_UNIX)
    with contextlib.closing(one), contextlib.closing(other):
        found = peer_of(one)

    assert (os.geteuid(), os.getegid(), os.getpid()) == (found.uid, found.gid, found.pid)
    assert pwd.getpwuid(os.geteuid()).pw_name == found.user
    assert {os.getegid(), *os.getgroups()} == found.groups


def test_the_groups_of_the_process_count() -> None:
    """The kernel's list, with the primary group."""
    found = peer_of(FakeConnection(54321, 9, [7, 8]))

    assert Peer(uid=54321, gid=9, pid=77, user="uid 54321", groups=frozenset({7, 8, 9})) == found


def test_very_many_groups() -> None:
    """A process in more groups than the call can take has those of the user database."""
    assert frozenset({0, *os.getgrouplist("root", 0)}) == peer_of(FakeConnection(0, 0, None)).groups
    assert frozenset({9}) == peer_of(FakeConnection(54321, 9, None)).groups


def test_without_groups_only_root_and_the_daemon_itself() -> None:
    """Nobody else may even read."""
    access = Access()

    assert Role.OPERATOR == access.role(peer(uid=0))
    assert Role.OPERATOR == access.role(peer(uid=os.geteuid()))
    assert Role.NONE == access.role(peer())
    assert access.socket_group is None


def test_groups_give_roles() -> None:
    """The operator group gives orders, the viewer group reads, the others do neither."""
    operators, viewers = grp.getgrnam("adm").gr_gid, grp.getgrnam("staff").gr_gid
    access = Access(operators="adm", viewers="staff")

    assert Role.OPERATOR == access.role(peer(groups=frozenset({operators})))
    assert Role.OPERATOR == access.role(peer(groups=frozenset({operators, viewers})))
    assert Role.VIEWER == access.role(peer(groups=frozenset({viewers})))
    assert Role.NONE == access.role(peer())


def test_whom_the_socket_belongs_to() -> None:
    """To the viewers where there are some, else to the operators."""
    assert grp.getgrnam("staff").gr_gid == Access(operators="adm", viewers="staff").socket_group
    assert grp.getgrnam("adm").gr_gid == Access(operators="adm").socket_group


def test_a_group_that_does_not_exist() -> None:
    """The error names it and how to make it."""
    with pytest.raises(LookupError, match="there is no group 'nobodies' on this machine; groupadd --system nobodies"):
        Access(operators="nobodies")
