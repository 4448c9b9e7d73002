"""Reading HAProxy's answer to `show info;show stat`: which process says it, and a row per server.

What lives here: parsing, by the names of the columns. What must not: differences, sockets. A column that is not there
is 0, as HAProxy leaves empty what does not apply.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

COMMANDS = "show info;show stat -1 6 -1"
"""The process, then backends (2) and servers (4) of every proxy, in one connection: both from the same process."""

COUNTERS = (
    "stot", "hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other",
    "econ", "eresp", "srv_abrt", "wretr", "wredis",
)  # fmt: skip
"""What only grows, unless the process is new or somebody cleared the counters. `hrsp_1xx` is left out: a server's early
hints come before the answer that counts."""

_HEADER = "# pxname,"
_BACKEND = "BACKEND"


class TableError(Exception):
    """What came is no table of statistics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One server of one backend."""

    server: str
    counters: Mapping[str, float]
    sessions: float
    """Requests that it has now."""
    queue: float
    """Requests that wait for it."""
    response_time: float
    """Seconds, over its last requests (HAProxy: some 1024)."""
    status: str
    check: str
    """Its last check's class and words."""
    checked: bool
    """At least one check has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """One backend and its servers."""

    mode: str
    rows: Mapping[str, Row]
    algorithm: str = ""
    """How it balances; only who may give orders is told."""
    cookie: str = ""
    """The name of its cookie of persistence; told as the algorithm is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everything that one process said."""

    process: str
    """Another one after every start and reload."""
    info: Mapping[str, str]
    backends: Mapping[str, Backend]

    @property
    def started(self) -> float | None:
        """When the process began, in Unix seconds of its own clock; None when it does not say."""
        text = self.info.get("Start_time_sec", "")
        return float(text) if text.isdecimal() else None


def parse(said: str) -> Table:
    """The answer to `COMMANDS`. TableError when it is none, or not whole."""
    before, header, after = said.partition(_HEADER)
    if not header:
        raise TableError(f"no statistics: {_first(said)!r}")
    if not said.endswith("\n\n"):
        raise TableError("the statistics are cut short")
    info = dict(line.split(": ", 1) for line in before.splitlines() if ": " in line)
    backends: dict[str, Backend] = {}
    rows: dict[str, dict[str, Row]] = {}
    for line in _lines(header.removeprefix("# ") + after):
        name, server = line["pxname"], line["svname"]
        servers = rows.setdefault(name, {})
        if server != _BACKEND:
            servers[server] = _row(line)
        known = backends.setdefault(name, Backend(mode=line.get("mode", ""), rows=servers))
        if server == _BACKEND:
            backends[name] = replace(known, algorithm=line.get("algo", ""), cookie=line.get("cookie", ""))
    return Table(
        process=f"{info.get('Pid', '?')} {info.get('Start_time_sec', '')}".strip(),
        info=info,
        backends=backends,
    )


def _lines(text: str) -> Iterator[Mapping[str, str]]:
    for line in csv.DictReader(io.StringIO(text)):
        yield {name: value for name, value in line.items() if isinstance(value, str)}  # a longer line has an extra list


def _row(line: Mapping[str, str]) -> Row:
    check = line.get("check_status", "").removeprefix("* ")  # a check is under way; this is the last one's
    words = line.get("last_chk", "") or line.get("check_desc", "")
    return Row(
        server=line["svname"],
        counters={name: _number(line, name) for name in COUNTERS},
        sessions=_number(line, "scur"),
        queue=_number(line, "qcur"),
        response_time=_number(line, "rtime") / 1000.0,
        status=line.get("status", ""),
        check=f"{check} {words}".strip(),
        checked=check not in ("", "INI", "UNK"),
    )


def _number(line: Mapping[str, str], column: str) -> float:
    text = line.get(column, "")
    try:
        return float(text) if text else 0.0
    except ValueError:
        raise TableError(f"{column} of {line['svname']} is {text[:20]!r}, no number") from None


def _first(said: str) -> str:
    return said.strip().partition("\n")[0][:80]
