"""Whether the balancer's log still arrives: a token probe through the balancer, and a wait for its line.

What lives here: the rhythm and the judgement. What must not: HTTP; the probe is handed in. A dead access log is
blindness, not a quiet night: after two probes in a row that were answered and left no line, the service's slices are
Missing(stale) until a line arrives. A probe that is not answered says nothing about the log.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from watchdog.core.model import Seconds
from watchdog.sources.access_log import LOG_CLOCK_SLACK

EVERY: Seconds = 2.0
LINE_WITHIN: Seconds = 1.0
LOOK_EVERY: Seconds = 0.05
UNHEARD_BEFORE_BLIND = 2
BLIND_DETAIL = "the balancer answers probes and their log lines do not arrive"


class LineKeeper(Protocol):
    """What this needs of the receiver (`AccessLog`)."""

    def newest(self, service: str) -> float:
        """When the last received request of a service ended (wall clock)."""
        ...

    def set_blind(self, service: str, detail: str) -> None:
        """The log is known not to arrive; an empty detail takes it back."""
        ...


class LineProbe:
    """One service's watch over its log, while a deployment runs: `start()` and `stop()`."""

    def __init__(
        self, *, service: str, keeper: LineKeeper, ask: Callable[[], Awaitable[bool]], wall: Callable[[], float]
    ) -> None:
        """`ask` sends a marked request through the balancer to a proxied path; whether anything answered.

        A request that the balancer answers by itself has no upstream, so its line names no service and is not heard.
        """
        self._service = service
        self._keeper = keeper
        self._ask = ask
        self._wall = wall
        self._unheard = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to probe, in the running loop. Twice is the same as once."""
        if self._task is None:
            self._unheard = 0
            self._task = asyncio.get_running_loop().create_task(self._run(), name=f"line probe {self._service}")

    async def stop(self) -> None:
        """End probing and take blindness back: without probes silence may be a quiet night."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        self._keeper.set_blind(self._service, "")

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._probe()
            due = max(due + EVERY, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _probe(self) -> None:
        sent = self._wall()
        if not await self._answered():
            return
        if await self._heard_since(sent - LOG_CLOCK_SLACK):
            self._unheard = 0
            return
        self._unheard += 1
        if self._unheard >= UNHEARD_BEFORE_BLIND:
            self._keeper.set_blind(self._service, BLIND_DETAIL)

    async def _answered(self) -> bool:
        try:
            async with asyncio.timeout(EVERY):
                return await self._ask()
        except Exception:  # noqa: BLE001 - no answer, of whatever kind, says nothing about the log
            return False

    async def _heard_since(self, since: float) -> bool:
        for _ in range(round(LINE_WITHIN / LOOK_EVERY)):
            if self._keeper.newest(self._service) >= since:
                return True
            await asyncio.sleep(LOOK_EVERY)
        return self._keeper.newest(self._service) >= since
