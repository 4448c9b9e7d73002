"""Reading what HAProxy says of the servers that a router orders: state, weight, agent, counters.

What lives here: parsing and the values. What must not: orders, sockets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchdog.core.model import Colour
from watchdog.outside.haproxy_table import Backend, TableError, parse

_FORCED_MAINTENANCE: Final = 0x01
_FORCED_DRAIN: Final = 0x08
_AGENT_ENABLED: Final = 0x04
_STATES: Final = "# be_id"
STATIC: Final = frozenset({"first"})
"""Ways of balancing that take a weight and do not look at it."""


def questions(backend: str) -> str:
    """What is asked at once, so that all of it is of one process."""
    return f"show info;show stat -1 6 -1;show servers state {backend}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One server as HAProxy has it now."""

    name: str
    weight: int
    configured: int
    """The weight in HAProxy's configuration."""
    maintenance: bool
    """By order: it gets no request at all."""
    draining: bool
    """By order: no new users; those who persist keep coming."""
    agent: bool
    """An agent may overwrite the weight and, by `ready`, the state."""
    status: str
    requests: float
    """So many were given to it since the process began."""
    open: int
    """It has so many now."""

    @property
    def cut(self) -> bool:
        """No request reaches it by order."""
        return self.maintenance

    @property
    def down(self) -> bool:
        """By HAProxy's own checks."""
        return self.status.startswith("DOWN")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Both colours' servers at one instant."""

    process: str
    version: str
    backend: Backend
    servers: Mapping[Colour, Sequence[Server]]

    def cut(self, colour: Colour) -> bool:
        """No request reaches the colour by order."""
        return all(server.cut for server in self.servers[colour])

    def kept_away(self, colour: Colour) -> bool:
        """At least new users are kept from the colour by order."""
        return all(server.cut or server.draining for server in self.servers[colour])

    def configured(self, colour: Colour) -> dict[str, int]:
        """Each server's weight in the configuration."""
        return {server.name: server.configured for server in self.servers[colour]}

    def share(self, colour: Colour) -> float | None:
        """The colour's share of new users by weights and states; None when no server takes any."""
        mine = _weight(self.servers[colour])
        total = mine + _weight(self.servers[colour.other])
        return mine / total if total else None

    def requests(self, colour: Colour) -> float:
        """So many were given to the colour since the process began."""
        return sum(server.requests for server in self.servers[colour])

    def open(self, colour: Colour) -> int:
        """The colour has so many now."""
        return sum(server.open for server in self.servers[colour])


def _weight(servers: Sequence[Server]) -> int:
    return sum(server.weight for server in servers if not server.cut and not server.draining)


def read(said: str, backend: str, names: Mapping[Colour, Sequence[str]]) -> Known:
    """The answer to `questions`. ValueError with what is not there, and what is."""
    head, mark, tail = said.partition(_STATES)
    statistics = head.rstrip("\n").rpartition("\n")[0] if mark else head
    try:
        table = parse(statistics.rstrip("\n") + "\n\n")
    except TableError as error:
        raise ValueError(str(error)) from error
    found = table.backends.get(backend)
    if found is None:
        raise ValueError(f"there is no backend {backend}; HAProxy has: {', '.join(sorted(table.backends)[:12])}")
    states = _states(mark + tail)
    servers = {colour: tuple(_server(name, backend, found, states) for name in names[colour]) for colour in names}
    return Known(process=table.process, version=table.info.get("Version", "?"), backend=found, servers=servers)


def _states(text: str) -> dict[str, Mapping[str, str]]:
    lines = [line.split(" ") for line in text.splitlines() if line.strip()]
    if not lines:
        raise ValueError("HAProxy says nothing of its servers' states")
    columns = lines[0][1:]
    rows = [dict(zip(columns, fields, strict=False)) for fields in lines[1:]]
    return {row["srv_name"]: row for row in rows if "srv_name" in row}


def _server(name: str, backend: str, found: Backend, states: Mapping[str, Mapping[str, str]]) -> Server:
    row, state = found.rows.get(name), states.get(name)
    if row is None or state is None:
        raise ValueError(f"backend {backend} has no server {name}; it has: {', '.join(sorted(found.rows)[:12])}")
    admin = _number(state, "srv_admin_state")
    return Server(
        name=name,
        weight=_number(state, "srv_uweight"),
        configured=_number(state, "srv_iweight"),
        maintenance=bool(admin & _FORCED_MAINTENANCE),
        draining=bool(admin & _FORCED_DRAIN),
        agent=bool(_number(state, "srv_agent_state") & _AGENT_ENABLED),
        status=row.status,
        requests=row.counters["stot"],
        open=int(row.sessions),
    )


def _number(state: Mapping[str, str], column: str) -> int:
    text = state.get(column, "")
    if not text.isdecimal():
        raise ValueError(f"{column} of {state.get('srv_name')} is {text!r}, no number")
    return int(text)
