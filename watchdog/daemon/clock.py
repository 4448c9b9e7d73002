"""The engine's clock: the one place that reads the time for decisions.

What lives here: engine time from the machine's clocks, and its way to the wall clock and back. What must not: timers,
sleeping, text for people beyond what was odd at the start. Engine time never runs backwards, whatever the wall clock
does: within one boot it goes by CLOCK_BOOTTIME, which also counts the time that the machine slept.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchdog.core.model import Seconds
from watchdog.journal.codec import ClockMark

LONGEST_ABSENCE_S: Final = 86_400.0
"""After a reboot more than a day of wall-clock difference says more of the clock than of the absence."""

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")


def _boottime() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _boot_id() -> str:
    return BOOT_ID.read_text().strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine's clocks; handed in, so that tests can move them."""

    boottime: Callable[[], float] = _boottime
    """Seconds since the boot, time asleep included."""
    wall: Callable[[], float] = time.time
    """Unix seconds."""
    boot_id: Callable[[], str] = _boot_id


class Clock:
    """Engine seconds. They begin as the wall clock's at the first start and go on from there for ever."""

    def __init__(self, mark: ClockMark | None, *, at_least: Seconds = 0.0, machine: Machine | None = None) -> None:
        """Go on from `mark`, the last checkpoint's; None is the first start.

        `at_least`: the time of the newest record, which engine time must not fall behind.
        """
        self._machine = machine or Machine()
        self._boot = self._machine.boot_id()
        self.rebooted = mark is not None and mark.boot_id != self._boot
        """The machine was started anew since the mark."""
        self.messages: tuple[str, ...] = ()
        """What people should know of the time that passed."""
        self._anchor = self._machine.boottime()
        self._began = max(self._first(mark), at_least)
        self._last = self._began

    def now(self) -> Seconds:
        """Engine time. Never less than an earlier answer."""
        self._last = max(self._last, self._began + self._machine.boottime() - self._anchor)
        return self._last

    def to_wall(self, engine: Seconds) -> float:
        """The Unix time of an engine time, by the wall clock as it goes now."""
        return engine + self._machine.wall() - self.now()

    def from_wall(self, wall: float) -> Seconds:
        """The engine time of a Unix time, by the wall clock as it goes now."""
        return wall - self._machine.wall() + self.now()

    def wall(self) -> float:
        """The wall clock now, in Unix seconds."""
        return self._machine.wall()

    def mark(self) -> ClockMark:
        """Where all clocks stand now, for a checkpoint."""
        return ClockMark(
            boot_id=self._boot, boottime=self._machine.boottime(), wall=self._machine.wall(), engine=self.now()
        )

    def _first(self, mark: ClockMark | None) -> Seconds:
        if mark is None:
            return self._machine.wall()
        if not self.rebooted:
            return mark.engine + max(0.0, self._anchor - mark.boottime)
        away = self._machine.wall() - mark.wall
        if away < 0.0:
            told = f"the wall clock stands {-away:.0f} s before the last checkpoint's time; no absence is counted"
            self.messages = (f"the machine was started anew, and {told}",)
        elif away > LONGEST_ABSENCE_S:
            told = f"{away / 3600:.1f} h after the last checkpoint; {LONGEST_ABSENCE_S / 3600:.0f} h are counted"
            self.messages = (f"the machine was started anew, by the wall clock {told}",)
        return mark.engine + min(max(away, 0.0), LONGEST_ABSENCE_S)
