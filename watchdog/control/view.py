"""The engine's state as plain data: what screens, messages and the HTTP interface are made from.

What lives here: the translation of a `State` into dicts, lists, numbers and text; instants become wall-clock Unix
seconds. What must not: sentences for people, and anything that the state does not say.
"""

from watchdog.control.deployment import deployment
from watchdog.control.incidents import incident
from watchdog.control.moment import Data, Moment
from watchdog.control.readiness import readiness
from watchdog.control.rules import instances
from watchdog.core import verdict
from watchdog.core.model import BrakeKind
from watchdog.core.settings import AnyOf, Service
from watchdog.core.state import ServiceState, StableProbe, State

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
    settings = state.settings(name)
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
        **readiness(state, settings, known, moment),
        "deployment": deployment(state, settings, known, moment),
        "rules": instances(settings, known, moment),
        "incidents": [incident(each, moment) for each in known.incidents.values()],
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
    running = known.deployment
    weight = running.in_force.weight if running else 0.0
    by_hand = known.seen is not None and known.seen.braked is BrakeKind.HAND
    braked = running is not None and (by_hand or verdict.cut(running))
    return {
        "weight": 0.0 if braked else weight,
        "candidate_per_second": known.rates[0],
        "stable_per_second": known.rates[1],
        "failures_per_second": known.bad_rate,
    }


def _policy(policy: AnyOf) -> Data:
    return {
        "at_least": policy.at_least,
        "all": policy.all_,
        "rules": list(policy.rules),
        "parts": [_policy(part) for part in policy.parts],
    }
