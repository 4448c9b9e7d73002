"""What is still open on a colour that gets nothing new: counted, and waited for.

What lives here: which connections count, and the wait. What must not: ending them; nginx ends them when a reload's
`worker_shutdown_timeout` is over, and not one by one.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from watchdog.core.model import Colour
from watchdog.traffic.base import Drained, RouterError
from watchdog.traffic.nginx import connections, workers
from watchdog.traffic.nginx.scratch import Scratch
from watchdog.traffic.waiting import aside

_COUNT_SECONDS: Final = 2.0
_POLL_SECONDS: Final = 0.25


class Draining:
    """One service's open connections."""

    def __init__(self, servers: Mapping[Colour, tuple[str, ...]], pid: Path, scratch: Scratch) -> None:
        self._servers = servers
        self._pid = pid
        self._scratch = scratch
        self._before: dict[Colour, asyncio.Task[frozenset[str] | None]] = {}

    def remember(self, colour: Colour) -> None:
        """Note what is open now that the colour is braked. Waits for nothing: a rollback goes on meanwhile.

        What was noted first stays: a second order of the same rollback comes after the reload of the first.
        """
        if colour in self._before:
            return
        task = asyncio.ensure_future(self._count(colour))
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # a failure is not known, no more
        self._before[colour] = task

    def forget(self) -> None:
        """A new deployment begins."""
        self._before.clear()

    async def still_open(self, colour: Colour) -> int | None:
        """Connections that were open at the brake and are now; None where that is not known.

        A reload ends the idle ones, so behind one these are websockets, streams and slow requests. What is younger than
        the brake serves our own probes.
        """
        task = self._before.get(colour)
        if task is None:  # this process did not brake it
            return None
        try:
            now = await self._count(colour)
            before = await asyncio.wait_for(asyncio.shield(task), _COUNT_SECONDS)
        except (OSError, KeyError, ValueError, TimeoutError):
            return None
        return None if now is None or before is None else len(now & before)

    async def wait(self, colour: Colour, within: float) -> Drained:
        """Until nothing is open, for at most so many seconds. RouterError when the kernel does not tell.

        Our own probes are kept from the colour meanwhile, else nginx would keep a connection for the next one.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        try:
            while True:
                self._scratch.keep_probes_away(away=True)
                left = await self._known(colour)
                if not left or loop.time() >= end:
                    return self._told(colour, left, within)
                await asyncio.sleep(max(0.0, min(_POLL_SECONDS, end - loop.time())))
        finally:
            self._scratch.keep_probes_away(away=False)

    async def _known(self, colour: Colour) -> int | None:
        try:
            found = await self._count(colour)
        except (OSError, KeyError, ValueError, TimeoutError) as error:
            raise RouterError(f"open connections to {colour} cannot be counted: {error}") from error
        return None if found is None else len(found)

    async def _count(self, colour: Colour) -> frozenset[str] | None:
        servers = self._servers[colour]
        return await aside(lambda: connections.open_to(servers, self._pid), _COUNT_SECONDS)

    def _told(self, colour: Colour, left: int | None, within: float) -> Drained:
        if left is None:
            detail = f"nginx's workers cannot be seen by {self._pid}: what is open on {colour} is not known"
            return Drained(open=None, detail=detail)
        old = sum(worker.draining for worker in workers.workers(self._pid))
        if not left:
            still = (
                f"; {old} old workers finish what they have begun, perhaps an upload not passed on yet" if old else ""
            )
            return Drained(open=0, detail=f"nginx has no connection to {colour}{still}")
        if old:
            ends = f"{old} old workers of nginx hold them until they end or worker_shutdown_timeout is over"
        else:
            ends = "nginx cannot end them singly: the next reload does when worker_shutdown_timeout is over"
        detail = f"after {within:g} s nginx has {left} connections to {colour}; {ends}"
        return Drained(open=left, detail=detail)
