"""From a colour's raw counters to events.

Law of the module: pure. Differences come from `core.deltas`, per server before any sum; the times are those of our own
questions, for the application does not say when it counted. All counters of a colour are taken up together or not at
all (`meters`), so that bad and total speak of the same time: a poll to which one of its servers gave no answer changes
nothing, and the next count reaches over it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watchdog.core import deltas
from watchdog.core.deltas import Counters, Raw
from watchdog.core.model import Missing, Seconds

OLDER_AT_MOST = 3
"""Polls that an older process may answer before it is the present one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """One server's counters at one instant."""

    values: Mapping[str, float | None]
    """By signal; None: not registered, so nothing was counted. What could not be read is left out."""
    started: float | None = None
    """When its process began, by its own clock; None when it does not say. Only its change matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What is remembered of one colour between two polls."""

    started: Mapping[str, float] = field(default_factory=dict)
    """By server."""
    counters: Mapping[str, Counters] = field(default_factory=dict)
    """By signal."""
    older: int = 0
    """Polls in a row that an older process answered."""


@dataclass(frozen=True, slots=True)
class Count:
    """One signal's events, and since when."""

    value: float | Missing
    since: Seconds | None


def advance(before: Counting, at: Seconds, servers: Mapping[str, Counted]) -> tuple[Counting, Mapping[str, Count]]:
    """The events between the last poll and this one, of every signal that all servers have told.

    Missing.STALE when a process answers that began before the last one: two of them share the server's name. Taken for
    a restart its whole past would count. One that goes on to answer is the present one all the same (the clock was set
    back): it is looked at as if for the first time.
    """
    told = set.intersection(*(set(said.values) for said in servers.values())) if servers else set()
    if any(_older(before, server, said) for server, said in servers.items()):
        if before.older < OLDER_AT_MOST:
            return replace(before, older=before.older + 1), dict.fromkeys(sorted(told), Count(Missing.STALE, None))
        before = Counting()
    again = {
        server for server, said in servers.items() if said.started is not None and _restarted(before, server, said)
    }
    counters, counts = dict(before.counters), {}
    for signal in sorted(told):
        raws = [
            Raw(series=server, value=said.values[signal] or 0.0, started=at if server in again else None)
            for server, said in servers.items()
        ]
        old = before.counters.get(signal, Counters())
        counters[signal], value = deltas.advance(old, at, raws)
        counts[signal] = Count(value, old.at)
    started = {server: said.started for server, said in servers.items() if said.started is not None}
    return Counting(started={**before.started, **started}, counters=counters), counts


def _restarted(before: Counting, server: str, said: Counted) -> bool:
    """Whether another process answers than at the last poll: its counters began at 0, whatever they are by now."""
    return before.started.get(server, said.started) != said.started


def _older(before: Counting, server: str, said: Counted) -> bool:
    return said.started is not None and said.started < before.started.get(server, said.started)
