"""The rules' instances as plain data: what they ask for, how they stand, what they saw.

What lives here: one translation per kind of rule. What must not: sentences, judging.
"""

from watchdog.control.moment import Data, Moment
from watchdog.core import verdict
from watchdog.core.conditions import (
    Bound,
    CanaryVsStable,
    Condition,
    Probe,
    SequentialCount,
    SequentialRatio,
    Spike,
    Threshold,
    Trend,
)
from watchdog.core.model import Colour, OnFire
from watchdog.core.rules import api
from watchdog.core.settings import Service
from watchdog.core.state import Instance, ServiceState


def instances(settings: Service, known: ServiceState, moment: Moment) -> list[Data]:
    """Every instance, the candidate's first."""
    deployment = known.deployment
    candidate = deployment.candidate if deployment else known.stable.other
    found: list[Data] = []
    for rule in settings.rules:
        for colour in (candidate, candidate.other) if rule.per_colour else (None,):
            instance = known.instances.get(verdict.key(rule, colour))
            if instance is not None:
                found.append(_instance(settings, known, instance, colour, moment))
    return found


def _instance(
    settings: Service, known: ServiceState, instance: Instance, colour: Colour | None, moment: Moment
) -> Data:
    rule, seen = instance.rule, api.evidence(instance.rule, instance.state)
    decides = colour is None or (known.deployment is not None and colour is known.deployment.candidate)
    waived = verdict.waived(known, rule.name, moment.now)
    armed = verdict.armed(settings, known, moment.now)
    return {
        "name": rule.name,
        "colour": str(colour) if colour else None,
        "decides": decides and rule.on_fire is not OnFire.OBSERVE and not waived,
        "waived": waived,
        "needed": armed and not verdict.armed(settings, known, moment.now, without=rule.name),
        "kind": rule.condition.kind,
        "on_fire": str(rule.on_fire),
        "source": rule.source,
        "level": str(instance.level),
        "judgement": str(verdict.judgement(settings, known, instance, colour, moment.now)),
        "since": moment.wall(instance.since),
        **definition(rule.condition),
        "onset": moment.wall(seen.onset),
        "bad": seen.bad,
        "total": seen.total,
        "other_bad": seen.other_bad,
        "other_total": seen.other_total,
        "log_e": seen.log_e,
        "log_e_suspicion": seen.log_e_suspicion,
        "last_value": seen.last.value,
        "in_a_row": seen.last.in_a_row,
        "last_detail": seen.last.detail,
        **_gauged(seen.gauged, moment),
    }


def _gauged(seen: api.Gauged | None, moment: Moment) -> Data:
    """What a gauge is compared with, for the kinds that judge it against its own past."""
    if seen is None:
        return {}
    return {
        "readings": seen.readings,
        "usual": seen.usual,
        "beyond": seen.beyond,
        "slope": seen.slope,
        "reaches_in": None if seen.reached_at is None else max(0.0, seen.reached_at - moment.now),
    }


def definition(condition: Condition) -> Data:
    """What a person must know of a rule's definition to read its numbers."""
    match condition:
        case SequentialRatio() | SequentialCount():
            return {
                "signal": condition.signals[0],
                "limit": condition.limit,
                "alpha": condition.alpha,
                "ride_out": condition.ride_out,
            }
        case CanaryVsStable():
            return {
                "signal": condition.bad,
                "margin": condition.margin,
                "alpha": condition.alpha,
                "ride_out": condition.ride_out,
            }
        case Probe():
            return {"signal": condition.signal, "fall": condition.fall, "rise": condition.rise}
        case _:
            return {"signal": condition.value, "for": condition.for_, **_gauge(condition)}


def _gauge(condition: Threshold | Spike | Trend) -> Data:
    match condition:
        case Threshold():
            several = {} if condition.out_of == 1 else {"matches": condition.matches, "out_of": condition.out_of}
            return {**_bound(condition.when), **several, "over": condition.over}
        case Spike():
            return {
                "floor": condition.floor,
                "unit": condition.unit,
                "deviations": condition.deviations,
                "baseline": condition.baseline,
                "min_readings": condition.min_readings,
            }
        case Trend():
            return {**_bound(condition.limit), "horizon": condition.horizon, "over": condition.over}


def _bound(bound: Bound) -> Data:
    return {"op": bound.op, "limit": bound.limit, "unit": bound.unit}
