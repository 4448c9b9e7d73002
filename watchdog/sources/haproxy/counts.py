"""From a colour's raw counters to what happened to its requests since the last poll.

Law of the module: pure. Differences come from `core.deltas`, per server before any sum; the times are those of our own
questions, for HAProxy does not say when it counted.

A server's `hrsp_*` count the answers that it gave, so HAProxy's own 502, 503 and 504 are not among them. What has no
answer is found by what was given to the server and is over, and has no answer:

    given and over  = stot - wredis - wretr / 2 - (sessions now - sessions then)
    lost            = at most (given and over) - hrsp - econ, and at most eresp + srv_abrt
    errors          = hrsp_5xx + econ + wredis + lost
    requests        = hrsp_2xx..5xx, other + econ + wredis + lost

`eresp` alone would count one reset twice and a user who leaves during the answer as a failure, and would miss the reset
of a kept connection (`srv_abrt` has that). When a user leaves before the answer, HAProxy goes on waiting and counts
what the server does; only with `option abortonclose` it lets go: then the request is in neither and does not count.
`wretr` grows by 1 per repeated connection and by 2 per repeated request (`retry-on`): half of it is the most that may
be taken off, so where connections are repeated and others reset in one poll, a reset may count twice. A request that
HAProxy gave to another server instead (`wredis`) is this server's failure though no user saw it. All this was measured
with HAProxy 2.6.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from watchdog.core import deltas
from watchdog.core.deltas import Counters, Raw
from watchdog.core.model import Missing, Seconds
from watchdog.outside.haproxy_table import COUNTERS, Row

OLDER_AT_MOST = 3
"""Polls that an older process may answer before it is the present one."""

_ANSWERS = ("hrsp_2xx", "hrsp_3xx", "hrsp_4xx", "hrsp_5xx", "hrsp_other")


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What is remembered of one colour between two polls."""

    process: str = ""
    started: float | None = None
    """When that process began, in Unix seconds of its own clock; None when it does not say."""
    at: Seconds | None = None
    rows: Mapping[str, Row] = field(default_factory=dict)
    """The last row of each server."""
    columns: Mapping[str, Counters] = field(default_factory=dict)
    older: int = 0
    """Polls in a row that an older process answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Events since the last poll, of all servers of a colour."""

    requests: float
    errors: float
    """5xx answers, connect errors and response errors: each failed request once."""
    connect_errors: float
    """Requests that the server did not take: refused for good, or given to another server."""
    response_errors: float
    """Requests that it took and did not answer: reset, closed, no HTTP, timeout."""
    retries: float
    """Tries that were repeated, here or elsewhere."""
    answered: frozenset[str]
    """Servers that have answered since."""
    since: Seconds


def advance(
    before: Counting, at: Seconds, process: str, rows: Iterable[Row], *, started: float | None = None
) -> tuple[Counting, Counts | Missing]:
    """The events between the last poll and this one; Missing.EMPTY for the first, which has nothing to compare with.

    Missing.STALE when a process answers that began before the last one: the old one during a reload, or two that share
    an address. It says nothing new, and taken for a restart its whole past would count. One that goes on to answer is
    the present one all the same (the clock was set back): it is looked at as if for the first time.
    """
    seen = {row.server: row for row in rows}
    is_new = bool(before.process) and process != before.process
    if is_new and started is not None and before.started is not None and started < before.started:
        if before.older < OLDER_AT_MOST:
            return replace(before, older=before.older + 1), Missing.STALE
        before, is_new = Counting(), False
    anew = {name for name, row in seen.items() if is_new or _fell(row, before.rows.get(name))}
    columns: dict[str, Counters] = {}
    grown: dict[str, float] = {}
    missing: Missing | None = None
    for column in COUNTERS:
        raws = [
            Raw(series=name, value=row.counters[column], started=at if name in anew else None)
            for name, row in seen.items()
        ]
        columns[column], count = deltas.advance(before.columns.get(column, Counters()), at, raws)
        if isinstance(count, Missing):
            missing = count
        else:
            grown[column] = count
    known = {series for series, _, _ in columns["stot"].known}  # names that come and go are forgotten in the end
    kept = {name: row for name, row in before.rows.items() if name in known}
    after = Counting(process=process, started=started, at=at, rows={**kept, **seen}, columns=columns)
    if missing is not None or before.at is None:
        return after, missing or Missing.EMPTY
    more_now = sum(_more_sessions(row, before.rows.get(name), is_new=is_new) for name, row in seen.items())
    answered = frozenset(name for name, row in seen.items() if _answered(row, before.rows.get(name), name in anew))
    return after, _counts(grown, more_now, answered, before.at)


def _counts(grown: Mapping[str, float], more_now: float, answered: frozenset[str], since: Seconds) -> Counts:
    answers = sum(grown[column] for column in _ANSWERS)
    refused = grown["econ"] + grown["wredis"]
    over = grown["stot"] - grown["wredis"] - grown["wretr"] / 2 - more_now
    lost = max(0.0, min(over - answers - grown["econ"], grown["eresp"] + grown["srv_abrt"])) // 1
    return Counts(
        requests=answers + refused + lost,
        errors=grown["hrsp_5xx"] + refused + lost,
        connect_errors=refused,
        response_errors=lost,
        retries=grown["wretr"] + grown["wredis"],
        answered=answered,
        since=since,
    )


def _fell(row: Row, last: Row | None) -> bool:
    """Whether any counter of a server is lower than it was: then all have begun again (`clear counters all`)."""
    return last is not None and any(row.counters[column] < last.counters[column] for column in COUNTERS)


def _more_sessions(row: Row, last: Row | None, *, is_new: bool) -> float:
    """How many more requests a server has now than then. A new process began without any."""
    if is_new:
        return row.sessions
    return 0.0 if last is None else row.sessions - last.sessions  # clearing the counters leaves them


def _answered(row: Row, last: Row | None, began_anew: bool) -> bool:  # noqa: FBT001 - private, named at its one call
    then = 0.0 if began_anew else sum(last.counters[column] for column in _ANSWERS) if last is not None else None
    return then is not None and sum(row.counters[column] for column in _ANSWERS) > then
