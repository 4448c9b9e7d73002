"""What is appended is on disk in order, or the caller hears in time that it is not."""

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.journal.samples import checkpoint, observed, record
from watchdog.core.events import BrakeOutcome, NotDurable, Pause, Tick
from watchdog.core.records import Accepted
from watchdog.journal import store as module
from watchdog.journal.database import JournalError
from watchdog.journal.recovery import read, recover
from watchdog.journal.store import NotDurableError, Store

WAIT_S = 10.0


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Store]:
    store = Store.open(tmp_path, wall=100.0)
    yield store
    store.close()


def seqs(folder: Path) -> list[int]:
    return [found.record.seq for found in read(folder, since_seq=0, limit=1_000_000)]


def settled(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true in good time."""
    tick = threading.Event()
    return any(condition() or tick.wait(0.01) for _ in range(int(WAIT_S / 0.01))) or condition()


class StuckStore(Store):
    """A journal whose disk hangs until `go`, or refuses while `refusing`."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # as the base takes them
        self.go = threading.Event()
        self.refusing = ""
        self.tries = 0

    def _write(self, batch: list[module._Entry]) -> None:
        self.tries += 1
        self.go.wait(WAIT_S)
        if self.refusing:
            raise sqlite3.OperationalError(self.refusing)
        super()._write(batch)


@pytest.fixture
def stuck(tmp_path: Path) -> Iterator[StuckStore]:
    store = StuckStore.open(tmp_path, wall=100.0)
    yield store
    store.refusing = ""
    store.go.set()
    store.close()


def test_what_is_appended_can_be_read(opened: Store, tmp_path: Path) -> None:
    """Records come back in order, with the wall-clock time of their append."""
    written = [record(1, Tick()), record(2, Accepted(command="c"))]

    opened.append(written, wall=100.5).result(WAIT_S)

    assert [(100.5, written[0]), (100.5, written[1])] == [(d.wall, d.record) for d in read(tmp_path)]


def test_durable_means_on_disk(tmp_path: Path) -> None:
    """A process killed right after an append was durable has lost nothing."""
    program = f"""
import os, pathlib
from tests.journal.samples import observed, checkpoint
from watchdog.journal.store import Store
store = Store.open(pathlib.Path({str(tmp_path)!r}), wall=1.0)
for seq in range(1, 4):
    store.append([observed(seq)], checkpoint(seq), wall=1.0).result(10)
os.kill(os.getpid(), 9)
"""
    subprocess.run([sys.executable, "-c", program], check=False, cwd=Path(__file__).parents[2])

    store = Store.open(tmp_path, wall=2.0)
    recovered = recover(store)
    store.close()

    assert [1, 2, 3] == seqs(tmp_path)
    assert recovered.checkpoint == checkpoint(3)
    assert () == recovered.messages


def test_ephemeral_records_are_not_kept(opened: Store, tmp_path: Path) -> None:
    """An observation outside a deployment leaves a gap in the numbers and nothing else."""
    opened.append([observed(1, ephemeral=True), observed(2)], wall=1.0).result(WAIT_S)

    assert [2] == seqs(tmp_path)


def test_numbers_must_rise(opened: Store) -> None:
    """A number that is not above the last one is a fault of the caller and is refused at once."""
    opened.append([observed(5)], wall=1.0)

    with pytest.raises(ValueError, match="record 5 comes after record 5"):
        opened.append([observed(5)], wall=1.0)


def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    """A reopened journal refuses the numbers that it has."""
    store = Store.open(tmp_path, wall=1.0)
    store.append([observed(5)], wall=1.0)
    assert store.close()

    store = Store.open(tmp_path, wall=1.0)
    with pytest.raises(ValueError, match="record 5 comes after record 5"):
        store.append([observed(5)], wall=1.0)
    store.close()


def test_closing_writes_what_waits(tmp_path: Path) -> None:
    """Nothing that was appended before the close is lost by it, and nothing can be appended after."""
    store = Store.open(tmp_path, wall=1.0)
    for seq in range(1, 101):
        store.append([observed(seq)], wall=1.0)

    assert store.close()
    assert list(range(1, 101)) == seqs(tmp_path)
    with pytest.raises(JournalError, match="is closed"):
        store.append([observed(101)], wall=1.0)


def test_a_second_daemon_is_refused(opened: Store, tmp_path: Path) -> None:
    """The refusal names the folder and the process that has it; the first daemon goes on."""
    with pytest.raises(JournalError, match=rf"{tmp_path} is in use by another daemon \(pid {os.getpid()}\)"):
        Store.open(tmp_path, wall=1.0)

    opened.append([observed(1)], wall=1.0).result(WAIT_S)


def test_a_closed_journal_can_be_opened_again(tmp_path: Path) -> None:
    """A close lets go of the folder."""
    assert Store.open(tmp_path, wall=1.0).close()
    assert Store.open(tmp_path, wall=1.0).close()


def test_a_stuck_disk_is_reported_in_time(stuck: StuckStore, tmp_path: Path) -> None:
    """The caller hears of it at the deadline; the entry is written when the disk answers."""

    async def wait() -> None:
        written = stuck.append([observed(1)], wall=1.0)
        with pytest.raises(NotDurableError, match=r"the disk has not answered for 0\.05 s"):
            await stuck.durable(written, deadline=0.05)
        assert 1 == stuck.backlog
        stuck.go.set()
        await stuck.durable(written, deadline=WAIT_S)

    asyncio.run(wait())

    assert [1] == seqs(tmp_path)


def test_the_deadline_is_half_a_second() -> None:
    """What the design promises."""
    assert module.DEADLINE_S == 0.5


def test_a_full_disk_is_reported_and_nothing_is_lost(stuck: StuckStore, tmp_path: Path) -> None:
    """While the disk refuses, callers hear why at once; afterwards everything is written in order."""
    stuck.refusing = "database or disk is full"
    stuck.go.set()
    for seq in range(1, 4):
        with pytest.raises(NotDurableError, match=r"journal\.sqlite: database or disk is full"):
            stuck.append([observed(seq)], wall=1.0).result(WAIT_S)
    assert stuck.trouble.endswith("database or disk is full")

    stuck.refusing = ""
    stuck.append([observed(4)], wall=1.0).result(WAIT_S)

    assert [1, 2, 3, 4] == seqs(tmp_path)
    assert ("", 0) == (stuck.trouble, stuck.backlog)


def test_a_disk_that_comes_back_is_noticed_without_an_append(
    stuck: StuckStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer tries again by itself."""
    monkeypatch.setattr(module, "RETRY_S", 0.02)
    stuck.refusing = "disk I/O error"
    stuck.go.set()
    with pytest.raises(NotDurableError):
        stuck.append([observed(1)], wall=1.0).result(WAIT_S)

    stuck.refusing = ""

    assert settled(lambda: stuck.backlog == 0)
    assert [1] == seqs(tmp_path)


def test_closing_on_a_full_disk_ends(stuck: StuckStore) -> None:
    """A disk that refuses does not hold up exit, and the close says that something is missing."""
    stuck.refusing = "database or disk is full"
    stuck.go.set()
    stuck.append([observed(1)], wall=1.0)

    assert not stuck.close()
    assert stuck.tries < 5


def test_closing_on_a_stuck_disk_ends(stuck: StuckStore) -> None:
    """A disk that hangs is left behind at the deadline."""
    stuck.append([observed(1)], wall=1.0)

    assert not stuck.close(deadline=0.05)


def test_waiting_entries_share_a_transaction(stuck: StuckStore, tmp_path: Path) -> None:
    """A hundred entries that wait are written in two transactions: the one under way and one more."""
    done = [stuck.append([observed(seq)], wall=1.0) for seq in range(1, 101)]
    stuck.go.set()
    for written in done:
        written.result(WAIT_S)

    assert stuck.tries <= 2
    assert list(range(1, 101)) == seqs(tmp_path)


def test_a_backlog_holds_the_state_once(stuck: StuckStore, tmp_path: Path) -> None:
    """Of the checkpoints that wait only the newest is kept, and it is the one that is written."""
    for seq in range(1, 11):
        stuck.append([observed(seq)], checkpoint(seq), wall=1.0)
    assert [10] == [entry.checkpoint[0] for entry in stuck._queue if entry.checkpoint]

    stuck.go.set()
    stuck.close()

    store = Store.open(tmp_path, wall=2.0)
    assert recover(store).checkpoint == checkpoint(10)
    store.close()


def test_only_the_last_checkpoints_are_kept(opened: Store) -> None:
    """Three are kept: one is enough, two are for damage."""
    for seq in range(1, 8):
        opened.append([], checkpoint(seq), wall=1.0).result(WAIT_S)

    with contextlib.closing(sqlite3.connect(opened.path)) as other:
        assert [(5,), (6,), (7,)] == other.execute("SELECT seq FROM checkpoints ORDER BY seq").fetchall()


def test_old_observations_go_and_decisions_stay(opened: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the bound the oldest observations go, at most up to the oldest checkpoint; everything else is kept."""
    monkeypatch.setattr(module, "PRUNE_EVERY", 20)
    monkeypatch.setattr(module, "KEEP_OBSERVED", 5)
    opened.append([record(1, Accepted(command="c"))], wall=1.0)
    opened.append([observed(seq) for seq in range(2, 11)], checkpoint(8), wall=1.0).result(WAIT_S)
    assert list(range(1, 11)) == seqs(tmp_path)

    opened.append([observed(seq) for seq in range(11, 21)], wall=1.0).result(WAIT_S)

    assert settled(lambda: seqs(tmp_path) == [1, *range(9, 21)])


def test_a_record_knows_its_service(opened: Store, tmp_path: Path) -> None:
    """An outcome belongs to the service whose record ordered its effect; a record without a service to everyone."""
    pause = Pause(id="1", by="Ama", service="shop")
    opened.append(
        [
            record(1, pause),
            record(2, Pause(id="2", by="Ama", service="lab")),
            record(3, BrakeOutcome(effect="d1/1/0", ok=True)),
            record(4, BrakeOutcome(effect="d/2/2/0", ok=True)),
            record(5, BrakeOutcome(effect="nonsense", ok=True)),
            record(6, NotDurable(detail="full")),
        ],
        wall=1.0,
    ).result(WAIT_S)

    assert [1, 3, 5, 6] == [found.record.seq for found in read(tmp_path, service="shop")]
    assert [2, 4, 5, 6] == [found.record.seq for found in read(tmp_path, service="lab")]


def mounted(folder: Path, size: str) -> bool:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def test_a_really_full_disk(tmp_path: Path) -> None:
    """On a file system without space nothing is lost, and all is written when there is space again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not mounted(disk, "1M"):
        pytest.skip("no right to mount a small file system")
    try:
        store = Store.open(disk, wall=1.0)
        store.append([observed(1)], wall=1.0).result(WAIT_S)
        ballast = disk / "ballast"
        with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(bytes(4096)):
                pass
        seq = 1
        error: BaseException | None = None
        while error is None and seq < 10_000:
            seq += 1
            error = store.append([observed(seq)], wall=1.0).exception(WAIT_S)
        assert isinstance(error, NotDurableError)
        assert "full" in str(error)
        store.append([observed(seq + 1)], checkpoint(seq + 1), wall=1.0)
        ballast.unlink()
        store.append([observed(seq + 2)], wall=1.0).result(WAIT_S)

        assert list(range(1, seq + 3)) == seqs(disk)
        assert store.close()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_journal_that_was_taken_away_takes_nothing_more(opened: Store, tmp_path: Path) -> None:
    """What is written to a file without a name is gone with the process, so callers hear that it is not kept."""
    opened.append([observed(1)], wall=1.0).result(WAIT_S)
    opened.path.rename(tmp_path / "elsewhere")

    with pytest.raises(NotDurableError, match=r"journal\.sqlite: it is not there any more"):
        opened.append([observed(2)], wall=1.0).result(WAIT_S)
    (tmp_path / "elsewhere").rename(opened.path)
    opened.append([observed(3)], wall=1.0).result(WAIT_S)
    assert [1, 2, 3] == seqs(tmp_path)
