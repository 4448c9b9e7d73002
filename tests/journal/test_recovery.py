"""After a crash the last state and the facts since then are there; what is unreadable is set aside, not skipped."""

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journal.samples import checkpoint, observed, record
from watchdog.core.events import Pause, Started, Tick
from watchdog.journal.database import NAME, JournalError
from watchdog.journal.recovery import Recovered, read, recover
from watchdog.journal.store import Store


def fill(folder: Path) -> None:
    """Records 1 to 10, checkpoints after 3 and 6."""
    store = Store.open(folder, wall=1.0)
    store.append([observed(seq) for seq in range(1, 4)], checkpoint(3), wall=1.0).result(10.0)
    store.append([observed(seq) for seq in range(4, 7)], checkpoint(6), wall=2.0).result(10.0)
    store.append([observed(seq) for seq in range(7, 11)], wall=3.0)
    assert store.close()


def change(folder: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(folder / NAME)) as connection, connection:
        connection.execute(statement)


def reopened(folder: Path, then: Callable[[Store], object] = lambda _: None) -> Recovered:
    store = Store.open(folder, wall=9.0)
    try:
        recovered = recover(store)
        then(store)
        return recovered
    finally:
        store.close()


def test_the_last_state_and_what_came_after(tmp_path: Path) -> None:
    """The newest checkpoint, and every record after it in order."""
    fill(tmp_path)

    expected = Recovered(checkpoint=checkpoint(6), records=tuple(observed(s) for s in range(7, 11)), messages=())

    assert expected == reopened(tmp_path)


def test_a_new_journal_has_nothing(tmp_path: Path) -> None:
    """A first start finds neither state nor records, and nothing to tell."""
    assert Recovered(checkpoint=None, records=(), messages=()) == reopened(tmp_path)


def test_without_a_checkpoint_all_records_count(tmp_path: Path) -> None:
    """A crash before the first checkpoint loses nothing."""
    fill(tmp_path)
    change(tmp_path, "DELETE FROM checkpoints")

    assert list(range(1, 11)) == [found.seq for found in reopened(tmp_path).records]


def test_an_unreadable_checkpoint_is_set_aside(tmp_path: Path) -> None:
    """The one before it is used, with the records since then; people hear of it once."""
    fill(tmp_path)
    change(tmp_path, "UPDATE checkpoints SET body = '{}' WHERE seq = 6")

    recovered = reopened(tmp_path)

    assert checkpoint(3) == recovered.checkpoint
    assert list(range(4, 11)) == [found.seq for found in recovered.records]
    (message,) = recovered.messages
    assert message.startswith("the state saved after record 6 cannot be read and is set aside: ")
    assert () == reopened(tmp_path).messages


def test_an_unreadable_tail_is_set_aside(tmp_path: Path) -> None:
    """The records before it are used, it and what follows are kept in a table of their own, and numbering goes on."""
    fill(tmp_path)
    change(tmp_path, "UPDATE records SET body = '{\"x\"' WHERE seq = 9")

    recovered = reopened(tmp_path, lambda store: store.append([observed(9)], wall=5.0).result(10.0))

    assert [7, 8] == [found.seq for found in recovered.records]
    (message,) = recovered.messages
    assert message.startswith(f"2 records after record 8 are set aside (table set_aside of {tmp_path / NAME}): ")
    assert "record 9: Observed: Invalid JSON" in message
    assert [*range(1, 10)] == [found.record.seq for found in read(tmp_path)]
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as connection:
        assert [(9, '{"x"'), (10, connection.execute("SELECT body FROM set_aside WHERE seq = 10").fetchone()[0])] == (
            connection.execute("SELECT seq, body FROM set_aside ORDER BY seq").fetchall()
        )


@pytest.mark.parametrize("table", ["records", "checkpoints"])
def test_a_newer_form_is_refused_and_kept(tmp_path: Path, table: str) -> None:
    """What a newer version wrote is not damage: nothing is set aside, the operator hears what to start."""
    fill(tmp_path)
    change(tmp_path, f"UPDATE {table} SET version = 3 WHERE seq = (SELECT max(seq) FROM {table})")

    with pytest.raises(JournalError, match=r"the journal is of a newer version: .* start that version again"):
        reopened(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / NAME)) as connection:
        assert (0,) == connection.execute("SELECT count(*) FROM set_aside").fetchone()


def test_reading_by_number_service_and_type(tmp_path: Path) -> None:
    """The newest without a number, the next ones after a number; a service's own and everybody's; only some types."""
    store = Store.open(tmp_path, wall=1.0)
    written = [
        record(1, Started()),
        record(2, Pause(id="1", service="shop")),
        record(3, Tick()),
        record(4, Pause(id="2", service="lab")),
    ]
    store.append(written, wall=7.0).result(10.0)

    def found(**wanted: object) -> list[int]:
        return [dated.record.seq for dated in read(tmp_path, **wanted)]  # type: ignore[arg-type]  # as named below

    assert [1, 2, 3, 4] == found()
    assert [3, 4] == found(limit=2)
    assert [2, 3] == found(since_seq=1, limit=2)
    assert [1, 2, 3] == found(service="shop")
    assert [2, 4] == found(types=("Pause",))
    assert [4] == found(types=("Pause",), service="lab", since_seq=2)
    assert [] == found(types=())
    assert 7.0 == read(tmp_path)[0].wall
    store.close()


def test_reading_without_a_journal(tmp_path: Path) -> None:
    """The error names the file, and none is made."""
    with pytest.raises(JournalError, match=rf"{tmp_path / NAME}: unable to open"):
        read(tmp_path)
    assert [] == list(tmp_path.iterdir())


def test_reading_a_record_that_is_damaged(tmp_path: Path) -> None:
    """The error names file and record."""
    fill(tmp_path)
    change(tmp_path, "UPDATE records SET type = 'Nothing' WHERE seq = 2")

    with pytest.raises(JournalError, match=rf"{tmp_path / NAME}: record 2: 'Nothing' is not a type of record"):
        read(tmp_path)
