"""From scrapes to counts."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.core.deltas import FORGET_AFTER_S
from watchdog.core.model import Colour, Missing
from watchdog.sources.prometheus.counting import Counted, State, count, intervals, window
from watchdog.sources.prometheus.queries import Counter, Made, histogram, plain
from watchdog.sources.prometheus.selectors import Fetch, Selector, fetches

BLUE = ("color", "=", "blue")
TOTAL = Counter(signal="requests", colour=Colour.BLUE, selector=Selector(metric="requests", matchers=(BLUE,)))
ERRORS = Counter(
    signal="errors",
    colour=Colour.BLUE,
    selector=Selector(metric="requests", matchers=(BLUE, ("status", "=~", "5.."))),
)
MADE = plain([TOTAL, ERRORS])
SCRAPE = 5.0


def series(
    values: Mapping[float, float], instance: str = "a", metric: str = "requests", **labels: str
) -> dict[str, Any]:
    """One series of a range answer."""
    return {
        "metric": {"__name__": metric, "color": "blue", "job": "app", "instance": instance, **labels},
        "values": [[time, str(value)] for time, value in values.items()],
    }


def polls(*answers: tuple[float, list[dict[str, Any]]], made: tuple[Made, ...] = MADE) -> list[tuple[Counted, ...]]:
    """What each poll counts; an answer is its time and its series."""
    state, found = State(), []
    for at, result in answers:
        (fetch,) = fetches([selector for each in made for selector in each.selectors])
        state, counted = count(state, at, made, [(fetch, result)], SCRAPE)
        found.append(counted)
    return found


def values(counted: tuple[Counted, ...]) -> list[float | Missing]:
    return [each.value for each in counted]


def test_the_first_poll_counts_nothing_and_says_that_the_source_is_alive() -> None:
    """Nothing over no time: what is in reach may be older than we are."""
    (first,) = polls((11.0, [series({5: 90, 10: 100}, status="200"), series({10: 4}, status="500")]))
    assert (Counted(value=0.0, over=(10.0, 10.0)),) * 2 == first


def test_each_scrape_is_counted_once_however_often_it_is_seen() -> None:
    """A poll between two scrapes finds nothing new; one that is late finds several."""
    ok = {5: 90, 10: 100, 15: 110, 20: 130, 25: 133}
    found = polls(
        (12.0, [series({t: v for t, v in ok.items() if t <= 10}, status="200")]),
        (17.0, [series({t: v for t, v in ok.items() if t <= 15}, status="200")]),
        (18.0, [series({t: v for t, v in ok.items() if t <= 15}, status="200")]),
        (27.0, [series({t: v for t, v in ok.items() if 10 <= t}, status="200")]),
    )
    assert [(0.0, (10, 10)), (10.0, (10, 15)), (0.0, (15, 15)), (23.0, (15, 25))] == [
        (total.value, total.over) for total, _ in found
    ]


def test_the_first_failure_of_an_application_counts() -> None:
    """Its series is new, while the others of the metric were there before; bad and total are of the same requests."""
    found = polls(
        (12.0, [series({10: 100}, status="200")]),
        (17.0, [series({10: 100, 15: 103}, status="200"), series({15: 7}, status="500")]),
    )
    assert [[0.0, 0.0], [10.0, 7.0]] == [values(each) for each in found]
    assert [(10, 15), (10, 15)] == [each.over for each in found[-1]]


def test_an_application_without_failures_has_none() -> None:
    """No series of a metric that is there is a count of 0; a metric that is not there is no count."""
    total, errors = polls((12.0, [series({10: 100}, status="200")]))[0]
    assert (0.0, 0.0) == (total.value, errors.value)
    (gone,) = polls((12.0, []))
    assert [Missing.EMPTY] * 2 == values(gone)
    assert 'no series matches requests{color="blue"}' == gone[1].detail


def test_a_restart_counts_from_zero_in_the_scrapes_between_two_polls() -> None:
    """Each scrape by itself: 5 before it, 3 and 4 after it."""
    found = polls(
        (12.0, [series({10: 100}, status="200")]),
        (27.0, [series({15: 105, 20: 3, 25: 7}, status="200")]),
    )
    assert [12.0, 0.0] == values(found[-1])


def test_a_new_target_counts_from_its_second_scrape() -> None:
    """Its counters may be old: a replaced container is another instance."""
    found = polls(
        (12.0, [series({10: 100}, status="200")]),
        (17.0, [series({15: 110}, status="200"), series({14: 5000}, "b", status="500")]),
        (22.0, [series({20: 110}, status="200"), series({14: 5000, 19: 5002}, "b", status="500")]),
    )
    assert [[10.0, 0.0], [2.0, 2.0]] == [values(each) for each in found[1:]]
    assert (14, 20) == found[-1][0].over


def test_a_vanished_target_is_stale_after_three_scrapes_and_then_unknown() -> None:
    """Until then it may merely be late."""
    ok = [series({10: 100}, status="200")]
    found = polls((12.0, ok), (25.0, ok), (26.0, ok), (60.0, []), (10.0 + FORGET_AFTER_S + 1.0, []))
    assert [0.0, 0.0, Missing.STALE, Missing.STALE, Missing.EMPTY] == [total.value for total, _ in found]
    assert 'the newest sample of requests{color="blue"} is 16 s old, more than 3 scrapes' == found[2][1].detail


def test_failures_that_stopped_do_not_make_a_living_target_stale() -> None:
    """After a restart nothing has failed yet, so their series is gone."""
    found = polls(
        (12.0, [series({10: 100}, status="200"), series({10: 9}, status="500")]),
        (42.0, [series({35: 1, 40: 5}, status="200")]),
    )
    assert [5.0, 0.0] == values(found[-1])


def test_a_target_that_was_away_counts_on() -> None:
    """What it counted meanwhile comes with its first scrape."""
    found = polls((12.0, [series({10: 100}, status="200")]), (90.0, []), (102.0, [series({100: 109}, status="200")]))
    assert [Missing.STALE, 9.0] == [total.value for total, _ in found[1:]]
    assert (10, 100) == found[-1][0].over


def test_a_histogram_counts_what_lies_above_its_bound() -> None:
    """All observations less those below; a new series counts in both."""
    counter = Counter(signal="slow", colour=None, selector=Selector(metric="seconds"), above=2.0)
    made = (histogram(counter, {"2.0": 1, "+Inf": 1}),)
    found = polls(
        (
            12.0,
            [
                series({10: 100}, metric="seconds_bucket", le="+Inf"),
                series({10: 98}, metric="seconds_bucket", le="2.0"),
            ],
        ),
        (
            17.0,
            [
                series({15: 120}, metric="seconds_bucket", le="+Inf"),
                series({15: 111}, metric="seconds_bucket", le="2.0"),
                series({15: 6}, metric="seconds_bucket", le="+Inf", path="/new"),
                series({15: 2}, metric="seconds_bucket", le="2.0", path="/new"),
            ],
        ),
        made=made,
    )
    assert [[0.0], [11.0]] == [values(each) for each in found]


def test_one_histogram_can_be_cut_at_several_limits() -> None:
    """Each limit is a counter of its own; all have the whole in common."""
    made = tuple(
        histogram(
            Counter(signal=signal, colour=None, selector=Selector(metric="seconds"), above=above),
            {"2": 1, "5": 1, "+Inf": 1},
        )
        for signal, above in (("slow", 2.0), ("slower", 5.0))
    )

    def buckets(time: float, below_2: float, below_5: float, whole: float) -> list[dict[str, Any]]:
        counts = {"2": below_2, "5": below_5, "+Inf": whole}
        return [series({time: value}, metric="seconds_bucket", le=le) for le, value in counts.items()]

    found = polls((12.0, buckets(10, 80, 90, 100)), (17.0, buckets(15, 81, 93, 110)), made=made)
    assert [[0.0, 0.0], [9.0, 7.0]] == [values(each) for each in found]


def test_a_histogram_that_is_cut_elsewhere_begins_anew() -> None:
    """Its other bound was never seen before: all its requests would be slow."""
    counter = Counter(signal="slow", colour=None, selector=Selector(metric="seconds"), above=2.0)

    def buckets(time: float, whole: float, le: str, below: float) -> list[dict[str, Any]]:
        return [
            series({time: whole}, metric="seconds_bucket", le="+Inf"),
            series({time: below}, metric="seconds_bucket", le=le),
        ]

    state, found = State(), []
    for at, le, whole, below in (
        (10.0, "2.5", 100, 100),
        (15.0, "2.5", 110, 110),
        (20.0, "2", 150, 149),
        (25.0, "2", 160, 155),
    ):
        made = (histogram(counter, {le: 1, "+Inf": 1}),)
        (fetch,) = fetches(made[0].selectors)
        state, (counted,) = count(state, at, made, [(fetch, buckets(at, whole, le, below))], SCRAPE)
        found.append(counted.value)
    assert [0.0, 0.0, 0.0, 4.0] == found


def test_a_counter_that_cannot_be_made_keeps_its_reason() -> None:
    """And the others go on as if it were not there."""
    broken = Made(counter=TOTAL, missing=Missing.ERROR, detail="no bound")
    found = polls((12.0, [series({10: 1}, status="200")]), made=(broken, MADE[1]))
    assert [(Missing.ERROR, "no bound"), (Missing.EMPTY, 'no series matches requests{color="blue"}')] == [
        (each.value, each.detail) for each in found[0]
    ]


OTHER = Counter(signal="queries", colour=Colour.BLUE, selector=Selector(metric="queries", matchers=(("db", "=", "x"),)))


def apart(*answers: tuple[float, dict[float, float], dict[float, float]]) -> list[list[float | Missing]]:
    """Polls of two requests, whose series are of one target."""
    made = plain([TOTAL, OTHER])
    one, two = (Fetch(text="", wanted=(each.selector,)) for each in (TOTAL, OTHER))
    state, found = State(), []
    for at, requests, queries in answers:
        first = (one, [series(requests)] if requests else [])
        second = (two, [series(queries, metric="queries", db="x")] if queries else [])
        state, counted = count(state, at, made, [first, second], SCRAPE)
        found.append(values(counted))
    return found


def test_a_scrape_that_falls_between_two_requests_waits_for_the_next_poll() -> None:
    """Otherwise a share's bad and total would be of different scrapes."""
    assert [[0.0, 0.0], [0.0, 0.0], [8.0, 3.0]] == apart(
        (12.0, {10: 100}, {10: 50}), (15.1, {10: 100}, {10: 50, 15: 52}), (20.1, {15: 104, 20: 108}, {15: 52, 20: 53})
    )


