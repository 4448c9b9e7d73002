"""The journal in memory."""

from dataclasses import replace

from watchdog.core.events import Started
from watchdog.core.records import Record
from watchdog.core.state import State
from watchdog.replay.journal import Journal, differences


def records(*numbers: int, ephemeral: bool = False) -> list[Record]:
    return [Record(seq=number, at=float(number), body=Started(), ephemeral=ephemeral) for number in numbers]


def test_what_was_kept_comes_back() -> None:
    """After a crash the state is the checkpoint with the records after it folded in."""
    journal = Journal()
    journal.append(records(1), State(seq=1, now=1.0), 1.0)

    assert State(seq=1, now=1.0) == journal.crash()


def test_what_was_not_written_is_lost() -> None:
    """While the disk is full nothing is kept; what waits is written when it works again."""
    journal = Journal([(5.0, 9.0)])
    assert journal.append(records(1), State(seq=1), 1.0)
    assert journal.append(records(2), State(seq=2), 6.0) is False
    assert 1 == journal.crash().seq

    assert journal.append(records(3), State(seq=3), 7.0) is False
    assert journal.flush(9.0)
    assert 3 == journal.crash().seq


def test_what_is_not_worth_keeping_is_not_kept() -> None:
    """Ephemeral records are kept by no append of their own."""
    journal = Journal()
    journal.append(records(1), State(seq=1), 1.0)

    assert journal.append(records(2, ephemeral=True), State(seq=2), 2.0) is None


def test_differences_name_the_field() -> None:
    """A lost field is named by its path; numbers and times of the record are no loss."""
    state = State(stopped_by="somebody")

    assert () == differences(state, replace(state, seq=9, now=3.0))
    assert ("stopped_by",) == differences(state, State())
