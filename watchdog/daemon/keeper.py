"""The journal as the loop wants it: records and checkpoints with the clocks beside them.

What lives here: the small adapter between loop and store, and the start from what the store holds. What must not: SQL,
threads (the store's), deciding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from watchdog.core.engine import evolve
from watchdog.core.records import Record
from watchdog.core.state import State
from watchdog.daemon.loop import NotKeptError
from watchdog.journal.codec import Checkpoint, ClockMark
from watchdog.journal.recovery import Recovered
from watchdog.journal.store import NotDurableError, Store

if TYPE_CHECKING:
    from concurrent.futures import Future


class Marks(Protocol):
    """What is kept of the clocks, beside the records."""

    def mark(self) -> ClockMark:
        """Where all clocks stand now."""
        ...

    def wall(self) -> float:
        """The wall clock now, in Unix seconds."""
        ...


class Keeper:
    """Implements `loop.Journal`."""

    def __init__(self, store: Store, clock: Marks) -> None:
        self._store = store
        self._clock = clock

    def append(self, records: Sequence[Record], state: State | None) -> "Future[None]":
        """Take records, and the state after them as a checkpoint; never waits."""
        checkpoint = None
        if state is not None:
            digest = state.environment.digest if state.environment else ""
            checkpoint = Checkpoint(state=state, digest=digest, clock=self._clock.mark())
        return self._store.append(records, checkpoint, wall=self._clock.wall())

    async def durable(self, written: "Future[None]") -> None:
        """Wait until they are on disk. NotKeptError when that takes too long or is refused."""
        try:
            await self._store.durable(written)
        except NotDurableError as error:
            raise NotKeptError(str(error)) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """Where the daemon stood when it ended."""

    state: State
    mark: ClockMark | None
    newest: float
    """Engine time of the newest record."""


def stood(recovered: Recovered) -> Stood:
    """Fold what the journal holds: recorded decisions are facts and are never decided again."""
    checkpoint = recovered.checkpoint
    state = checkpoint.state if checkpoint else State()
    for record in recovered.records:
        state = evolve(state, record)
    newest = recovered.records[-1].at if recovered.records else state.now
    return Stood(state=state, mark=checkpoint.clock if checkpoint else None, newest=newest)
