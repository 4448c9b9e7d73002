"""A damaged journal is set aside and what can be read of it goes on."""

import contextlib
import sqlite3
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journal.samples import checkpoint, observed
from watchdog.journal.database import NAME, SCHEMA, JournalError, Lock, open_database
from watchdog.journal.recovery import Recovered, read, recover
from watchdog.journal.store import Store

RECORDS = 2_000


def fill(folder: Path) -> None:
    store = Store.open(folder, wall=1.0)
    store.append([observed(seq) for seq in range(1, RECORDS + 1)], checkpoint(RECORDS - 10), wall=1.0)
    assert store.close()


def reopened(folder: Path) -> Recovered:
    store = Store.open(folder, wall=1234.5)
    recovered = recover(store)
    store.append([observed(RECORDS + 100)], wall=2.0).result(10.0)
    assert store.close()
    return recovered


def seqs(folder: Path) -> list[int]:
    return [found.record.seq for found in read(folder, since_seq=0, limit=1_000_000)]


def overwrite(path: Path, start: float, length: int) -> None:
    """Write nonsense at a place given as a share of the file."""
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * start) // 4096 * 4096)
        file.write(b"\xa5" * length)


def test_a_sound_journal_is_opened_as_it_is(tmp_path: Path) -> None:
    """No message, nothing set aside, everything there."""
    fill(tmp_path)

    recovered = reopened(tmp_path)

    assert () == recovered.messages
    assert RECORDS + 1 == len(seqs(tmp_path))
    assert [] == list(tmp_path.glob("*corrupt*"))


@pytest.mark.parametrize("place", [0.3, 0.5, 0.7])
def test_damage_in_the_middle(tmp_path: Path, place: float) -> None:
    """The damaged file is kept under a name with the time; records before the damage and the last state go on."""
    fill(tmp_path)
    overwrite(tmp_path / NAME, place, 3 * 4096)
    damaged = (tmp_path / NAME).read_bytes()

    recovered = reopened(tmp_path)

    aside = tmp_path / f"{NAME}.corrupt-1234"
    assert damaged == aside.read_bytes()
    (message,) = recovered.messages
    assert f"{tmp_path / NAME} was damaged (" in message
    assert f"it is kept as {aside.name}. Carried over: " in message
    assert message.endswith("the rest is lost.")
    found = seqs(tmp_path)
    assert list(range(1, 100)) == found[:99]
    assert checkpoint(RECORDS - 10) == recovered.checkpoint
    after = [record.seq for record in recovered.records]
    assert after == [seq for seq in found if RECORDS - 10 < seq <= RECORDS]


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: overwrite(path, 0.0, 4096),
        lambda path: path.write_bytes(b"not a database at all, but long enough to look at" * 200),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
    ],
    ids=["header", "foreign", "cut"],
)
def test_nothing_can_be_read(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """Without a single readable record the daemon still starts, and says what was lost."""
    fill(tmp_path)
    harm(tmp_path / NAME)

    recovered = reopened(tmp_path)

    assert (None, ()) == (recovered.checkpoint, recovered.records)
    (message,) = recovered.messages
    assert message.endswith("Carried over: 0 records and no state; the rest is lost.")


def test_an_empty_file_is_mentioned(tmp_path: Path) -> None:
    """A file without content is no damage that could be set aside, but people hear that the memory is gone."""
    (tmp_path / NAME).touch()

    assert (f"{tmp_path / NAME} was empty; the journal begins anew",) == reopened(tmp_path).messages


def test_a_first_start_says_nothing(tmp_path: Path) -> None:
    """A folder without a journal is the first start."""
    assert () == reopened(tmp_path / "new" / "folder").messages


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    """A journal of a newer version is neither read nor changed nor set aside."""
    fill(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as connection, connection:
        connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA + 1),))

    with pytest.raises(JournalError, match="schema 2, this program knows schemas up to 1; start the newer version"):
        Store.open(tmp_path, wall=1.0)
    assert RECORDS == len(seqs(tmp_path))
    Lock(tmp_path).release()  # the refusal has let go of the folder


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    """A path that is no folder is named with the reason."""
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match=rf"{tmp_path}/file: File exists"):
        Store.open(tmp_path / "file", wall=1.0)
    with pytest.raises(JournalError, match=rf"{tmp_path}/none/journal\.lock: No such file"):
        Lock(tmp_path / "none")


def test_a_database_that_cannot_be_opened(tmp_path: Path) -> None:
    """What is not damage is reported and not set aside."""
    (tmp_path / NAME).mkdir()

    with pytest.raises(JournalError, match="unable to open database file"):
        Store.open(tmp_path, wall=1.0)
    assert (tmp_path / NAME).is_dir()


def test_others_may_not_read_it(tmp_path: Path) -> None:
    """The journal and its log are for the daemon's user and group."""
    connection, _ = open_database(tmp_path, 1.0)
    with contextlib.closing(connection):
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) & 0o007 for path in tmp_path.iterdir()}

    assert {NAME: 0, f"{NAME}-wal": 0, f"{NAME}-shm": 0} == modes
