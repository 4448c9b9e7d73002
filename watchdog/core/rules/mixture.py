"""The e-process of the sequential rules: is the share of bad requests above `limit`?

Law of the module: whatever is done here to the e-process may only lower it, so that "false rollbacks at most alpha for
each window" survives; and no history, traffic or rhythm may let a disturbance shorter than `ride_out` prove anything.

The test is a mixture of Shiryaev-Roberts type over J = 5 alternatives q_j (STATS 4.2; Shin, Ramdas, Rinaldo,
"E-detectors", arXiv 2203.03532). A reading of n requests with e bad ones and length dt has the likelihood ratios
L_j = (q_j/p0)^e ((1-q_j)/(1-p0))^(n-e), and

    S0_j <- S0_j L_j                      bad from the start; begins with omega = 1/2
    S1_j <- (S1_j + w) L_j                bad from some time on; begins with 0, w = (1-omega) dt / window
    E     = mean_j (S0_j + S1_j) + (1-omega) max(0, 1 - t/window)

E is a martingale under p0 and a supermartingale below it, so by Ville P(E ever >= 1/alpha) <= alpha. The masses are
kept as they are, not as logarithms: a healthy release makes them underflow to 0, which lowers E, is right, and needs
no minus infinity. Beyond the window the recursion goes on, at the cost P(false by t) <= alpha (omega + (1-omega)
t/window), except that a reading without requests then adds nothing.

Ride-out: E may not grow faster than it would need to. From a calm state (E <= CALM) it is held at or below
CALM e^(g a), where a is the number of polls since then, and g is such that m - 1 polls stay short of 1/alpha, with
m = floor(ride_out/interval) + 3. What is above is cut off, from the largest alternatives first. A poll's growth that
was not used is kept for later, up to half of m - 1 polls. A reading counts as one poll at most, however long it is (a
delta after missed polls must not prove anything by itself), and as its part of `interval` when it is shorter.

STATS 4.2 caps each ln L_j instead. Those caps hold from the start and after busy healthy traffic, but after an idle
hour S1 is near omega and no longer near w, and then eight polls prove what should take fifteen.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from watchdog.core.model import Seconds
from watchdog.core.settings import SequentialRatio

ALTERNATIVES = 5
"""J: 3 to 12 changed delays by less than 10 % (STATS 3)."""

LARGEST_EFFECT = 0.6
"""The highest alternative q_J (STATS 4.2)."""

OMEGA = 0.5
"""Prior weight of "bad from the start"; 0.2 to 0.8 changed delays by less than 10 % (STATS 3)."""

SUSPICION = 20.0
"""Evidence from which a rule is pending and may divert: by chance once in 20 windows at most (STATS 3.7)."""

SATURATION = 1000.0
"""Suspicion is not counted higher, so that a release gets rid of it within some 150 healthy requests."""

CALM = 2.0
"""Evidence up to which nothing speaks against a release; above 1, where an idle or slightly unlucky one wanders."""

CUSUM_CEILING = math.log(1000.0)
"""Bounds the onset's CUSUM: it is back at 0 within about 130 healthy requests, however long the fault lasted."""

LOG_LIKELIHOOD_CEILING = 600.0
"""Keeps e^x and its products inside a float (e^709). Far above any evidence that could still matter."""

SMALLEST_ALPHA = 1e-12
"""Keeps 1/alpha, and what is multiplied with it, well inside a float."""

MARGIN = 1e-6
"""How far below ln(1/alpha) m - 1 polls are stopped, in nats: far above rounding, far below one request."""

Masses: TypeAlias = tuple[float, ...]
"""One value per alternative."""

Likelihoods: TypeAlias = list[float] | None
"""L_j of one reading; None for a reading without requests, which changes nothing but time."""


class Process(NamedTuple):
    """The e-process after a reading; a tuple and not a dataclass because one is made for every poll and rule."""

    start: Masses
    """S0."""
    change: Masses
    """S1."""
    elapsed: Seconds
    """t: the length of all readings so far."""
    value: float
    """E."""


FRESH = Process((OMEGA,) * ALTERNATIVES, (0.0,) * ALTERNATIVES, 0.0, 1.0)
"""No evidence yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """What the formulas need of a condition, computed once."""

    weights: tuple[tuple[float, float], ...]
    """Per alternative: ln L_j = e * first + n * second."""
    cusum: tuple[float, float]
    """The same for the CUSUM's alternative, twice the limit."""
    enough: float
    """1/alpha."""
    window: Seconds
    interval: Seconds
    growth: float
    """g, in nats per poll; infinite without a ride-out."""
    depth: float
    """Most polls of growth that can be kept for later."""


def check(condition: SequentialRatio) -> None:
    """Refuse a condition that the test cannot judge."""
    if not 0.0 < condition.limit < condition.min_effect < LARGEST_EFFECT:
        raise ValueError(
            f"limit {condition.limit:g} must be above 0 and below min_effect {condition.min_effect:g}, "
            f"and that below {LARGEST_EFFECT:g}: a larger share is a matter for a probe"
        )
    if not SMALLEST_ALPHA <= condition.alpha < 1.0 / SUSPICION:
        raise ValueError(f"alpha {condition.alpha:g} must be at least {SMALLEST_ALPHA:g} and below {1.0 / SUSPICION:g}")
    if condition.window <= 0.0 or condition.interval <= 0.0 or condition.ride_out < 0.0:
        raise ValueError("window and interval must be above 0 seconds, ride_out at least 0")


