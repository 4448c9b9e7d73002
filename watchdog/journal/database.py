"""The journal's file: its lock, its tables, and what is done when it is damaged.

What lives here: everything from a folder to a database that can be written. What must not: queues, threads, the
meaning of a record. A damaged file is never repaired in place: it is set aside, and what can be read goes to a new one.
"""

import contextlib
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

NAME: Final = "journal.sqlite"
LOCK: Final = "journal.lock"
SCHEMA: Final = 1
WAL_LIMIT_BYTES: Final = 16 * 2**20  # what a checkpointed write-ahead log may keep of the disk
DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
COLUMNS: Final = "seq, at, wall, type, version, service, body"
CHECKPOINT_COLUMNS: Final = "seq, wall, version, digest, body"

_TABLES: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE records (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, wall REAL NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL,
    service TEXT, body TEXT NOT NULL);
CREATE INDEX records_type ON records (type);
CREATE INDEX records_service ON records (service);
CREATE TABLE checkpoints (
    seq INTEGER PRIMARY KEY, wall REAL NOT NULL, version INTEGER NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL);
CREATE TABLE set_aside (
    seq INTEGER NOT NULL, at REAL NOT NULL, wall REAL NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL,
    service TEXT, body TEXT NOT NULL, why TEXT NOT NULL);
"""


class JournalError(Exception):
    """The journal cannot be used. The message says which file, what is wrong, and what would help."""


class Lock:
    """The exclusive use of a folder, until `release` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        """JournalError if another process has it."""
        path = folder / LOCK
        try:
            self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644), "r+b", buffering=0)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._file.read(32).decode(errors="replace").strip() or "unknown"
            self._file.close()
            raise JournalError(f"{folder} is in use by another daemon (pid {holder}); one folder serves one") from error
        with contextlib.suppress(OSError):  # the number is for people; a full disk must not keep the daemon down
            self._file.truncate(0)
            self._file.write(f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Let another process have the folder. Once more does nothing."""
        self._file.close()


def open_database(folder: Path, wall: float) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """A sound database that can be written, and what people should know of how it came about.

    `wall` (Unix seconds) names a damaged file that is set aside. JournalError when the file cannot be opened or was
    written by a newer version.
    """
    path = folder / NAME
    known = path.exists()
    try:
        connection = _connect(path)
        try:
            trouble = _trouble(connection)
            if not trouble:
                fresh = _make_tables(connection, wall)
                return connection, (f"{path} was empty; the journal begins anew",) if known and fresh else ()
        except BaseException:
            connection.close()
            raise
        connection.close()
    except sqlite3.DatabaseError as error:
        if not damaged(error):
            raise JournalError(f"{path}: {error}") from error
        trouble = str(error)
    return _begin_anew(path, trouble, wall)


def damaged(error: sqlite3.Error) -> bool:
    """Whether the file is at fault, not the disk, the rights or another process."""
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in DAMAGE


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        path.touch(mode=0o640)  # the write-ahead log takes the same mode
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _trouble(connection: sqlite3.Connection) -> str:
    """What is wrong with the file; empty when nothing is."""
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    return "" if answer == "ok" else str(answer)


def _make_tables(connection: sqlite3.Connection, wall: float) -> bool:
    """Whether the tables had to be made. JournalError when they are of a newer version."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone() is None:
        connection.executescript(f"BEGIN; {_TABLES} COMMIT")
        connection.executemany("INSERT INTO meta VALUES (?, ?)", [("schema", str(SCHEMA)), ("created", str(int(wall)))])
        return True
    row = connection.execute("SELECT value FROM meta WHERE key = 'schema'").fetchone()
    if row is None or not row[0].isdecimal() or int(row[0]) > SCHEMA:
        found = "none" if row is None else row[0]
        raise JournalError(
            f"the journal has schema {found}, this program knows schemas up to {SCHEMA}; "
            "start the newer version again, or move the journal away to begin anew"
        )
    return False


def _begin_anew(path: Path, trouble: str, wall: float) -> tuple[sqlite3.Connection, tuple[str, ...]]:
    """Set the damaged file aside and carry over what can be read of it."""
    aside = path.with_name(f"{path.name}.corrupt-{int(wall)}")
    for suffix in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    connection = _connect(path)
    _make_tables(connection, wall)
    told = f"{path} was damaged ({trouble}); it is kept as {aside.name}. {_carry_over(aside, connection)}"
    return connection, (told,)


def _carry_over(aside: Path, target: sqlite3.Connection) -> str:
    """Copy the checkpoints that can be read, the records before the damage, and those after the last checkpoint."""
    source = sqlite3.connect(f"file:{aside}?mode=ro", uri=True, isolation_level=None)
    target.execute("BEGIN")
    with contextlib.closing(source):
        checkpoints = _copy(source, target, f"checkpoints ({CHECKPOINT_COLUMNS})", "seq > 0 ORDER BY seq DESC")
        last = max(checkpoints, default=0)
        records = _copy(source, target, f"records ({COLUMNS})", "seq > 0 ORDER BY seq")
        if max(records, default=0) < last:
            records += _copy(source, target, f"records ({COLUMNS})", f"seq > {last} ORDER BY seq")
    target.execute("COMMIT")
    kept = f"{len(records)} records" + (f" ({records[0]} to {records[-1]})" if records else "")
    state = f"the state as of record {last}" if checkpoints else "no state"
    return f"Carried over: {kept} and {state}; the rest is lost."


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, table: str, which: str) -> list[int]:
    """Copy rows in order until the first that cannot be read; their numbers. `table` is a name and its columns."""
    name, _, columns = table.rstrip(")").partition(" (")
    places = ", ".join("?" * len(columns.split(",")))
    copied = []
    for row in _readable(source, f"SELECT {columns} FROM {name} WHERE {which}"):  # noqa: S608  # names of this module
        with contextlib.suppress(sqlite3.IntegrityError):  # a damaged row may break what the table promises
            target.execute(f"INSERT INTO {table} VALUES ({places})", row)  # noqa: S608  # as above
            copied.append(int(row[0]))
    return copied


def _readable(source: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    try:
        yield from source.execute(query)
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return
