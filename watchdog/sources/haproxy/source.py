"""Asks HAProxy what happened to each colour's requests.

What lives here: readings from rows and counts. What must not: parsing and the socket (`watchdog.outside`),
differences (`counts`), rules. This is a querying source: a HAProxy that does not answer says nothing about the colours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdog.core.model import Colour, Missing, Reading, Seconds, Value
from watchdog.outside.haproxy_socket import NoAnswerError, Runtime
from watchdog.outside.haproxy_table import COMMANDS, Row, Table, TableError, parse
from watchdog.sources.base import Finding, Now
from watchdog.sources.haproxy import look
from watchdog.sources.haproxy.counts import Counting, Counts, advance

COUNTS = ("requests", "errors", "connect_errors", "response_errors", "retries")
SIGNALS = (*COUNTS, "sessions", "queue", "response_time", "server_up")

SLACK_S: Seconds = 0.5
"""A question ends by itself at its timeout; so long after it the source was in a process that did not run."""

_OLDER = "an older HAProxy process answered: a reload is under way, or two processes share the socket or address"
_TCP = "mode tcp: HAProxy sees no requests there; wanted mode http"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Where HAProxy has a colour's servers."""

    backend: str
    servers: tuple[str, ...] = ()
    """Their names; none: all of the backend."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A value with its words."""

    value: Value
    detail: str = ""
    over: tuple[Seconds, Seconds] | None = None


class HaproxySource:
    """Both colours' servers in one HAProxy."""

    def __init__(
        self, *, name: str, interval: Seconds, timeout: Seconds, address: str, pools: Mapping[Colour, Pool], now: Now
    ) -> None:
        """`address`: the runtime socket's path, or `host:port`."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = timeout + SLACK_S
        self._now = now
        self._runtime = Runtime(address, timeout)
        self._pools = pools
        self._counting = dict.fromkeys(pools, Counting())

    async def poll(self) -> tuple[Reading, ...]:
        """Every signal of every colour, of one instant."""
        at = self._now()
        try:
            table = parse(await self._runtime.ask(COMMANDS))
        except NoAnswerError as error:
            return self._all(error.missing, str(error))
        except TableError as error:
            return self._all(Missing.ERROR, f"{self._runtime.address}: {error}")
        return tuple(reading for colour, pool in self._pools.items() for reading in self._read(colour, pool, table, at))

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end though the question has a deadline."""
        return self._all(Missing.TIMEOUT, "the question to HAProxy did not end")

    async def close(self) -> None:
        """Nothing is open between two questions."""
        self._runtime.close()

    async def examine(self) -> tuple[Finding, ...]:
        """What there is to be seen of the colours' servers."""
        try:
            table = parse(await self._runtime.ask(COMMANDS))
        except NoAnswerError as error:
            return (Finding(ok=False, what=error.what, remedy=error.remedy),)
        except TableError as error:
            remedy = "wanted the `stats socket` of a HAProxy, not its master's"
            return (Finding(ok=False, what=f"{self._runtime.address}: {error}", remedy=remedy),)
        wanted = {colour: (pool.backend, pool.servers) for colour, pool in self._pools.items()}
        return look.findings(self._runtime.address, table, wanted)

    def _all(self, missing: Missing, detail: str) -> tuple[Reading, ...]:
        return tuple(
            Reading(signal=signal, colour=colour, value=missing, detail=detail)
            for colour in self._pools
            for signal in SIGNALS
        )

    def _read(self, colour: Colour, pool: Pool, table: Table, at: Seconds) -> tuple[Reading, ...]:
        """One colour's signals. Its counters are taken up only when all its servers are there."""
        absent = look.absent(table, pool.backend, pool.servers)
        if absent:
            said = dict.fromkeys(SIGNALS, _Said(Missing.EMPTY, absent))
        else:
            backend = table.backends[pool.backend]
            rows = [row for row in backend.rows.values() if not pool.servers or row.server in pool.servers]
            counting, counts = advance(self._counting[colour], at, table.process, rows, started=table.started)
            self._counting[colour] = counting
            said = {**_counted(counts, at, backend.mode), **_gauges(rows, counts, backend.mode), "server_up": _up(rows)}
        return tuple(
            Reading(signal=signal, colour=colour, value=each.value, detail=each.detail, over=each.over)
            for signal, each in said.items()
        )


def _counted(counts: Counts | Missing, at: Seconds, mode: str) -> dict[str, _Said]:
    if mode == "tcp":
        return dict.fromkeys(COUNTS, _Said(Missing.EMPTY, _TCP))
    if counts is Missing.STALE:
        return dict.fromkeys(COUNTS, _Said(counts, _OLDER))
    if isinstance(counts, Missing):
        return dict.fromkeys(COUNTS, _Said(counts, "the first look: nothing to compare with yet"))
    return {name: _Said(getattr(counts, name), "", (counts.since, at)) for name in COUNTS}


def _gauges(rows: Sequence[Row], counts: Counts | Missing, mode: str) -> dict[str, _Said]:
    """The colour's load is its servers' sum, its response time the slowest server's."""
    answered = frozenset() if isinstance(counts, Missing) else counts.answered
    times = [row.response_time for row in rows if row.server in answered]
    no_time = _TCP if mode == "tcp" else "no request was answered since the last look"
    return {
        "sessions": _Said(sum(row.sessions for row in rows)),
        "queue": _Said(sum(row.queue for row in rows)),
        "response_time": _Said(max(times)) if times else _Said(Missing.EMPTY, no_time),
    }


def _up(rows: Sequence[Row]) -> _Said:
    """Whether HAProxy holds all servers for healthy. One that is down says more than one that is not known."""
    judged = {row.server: _server_up(row) for row in rows}
    down = {name: said for name, said in judged.items() if said.value == 0.0}
    unknown = {name: said for name, said in judged.items() if isinstance(said.value, Missing)}
    worst = down or unknown
    if not worst:
        return _Said(1.0)
    value = next(iter(worst.values())).value
    if len(rows) == 1:
        return _Said(value, next(iter(worst.values())).detail)
    return _Said(value, "; ".join(f"{name}: {said.detail}" for name, said in worst.items()))


def _server_up(row: Row) -> _Said:
    """By HAProxy's own state, which has its own `rise` and `fall`. DRAIN and NOLB are healthy, without new users."""
    state = row.status.partition(" ")[0]
    if row.status == "MAINT (resolution)" or state == "DOWN":
        return _Said(0.0, f"{row.status}: {row.check}".removesuffix(": "))
    if row.status == "no check":
        return _Said(Missing.EMPTY, "HAProxy does not check it; add `check` to its server line")
    if state == "MAINT":
        return _Said(Missing.EMPTY, f"{row.status}: by order, and not checked")
    if state not in ("UP", "DRAIN", "NOLB"):
        return _Said(Missing.ERROR, f"its status is {row.status!r}")
    return _Said(1.0) if row.checked else _Said(Missing.EMPTY, "no check has ended yet")
