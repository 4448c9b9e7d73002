"""From what a colour's servers said of their meters to one value per signal.

What lives here: gauges and counts of several servers. What must not: asking, reading JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from watchdog.core.model import Missing, Seconds
from watchdog.sources.actuator.answers import Metric, Said, unregistered
from watchdog.sources.actuator.colour import gauge, words
from watchdog.sources.actuator.counts import Count, Counted, Counting, advance

_OLDER = "another process answered than before, and an older one: several share the server's name; list each by itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one server said of its meters."""

    values: Mapping[str, Said | None]
    """By signal; None: not registered."""
    silent: Said | None = None
    """Why it gave no answer about one of the counters."""
    started: float | None = None
    """When its process began, by its own clock."""


def gauges(metrics: Sequence[Metric], servers: Mapping[str, Told]) -> Mapping[str, Said]:
    """Each gauge of all servers together."""
    return {metric.name: gauge(_known(metric, servers), metric.across) for metric in metrics}


def counts(
    before: Counting, at: Seconds, metrics: Sequence[Metric], servers: Mapping[str, Told]
) -> tuple[Counting, Mapping[str, Said]]:
    """Each counter's events, all servers together. Nothing is taken up while a server gives no answer about one."""
    silent = {server: told.silent for server, told in servers.items() if told.silent is not None}
    if silent:
        why = Said(next(iter(silent.values())).value, words(servers, silent))
        return before, {metric.name: why for metric in metrics}
    after, counted = advance(before, at, {server: _counted(metrics, told) for server, told in servers.items()})
    return after, {metric.name: _count(metric, servers, counted.get(metric.name)) for metric in metrics}


def _count(metric: Metric, servers: Mapping[str, Told], count: Count | None) -> Said:
    known = _known(metric, servers)
    unknown = {server: said for server, said in known.items() if isinstance(said.value, Missing)}
    nowhere = all(told.values[metric.name] is None for told in servers.values())
    if count is None or (nowhere and not metric.absent_is_zero):
        return Said(next(iter(unknown.values())).value, words(servers, unknown))
    if count.value is Missing.STALE:
        return Said(Missing.STALE, _OLDER)
    if isinstance(count.value, Missing):
        return Said(Missing.EMPTY, "the first look: nothing to compare with yet")
    return Said(count.value, "", count.since)


def _known(metric: Metric, servers: Mapping[str, Told]) -> Mapping[str, Said]:
    """What each server said of one; a meter that is not registered is empty."""
    empty = Said(Missing.EMPTY, unregistered(metric))
    return {server: told.values[metric.name] or empty for server, told in servers.items()}


def _counted(metrics: Sequence[Metric], told: Told) -> Counted:
    """A server's counters that can be read; one that is not registered has counted nothing."""
    values: dict[str, float | None] = {}
    for metric in metrics:
        said = told.values[metric.name]
        if said is None:
            values[metric.name] = None
        elif not isinstance(said.value, Missing):
            values[metric.name] = said.value
    return Counted(values=values, started=told.started)