def test_a_metric_that_is_gone_does_not_stop_the_others() -> None:
    """They are one poll late while it is still in reach."""
    assert [[0.0, 0.0], [0.0, 0.0], [0.0, 2.0], [Missing.STALE, 4.0]] == apart(
        (12.0, {10: 100}, {10: 50}),
        (16.0, {10: 100}, {10: 50, 15: 52}),
        (21.0, {10: 100}, {10: 50, 15: 52, 20: 55}),
        (26.0, {}, {20: 55, 25: 56}),
    )


def test_a_server_whose_clock_went_back_is_looked_at_anew() -> None:
    """Everything that was remembered lies in its future."""
    found = polls((112.0, [series({110: 100})]), (52.0, [series({50: 105})]), (57.0, [series({55: 107})]))
    assert [0.0, 0.0, 2.0] == [total.value for total, _ in found]


@pytest.mark.parametrize("odd", ["NaN", "-1", "+Inf"])
def test_what_no_counter_can_show_is_not_counted(odd: str) -> None:
    """The scrape is passed over."""
    bad = series({})
    bad["values"] = [[15.0, odd], [20.0, "107"]]
    assert [7.0, 0.0] == values(polls((12.0, [series({10: 100})]), (22.0, [bad]))[-1])


def test_the_window_reaches_to_the_oldest_scrape_that_is_gone_on_from() -> None:
    """So that a poll reads few samples, and one after a failure all that it missed."""
    assert 60.0 == window(State(), 100.0, 60.0, SCRAPE)
    (fetch,) = fetches([TOTAL.selector])
    state, _ = count(State(), 100.0, plain([TOTAL]), [(fetch, [series({90: 1}), series({20: 1}, "gone")])], SCRAPE)
    assert 20.0 == window(state, 105.0, 60.0, SCRAPE)
    assert 60.0 == window(state, 300.0, 60.0, SCRAPE)
    assert 60.0 == window(state, 50.0, 60.0, SCRAPE)
    empty, _ = count(State(), 100.0, plain([TOTAL]), [(fetch, [])], SCRAPE)
    assert 10.0 == window(empty, 105.0, 60.0, SCRAPE)


