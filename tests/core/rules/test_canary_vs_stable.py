"""The label test: its guarantee by exact summation, its oracle, and what ends a trouble when nothing fails any more."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import relative, rule
from watchdog.core.conditions import CanaryVsStable
from watchdog.core.model import Judgement, Level, Missing, Value
from watchdog.core.rules import api
from watchdog.core.rules.canary_vs_stable import GOOD_ROW, CanaryVsStableState, grid_of, likelihoods_of
from watchdog.core.rules.mixture import CALM
from watchdog.core.rules.sequential import Counts

RULE = rule(relative())
FRESH = CanaryVsStableState()


def sample(
    start: float,
    own: tuple[float, float],
    other: tuple[float, float],
    *,
    length: float = 0.25,
    other_over: tuple[float, float] | None = None,
) -> api.Sample:
    return api.Sample(
        start=start,
        end=start + length,
        own={"errors": own[0], "requests": own[1]},
        other={"errors": other[0], "requests": other[1]},
        other_over=other_over,
    )


def after(
    history: list[tuple[tuple[float, float], tuple[float, float]]], state: CanaryVsStableState = FRESH
) -> CanaryVsStableState:
    for i, (own, other) in enumerate(history):
        observed = api.observe(RULE, state, sample(0.25 * i, own, other))
        assert isinstance(observed, CanaryVsStableState)
        state = observed
    return state


def binomial(total: int, bad: int, share: float) -> float:
    return math.comb(total, bad) * share**bad * (1.0 - share) ** (total - bad)


def likelihood(condition: CanaryVsStable, counts: Counts, alternative: int) -> float:
    found = likelihoods_of(grid_of(condition), counts)
    return 1.0 if found is None else found[alternative]


@pytest.mark.parametrize("alternative", range(5))
@pytest.mark.parametrize(("own", "other"), [(1, 9), (5, 45), (20, 20), (45, 5)])
@pytest.mark.parametrize(
    ("margin", "share"), [(1.0, 0.01), (1.0, 0.2), (1.0, 0.9), (2.0, 0.01), (2.0, 0.3), (1.5, 0.6)]
)
def test_colours_within_the_margin_are_no_evidence(
    margin: float, share: float, own: int, other: int, alternative: int
) -> None:
    """The mean of L is at most 1 for independent failures, at the margin itself and the more so below it."""
    condition = relative(margin=margin, min_ratio=2.0 * margin)
    for candidate in (margin * share, share, 0.3 * share):
        mean = math.fsum(
            binomial(own, bad, candidate)
            * binomial(other, worse, share)
            * likelihood(condition, Counts(bad, own, worse, other), alternative)
            for bad in range(own + 1)
            for worse in range(other + 1)
        )
        assert mean <= 1.0 + 1e-9


@pytest.mark.parametrize("alternative", range(5))
@pytest.mark.parametrize(("bad", "own", "other"), [(3, 5, 45), (10, 20, 20), (30, 40, 60)])
def test_given_the_failures_their_colours_are_no_evidence(bad: int, own: int, other: int, alternative: int) -> None:
    """Hypergeometric labels, in whatever order the incident came: the mean of L is at most 1."""
    mean = math.fsum(
        math.comb(own, mine)
        * math.comb(other, bad - mine)
        / math.comb(own + other, bad)
        * likelihood(relative(), Counts(mine, own, bad - mine, other), alternative)
        for mine in range(max(0, bad - other), min(bad, own) + 1)
    )
    assert mean <= 1.0 + 1e-12


def test_the_formula_as_it_is_written_down() -> None:
    """e_c ln(psi/psi0) - E (ln(1+t(psi-1)) - ln(1+t(psi0-1))), divided by phi, with the reading's own split."""
    grid = grid_of(relative(margin=1.5, min_ratio=2.0, design_effect=2.0))
    assert [pytest.approx(2.0 * 20.0 ** (j / 4)) for j in range(5)] == list(grid.ratios)
    found = likelihoods_of(grid, Counts(4.0, 30.0, 6.0, 90.0))
    expected = [
        math.exp((4.0 * math.log(psi / 1.5) - 10.0 * math.log((1.0 + 0.25 * (psi - 1.0)) / 1.125)) / 2.0)
        for psi in grid.ratios
    ]
    assert pytest.approx(expected) == found


@pytest.mark.parametrize("counts", [(0, 10, 0, 90), (3, 10, 0, 0), (0, 0, 3, 90)])
def test_without_failures_or_without_a_partner_nothing_is_said(counts: tuple[float, float, float, float]) -> None:
    """Only the labels of failures speak, and they need two colours."""
    assert likelihoods_of(grid_of(relative()), Counts(*counts)) is None


def drawn(rng: random.Random, requests: int, share: float) -> tuple[float, float]:
    return float(sum(rng.random() < share for _ in range(requests))), float(requests)


def test_a_shared_incident_is_no_evidence_and_a_worse_candidate_is() -> None:
    """A minute of 20 % on both leaves the rule calm; 20 % against 6 % is proved."""
    rng = random.Random(3)
    alike = [(drawn(rng, 3, 0.2), drawn(rng, 22, 0.2)) for _ in range(240)]
    assert 20.0 > after(alike).suspicion_e
    worse = [(drawn(rng, 3, 0.2), drawn(rng, 22, 0.06)) for _ in range(240)]
    assert Level.FIRING is api.level(after(worse))


