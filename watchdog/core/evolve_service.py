"""Folding what concerns a service beyond its deployment: probes, incidents, drift, waiting effects, configuration.

What lives here: pure replacements of values. What must not: deciding.
"""

from dataclasses import replace
from typing import Protocol

from watchdog.core import handover, writes
from watchdog.core.effects import Effect, Notify, ObserveTraffic, ProbeColour, Recheck
from watchdog.core.events import Probed, TrafficSeen
from watchdog.core.instances import instances_for
from watchdog.core.model import Seconds
from watchdog.core.records import (
    Acknowledged,
    ArmedAgain,
    Disarmed,
    DriftNoted,
    EffectsTakenUp,
    IncidentOpened,
    IncidentResolved,
    MessageOrdered,
    ProbeOrdered,
    ReleaseForgiven,
    StableChanged,
)
from watchdog.core.settings import ON_CALL, Service
from watchdog.core.state import Incident, ServiceState, StableProbe, State, Waiver

RESOLVED_INCIDENTS_KEPT = 20
"""Resolved incidents stay in the state for the screens, the journal has them all."""


class _Ordering(Protocol):
    @property
    def order(self) -> Effect: ...


class _Naming(Protocol):
    @property
    def effect(self) -> str: ...


def reconfigured(state: State, service: ServiceState | None, settings: Service, at: Seconds) -> ServiceState:
    """A service under a new configuration: changed rules start afresh, the others keep their state."""
    if service is None:
        service = ServiceState(name=settings.name, stable=settings.first_stable)
    before = state.settings(settings.name)
    if service.deployment is not None and (before is None or before.data is not settings.data):
        # Nobody counted writes before it mattered that users write on the candidate.
        service = replace(service, deployment=writes.unseen(settings, service.deployment, at))
    instances = instances_for(settings, service.deployment, service.instances, at)
    beats = {name: beat for name, beat in service.beats.items() if any(s.name == name for s in settings.sources)}
    return replace(service, instances=instances, beats=beats, watched_since=at)


def restarted(state: State, service: ServiceState, at: Seconds) -> ServiceState:
    """A service whose daemon was not there for a while: nobody watched, and the router must be asked anew."""
    deployment = service.deployment
    if deployment is not None:
        deployment = writes.unseen(state.settings(service.name), replace(deployment, healthy_since=None), at)
    service = superseded(service, (Recheck,))
    return replace(service, deployment=deployment, adopted=False, seen=None, seen_at=None, watched_since=at)


def ordered(_state: State, service: ServiceState, body: _Ordering, _at: Seconds) -> ServiceState:
    """An effect was ordered: its outcome is waited for."""
    return waiting_for(service, body.order)


def waiting_for(service: ServiceState, effect: Effect) -> ServiceState:
    """The service with one more effect whose outcome is waited for."""
    return replace(service, waiting={**service.waiting, effect.id: effect})


def done(service: ServiceState, effect: str) -> ServiceState:
    """The service with an effect no longer waited for."""
    return replace(service, waiting={key: value for key, value in service.waiting.items() if key != effect})


def superseded(service: ServiceState, kinds: tuple[type[Effect], ...]) -> ServiceState:
    """The service with no effect of these kinds waited for: a later order took their meaning away.

    A question that the router was asked before the order is no longer waited for either: its answer would be old.
    """
    waiting = {
        key: effect for key, effect in service.waiting.items() if not isinstance(effect, (*kinds, ObserveTraffic))
    }
    return replace(service, waiting=waiting)


def no_longer_waiting(_state: State, service: ServiceState, body: _Naming, _at: Seconds) -> ServiceState:
    """An outcome came that changes nothing else."""
    return done(service, body.effect)


def taken_up(_state: State, service: ServiceState, body: EffectsTakenUp, _at: Seconds) -> ServiceState:
    """Effects were ordered again under their old ids."""
    for effect in body.orders:
        service = waiting_for(service, effect)
    return service


def probe_ordered(_state: State, service: ServiceState, body: ProbeOrdered, at: Seconds) -> ServiceState:
    """A direct probe is on its way; nobody waits for its outcome, the next one is asked in time."""
    if not isinstance(body.order, ProbeColour):
        return service
    colour = body.order.colour
    probe = replace(service.probes.get(colour, StableProbe()), asked_at=at)
    return replace(service, probes={**service.probes, colour: probe})


