"""Connections as the kernel lists them, without an nginx."""

import socket
from pathlib import Path

import pytest

from watchdog.traffic.nginx import connections
from watchdog.traffic.nginx.connections import Targets, targets

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def table(folder: Path, *rows: str) -> Path:
    path = folder / "tcp"
    path.write_text(HEAD + "".join(f"   {at}: {row}\n" for at, row in enumerate(rows)))
    return path


def row(remote: str, *, state: str = "01", uid: int = 33, inode: int = 7) -> str:
    return f"0100007F:A000 {remote} {state} 00000000:00000000 00:00000000 00000000 {uid:5} 0 {inode} 1 0 20 4 0 10 -1"


def test_servers_become_addresses() -> None:
    """Names are looked up, brackets and zones fall away, unix sockets stay paths."""
    found = targets(["127.0.0.1:80", "[::1]:81", "unix:/run/app.sock", "localhost:82"])

    assert {("127.0.0.1", 80), ("::1", 81)} <= found.addresses
    assert {82} == {port for _, port in found.addresses if port > 81}
    assert frozenset({"/run/app.sock"}) == found.paths
    with pytest.raises(socket.gaierror):
        targets(["nowhere.invalid:80"])


def test_what_nginx_holds_is_told_from_the_rest(tmp_path: Path) -> None:
    """By the remote end, the state and the owner; an address of IPv4 in IPv6's clothes is the same one."""
    wanted = Targets(addresses=frozenset({("127.0.0.1", 8080), ("::1", 8080)}), paths=frozenset())
    path = table(
        tmp_path,
        row("0100007F:1F90", inode=1),
        row("0100007F:1F90", inode=2, uid=0),  # another program's
        row("0100007F:1F91", inode=3),  # another server
        row("0100007F:1F90", inode=4, state="06"),  # over, the kernel waits
        row("0100007F:1F90", inode=5, state="02"),  # a server that does not answer
        row("0000000000000000FFFF00000100007F:1F90", inode=6),
        row("00000000000000000000000001000000:1F90", inode=7),
    )

    assert ["1", "5", "6", "7"] == list(connections._tcp(path, wanted, 33))
    assert [] == list(connections._tcp(tmp_path / "tcp6", wanted, 33))


def test_a_unix_socket_is_known_by_its_path(tmp_path: Path) -> None:
    """The listening socket is no connection."""
    path = tmp_path / "unix"
    path.write_text(
        "Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000: 00000002 00000000 00010000 0001 01 11 /run/app.sock\n"
        "0000: 00000003 00000000 00000000 0001 03 12 /run/app.sock\n"
        "0000: 00000003 00000000 00000000 0001 03 13\n"
        "0000: 00000003 00000000 00000000 0001 03 14 /run/other.sock\n"
    )

    assert ["12"] == list(connections._unix(path, Targets(addresses=frozenset(), paths=frozenset({"/run/app.sock"}))))
