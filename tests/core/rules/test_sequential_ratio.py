"""One instance of the ratio rule: firing, ride-out, suspicion, trial, onset, and what it remembers."""

import json
import math
import random
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import as_json, changed, counts, fold, ratio, rule
from watchdog.core.conditions import SequentialRatio
from watchdog.core.model import Judgement, Level, Missing, NoData, Value
from watchdog.core.rules import api
from watchdog.core.rules.mixture import CALM, SATURATION, polls_to_fire
from watchdog.core.rules.sequential import CUSUM_CEILING
from watchdog.core.rules.sequential_ratio import SequentialRatioState, grid_of, likelihoods_of

RULE = rule(ratio())
FRESH = SequentialRatioState()

FROZEN = [
    (0.7743283495372215, 0.7743283495372215, 0.0),
    (0.8947497128272003, 0.8947497128272003, 0.0),
    (3.1175507814273513, 7.21135195886041, 1.0),
    (3.117550781427351, 7.211351958860411, 2.0),
    (7.574964778263376, 1000.0, 3.0),
    (11.807668681879825, 1000.0, 4.0),
    (5.120201357384646, 328.29920467633514, 5.0),
    (28.69004569596536, 1000.0, 6.0),
]
"""E of the proof, E of the suspicion, granted polls."""

PER_POLL = ratio(dependence="per_poll")

HISTORIES = {
    "from the start": [],
    "after a healthy half hour": [(0.0, 5.0)] * 7200,
    "after an idle half hour": [(0.0, 0.0)] * 7200,
    "after two idle hours": [(0.0, 0.0)] * 28_800,
    "after a healthy half hour with a request per second": [(0.0, 1.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)] * 1800,
    "after a noisy ten minutes": [(1.0, 10.0), (0.0, 20.0)] * 1200,
}


def state_after(history: list[tuple[float, float]], subject: SequentialRatioState = FRESH) -> SequentialRatioState:
    state = fold(RULE, subject, history)[-1] if history else subject
    assert isinstance(state, SequentialRatioState)
    return state


def first_firing(states: list[api.RuleState]) -> int:
    """The number of polls after which the rule fired."""
    return next(i for i, state in enumerate(states, start=1) if api.level(state) is Level.FIRING)


def poisson(rng: random.Random, mean: float) -> int:
    """Knuth's method; means above 30 are split, so that e^-mean stays a number."""
    if mean > 30.0:
        return poisson(rng, mean / 2.0) + poisson(rng, mean / 2.0)
    drawn, product, least = -1, 1.0, math.exp(-mean)
    while product > least:
        drawn, product = drawn + 1, product * rng.random()
    return drawn


def traffic(rng: random.Random, per_poll: float, share: float) -> tuple[float, float]:
    bad, good = poisson(rng, per_poll * share), poisson(rng, per_poll * (1.0 - share))
    return float(bad), float(bad + good)


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
@pytest.mark.parametrize("reading", [(1e6, 1e6), (60.0, 100.0), (4.0, 4.0), (1.0, 1.0)])
def test_no_shorter_row_of_polls_than_promised_fires(
    history: list[tuple[float, float]], reading: tuple[float, float]
) -> None:
    """Whatever was before and however bad they are: m - 1 polls of a calm rule never fire."""
    state = state_after(history)
    assert state.proof_e <= CALM
    assert not state_after([reading] * (polls_to_fire(ratio()) - 1), state).fired


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_overwhelming_polls_fire_in_the_shortest_row(history: list[tuple[float, float]]) -> None:
    """The ride-out delays by no more than it promises, whatever was before."""
    least = polls_to_fire(ratio())
    assert least == first_firing(fold(RULE, state_after(history), [(60.0, 100.0)] * least))


@pytest.mark.parametrize(("ride_out", "interval"), [(3.0, 1.0), (3.0, 2.0), (0.3, 0.1), (5.0, 5.0), (1.0, 0.3)])
def test_the_row_follows_from_ride_out_and_interval(ride_out: float, interval: float) -> None:
    """Three more polls than fit into the ride-out, at any rhythm."""
    subject = rule(ratio(ride_out=ride_out, interval=interval))
    least = polls_to_fire(ratio(ride_out=ride_out, interval=interval))
    assert least == first_firing(fold(subject, FRESH, [(1e6, 1e6)] * 20))


