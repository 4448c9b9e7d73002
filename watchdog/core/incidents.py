"""What a human must know: opening incidents, telling, telling again, resolving.

What lives here: the table from decisions to incidents, and their repetition. What must not: words (they are made when
a message is sent) and further decisions about traffic.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watchdog.core import verdict
from watchdog.core.draft import Draft
from watchdog.core.effects import Audience, Notify
from watchdog.core.events import NotDurable
from watchdog.core.model import Seconds
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    Acknowledged,
    BlockCleared,
    DivertOrdered,
    DriftNoted,
    HoldLifted,
    HoldSet,
    IncidentOpened,
    IncidentResolved,
    MessageOrdered,
    PhaseChanged,
    Record,
    RollbackBlocked,
    TrialEnded,
)
from watchdog.core.rollout import lacks
from watchdog.core.settings import Environment
from watchdog.core.state import Deployment, Incident, ServiceState

BLIND_REPEAT_S = 3600.0
GATE_REPEAT_S = 3600.0
"""Blindness and a waiting gate are told about hourly; nobody is woken twice in a night for either."""

SOAKS_TO_DEADLINE = 4
"""A gate that still waits after this many soaks is told to chat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What an incident is about."""

    reason: Reason
    rules: tuple[str, ...] = ()
    detail: str = ""
    needs_decision: bool = False
    audience: Audience = Audience.ON_CALL
    repeat: Seconds | None = None
    """Time between messages; None: the escalation's own when a decision is needed, otherwise never."""


def follow(draft: Draft, name: str, new: Sequence[Record]) -> None:
    """Open and resolve incidents as these records demand."""
    for record in new:
        if getattr(record.body, "service", next(iter(draft.state.services))) != name:
            continue  # what belongs to no service is told once, with the first
        over = _resolves(record.body)
        for incident in open_incidents(draft.service(name)):
            if incident.reason in over:
                draft.emit(IncidentResolved(service=name, incident=incident.id, reason=incident.reason))
        cause = _opens(record.body)
        if cause is not None:
            tell(draft, name, cause)


def open_incidents(service: ServiceState) -> list[Incident]:
    """Those that are not resolved, oldest first."""
    return [incident for incident in service.incidents.values() if incident.resolved_at is None]


def _opens(body: object) -> Cause | None:  # noqa: PLR0911 - a table, written as a match
    match body:
        case RollbackBlocked():
            return Cause(reason=body.reason, rules=body.rules, detail=body.detail, needs_decision=True)
        case PhaseChanged(to=Phase.ROLLED_BACK):
            return Cause(reason=Reason.PROVED_BY_TRAFFIC, detail=body.detail)
        case PhaseChanged(to=Phase.ROLLBACK_FAILED):
            return Cause(reason=body.reason, detail=body.detail, needs_decision=True)
        case HoldSet(hold=Hold.RULE):
            return Cause(reason=body.reason, rules=tuple(body.detail.split(", ")), needs_decision=True)
        case HoldSet(reason=Reason.THIRD_DIVERT | Reason.REBOOTED):
            return Cause(reason=body.reason, detail=body.detail, needs_decision=True)
        case HoldSet(reason=Reason.STEP_FAILED | Reason.BRAKE_FAILED):
            return Cause(reason=body.reason, detail=body.detail)
        case DivertOrdered(until=float()):
            return Cause(reason=Reason.RULE_SUSPICIOUS, rules=body.rules, audience=Audience.CHAT)
        case DriftNoted(detail=detail) if detail:
            return Cause(reason=Reason.DRIFT, detail=detail)
        case NotDurable(detail=detail) if detail:
            return Cause(reason=Reason.NOT_DURABLE, detail=body.detail)
        case _:
            return None


_ENDS_WITH_THE_DEPLOYMENT = frozenset(Reason) - {Reason.DRIFT, Reason.NOT_DURABLE, Reason.RULE_ESCALATES}
_BLOCKS = frozenset({Reason.STOP_THE_LINE, Reason.SCHEMA, Reason.STABLE_DOWN, Reason.COMMON_CAUSE, Reason.KNOWN_BAD})


def _resolves(body: object) -> frozenset[Reason]:  # noqa: PLR0911 - a table, written as a match
    """Which open incidents a record puts an end to."""
    match body:
        case PhaseChanged(to=Phase.ROLLED_BACK | Phase.PROMOTED | Phase.ABORTED):
            return _ENDS_WITH_THE_DEPLOYMENT
        case BlockCleared() | PhaseChanged(to=Phase.ROLLING_BACK):
            return _BLOCKS
        case HoldLifted(hold=Hold.RULE):
            return frozenset({Reason.RULE_FREEZES})
        case HoldLifted(hold=Hold.HUMAN):
            return frozenset({Reason.THIRD_DIVERT})
        case HoldLifted(hold=Hold.RESTART):
            return frozenset({Reason.REBOOTED})
        case HoldLifted(hold=Hold.INTERLOCK):
            return frozenset({Reason.STEP_FAILED, Reason.BRAKE_FAILED})
        case TrialEnded(reason=Reason.TRIAL_PASSED):
            return frozenset({Reason.RULE_SUSPICIOUS})
        case DriftNoted(detail=""):
            return frozenset({Reason.DRIFT})
        case _:
            return frozenset()


