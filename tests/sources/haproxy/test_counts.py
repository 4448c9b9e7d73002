"""From raw counters to events. The columns of each case are those that HAProxy 2.6.12 showed for one such request."""

from collections.abc import Mapping

import pytest

from watchdog.core.model import Missing
from watchdog.outside.haproxy_table import COUNTERS, Row
from watchdog.sources.haproxy.counts import Counting, Counts, advance


def row(server: str = "green", /, *, sessions: float = 0.0, **counters: float) -> Row:
    return Row(
        server=server,
        counters={name: counters.get(name, 0.0) for name in COUNTERS},
        sessions=sessions,
        queue=0.0,
        response_time=0.0,
        status="UP",
        check="L7OK",
        checked=True,
    )


def after(*polls: list[Row], processes: tuple[str, ...] = ("1",)) -> Counts | Missing:
    """The last count of polls a second apart; the last process stays."""
    counting = Counting()
    counts: Counts | Missing = Missing.EMPTY
    for index, rows in enumerate(polls):
        process = processes[min(index, len(processes) - 1)]
        counting, counts = advance(counting, float(index), process, rows)
    return counts


def counted(counts: Counts | Missing) -> tuple[float, float, float, float, float]:
    assert isinstance(counts, Counts)
    return counts.requests, counts.errors, counts.connect_errors, counts.response_errors, counts.retries


OK = {"stot": 1.0, "hrsp_2xx": 1.0}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        pytest.param(OK, (1, 0, 0, 0, 0), id="served"),
        pytest.param({"stot": 1, "hrsp_4xx": 1}, (1, 0, 0, 0, 0), id="404"),
        pytest.param({"stot": 1, "hrsp_5xx": 1}, (1, 1, 0, 0, 0), id="500"),
        pytest.param({"stot": 1, "eresp": 1}, (1, 1, 0, 1, 0), id="hung, closed or no HTTP"),
        pytest.param({"stot": 1, "eresp": 2}, (1, 1, 0, 1, 0), id="reset"),
        pytest.param({"stot": 1, "srv_abrt": 1}, (1, 1, 0, 1, 0), id="reset on a kept connection"),
        pytest.param({"stot": 1, "hrsp_2xx": 1, "eresp": 1, "srv_abrt": 1}, (1, 0, 0, 0, 0), id="body cut short"),
        pytest.param({"stot": 1, "hrsp_5xx": 1, "eresp": 1, "srv_abrt": 1}, (1, 1, 0, 0, 0), id="500 cut short"),
        pytest.param({"stot": 1, "hrsp_2xx": 1, "eresp": 1}, (1, 0, 0, 0, 0), id="user left during the answer"),
        pytest.param({"stot": 1}, (0, 0, 0, 0, 0), id="user left before the answer, abortonclose"),
        pytest.param({"stot": 1, "econ": 1}, (1, 1, 1, 0, 0), id="refused"),
        pytest.param({"stot": 4, "econ": 1, "wretr": 3}, (1, 1, 1, 0, 3), id="refused four times"),
        pytest.param({"stot": 1, "wredis": 1}, (1, 1, 1, 0, 1), id="given to another server"),
        pytest.param({"stot": 3, "wretr": 2, "wredis": 1}, (1, 1, 1, 0, 3), id="refused, then given to another"),
        pytest.param({"stot": 4, "eresp": 1, "wretr": 6}, (1, 1, 0, 1, 6), id="hung, repeated by retry-on"),
        pytest.param({"stot": 4, "eresp": 5, "wretr": 6}, (1, 1, 0, 1, 6), id="reset, repeated by retry-on"),
        pytest.param({"stot": 3, "eresp": 3, "wretr": 5, "wredis": 1}, (1, 1, 1, 0, 6), id="reset, then elsewhere"),
        pytest.param({"stot": 2, "hrsp_2xx": 1, "wretr": 2}, (1, 0, 0, 0, 2), id="repeated with success"),
    ],
)
def test_every_request_counts_once(columns: Mapping[str, float], expected: tuple[float, ...]) -> None:
    """In requests, and if it failed in errors and in one class of them; also beside a hundred that were served."""
    assert expected == counted(after([row()], [row(**columns)]))

    busy = {**columns, "stot": columns["stot"] + 100, "hrsp_2xx": columns.get("hrsp_2xx", 0) + 100}
    assert (expected[0] + 100, *expected[1:]) == counted(after([row()], [row(**busy)]))


def test_the_first_poll_counts_nothing() -> None:
    """Old counters are no news."""
    assert Missing.EMPTY is after([row(stot=1000, hrsp_5xx=1000)])
    assert (0, 0, 0, 0, 0) == counted(after([row(stot=1000, hrsp_5xx=1000)], [row(stot=1000, hrsp_5xx=1000)]))


