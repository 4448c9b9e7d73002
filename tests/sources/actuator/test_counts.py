"""From raw counters of several servers to events."""

from collections.abc import Mapping

from watchdog.core.model import Missing
from watchdog.sources.actuator.counts import Count, Counted, Counting, advance


def after(*polls: Mapping[str, Counted]) -> Mapping[str, Count]:
    """The last counts of polls a second apart."""
    counting = Counting()
    counts: Mapping[str, Count] = {}
    for index, servers in enumerate(polls):
        counting, counts = advance(counting, float(index), servers)
    return counts


def one(value: float | None, started: float | None = 1.0) -> dict[str, Counted]:
    return {"a": Counted(values={"gc": value}, started=started)}


def test_the_first_poll_counts_nothing() -> None:
    """Then the increase counts, since the last poll."""
    assert {"gc": Count(Missing.EMPTY, None)} == after(one(100.0))
    assert {"gc": Count(7.0, 0.0)} == after(one(100.0), one(107.0))


def test_a_counter_that_comes_to_be_counts_in_full() -> None:
    """It was not there at the last poll, so all of it has happened since."""
    assert {"gc": Count(3.0, 1.0)} == after(one(None), one(None), one(3.0))


def test_a_restart_counts_in_full() -> None:
    """Seen by its start even where the counter has overtaken its old value; by its fall where no start is told."""
    assert 120.0 == after(one(100.0, 1.0), one(120.0, 2.0))["gc"].value
    assert 5.0 == after(one(100.0, None), one(5.0, None))["gc"].value
    assert 20.0 == after(one(100.0, 1.0), one(120.0, None))["gc"].value
    assert 4.0 == after(one(100.0, 1.0), one(None, 2.0), one(4.0, 2.0))["gc"].value


def test_an_older_process_that_answers_counts_nothing() -> None:
    """Two behind one name that answer in turn would otherwise both be restarts, and their whole past would count."""
    young = after(one(50.0, 1.0), one(3.0, 2.0), one(51.0, 1.0), one(4.0, 2.0))
    assert {"gc": Count(1.0, 1.0)} == young
    assert {"gc": Count(Missing.STALE, None)} == after(one(50.0, 1.0), one(3.0, 2.0), one(51.0, 1.0))


def test_an_older_process_that_stays_is_the_present_one() -> None:
    """The clock was set back before a restart: its past does not count, and what comes after it does."""
    polls = [one(9.0, 2.0), *(one(float(value), 1.0) for value in range(1, 6))]

    assert {"gc": Count(Missing.STALE, None)} == after(*polls[:4])
    assert {"gc": Count(Missing.EMPTY, None)} == after(*polls[:5])
    assert {"gc": Count(1.0, 4.0)} == after(*polls)


def test_differences_are_taken_per_server_before_the_sum() -> None:
    """One that restarts does not eat the other's."""

    def two(first: float, second: float, started: float) -> dict[str, Counted]:
        return {
            "a": Counted(values={"gc": first}, started=started),
            "b": Counted(values={"gc": second}, started=1.0),
        }

    assert 9.0 == after(two(100.0, 50.0, 1.0), two(4.0, 55.0, 2.0))["gc"].value


def test_a_counter_that_one_server_does_not_tell_waits() -> None:
    """And reaches over the gap when it is told again; the others go on."""
    first = {"a": Counted(values={"x": 1.0, "y": 1.0}), "b": Counted(values={"x": 1.0, "y": 1.0})}
    half = {"a": Counted(values={"x": 2.0, "y": 2.0}), "b": Counted(values={"x": 2.0})}
    again = {"a": Counted(values={"x": 3.0, "y": 3.0}), "b": Counted(values={"x": 3.0, "y": 3.0})}

    assert {"x": Count(2.0, 0.0)} == after(first, half)
    assert {"x": Count(2.0, 1.0), "y": Count(4.0, 0.0)} == after(first, half, again)
