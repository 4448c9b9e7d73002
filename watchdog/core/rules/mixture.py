"""The e-process of the sequential rules: one betting game, whatever is counted.

Law of the module: whatever is done here to the e-process may only lower it, so that "false rollbacks at most alpha for
each window" survives; and no history, traffic or rhythm may let a disturbance shorter than `ride_out` prove anything.
It is given likelihood ratios and knows no kind of rule by its formula: each kind owes it ratios L_j whose mean, given
the past, is at most 1 as long as its null hypothesis holds.

The test is a mixture of Shiryaev-Roberts type over J alternatives (STATS 4.2; Shin, Ramdas, Rinaldo, "E-detectors",
arXiv 2203.03532). A reading of length dt with the ratios L_j moves it so:

    S0_j <- S0_j L_j                      bad from the start; begins with omega = 1/2
    S1_j <- (S1_j + w) L_j                bad from some time on; begins with 0, w = (1-omega) dt / window
    E     = mean_j (S0_j + S1_j) + (1-omega) max(0, 1 - t/window)

E is a martingale where the means are 1 and a supermartingale where they are less, so by Ville P(E ever >= 1/alpha) <=
alpha. The masses are kept as they are, not as logarithms: a healthy release makes them underflow to 0, which lowers E,
is right, and needs no minus infinity. Beyond the window the recursion goes on, at the cost P(false by t) <= alpha
(omega + (1-omega) t/window), except that a quiet reading (nothing happened in it) then adds nothing.

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

from watchdog.core.conditions import CanaryVsStable, Sequential
from watchdog.core.model import Seconds

ALTERNATIVES = 5
"""J: 3 to 12 changed delays by less than 10 % (STATS 3)."""

OMEGA = 0.5
"""Prior weight of "bad from the start"; 0.2 to 0.8 changed delays by less than 10 % (STATS 3)."""

SUSPICION = 20.0
"""Evidence from which a rule is pending and may divert: by chance once in 20 windows at most (STATS 3.7)."""

SATURATION = 1000.0
"""Suspicion is not counted higher, so that a release gets rid of it within some 150 healthy requests.