def test_stables_instance_sees_it_from_the_other_side() -> None:
    """What is evidence against one colour is none against the other."""
    history = [((5.0, 10.0), (0.0, 90.0))] * 20
    assert after(history).fired
    assert 1.0 > after([(other, own) for own, other in history]).suspicion_e


def test_a_row_of_good_requests_ends_a_trouble_though_nothing_fails_any_more() -> None:
    """Without failures there are no labels: a second disturbance would complete what the first began."""
    bad, good = ((10.0, 12.0), (0.0, 100.0)), ((0.0, 10.0), (0.0, 100.0))
    blip = after([good] * 100 + [bad] * 12)
    assert (Level.PENDING, False) == (api.level(blip), api.recovered(RULE, blip))
    assert CALM < blip.proof_e < 1000.0
    nearly = after([good] * int(GOOD_ROW / 10 - 1), blip)
    assert Level.PENDING is api.level(nearly)
    over = after([good], nearly)
    assert (Level.INACTIVE, True) == (api.level(over), api.recovered(RULE, over))
    assert (CALM, 0.0, 0.0, 0.0) == (over.proof_e, over.polls, over.bad, over.total)
    assert not after([bad] * 12, over).fired


def test_a_rare_failure_is_not_forgotten_between_two_of_its_kind() -> None:
    """1 % of failures leaves rows of some hundred good requests; the trouble goes on through them."""
    state = after([((1.0, 1.0), (0.0, 100.0))] * 4)
    for _ in range(3):
        state = after([((0.0, 10.0), (0.0, 100.0))] * 10 + [((1.0, 10.0), (0.0, 100.0))], state)
    assert not api.recovered(RULE, state)
    long_row = after([((0.0, 10.0), (0.0, 100.0))] * 13, state)
    assert long_row.row >= GOOD_ROW
    assert not api.recovered(RULE, long_row)


def test_a_proof_stays_when_its_trouble_is_over() -> None:
    """It fires until somebody discards it, but nothing is left of its cause."""
    fired = after([((10.0, 12.0), (0.0, 100.0))] * 20)
    over = after([((0.0, 10.0), (0.0, 100.0))] * 20, fired)
    assert (True, fired.proof_e, fired.polls, True) == (over.fired, over.proof_e, over.polls, api.recovered(RULE, over))


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([((0.0, 30.0), (4.0, 30.0))], Judgement.INSUFFICIENT),
        ([((1.0, 30.0), (4.0, 30.0))], Judgement.KNOWN),
        ([((9.0, 19.0), (9.0, 300.0))], Judgement.INSUFFICIENT),
        ([((9.0, 300.0), (9.0, 19.0))], Judgement.INSUFFICIENT),
    ],
    ids=["few failures", "enough", "few requests", "few of the other"],
)
def test_a_judgement_needs_failures_and_requests_of_both(
    history: list[tuple[tuple[float, float], tuple[float, float]]], expected: Judgement
) -> None:
    """Below that it is insufficient; it may fire nevertheless."""
    assert expected is api.judgement(RULE, after(history))


@pytest.mark.parametrize("missing", Missing)
def test_a_partner_that_is_missing_leaves_nothing_to_compare(missing: Missing) -> None:
    """Half a comparison is none."""
    state = after([((1.0, 5.0), (0.0, 45.0))])
    own: dict[str, Value] = {"errors": 1.0, "requests": 2.0}
    others: list[dict[str, Value]] = [{}, {"errors": missing, "requests": 5.0}, {"errors": 1.0, "requests": missing}]
    for other in others:
        assert state is api.observe(RULE, state, api.Sample(start=1.0, end=1.25, own=own, other=other))


def test_colours_that_are_read_in_turn_are_compared_when_both_have_come() -> None:
    """A reading without length says that nothing new was there; its partner's counts wait for it."""
    first = api.observe(RULE, FRESH, sample(0.0, (3.0, 10.0), (0.0, 0.0), length=15.0, other_over=(15.0, 15.0)))
    assert isinstance(first, CanaryVsStableState)
    assert (0.0, (3.0, 10.0, 0.0, 0.0), (15.0, 0.0)) == (first.seen, first.waiting, first.waiting_for)
    both = api.observe(RULE, first, sample(15.0, (0.0, 0.0), (1.0, 90.0), length=0.0, other_over=(5.0, 20.0)))
    at_once = api.observe(RULE, FRESH, sample(0.0, (3.0, 10.0), (1.0, 90.0), length=15.0))
    assert at_once == both
    assert FRESH == api.cut(RULE, first)


@pytest.mark.parametrize(
    "change", [{"margin": 0.9}, {"margin": 2.0}, {"min_ratio": 1.0}, {"min_ratio": 40.0}, {"alpha": 0.0}]
)
def test_an_impossible_condition_is_refused(change: dict[str, float]) -> None:
    """Configuration hears of it when it is loaded."""
    for ask in (api.check, lambda condition: api.initial(rule(condition))):
        with pytest.raises(ValueError, match="must be"):
            ask(relative(**change))


@given(counts=st.tuples(*[st.integers(0, 10**6)] * 4), margin=st.floats(1.0, 5.0), phi=st.floats(1.0, 50.0))
def test_likelihoods_are_numbers(counts: tuple[int, int, int, int], margin: float, phi: float) -> None:
    """At any counts and any margin."""
    own, other = max(counts[:2]), max(counts[2:])
    grid = grid_of(relative(margin=margin, min_ratio=margin + 1.0, design_effect=phi))
    found = likelihoods_of(grid, Counts(min(counts[:2]), own, min(counts[2:]), other))
    assert all(math.isfinite(each) and each >= 0.0 for each in found or [])
