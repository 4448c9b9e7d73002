"""Blocking calls in a thread that nobody waits for."""

import asyncio
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from watchdog.outside.blocking import BlockingCalls, BusyError


def wait_until_idle(calls: BlockingCalls[Any]) -> None:
    deadline = time.monotonic() + 10
    while calls.busy and time.monotonic() < deadline:
        time.sleep(0.002)
    assert not calls.busy


def nothing() -> int:
    raise KeyError("nothing")


def test_a_call_gives_its_result_or_its_exception() -> None:
    """What the function returns or raises comes back, from another thread, the same one each time."""

    async def main() -> None:
        calls: BlockingCalls[int] = BlockingCalls("test")
        first, second = await calls.call(threading.get_ident, 5.0), await calls.call(threading.get_ident, 5.0)
        with pytest.raises(KeyError, match="nothing"):
            await calls.call(nothing, 5.0)
        calls.close()

        assert first == second != threading.get_ident()

    asyncio.run(main())


def test_a_hanging_call_is_abandoned_and_not_joined() -> None:
    """At its deadline a call is given up; until it ends no other is begun; then calls work again."""

    async def main() -> None:
        calls: BlockingCalls[str] = BlockingCalls("test")
        release = threading.Event()
        with pytest.raises(TimeoutError):
            await calls.call(lambda: str(release.wait(20)), 0.05)
        assert calls.busy
        with pytest.raises(BusyError, match="test: the last call has not ended"):
            await calls.call(lambda: "second", 1.0)
        release.set()
        wait_until_idle(calls)

        assert "third" == await calls.call(lambda: "third", 5.0)
        calls.close()

    asyncio.run(main())


def test_a_call_that_never_ends_does_not_hold_up_exit() -> None:
    """A program whose call hangs for ever ends all the same, at once and without a word."""
    program = (
        "import asyncio, time\n"
        "from watchdog.outside.blocking import BlockingCalls\n"
        "async def main():\n"
        "    try:\n"
        "        await BlockingCalls('hang').call(lambda: time.sleep(600), 0.05)\n"
        "    except TimeoutError:\n"
        "        print('abandoned')\n"
        "asyncio.run(main())\n"
    )
    began = time.monotonic()
    result = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30)

    assert ("abandoned\n", "") == (result.stdout, result.stderr)
    assert time.monotonic() - began < 20


def test_a_result_for_a_closed_loop_is_dropped() -> None:
    """A call that ends after its loop has gone hurts nobody, and the thread goes on."""
    calls: BlockingCalls[bool] = BlockingCalls("test")
    release = threading.Event()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await calls.call(lambda: release.wait(20), 0.02)

    asyncio.run(give_up())
    release.set()
    wait_until_idle(calls)

    assert asyncio.run(calls.call(lambda: True, 5.0))
    calls.close()