def probed(_state: State, service: ServiceState, body: Probed, _at: Seconds) -> ServiceState:
    """A direct probe ended."""
    return replace(service, probes={**service.probes, body.colour: after_probe(service, body)})


def after_probe(service: ServiceState, body: Probed) -> StableProbe:
    """What is known of a colour after one more direct probe."""
    probe = service.probes.get(body.colour, StableProbe())
    return probe.answered(body.started) if body.ok else probe.failed(body.started, refused=body.refused)


def incident_opened(_state: State, service: ServiceState, body: IncidentOpened, at: Seconds) -> ServiceState:
    """An incident exists."""
    incident = Incident(
        id=body.incident,
        reason=body.reason,
        audience=body.audience,
        opened=at,
        rules=body.rules,
        detail=body.detail,
        needs_decision=body.needs_decision,
        repeat=body.repeat,
        contacts=body.contacts,
        levels=body.levels,
        deployment=service.deployment.id if service.deployment else "",
    )
    return replace(service, incidents={**service.incidents, body.incident: incident})


def message_ordered(_state: State, service: ServiceState, body: MessageOrdered, at: Seconds) -> ServiceState:
    """People are being told."""
    service = waiting_for(service, body.order)
    incident = service.incidents[body.incident]
    level = body.order.level if isinstance(body.order, Notify) else ON_CALL
    told_levels = incident.told_levels if level == ON_CALL else {**incident.told_levels, level: at}
    told_at = at if level == ON_CALL else incident.told_at
    told = replace(incident, told=incident.told + 1, told_at=told_at, told_levels=told_levels)
    return replace(service, incidents={**service.incidents, body.incident: told})


def incident_resolved(_state: State, service: ServiceState, body: IncidentResolved, at: Seconds) -> ServiceState:
    """An incident needs nobody any more; the oldest resolved ones leave the state."""
    incident = replace(service.incidents[body.incident], resolved_at=at)
    incidents = {**service.incidents, body.incident: incident}
    resolved = [name for name, each in incidents.items() if each.resolved_at is not None]
    for name in resolved[: max(0, len(resolved) - RESOLVED_INCIDENTS_KEPT)]:
        del incidents[name]
    return replace(service, incidents=incidents)


def acknowledged(_state: State, service: ServiceState, body: Acknowledged, _at: Seconds) -> ServiceState:
    """A human took an incident over."""
    incident = replace(service.incidents[body.incident], acknowledged_by=body.by)
    return replace(service, incidents={**service.incidents, body.incident: incident})


def disarmed(_state: State, service: ServiceState, body: Disarmed, at: Seconds) -> ServiceState:
    """Nothing is rolled back or diverted by itself for a while; a disarm before this one is replaced."""
    waiver = Waiver(since=at, until=body.until, by=body.by, because=body.because)
    return replace(service, disarmed=waiver)


def armed_again(_state: State, service: ServiceState, _body: ArmedAgain, _at: Seconds) -> ServiceState:
    """Rollbacks and diverts are automatic again."""
    return replace(service, disarmed=None)


def forgiven(_state: State, service: ServiceState, body: ReleaseForgiven, _at: Seconds) -> ServiceState:
    """A release is no longer known bad."""
    return replace(service, known_bad=service.known_bad - {body.release})


def stable_changed(_state: State, service: ServiceState, body: StableChanged, at: Seconds) -> ServiceState:
    """Another colour is stable, and what is usual for it is to be learnt anew."""
    return replace(handover.renewed(service, body.stable, at), stable=body.stable, stable_release=body.release)


def drift_noted(_state: State, service: ServiceState, body: DriftNoted, _at: Seconds) -> ServiceState:
    """The router and the journal disagree, or agree."""
    return replace(service, drift=body.detail, adopted=not body.detail)


def traffic_seen(_state: State, service: ServiceState, body: TrafficSeen, at: Seconds) -> ServiceState:
    """The router said what is in force."""
    return replace(superseded(service, ()), seen=body, seen_at=at)
