"""Connections that nginx's workers have open to a colour's servers, as the kernel lists them.

What lives here: reading /proc/net, and turning servers into addresses. What must not: ending anything; nginx cannot end
connections singly. Which process holds a socket only the kernel's ptrace right would show, so the owner decides: the
user of nginx's workers, and not this program.
"""

import re
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

from watchdog.traffic.nginx import workers

_HELD: Final = frozenset({"01", "02", "08"})
"""Established, being opened, ended by the application and not yet by nginx: a request may hang on each."""
_UNIX_CONNECTED: Final = "03"
_SOCKET = re.compile(r"socket:\[(\d+)\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Targets:
    """Where a colour's servers are reached."""

    addresses: frozenset[tuple[str, int]]
    """IP address in its plain spelling, and port."""
    paths: frozenset[str]
    """Of unix sockets."""


def targets(servers: Iterable[str]) -> Targets:
    """Look up the servers' names; blocks. OSError when a name leads nowhere."""
    addresses, paths = set(), set()
    for server in servers:
        if server.startswith("unix:"):
            paths.add(server.removeprefix("unix:"))
            continue
        host, _, port = server.rpartition(":")
        for *_, address in socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM):
            addresses.add((_plain(str(address[0])), int(port)))
    return Targets(addresses=frozenset(addresses), paths=frozenset(paths))


def open_to(servers: Sequence[str], pid: Path) -> frozenset[str] | None:
    """What tells each open connection to these servers from every other; None when nginx's workers cannot be seen.

    Blocks. Idle connections that nginx keeps for its next request are among them. OSError.
    """
    master, owner = workers.master(pid), workers.owner(pid)
    if master is None or owner is None:
        return None
    wanted = targets(servers)
    net = Path("/proc", str(master), "net")  # of nginx's own network, if that is another one
    own = _own_sockets()
    found = set()
    for table in ("tcp", "tcp6") if wanted.addresses else ():
        found |= {f"{table} {inode}" for inode in _tcp(net / table, wanted, owner[0]) if inode not in own}
    if wanted.paths:
        found |= {f"unix {inode}" for inode in _unix(net / "unix", wanted)}
    return frozenset(found)


def _tcp(table: Path, wanted: Targets, uid: int) -> Iterator[str]:
    for line in _lines(table):
        fields = line.split()
        if fields[3] not in _HELD or int(fields[7]) != uid:
            continue
        if _remote(fields[2]) in wanted.addresses:
            yield f"{fields[9]}" if fields[9] != "0" else fields[1]


def _unix(table: Path, wanted: Targets) -> Iterator[str]:
    """The application's ends: only they carry the path; whose the other end is the kernel does not say."""
    for line in _lines(table):
        fields = line.split(maxsplit=7)
        if len(fields) > 7 and fields[5] == _UNIX_CONNECTED and fields[7].rstrip("\n") in wanted.paths:  # noqa: PLR2004 - the eighth field is the path
            yield fields[6]


def _lines(table: Path) -> Iterator[str]:
    try:
        with table.open(errors="replace") as file:
            next(file, None)
            yield from file
    except FileNotFoundError:  # a kernel without IPv6
        return


def _remote(text: str) -> tuple[str, int]:
    """`0100007F:1F90` as the kernel prints it: words of four bytes in the machine's own order."""
    address, _, port = text.partition(":")
    data = bytes.fromhex(address)
    if sys.byteorder == "little":
        data = b"".join(data[at : at + 4][::-1] for at in range(0, len(data), 4))
    return _plain(str(ip_address(data))), int(port, 16)


def _plain(address: str) -> str:
    parsed = ip_address(address.partition("%")[0])
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


def _own_sockets() -> frozenset[str]:
    """The inodes of this process's sockets: its direct probes are no users."""
    inodes = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            found = _SOCKET.fullmatch(str(entry.readlink()))
        except OSError:  # closed meanwhile
            continue
        if found:
            inodes.add(found[1])
    return frozenset(inodes)
