"""The share of bad requests is above `limit`: the likelihood ratios of counts with a denominator.

Law of the module: the formulas of one kind; `core/rules/sequential` plays the game. A reading of n requests with e bad
ones bets, per alternative,

    independent   ln L_j = [e ln(q_j/p0) + (n-e) ln((1-q_j)/(1-p0))] / phi   q_j from min_effect to 0.6, equal log-odds
    per_poll      ln L_j = ln(1 + l_j (e/n/p0 - 1)) / phi                    l = .2 .45 .7 .95, one bounded bet

The first has mean 1 under independent failures at p0; divided by the design effect phi it has at most 1 however
failures hang together within bunches of phi requests (Hoelder). The second needs no more than that the mean share of a
reading is at most p0, given the past: any bunching within one reading is allowed, and phi then counts readings.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from watchdog.core.conditions import SequentialRatio
from watchdog.core.rules import mixture, sequential
from watchdog.core.rules.mixture import ALTERNATIVES, Likelihoods, constants_of
from watchdog.core.rules.sequential import Bet, Counts, SequentialState, count_of
from watchdog.core.rules.values import Sample

LARGEST_EFFECT = 0.6
"""The highest alternative q_J (STATS 4.2)."""

BETS = (0.2, 0.45, 0.7, 0.95)
"""l_j: parts of the stake that `per_poll` puts on one reading (STATS 4.2)."""

EVENTS_TO_JUDGE = 20.0
"""Requests below which the rule says "insufficient"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRatioState(SequentialState):
    """What one instance remembers; `seen` are requests, `last_value` is the last reading's share."""

    kind: Literal["sequential_ratio"] = "sequential_ratio"


class Grid(NamedTuple):
    """What the formulas need of a condition, computed once."""

    weights: tuple[tuple[float, float], ...]
    """Per alternative: ln L_j = e * first + n * second. Empty where bets are per poll."""
    cusum: tuple[float, float]
    """The same for the CUSUM's alternative, twice the limit."""
    limit: float
    softening: float
    """1/phi."""


def check(condition: SequentialRatio) -> None:
    """Refuse a condition that the test cannot judge."""
    if not 0.0 < condition.limit < condition.min_effect < LARGEST_EFFECT:
        raise ValueError(
            f"limit {condition.limit:g} must be above 0 and below min_effect {condition.min_effect:g}, "
            f"and that below {LARGEST_EFFECT:g}: a larger share is a matter for a probe"
        )
    mixture.check(condition)


def initial(condition: SequentialRatio) -> SequentialRatioState:
    """No evidence. An impossible condition is refused here, not in the middle of a deployment."""
    grid_of(condition)
    constants_of(condition)
    fresh = mixture.fresh(len(BETS) if condition.dependence == "per_poll" else ALTERNATIVES)
    return SequentialRatioState(
        proof_start=fresh.start,
        proof_change=fresh.change,
        suspicion_start=fresh.start,
        suspicion_change=fresh.change,
    )


def observe(condition: SequentialRatio, state: SequentialRatioState, sample: Sample) -> SequentialRatioState:
    """The state after one poll. A missing reading counts nothing, whatever `no_data` says: it has no requests."""
    bad, total = count_of(sample.value(condition.bad)), count_of(sample.value(condition.total))
    if bad is None or total is None:
        return state
    bad = min(bad, total)
    grid = grid_of(condition)
    other_total = sample.count(condition.total)
    per_bad, per_request = grid.cusum
    bet = Bet(
        likelihoods=likelihoods_of(grid, bad, total),
        quiet=not total,
        start=sample.start,
        length=max(sample.end - sample.start, 0.0),
        cusum=bad * per_bad + total * per_request,
        counts=Counts(bad, total, min(sample.count(condition.bad), other_total), other_total),
        seen=total,
        last=bad / total if total else None,
    )
    return sequential.advance(constants_of(condition), state, bet)


def known(state: SequentialRatioState) -> bool:
    """Whether there were requests enough to say anything."""
    return state.seen >= EVENTS_TO_JUDGE


@lru_cache(maxsize=256)
def grid_of(condition: SequentialRatio) -> Grid:
    """The alternatives of a condition; ValueError for one that the test cannot judge."""
    check(condition)
    limit, softening = condition.limit, 1.0 / condition.design_effect
    low, high = _log_odds(condition.min_effect), _log_odds(LARGEST_EFFECT)
    step = (high - low) / (ALTERNATIVES - 1)
    shares = [1.0 / (1.0 + math.exp(-(low + j * step))) for j in range(ALTERNATIVES)]
    per_poll = condition.dependence == "per_poll"
    return Grid(
        weights=() if per_poll else tuple(_weights(share, limit, softening) for share in shares),
        cusum=_weights(min(2.0 * limit, (1.0 + limit) / 2.0), limit, 1.0),
        limit=limit,
        softening=softening,
    )


def likelihoods_of(grid: Grid, bad: float, total: float) -> Likelihoods:
    """L_j of a reading."""
    if not total:
        return None
    if grid.weights:
        return [mixture.likelihood(bad * per_bad + total * per_request) for per_bad, per_request in grid.weights]
    gain = bad / total / grid.limit - 1.0
    return [(1.0 + part * gain) ** grid.softening for part in BETS]


def _log_odds(share: float) -> float:
    return math.log(share / (1.0 - share))


def _weights(share: float, limit: float, softening: float) -> tuple[float, float]:
    """The logarithm of L of e bad of n requests as factors of e and n."""
    per_good = math.log((1.0 - share) / (1.0 - limit))
    return (math.log(share / limit) - per_good) * softening, per_good * softening