def rides_out(condition: SequentialRatio) -> bool:
    """Whether the source is quick enough to tell a short disturbance from a lasting one."""
    return condition.ride_out > 0.0 and condition.interval <= condition.ride_out


def polls_to_fire(condition: SequentialRatio) -> int:
    """m: the fewest polls in which a calm rule can fire; a disturbance of `ride_out` touches m - 1 at most."""
    return math.floor(condition.ride_out / condition.interval + MARGIN) + 3 if rides_out(condition) else 1


@lru_cache(maxsize=256)
def constants_of(condition: SequentialRatio) -> Constants:
    """The constants of a condition; ValueError for one that the test cannot judge."""
    check(condition)
    limit = condition.limit
    low, high = _log_odds(condition.min_effect), _log_odds(LARGEST_EFFECT)
    step = (high - low) / (ALTERNATIVES - 1)
    grid = [1.0 / (1.0 + math.exp(-(low + j * step))) for j in range(ALTERNATIVES)]
    growth, touched = math.inf, 0.0
    if rides_out(condition):
        # Uneven readings can touch a disturbance with this many polls' worth, even ones with m - 1, which is not more.
        touched = condition.ride_out / condition.interval + 2.0
        growth = (math.log(1.0 / (condition.alpha * CALM)) - MARGIN) / touched
    return Constants(
        weights=tuple(_weights(share, limit) for share in grid),
        cusum=_weights(min(2.0 * limit, (1.0 + limit) / 2.0), limit),
        enough=1.0 / condition.alpha,
        window=condition.window,
        interval=condition.interval,
        growth=growth,
        depth=touched / 2.0,
    )


def likelihoods_of(constants: Constants, bad: float, total: float) -> Likelihoods:
    """L_j of a reading."""
    if not total:
        return None
    return [
        math.exp(min(bad * per_bad + total * per_request, LOG_LIKELIHOOD_CEILING))
        for per_bad, per_request in constants.weights
    ]


def advance(constants: Constants, process: Process, likelihoods: Likelihoods, length: Seconds) -> Process:
    """One step of the recursion."""
    start, change, before, _ = process
    elapsed = before + length
    if likelihoods is None:
        # Beyond the window nothing arrives, or a release that waits idle for days would become suspect by itself.
        arriving = _unspent(constants, before) - _unspent(constants, elapsed)
        change = tuple([mass + arriving for mass in change])
    else:
        arriving = (1.0 - OMEGA) * length / constants.window
        start = tuple([mass * ratio for mass, ratio in zip(start, likelihoods, strict=True)])
        change = tuple([(mass + arriving) * ratio for mass, ratio in zip(change, likelihoods, strict=True)])
    value = (sum(start) + sum(change)) / ALTERNATIVES + _unspent(constants, elapsed)
    return Process(start, change, elapsed, value)


def bounded(constants: Constants, process: Process, bound: float) -> Process:
    """The process with E lowered to `bound`: every alternative is cut to one level, so that none is wiped out."""
    if process.value <= bound:
        return process
    masses = [start + change for start, change in zip(process.start, process.change, strict=True)]
    ceiling = _common_ceiling(masses, (bound - _unspent(constants, process.elapsed)) * ALTERNATIVES)
    factors = [min(1.0, ceiling / mass) if mass else 1.0 for mass in masses]
    start = tuple([mass * factor for mass, factor in zip(process.start, factors, strict=True)])
    change = tuple([mass * factor for mass, factor in zip(process.change, factors, strict=True)])
    return Process(start, change, process.elapsed, bound)


def ride_out(constants: Constants, process: Process, polls: float, length: Seconds) -> tuple[Process, float]:
    """The process held to its pace, and the polls of growth that it has been granted since it was calm."""
    if process.value <= CALM:
        return process, 0.0
    polls += min(length / constants.interval, 1.0)
    process = bounded(constants, process, CALM * math.exp(constants.growth * polls))
    return process, min(polls, polls_needed(constants, process.value) + constants.depth)


def polls_needed(constants: Constants, value: float) -> float:
    """The polls of growth that evidence of this size takes from a calm state."""
    return math.log(value / CALM) / constants.growth if value > CALM else 0.0


def _common_ceiling(masses: list[float], budget: float) -> float:
    """The level that cuts the masses, whose sum exceeds the budget, to that sum."""
    kept = sorted(masses)
    while len(kept) > 1 and kept[0] < budget / len(kept):
        budget -= kept.pop(0)
    return budget / len(kept)


def _unspent(constants: Constants, elapsed: Seconds) -> float:
    """The part of E that is prior for a change still to come."""
    return (1.0 - OMEGA) * (1.0 - elapsed / constants.window) if elapsed < constants.window else 0.0


def _log_odds(share: float) -> float:
    return math.log(share / (1.0 - share))


def _weights(share: float, limit: float) -> tuple[float, float]:
    """The log of e bad of n requests' likelihood ratio, e ln(q/p0) + (n-e) ln((1-q)/(1-p0)), as factors of e and n."""
    per_good = math.log((1.0 - share) / (1.0 - limit))
    return math.log(share / limit) - per_good, per_good
