"""What an outcome that somebody waited for leads to at once: the table from its kind to the module that goes on.

What lives here: which outcome goes where. What must not: rules of conduct. What needs no outcome to be noticed (a proof
without an answer, the next step) is looked at by each module itself.
"""

from watchdog.core import aftermath, divert, rollback, rollout, routes
from watchdog.core.draft import Draft
from watchdog.core.effects import CutRoute, Effect, PullBrake, RunHook
from watchdog.core.events import (
    AnyOutcome,
    BrakeOutcome,
    HookOutcome,
    PreparedOutcome,
    ProofOutcome,
    TrafficOutcome,
)


def follow(draft: Draft, name: str, effect: Effect, event: AnyOutcome) -> None:
    """Go on from an outcome that was folded a moment ago."""
    match event:
        case PreparedOutcome():
            rollout.prepared(draft, name, ok=event.ok, detail=event.detail)
        case TrafficOutcome():
            rollback.traffic_moved(draft, name, ok=event.ok, detail=event.detail)
            rollout.traffic_moved(draft, name, ok=event.ok, detail=event.detail)
        case ProofOutcome():
            rollback.proof_came(draft, name, ok=event.ok, detail=event.detail)
        case BrakeOutcome():
            _brake_moved(draft, name, effect, event)
        case HookOutcome() if isinstance(effect, RunHook):
            aftermath.hook_ended(draft, name, effect.hook, ok=event.ok, detail=event.detail)
        case _:
            pass  # a message was handed over, or was not; what else was asked for stands in the state by now


def _brake_moved(draft: Draft, name: str, effect: Effect, event: BrakeOutcome) -> None:
    if isinstance(effect, CutRoute):
        if not event.ok:
            routes.not_moved(draft, name, effect, event.detail)
        return
    deployment = draft.deployment(name)
    if deployment is None or deployment.divert is None:
        return
    if isinstance(effect, PullBrake):
        if not event.ok:
            divert.brake_failed(draft, name, event.detail)
    elif event.ok:
        divert.released(draft, name)
    else:
        divert.not_released(draft, name, event.detail)
