"""The candidate fails more often than stable over the same readings: the label test (STATS 4.2).

Law of the module: the formulas of one kind; `core/rules/sequential` plays the game. Given that a reading has E bad
events among n_c requests of this colour and n_s of the other, the bet is on whose they are. With the split of this very
reading, t = n_c/(n_c+n_s), and e_c of the E bad events on this colour,

    ln L_j = [e_c ln(psi_j/psi0) - E (ln(1 + t(psi_j-1)) - ln(1 + t(psi0-1)))] / phi     psi_j from min_ratio to 40

For independent failures with p_c <= psi0 p_s the mean of L_j (phi = 1) is at most 1: with a = psi_j/psi0 and
b = (1 + t(psi_j-1))/(1 + t(psi0-1)) it is (1 + p_c(a/b - 1))^n_c (1 + p_s(1/b - 1))^n_s, and by 1 + x <= e^x at most
exp((n_c+n_s) p_s [t psi0 (a/b - 1) + (1-t)(1/b - 1)]), whose bracket is 0. The shares may change from reading to
reading, so an incident that both colours share is no evidence. phi as in `sequential_ratio`.

Only bad events speak here: without any, evidence would stay for ever and a second short disturbance would complete what
a first one began. So a row of good requests of this colour that would hardly have come by chance, were it still failing
as it did since the onset, ends the trouble: the evidence is lowered to a calm rule's, which no guarantee minds.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal, NamedTuple

from watchdog.core.conditions import CanaryVsStable
from watchdog.core.model import Missing, Seconds
from watchdog.core.rules import mixture, sequential
from watchdog.core.rules.mixture import ALTERNATIVES, Likelihoods, constants_of
from watchdog.core.rules.sequential import NOTHING, Bet, Counts, SequentialState, count_of
from watchdog.core.rules.values import Sample

LARGEST_RATIO = 40.0
"""The highest alternative psi_J (STATS 4.2)."""

CUSUM_RATIO = 2.0
"""The onset's CUSUM is tuned to twice the margin."""

REQUESTS_TO_JUDGE = 20.0
BAD_TO_JUDGE = 5.0
"""Below so many requests of either colour, or bad events of both together, the rule says "insufficient"."""

GOOD_ROW = 130.0
"""The shortest row of good requests that ends a trouble: what `sequential_ratio` needs to forget."""

UNLIKELY = math.log(1000.0)
"""A row that is so many times longer than the mean distance of failures comes by chance once in 1000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryVsStableState(SequentialState):
    """What one instance remembers; `seen` are this colour's requests, `last_value` is its last reading's share."""

    kind: Literal["canary_vs_stable"] = "canary_vs_stable"
    other_seen: float = 0.0
    bad_seen: float = 0.0
    """Bad events of both colours."""
    row: float = 0.0
    """Good requests of this colour since its last bad one."""
    waiting: tuple[float, float, float, float] = NOTHING
    """Counts of readings whose counterpart of the other colour has not come yet."""
    waiting_for: tuple[Seconds, Seconds] = (0.0, 0.0)
    """How much of this and of the other colour's time is in `waiting`."""


class Grid(NamedTuple):
    """What the formulas need of a condition, computed once."""

    ratios: tuple[float, ...]
    margin: float
    softening: float
    """1/phi."""


def check(condition: CanaryVsStable) -> None:
    """Refuse a condition that the test cannot judge."""
    if not 1.0 <= condition.margin < condition.min_ratio < LARGEST_RATIO:
        raise ValueError(
            f"margin {condition.margin:g} must be at least 1 and below min_ratio {condition.min_ratio:g}, "
            f"and that below {LARGEST_RATIO:g}"
        )
    mixture.check(condition)


def initial(condition: CanaryVsStable) -> CanaryVsStableState:
    """No evidence. An impossible condition is refused here, not in the middle of a deployment."""
    grid_of(condition)
    constants_of(condition)
    return CanaryVsStableState()


