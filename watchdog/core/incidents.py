"""What a human must know: opening incidents, telling, telling again, resolving.

What lives here: the table from decisions to incidents, and their repetition. What must not: words (they are made when
a message is sent) and further decisions about traffic.
"""

from collections.abc import Sequence

from watchdog.core import escalation, rollout, settling, verdict
from watchdog.core.causes import Cause, opens, resolves
from watchdog.core.draft import Draft
from watchdog.core.effects import Audience
from watchdog.core.lacking import lacks
from watchdog.core.model import Seconds
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    Acknowledged,
    IncidentOpened,
    IncidentResolved,
    Record,
)
from watchdog.core.state import Deployment, Incident, ServiceState

BLIND_REPEAT_S = 3600.0
GATE_REPEAT_S = 3600.0
"""Blindness and a waiting gate are told about hourly; nobody is woken twice in a night for either."""

SOAKS_TO_DEADLINE = 4
"""A gate that still waits after this many soaks (or a promotion after this many bakes) is told to chat."""


def follow(draft: Draft, name: str, new: Sequence[Record]) -> None:
    """Open and resolve incidents as these records demand."""
    for record in new:
        owner = getattr(record.body, "service", None)
        if owner not in (None, name):
            continue
        over = resolves(record.body)
        for incident in open_incidents(draft.service(name)):
            if incident.reason in over:
                _end(draft, name, incident)
        cause = opens(record.body)
        if cause is not None and (owner or next(iter(draft.state.services))) == name:
            # what belongs to no service is told once, with the first
            tell(draft, name, cause)


def open_incidents(service: ServiceState) -> list[Incident]:
    """Those that are not resolved, oldest first."""
    return [incident for incident in service.incidents.values() if incident.resolved_at is None]


def tell(draft: Draft, name: str, cause: Cause) -> None:
    """Open an incident, unless one of the same cause is open, and send its first message."""
    if any(incident.reason is cause.reason for incident in open_incidents(draft.service(name))):
        return
    deployment = draft.deployment(name)
    incident = f"{deployment.id if deployment else name}/{cause.reason}/{draft.state.seq + 1}"
    chain = escalation.chain(
        draft.environment,
        cause.audience,
        needs_decision=cause.needs_decision,
        repeat=cause.repeat,
        everybody=cause.everybody,
    )
    draft.emit(
        IncidentOpened(
            service=name,
            incident=incident,
            reason=cause.reason,
            audience=cause.audience,
            rules=cause.rules,
            detail=cause.detail,
            needs_decision=cause.needs_decision,
            repeat=chain.repeat,
            contacts=chain.contacts,
            levels=chain.levels,
        )
    )
    escalation.order_message(draft, name, incident)
    if cause.reason in (Reason.PROVED_BY_TRAFFIC, Reason.NOT_DURABLE, Reason.HOOK_FAILED):
        # Nothing is left to decide: the message is all there is to it.
        draft.emit(IncidentResolved(service=name, incident=incident, reason=cause.reason))


def repeat(draft: Draft, name: str) -> None:
    """Tell again, or tell the next level, what nobody has taken over yet."""
    for incident in open_incidents(draft.service(name)):
        escalation.tell_due(draft, name, incident)


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
    """What time alone makes worth telling: blindness, a gate that waits, rules that escalate, a failed promotion.

    And, after a rollback, that stable fails as well.
    """
    settings, service = draft.settings(name), draft.service(name)
    deployment = service.deployment
    escalating = verdict.always_firing(settings, service, draft.now)
    if deployment is not None and deployment.watched:
        reading = verdict.read(settings, service, draft.now)
        escalating = (*reading.escalating, *escalating)
        _watch_sight(draft, name, reading.blind)
        _watch_gate(draft, name, deployment)
    _watch_stable(draft, name)
    if any(incident.reason is Reason.STABLE_FAILS for incident in open_incidents(draft.service(name))):
        # What on-call has heard of a moment ago is not told once more as a rule that is always on.
        failing = settling.failing(settings, service, draft.now)
        escalating = tuple(rule for rule in escalating if rule not in failing)
    if escalating:
        tell(draft, name, Cause(reason=Reason.RULE_ESCALATES, rules=escalating))
    else:
        resolve(draft, name, Reason.RULE_ESCALATES)
    if deployment is not None and deployment.phase is Phase.PROMOTED:
        _watch_promotion(draft, name, deployment)


def _watch_stable(draft: Draft, name: str) -> None:
    """After a rollback stable has every user: that it fails is told once, and is over with the time it is watched."""
    settings, service = draft.settings(name), draft.service(name)
    if not verdict.settling(service.deployment, draft.now):
        resolve(draft, name, Reason.STABLE_FAILS)
        return
    failing = settling.failing(settings, service, draft.now)
    if failing or settling.unanswered(settings, service):
        tell(draft, name, Cause(reason=Reason.STABLE_FAILS, rules=failing))


def _watch_promotion(draft: Draft, name: str, deployment: Deployment) -> None:
    if deployment.in_force.promoted:
        resolve(draft, name, Reason.PROMOTION_FAILED)
    elif deployment.order_failed_at is not None:
        tell(draft, name, Cause(reason=Reason.PROMOTION_FAILED))


def _watch_sight(draft: Draft, name: str, blind: tuple[str, ...]) -> None:
    if not blind:
        resolve(draft, name, Reason.BLIND)
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
    wanting = lacks(draft.settings(name), draft.service(name))
    baked = deployment.phase is Phase.BAKING and deployment.soaked >= rollout.bake_time(deployment)
    if deployment.phase is not Phase.WAITING and not (baked and wanting):
        resolve(draft, name, Reason.EVIDENCE_WANTING)
        return
    soak = rollout.bake_time(deployment) if baked else deployment.plan.steps[deployment.step].soak
    # A route that a human cut waits for a human: more time brings nothing.
    late = draft.now >= (deployment.step_at or 0.0) + SOAKS_TO_DEADLINE * soak
    if deployment.step_at is not None and (late or (baked and deployment.routes_cut)):
        detail = "; ".join(wanting)
        cause = Cause(reason=Reason.EVIDENCE_WANTING, detail=detail, audience=Audience.CHAT, repeat=GATE_REPEAT_S)
        tell(draft, name, cause)


def resolve(draft: Draft, name: str, reason: Reason) -> None:
    """Nothing is left to be told of this."""
    for incident in open_incidents(draft.service(name)):
        if incident.reason is reason:
            _end(draft, name, incident)


def _end(draft: Draft, name: str, incident: Incident) -> None:
    draft.emit(IncidentResolved(service=name, incident=incident.id, reason=incident.reason))
    escalation.tell_over(draft, name, incident.id)
