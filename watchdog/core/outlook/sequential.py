"""How long the sequential kinds gather evidence.

Law of the module: closed formulas, so that they may be asked at every moment; a test holds them against simulations of
the rules themselves. Per second a fault yields f nats of evidence (the mean log-likelihood ratio of the alternative
nearest to it) with variance v. A process of Shiryaev-Roberts type (`core/rules/mixture`) of J alternatives, whose prior
for a change is (1-omega)/window per second, grows after the change like (1-omega)/(J f window) e^(f t), so it reaches a
level after

    t = ln(J f window level / (1-omega)) / f          (the mean: 0.8 to 1.15 of the simulated one)

and in 95 of 100 cases after the t' with f t' - 1.645 sqrt(v t') = f t. The ride-out lets proof come no sooner than m
polls after the process left calm; where evidence and ride-out take about as long, they add up like the sides of a
right-angled triangle.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from watchdog.core.conditions import CanaryVsStable, Sequential, SequentialCount, SequentialRatio
from watchdog.core.model import Seconds
from watchdog.core.outlook.arrival import arrival
from watchdog.core.outlook.values import NEVER, ONE_SIDED_95, Caveat, Delay, Judged, Part, Piece, Rhythm, Scene
from watchdog.core.rules import canary_vs_stable, mixture, sequential_count, sequential_ratio

MANY = 200
"""From so many requests in a reading on their share is taken for exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one second of the fault says against the null."""

    mean: float
    """Nats per second."""
    variance: float
    """Nats squared per second."""


def judged(condition: Sequential, rhythm: Rhythm, scene: Scene) -> Judged:
    """Proof and suspicion. `condition.window` is the deployment's."""
    evidence = _evidence(condition, scene)
    caveats = tuple(_caveats(condition, scene, evidence))
    if evidence.mean <= 0.0:
        never = Delay(parts=(Part(piece=Piece.EVIDENCE, typical=NEVER, worst=NEVER),))
        return Judged(decided=never, suspected=never, caveats=caveats)
    came = arrival(rhythm)
    proof = Delay(parts=(*came, *_proof(condition, evidence)))
    suspicion = Delay(parts=(*came, *_gathered(condition, evidence, mixture.SUSPICION)))
    return Judged(decided=proof, suspected=suspicion, caveats=caveats)


def _caveats(condition: Sequential, scene: Scene, evidence: Evidence) -> Iterator[Caveat]:
    if mixture.polls_to_fire(condition) == 1:
        yield Caveat.NO_RIDE_OUT
    if isinstance(condition, CanaryVsStable) and not scene.stable_rate > 0.0:
        yield Caveat.NEEDS_STABLE
    elif evidence.mean <= 0.0 < scene.rate:
        yield Caveat.TOO_SMALL


def _gathered(condition: Sequential, evidence: Evidence, level: float) -> tuple[Part]:
    typical, worst = _crossing(condition, evidence, level)
    return (Part(piece=Piece.EVIDENCE, typical=_within(condition, typical), worst=_within(condition, worst)),)


def _proof(condition: Sequential, evidence: Evidence) -> tuple[Part, ...]:
    """The evidence, and what the ride-out adds to it."""
    constants = mixture.constants_of(condition)
    gathered = _gathered(condition, evidence, constants.enough)
    if constants.growth == math.inf or gathered[0].typical == NEVER:
        return gathered
    pace = (mixture.polls_to_fire(condition) - 1) * condition.interval
    added = [
        calm + math.hypot(proof - calm, pace) - proof
        for calm, proof in zip(
            _crossing(condition, evidence, mixture.CALM),
            _crossing(condition, evidence, constants.enough),
            strict=True,
        )
    ]
    return *gathered, Part(piece=Piece.RIDE_OUT, typical=added[0], worst=added[1])


def _within(condition: Sequential, delay: Seconds) -> Seconds:
    return delay if delay <= condition.window else NEVER


