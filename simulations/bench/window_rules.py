"""The rules that people usually write: a share over a fixed window, with the usual remedies against noise.

What lives here: those rules on 5 s polls, as STATS-like tables compare them. What must not: the project's own rules.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, TypeAlias

from simulations.bench.arrivals import Counts

POLL = 5.0
LIMIT = 0.05
MINUTE = 12
"""Polls."""

Breach: TypeAlias = Callable[[float, float], bool]
"""Whether a window's bad of total is a breach."""


def _above(bad: float, total: float) -> bool:
    return bad > LIMIT * total


def _at_least(requests: int) -> Breach:
    return lambda bad, total: total >= requests and bad > LIMIT * total


def _wilson(z: float) -> Breach:
    """The lower end of Wilson's interval is above the limit."""

    def breach(bad: float, total: float) -> bool:
        if not total:
            return False
        share, part = bad / total, z * z / total
        middle = share + part / 2.0
        half = z * math.sqrt(share * (1.0 - share) / total + part / (4.0 * total))
        return (middle - half) / (1.0 + part) > LIMIT

    return breach


@dataclass(frozen=True, slots=True)
class WindowRule:
    """What breaches over the last `window` polls, at `matches` of the last `out_of` evaluations."""

    window: int
    breach: Breach
    matches: int = 1
    out_of: int = 1


RULES: Final[dict[str, WindowRule]] = {
    "rate[1m] > 5%": WindowRule(MINUTE, _above),
    "rate[1m] > 5%, for 15s": WindowRule(MINUTE, _above, 4, 4),
    "rate[1m] > 5%, for 30s": WindowRule(MINUTE, _above, 7, 7),
    "rate[5m] > 5%": WindowRule(5 * MINUTE, _above),
    "rate[5m] > 5%, for 15s": WindowRule(5 * MINUTE, _above, 4, 4),
    "rate[1m] > 5%, 3 of 5": WindowRule(MINUTE, _above, 3, 5),
    "rate[1m] > 5%, min 20": WindowRule(MINUTE, _at_least(20)),
    "rate[1m] > 5%, min 100": WindowRule(MINUTE, _at_least(100)),
    "Wilson 95 of 1m": WindowRule(MINUTE, _wilson(1.645)),
    "Wilson 99.9 of 1m": WindowRule(MINUTE, _wilson(3.09)),
    "Wilson 99.9 of 5m": WindowRule(5 * MINUTE, _wilson(3.09)),
}


def fires_at(polls: Sequence[Counts]) -> dict[str, int | None]:
    """The poll (counted from 1) after which each rule fires first; None where it never does."""
    bad = [0.0, *accumulate(each[0] for each in polls)]
    total = [0.0, *accumulate(each[1] for each in polls)]
    return {name: next(_fires(rule, bad, total), None) for name, rule in RULES.items()}


def _fires(rule: WindowRule, bad: list[float], total: list[float]) -> Iterator[int]:
    held: list[int] = []
    for end in range(1, len(bad)):
        begin = max(end - rule.window, 0)
        if rule.breach(bad[end] - bad[begin], total[end] - total[begin]):
            held = [each for each in held if each > end - rule.out_of] + [end]
            if len(held) >= rule.matches:
                yield end
