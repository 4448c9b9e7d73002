"""Raw counters to counts."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.core.deltas import FORGET_AFTER_S, Counters, Raw, advance, increments
from watchdog.core.model import Missing


def scrape(**series: float) -> list[Raw]:
    return [Raw(series=name, value=value) for name, value in series.items()]


def after(*scrapes: tuple[float, list[Raw]]) -> tuple[Counters, float | Missing]:
    """State and last count after a row of scrapes."""
    counters, count = Counters(), 0.0
    result: float | Missing = count
    for at, raws in scrapes:
        counters, result = advance(counters, at, raws)
    return counters, result


def test_nothing_is_forgotten_while_nobody_looked() -> None:
    """After an hour without any scrape the series that are still there have not vanished."""
    assert 8.0 == after((10.0, scrape(a=100.0)), (10.0 + 2.0 * FORGET_AFTER_S, scrape(a=108.0)))[1]


def test_the_first_scrape_counts_nothing() -> None:
    """Old counters are no news: there is nothing yet to compare them with."""
    counters, count = after((10.0, scrape(a=1000.0)))
    assert Missing.EMPTY is count
    assert Counters(known=(("a", 1000.0, 10.0),), at=10.0) == counters


def test_differences_are_taken_per_series_before_the_sum() -> None:
    """One reset among several series must not eat the others' counts."""
    assert 5.0 + 3.0 == after((10.0, scrape(a=100.0, b=50.0)), (15.0, scrape(a=105.0, b=3.0)))[1]


def test_a_restart_that_has_overtaken_its_old_value_counts_in_full() -> None:
    """Seen by the process's start: 120 since then, not 20 more than the old one had."""
    first = [Raw(series="a", value=100.0, started=1.0)]
    assert 120.0 == after((10.0, first), (15.0, [Raw(series="a", value=120.0, started=11.0)]))[1]
    assert 20.0 == after((10.0, first), (15.0, [Raw(series="a", value=120.0, started=1.0)]))[1]


@pytest.mark.parametrize(("started", "count"), [(None, 0.0), (5.0, 0.0), (10.0, 0.0), (12.0, 7.0)])
def test_a_new_series_counts_only_if_its_process_is_new(started: float | None, count: float) -> None:
    """The first sight of an old counter would bring its whole past."""
    new = [*scrape(a=1.0), Raw(series="b", value=7.0, started=started)]
    assert count == after((10.0, scrape(a=1.0)), (15.0, new))[1]


@pytest.mark.parametrize(("family", "count"), [("requests", 10.0), ("other", 3.0), ("", 3.0)])
def test_a_new_member_of_a_family_that_was_there_counts_in_full(family: str, count: float) -> None:
    """The last scrape showed the metric without this series, so it was made since: the first 500 of an application."""
    first = [Raw(series="200", value=100.0, family="requests")]
    second = [Raw(series="200", value=103.0, family="requests"), Raw(series="500", value=7.0, family=family)]
    assert count == after((10.0, first), (15.0, second))[1]


def test_a_family_that_the_last_scrape_did_not_show_proves_nothing() -> None:
    """It was away as a whole, so its members may be older than the scrape without it."""
    first = [Raw(series="200", value=100.0, family="requests"), *scrape(x=1.0)]
    last = [Raw(series="500", value=7.0, family="requests"), *scrape(x=1.0)]
    assert 0.0 == after((10.0, first), (15.0, scrape(x=1.0)), (20.0, last))[1]


def test_increments_are_told_by_series() -> None:
    """Several counts are made of one scrape, each of the series that are its own."""
    counters, _ = increments(Counters(), 10.0, scrape(a=100.0, b=50.0))
    later, found = increments(counters, 15.0, scrape(a=105.0, b=3.0, c=9.0))
    assert {"a": 5.0, "b": 3.0, "c": 0.0} == found
    assert (later, Missing.STALE) == increments(later, 15.0, scrape(a=110.0))
    assert (later, Missing.EMPTY) == increments(later, 20.0, [])


def test_a_vanished_series_keeps_its_value_and_may_come_back() -> None:
    """A target that missed a scrape loses nothing and repeats nothing."""
    rest = scrape(b=1.0)
    assert 4.0 == after((10.0, scrape(a=100.0, b=1.0)), (15.0, rest), (20.0, rest), (25.0, scrape(a=104.0, b=1.0)))[1]


def test_a_long_vanished_series_is_forgotten() -> None:
    """Otherwise each restarted container would leave one behind; it comes back as a new one."""
    late = 10.0 + FORGET_AFTER_S + 1.0
    counters, count = after((10.0, scrape(a=100.0, b=1.0)), (late, scrape(b=2.0)))
    assert (1.0, (("b", 2.0, late),)) == (count, counters.known)
    assert 0.0 == advance(counters, late + 5.0, scrape(a=150.0, b=2.0))[1]


def test_a_missed_poll_loses_nothing() -> None:
    """The next count reaches over it; `at` tells since when."""
    counters, count = after((10.0, scrape(a=100.0)), (15.0, []))
    assert (Missing.EMPTY, 10.0) == (count, counters.at)
    assert 9.0 == advance(counters, 20.0, scrape(a=109.0))[1]


@pytest.mark.parametrize("at", [10.0, 9.0])
def test_a_scrape_is_consumed_once(at: float) -> None:
    """The same or an older timestamp brings nothing new and changes nothing."""
    counters, _ = after((10.0, scrape(a=100.0)))
    assert (counters, Missing.STALE) == advance(counters, at, scrape(a=105.0))


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0])
def test_what_no_counter_can_show_is_as_good_as_vanished(value: float) -> None:
    """A stale marker among the samples is not a count."""
    counters, count = after((10.0, scrape(a=100.0)), (15.0, scrape(a=value)))
    assert Missing.EMPTY is count
    assert 5.0 == advance(counters, 20.0, scrape(a=105.0))[1]


@given(
    steps=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9), st.booleans()), max_size=40),
)
def test_every_event_seen_is_counted_once(steps: list[tuple[str, int, bool]]) -> None:
    """Against a dumb second way: count the events of all processes; a reset loses only what nobody ever showed."""
    shown = {"a": 5.0, "b": 0.0, "c": 70.0}
    counters, _ = advance(Counters(), 0.0, scrape(**shown))
    expected = found = 0.0
    for i, (name, events, restart) in enumerate(steps, start=1):
        shown[name] = float(events) if restart else shown[name] + events
        expected += events
        started = i - 0.5 if restart else None
        raws = [
            Raw(series=each, value=value, started=started if each == name else None) for each, value in shown.items()
        ]
        counters, count = advance(counters, float(i), raws)
        assert not isinstance(count, Missing)
        found += count
    assert expected == found
