"""Putting a text in force: rename, test, reload, and back again when that fails.

What lives here: the order of these steps for one service's file. What must not: the brake, what the text means.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

from watchdog.traffic import files
from watchdog.traffic.nginx import workers
from watchdog.traffic.nginx.commands import Ran, run
from watchdog.traffic.nginx.observe import Observer
from watchdog.traffic.waiting import aside, until

_T = TypeVar("_T")

_POLL_SECONDS: Final = 0.01
_FILE_SECONDS: Final = 5.0
_IDLE_ENDS_SECONDS: Final = 0.2  # an old worker with nothing to do is gone by then
_UNSEEN_SECONDS: Final = 0.3  # old workers were seen to take requests for 107 ms after the signal


@dataclass(frozen=True, slots=True, kw_only=True)
class Commands:
    """What the operator lets us run, and for how long."""

    test: tuple[str, ...]
    reload: tuple[str, ...]
    dump: tuple[str, ...]
    deadline: float
    """Seconds for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """How it ended."""

    loaded: bool
    """nginx's workers run with the new text."""
    kept: bool
    """The new text is the file, whether loaded or not."""
    reloaded: bool = False
    warnings: tuple[str, ...] = ()
    detail: str = ""
    took: tuple[tuple[str, float], ...] = ()
    """The steps that were begun, in order, and the seconds that each took."""


