"""Events without a denominator: the guarantee by exact summation, silence as evidence, and what is no rate."""

import math
import random

import pytest

from tests.core.rules.examples import count, rule
from watchdog.core.conditions import SequentialCount
from watchdog.core.model import Judgement, Level
from watchdog.core.rules import api, mixture
from watchdog.core.rules.sequential_count import SequentialCountState, grid_of

RULE = rule(count())
FRESH = SequentialCountState()


def sample(start: float, length: float, events: float, other: float = 0.0) -> api.Sample:
    return api.Sample(start=start, end=start + length, own={"errors": events}, other={"errors": other})


def after(lengths: list[tuple[float, float]], state: SequentialCountState = FRESH) -> SequentialCountState:
    """After readings of (length, events)."""
    now = state.reached or 0.0
    for length, events in lengths:
        observed = api.observe(RULE, state, sample(now, length, events))
        assert isinstance(observed, SequentialCountState)
        state, now = observed, now + length
    return state


def poisson(mean: float, events: int) -> float:
    return math.exp(events * math.log(mean) - mean - math.lgamma(events + 1))


def likelihood(condition: SequentialCount, events: float, length: float, alternative: int) -> float:
    first, second = grid_of(condition).weights[alternative]
    return mixture.likelihood(events * first + length * second)


@pytest.mark.parametrize("alternative", range(5))
@pytest.mark.parametrize(("limit", "length"), [(0.1, 0.25), (0.1, 5.0), (0.5, 1.0)])
def test_likelihood_ratios_have_mean_one_at_the_limit_and_less_below(
    limit: float, length: float, alternative: int
) -> None:
    """Every alternative bets fairly at the limit itself and loses on a better release."""
    condition = count(limit=limit)
    for part, relation in ((1.0, pytest.approx(1.0, rel=1e-9)), (0.5, None)):
        mean = math.fsum(
            poisson(part * limit * length, events) * likelihood(condition, events, length, alternative)
            for events in range(400)
        )
        assert relation == mean if relation is not None else mean < 1.0


@pytest.mark.parametrize("alternative", range(5))
@pytest.mark.parametrize("bunch", [1, 3, 5])
def test_bunches_up_to_the_design_effect_are_no_evidence(bunch: int, alternative: int) -> None:
    """Five at once, as often as the limit allows: the mean of L is at most 1."""
    condition = count(design_effect=5.0)
    mean = math.fsum(
        poisson(0.1 * 30.0 / bunch, bunches) * likelihood(condition, float(bunch * bunches), 30.0, alternative)
        for bunches in range(200)
    )
    assert mean <= 1.0 + 1e-9


def test_the_alternatives_are_multiples_of_the_limit() -> None:
    """From min_ratio to a hundred times, geometrically."""
    ratios = [math.exp(first) for first, _ in grid_of(count(min_ratio=4.0)).weights]
    assert [pytest.approx(4.0 * 25.0 ** (j / 4)) for j in range(5)] == ratios


def test_events_at_the_limit_are_quiet_and_five_times_as_many_fire() -> None:
    """One event in ten seconds is allowed, one in two is not."""
    rng = random.Random(5)
    usual = [(0.25, float(rng.random() < 0.025)) for _ in range(7200)]
    assert Level.INACTIVE is api.level(after(usual))
    more = [(0.25, float(rng.random() < 0.125)) for _ in range(400)]
    assert Level.FIRING is api.level(after(more, after(usual)))


def test_silence_speaks_for_the_release() -> None:
    """A rate has no idle time: without events the evidence falls, and days of silence make nothing suspicious."""
    assert 0.7 > after([(0.25, 0.0)] * 120).proof_e
    assert 0.1 > after([(60.0, 0.0)] * 10_000).suspicion_e


def test_the_last_value_is_the_rate_and_events_have_no_total() -> None:
    """The reading's events per second; the same time passed for both colours."""
    state = api.observe(RULE, FRESH, sample(3.0, 0.5, 2.0, 1.0))
    found = api.evidence(RULE, state)
    assert (3.0, 2.0, 0.0, 1.0, 0.0, 4.0) == (
        found.onset,
        found.bad,
        found.total,
        found.other_bad,
        found.other_total,
        found.last.value,
    )


def test_it_can_judge_once_an_event_would_have_been_nothing_unusual() -> None:
    """Before that the silence says little; it may fire nevertheless."""
    assert Judgement.INSUFFICIENT is api.judgement(RULE, after([(9.0, 0.0)]))
    assert Judgement.KNOWN is api.judgement(RULE, after([(9.0, 0.0), (1.0, 0.0)]))


def test_events_in_no_time_are_no_rate() -> None:
    """A source's slip must not become evidence; nothing in no time says that nothing new was there."""
    state = after([(0.25, 1.0)])
    assert state is api.observe(RULE, state, sample(1.0, 0.0, 3.0))
    still = api.observe(RULE, state, sample(1.0, 0.0, 0.0))
    assert isinstance(still, SequentialCountState)
    assert pytest.approx((state.proof_e, state.cusum, 4.0)) == (still.proof_e, still.cusum, still.last_value)


@pytest.mark.parametrize(
    "change", [{"limit": 0.0}, {"limit": math.inf}, {"min_ratio": 1.0}, {"min_ratio": 100.0}, {"alpha": 0.0}]
)
def test_an_impossible_condition_is_refused(change: dict[str, float]) -> None:
    """Configuration hears of it when it is loaded."""
    for ask in (api.check, lambda condition: api.initial(rule(condition))):
        with pytest.raises(ValueError, match="must be"):
            ask(count(**change))
