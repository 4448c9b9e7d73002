"""Blocking calls that cannot hold anything up: one daemon thread per source.

What lives here: the thread and its deadline. What must not: any one source. The thread is never joined: a call that
hangs for ever costs its own source's readings and not the program's exit. (The loop's default executor is joined at
exit, so nothing that may hang runs there.)
"""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from watchdog.core.model import Seconds

T = TypeVar("T")
_Job = Callable[[], None]


class BusyError(Exception):
    """The last call has not ended; this one was not begun."""


class BlockingCalls(Generic[T]):
    """Runs one blocking call at a time in a daemon thread of its own."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._busy = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether a call is still running, abandoned or not."""
        return self._busy.is_set()

    async def call(self, function: Callable[[], T], deadline: Seconds) -> T:
        """What `function` returns or raises. BusyError while the last call runs; TimeoutError at the deadline.

        At the deadline, or when cancelled, the call is abandoned: it runs on, and its result is thrown away.
        """
        if self.busy:
            raise BusyError(f"{self._name}: the last call has not ended")
        self._busy.set()
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._jobs.put(lambda: self._perform(function, loop, answer))
        async with asyncio.timeout(deadline):
            return await answer

    def close(self) -> None:
        """Let the thread end when it can. Nobody waits for it."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread = None

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _perform(self, function: Callable[[], T], loop: asyncio.AbstractEventLoop, answer: "asyncio.Future[T]") -> None:
        settle: Callable[[], None]
        try:
            settle = partial(answer.set_result, function())
        except Exception as error:  # noqa: BLE001 - whatever it is belongs to the caller, not to this thread
            settle = partial(answer.set_exception, error)
        self._busy.clear()
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_settle, answer, settle)


def _settle(answer: "asyncio.Future[T]", settle: Callable[[], None]) -> None:
    if not answer.done():
        settle()
