"""What `check --live` finds in HAProxy's statistics.

What lives here: findings, pure. What must not: asking.
"""

from collections.abc import Iterator, Mapping

from watchdog.core.model import Colour
from watchdog.outside.haproxy_table import Table
from watchdog.sources.base import Finding

NAMES_AT_MOST = 12
"""More names are no help on one line."""


def absent(table: Table, backend: str, servers: tuple[str, ...]) -> str:
    """What is not there of a backend and its servers, in words with what is; empty when all is there."""
    if backend not in table.backends:
        return f"there is no backend {backend}; HAProxy {_there(table.backends)}"
    rows = table.backends[backend].rows
    if not rows:
        return f"backend {backend} has no server"
    gone = [server for server in servers if server not in rows]
    if not gone:
        return ""
    return f"backend {backend} has no server {', '.join(gone)}; it {_there(rows)}"


def findings(address: str, table: Table, wanted: Mapping[Colour, tuple[str, tuple[str, ...]]]) -> tuple[Finding, ...]:
    """Everything that is worth a word. `wanted`: each colour's backend and servers (none: all)."""
    version = table.info.get("Version", "of an unknown version")
    found = [Finding(ok=True, what=f"HAProxy {version} answers at {address}")]
    if table.info.get("Nbproc", "1") != "1":
        what = f"HAProxy runs as {table.info['Nbproc']} processes, and each counts for itself"
        found.append(Finding(ok=False, what=what, remedy="wanted nbthread instead of nbproc"))
    for colour, (backend, servers) in wanted.items():
        found += _pool(table, colour, backend, servers)
    return tuple(found)


def _pool(table: Table, colour: Colour, backend: str, servers: tuple[str, ...]) -> Iterator[Finding]:
    what = absent(table, backend, servers)
    if what:
        yield Finding(ok=False, what=f"{colour}: {what}", remedy="wanted the names of HAProxy's configuration")
        return
    known = table.backends[backend]
    rows = [row for row in known.rows.values() if not servers or row.server in servers]
    names = ", ".join(row.server for row in rows)
    yield Finding(ok=True, what=f"{colour}: backend {backend} has {names}")
    if known.mode == "tcp":
        what = f"{colour}: backend {backend} is in mode tcp, where HAProxy sees no requests and no errors"
        yield Finding(ok=False, what=what, remedy="wanted mode http")
    for row in rows:
        if row.status == "no check":
            what = f"{colour}: HAProxy does not check {row.server}, so server_up has no value"
            yield Finding(ok=None, what=what, remedy=f"add `check` to the line of server {row.server}")


def _there(names: Mapping[str, object]) -> str:
    known = sorted(names)
    return f"has: {', '.join(known[:NAMES_AT_MOST])}{', ...' if len(known) > NAMES_AT_MOST else ''}"
