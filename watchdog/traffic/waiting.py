"""Waiting for what tells nobody when it happens, and for what may never come back.

What lives here: bounded waits. What must not: what is waited for.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


async def until(condition: Callable[[], bool], seconds: float, *, every: float = 0.005) -> bool:
    """Whether the condition held within `seconds`; it is asked at least once."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        if condition():
            return True
        left = end - loop.time()
        if left <= 0:
            return False
        await asyncio.sleep(min(every, left))


async def aside(work: Callable[[], _T], seconds: float) -> _T:
    """Do blocking work in a thread of its own; its result or its exception, TimeoutError after `seconds`.

    Not asyncio's pool: a thread that is stuck on a dead disk would hold up the end of the program there.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def settle(result: _T | None, error: Exception | None) -> None:
        if done.done():  # given up
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # there is a result where there is no error

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - handed on to whoever waits
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True, name="waited for aside").start()
    return await asyncio.wait_for(done, seconds)
