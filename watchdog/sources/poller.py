"""Asks one source again and again: at a fixed rate, each time within a deadline.

What lives here: the schedule. What must not: any one source, rules, retries. A source that hangs or raises costs its
own readings only: what each signal is worth then (`missing()`) is emitted in its place.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from watchdog.core.model import Missing, Reading, Seconds
from watchdog.sources.base import Emit, Now, PollSource

STOOD_STILL: Seconds = 1.0  # a poll that ends this long after its deadline was in a process that did not run
END_WITHIN: Seconds = 1.0  # what does not end when it is cancelled is left behind


class Poller:
    """One source's schedule: first poll at once, then every interval without drift; what is overdue is done once."""

    def __init__(
        self, source: PollSource, emit: Emit, now: Now, *, failed: Callable[[str, str], None] | None = None
    ) -> None:
        """`failed` hears the source's name and what went wrong with a poll, for the log."""
        self._source = source
        self._emit = emit
        self._now = now
        self._failed = failed
        self._interval = source.interval
        self._paused = False
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._poll: asyncio.Task[tuple[Reading, ...]] | None = None
        self._silent: Missing | None = None
        self._said = ""
        self.last: Seconds | None = None
        """When the last poll was due; None before the first."""

    def start(self, last: Seconds | None = None) -> None:
        """Begin to poll, in the running loop: at once, or in the rhythm of another poller whose last poll was then."""
        if self._task is None:
            self.last = last
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"poll {self._source.name}")

    async def stop(self) -> None:
        """End the schedule, abandon a poll that hangs, and let the source close its connections."""
        tasks: list[asyncio.Task[Any]] = [task for task in (self._task, self._poll) if task is not None]
        self._task = self._poll = None
        for task in tasks:
            task.add_done_callback(_forget)
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=END_WITHIN)
        try:
            async with asyncio.timeout(END_WITHIN):
                await self._source.close()
        except TimeoutError:
            return
        except Exception as error:  # noqa: BLE001 - whoever stops the others, too, must not be stopped by this one
            self._say(f"its close failed: {type(error).__name__}: {error}")

    def set_interval(self, interval: Seconds) -> None:
        """Another rate from now on; the next poll comes at once if it is overdue by the new rate."""
        if interval <= 0:
            raise ValueError(f"{self._source.name}: an interval of {interval} s is no interval")
        if interval != self._interval:
            self._interval = interval
            self._changed.set()

    def pause(self) -> None:
        """No poll and no readings until `resume`."""
        self._paused = True
        self._changed.set()

    def resume(self) -> None:
        """Poll again, at once."""
        if self._paused:
            self._paused = False
            self._changed.set()

    async def _run(self) -> None:
        due = self._now() if self.last is None else self.last + self._interval
        while True:
            if self._paused:
                await self._sleep(None)
                due = self._now()
            elif (wait := due - self._now()) > 0:
                if await self._sleep(wait):
                    due = due if self.last is None else self.last + self._interval
            else:
                self.last = due
                began = self._now()
                await self._one_poll()
                due = began if began - due > self._interval / 2 else due  # a late start is a new rhythm, no drift
                # What came due during the poll begins at once: a page that hangs for its whole interval must not be
                # asked half as often.
                due = max(due + self._interval, self._now())

    async def _sleep(self, wait: Seconds | None) -> bool:
        """Whether the schedule was changed before the time was over."""
        self._changed.clear()
        try:
            async with asyncio.timeout(wait):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    async def _one_poll(self) -> None:
        """Ask once and emit what came of it. A poll that outlives its deadline is not joined by a second one."""
        source, start = self._source, self._now()
        readings: tuple[Reading, ...] | None = None
        if self._poll is not None and not self._poll.done():
            self._say("the last poll still hangs")
        else:
            self._poll = asyncio.get_running_loop().create_task(source.poll(), name=f"poll {source.name} once")
            readings = await self._answer(self._poll, start)
        if readings:
            self._tell(readings)
        self._emit(source.name, start, self._now(), source.missing() if readings is None else readings)

    async def _answer(self, poll: "asyncio.Task[tuple[Reading, ...]]", start: Seconds) -> tuple[Reading, ...] | None:
        await asyncio.wait({poll}, timeout=self._source.deadline)
        took = self._now() - start
        if not poll.done():
            poll.add_done_callback(_forget)
            poll.cancel()
            self._say(f"no answer within {self._source.deadline:g} s")
            return None
        self._poll = None
        if poll.cancelled():
            self._say("the poll was cancelled")
            return None
        if (error := poll.exception()) is not None:
            self._say(f"{type(error).__name__}: {error}")
            return None
        if took > self._source.deadline + STOOD_STILL:
            self._say(f"the daemon stood still: a poll of {self._source.deadline:g} s took {took:.1f} s")
            return None
        return poll.result()

    def _tell(self, readings: tuple[Reading, ...]) -> None:
        """Say why a source knows nothing at all: when that begins or is of another kind, and not at every poll."""
        values = [reading.value for reading in readings]
        first = values[0]
        silent = first if isinstance(first, Missing) and all(isinstance(each, Missing) for each in values) else None
        if silent is not self._silent and silent is not None:
            self._say(readings[0].detail or f"no reading has a value ({silent})")
        if silent is None:
            self._said = ""
        self._silent = silent

    def _say(self, what: str) -> None:
        """For the log; the same words are not said again and again."""
        if self._failed is not None and what != self._said:
            self._failed(self._source.name, what)
        self._said = what


def _forget(task: "asyncio.Task[Any]") -> None:
    """Take an abandoned task's exception, so that it is not reported as lost."""
    if not task.cancelled():
        task.exception()
