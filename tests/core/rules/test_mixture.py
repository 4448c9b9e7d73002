"""The e-process: its guarantee by exact summation, its recursion by a second implementation, its ride-out."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import ratio, relative
from watchdog.core.conditions import SequentialRatio
from watchdog.core.rules import mixture
from watchdog.core.rules.mixture import FRESH, Process, constants_of
from watchdog.core.rules.sequential_ratio import grid_of, likelihoods_of

CONDITION = ratio()
CONSTANTS = constants_of(CONDITION)
GRID = grid_of(CONDITION)

masses = st.tuples(*[st.floats(0.0, 50.0)] * mixture.ALTERNATIVES)
readings = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=25)


def binomial(total: int, bad: int, share: float) -> float:
    return math.comb(total, bad) * share**bad * (1.0 - share) ** (total - bad)


@given(
    start=masses, change=masses, elapsed=st.floats(0.0, 1799.0), total=st.integers(0, 40), length=st.floats(0.0, 1.0)
)
def test_the_recursion_is_a_martingale_at_the_limit(
    start: mixture.Masses, change: mixture.Masses, elapsed: float, total: int, length: float
) -> None:
    """From any state the next E is E on average, whatever the number of requests and the length of the reading."""
    left = 0.5 * (1.0 - elapsed / CONDITION.window)
    process = Process(start, change, elapsed, (sum(start) + sum(change)) / mixture.ALTERNATIVES + left)
    mean = math.fsum(
        binomial(total, bad, CONDITION.limit)
        * mixture.advance(CONSTANTS, process, likelihoods_of(GRID, bad, total), length).value
        for bad in range(total + 1)
    )
    assert pytest.approx(process.value, rel=1e-9) == mean


@given(start=masses, change=masses, polls=st.floats(0.0, 20.0), length=st.floats(0.0, 60.0))
def test_the_ride_out_only_ever_lowers_the_evidence(
    start: mixture.Masses, change: mixture.Masses, polls: float, length: float
) -> None:
    """So the guarantee survives it: no mass of any alternative grows."""
    value = (sum(start) + sum(change)) / mixture.ALTERNATIVES + 0.25
    process = Process(start, change, 900.0, value)
    held, granted = mixture.ride_out(CONSTANTS, process, polls, length)
    assert held.value <= process.value
    assert all(mass <= before for mass, before in zip(held.start, process.start, strict=True))
    assert all(mass <= before for mass, before in zip(held.change, process.change, strict=True))
    assert pytest.approx(held.value, rel=1e-12) == (sum(held.start) + sum(held.change)) / 5 + 0.25
    assert 0.0 <= granted <= polls + 1.0


def by_definition(condition: SequentialRatio, history: list[tuple[int, int]]) -> float:
    """E from the whole history in exact fractions: the sum over every possible time of the change."""
    limit = Fraction(condition.limit)
    low, high = (math.log(q / (1.0 - q)) for q in (condition.min_effect, 0.6))
    total = Fraction(0)
    for j in range(5):
        share = Fraction(1.0 / (1.0 + math.exp(-(low + j * (high - low) / 4))))
        ratios = [(share / limit) ** bad * ((1 - share) / (1 - limit)) ** good for bad, good in history]
        spread = Fraction(condition.interval) / Fraction(condition.window) / 2
        part = Fraction(1, j + 1) * 5 / (1 + Fraction(1, 2) + Fraction(1, 3) + Fraction(1, 4) + Fraction(1, 5))
        total += math.prod(ratios, start=part / 2)
        total += sum((math.prod(ratios[i:], start=part * spread) for i in range(len(ratios))), Fraction(0))
    unspent = (1 - len(history) * Fraction(condition.interval) / Fraction(condition.window)) / 2
    return float(total / 5 + unspent)


@given(history=readings)
def test_the_recursion_equals_the_sum_over_all_change_times(history: list[tuple[int, int]]) -> None:
    """The step by step masses are the mixture's definition over the whole history."""
    process = FRESH
    for bad, good in history:
        process = mixture.advance(CONSTANTS, process, likelihoods_of(GRID, bad, bad + good), 0.25)
    assert pytest.approx(by_definition(CONDITION, history), rel=1e-9) == process.value


def test_without_requests_the_evidence_stays_one() -> None:
    """A release that waits idle does not become suspect by waiting: not within its window, and not for days."""
    process = FRESH
    for _ in range(3600):
        process = mixture.advance(CONSTANTS, process, None, 0.75)
        assert pytest.approx(1.0, rel=1e-9) == process.value
    assert pytest.approx(1.0, rel=1e-9) == mixture.advance(CONSTANTS, process, None, 500_000.0).value


def test_beyond_the_window_requests_still_bring_new_prior() -> None:
    """A change after the planned time is found as well, at a known cost: omega more for every window."""
    process = Process((0.0,) * 5, (0.0,) * 5, 1800.0, 0.0)
    process = mixture.advance(CONSTANTS, process, [1.0] * 5, 1800.0)
    assert pytest.approx(0.5, rel=1e-9) == process.value


