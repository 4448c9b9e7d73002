"""Waiting that always ends."""

import asyncio
import threading
import time

import pytest

from watchdog.traffic.waiting import aside, until


def test_blocking_work_is_given_up_and_forgotten() -> None:
    """What is stuck neither holds its caller nor the loop's end; results and exceptions come through."""
    stuck = threading.Event()

    def fail() -> None:
        raise OSError(28, "full")

    async def play() -> int:
        with pytest.raises(TimeoutError):
            await aside(stuck.wait, 0.05)
        with pytest.raises(OSError, match="full"):
            await aside(fail, 1)
        return await aside(lambda: 7, 1)

    began = time.monotonic()
    assert 7 == asyncio.run(play())
    assert time.monotonic() - began < 1
    stuck.set()


def test_waiting_ends_with_the_condition_or_the_time() -> None:
    """It is asked at least once, also when there is no time at all."""
    assert asyncio.run(until(lambda: True, -1))
    assert not asyncio.run(until(lambda: False, 0.02))
