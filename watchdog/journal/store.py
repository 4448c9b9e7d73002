"""The journal as the daemon uses it: appended in order, durable or said not to be.

What lives here: one writer thread and its queue. What must not: reading back (`recovery`), deciding, waiting on a disk
in the caller's thread. Nothing is lost while the process lives: what a full or stuck disk did not take is kept and
written, in order, when it does. Decisions and commands are kept for ever, observations up to `KEEP_OBSERVED`.
"""

import asyncio
import contextlib
import sqlite3
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from threading import Condition, Thread
from typing import Final, Self, TypeAlias

from watchdog.core.records import Body, Record
from watchdog.journal.codec import VERSION, Checkpoint, encode, encode_checkpoint
from watchdog.journal.database import COLUMNS, NAME, JournalError, Lock, damaged, open_database

DEADLINE_S: Final = 0.5
"""How long a caller waits before it goes on without the journal."""
RETRY_S: Final = 1.0
"""Time between two tries on a disk that did not take the last one; a new entry is tried at once."""
BATCH: Final = 500
"""Entries in one transaction; bounds how long a backlog holds up the newest entry."""
KEEP_CHECKPOINTS: Final = 3
KEEP_OBSERVED: Final = 100_000
"""Observations kept: about five hours of deployment at five a second."""
PRUNE_EVERY: Final = 1_000
"""Records between two looks at what may go."""
PRUNE_AT_ONCE: Final = 5_000
"""Rows that one look deletes at most: a short transaction between two appends."""

Row: TypeAlias = tuple[str | int | float | None, ...]

_INSERT: Final = f"""
INSERT INTO records ({COLUMNS})
VALUES (?, ?, ?, ?, ?, coalesce(?, (SELECT service FROM records WHERE seq = ?)), ?)
"""  # noqa: S608  # the columns are a constant
_PRUNE_CHECKPOINTS: Final = """
DELETE FROM checkpoints WHERE seq NOT IN (SELECT seq FROM checkpoints ORDER BY seq DESC LIMIT ?)
"""
_PRUNE_OBSERVED: Final = """
DELETE FROM records WHERE seq IN (
    SELECT seq FROM records WHERE type = 'Observed'
    AND seq <= (SELECT seq FROM records WHERE type = 'Observed' ORDER BY seq DESC LIMIT 1 OFFSET ?)
    AND seq <= (SELECT min(seq) FROM checkpoints)
    ORDER BY seq LIMIT ?)
"""


class NotDurableError(Exception):
    """The entry is not on disk yet. It is kept and written when the disk takes it, unless the process ends before."""


@dataclass(slots=True, kw_only=True)
class _Entry:
    rows: tuple[Row, ...]
    checkpoint: Row | None
    """Taken away when a newer one waits: a backlog must not hold the whole state many times."""
    written: Future[None]