@given(
    lengths=st.lists(st.floats(0.01, 40.0), min_size=1, max_size=80),
    begin=st.floats(0.0, 20.0),
    bad=st.integers(0, 1000),
)
def test_uneven_readings_ride_out_the_same_disturbance(lengths: list[float], begin: float, bad: int) -> None:
    """Readings of any length that touch 3 bad seconds never fire: no delta over missed polls, no row of slivers."""
    state: api.RuleState = FRESH
    now = 0.0
    for length in [*lengths, 30.0]:
        touched = now < begin + 3.0 and now + length > begin
        state = api.observe(RULE, state, counts(now, length, float(bad) if touched else 0.0, 1000.0))
        now += length
        assert Level.FIRING is not api.level(state)


def test_a_slow_source_has_no_ride_out() -> None:
    """When one reading is longer than the ride-out, it can fire alone: `check` tells the operator so."""
    subject = rule(ratio(interval=5.0))
    assert Level.FIRING is api.level(api.observe(subject, FRESH, counts(0.0, 5.0, 60.0, 100.0)))


@pytest.mark.parametrize("rate", [1, 5, 10, 20, 30, 50, 100, 500])
def test_three_second_blips_do_not_fire(rate: int) -> None:
    """60 % errors for 3 s amid 1 %, at any phase of the polls and any traffic."""
    rng = random.Random(rate)
    for _ in range(20):
        before = [traffic(rng, rate / 4.0, 0.01) for _ in range(rng.randrange(200))]
        edge = rng.random()
        shares = [0.01 + 0.59 * edge, *[0.6] * 11, 0.6 - 0.59 * edge]
        blip = [traffic(rng, rate / 4.0, share) for share in shares]
        after = [traffic(rng, rate / 4.0, 0.01) for _ in range(60)]
        assert not state_after([*before, *blip, *after]).fired


def test_false_alarms_at_the_limit_itself_are_rare() -> None:
    """300 windows of a release that fails exactly 5 % are expected to bring 0.3 false rollbacks at most."""
    subject = rule(ratio(interval=5.0, window=600.0))
    rng = random.Random(20)
    fired = 0
    for _ in range(300):
        state = fold(subject, FRESH, [traffic(rng, 20.0, 0.05) for _ in range(120)])[-1]
        fired += api.level(state) is Level.FIRING
    assert fired <= 1


def test_frozen_trajectory() -> None:
    """Proof and suspicion of one history, poll by poll, as they were when this was written and checked."""
    history = [(0.0, 5.0), (1.0, 6.0), (3.0, 5.0), (0.0, 0.0), (4.0, 6.0), (5.0, 5.0), (0.0, 4.0), (6.0, 6.0)]
    found = []
    for state in fold(RULE, FRESH, history):
        assert isinstance(state, SequentialRatioState)
        found.append((state.proof_e, state.suspicion_e, state.polls))
    assert [pytest.approx(row, rel=1e-9) for row in FROZEN] == found


def test_frozen_proof_moment() -> None:
    """A release that goes from 1 % to 20 % at 25 requests/s is proved at the same poll for ever."""
    rng = random.Random(7)
    history = [traffic(rng, 6.25, 0.01) for _ in range(400)] + [traffic(rng, 6.25, 0.2) for _ in range(200)]
    assert 439 == first_firing(fold(RULE, FRESH, history))


def test_firing_lasts_until_the_evidence_is_discarded() -> None:
    """Proof does not recover: the proof stands still while counts go on."""
    state = state_after([(60.0, 100.0)] * 15)
    healthy = state_after([(0.0, 100.0)] * 100, state)
    assert Level.FIRING is api.level(healthy)
    assert state.proof_e == healthy.proof_e
    assert api.initial(RULE) == api.discard(RULE, healthy)


def test_suspicion_is_pending_and_fades() -> None:
    """One overwhelming poll is suspicion at once; some hundred healthy requests and it is forgotten."""
    state = state_after([(30.0, 50.0)] * 3)
    assert Level.PENDING is api.level(state)
    assert api.suspicious(RULE, state)
    assert state.suspicion_e == SATURATION
    healthy = state_after([(0.0, 10.0)] * 15, state)
    assert Level.INACTIVE is api.level(healthy)
    assert not api.suspicious(RULE, healthy)


