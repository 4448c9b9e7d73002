"""What the journal says: for the start after a crash, and for people who ask why.

What lives here: reading records and checkpoints back. What must not: folding them (the daemon does, with the core's
`evolve`) and deciding. What cannot be read is set aside in the journal's own table, never skipped in silence.
"""

import contextlib
import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchdog.core.records import Record
from watchdog.journal.codec import (
    Checkpoint,
    CodecError,
    Encoded,
    TooNewError,
    decode,
    decode_checkpoint,
)
from watchdog.journal.database import COLUMNS, NAME, JournalError
from watchdog.journal.store import Store

LIMIT: Final = 1_000
"""Records that one reading gives at most unless it asks for another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """Where the daemon stood: the last state, and the facts since then, which are folded and never decided again."""

    checkpoint: Checkpoint | None
    records: tuple[Record, ...]
    messages: tuple[str, ...]
    """What people should know: what was damaged, set aside or missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """A record with the wall-clock time (Unix seconds) at which it was appended."""

    wall: float
    record: Record


def recover(store: Store) -> Recovered:
    """The last checkpoint that can be read and the records after it; call it before the first append.

    A record that cannot be read is set aside with everything after it. JournalError when a newer version wrote it.
    """
    try:
        checkpoint, messages = _last_checkpoint(store.connection)
        records, more = _records_after(store, 0 if checkpoint is None else checkpoint.state.seq)
    except sqlite3.Error as error:
        raise JournalError(f"{store.path}: {error}") from error
    return Recovered(checkpoint=checkpoint, records=records, messages=(*store.messages, *messages, *more))


def read(
    folder: Path,
    *,
    since_seq: int | None = None,
    service: str | None = None,
    types: Collection[str] | None = None,
    limit: int = LIMIT,
) -> tuple[Dated, ...]:
    """Records in order, also while a daemon writes; safe in any thread.

    Without `since_seq` the newest `limit`, with it the first `limit` after that number. `service`: only records of
    that service, and those that belong to none (a configuration, a start). JournalError when there is no journal or a
    record cannot be read.
    """
    path = folder / NAME
    where, values = _conditions(since_seq, service, types)
    order = "DESC" if since_seq is None else "ASC"
    query = f"SELECT {COLUMNS} FROM records {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608  # values are bound
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            rows = connection.execute(query, (*values, limit)).fetchall()
        found = [Dated(wall=row[2], record=decode(_encoded(row))) for row in rows]
    except (sqlite3.Error, CodecError) as error:
        raise JournalError(f"{path}: {error}") from error
    return tuple(found if order == "ASC" else reversed(found))


def _conditions(
    since_seq: int | None, service: str | None, types: Collection[str] | None
) -> tuple[str, list[int | str]]:
    conditions: list[str] = []
    values: list[int | str] = []
    if since_seq is not None:
        conditions.append("seq > ?")
        values.append(since_seq)
    if service is not None:
        conditions.append("(service = ? OR service IS NULL)")
        values.append(service)
    if types is not None:
        conditions.append(f"type IN ({', '.join('?' * len(types))})")
        values.extend(types)
    return f"WHERE {' AND '.join(conditions)}" if conditions else "", values


def _last_checkpoint(connection: sqlite3.Connection) -> tuple[Checkpoint | None, list[str]]:
    messages: list[str] = []
    rows = connection.execute("SELECT seq, version, body FROM checkpoints ORDER BY seq DESC").fetchall()
    for seq, version, body in rows:
        try:
            return decode_checkpoint(body, version), messages
        except TooNewError as error:
            raise JournalError(f"the journal is of a newer version: {error}; start that version again") from error
        except CodecError as error:
            connection.execute(
                "INSERT INTO set_aside SELECT seq, 0, wall, 'Checkpoint', version, NULL, body, ? FROM checkpoints "
                "WHERE seq = ?",
                (str(error), seq),
            )
            connection.execute("DELETE FROM checkpoints WHERE seq = ?", (seq,))
            messages.append(f"the state saved after record {seq} cannot be read and is set aside: {error}")
    return None, messages


def _records_after(store: Store, seq: int) -> tuple[tuple[Record, ...], list[str]]:
    records: list[Record] = []
    query = f"SELECT {COLUMNS} FROM records WHERE seq > ? ORDER BY seq"  # noqa: S608  # names of this package
    for row in store.connection.execute(query, (seq,)):
        try:
            records.append(decode(_encoded(row)))
        except TooNewError as error:
            raise JournalError(f"the journal is of a newer version: {error}; start that version again") from error
        except CodecError as error:
            last = records[-1].seq if records else seq
            return tuple(records), [_set_aside(store, last, str(error))]
    return tuple(records), []


def _set_aside(store: Store, last: int, why: str) -> str:
    """Move everything after `last` out of the way; what people should know of it."""
    connection = store.connection
    connection.execute("BEGIN IMMEDIATE")
    moved = connection.execute(
        f"INSERT INTO set_aside SELECT {COLUMNS}, ? FROM records WHERE seq > ?",  # noqa: S608  # names of this package
        (why, last),
    ).rowcount
    connection.execute("DELETE FROM records WHERE seq > ?", (last,))
    connection.execute("COMMIT")
    store.forget_after(last)
    return f"{moved} records after record {last} are set aside (table set_aside of {store.path}): {why}"


def _encoded(row: tuple[Any, ...]) -> Encoded:
    seq, at, _, kind, version, _, body = row
    return Encoded(seq=seq, at=at, type=kind, version=version, body=body)
