"""The engine's state as plain data: what screens, messages and the HTTP interface are made from.

What lives here: the translation of a `State` into dicts, lists, numbers and text; instants become wall-clock Unix
seconds. What must not: sentences for people, and anything that the state does not say.
"""

from watchdog.control.moment import Data, Moment
from watchdog.control.outlook import at_measured_traffic
from watchdog.control.rules import instances
from watchdog.core import incidents, verdict
from watchdog.core.model import BrakeKind, Split
from watchdog.core.phases import Phase
from watchdog.core.rollout import bake_time, lacks
from watchdog.core.settings import AnyOf, Service
from watchdog.core.state import Deployment, Incident, Rollback, ServiceState, StableProbe, State

__all__ = ["Data", "Moment", "service", "whole"]


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
        "policy": _policy(settings.policy),
        "divert": settings.divert,
        "keep_stable": settings.keep_stable,
        "verdict": str(reading.verdict),
        "firing": list(reading.firing),
        "blind": list(reading.blind),
        **_stable_asked(known, moment),
        "sources": _sources(settings, known, moment),
        "exposure": _exposure(known),
        "deployment": _deployment(settings, known, moment),
        "rules": instances(settings, known, moment),
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
        "outlook": at_measured_traffic(settings, known, moment.now),
        "requests": deployment.requests,
        "lacks": list(lacks(settings, known)) if deployment.watched and deployment.step >= 0 else [],
        "holds": [
            {"hold": str(hold), "reason": str(reason), "detail": deployment.held_details.get(hold, "")}
            for hold, reason in deployment.holds.items()
        ],
        "armed": verdict.armed(settings, known, moment.now),
        "waived": _waived(known, deployment, moment),
        "would_have": _would_have(deployment, moment),
        "divert": _divert(deployment, moment),
        "diverts": deployment.diverts,
        "first_cut": moment.wall(deployment.first_cut_at),
        "wanted": _wanted(deployment, moment),
        "rollback": _rollback(deployment.rollback, moment),
        "checks": [{"name": check.name, "ok": check.ok, "detail": check.detail} for check in deployment.checks],
    }


def _policy(policy: AnyOf) -> Data:
    return {
        "at_least": policy.at_least,
        "all": policy.all_,
        "rules": list(policy.rules),
        "parts": [_policy(part) for part in policy.parts],
    }


def _waived(known: ServiceState, deployment: Deployment, moment: Moment) -> list[Data]:
    """The rules that count for nothing now, with who said so, why and for how long."""
    return [
        {
            "rule": rule,
            "since": moment.wall(waiver.since),
            "until": moment.wall(waiver.until),
            "by": waiver.by,
            "because": waiver.because,
        }
        for rule, waiver in deployment.waived.items()
        if verdict.waived(known, rule, moment.now)
    ]


def _would_have(deployment: Deployment, moment: Moment) -> list[Data]:
    """What observing rules would have asked for."""
    return [
        {
            "rule": rule,
            "ask": str(asked.ask),
            "first": moment.wall(asked.first),
            "last": moment.wall(asked.last),
            "times": asked.times,
        }
        for rule, asked in deployment.would_have.items()
    ]


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