class _Steps:
    """How long each step of an order takes."""

    def __init__(self) -> None:
        self._took: list[tuple[str, float]] = []

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done in here."""
        began = time.monotonic()
        try:
            yield
        finally:
            self._took.append((name, time.monotonic() - began))

    def on(self, switched: Switched) -> Switched:
        """The same end, with the times."""
        return replace(switched, took=tuple(self._took))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undo:
    """What a failure has to take back."""

    replaced: bool
    had: bool
    """There was a file before."""
    towards_stable: bool


class Switch:
    """The file of one service: `SERVICE.http.conf`, with its staged and kept copies beside it."""

    def __init__(self, service: str, directory: Path, pid: Path, commands: Commands, observer: Observer) -> None:
        self.live = directory / f"{service}.http.conf"
        # Names with a leading dot: no glob of an include matches them.
        self.staged_stable = directory / f".{service}.http.conf.stable"
        self._staged = directory / f".{service}.http.conf.next"
        self._previous = directory / f".{service}.http.conf.previous"
        self._refused = directory / f".{service}.http.conf.refused"
        self._pid = pid
        self._commands = commands
        self._observer = observer
        self.begun = 0
        """Orders so far: while one is carried out file and nginx may differ."""
        self.under_way = 0

    async def stage_stable(self, text: str) -> None:
        """Lay the 100 % stable configuration ready, so that going back needs a rename alone. OSError, TimeoutError."""
        await _off_loop(lambda: files.stage(self.staged_stable, text))

    async def to(self, text: str, *, towards_stable: bool, off: asyncio.Event, always: bool = False) -> Switched:
        """Put `text` in force. `towards_stable`: keep the file even if someone else's fault stops the reload.

        `off` calls the order off between and during its commands; `always` reloads even if nothing would change.
        """
        seen = self._observer.seen()
        if seen.text == text and seen.loaded and not always:
            return Switched(loaded=True, kept=True)
        if off.is_set():
            return Switched(loaded=False, kept=False, detail="called off before anything was changed")
        steps, replaced = _Steps(), seen.text != text
        with self._busy():
            if replaced:
                if seen.text is not None and seen.loaded:
                    self._observer.remember(seen.text, workers.active(self._pid))
                try:
                    with steps.step("rename"):
                        await self._replace(text)
                except (OSError, TimeoutError) as error:
                    return Switched(loaded=False, kept=False, detail=f"{self.live} cannot be replaced: {error}")
            undo = _Undo(replaced=replaced, had=seen.text is not None, towards_stable=towards_stable)
            return steps.on(await self._test_and_reload(text, undo, off, steps))

    async def rehearse(self, off: asyncio.Event) -> Switched:
        """Every step of an order with the text that is in force: afterwards nothing is other than it was.

        `off` calls it off, also while nginx changes its workers.
        """
        seen = self._observer.seen()
        if seen.text is None or not seen.loaded:
            return Switched(loaded=False, kept=False, detail=seen.detail)
        steps = _Steps()
        with self._busy():
            self._observer.remember(seen.text, workers.active(self._pid))
            try:
                with steps.step("rename"):
                    await self._replace(seen.text, same=True)
            except (OSError, TimeoutError) as error:
                detail = f"{self.live} cannot be replaced: {error}"
                return steps.on(Switched(loaded=False, kept=False, detail=detail))
            undo = _Undo(replaced=False, had=True, towards_stable=False)
            return steps.on(await self._test_and_reload(seen.text, undo, off, steps, patient=False))

    @contextlib.contextmanager
    def _busy(self) -> Iterator[None]:
        self.begun += 1
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    async def test(self) -> Ran:
        """What nginx says of the configuration that is in force."""
        return await run(self._commands.test, self._commands.deadline)

    async def _test_and_reload(
        self, text: str, undo: "_Undo", off: asyncio.Event, steps: _Steps, *, patient: bool = True
    ) -> Switched:
        """`patient`: once nginx has begun to change its workers, wait for them whatever else is ordered."""
        with steps.step("test"):
            ran = await run(self._commands.test, self._commands.deadline, off=off)
        if not ran.ok:
            return await self._back(ran, undo, off, reload=False)
        before = workers.active(self._pid)
        with steps.step("reload"):
            ran = await run(self._commands.reload, self._commands.deadline, off=off)
        if ran.ok:
            with steps.step("old workers"):
                warnings = await self._taken_up(before, None if patient else off)
            if warnings is not None:
                self._observer.remember(text, workers.active(self._pid))
                return Switched(loaded=True, kept=True, reloaded=True, warnings=warnings)
            problem = "called off" if off.is_set() else "nginx kept its old workers, its error log says why"
            ran = Ran(argv=ran.argv, status=None, output=ran.output, problem=problem)
        return await self._back(ran, undo, off, reload=True)

    async def _replace(self, text: str, *, same: bool = False) -> None:
        """Keep the old file under a second name and rename the staged one over it.

        `same`: a rehearsal with the text that is there. It leaves what lies ready for a rollback, and the time of
        change: by that others see whether nginx has read the file.
        """

        def ready() -> Path:
            with contextlib.suppress(OSError, ValueError):
                if not same and files.read(self.staged_stable) == text:
                    return self.staged_stable
            files.stage(self._staged, text)
            return self._staged

        staged = await _off_loop(ready)
        with contextlib.suppress(OSError):  # a missing way back is no reason not to go
            files.keep(self.live, self._previous)
        if same:
            facts = self.live.stat()
            os.utime(staged, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        else:
            files.touch(staged)
        files.swap(staged, self.live)
        with contextlib.suppress(OSError, TimeoutError):  # the rename holds; only a crash now could undo it
            await _off_loop(lambda: files.sync_folder(self.live.parent))

    async def _taken_up(
        self, before: frozenset[tuple[int, float]], off: asyncio.Event | None = None
    ) -> tuple[str, ...] | None:
        """Wait until no worker of before takes requests; None when they do not stop, or when `off` ends the wait.

        What still drains is told.
        """
        if not before:
            await asyncio.sleep(_UNSEEN_SECONDS)
            return (f"nginx's workers cannot be seen by {self._pid}: the reload is believed",)

        def replaced() -> bool:
            active = workers.active(self._pid)
            return bool(active) and not active & before

        await until(
            lambda: replaced() or (off is not None and off.is_set()), self._commands.deadline, every=_POLL_SECONDS
        )
        if not replaced():
            return None

        def draining() -> int:
            return sum(worker.draining for worker in workers.workers(self._pid))

        if await until(lambda: not draining(), _IDLE_ENDS_SECONDS, every=_POLL_SECONDS):
            return ()
        return (f"{draining()} old workers finish what they have begun",)

    async def _back(self, ran: Ran, undo: "_Undo", off: asyncio.Event, *, reload: bool) -> Switched:
        """After a failure: find out whose fault it is, and leave a file on which nginx can start."""
        if not undo.replaced:
            return Switched(loaded=False, kept=True, detail=f"{ran}; the file was in place before")
        try:
            files.keep(self.live, self._refused)
            self._take_back(had=undo.had)
        except OSError as error:
            return Switched(loaded=False, kept=True, detail=f"{ran}; the old file cannot be put back: {error}")
        towards_stable = undo.towards_stable and not off.is_set()
        if ran.status is None and not reload:  # hung or called off: asking again would only take longer
            return self._kept_or_not(ran, "the test gave no answer", towards_stable=towards_stable)
        again = await run(self._commands.test, self._commands.deadline)
        if not again.ok:
            return self._kept_or_not(ran, "the fault is not in our file", towards_stable=towards_stable)
        if not reload:
            return Switched(loaded=False, kept=False, detail=f"{ran}; the old file is back and passes the test")
        if towards_stable:
            return self._kept_or_not(ran, "the test passes, the reload does not", towards_stable=True)
        back = await run(self._commands.reload, self._commands.deadline)
        return Switched(loaded=False, kept=False, detail=f"{ran}; the old file is back; {back}")

    def _take_back(self, *, had: bool) -> None:
        if had:
            files.swap(self._previous, self.live)
        else:
            self.live.unlink(missing_ok=True)

    def _kept_or_not(self, ran: Ran, why: str, *, towards_stable: bool) -> Switched:
        if not towards_stable:
            return Switched(loaded=False, kept=False, detail=f"{ran}; {why}; the old file is back")
        with contextlib.suppress(OSError):
            files.swap(self._refused, self.live)
            detail = f"{ran}; {why}; our file stays and comes into force with the next reload that works"
            return Switched(loaded=False, kept=True, detail=detail)
        return Switched(loaded=False, kept=False, detail=f"{ran}; {why}; the old file is back")


async def _off_loop(work: Callable[[], _T]) -> _T:
    return await aside(work, _FILE_SECONDS)