@given(values=st.lists(st.floats(0.0, 1e280), min_size=5, max_size=5), bound=st.floats(0.5, 1e6))
def test_the_cut_takes_from_the_largest_alternatives_first(values: list[float], bound: float) -> None:
    """All are cut to one common level: who is below it loses nothing, so no alternative is wiped out."""
    process = Process(tuple(values), (0.0,) * 5, 1800.0, sum(values) / 5)
    cut = mixture.bounded(CONSTANTS, process, bound)
    assert min(process.value, bound) == cut.value
    assert pytest.approx(cut.value, rel=1e-9) == sum(cut.start) / 5
    level = max(cut.start)
    for before, after in zip(values, cut.start, strict=True):
        assert pytest.approx(min(before, level), rel=1e-9) == after


@pytest.mark.parametrize("alternatives", [4, 5])
def test_the_prior_is_1_and_weak_effects_have_the_most_of_it(alternatives: int) -> None:
    """They are what takes long to find."""
    parts = mixture.parts(alternatives)
    assert pytest.approx(alternatives) == sum(parts)
    assert [pytest.approx(parts[0] / (j + 1)) for j in range(alternatives)] == list(parts)
    fresh = mixture.fresh(alternatives)
    assert pytest.approx(0.5) == sum(fresh.start) / alternatives
    assert 1.0 == fresh.value


@pytest.mark.parametrize(
    ("ride_out", "interval", "polls"),
    [(3.0, 0.25, 15), (3.0, 1.0, 6), (3.0, 3.0, 4), (0.3, 0.1, 6), (3.0, 2.0, 4), (3.0, 5.0, 1), (0.0, 0.25, 1)],
)
def test_polls_to_fire(ride_out: float, interval: float, polls: int) -> None:
    """A source slower than the ride-out cannot tell a blip from a fault: one reading may fire."""
    assert polls == mixture.polls_to_fire(ratio(ride_out=ride_out, interval=interval))


def test_two_colours_that_are_read_at_different_moments_have_three_readings_to_ride_out() -> None:
    """The beginning (or end) of a shared incident is one reading of one colour; E stays below 20 after one of them."""
    slow = relative(interval=15.0)
    assert not mixture.rides_out(slow)
    assert 4 == mixture.polls_to_fire(slow)
    assert 20.0 > mixture.CALM * math.exp(constants_of(slow).growth)
    assert 1 == mixture.polls_to_fire(relative(interval=15.0, ride_out=0.0))


def test_a_design_effect_lowers_the_ceiling_of_suspicion() -> None:
    """Evidence fades as many times slower, so that the way back from the ceiling is as long as without."""
    plain, bunched = constants_of(ratio()), constants_of(ratio(design_effect=4.0))
    assert 1000.0 == pytest.approx(plain.ceiling)
    assert math.log(plain.ceiling / 20.0) == pytest.approx(4.0 * math.log(bunched.ceiling / 20.0))


def test_a_quiet_reading_with_a_likelihood_brings_no_new_prior_beyond_the_window() -> None:
    """Silence is evidence for a rate, and must not make a rule suspicious that was left alone for days."""
    late = Process((0.0,) * 5, (0.25,) * 5, 1800.0, 0.25)
    quiet = mixture.advance(CONSTANTS, late, [0.9] * 5, 3600.0, quiet=True)
    loud = mixture.advance(CONSTANTS, late, [0.9] * 5, 3600.0)
    assert pytest.approx(0.9 * 0.25) == quiet.value
    assert pytest.approx(0.9 * 1.25) == loud.value


@pytest.mark.parametrize(
    "change",
    [
        {"design_effect": 0.5},
        {"design_effect": math.inf},
        {"alpha": 0.0},
        {"alpha": 0.05},
        {"window": 0.0},
        {"interval": 0.0},
        {"ride_out": -1.0},
    ],
)
def test_an_impossible_condition_is_refused(change: dict[str, float]) -> None:
    """Configuration hears of it when it is loaded."""
    with pytest.raises(ValueError, match="must be"):
        constants_of(ratio(**change))  # type: ignore[arg-type]  # numbers by name


def test_numbers_stay_numbers_at_a_million_requests_per_poll() -> None:
    """Overwhelming readings, good or bad, neither overflow nor turn a healthy release bad."""
    million = 1_000_000.0
    healthy = mixture.advance(CONSTANTS, FRESH, likelihoods_of(GRID, 0.01 * million, million), 0.25)
    assert pytest.approx(0.5 * (1.0 - 0.25 / 1800.0)) == healthy.value
    broken = mixture.advance(CONSTANTS, FRESH, likelihoods_of(GRID, million, million), 0.25)
    assert math.isfinite(broken.value)
    assert broken.value > 1e200