def observe(condition: CanaryVsStable, state: CanaryVsStableState, sample: Sample) -> CanaryVsStableState:
    """The state after one poll. It needs both colours' counts; one that is missing leaves nothing to compare."""
    read = _counts(condition, sample)
    if read is None:
        return state
    own, other = sample.lengths
    lengths = own + state.waiting_for[0], other + state.waiting_for[1]
    counts = Counts(*(new + old for new, old in zip(read, state.waiting, strict=True)))
    if not (lengths[0] and lengths[1]):
        return replace(state, waiting=counts, waiting_for=lengths)
    return _compared(condition, state, counts, start=sample.end - lengths[0], length=lengths[0])


def cut(state: CanaryVsStableState) -> CanaryVsStableState:
    """After a traffic step counts of before it have no counterpart any more; the evidence stays."""
    return replace(state, waiting=NOTHING, waiting_for=(0.0, 0.0))


def known(state: CanaryVsStableState) -> bool:
    """Whether both colours had requests, and there were failures to compare."""
    return min(state.seen, state.other_seen) >= REQUESTS_TO_JUDGE and state.bad_seen >= BAD_TO_JUDGE


@lru_cache(maxsize=256)
def grid_of(condition: CanaryVsStable) -> Grid:
    """The alternatives of a condition; ValueError for one that the test cannot judge."""
    check(condition)
    step = math.log(LARGEST_RATIO / condition.min_ratio) / (ALTERNATIVES - 1)
    return Grid(
        ratios=tuple(condition.min_ratio * math.exp(j * step) for j in range(ALTERNATIVES)),
        margin=condition.margin,
        softening=1.0 / condition.design_effect,
    )


def likelihoods_of(grid: Grid, counts: Counts) -> Likelihoods:
    """L_j of a reading; without bad events, or without requests of both colours, it says nothing."""
    if not (counts.bad + counts.other_bad and counts.total and counts.other_total):
        return None
    return [mixture.likelihood(_log(ratio, grid.margin, counts) * grid.softening) for ratio in grid.ratios]


def _log(ratio: float, margin: float, counts: Counts) -> float:
    """The logarithm of one alternative's L, before the design effect."""
    split = counts.total / (counts.total + counts.other_total)
    per_bad = math.log1p(split * (ratio - 1.0)) - math.log1p(split * (margin - 1.0))
    return counts.bad * math.log(ratio / margin) - (counts.bad + counts.other_bad) * per_bad


def _counts(condition: CanaryVsStable, sample: Sample) -> Counts | None:
    bad, total = count_of(sample.value(condition.bad)), count_of(sample.value(condition.total))
    other_bad = count_of(sample.other.get(condition.bad, Missing.EMPTY))
    other_total = count_of(sample.other.get(condition.total, Missing.EMPTY))
    if bad is None or total is None or other_bad is None or other_total is None:
        return None
    return Counts(min(bad, total), total, min(other_bad, other_total), other_total)


def _compared(
    condition: CanaryVsStable, state: CanaryVsStableState, counts: Counts, *, start: Seconds, length: Seconds
) -> CanaryVsStableState:
    """The state after both colours' counts of one reading."""
    grid, constants = grid_of(condition), constants_of(condition)
    likelihoods = likelihoods_of(grid, counts)
    bet = Bet(
        likelihoods=likelihoods,
        quiet=likelihoods is None,
        start=start,
        length=length,
        cusum=_log(CUSUM_RATIO * grid.margin, grid.margin, counts) if likelihoods else 0.0,
        counts=counts,
        seen=counts.total,
        last=counts.bad / counts.total if counts.total else None,
    )
    after = replace(
        sequential.advance(constants, state, bet),
        other_seen=state.other_seen + counts.other_total,
        bad_seen=state.bad_seen + counts.bad + counts.other_bad,
        row=0.0 if counts.bad else state.row + counts.total,
    )
    return sequential.calmed(constants, after) if _over(after) else after


def _over(state: CanaryVsStableState) -> bool:
    """Whether this colour has been good for longer than one that still fails as since the onset could be."""
    return state.row >= GOOD_ROW and state.row * state.bad >= UNLIKELY * (state.total - state.row)
