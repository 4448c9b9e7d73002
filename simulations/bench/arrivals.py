"""Made-up requests for the benchmarks of the statistics: counts per reading, from a seed.

What lives here: drawing counts. What must not: rules. Bad and good requests are independent Poisson streams, which is
one Poisson stream of requests of which each fails by itself with the share of that moment.
"""

import math
import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TypeAlias

Counts: TypeAlias = tuple[float, float]
"""Bad and total of one reading."""

TABLED = 400.0
"""Means up to this are drawn from a table (kept by mean, to one decimal); above it the normal approximation is as good.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How a release fares: a share of failures, and what changes it."""

    rate: float
    """Requests per second."""
    share: float
    then: float | None = None
    """The share from `changes` on."""
    changes: float = math.inf
    until: float = math.inf
    """Back to `share` from here on."""
    rho: float = 0.0
    """Correlation of failures within one reading: the reading's share is drawn from a beta distribution."""


def readings(rng: random.Random, course: Course, length: float, lasts: float) -> Iterator[Counts]:
    """One reading after the other."""
    mean = course.rate * length
    for i in range(round(lasts / length)):
        share = _share(course, i * length, length)
        if course.rho:
            strength = 1.0 / course.rho - 1.0
            share = rng.betavariate(share * strength, (1.0 - share) * strength)
            bad = float(poisson(rng, mean * share))
            yield bad, bad + poisson(rng, mean * (1.0 - share))
        else:
            bad = float(_tabled(mean * share, rng.random()) if mean * share <= TABLED else poisson(rng, mean * share))
            yield bad, bad + poisson(rng, mean * (1.0 - share))


def _share(course: Course, start: float, length: float) -> float:
    """The mean share of a reading, which may touch the change with a part of it."""
    if course.then is None:
        return course.share
    inside = max(min(start + length, course.until) - max(start, course.changes), 0.0) / length
    return course.share + inside * (course.then - course.share)


def poisson(rng: random.Random, mean: float) -> int:
    """A Poisson draw; small means by multiplying (Knuth), which needs no table for means that come but once."""
    if mean <= 0.0:
        return 0
    if mean > TABLED:
        return max(round(rng.gauss(mean, math.sqrt(mean))), 0)
    if mean > 12.0:
        return _tabled(round(mean, 1), rng.random())
    drawn, product, least = -1, 1.0, math.exp(-mean)
    while product > least:
        drawn, product = drawn + 1, product * rng.random()
    return drawn


def _tabled(mean: float, place: float) -> int:
    return bisect_right(_table(mean), place) if mean > 0.0 else 0


@lru_cache(maxsize=8192)
def _table(mean: float) -> list[float]:
    """The distribution function."""
    top = math.ceil(mean + 12.0 * math.sqrt(mean) + 12.0)
    return list(accumulate(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(top)))