class Store:
    """The journal of one folder, for one process. Made by `open`."""

    def __init__(self, folder: Path, lock: Lock, connection: sqlite3.Connection, messages: tuple[str, ...]) -> None:
        self.path = folder / NAME
        self.messages = messages
        """What people should know of how the journal was opened: damage, and what was carried over."""
        self._lock = lock
        self._connection = connection
        self._identity = _identity(self.path)
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM records").fetchone()
        self._last_seq: int = last
        self._queue: deque[_Entry] = deque()
        self._newest_checkpoint: _Entry | None = None
        self._changed = Condition()
        self._trouble = ""
        self._closing = False
        self._unpruned = 0
        self._writer = Thread(target=self._run, name="journal", daemon=True)  # a stuck disk must not hold up exit

    @classmethod
    def open(cls, folder: Path, *, wall: float) -> Self:
        """Open or make the journal in `folder` and start its writer.

        `wall` (Unix seconds) names a damaged file that is set aside. JournalError when another process has the
        folder, the folder cannot be used, or the journal is of a newer version.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{folder}: {error.strerror}") from error
        lock = Lock(folder)
        try:
            connection, messages = open_database(folder, wall)
            store = cls(folder, lock, connection, messages)
        except BaseException:
            lock.release()
            raise
        store._writer.start()
        return store

    @property
    def connection(self) -> sqlite3.Connection:
        """For `recovery`, before the first append."""
        return self._connection

    @property
    def trouble(self) -> str:
        """Why the last try to write failed; empty when everything tried is on disk."""
        return self._trouble

    @property
    def backlog(self) -> int:
        """Entries that wait to be written."""
        return len(self._queue)

    def forget_after(self, seq: int) -> None:
        """The next record follows `seq`: `recovery` has set aside what came later."""
        self._last_seq = seq

    def append(self, records: Sequence[Record], checkpoint: Checkpoint | None = None, *, wall: float) -> Future[None]:
        """Take records, and perhaps the state after them, to be written in this order. Never waits.

        Ephemeral records are not kept. The future ends when everything is on disk, or with NotDurableError when the
        disk refused it (it is then tried again). Numbers must rise: ValueError.
        """
        rows = tuple(self._row(record, wall) for record in records if not record.ephemeral)
        kept = None
        if checkpoint is not None:
            kept = (checkpoint.state.seq, wall, VERSION, checkpoint.digest, encode_checkpoint(checkpoint))
        written: Future[None] = Future()
        written.set_running_or_notify_cancel()  # the caller cannot take an entry back
        entry = _Entry(rows=rows, checkpoint=kept, written=written)
        with self._changed:
            if self._closing:
                raise JournalError(f"{self.path} is closed")
            self._queue.append(entry)
            if kept is not None:
                if self._newest_checkpoint is not None:
                    self._newest_checkpoint.checkpoint = None
                self._newest_checkpoint = entry
            self._changed.notify()
        return written

    async def durable(self, written: Future[None], *, deadline: float = DEADLINE_S) -> None:
        """Wait until what `append` took is on disk; NotDurableError when it is refused or `deadline` seconds pass."""
        waiting = asyncio.wrap_future(written)
        waiting.add_done_callback(lambda done: None if done.cancelled() else done.exception())  # heard, if too late
        try:
            await asyncio.wait_for(asyncio.shield(waiting), deadline)
        except TimeoutError as error:
            raise NotDurableError(f"{self.path}: the disk has not answered for {deadline} s") from error

    def close(self, *, deadline: float = 5.0) -> bool:
        """Write what waits and let go of the folder; whether all of it is on disk. A stuck disk is left behind."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._writer.join(deadline)
        if self._writer.is_alive():
            return False
        self._lock.release()
        return not self._queue

    def _row(self, record: Record, wall: float) -> Row:
        if record.seq <= self._last_seq:
            raise ValueError(f"record {record.seq} comes after record {self._last_seq}")
        encoded = encode(record)
        self._last_seq = record.seq
        service, ordered_by = _belongs_to(record.body)
        return (record.seq, record.at, wall, encoded.type, encoded.version, service, ordered_by, encoded.body)

    def _run(self) -> None:
        while batch := self._next_batch():
            try:
                self._must_be_there()
                self._write(batch)
            except (sqlite3.Error, OSError) as error:
                self._refused(batch, error)
                if self._closing:
                    break
            else:
                self._written(batch)
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def _must_be_there(self) -> None:
        """OSError when the file has been taken away: what is written to it then is gone with the process."""
        if _identity(self.path) != self._identity:
            raise OSError("it is not there any more, or another has its place: restart the daemon, it begins anew")

    def _next_batch(self) -> list[_Entry]:
        """The oldest entries, when there are some; empty when nothing is left to do."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            return [self._queue[index] for index in range(min(BATCH, len(self._queue)))]

    def _write(self, batch: list[_Entry]) -> None:
        connection = self._connection
        checkpoints = [entry.checkpoint for entry in batch if entry.checkpoint]
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(_INSERT, (row for entry in batch for row in entry.rows))
            if checkpoints:
                connection.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?, ?, ?)", checkpoints[-1])
                connection.execute(_PRUNE_CHECKPOINTS, (KEEP_CHECKPOINTS,))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _written(self, batch: list[_Entry]) -> None:
        with self._changed:
            for _ in batch:
                self._queue.popleft()
            self._trouble = ""
        for entry in batch:
            if not entry.written.done():
                entry.written.set_result(None)
        self._unpruned += sum(len(entry.rows) for entry in batch)
        if self._unpruned >= PRUNE_EVERY:
            self._unpruned = 0
            with contextlib.suppress(sqlite3.Error):  # the next append will tell
                self._connection.execute(_PRUNE_OBSERVED, (KEEP_OBSERVED, PRUNE_AT_ONCE))

    def _refused(self, batch: list[_Entry], error: Exception) -> None:
        """Tell those who wait, keep the entries, and wait a little: for time to pass or for a new entry."""
        self._trouble = f"{self.path}: {error}"
        if isinstance(error, sqlite3.Error) and damaged(error):
            self._trouble += "; the file is damaged: restart the daemon, it sets the file aside and goes on"
        for entry in batch:
            if not entry.written.done():
                entry.written.set_exception(NotDurableError(self._trouble))
        with self._changed:
            waiting = len(self._queue)
            self._changed.wait_for(lambda: len(self._queue) > waiting or self._closing, RETRY_S)


def _identity(path: Path) -> tuple[int, int] | None:
    """What tells this file from another in its place; None when there is none."""
    try:
        facts = path.stat()
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino


def _belongs_to(body: Body) -> tuple[str | None, int | None]:
    """The service that a record is about; an outcome names the record that ordered its effect instead."""
    service = getattr(body, "service", None)
    if service is not None:
        return service, None
    parts = getattr(body, "effect", "").rsplit("/", 2)  # deployment/seq of the ordering record/index
    return None, int(parts[1]) if len(parts) == 3 and parts[1].isdecimal() else None  # noqa: PLR2004  # as above
