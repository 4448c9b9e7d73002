"""The engine's state as plain data: what screens, messages and the HTTP interface are made from.

What lives here: the translation of a `State` into dicts, lists, numbers and text; instants become wall-clock Unix
seconds. What must not: sentences for people, and anything that the state does not say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from watchdog.core import incidents, verdict
from watchdog.core.model import BrakeKind, Colour, OnFire, Seconds, Split
from watchdog.core.phases import Phase
from watchdog.core.rollout import bake_time, lacks
from watchdog.core.rules import api
from watchdog.core.settings import Probe, SequentialRatio, Service, Threshold
from watchdog.core.state import Deployment, Incident, Instance, Rollback, ServiceState, StableProbe, State

Data: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When the view is taken, on both clocks."""

    now: Seconds
    to_wall: Callable[[Seconds], float]

    def wall(self, at: Seconds | None) -> float | None:
        """A wall-clock time for an engine instant, if there is one."""
        return None if at is None else self.to_wall(at)


def whole(state: State, moment: Moment) -> Data:
    """Everything, as `GET /v1/status` gives it."""
    stopped = None
    if state.stopped_by:
        stopped = {"by": state.stopped_by, "because": state.stopped_because, "until": moment.wall(state.stopped_until)}
    return {
        "environment": state.environment.name if state.environment else "",
        "digest": state.environment.digest if state.environment else "",
        "now": moment.wall(moment.now),
        "stopped": stopped,
        "not_durable": state.not_durable,
        "services": {name: service(state, name, moment) for name in state.services},
    }


def service(state: State, name: str, moment: Moment) -> Data:
    """One service with its deployment, rules and incidents."""
    known = state.services[name]
    settings = state.environment.service(name) if state.environment else None
    if settings is None:
        return {"name": name, "stable": str(known.stable)}
    reading = verdict.read(settings, known, moment.now)
    return {
        "name": name,
        "stable": str(known.stable),
        "stable_release": known.stable_release,
        "adopted": known.adopted,
        "drift": known.drift,
        "braked": str(known.seen.braked) if known.seen and known.seen.braked else None,
        "known_bad": sorted(known.known_bad),
        "plan": settings.plan,
        "divert": settings.divert,
        "keep_stable": settings.keep_stable,
        "verdict": str(reading.verdict),
        "firing": list(reading.firing),
        "blind": list(reading.blind),
        **_stable_asked(known, moment),
        "sources": _sources(settings, known, moment),
        "exposure": _exposure(known),
        "deployment": _deployment(settings, known, moment),
        "rules": _rules(settings, known, moment),
        "incidents": [_incident(each, moment) for each in known.incidents.values()],
    }


def _stable_asked(known: ServiceState, moment: Moment) -> Data:
    """When stable was last asked directly and answered, and when it last did not."""
    probe = known.probes.get(known.deployment.stable if known.deployment else known.stable) or StableProbe()
    return {"stable_answered": moment.wall(probe.ok_started), "stable_failed": moment.wall(probe.failed_started)}


def _sources(settings: Service, known: ServiceState, moment: Moment) -> list[Data]:
    return [
        {
            "name": source.name,
            "kind": source.kind,
            "required": source.required,
            "interval": source.interval,
            "last": moment.wall(known.beats[source.name].last) if source.name in known.beats else None,
            "silent": verdict.silent(settings, known, source.name, moment.now),
        }
        for source in settings.sources
    ]


def _exposure(known: ServiceState) -> Data:
    deployment = known.deployment
    weight = deployment.in_force.weight if deployment else 0.0
    by_hand = known.seen is not None and known.seen.braked is BrakeKind.HAND
    braked = deployment is not None and (by_hand or verdict.cut(deployment))
    return {
        "weight": 0.0 if braked else weight,
        "candidate_per_second": known.rates[0],
        "stable_per_second": known.rates[1],
        "failures_per_second": known.bad_rate,
    }


def _split(split: Split) -> Data:
    return {"weight": split.weight, "promoted": split.promoted}


