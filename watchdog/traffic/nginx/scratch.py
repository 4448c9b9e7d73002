"""The scratch brake: a flag that only our own probes obey, and what nginx's log says about them while it is there.

What lives here: setting it, sending probes, taking it away again, one user of it at a time. What must not: a user's
flag; a rollback never waits for anything in here.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Check, Colour, Split
from watchdog.traffic import files
from watchdog.traffic.base import EdgeLog
from watchdog.traffic.probes import Probes
from watchdog.traffic.proof import ROUNDING_SECONDS
from watchdog.traffic.waiting import until

NAME: Final = "brake works through nginx"
_LINE_SECONDS: Final = 0.3  # it comes within milliseconds; a late one counts at the next try
_PROBE_SECONDS: Final = 1.0
"""A probe that is given up leaves its line at once: the line counts, not the answer."""
_TRIES: Final = 6  # a line can be lost where the kernel's queue is short
_APART_SECONDS: Final = 0.003  # nginx logs whole milliseconds


class Scratch:
    """One service's scratch flag."""

    def __init__(self, service: str, path: Path, probes: Probes, edge: EdgeLog, wall: Callable[[], float]) -> None:
        self.path = path
        self._service = service
        self._probes = probes
        self._edge = edge
        self._wall = wall
        self._turn = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def mine(self, seconds: float) -> AsyncIterator[None]:
        """Have the flag for oneself, and leave none behind. TimeoutError when others have it for so long."""
        async with asyncio.timeout(seconds):
            await self._turn.acquire()
        try:
            self._remove()
            yield
        finally:
            with contextlib.suppress(OSError):
                self._remove()
            self._turn.release()

    def set(self) -> None:
        """OSError."""
        self.path.touch(mode=files.READABLE)

    def _remove(self) -> None:
        self.path.unlink(missing_ok=True)

    def keep_probes_away(self, *, away: bool) -> None:
        """Set or remove the flag between the turns of others, so that our probes use no connection to the candidate.

        Best effort: nothing depends on it but how soon an idle connection ends.
        """
        if not self._turn.locked():
            with contextlib.suppress(OSError):
                (self.set if away else self._remove)()

    async def check(self, split: Split, within: float) -> Check:
        """Set and taken away, seen through nginx and its log: to the candidate, to stable, to the candidate again."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        begun = False
        try:
            async with self.mine(within), asyncio.timeout(end - loop.time()):
                begun = True
                problem = await self._tried(split)
        except TimeoutError:
            if not begun:
                return Check(name=NAME, ok=True, detail="not tried now: a drill is using the probes' brake")
            problem = f"no end within {within:g} s"
        except OSError as error:
            problem = f"{self.path}: {error.strerror}"
        detail = problem or f"a probe went to {split.candidate}, to {split.stable} while braked, and back"
        return Check(name=NAME, ok=not problem, detail=detail)

    async def _tried(self, split: Split) -> str:
        problem = await self.went_to(split.candidate)
        if problem:
            return f"without {self.path}: {problem}"
        self.set()
        problem = await self.went_to(split.stable)
        if problem:
            return f"with {self.path}: {problem}"
        self._remove()
        problem = await self.went_to(split.candidate)
        return f"without {self.path}: {problem}" if problem else ""

    async def went_to(self, wanted: Colour) -> str:
        """What is wrong with a probe's way; empty when its line shows the wanted colour.

        Whatever it was answered: a candidate that is down is asked all the same, and its 502 names it.
        """
        since = self._wall()
        problem = ""
        for _ in range(_TRIES):
            await asyncio.sleep(_APART_SECONDS)
            sent = await self._probes.through(user=False, within=_PROBE_SECONDS)
            problem = sent.problem or f"it was answered with status {sent.status}"
            lines = await self._lines(since)
            if lines:
                went = lines[-1].colour  # of the first try: the shield asks stable after it
                return "" if went is wanted else f"a probe went to {went}, not to {wanted}"
        where = "does the entry lead to this service, and does the access log reach us?"
        return f"no line about a probe came from nginx's log ({problem}): {where}"

    async def _lines(self, since: float) -> list[EdgeLine]:
        """The candidate probes that started after an instant; waits a moment for them."""

        def found() -> list[EdgeLine]:
            lines = self._edge.started_since(self._service, since + ROUNDING_SECONDS)
            return [line for line in lines if line.mark is ProbeMark.CANDIDATE_PROBE]

        await until(lambda: bool(found()), _LINE_SECONDS)
        return found()
