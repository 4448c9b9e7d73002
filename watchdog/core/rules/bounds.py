"""How bad it is at least: a lower confidence bound on a share that holds at every look.

Law of the module: for reports only, nothing is decided by it. The counts it is given begin at an onset that was chosen
by looking at them, so it tells the size of the trouble and is no second proof.
"""

import math

BISECTIONS = 40
"""Halves the interval to below 1e-12."""

NEGLIGIBLE = 1e-17
"""Terms below this part of the sum change no digit of it."""


def lower_bound(bad: float, total: float, alpha: float) -> float:
    """The largest p0 for which the e-process with a uniform prior on [p0, 1] has reached 1/alpha; 0 when there is none.

    STATS 3, a = b = 1: with e bad of n, E(p0) = B(e+1, n-e+1) P(Binomial(n+1, p0) <= e) / ((1-p0) p0^e (1-p0)^(n-e)).
    Every p0 below the bound is refuted at level `alpha` (Ville), at whatever moment one looks. Counts are whole
    requests; parts of one are dropped from `bad` and completed in `total`, which only lowers the bound.
    """
    bad_count, total_count = math.floor(bad), math.ceil(total)
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha {alpha:g} must lie between 0 and 1")
    if not 0 <= bad_count <= total_count:
        raise ValueError(f"{bad:g} bad of {total:g} is no share")
    low, high = 0.0, bad_count / total_count if total_count else 0.0
    enough = -math.log(alpha)
    for _ in range(BISECTIONS if bad_count else 0):
        middle = (low + high) / 2.0
        low, high = (middle, high) if log_e(bad_count, total_count, middle) >= enough else (low, middle)
    return low


def log_e(bad: int, total: int, null: float) -> float:
    """Natural log of E for 0 < `null` <= bad/total, where it falls as `null` rises."""
    log_null, log_rest = math.log(null), math.log1p(-null)
    log_beta = math.lgamma(bad + 1) + math.lgamma(total - bad + 1) - math.lgamma(total + 2)
    at_least_as_good = 1.0 - _upper_tail(bad + 1, total + 1, null)
    return log_beta + math.log(at_least_as_good) - bad * log_null - (total - bad + 1) * log_rest


def _upper_tail(least: int, trials: int, share: float) -> float:
    """P(Binomial(trials, share) >= least) for least above the mean, where the terms fall from the first on."""
    log_first = (
        math.lgamma(trials + 1)
        - math.lgamma(least + 1)
        - math.lgamma(trials - least + 1)
        + least * math.log(share)
        + (trials - least) * math.log1p(-share)
    )
    odds = share / (1.0 - share)
    term = total = 1.0
    for successes in range(least, trials):
        term *= odds * (trials - successes) / (successes + 1)
        total += term
        if term < NEGLIGIBLE * total:
            break
    return math.exp(log_first) * total
