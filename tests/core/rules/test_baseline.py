"""What is usual: a bounded sample, its middle and its spread."""

from random import Random
from statistics import StatisticsError, median, stdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.core.rules.baseline import POINTS, Baseline, collected, usual


def grown(values: list[float], *, every: float = 1.0, length: float = 3600.0, enough: int = 10) -> Baseline:
    baseline = Baseline()
    for index, value in enumerate(values):
        baseline = collected(baseline, index * every, value, length=length, enough=enough)
    return baseline


def test_a_long_time_is_kept_in_few_points() -> None:
    """An hour of readings a second is 120 points; every reading of the hour is counted."""
    baseline = grown([1.0] * 7200)

    assert POINTS == len(baseline.points)
    assert 3570 <= baseline.readings <= 3600


def test_the_spread_is_that_of_single_readings() -> None:
    """Medians of sub-windows would be five times calmer, and ordinary noise a spike."""
    rng = Random(7)
    values = [rng.gauss(50.0, 4.0) for _ in range(3600)]

    known = usual(grown(values))

    assert known.middle == pytest.approx(median(values), abs=1.0)
    assert known.spread == pytest.approx(stdev(values), rel=0.25)


def test_outliers_move_nothing() -> None:
    """A tenth of the readings far away, as in a nightly job: middle and spread stay."""
    rng = Random(3)
    values = [rng.gauss(50.0, 4.0) for _ in range(120)]
    spoiled = [1000.0 if index % 10 == 0 else value for index, value in enumerate(values)]

    plain, known = usual(grown(values, every=30.0)), usual(grown(spoiled, every=30.0))

    assert known.middle == pytest.approx(plain.middle, abs=1.0)
    assert known.spread == pytest.approx(plain.spread, rel=0.25)


def test_a_gauge_that_mostly_stands_still_has_a_spread_all_the_same() -> None:
    """More than half of the readings are equal, so the median distance is 0: the mean distance stands in."""
    assert 0.0 == usual(grown([10.0] * 20, every=30.0)).spread
    assert usual(grown([10.0] * 15 + [12.0] * 5, every=30.0)).spread == pytest.approx(1.2533 * 0.5)


def test_old_readings_go_when_there_are_enough_new_ones() -> None:
    """After a pause of a day the old ones stand in until ten new ones are there."""
    old = grown([5.0] * 50, every=30.0)
    begin = 90_000.0

    few = old
    for index in range(9):
        few = collected(few, begin + 30.0 * index, 8.0, length=3600.0, enough=10)
    enough = collected(few, begin + 300.0, 8.0, length=3600.0, enough=10)

    assert 5.0 == usual(few).middle
    assert 59 == few.readings
    assert (8.0, 10) == (usual(enough).middle, enough.readings)


def test_another_versions_readings_go_although_they_are_young() -> None:
    """From `own_since` on the baseline is the new version's, as soon as it has enough."""
    baseline = Baseline(points=grown([5.0] * 50, every=30.0).points, own_since=1500.0)

    for index in range(10):
        assert 5.0 == usual(baseline).middle
        baseline = collected(baseline, 1500.0 + 30.0 * index, 8.0, length=3600.0, enough=10)

    assert (8.0, 10) == (usual(baseline).middle, baseline.readings)


def test_what_is_no_number_is_not_collected() -> None:
    """An infinite reading would make the spread one."""
    assert Baseline() == collected(Baseline(), 1.0, float("inf"), length=60.0, enough=10)


def test_nothing_is_usual_without_a_reading() -> None:
    """Callers ask for readings first."""
    with pytest.raises(StatisticsError):
        usual(Baseline())


@given(
    steps=st.lists(st.tuples(st.floats(0.0, 500.0), st.floats(-1e9, 1e9)), min_size=1, max_size=200),
    length=st.floats(10.0, 7200.0),
    enough=st.integers(10, 50),
)
def test_a_baseline_is_bounded_ordered_and_counts_what_it_keeps(
    steps: list[tuple[float, float]], length: float, enough: int
) -> None:
    """However readings come, and the middle lies within them."""
    baseline, at = Baseline(), 0.0
    for step, value in steps:
        at += step
        baseline = collected(baseline, at, value, length=length, enough=enough)

    times = [point[0] for point in baseline.points]
    assert 1 <= len(times) <= POINTS
    assert sorted(times) == times
    assert 1 <= baseline.readings <= len(steps)
    values = [value for _, value in steps]
    known = usual(baseline)
    assert min(values) <= known.middle <= max(values)
    assert known.spread >= 0.0