def test_a_trial_starts_suspicion_afresh_and_needs_no_ride_out() -> None:
    """After a divert the proof is kept and may come at once; suspicion must be earned again."""
    diverted = state_after([(30.0, 50.0)] * 3)
    trial = api.begin_trial(RULE, diverted)
    assert {"trial", *(f"suspicion_{part}" for part in ("start", "change", "time", "e"))} == changed(diverted, trial)
    assert not api.suspicious(RULE, trial)
    proved = api.observe(RULE, trial, counts(20.0, 0.25, 30.0, 50.0))
    assert Level.FIRING is api.level(proved)


def test_after_a_trial_the_ride_out_goes_on_from_the_evidence() -> None:
    """What the trial found is kept, and from there growth is held to its pace again."""
    trial = api.begin_trial(RULE, state_after([(3.0, 5.0)]))
    trial = api.observe(RULE, trial, counts(20.0, 0.25, 1.0, 1.0))
    ended = api.end_trial(RULE, trial)
    assert isinstance(trial, SequentialRatioState)
    assert isinstance(ended, SequentialRatioState)
    assert CALM < trial.proof_e < 1000.0
    assert (trial.proof_e, False) == (ended.proof_e, ended.trial)
    after = state_after([(1e6, 1e6)], ended)
    assert not after.fired
    assert pytest.approx(ended.polls + 1.0) == after.polls


def test_after_a_calm_trial_the_ride_out_starts_anew() -> None:
    """A trial without evidence leaves nothing granted."""
    ended = api.end_trial(RULE, api.begin_trial(RULE, FRESH))
    assert ended == FRESH


def test_unused_growth_is_kept_up_to_half_the_row() -> None:
    """A quiet poll in the midst of a fault costs nothing, but slow evidence does not save up for a jump."""
    state = state_after([(1.0, 6.0)] * 6)
    while state.proof_e <= CALM:
        state = state_after([(1.0, 6.0)], state)
    for _ in range(100):
        state = state_after([(0.0, 0.0)], state)
    growth = math.log(1000.0 / CALM) / 14.0
    assert pytest.approx(math.log(state.proof_e / CALM) / growth + 7.0, rel=1e-4) == state.polls


def test_the_onset_is_the_first_bad_reading_and_counts_go_from_there() -> None:
    """Both colours are counted since the reading that lifted the CUSUM off the ground."""
    state: api.RuleState = state_after([(0.0, 10.0)] * 40)
    state = api.observe(RULE, state, counts(10.0, 0.25, 5.0, 10.0, {"errors": 2.0, "requests": 90.0}))
    state = api.observe(RULE, state, counts(10.25, 0.25, 6.0, 10.0, {"requests": 80.0}))
    state = api.observe(RULE, state, counts(10.5, 0.25, 4.0, 10.0))
    found = api.evidence(RULE, state)
    assert (10.0, 15.0, 30.0) == (found.onset, found.bad, found.total)
    assert (2.0, 170.0) == (found.other_bad, found.other_total)
    assert found.last.value == 0.4
    assert not api.recovered(RULE, state)


def test_it_recovers_within_130_healthy_requests_however_long_the_fault() -> None:
    """The CUSUM is bounded, so a long fault is over as soon as a short one."""
    state = state_after([(50.0, 100.0)] * 400)
    assert CUSUM_CEILING == state.cusum
    assert not api.recovered(RULE, state_after([(0.0, 1.0)] * 120, state))
    healthy = state_after([(0.0, 1.0)] * 130, state)
    assert api.recovered(RULE, healthy)
    assert (None, 0.0, 0.0) == (healthy.onset, healthy.bad, healthy.total)


@pytest.mark.parametrize("missing", Missing)
@pytest.mark.parametrize("answer", NoData)
def test_a_missing_reading_changes_nothing(missing: Missing, answer: NoData) -> None:
    """There are no requests in it to count, whatever `no_data` says; the next delta carries them."""
    subject = rule(ratio(), **{missing.value: answer})
    state = state_after([(3.0, 5.0)] * 4)
    for own in ((missing, 5.0), (3.0, missing), (missing, missing)):
        assert state is api.observe(subject, state, counts(1.0, 0.25, *own))
    assert state is api.observe(subject, state, api.Sample(start=1.0, end=1.25, own={}))


@pytest.mark.parametrize(
    ("bad", "total"), [(math.nan, 5.0), (1.0, math.nan), (1.0, math.inf), (-1.0, 5.0), (0.0, -5.0)]
)
def test_what_is_no_count_is_no_reading(bad: float, total: float) -> None:
    """A source's slip must not become evidence."""
    assert api.observe(RULE, FRESH, counts(1.0, 0.25, bad, total)) is FRESH


