"""Events without a denominator come more often than `limit` a second: the likelihood ratios of a Poisson count.

Law of the module: the formulas of one kind; `core/rules/sequential` plays the game. A reading of length dt with e
events has, against the rate l0 and with the alternatives r_j l0,

    ln L_j = [e ln r_j - (r_j - 1) l0 dt] / phi      r_j from min_ratio to `LARGEST_RATIO`, geometric

which has mean 1 for a Poisson count of rate l0 and less below it. With phi it holds for events that come in bunches of
up to phi at once: r^(k/phi) <= 1 + (k/phi)(r - 1) for bunches of k <= phi.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from watchdog.core.conditions import SequentialCount
from watchdog.core.rules import mixture, sequential
from watchdog.core.rules.mixture import ALTERNATIVES, constants_of
from watchdog.core.rules.sequential import Bet, Counts, SequentialState, count_of
from watchdog.core.rules.values import Sample

LARGEST_RATIO = 100.0
"""The highest multiple of the limit. A rate beyond it is found as fast as this one would be, or faster."""

CUSUM_RATIO = 2.0
"""The onset's CUSUM is tuned to twice the limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialCountState(SequentialState):
    """What one instance remembers: `bad` and `other_bad` are events since the onset, the totals stay 0.

    `seen` is how many events the limit would have allowed so far, `last_value` the last reading's events per second.
    """

    kind: Literal["sequential_count"] = "sequential_count"


class Grid(NamedTuple):
    """What the formulas need of a condition, computed once."""

    weights: tuple[tuple[float, float], ...]
    """Per alternative: ln L_j = e * first + dt * second."""
    cusum: tuple[float, float]


def check(condition: SequentialCount) -> None:
    """Refuse a condition that the test cannot judge."""
    if not 0.0 < condition.limit < math.inf:
        raise ValueError(f"limit {condition.limit:g} must be a rate above 0 events per second")
    if not 1.0 < condition.min_ratio < LARGEST_RATIO:
        raise ValueError(
            f"min_ratio {condition.min_ratio:g} must be above 1 and below {LARGEST_RATIO:g} times the limit"
        )
    mixture.check(condition)


def initial(condition: SequentialCount) -> SequentialCountState:
    """No evidence. An impossible condition is refused here, not in the middle of a deployment."""
    grid_of(condition)
    constants_of(condition)
    return SequentialCountState()


def observe(condition: SequentialCount, state: SequentialCountState, sample: Sample) -> SequentialCountState:
    """The state after one poll. Events in no time are no rate: such a reading is a source's slip and counts nothing.

    The likelihood takes the reading's whole length, also what it shares with those of other targets of the source: a
    burst at one target counts by the time in which it came. So with n targets that are read at n moments the limit is
    up to n times as high, and never lower than it says.
    """
    events, length = count_of(sample.value(condition.events)), max(sample.end - sample.start, 0.0)
    if events is None or (events and not length):
        return state
    grid = grid_of(condition)
    per_event, per_second = grid.cusum
    bet = Bet(
        likelihoods=[mixture.likelihood(events * first + length * second) for first, second in grid.weights],
        quiet=not events,
        start=sample.start,
        length=length,
        cusum=events * per_event + length * per_second,
        counts=Counts(events, 0.0, sample.count(condition.events), 0.0),
        seen=length * condition.limit,
        last=events / length if length else None,
    )
    return sequential.advance(constants_of(condition), state, bet)


def known(state: SequentialCountState) -> bool:
    """Whether it was watched for long enough that one event would have been nothing unusual."""
    return state.seen >= 1.0


@lru_cache(maxsize=256)
def grid_of(condition: SequentialCount) -> Grid:
    """The alternatives of a condition; ValueError for one that the test cannot judge."""
    check(condition)
    step = math.log(LARGEST_RATIO / condition.min_ratio) / (ALTERNATIVES - 1)
    ratios = [condition.min_ratio * math.exp(j * step) for j in range(ALTERNATIVES)]
    return Grid(
        weights=tuple(_weights(ratio, condition.limit, 1.0 / condition.design_effect) for ratio in ratios),
        cusum=_weights(CUSUM_RATIO, condition.limit, 1.0),
    )


def _weights(ratio: float, limit: float, softening: float) -> tuple[float, float]:
    """The logarithm of L of e events in dt seconds as factors of e and dt."""
    return math.log(ratio) * softening, -(ratio - 1.0) * limit * softening
