"""The e-process: its guarantee by exact summation, its recursion by a second implementation, its ride-out."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import ratio
from watchdog.core.rules import mixture
from watchdog.core.rules.mixture import FRESH, Process, constants_of, likelihoods_of
from watchdog.core.settings import SequentialRatio

CONDITION = ratio()
CONSTANTS = constants_of(CONDITION)

masses = st.tuples(*[st.floats(0.0, 50.0)] * mixture.ALTERNATIVES)
readings = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=25)


def binomial(total: int, bad: int, share: float) -> float:
    return math.comb(total, bad) * share**bad * (1.0 - share) ** (total - bad)


def mean_likelihood(condition: SequentialRatio, total: int, share: float, alternative: int) -> float:
    terms = []
    for bad in range(total + 1):
        likelihoods = likelihoods_of(constants_of(condition), bad, total)
        assert likelihoods is not None
        terms.append(binomial(total, bad, share) * likelihoods[alternative])
    return math.fsum(terms)


@pytest.mark.parametrize("alternative", range(mixture.ALTERNATIVES))
@pytest.mark.parametrize("total", [1, 2, 7, 60, 120])
@pytest.mark.parametrize("limit", [0.01, 0.05, 0.3])
def test_likelihood_ratios_have_mean_one_at_the_limit_and_less_below(
    limit: float, total: int, alternative: int
) -> None:
    """Every alternative bets fairly at the limit itself and loses on a better release."""
    condition = ratio(limit=limit, min_effect=1.6 * limit)
    assert pytest.approx(1.0, rel=1e-9) == mean_likelihood(condition, total, limit, alternative)
    assert mean_likelihood(condition, total, 0.5 * limit, alternative) < 1.0


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
        * mixture.advance(CONSTANTS, process, likelihoods_of(CONSTANTS, bad, total), length).value
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
        total += math.prod(ratios, start=Fraction(1, 2))
        total += sum((math.prod(ratios[i:], start=spread) for i in range(len(ratios))), Fraction(0))
    unspent = (1 - len(history) * Fraction(condition.interval) / Fraction(condition.window)) / 2
    return float(total / 5 + unspent)


@given(history=readings)
def test_the_recursion_equals_the_sum_over_all_change_times(history: list[tuple[int, int]]) -> None:
    """The step by step masses are the mixture's definition over the whole history."""
    process = FRESH
    for bad, good in history:
        process = mixture.advance(CONSTANTS, process, likelihoods_of(CONSTANTS, bad, bad + good), 0.25)
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


def test_alternatives_are_equally_spaced_in_log_odds() -> None:
    """The grid of STATS 4.2 for a limit of 5 %: from the smallest effect to 60 %."""
    shares = []
    for per_bad, per_request in CONSTANTS.weights:
        shares.append(0.05 * math.exp(per_bad + per_request))
    assert pytest.approx([0.08, 0.15054, 0.26533, 0.42397, 0.6], abs=1e-5) == shares
    odds = [math.log(share / (1.0 - share)) for share in shares]
    steps = [high - low for low, high in pairwise(odds)]
    assert pytest.approx([steps[0]] * 4) == steps


@pytest.mark.parametrize(
    ("ride_out", "interval", "polls"),
    [(3.0, 0.25, 15), (3.0, 1.0, 6), (3.0, 3.0, 4), (0.3, 0.1, 6), (3.0, 2.0, 4), (3.0, 5.0, 1), (0.0, 0.25, 1)],
)
def test_polls_to_fire(ride_out: float, interval: float, polls: int) -> None:
    """A source slower than the ride-out cannot tell a blip from a fault: one reading may fire."""
    assert polls == mixture.polls_to_fire(ratio(ride_out=ride_out, interval=interval))


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 0.0},
        {"limit": 0.08},
        {"min_effect": 0.6},
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
        constants_of(ratio(**change))


def test_numbers_stay_numbers_at_a_million_requests_per_poll() -> None:
    """Overwhelming readings, good or bad, neither overflow nor turn a healthy release bad."""
    million = 1_000_000.0
    healthy = mixture.advance(CONSTANTS, FRESH, likelihoods_of(CONSTANTS, 0.01 * million, million), 0.25)
    assert pytest.approx(0.5 * (1.0 - 0.25 / 1800.0)) == healthy.value
    broken = mixture.advance(CONSTANTS, FRESH, likelihoods_of(CONSTANTS, million, million), 0.25)
    assert math.isfinite(broken.value)
    assert broken.value > 1e200
