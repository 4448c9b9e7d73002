"""The one loop: take an event, step, append the records, perform the effects, feed the outcomes back.

What lives here: the order of these, and when a tick is due. What must not: deciding (the core does), performing (the
performer does), reading any clock but the one handed in.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Protocol

from watchdog.core.effects import Effect, Notify, SetTraffic, starts_at_once
from watchdog.core.engine import step, wake_at
from watchdog.core.events import Event, NotDurable, Observed, Probed, Tick, TrafficOutcome, TrafficSeen
from watchdog.core.model import Seconds
from watchdog.core.records import Record
from watchdog.core.state import State

if TYPE_CHECKING:
    from concurrent.futures import Future

CHECKPOINT_EVERY_S = 10.0
LONGEST_SLEEP_S = 1.0
"""The loop turns at least this often, so that the service manager sees it live."""


class NotKeptError(Exception):
    """The journal could not take the records in time; they are written later."""


class Journal(Protocol):
    """What the loop needs of the journal."""

    def append(self, records: Sequence[Record], state: State | None) -> "Future[None]":
        """Take records, and the state after them as a checkpoint; never waits."""
        ...

    async def durable(self, written: "Future[None]") -> None:
        """Wait until they are on disk. NotKeptError when that takes too long or is refused."""
        ...


class Loop:
    """Holds the state and turns with every event. Everything happens in the event loop's own thread."""

    def __init__(
        self,
        *,
        state: State,
        now: Callable[[], Seconds],
        journal: Journal,
        perform: Callable[[Effect], None],
        turned: Callable[[State, tuple[Record, ...]], None],
        alive: Callable[[], None],
    ) -> None:
        self.state = state
        self._now = now
        self._journal = journal
        self._perform = perform
        self._turned = turned
        self._alive = alive
        self._events: deque[tuple[Event, asyncio.Future[tuple[Record, ...]] | None]] = deque()
        self._some = asyncio.Event()
        self._looked: Seconds = float("-inf")
        self._saved: Seconds = float("-inf")
        self._waiting: set[asyncio.Task[None]] = set()
        self._not_durable = False
        self._stopping = False

    def put(self, event: Event) -> None:
        """Hand over an event; it is taken in order of arrival."""
        self._events.append((event, None))
        self._some.set()

    async def ask(self, event: Event) -> tuple[Record, ...]:
        """Hand over an event and wait for the records it led to, once they are kept (or said not to be)."""
        answer: asyncio.Future[tuple[Record, ...]] = asyncio.get_running_loop().create_future()
        self._events.append((event, answer))
        self._some.set()
        return await answer

    def stop(self) -> None:
        """End `run` after the turn under way."""
        self._stopping = True
        self._some.set()

    async def run(self) -> None:
        """Turn until stopped."""
        while not self._stopping:
            self._alive()
            if not self._events:
                await self._sleep()
            if self._events:
                event, answer = self._events.popleft()
                self.turn(event, answer)
            elif self._due():
                self._looked = self._now()
                self.turn(Tick(), None)
            await asyncio.sleep(0)

    def turn(self, event: Event, answer: "asyncio.Future[tuple[Record, ...]] | None" = None) -> None:
        """One event: step, append, perform."""
        now = self._now()
        stepped = step(self.state, event, now)
        self.state = stepped.state
        for effect in stepped.effects:
            if starts_at_once(effect):
                self._perform(effect)
        later = [effect for effect in stepped.effects if not starts_at_once(effect)]
        checkpoint = self._checkpoint_due(stepped.records, now)
        kept = tuple(record for record in stepped.records if not record.ephemeral)
        if kept or checkpoint:
            written = self._journal.append(kept, self.state if checkpoint else None)
            self._spawn(self._after_append(written, later, answer, stepped.records))
        else:
            for effect in later:
                self._perform(effect)
            if answer is not None and not answer.done():
                answer.set_result(stepped.records)
        self._turned(self.state, stepped.records)

    def _checkpoint_due(self, records: tuple[Record, ...], now: Seconds) -> bool:
        """With every decision, and every ten seconds."""
        decided = any(not isinstance(record.body, (Observed, Probed, TrafficSeen)) for record in records)
        decided = decided and any(not record.ephemeral for record in records)
        if not decided and now - self._saved < CHECKPOINT_EVERY_S:
            return False
        self._saved = now
        return True

    async def _after_append(
        self,
        written: "Future[None]",
        later: list[Effect],
        answer: "asyncio.Future[tuple[Record, ...]] | None",
        records: tuple[Record, ...],
    ) -> None:
        try:
            await self._journal.durable(written)
        except NotKeptError as error:
            self._disk_failed(later, str(error))
        else:
            self._not_durable = False
            for effect in later:
                self._perform_if_wanted(effect)
        if answer is not None and not answer.done():
            answer.set_result(records)

    def _disk_failed(self, later: list[Effect], detail: str) -> None:
        """Tell, once; messages go out all the same, and a step away from stable is not taken."""
        if not self._not_durable:
            self._not_durable = True
            self.put(NotDurable(detail=detail))
        for effect in later:
            if isinstance(effect, SetTraffic):
                self.put(
                    TrafficOutcome(effect=effect.id, ok=False, detail=f"not ordered, the journal failed: {detail}")
                )
            elif isinstance(effect, Notify):
                self._perform(effect)
            else:
                self._spawn(self._perform_when_kept(effect))

    async def _perform_when_kept(self, effect: Effect) -> None:
        """Wait for the disk as long as it takes; the order may have lost its meaning by then."""
        while not self._stopping:
            written = self._journal.append((), None)
            try:
                await self._journal.durable(written)
            except NotKeptError:
                await asyncio.sleep(LONGEST_SLEEP_S)
            else:
                self._perform_if_wanted(effect)
                return

    def _perform_if_wanted(self, effect: Effect) -> None:
        """An order that a later one has superseded while its record was written is not carried out."""
        if effect.id in self.state.services[effect.service].waiting:
            self._perform(effect)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    def _due(self) -> bool:
        at = wake_at(self.state, self._looked)
        return at is not None and at <= self._now()

    async def _sleep(self) -> None:
        at = wake_at(self.state, self._looked)
        wait = LONGEST_SLEEP_S if at is None else min(LONGEST_SLEEP_S, max(0.0, at - self._now()))
        self._some.clear()
        try:
            async with asyncio.timeout(wait):
                await self._some.wait()
        except TimeoutError:
            return