def _crossing(condition: Sequential, evidence: Evidence, level: float) -> tuple[Seconds, Seconds]:
    """Seconds until the process reaches a level: the mean, and in 95 of 100 cases."""
    weight = (1.0 - mixture.OMEGA) / (mixture.ALTERNATIVES * evidence.mean * condition.window)
    nats = math.log(max(level / weight, 1.0))
    spread = ONE_SIDED_95 * math.sqrt(evidence.variance)
    root = (spread + math.sqrt(spread**2 + 4.0 * evidence.mean * nats)) / (2.0 * evidence.mean)
    return nats / evidence.mean, root**2


def _evidence(condition: Sequential, scene: Scene) -> Evidence:
    """With the design effect, by which every reading's logarithm is divided."""
    evidence, effect = _undivided(condition, scene), condition.design_effect
    return Evidence(mean=evidence.mean / effect, variance=evidence.variance / effect**2)


def _undivided(condition: Sequential, scene: Scene) -> Evidence:
    if isinstance(condition, SequentialCount):
        return _counted(condition, scene)
    if isinstance(condition, CanaryVsStable):
        return _compared(condition, scene)
    return (_bet if condition.dependence == "per_poll" else _ratio)(condition, scene)


def _of(*events: tuple[float, float], drift: float = 0.0) -> Evidence:
    """Independent events as (events per second, nats of each), and nats per second that come by themselves."""
    return Evidence(
        mean=sum(rate * nats for rate, nats in events) - drift, variance=sum(rate * nats**2 for rate, nats in events)
    )


def _ratio(condition: SequentialRatio, scene: Scene) -> Evidence:
    alternative = min(max(scene.share, condition.min_effect), sequential_ratio.LARGEST_EFFECT)
    bad, good = math.log(alternative / condition.limit), math.log((1.0 - alternative) / (1.0 - condition.limit))
    return _of((scene.rate * scene.share, bad), (scene.rate * (1.0 - scene.share), good))


def _compared(condition: CanaryVsStable, scene: Scene) -> Evidence:
    """Given that somebody saw an error: how much more often it was on the candidate than its traffic explains."""
    if not (scene.rate > 0.0 and scene.stable_rate > 0.0):
        return Evidence(mean=0.0, variance=0.0)
    part = scene.rate / (scene.rate + scene.stable_rate)
    largest = canary_vs_stable.LARGEST_RATIO
    psi = max(min(scene.share / scene.healthy, largest) if scene.healthy else largest, condition.min_ratio)
    either = math.log1p(part * (psi - 1.0)) - math.log1p(part * (condition.margin - 1.0))
    own = math.log(psi / condition.margin) - either
    return _of((scene.rate * scene.share, own), (scene.stable_rate * scene.healthy, -either))


def _counted(condition: SequentialCount, scene: Scene) -> Evidence:
    """Each failing request is taken as one event."""
    rate = scene.rate * scene.share
    ratio = min(max(rate / condition.limit, condition.min_ratio), sequential_count.LARGEST_RATIO)
    return _of((rate, math.log(ratio)), drift=condition.limit * (ratio - 1.0))


def _bet(condition: SequentialRatio, scene: Scene) -> Evidence:
    """One bounded bet per reading, whatever happens inside it."""
    expected = scene.rate * condition.interval
    some = -math.expm1(-expected)  # the part of the readings that are not empty
    requests = max(1, round(expected / some)) if some else 1
    shares = _shares(requests, scene.share)
    best = Evidence(mean=0.0, variance=0.0)
    for bet in sequential_ratio.BETS:
        nats = [(chance, math.log1p(bet * (share / condition.limit - 1.0))) for share, chance in shares]
        mean = some * sum(chance * each for chance, each in nats)
        square = some * sum(chance * each**2 for chance, each in nats)
        if mean > best.mean * condition.interval:
            best = Evidence(mean=mean / condition.interval, variance=(square - mean**2) / condition.interval)
    return best


def _shares(requests: int, share: float) -> list[tuple[float, float]]:
    """The shares that a reading of so many requests can show, with their chances."""
    if requests > MANY or share >= 1.0:
        return [(share, 1.0)]
    return [
        (bad / requests, math.comb(requests, bad) * share**bad * (1.0 - share) ** (requests - bad))
        for bad in range(requests + 1)
    ]