def test_a_request_under_way_is_not_over() -> None:
    """It counts when it ends."""
    then, now = row(stot=10, hrsp_2xx=10), row(stot=12, hrsp_2xx=10, eresp=1, sessions=1)
    assert (1, 1, 0, 1, 0) == counted(after([then], [now]))

    ended = row(stot=12, hrsp_2xx=10, eresp=2)
    assert (1, 1, 0, 1, 0) == counted(after([then], [now], [ended]))


def test_a_missed_poll_loses_nothing() -> None:
    """The next count reaches over it."""
    counting, _ = advance(Counting(), 1.0, "1", [row(**OK)])
    _, counts = advance(counting, 9.0, "1", [row(stot=5, hrsp_2xx=5)])

    assert isinstance(counts, Counts)
    assert (4.0, 1.0) == (counts.requests, counts.since)


def test_a_new_process_counts_in_full() -> None:
    """All that it has counted was after the last look at the old one, even where it has overtaken the old counters."""
    old, new = row(stot=5, hrsp_2xx=5, sessions=2), row(stot=8, hrsp_2xx=6, hrsp_5xx=1, sessions=1)
    assert (7, 1, 0, 0, 0) == counted(after([old], [new], processes=("1", "2")))


def test_a_server_that_comes_with_a_new_process_counts_in_full() -> None:
    """And one that appears while the process runs counts from then on."""
    new = [row(), row("green-2", stot=3, hrsp_2xx=3)]
    assert 3.0 == counted(after([row()], new, processes=("1", "2")))[0]
    assert 0.0 == counted(after([row()], new))[0]


def test_cleared_counters_begin_again_for_the_whole_server() -> None:
    """One that is lower tells that the others began again too, even where they have overtaken their old values."""
    then = row(stot=1000, hrsp_2xx=998, hrsp_5xx=2, sessions=3)
    now = row(stot=10, hrsp_2xx=5, hrsp_5xx=5, sessions=3)

    assert (10, 5, 0, 0, 0) == counted(after([then], [now]))


def test_differences_are_taken_per_server_before_the_sum() -> None:
    """One that begins again does not eat the other's counts."""
    first = [row("a", stot=100, hrsp_2xx=100), row("b", stot=50, hrsp_2xx=50)]
    then = [row("a", stot=105, hrsp_2xx=105), row("b", stot=3, hrsp_2xx=3)]

    assert 8.0 == counted(after(first, then))[0]


def test_servers_that_answered_are_named() -> None:
    """By their own answers since the last look."""
    first = [row("a", hrsp_2xx=1), row("b", hrsp_2xx=1), row("c")]
    counts = after(first, [row("a", hrsp_2xx=2), row("b", hrsp_2xx=1), row("d", hrsp_2xx=9)])

    assert isinstance(counts, Counts)
    assert {"a"} == counts.answered


def test_counters_read_a_moment_apart_make_no_failures() -> None:
    """HAProxy's threads count while the table is written: a small contradiction is no event."""
    assert (5, 0, 0, 0, 0) == counted(after([row()], [row(stot=5, hrsp_2xx=5, eresp=3, sessions=1)]))


def test_an_older_process_that_answers_again_counts_nothing() -> None:
    """During a reload both may answer for a moment; its whole past would otherwise come as one burst."""
    past = row(stot=900, hrsp_2xx=600, hrsp_5xx=300)
    counting, _ = advance(Counting(), 1.0, "1", [past], started=100.0)
    counting, young = advance(counting, 2.0, "2", [row(stot=3, hrsp_2xx=3)], started=200.0)
    assert (3, 0, 0, 0, 0) == counted(young)

    counting, old = advance(counting, 3.0, "1", [past], started=100.0)
    assert Missing.STALE is old
    _, young = advance(counting, 4.0, "2", [row(stot=5, hrsp_2xx=5)], started=200.0)
    assert (2, 0, 0, 0, 0) == counted(young)


def test_an_older_process_that_stays_is_the_present_one() -> None:
    """The clock was set back before a reload: its past does not count, and what comes after it does."""
    counting, _ = advance(Counting(), 0.0, "1", [row(stot=9, hrsp_2xx=9)], started=200.0)
    found: list[Counts | Missing] = []
    for poll in range(1, 6):
        counting, counts = advance(counting, float(poll), "2", [row(stot=poll, hrsp_2xx=poll)], started=100.0)
        found.append(counts)

    assert [Missing.STALE, Missing.STALE, Missing.STALE, Missing.EMPTY] == found[:4]
    assert (1, 0, 0, 0, 0) == counted(found[4])


def test_servers_that_are_gone_for_an_hour_are_forgotten() -> None:
    """Names of servers that are added at run time come and go for ever."""
    counting = Counting()
    for hour in range(5):
        counting, _ = advance(counting, 3700.0 * hour, "1", [row(f"green-{hour}", stot=1)])

    assert ["green-4"] == list(counting.rows)