def test_more_bad_than_total_is_all_bad() -> None:
    """Counters read a moment apart can disagree; more than everything cannot be bad."""
    assert api.observe(RULE, FRESH, counts(1.0, 0.25, 5.0, 5.0)) == api.observe(
        RULE, FRESH, counts(1.0, 0.25, 9.0, 5.0)
    )


@pytest.mark.parametrize("other", [{"requests": Missing.STALE, "errors": 3.0}, {"requests": math.nan}, {}])
def test_a_missing_other_colour_just_does_not_grow(other: dict[str, Value]) -> None:
    """Without stable's counts the common-cause interlock has too little, and says so."""
    found = api.evidence(RULE, api.observe(RULE, FRESH, counts(1.0, 0.25, 3.0, 5.0, other)))
    assert (0.0, 0.0) == (found.other_bad, found.other_total)


def test_twenty_requests_are_needed_for_a_judgement() -> None:
    """Below that the rule says insufficient; it may fire nevertheless."""
    assert Judgement.INSUFFICIENT is api.judgement(RULE, state_after([(0.0, 19.0)]))
    assert Judgement.KNOWN is api.judgement(RULE, state_after([(0.0, 19.0), (0.0, 1.0)]))


def test_evidence_that_has_underflowed_is_told_as_a_finite_number() -> None:
    """JSON has no minus infinity."""
    subject = rule(ratio(window=0.25))
    state = fold(subject, FRESH, [(0.0, 1e6)] * 2)[-1]
    found = api.evidence(subject, state)
    assert found.log_e is not None
    assert found.log_e_suspicion is not None
    assert found.log_e < -700.0
    assert found.log_e_suspicion < -700.0


def test_a_traffic_step_keeps_the_evidence() -> None:
    """The hypothesis is about the version, not about the split."""
    state = state_after([(3.0, 5.0)] * 4)
    assert state is api.cut(RULE, state)


def binomial(total: int, bad: int, share: float) -> float:
    return math.comb(total, bad) * share**bad * (1.0 - share) ** (total - bad)


def mean_likelihood(condition: SequentialRatio, total: int, share: float, alternative: int) -> float:
    terms = []
    for bad in range(total + 1):
        likelihoods = likelihoods_of(grid_of(condition), bad, total)
        assert likelihoods is not None
        terms.append(binomial(total, bad, share) * likelihoods[alternative])
    return math.fsum(terms)


@pytest.mark.parametrize("alternative", range(5))
@pytest.mark.parametrize("total", [1, 2, 7, 60, 120])
@pytest.mark.parametrize("limit", [0.01, 0.05, 0.3])
def test_likelihood_ratios_have_mean_one_at_the_limit_and_less_below(
    limit: float, total: int, alternative: int
) -> None:
    """Every alternative bets fairly at the limit itself and loses on a better release."""
    condition = ratio(limit=limit, min_effect=1.6 * limit)
    assert pytest.approx(1.0, rel=1e-9) == mean_likelihood(condition, total, limit, alternative)
    assert mean_likelihood(condition, total, 0.5 * limit, alternative) < 1.0


@pytest.mark.parametrize("alternative", range(4))
@pytest.mark.parametrize("limit", [0.01, 0.05, 0.3])
def test_a_bet_per_poll_is_fair_however_the_failures_of_a_reading_hang_together(limit: float, alternative: int) -> None:
    """All fail or none does, or each by itself: only the mean share of the reading counts."""
    condition = ratio(limit=limit, min_effect=1.6 * limit, dependence="per_poll")
    assert pytest.approx(1.0, rel=1e-9) == mean_likelihood(condition, 40, limit, alternative)
    good, bad = (likelihoods_of(grid_of(condition), share * 40.0, 40.0) for share in (0.0, 1.0))
    assert good is not None
    assert bad is not None
    assert pytest.approx(1.0, rel=1e-9) == (1.0 - limit) * good[alternative] + limit * bad[alternative]


def test_a_bet_per_poll_as_it_is_written_down() -> None:
    """ln(1 + l (e/n/p0 - 1)) with l = .2 .45 .7 .95; nothing without requests."""
    found = likelihoods_of(grid_of(PER_POLL), 3.0, 20.0)
    assert pytest.approx([1.0 + part * 2.0 for part in (0.2, 0.45, 0.7, 0.95)]) == found
    assert likelihoods_of(grid_of(PER_POLL), 0.0, 0.0) is None


