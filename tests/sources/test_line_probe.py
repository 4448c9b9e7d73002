"""The watch over the log, on a clock that is moved."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.sources.virtual_time import clock, run_virtually
from watchdog.sources.line_probe import BLIND_DETAIL, LineProbe


class Balancer:
    """Answers probes, and writes their lines, as told."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self.answers = True
        self.hangs = False
        self.raises = False
        self.line_after: float | None = 0.01
        self.last_line = 0.0
        self.said: list[tuple[float, str]] = []
        self._writing: set[asyncio.Task[None]] = set()

    async def ask(self) -> bool:
        self.asked.append(clock())
        if self.hangs:
            await asyncio.sleep(3600)
        if self.raises:
            raise ConnectionError
        if self.answers and self.line_after is not None:
            task = asyncio.create_task(self.write(self.line_after))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)
        return self.answers

    async def write(self, after: float) -> None:
        ended = clock() - 0.001  # the log cuts to milliseconds
        await asyncio.sleep(after)
        self.last_line = ended

    def newest(self, service: str) -> float:
        assert service == "app"
        return self.last_line

    def set_blind(self, service: str, detail: str) -> None:
        assert service == "app"
        self.said.append((round(clock() - self.asked[0], 2), detail))


def watched(script: Callable[[Balancer], Awaitable[None]], *, stop: bool = False) -> Balancer:
    """Probe as long as the script runs."""
    balancer = Balancer()

    async def main() -> None:
        probe = LineProbe(service="app", keeper=balancer, ask=balancer.ask, wall=clock)
        probe.start()
        probe.start()
        await script(balancer)
        if stop:
            await probe.stop()
            await probe.stop()
            await asyncio.sleep(10)
        else:
            task = probe._task
            assert task is not None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    run_virtually(main())
    return balancer


def test_a_live_log_is_left_alone() -> None:
    """Probes come every two seconds, and while their lines arrive nothing is said."""

    async def script(balancer: Balancer) -> None:
        balancer.line_after = 0.9
        await asyncio.sleep(9)

    balancer = watched(script)
    assert [] == balancer.said
    assert [0, 2, 4, 6, 8] == [round(at - balancer.asked[0]) for at in balancer.asked]


def test_two_unheard_answers_are_blindness() -> None:
    """A second answered probe without a line makes the service blind, a second after it was answered."""

    async def script(balancer: Balancer) -> None:
        balancer.line_after = None
        await asyncio.sleep(3.5)

    assert [(3.0, BLIND_DETAIL)] == watched(script).said


def test_a_line_in_between_begins_the_count_anew() -> None:
    """One lost line is no blindness; only two in a row are."""

    async def script(balancer: Balancer) -> None:
        for lost in (True, False, True, False):
            balancer.line_after = None if lost else 0.01
            await asyncio.sleep(2)

    assert [] == watched(script).said


def test_a_line_that_comes_too_late_is_not_heard() -> None:
    """A line that arrives after a second does not count for its probe."""

    async def script(balancer: Balancer) -> None:
        balancer.line_after = 1.5
        await asyncio.sleep(3.5)

    assert [(3.0, BLIND_DETAIL)] == watched(script).said


def test_an_unanswered_probe_says_nothing_about_the_log() -> None:
    """A probe that fails, hangs or raises neither makes blind nor clears the count."""

    async def failing(balancer: Balancer) -> None:
        for how in ("answers", "hangs", "raises"):
            setattr(balancer, how, how != "answers")
            await asyncio.sleep(4)
            setattr(balancer, how, how == "answers")

    async def between(balancer: Balancer) -> None:
        balancer.line_after = None
        await asyncio.sleep(1.5)
        balancer.answers = False
        await asyncio.sleep(2)
        balancer.answers = True
        await asyncio.sleep(2)

    assert [] == watched(failing).said
    assert [(5.0, BLIND_DETAIL)] == watched(between).said


def test_the_end_of_the_watch_takes_blindness_back() -> None:
    """Without probes silence may be a quiet night: stopping ends the probes and the blindness."""

    async def script(balancer: Balancer) -> None:
        balancer.line_after = None
        await asyncio.sleep(3.5)

    balancer = watched(script, stop=True)
    assert [(3.0, BLIND_DETAIL), (3.5, "")] == balancer.said
    assert 2 == len(balancer.asked)