def _deployment(settings: Service, known: ServiceState, moment: Moment) -> Data | None:
    deployment = known.deployment
    if deployment is None:
        return None
    return {
        "id": deployment.id,
        "release": deployment.release,
        "by": deployment.by,
        "schema": str(deployment.schema),
        "level_1": deployment.schema.stable_works_on_it,
        "watched_by": deployment.watched_by,
        "stable": str(deployment.stable),
        "candidate": str(deployment.candidate),
        "plan": deployment.plan.name,
        "phase": str(deployment.phase),
        "phase_since": moment.wall(deployment.phase_since),
        "began": moment.wall(deployment.began),
        "ended": moment.wall(deployment.ended_at),
        "steps": [{"weight": step.weight, "soak": step.soak} for step in deployment.plan.steps],
        "bake": bake_time(deployment),
        "step": deployment.step,
        "declared": _split(deployment.declared),
        "in_force": _split(deployment.in_force),
        "soaked": deployment.soaked,
        "soak_wanted": _soak_wanted(deployment),
        "requests": deployment.requests,
        "lacks": list(lacks(settings, known)) if deployment.watched and deployment.step >= 0 else [],
        "holds": [
            {"hold": str(hold), "reason": str(reason), "detail": deployment.held_details.get(hold, "")}
            for hold, reason in deployment.holds.items()
        ],
        "divert": _divert(deployment, moment),
        "diverts": deployment.diverts,
        "first_cut": moment.wall(deployment.first_cut_at),
        "wanted": _wanted(deployment, moment),
        "rollback": _rollback(deployment.rollback, moment),
        "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in deployment.checks],
    }


def _soak_wanted(deployment: Deployment) -> float:
    if deployment.phase is Phase.BAKING:
        return bake_time(deployment)
    return deployment.plan.steps[deployment.step].soak if deployment.step >= 0 else 0.0


def _divert(deployment: Deployment, moment: Moment) -> Data | None:
    divert = deployment.divert
    if divert is None:
        return None
    return {
        "number": divert.number,
        "cut": divert.cut,
        "until": moment.wall(divert.until),
        "trial_until": moment.wall(divert.trial_until),
    }


def _wanted(deployment: Deployment, moment: Moment) -> Data | None:
    wanted = deployment.wanted
    if wanted is None:
        return None
    return {
        "reason": str(wanted.reason),
        "rules": list(wanted.rules),
        "since": moment.wall(wanted.since),
        "onset": moment.wall(wanted.onset),
        "blocked": str(wanted.blocked) if wanted.blocked else None,
        "by": wanted.by,
        "because": wanted.because,
    }


def _rollback(rollback: Rollback | None, moment: Moment) -> Data | None:
    if rollback is None:
        return None
    return {
        "reason": str(rollback.reason),
        "rules": list(rollback.rules),
        "onset": moment.wall(rollback.onset),
        "decided": moment.wall(rollback.decided_at),
        "braked": moment.wall(rollback.braked_at),
        "proved": moment.wall(rollback.proved_at),
        "interlocks": [list(said) for said in rollback.interlocks],
        "by": rollback.by,
        "attempts": rollback.attempts,
        "warnings": list(rollback.warnings),
        "to_stable": rollback.to_stable,
        "stragglers": rollback.stragglers,
        "proof_probes": rollback.proof_probes,
    }


def _rules(settings: Service, known: ServiceState, moment: Moment) -> list[Data]:
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
    return {
        "name": rule.name,
        "colour": str(colour) if colour else None,
        "decides": decides and rule.on_fire is not OnFire.OBSERVE,
        "kind": rule.condition.kind,
        "on_fire": str(rule.on_fire),
        "source": rule.source,
        "level": str(instance.level),
        "judgement": str(verdict.judgement(settings, known, instance, colour, moment.now)),
        "since": moment.wall(instance.since),
        **_condition(rule.condition),
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
    }


def _condition(condition: SequentialRatio | Probe | Threshold) -> Data:
    """What a person must know of the rule's definition to read its numbers."""
    match condition:
        case SequentialRatio():
            return {
                "signal": condition.bad,
                "limit": condition.limit,
                "alpha": condition.alpha,
                "ride_out": condition.ride_out,
            }
        case Probe():
            return {"signal": condition.signal, "fall": condition.fall, "rise": condition.rise}
        case Threshold():
            when = f"{condition.when.op} {condition.when.limit:g}"
            return {"signal": condition.value, "when": when, "for": condition.for_}


def _incident(incident: Incident, moment: Moment) -> Data:
    return {
        "id": incident.id,
        "reason": str(incident.reason),
        "audience": str(incident.audience),
        "opened": moment.wall(incident.opened),
        "resolved": moment.wall(incident.resolved_at),
        "open": incident.resolved_at is None,
        "rules": list(incident.rules),
        "detail": incident.detail,
        "needs_decision": incident.needs_decision,
        "acknowledged_by": incident.acknowledged_by,
        "told": incident.told,
        "next": moment.wall(incidents.repeat_at(incident)),
        "contacts": list(incident.contacts),
        "deployment": incident.deployment,
    }