def tell(draft: Draft, name: str, cause: Cause) -> None:
    """Open an incident, unless one of the same cause is open, and send its first message."""
    if any(incident.reason is cause.reason for incident in open_incidents(draft.service(name))):
        return
    deployment = draft.deployment(name)
    incident = f"{deployment.id if deployment else name}/{cause.reason}/{draft.state.seq + 1}"
    contacts, repeat = _chain(draft.environment, cause)
    draft.emit(
        IncidentOpened(
            service=name,
            incident=incident,
            reason=cause.reason,
            audience=cause.audience,
            rules=cause.rules,
            detail=cause.detail,
            needs_decision=cause.needs_decision,
            repeat=repeat,
            contacts=contacts,
        )
    )
    _order_message(draft, name, incident)
    if cause.reason in (Reason.PROVED_BY_TRAFFIC, Reason.NOT_DURABLE):
        # Nothing is left to decide: the message is all there is to it.
        draft.emit(IncidentResolved(service=name, incident=incident, reason=cause.reason))


def _chain(environment: Environment, cause: Cause) -> tuple[tuple[str, ...], Seconds]:
    """Who is told, and how often again: as configured when the incident opens."""
    if cause.audience is Audience.CHAT:
        return environment.chat, cause.repeat or 0.0
    level = next((each for each in environment.escalation if each.level == 2), None)  # noqa: PLR2004 - level 2 is on-call
    if level is None:
        return (), 0.0
    repeat = cause.repeat if cause.repeat is not None else (level.repeat if cause.needs_decision else 0.0)
    return level.contacts, repeat


def _order_message(draft: Draft, name: str, incident: str) -> None:
    known = draft.service(name).incidents[incident]
    effect = Notify(
        id=draft.effect_id(name),
        service=name,
        incident=incident,
        audience=known.audience,
        contacts=known.contacts,
        repetition=known.told,
    )
    draft.emit(MessageOrdered(service=name, incident=incident, order=effect))


def repeat(draft: Draft, name: str) -> None:
    """Tell again what nobody has taken over yet."""
    for incident in open_incidents(draft.service(name)):
        due = repeat_at(incident)
        if due is not None and draft.now >= due:
            _order_message(draft, name, incident.id)


def repeat_at(incident: Incident) -> Seconds | None:
    """When an incident's next message is due, if one is."""
    if incident.repeat <= 0.0 or incident.acknowledged_by or incident.resolved_at is not None:
        return None
    return None if incident.told_at is None else incident.told_at + incident.repeat


def unacknowledged(draft: Draft, name: str, incident: str | None) -> list[Incident]:
    """The open incident of that id, or all open ones, that nobody has taken over yet."""
    return [
        each for each in open_incidents(draft.service(name)) if incident in (None, each.id) and not each.acknowledged_by
    ]


def acknowledge(draft: Draft, name: str, incident: str | None, by: str) -> None:
    """Note that a human has taken over one open incident, or all of them."""
    for each in unacknowledged(draft, name, incident):
        draft.emit(Acknowledged(service=name, incident=each.id, by=by))


def watch(draft: Draft, name: str) -> None:
    """What time alone makes worth telling: blindness, a gate that waits, rules that escalate, a failed promotion."""
    settings, service = draft.settings(name), draft.service(name)
    deployment = service.deployment
    escalating = verdict.always_firing(settings, service, draft.now)
    if deployment is not None and deployment.watched:
        reading = verdict.read(settings, service, draft.now)
        escalating = (*reading.escalating, *escalating)
        _watch_sight(draft, name, reading.blind)
        _watch_gate(draft, name, deployment)
    if escalating:
        tell(draft, name, Cause(reason=Reason.RULE_ESCALATES, rules=escalating))
    else:
        _resolve(draft, name, Reason.RULE_ESCALATES)
    if deployment is not None and deployment.phase is Phase.PROMOTED:
        _watch_promotion(draft, name, deployment)


def _watch_promotion(draft: Draft, name: str, deployment: Deployment) -> None:
    if deployment.in_force.promoted:
        _resolve(draft, name, Reason.PROMOTION_FAILED)
    elif deployment.order_failed_at is not None:
        tell(draft, name, Cause(reason=Reason.PROMOTION_FAILED))


def _watch_sight(draft: Draft, name: str, blind: tuple[str, ...]) -> None:
    if not blind:
        _resolve(draft, name, Reason.BLIND)
        return
    if draft.now >= blind_since(draft, name, blind) + draft.environment.blind_after:
        tell(draft, name, Cause(reason=Reason.BLIND, rules=blind, repeat=BLIND_REPEAT_S))


def blind_since(draft: Draft, name: str, blind: tuple[str, ...]) -> Seconds:
    """When the last trustworthy word of the blind rules' sources came, or since when somebody listened for it."""
    service, settings = draft.service(name), draft.settings(name)
    began = service.deployment.began if service.deployment else draft.now
    instances = {instance.rule.name: instance for instance, _ in verdict.candidates(service)}
    lasts = []
    for rule in blind:
        instance = instances.get(rule)
        source = settings.source(rule if instance is None else instance.rule.source)
        beat = service.beats.get(source.name)
        missed = 0.0 if instance is None else instance.missed * source.interval
        lasts.append((began if beat is None else beat.last) - missed)
    return max(min(lasts), service.watched_since)


def _watch_gate(draft: Draft, name: str, deployment: Deployment) -> None:
    if deployment.phase is not Phase.WAITING:
        _resolve(draft, name, Reason.EVIDENCE_WANTING)
        return
    soak = deployment.plan.steps[deployment.step].soak
    if deployment.step_at is not None and draft.now >= deployment.step_at + SOAKS_TO_DEADLINE * soak:
        detail = "; ".join(lacks(draft.settings(name), draft.service(name)))
        cause = Cause(reason=Reason.EVIDENCE_WANTING, detail=detail, audience=Audience.CHAT, repeat=GATE_REPEAT_S)
        tell(draft, name, cause)


def _resolve(draft: Draft, name: str, reason: Reason) -> None:
    for incident in open_incidents(draft.service(name)):
        if incident.reason is reason:
            draft.emit(IncidentResolved(service=name, incident=incident.id, reason=reason))
