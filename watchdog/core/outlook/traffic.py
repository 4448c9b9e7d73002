"""What would be found at the traffic that there is: for people, while a deployment is under way.

What lives here: the few figures that a status line has room for. What must not: formulas (`service` and below), words.
"""

from dataclasses import dataclass
from functools import lru_cache
from math import floor, log10
from typing import Final

from watchdog.core.conditions import CanaryVsStable, SequentialRatio, Threshold
from watchdog.core.model import OnFire, Seconds
from watchdog.core.outlook.service import needed_rate, of_rule
from watchdog.core.outlook.values import LEVEL_1_S, RuleOutlook, Scene
from watchdog.core.settings import Plan, Rule, Service

SHARES: Final = (0.5, 0.2, 0.1, 0.06)
"""The faults that people are told about."""

AIM: Final = 0.2
"""A fault of this size should be found within level 1's 30 s."""

DIGITS: Final = 2
"""Of a measured rate: more would pretend to know it, and be computed anew at every look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The rule that is the first to prove a fault of this size."""

    share: float
    typical: Seconds
    """`NEVER` when it is not within the deployment."""
    worst: Seconds
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTraffic:
    """What the rollback rules on failing requests would find at this traffic."""

    rate: float
    """The candidate's requests per second, rounded."""
    findings: tuple[Finding, ...]
    needed: float | None
    """The candidate's requests per second from which on 95 of 100 faults of size `AIM` are found within 30 s; None when
    that is so already, `NEVER` when no traffic is enough."""


def rounded(rate: float) -> float:
    """To two significant digits."""
    return round(rate, DIGITS - 1 - floor(log10(rate))) if rate > 0.0 else 0.0


def at_traffic(
    service: Service, plan: Plan, rules: tuple[Rule, ...], rate: float, stable_rate: float
) -> AtTraffic | None:
    """`rules`: the service's, as they are in force. None when no rollback rule judges all users' failing requests."""
    judging = tuple(rule for rule in rules if _judges_failures(service, rule))
    if not judging or not rate > 0.0:
        return None
    return _at_traffic(service, plan, judging, rounded(rate), rounded(stable_rate))


def _judges_failures(service: Service, rule: Rule) -> bool:
    """Requests of our own are another matter: how many they are does not depend on the users."""
    if service.source(rule.source).sends_requests:
        return False
    condition = rule.condition
    counts = isinstance(condition, SequentialRatio | CanaryVsStable) or (
        isinstance(condition, Threshold) and condition.total is not None
    )
    return counts and rule.on_fire is OnFire.ROLLBACK and not rule.slow and "[" not in condition.signals[0]


@lru_cache(maxsize=64)
def _at_traffic(service: Service, plan: Plan, rules: tuple[Rule, ...], rate: float, stable_rate: float) -> AtTraffic:
    def first(share: float) -> RuleOutlook:
        scene = Scene(rate=rate, stable_rate=stable_rate, share=share)
        found = [of_rule(service, plan, rule, scene) for rule in rules]
        return min(found, key=lambda each: (each.decided.worst, each.decided.typical))

    findings = tuple(
        Finding(share=share, typical=found.decided.typical, worst=found.decided.worst, rule=found.rule)
        for share, found in ((share, first(share)) for share in SHARES)
    )
    aimed = next(found for found in findings if found.share == AIM)
    weight = rate / (rate + stable_rate)
    needed = None
    if aimed.worst > LEVEL_1_S:
        needed = min(needed_rate(service, plan, rule, AIM, weight=weight) for rule in rules)
    return AtTraffic(rate=rate, findings=findings, needed=needed)
