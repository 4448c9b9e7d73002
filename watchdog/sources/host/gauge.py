"""From looks to readings: shares, and differences between two looks.

What lives here: what is remembered of one group, and the arithmetic. What must not: looking. A group that began anew
between two looks has no share of the processors yet, and its restart is counted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from watchdog.core import deltas
from watchdog.core.model import Colour, Missing, Reading, Seconds, Value
from watchdog.sources.host.values import Amount, Lacking, Look, Seen

SIGNALS: Final = ("cpu", "memory", "memory_bytes", "processes", "threads", "open_files")
COUNTS: Final = ("restarts", "oom_kills")

_FIRST: Final = Lacking(missing=Missing.EMPTY, why="the first look; there is nothing to compare it with")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Before:
    look: Look
    at: Seconds


class GroupGauge:
    """What is known of one group, or of the machine, between two looks."""

    def __init__(self, colour: Colour | None, counts: Sequence[str]) -> None:
        self._colour = colour
        self._counts = tuple(counts)
        self._before: _Before | None = None
        self._counters = {name: deltas.Counters() for name in counts}
        self._main = ""
        self._runs = 0

    def readings(self, seen: Seen, at: Seconds) -> tuple[Reading, ...]:
        """Every signal of the group. `at` is when it was looked at, engine seconds."""
        look = seen.look
        readings = (*self._gauges(look, at), *self._counted(seen, at))
        if isinstance(look, Look):
            self._before = _Before(look=look, at=at)
        return readings

    def missing(self, why: Lacking) -> tuple[Reading, ...]:
        """Every signal when nobody could look."""
        return tuple(self._reading(name, why) for name in (*SIGNALS, *self._counts))

    def _gauges(self, look: Look | Lacking, at: Seconds) -> Iterator[Reading]:
        if isinstance(look, Lacking):
            yield from (self._reading(name, look) for name in SIGNALS)
            return
        cpu, over = self._cpu(look, at)
        yield self._reading("cpu", cpu, over)
        memory = look.memory
        yield self._reading("memory", memory if isinstance(memory, Lacking) else memory / look.memory_limit)
        yield self._reading("memory_bytes", memory)
        yield self._reading("processes", look.processes)
        yield self._reading("threads", look.threads)
        yield self._reading("open_files", look.open_files)

    def _cpu(self, look: Look, at: Seconds) -> tuple[Amount, tuple[Seconds, Seconds] | None]:
        """The share of the processors between the last look and this one."""
        used, before = look.cpu_seconds, self._before
        if isinstance(used, Lacking):
            return used, None
        if before is None or isinstance(before.look.cpu_seconds, Lacking) or at <= before.at:
            return _FIRST, None
        if look.main != before.look.main:
            return Lacking(missing=Missing.EMPTY, why="it began anew since the last look"), None
        share = (used - before.look.cpu_seconds) / ((at - before.at) * look.cores)
        return max(0.0, share), (before.at, at)  # children that nobody waited for take their time with them

    def _counted(self, seen: Seen, at: Seconds) -> Iterator[Reading]:
        for name in self._counts:
            raw: Amount | None = getattr(seen, name)
            if name == "restarts" and raw is None:
                raw = self._by_main(seen.look)
            yield self._count(name, raw if raw is not None else _FIRST, at)

    def _by_main(self, look: Look | Lacking) -> Amount:
        """Restarts as a counter of our own: each other main process is one."""
        if isinstance(look, Lacking):
            return look
        if self._main and look.main != self._main:
            self._runs += 1
        self._main = look.main
        return float(self._runs)

    def _count(self, name: str, raw: Amount, at: Seconds) -> Reading:
        if isinstance(raw, Lacking):
            return self._reading(name, raw)  # the next count reaches over this look
        since = self._counters[name].at
        self._counters[name], count = deltas.advance(self._counters[name], at, [deltas.Raw(series=name, value=raw)])
        if isinstance(count, Missing):
            return self._reading(name, Lacking(missing=count, why=_FIRST.why))
        return self._reading(name, count, None if since is None else (since, at))

    def _reading(self, name: str, amount: Amount, over: tuple[Seconds, Seconds] | None = None) -> Reading:
        return reading(name, self._colour, amount, over)


def reading(name: str, colour: Colour | None, amount: Amount, over: tuple[Seconds, Seconds] | None = None) -> Reading:
    """An amount as a reading."""
    value: Value = amount.missing if isinstance(amount, Lacking) else amount
    detail = amount.why if isinstance(amount, Lacking) else ""
    return Reading(signal=name, colour=colour, value=value, detail=detail, over=over)
