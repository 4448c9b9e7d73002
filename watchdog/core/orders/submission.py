"""A release is submitted.

What lives here: when a submission is refused, and what is fixed for the deployment when it is not. What must not:
how the deployment goes on (`rollout`).
"""

import math

from watchdog.core import aftermath, handover, rollout, writes
from watchdog.core.conditions import Sequential
from watchdog.core.draft import Draft
from watchdog.core.events import Submit
from watchdog.core.model import OnFire, Seconds
from watchdog.core.orders.answers import accept, refuse
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import DeploymentBegun
from watchdog.core.settings import Service
from watchdog.core.state import ServiceState


def submit(draft: Draft, command: Submit) -> None:
    """Begin a deployment, or say what is in its way."""
    name = command.service
    settings = draft.settings(name)
    plan = draft.environment.plan(command.plan or settings.plan)
    if plan is None:
        refuse(draft, command, Reason.NO_SUCH_PLAN, command.plan or settings.plan)
        return
    refusal = _refused(draft, command)
    if refusal is not None:
        refuse(draft, command, *refusal)
        return
    accept(draft, command)
    stable = draft.service(name).stable
    draft.emit(
        DeploymentBegun(
            service=name,
            deployment=command.deployment,
            release=command.release,
            plan=plan.baked(settings.session_drain),
            stable=stable,
            candidate=stable.other,
            schema=command.schema,
            watched_by=command.watched_by,
            alpha=alpha_share(settings),
            by=command.by,
            baselines=handover.gathered(draft.service(name)),
        )
    )
    rollout.order_preparation(draft, name)


def _refused(draft: Draft, command: Submit) -> tuple[Reason, str] | None:
    service = draft.service(command.service)
    if service.deployment is not None and service.deployment.id == command.deployment:
        return Reason.ALREADY, f"{command.deployment} is {service.deployment.phase}"
    if unfinished := _unfinished(service):
        return Reason.ONE_AT_A_TIME, unfinished
    if command.release in service.known_bad:
        return Reason.KNOWN_BAD, command.release
    if not service.adopted:
        return Reason.NOT_ADOPTED, service.drift or "the router has not been seen yet"
    if draft.state.stopped_by:
        return Reason.STOP_THE_LINE, f"{draft.state.stopped_by}: {draft.state.stopped_because}"
    left = _cooling(draft, command.service)
    if left > 0.0:
        return Reason.COOL_DOWN, f"{math.ceil(left)} s left"
    unwatched = "" if command.watched_by else _by_hand(draft.settings(command.service), command)
    return (Reason.WATCHER_WANTED, unwatched) if unwatched else None


def _cooling(draft: Draft, name: str) -> Seconds:
    """How long after the last rollback no deployment begins yet. It is no interlock: it keeps no user on anything."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.phase is not Phase.ROLLED_BACK or deployment.ended_at is None:
        return 0.0
    return deployment.ended_at + draft.settings(name).cool_down - draft.now


def _by_hand(settings: Service, command: Submit) -> str:
    """Why this release would not be rolled back by itself; empty when it would."""
    if not command.schema.stable_works_on_it:
        return str(command.schema)
    if settings.shadow:
        return str(Reason.SHADOW)
    return str(settings.data) if writes.matter(settings) else ""


def _unfinished(service: ServiceState) -> str:
    """What stands in the way of another deployment; empty when nothing does."""
    deployment = service.deployment
    if deployment is not None and (not deployment.ended or deployment.wanted):
        return f"{deployment.release} is {deployment.phase}"
    return aftermath.under_way(service)


def alpha_share(settings: Service) -> float:
    """Each sequential rollback rule's part of the deployment's budget for false rollbacks."""
    sharing = [
        rule for rule in settings.rules if isinstance(rule.condition, Sequential) and rule.on_fire is OnFire.ROLLBACK
    ]
    return settings.alpha / max(1, len(sharing))