@pytest.mark.parametrize("alternative", range(5))
@pytest.mark.parametrize("bunches", [1, 3, 12])
def test_bunches_of_the_design_effect_are_no_evidence(bunches: int, alternative: int) -> None:
    """Four requests that fail or succeed together, at the limit: the mean is at most 1; else it is not."""
    found = {}
    for effect in (1.0, 4.0):
        grid = grid_of(ratio(design_effect=effect))
        found[effect] = math.fsum(
            binomial(bunches, bad, 0.05) * (likelihoods_of(grid, 4.0 * bad, 4.0 * bunches) or [])[alternative]
            for bad in range(bunches + 1)
        )
    assert found[4.0] <= 1.0 + 1e-9
    assert found[1.0] > 1.0


def test_alternatives_are_equally_spaced_in_log_odds() -> None:
    """The grid of STATS 4.2 for a limit of 5 %: from the smallest effect to 60 %."""
    shares = [0.05 * math.exp(per_bad + per_request) for per_bad, per_request in grid_of(ratio()).weights]
    assert pytest.approx([0.08, 0.15054, 0.26533, 0.42397, 0.6], abs=1e-5) == shares
    odds = [math.log(share / (1.0 - share)) for share in shares]
    steps = [high - low for low, high in pairwise(odds)]
    assert pytest.approx([steps[0]] * 4) == steps


@pytest.mark.parametrize("change", [{"limit": 0.0}, {"limit": 0.08}, {"min_effect": 0.6}, {"alpha": 0.0}])
def test_an_impossible_condition_is_refused(change: dict[str, float]) -> None:
    """Configuration hears of it when it is loaded."""
    for ask in (api.check, lambda condition: api.initial(rule(condition))):
        with pytest.raises(ValueError, match="must be"):
            ask(ratio(**change))  # type: ignore[arg-type]  # a limit, an effect or an alpha


def test_one_bounded_bet_needs_four_readings_even_where_no_ride_out_holds() -> None:
    """A blip of three seconds inside one scrape of five does not roll back, whatever the traffic."""
    subject = rule(ratio(dependence="per_poll", interval=5.0))
    assert 4 == first_firing(fold(subject, api.initial(subject), [(1e6, 1e6)] * 4))


def test_a_design_effect_makes_a_row_of_failures_weigh_less() -> None:
    """Four times as many failed requests say as much; the ride-out's pace is the same."""
    plain, bunched = rule(ratio(interval=5.0)), rule(ratio(interval=5.0, design_effect=4.0))
    needed = {
        subject: first_firing(fold(subject, api.initial(subject), [(1.0, 1.0)] * 40)) for subject in (plain, bunched)
    }
    assert (4, 16) == (needed[plain], needed[bunched])


reading = st.tuples(st.floats(0.0, 1e9), st.floats(0.0, 1e9), st.floats(0.0, 100.0))


@given(readings=st.lists(reading, max_size=30), start=st.sampled_from([FRESH, api.begin_trial(RULE, FRESH)]))
def test_the_state_is_finite_and_survives_json_bit_for_bit(
    readings: list[tuple[float, float, float]], start: SequentialRatioState
) -> None:
    """Whatever is counted, the journal gives back the very state."""
    state: api.RuleState = start
    now = 0.0
    for bad, total, length in readings:
        state = api.observe(RULE, state, counts(now, length, bad, total))
        now += length
    text = json.dumps(as_json(state), allow_nan=False)
    back: dict[str, Any] = json.loads(text)
    assert state == SequentialRatioState(**{name: frozen(value) for name, value in back.items()})


def frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@given(readings=st.lists(reading, max_size=30))
def test_invariants(readings: list[tuple[float, float, float]]) -> None:
    """What the state's docstring promises."""
    state = FRESH
    for bad, total, length in readings:
        observed = api.observe(RULE, state, counts(0.0, length, bad, total))
        assert isinstance(observed, SequentialRatioState)
        assert observed.fired == (observed.proof_e >= 1000.0)
        assert (observed.onset is None) == (observed.cusum == 0.0)
        assert 0.0 <= observed.cusum <= CUSUM_CEILING
        assert observed.bad <= observed.total
        assert observed.suspicion_e <= SATURATION
        state = observed
