"""A host source: the machine, its disks, and each colour's processes.

What lives here: the looks side by side, each in a thread that nobody waits for. What must not: looking. It is a
querying source: what cannot be measured is Missing, and says nothing of a release.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

from watchdog.core.model import Colour, Missing, Reading, Seconds
from watchdog.outside.blocking import BlockingCalls, BusyError
from watchdog.sources.base import Finding, Now
from watchdog.sources.host import system
from watchdog.sources.host.gauge import GroupGauge, reading
from watchdog.sources.host.groups import Group
from watchdog.sources.host.values import Amount, Lacking, Look, Seen
from watchdog.text.quantities import quantity

WITHIN: Final[Seconds] = 4.0
"""A look takes milliseconds, two units of a systemd that hangs 3 s; a file system whose server is gone never ends."""

SLACK: Final[Seconds] = 1.0
BUSY_PAUSE: Final[Seconds] = 1.0
"""Between the two looks of `examine`."""

_SHARES: Final = frozenset({"cpu", "memory", "open_files", "swap", "disk"})

_LATE: Final = Lacking(missing=Missing.TIMEOUT, why=f"not measured within {WITHIN:g} s")

T = TypeVar("T")


class HostSource:
    """The daemon's own machine."""

    def __init__(
        self,
        *,
        name: str,
        interval: Seconds,
        groups: Sequence[tuple[Colour | None, Group]],
        disks: Mapping[str, Path],
        now: Now,
    ) -> None:
        """`groups`: what is measured instead of the machine as a whole; none of them: the machine."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = WITHIN + SLACK
        self._now = now
        self._disks = dict(disks)
        self._groups = [(group, GroupGauge(colour, group.counts), colour) for colour, group in groups]
        self._machine = None if groups else GroupGauge(None, ("oom_kills",))
        self._seen: tuple[tuple[Group, Colour | None, Seen], ...] = ()
        self._looks: BlockingCalls[tuple[Reading, ...]] = BlockingCalls(name)
        self._disk_looks: BlockingCalls[Mapping[str, Amount]] = BlockingCalls(f"{name} disks")

    async def poll(self) -> tuple[Reading, ...]:
        """Look once. A file system that hangs costs the disks' readings only."""
        looked, disks = await asyncio.gather(
            _within(self._looks, self._look, self._nothing()),
            _within(self._disk_looks, self._look_at_disks, self._no_disks()),
        )
        return (*looked, *_disk_readings(disks))

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end."""
        return (*self._nothing(), *_disk_readings(self._no_disks()))

    async def examine(self) -> tuple[Finding, ...]:
        """What is there to be measured, and what 100 % is. Two looks, for shares of the processors need them."""
        await self.poll()
        await asyncio.sleep(BUSY_PAUSE)
        readings = await self.poll()
        wholes = [_whole(group, colour, seen) for group, colour, seen in self._seen]
        absent = {
            colour for _, colour, seen in self._seen if not isinstance(seen.look, Look)
        }  # said once, not per signal
        return (*wholes, *(_finding(each) for each in readings if each.colour not in absent or each.colour is None))

    async def close(self) -> None:
        """Let the threads end when they can."""
        self._looks.close()
        self._disk_looks.close()

    def _look(self) -> tuple[Reading, ...]:
        """In the thread."""
        found = [self._of_machine()] if self._machine is not None else []
        seen = []
        for group, gauge, colour in self._groups:
            seen.append((group, colour, group.see()))
            found.append(gauge.readings(seen[-1][2], self._now()))
        self._seen = tuple(seen)
        return (
            *(each for readings in found for each in readings),
            reading("swap", None, system.swap()),
            reading("load", None, system.load()),
        )

    def _of_machine(self) -> tuple[Reading, ...]:
        assert self._machine is not None
        seen = Seen(look=system.machine(), oom_kills=system.oom_kills())
        return self._machine.readings(seen, self._now())

    def _look_at_disks(self) -> Mapping[str, Amount]:
        """In the thread."""
        return {name: system.disk(path) for name, path in self._disks.items()}

    def _no_disks(self) -> Mapping[str, Amount]:
        return dict.fromkeys(self._disks, _LATE)

    def _nothing(self) -> tuple[Reading, ...]:
        gauges = [gauge for _, gauge, _ in self._groups] if self._machine is None else [self._machine]
        of_machine = tuple(reading(name, None, _LATE) for name in ("swap", "load"))
        return (*(each for gauge in gauges for each in gauge.missing(_LATE)), *of_machine)


async def _within(calls: BlockingCalls[T], function: Callable[[], T], otherwise: T) -> T:
    """What the look gives, or the other when it is too late."""
    try:
        return await calls.call(function, WITHIN)
    except (TimeoutError, BusyError):
        return otherwise


def _disk_readings(known: Mapping[str, Amount]) -> tuple[Reading, ...]:
    return tuple(reading(f"disk[{name}]", None, share) for name, share in known.items())


def _whole(group: Group, colour: Colour | None, seen: Seen) -> Finding:
    """What a share of it is a share of."""
    of = "" if colour is None else f"{colour}: "
    look = seen.look
    if not isinstance(look, Look):
        return Finding(ok=False, what=f"{of}{group}: {look.why}", remedy="start it, or correct where it is looked for")
    gib = look.memory_limit / 2**30
    what = f"{of}{group}: cpu is a share of {look.cores:g} cores, memory of {gib:.1f} GiB"
    return Finding(ok=True, what=what)


def _finding(each: Reading) -> Finding:
    of = "" if each.colour is None else f"{each.colour}: "
    if isinstance(each.value, Missing):
        swapless = each.signal == "swap" and each.value is Missing.EMPTY
        ok = None if swapless else False
        return Finding(ok=ok, what=f"{of}{each.signal} has no value ({each.value}): {each.detail}")
    unit = (
        "share" if each.signal.partition("[")[0] in _SHARES else "size" if each.signal == "memory_bytes" else "number"
    )
    return Finding(ok=True, what=f"{of}{each.signal} is {quantity(each.value, unit)}")