With a design effect phi evidence fades phi times slower; the ceiling is then nearer to `SUSPICION` by as much.
"""

CALM = 2.0
"""Evidence up to which nothing speaks against a release; above 1, where an idle or slightly unlucky one wanders."""

MISALIGNED_POLLS = 3.0
"""Two colours that are read at different moments see a shared incident begin (or end) in different readings. One such
reading must neither prove anything nor bring E to 20, so a slow `canary_vs_stable` is held to this many polls."""

LOG_LIKELIHOOD_CEILING = 600.0
"""Keeps e^x and its products inside a float (e^709). Far above any evidence that could still matter."""

SMALLEST_ALPHA = 1e-12
"""Keeps 1/alpha, and what is multiplied with it, well inside a float."""

MARGIN = 1e-6
"""How far below ln(1/alpha) m - 1 polls are stopped, in nats: far above rounding, far below one request."""

Masses: TypeAlias = tuple[float, ...]
"""One value per alternative."""

Likelihoods: TypeAlias = list[float] | None
"""L_j of one reading; None for one in which nothing was counted: every L_j is 1, and only time passes."""


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


@lru_cache(maxsize=16)
def parts(alternatives: int) -> Masses:
    """The prior of each alternative, in proportion to 1/(j+1) and 1 on average.

    A weak effect is what takes long to find, so it gets the most: against equal parts 10 % failures at one request per
    second are found 5 % sooner, 50 % failures 4 % later.
    """
    weights = [1.0 / (j + 1.0) for j in range(alternatives)]
    return tuple(weight * alternatives / sum(weights) for weight in weights)


@lru_cache(maxsize=16)
def fresh(alternatives: int) -> Process:
    """No evidence yet."""
    return Process(tuple(OMEGA * part for part in parts(alternatives)), (0.0,) * alternatives, 0.0, 1.0)


FRESH = fresh(ALTERNATIVES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """What the formulas need of a condition, computed once."""

    enough: float
    """1/alpha."""
    ceiling: float
    """The highest suspicion."""
    window: Seconds
    interval: Seconds
    growth: float
    """g, in nats per poll; infinite without a ride-out."""
    depth: float
    """Most polls of growth that can be kept for later."""


def check(condition: Sequential) -> None:
    """Refuse what no sequential test can judge; what concerns one kind alone its own module refuses."""
    if not SMALLEST_ALPHA <= condition.alpha < 1.0 / SUSPICION:
        raise ValueError(f"alpha {condition.alpha:g} must be at least {SMALLEST_ALPHA:g} and below {1.0 / SUSPICION:g}")
    if condition.window <= 0.0 or condition.interval <= 0.0 or condition.ride_out < 0.0:
        raise ValueError("window and interval must be above 0 seconds, ride_out at least 0")
    if not 1.0 <= condition.design_effect < math.inf:
        raise ValueError(f"design_effect {condition.design_effect:g} must be at least 1: failures without bunches")


def rides_out(condition: Sequential) -> bool:
    """Whether the source is quick enough to tell a short disturbance from a lasting one."""
    return condition.ride_out > 0.0 and condition.interval <= condition.ride_out


def polls_to_fire(condition: Sequential) -> int:
    """m: the fewest polls in which a calm rule can fire; a disturbance of `ride_out` touches m - 1 at most."""
    if rides_out(condition):
        return math.floor(condition.ride_out / condition.interval + MARGIN) + 3
    return math.floor(_touched(condition)) + 1


def _touched(condition: Sequential) -> float:
    """The most polls' worth of readings that a disturbance may touch; 0 where none is ridden out.

    Uneven readings can touch it with ride_out/interval + 2 polls' worth, even ones with m - 1, which is not more.
    """
    if rides_out(condition):
        return condition.ride_out / condition.interval + 2.0
    return MISALIGNED_POLLS if isinstance(condition, CanaryVsStable) and condition.ride_out > 0.0 else 0.0


@lru_cache(maxsize=256)
def constants_of(condition: Sequential) -> Constants:
    """The constants of a condition; ValueError for one that no test can judge."""
    check(condition)
    touched = _touched(condition)
    return Constants(
        enough=1.0 / condition.alpha,
        ceiling=SUSPICION * (SATURATION / SUSPICION) ** (1.0 / condition.design_effect),
        window=condition.window,
        interval=condition.interval,
        growth=(math.log(1.0 / (condition.alpha * CALM)) - MARGIN) / touched if touched else math.inf,
        depth=touched / 2.0,
    )


def likelihood(logarithm: float) -> float:
    """L from ln L, held where its products still fit into a float."""
    return math.exp(min(logarithm, LOG_LIKELIHOOD_CEILING))


def advance(
    constants: Constants, process: Process, likelihoods: Likelihoods, length: Seconds, *, quiet: bool = False
) -> Process:
    """One step of the recursion. `quiet`: nothing happened in the reading, even if that has its own likelihood."""
    start, change, before, _ = process
    elapsed = before + length
    if quiet or likelihoods is None:
        # Beyond the window nothing arrives, or a release that waits idle for days would become suspect by itself.
        arriving = _unspent(constants, before) - _unspent(constants, elapsed)
    else:
        arriving = (1.0 - OMEGA) * length / constants.window
    if likelihoods is None:
        change = tuple([mass + arriving * part for mass, part in zip(change, parts(len(change)), strict=True)])
    else:
        start = tuple([mass * ratio for mass, ratio in zip(start, likelihoods, strict=True)])
        newly = [mass + arriving * part for mass, part in zip(change, parts(len(change)), strict=True)]
        change = tuple([mass * ratio for mass, ratio in zip(newly, likelihoods, strict=True)])
    value = (sum(start) + sum(change)) / len(start) + _unspent(constants, elapsed)
    return Process(start, change, elapsed, value)


def bounded(constants: Constants, process: Process, bound: float) -> Process:
    """The process with E lowered to `bound`: every alternative is cut to one level, so that none is wiped out."""
    if process.value <= bound:
        return process
    masses = [start + change for start, change in zip(process.start, process.change, strict=True)]
    ceiling = _common_ceiling(masses, (bound - _unspent(constants, process.elapsed)) * len(masses))
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
