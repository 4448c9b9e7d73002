"""The schedule, on a clock that is moved."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.sources.virtual_time import clock, run_virtually, stall
from watchdog.core.model import Missing, Reading
from watchdog.sources.base import Finding
from watchdog.sources.poller import Poller

GOOD = (Reading(signal="up", colour=None, value=1.0),)
LOST = (Reading(signal="up", colour=None, value=Missing.TIMEOUT),)


class SourceStub:
    """Answers as told, after as long as told; knows when it was asked."""

    name = "stub"

    def __init__(self, *, interval: float = 2.0, deadline: float = 1.5, takes: float = 0.0) -> None:
        self.interval = interval
        self.deadline = deadline
        self.takes = takes
        self.answer: Callable[[], Awaitable[None]] | None = None
        self.asked: list[float] = []
        self.closed = 0

    async def poll(self) -> tuple[Reading, ...]:
        self.asked.append(clock())
        await asyncio.sleep(self.takes)
        if self.answer is not None:
            await self.answer()
        return GOOD

    def missing(self) -> tuple[Reading, ...]:
        return LOST

    async def examine(self) -> tuple[Finding, ...]:
        return ()

    async def close(self) -> None:
        self.closed += 1


class Emitted:
    """What was emitted: start, end, readings."""

    def __init__(self) -> None:
        self.polls: list[tuple[float, float, tuple[Reading, ...]]] = []
        self.failures: list[str] = []

    def emit(self, source: str, start: float, end: float, readings: tuple[Reading, ...]) -> None:
        assert source == "stub"
        self.polls.append((start, end, readings))

    def failed(self, source: str, what: str) -> None:
        assert source == "stub"
        self.failures.append(what)

    @property
    def readings(self) -> list[tuple[Reading, ...]]:
        return [readings for *_, readings in self.polls]


def polled(source: SourceStub, script: Callable[[Poller, SourceStub], Awaitable[None]]) -> Emitted:
    """Run a poller for as long as the script runs."""
    emitted = Emitted()

    async def main() -> None:
        poller = Poller(source, emitted.emit, clock, failed=emitted.failed)
        poller.start()
        poller.start()
        await script(poller, source)
        await poller.stop()

    run_virtually(main())
    return emitted


def since_first(source: SourceStub) -> list[float]:
    return [round(at - source.asked[0], 3) for at in source.asked]


def test_polls_come_at_a_fixed_rate_from_the_start() -> None:
    """The first poll is at once; the time that a poll takes does not shift the next."""

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(0)
        began = clock()
        await asyncio.sleep(6.9)
        assert began == source.asked[0]

    source = SourceStub(takes=0.7)
    emitted = polled(source, script)

    assert [0.0, 2.0, 4.0, 6.0] == since_first(source)
    assert [GOOD] * 4 == emitted.readings
    assert [0.7] * 4 == [round(end - start, 3) for start, end, _ in emitted.polls]
    assert 1 == source.closed


def test_a_poll_that_takes_long_is_not_joined_by_another() -> None:
    """What comes due during a poll begins when it has ended: a slow page is not asked half as often."""

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(9.0)

    source = SourceStub(deadline=10.0, takes=2.5)
    polled(source, script)

    assert [0.0, 2.5, 5.0, 7.5] == since_first(source)


def test_a_hanging_source_costs_its_own_readings() -> None:
    """At the deadline each signal is said to be missing, and the next poll is on time."""

    async def script(poller: Poller, source: SourceStub) -> None:
        source.takes = 3600.0
        await asyncio.sleep(3.0)
        source.takes = 0.0
        await asyncio.sleep(2.0)

    source = SourceStub()
    emitted = polled(source, script)

    assert [0.0, 2.0, 4.0] == since_first(source)
    assert [LOST, LOST, GOOD] == emitted.readings
    assert ["no answer within 1.5 s"] == emitted.failures


def test_a_source_that_cannot_be_cancelled_is_waited_for_no_longer() -> None:
    """While an abandoned poll still hangs no second one is begun, and the end is not held up."""

    async def stubborn() -> None:
        while True:
            try:
                await asyncio.sleep(3600.0)
            except asyncio.CancelledError:
                if clock() - source.asked[0] > 9.0:
                    raise

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(5.0)
        await poller.stop()
        assert clock() - source.asked[0] < 7.0
        await asyncio.sleep(3600.0)

    source = SourceStub()
    source.answer = stubborn
    emitted = polled(source, script)

    assert [0.0] == since_first(source)
    assert [LOST] * 3 == emitted.readings
    assert ["no answer within 1.5 s", "the last poll still hangs"] == emitted.failures


def test_a_raising_source_costs_its_own_readings() -> None:
    """An exception is missing readings and a word for the log, and the next poll comes."""

    async def broken() -> None:
        raise RuntimeError("no such page")

    async def script(poller: Poller, source: SourceStub) -> None:
        source.answer = broken
        await asyncio.sleep(1.0)
        source.answer = None
        await asyncio.sleep(2.0)

    emitted = polled(SourceStub(), script)

    assert [LOST, GOOD] == emitted.readings
    assert ["RuntimeError: no such page"] == emitted.failures


def test_a_source_that_cancels_itself_costs_its_own_readings() -> None:
    """A cancelled poll does not end the schedule."""

    async def cancelled() -> None:
        raise asyncio.CancelledError

    async def script(poller: Poller, source: SourceStub) -> None:
        source.answer = cancelled
        await asyncio.sleep(3.0)

    assert [LOST, LOST] == polled(SourceStub(), script).readings


def test_a_poll_across_a_stop_is_missing() -> None:
    """An answer that was under way while the process stood still is not believed; no poll is made up for."""

    async def still() -> None:
        if len(source.asked) == 2:
            stall(60.0)

    async def script(poller: Poller, source: SourceStub) -> None:
        source.answer = still
        await asyncio.sleep(65.0)

    source = SourceStub()
    emitted = polled(source, script)

    assert [0.0, 2.0, 62.0, 64.0] == since_first(source)
    assert [GOOD, LOST, GOOD, GOOD] == emitted.readings


def test_another_rate_takes_effect_at_once() -> None:
    """A poll that is overdue by the new rate comes now; the following ones keep the new rate."""

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(3.0)
        poller.set_interval(1.0)
        poller.set_interval(1.0)
        await asyncio.sleep(2.5)

    source = SourceStub(interval=30.0)
    polled(source, script)

    assert [0.0, 3.0, 4.0, 5.0] == since_first(source)


def test_a_rhythm_goes_on_where_another_poller_left_it() -> None:
    """After a reload a row of failures must take its time: no probe comes early. A change of rate counts, too."""
    source = SourceStub(interval=4.0)

    async def main() -> list[float]:
        began = clock()
        poller = Poller(source, Emitted().emit, clock)
        poller.start(last=began - 1.0)
        await asyncio.sleep(0.5)
        poller.set_interval(2.0)
        await asyncio.sleep(3.0)
        assert began + 3.0 == poller.last
        await poller.stop()
        return [at - began for at in source.asked]

    assert [1.0, 3.0] == run_virtually(main())


def test_a_source_whose_close_fails_stops_all_the_same() -> None:
    """Its mistake is a word for the log, and the others are let go of, too."""

    class Broken(SourceStub):
        async def close(self) -> None:
            raise RuntimeError("no")

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(0.5)

    assert ["its close failed: RuntimeError: no"] == polled(Broken(), script).failures


def test_an_interval_of_nothing_is_refused() -> None:
    """A rate must be a time."""

    async def script(poller: Poller, source: SourceStub) -> None:
        with pytest.raises(ValueError, match="stub: an interval of 0 s"):
            poller.set_interval(0)

    polled(SourceStub(), script)


def test_a_paused_source_is_not_asked() -> None:
    """Between pause and resume nothing is asked or emitted; resuming polls at once."""

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(1.0)
        poller.pause()
        await asyncio.sleep(10.5)
        poller.resume()
        poller.resume()
        await asyncio.sleep(2.5)

    source = SourceStub()
    emitted = polled(source, script)

    assert [0.0, 11.5, 13.5] == since_first(source)
    assert 3 == len(emitted.polls)


def test_a_stop_ends_a_poll_under_way() -> None:
    """Stopping cancels the poll, emits nothing more, and closes the source."""

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(0.5)

    source = SourceStub(takes=1.0)
    emitted = polled(source, script)

    assert [] == emitted.polls
    assert 1 == source.closed


def test_a_source_that_does_not_close_is_left_behind() -> None:
    """A close that hangs does not hold up the end."""

    class Hanging(SourceStub):
        async def close(self) -> None:
            await asyncio.sleep(3600.0)

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(0.5)
        before = clock()
        await poller.stop()
        assert clock() - before < 3.0

    polled(Hanging(), script)


def test_a_mistake_is_said_once_until_an_answer_comes() -> None:
    """A source that raises for days does not fill the log."""
    fails = iter([True, True, False, True])

    async def broken() -> None:
        if next(fails, False):
            raise RuntimeError("no such page")

    async def script(poller: Poller, source: SourceStub) -> None:
        source.answer = broken
        await asyncio.sleep(9.0)

    assert ["RuntimeError: no such page"] * 2 == polled(SourceStub(), script).failures


def test_silence_is_said_once_for_each_kind_of_it() -> None:
    """A server that is gone for an hour is one line in the log; another trouble is another; a single gap is none."""

    def reading(value: float | Missing, detail: str = "") -> Reading:
        return Reading(signal="up", colour=None, value=value, detail=detail)

    refused, late = reading(Missing.ERROR, "Connection refused"), reading(Missing.TIMEOUT, "no answer")
    good, unnamed = reading(1.0), reading(Missing.EMPTY)
    answers = iter([(good,), (refused,), (refused,), (late,), (good,), (good, refused), (refused,), (unnamed,)])

    class Fickle(SourceStub):
        async def poll(self) -> tuple[Reading, ...]:
            return next(answers, (good,))

    async def script(poller: Poller, source: SourceStub) -> None:
        await asyncio.sleep(17.0)

    said = ["Connection refused", "no answer", "Connection refused", "no reading has a value (empty)"]
    assert said == polled(Fickle(), script).failures