@given(
    events=st.lists(
        st.tuples(st.floats(0.5, 7.0), st.integers(0, 5), st.integers(0, 5), st.booleans()), min_size=1, max_size=30
    ),
    polls_at=st.lists(st.floats(0.1, 25.0), min_size=1, max_size=30),
)
def test_whatever_the_rhythms_every_scraped_event_is_counted_once(
    events: list[tuple[float, int, int, bool]], polls_at: list[float]
) -> None:
    """Against a second way that looks at all scrapes at once: steps up, and the whole after a restart."""
    shown: dict[str, list[tuple[float, float]]] = {"200": [(1.0, 50.0)], "500": [(1.0, 0.0)]}
    for gap, good, bad, restart in events:
        for status, more in (("200", good), ("500", bad)):
            time, value = shown[status][-1]
            shown[status].append((time + gap, more if restart else value + more))
    state, at, total, failed = State(), 1.0, 0.0, 0.0
    (fetch,) = fetches([made.selectors[0] for made in MADE])
    for gap in polls_at:
        at += gap
        back = window(state, at, 60.0, SCRAPE)
        answer = [
            series({t: v for t, v in samples if at - back <= t <= at}, status=status)
            for status, samples in shown.items()
        ]
        state, counted = count(state, at, MADE, [(fetch, answer)], 1000.0)
        total, failed = total + float(counted[0].value), failed + float(counted[1].value)
    first = 1.0 + polls_at[0]

    def steps(samples: list[tuple[float, float]]) -> float:
        pairs = [(old, new) for (_, old), (time, new) in pairwise(samples) if first < time <= at]
        return sum(new - old if new >= old else new for old, new in pairs)

    assert (steps(shown["200"]) + steps(shown["500"]), steps(shown["500"])) == (total, failed)


def test_the_scrape_interval_is_seen() -> None:
    """Between the samples of each series."""
    assert [5.0, 5.0, 10.0] == intervals([[series({5: 0, 10: 0, 15: 0}), series({5: 0, 15: 0}, "b")]])
