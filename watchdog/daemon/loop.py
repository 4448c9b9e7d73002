"""The one loop: take an event, step, append the records, perform the effects, feed the outcomes back.

What lives here: the order of these, and when a tick is due. What must not: deciding (the core does), performing (the
performer does), reading any clock but the one handed in. A mistake of the program is never passed over: it ends `run`,
the service manager starts the daemon anew, and it goes on from the journal, which has nothing of that turn.
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


class StoppedError(Exception):
    """The loop has ended: the event was not taken, or its records are not known to be kept."""


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
        self._asked: set[asyncio.Future[tuple[Record, ...]]] = set()
        self._not_durable = bool(state.not_durable)
        self._stopping = False
        self._mistake: BaseException | None = None

    def put(self, event: Event) -> None:
        """Hand over an event; it is taken in order of arrival."""
        self._events.append((event, None))
        self._some.set()

    async def ask(self, event: Event) -> tuple[Record, ...]:
        """Hand over an event and wait for the records it led to, once they are kept (or said not to be).

        StoppedError when the loop ends before.
        """
        if self._stopping:
            raise StoppedError
        answer: asyncio.Future[tuple[Record, ...]] = asyncio.get_running_loop().create_future()
        self._asked.add(answer)
        answer.add_done_callback(self._asked.discard)
        self._events.append((event, answer))
        self._some.set()
        return await answer

    def stop(self) -> None:
        """End `run` after the turn under way."""
        self._stopping = True
        self._some.set()

    def fail(self, mistake: BaseException) -> None:
        """End `run` with this error: something that the daemon cannot be without has failed."""
        self._mistake = self._mistake or mistake
        self.stop()

    async def run(self) -> None:
        """Turn until stopped. Raises whatever a turn, or the work that follows it, raised."""
        try:
            while not self._stopping:
                self._alive()
                if not self.once():
                    await self._sleep()
                await asyncio.sleep(0)
        finally:
            self._stopping = True
            for waiting in tuple(self._asked):
                waiting.set_exception(StoppedError())
        if self._mistake is not None:
            raise self._mistake

    def once(self) -> bool:
        """Take the oldest event, or the tick that is due; False when there is neither."""
        if self._events:
            event, answer = self._events.popleft()
            self.turn(event, answer)
            return True
        if self._due():
            self._looked = self._now()
            self.turn(Tick())
            return True
        return False

    def turn(self, event: Event, answer: "asyncio.Future[tuple[Record, ...]] | None" = None) -> tuple[Record, ...]:
        """One event: step, append, perform. The records that it led to."""
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
        return stepped.records

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
            self._disk_works()
            for effect in later:
                self._perform_if_wanted(effect)
        if answer is not None and not answer.done():
            answer.set_result(records)

    def _disk_works(self) -> None:
        """The journal writes in order, so that everything older is on disk, too."""
        if self._not_durable:
            self._not_durable = False
            self.put(NotDurable(detail=""))

    def _disk_failed(self, later: list[Effect], detail: str) -> None:
        """Tell, once; messages go out all the same, and a step away from stable is not taken."""
        if not self._not_durable:
            self._not_durable = True
            self.put(NotDurable(detail=detail))
            self._spawn(self._watch_disk())
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
        if await self._disk_is_back():
            self._perform_if_wanted(effect)

    async def _disk_is_back(self) -> bool:
        """Whether everything is on disk again, as soon as it is; False when the loop ends before."""
        while not self._stopping:
            written = self._journal.append((), None)
            try:
                await self._journal.durable(written)
            except NotKeptError:
                await asyncio.sleep(LONGEST_SLEEP_S)
            else:
                self._disk_works()
                return True
        return False

    async def _watch_disk(self) -> None:
        """Notice the end of the trouble, also when nothing happens that is to be kept."""
        await self._disk_is_back()

    def _perform_if_wanted(self, effect: Effect) -> None:
        """An order that a later one has superseded while its record was written is not carried out."""
        service = self.state.services.get(effect.service)
        if not self._stopping and service is not None and effect.id in service.waiting:
            self._perform(effect)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._waiting.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._waiting.discard(task)
        mistake = None if task.cancelled() else task.exception()
        if mistake is not None:
            self.fail(mistake)

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
