"""Rules, a service and simulated faults that the tests of this folder share."""

import math
import random
from collections.abc import Iterator
from dataclasses import replace
from statistics import fmean

from watchdog.core.conditions import CanaryVsStable, Condition, Probe, Sequential, SequentialCount, SequentialRatio
from watchdog.core.model import Colour, Level, OnFire
from watchdog.core.outlook.values import Rhythm
from watchdog.core.rules import api
from watchdog.core.settings import AnyOf, Bake, Gate, Plan, Rule, Service, Source, Step

WATCHED = 3600.0
PLAN = Plan(
    name="canary",
    steps=(Step(weight=0.1, soak=900.0, gate=Gate()), Step(weight=0.5, soak=900.0, gate=Gate())),
    bake=Bake(at_least=1800.0),
)
SLICES = Rhythm(poll=0.25, reading=0.25)
HEALTHY = 0.01
HISTORIES = 8
"""A lucky or unlucky history is still felt at 1 request/s."""
STABLE_TIMES = 5.0
"""Stable's traffic, as a multiple of the candidate's."""


def ratio(interval: float = 0.25, design_effect: float = 1.0, *, per_poll: bool = False) -> SequentialRatio:
    return SequentialRatio(
        bad="errors",
        total="requests",
        limit=0.05,
        alpha=0.001,
        ride_out=3.0,
        interval=interval,
        window=WATCHED,
        min_effect=0.08,
        dependence="per_poll" if per_poll else "independent",
        design_effect=design_effect,
    )


def canary(interval: float = 0.25) -> CanaryVsStable:
    return CanaryVsStable(
        bad="errors",
        total="requests",
        margin=1.0,
        min_ratio=2.0,
        alpha=0.001,
        ride_out=3.0,
        interval=interval,
        window=WATCHED,
    )


def counted(interval: float = 0.25) -> SequentialCount:
    return SequentialCount(
        events="errors", limit=0.05, alpha=0.001, ride_out=3.0, interval=interval, window=WATCHED, min_ratio=2.0
    )


def rule(condition: Condition, name: str = "errors", source: str = "edge", on_fire: OnFire = OnFire.ROLLBACK) -> Rule:
    return Rule(name=name, source=source, condition=condition, on_fire=on_fire, warm_up=10.0)


PROBE = Probe(signal="up", fall=3, rise=2)
EDGE = Source(name="edge", kind="access_log", interval=0.25, required=True)
HEALTH = Source(name="health", kind="health", interval=2.0, required=True, probing=True)
PROBES = Source(name="probes", kind="synthetic", interval=1.0, required=True, probing=True)
METRICS = Source(name="metrics", kind="prometheus", interval=5.0, required=False)


def service(*rules: Rule, divert: bool = False) -> Service:
    return Service(
        name="shop",
        first_stable=Colour.BLUE,
        rules=rules or (rule(ratio()),),
        sources=(EDGE, HEALTH, METRICS, PROBES),
        policy=AnyOf(),
        plan="canary",
        divert=divert,
        traffic_source="edge",
    )


def never_waiting(condition: Sequential) -> Sequential:
    """The condition as a file without `window` has it."""
    return replace(condition, window=0.0)


class Fault:
    """A rule on Poisson traffic: healthy for a while, then `share` fails from a moment inside a reading on."""

    def __init__(self, condition: Sequential, rate: float) -> None:
        self.rule = rule(condition)
        self.interval, self.rate = condition.interval, rate
        self.usual = 0.0 if isinstance(condition, SequentialCount) else HEALTHY  # every event is one too many there
        self.rng = random.Random(f"{condition.kind} {condition.interval} {condition.design_effect} {rate}")
        self.histories = [self._healthy_for(300.0) for _ in range(HISTORIES)]

    def means(self, share: float, runs: int) -> tuple[float, float]:
        """Mean delay to the proof, and to suspicion."""
        delays = [self.delays(share, run) for run in range(runs)]
        return fmean(proof for proof, _ in delays), fmean(suspicion for _, suspicion in delays)

    def delays(self, share: float, run: int) -> tuple[float, float]:
        """Of one run, which begins after one of the histories."""
        inside = self.rng.random()
        state, at = self.histories[run % HISTORIES]
        fault, suspected, delay = at + inside * self.interval, 0.0, 0.0
        part = inside * self.usual + (1.0 - inside) * share
        while api.level(state) is not Level.FIRING:
            state, at, part = self._read(state, at, part), at + self.interval, share
            delay = at - fault
            suspected = suspected or (delay if api.suspicious(self.rule, state) else 0.0)
        return delay, suspected or delay

    def _healthy_for(self, seconds: float) -> tuple[api.RuleState, float]:
        state, at = api.initial(self.rule), 0.0
        while at < seconds:
            state, at = self._read(state, at, self.usual), at + self.interval
        return state, at

    def _read(self, state: api.RuleState, at: float, share: float) -> api.RuleState:
        bad, good, other_bad, other_good = self._counts(share)
        own = {"errors": bad, "requests": bad + good}
        other = {"errors": other_bad, "requests": other_bad + other_good}
        sample = api.Sample(start=at, end=at + self.interval, own=own, other=other)
        return api.observe(self.rule, state, sample)

    def _counts(self, share: float) -> Iterator[float]:
        usual = self.rate * self.interval
        for mean in (
            usual * share,
            usual * (1.0 - share),
            usual * STABLE_TIMES * HEALTHY,
            usual * STABLE_TIMES * (1.0 - HEALTHY),
        ):
            yield float(_poisson(self.rng, mean))


def _poisson(rng: random.Random, mean: float) -> int:
    """By the product of uniform draws; by a rounded normal where that would take long."""
    if mean > 30.0:
        return max(0, round(rng.gauss(mean, math.sqrt(mean))))
    least, count, product = math.exp(-mean), 0, rng.random()
    while product > least:
        count, product = count + 1, product * rng.random()
    return count
