"""The outlook of a service's rules: the one door to the kinds.

What lives here: dispatch, the scenes of a plan's steps, and how much traffic a rule needs. What must not: any kind's
formula, words.
"""

from collections.abc import Mapping
from dataclasses import replace

from watchdog.core.conditions import Probe, Sequential, Spike, Threshold, Trend, is_gauge
from watchdog.core.model import OnFire, Seconds
from watchdog.core.outlook import direct, sequential
from watchdog.core.outlook.values import (
    HEALTHY_SHARE,
    LEVEL_1_S,
    NEVER,
    Asks,
    Caveat,
    Delay,
    Judged,
    Part,
    Piece,
    Rhythm,
    RuleOutlook,
    Scene,
)
from watchdog.core.settings import Plan, Rule, Service

SWITCH_S = 0.02
"""The brake: decision to last new request on the candidate (DESIGN 12). The proof by live traffic takes 2 s more."""

SHORTEST_WATCH_S = 60.0
"""`core/evidence`: a plan that watches for less spreads the prior over this long."""

ROUTE_PART = 0.1
"""Nobody knows before a deployment how much of the traffic a route has: a tenth."""

SLOWEST_RATE, FASTEST_RATE = 0.01, 100_000.0
"""Requests per second between which `needed_rate` searches."""

BISECTIONS = 40


def scene(traffic: float, weight: float, share: float, healthy: float = HEALTHY_SHARE) -> Scene:
    """So many requests per second in all, of which the candidate has `weight`, and fails `share`."""
    return Scene(rate=traffic * weight, stable_rate=traffic * (1.0 - weight), share=share, healthy=healthy)


def rhythm(service: Service, rule: Rule, timeout: Seconds | None = None) -> Rhythm:
    """The rule's rhythm. `timeout`: how long its probes wait; as long as one poll where that is not known."""
    poll = service.source(rule.source).interval
    reading = poll if isinstance(rule.condition, Probe) else max(poll, rule.condition.interval)
    return Rhythm(poll=poll, reading=reading, timeout=poll if timeout is None else timeout)


def of_rule(
    service: Service, plan: Plan, rule: Rule, faulty: Scene, asks: Mapping[str, Asks] | None = None
) -> RuleOutlook:
    """One rule. `asks`: what is known of the sources that ask by themselves, by name."""
    own = (asks or {}).get(rule.source, Asks())
    met = _met(rule, faulty, own)
    watched = plan.baked(service.session_drain).watched()
    found = judged(rule, rhythm(service, rule, own.timeout), met, watched)
    if own.rate is not None:
        found = _given_up(found, own)
    diverts = service.divert and rule.on_fire is OnFire.ROLLBACK and rule.per_colour
    suspected = found.suspected if diverts else None
    return RuleOutlook(
        rule=rule.name,
        on_fire=rule.on_fire,
        decided=found.decided,
        suspected=suspected,
        away=_away(found.decided, suspected) if rule.on_fire is OnFire.ROLLBACK else None,
        at_step=warm_up(rule),
        caveats=found.caveats,
        rate=met.rate,
    )


def of_service(
    service: Service, plan: Plan, faulty: Scene, asks: Mapping[str, Asks] | None = None
) -> tuple[RuleOutlook, ...]:
    """All rules, in the service's order."""
    return tuple(of_rule(service, plan, rule, faulty, asks) for rule in service.rules)


def _met(rule: Rule, faulty: Scene, own: Asks) -> Scene:
    """The scene that the rule sees: on a route there is less traffic, a source that asks by itself has its own."""
    named = "[" in rule.condition.signals[0] and not isinstance(rule.condition, Probe)
    if own.rate is not None:
        rate = own.named_rate if named and own.named_rate is not None else own.rate
        return replace(faulty, rate=rate, stable_rate=rate)
    if not named:
        return faulty
    return replace(faulty, rate=faulty.rate * ROUTE_PART, stable_rate=faulty.stable_rate * ROUTE_PART)


def _given_up(found: Judged, own: Asks) -> Judged:
    """What hangs is counted when it is given up."""
    last = Part(piece=Piece.TIMEOUT, typical=0.0, worst=own.timeout or 0.0)
    suspected = None if found.suspected is None else found.suspected.then(last)
    return replace(found, decided=found.decided.then(last), suspected=suspected)


def warm_up(rule: Rule) -> Seconds:
    """How long after the first step (of a rule on `slow`: every step) it sees nothing, see `core/evidence`."""
    return 0.0 if isinstance(rule.condition, Probe) or is_gauge(rule.condition) else rule.warm_up


def by_share(rule: Rule) -> bool:
    """Whether the outlook depends on the part of the requests that fail."""
    return not is_gauge(rule.condition)


def needed_rate(
    service: Service,
    plan: Plan,
    rule: Rule,
    share: float,
    *,
    weight: float,
    within: Seconds = LEVEL_1_S,
) -> float:
    """Requests per second on the candidate from which on 95 of 100 such faults are decided in time; NEVER for none."""

    def slow(rate: float) -> bool:
        return of_rule(service, plan, rule, scene(rate / weight, weight, share)).decided.worst > within

    if slow(FASTEST_RATE):
        return NEVER
    low, high = SLOWEST_RATE, FASTEST_RATE
    for _ in range(BISECTIONS):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if slow(middle) else (low, middle)
    return high


def judged(rule: Rule, rhythm: Rhythm, faulty: Scene, watched: Seconds) -> Judged:
    """What the rule makes of a fault. `watched`: how long a deployment under the plan is watched."""
    watched = max(watched, SHORTEST_WATCH_S)
    match rule.condition:
        case Probe() as condition:
            return direct.probe(condition, rhythm, faulty, watched)
        case Threshold() as condition:
            return direct.threshold(condition, rhythm, faulty)
        case Spike() as condition:
            return direct.spike(condition, rhythm)
        case Trend() as condition:
            return direct.trend(condition, rhythm)
        case condition:
            found = sequential.judged(_within(condition, watched), rhythm, faulty)
            return replace(found, caveats=(*found.caveats, Caveat.SEES_NO_HANG)) if rule.slow else found


def _within(condition: Sequential, watched: Seconds) -> Sequential:
    """As a deployment under the plan has it."""
    return condition if condition.window else replace(condition, window=watched)


def _away(decided: Delay, suspected: Delay | None) -> Delay:
    """From the fault to the last new request on the candidate."""
    sooner = decided if suspected is None or decided.worst < suspected.worst else suspected
    return sooner.then(Part(piece=Piece.SWITCH, typical=SWITCH_S, worst=SWITCH_S))
