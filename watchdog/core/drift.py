"""What the router says against what is remembered: adopting, noting drift, taking over brakes that the journal lacks.

What lives here: the comparison and what follows. What must not: correcting the router; drift is reported. Effects
towards stable are never refused because of it.
"""

from watchdog.core import divert, maintenance, rollback
from watchdog.core.draft import Draft
from watchdog.core.effects import ObserveTraffic, Prepare, SetTraffic
from watchdog.core.events import TrafficSeen
from watchdog.core.model import BrakeKind, Colour, Seconds
from watchdog.core.phases import Hold
from watchdog.core.reasons import Reason
from watchdog.core.records import DriftNoted, HoldSet, RollbackWanted, TrafficAsked
from watchdog.core.state import Deployment, ServiceState

LOOK_EVERY_S = 10.0
"""So often the router is asked what is in force."""


def look(draft: Draft, name: str) -> None:
    """Ask the router again when the last answer is old and no question is under way."""
    if draft.now >= look_at(draft.service(name)):
        effect = ObserveTraffic(id=draft.effect_id(name), service=name)
        draft.emit(TrafficAsked(service=name, order=effect))


def look_at(service: ServiceState) -> Seconds:
    """When the router is asked next."""
    if service.waits_for(ObserveTraffic):
        return float("inf")
    return float("-inf") if service.seen_at is None else service.seen_at + LOOK_EVERY_S


def seen(draft: Draft, event: TrafficSeen) -> None:
    """Compare what the router says with what is remembered, once no order is under way."""
    name = event.service
    before = draft.service(name)
    if event.effect and event.effect not in before.waiting:
        return
    draft.emit(event)
    maintenance.noted(draft, name, before)
    service = draft.service(name)
    if _ordered(service):
        return
    _take_over_brake(draft, name, event)
    if _ordered(draft.service(name)):
        return  # a rollback whose record a crash swallowed goes on: what the router says is its doing, not drift
    if event.split is not None or (before.seen is not None and before.seen.split is None):
        # A single answer without a split is an answer that did not come; two in a row are a state of the router.
        _compare(draft, name, service, event)
    if home(event) is not None and service.deployment is not None and home(event) is service.deployment.stable:
        rollback.repaired(draft, name)


def _ordered(service: ServiceState) -> bool:
    return service.waits_for(Prepare, SetTraffic)


def _compare(draft: Draft, name: str, service: ServiceState, event: TrafficSeen) -> None:
    detail = "" if _agrees(service, event) else _differs(service, event)
    if detail != service.drift or (not detail and not service.adopted):
        draft.emit(DriftNoted(service=name, detail=detail))


def home(event: TrafficSeen) -> Colour | None:
    """The colour that has all users, if one has."""
    split = event.split
    if split is None:
        return None
    if split.weight == 0.0:
        return split.stable
    return split.candidate if split.weight == 1.0 else None


def _agrees(service: ServiceState, event: TrafficSeen) -> bool:
    deployment = service.deployment
    if deployment is None or deployment.ended:
        return home(event) is service.stable
    if deployment.in_force.weight == 0.0 and home(event) is deployment.stable:
        return True  # before the first step, and after a rollback, only who has the users matters
    return event.split is not None and event.split in (deployment.in_force, deployment.declared)


def _differs(service: ServiceState, event: TrafficSeen) -> str:
    deployment = service.deployment
    if deployment is None or deployment.ended:
        remembered = f"{service.stable} 100 %"
    else:
        remembered = f"{deployment.candidate} {100 * deployment.in_force.weight:g} %"
    split = event.split
    says = event.detail if split is None else f"{split.candidate} {100 * split.weight:g} %, stable {split.stable}"
    return f"remembered: {remembered}; the router says: {says}"


def _take_over_brake(draft: Draft, name: str, event: TrafficSeen) -> None:
    """A brake that the journal does not know was pulled by a hand, or by a record that a crash swallowed."""
    deployment = draft.deployment(name)
    if deployment is None or not deployment.watched:
        return
    match event.braked:
        case BrakeKind.HAND if Hold.HUMAN not in deployment.holds:
            draft.emit(HoldSet(service=name, hold=Hold.HUMAN, reason=Reason.BRAKE_BY_HAND))
        case BrakeKind.ROLLBACK if deployment.rollback is None:
            draft.emit(RollbackWanted(service=name, reason=Reason.RESTARTED, anyway=True))
            rollback.pursue(draft, name)
        case BrakeKind.DIVERT if deployment.divert is None and deployment.wanted is None:
            divert.order(draft, name, ())
        case None if event.split is not None and _cut_off(deployment, draft.now):
            _let_in_by_hand(draft, name)
        case _:
            pass


def _cut_off(deployment: Deployment, now: Seconds) -> bool:
    """Whether the brake must be there. One that is due to go may be gone by an order whose outcome was lost."""
    cut = deployment.divert
    due = cut is not None and cut.until is not None and now >= cut.until
    return cut is not None and cut.cut and not cut.releasing and not due


def _let_in_by_hand(draft: Draft, name: str) -> None:
    """A divert's brake that is gone without an order was taken away by a hand: the trial begins, no step is taken.

    Pulling it again would fight whoever did it; a release that is bad is diverted or rolled back again in seconds.
    """
    divert.released(draft, name)
    if Hold.HUMAN not in draft.under_way(name).holds:
        draft.emit(HoldSet(service=name, hold=Hold.HUMAN, reason=Reason.BRAKE_TAKEN_AWAY))
