"""Going on after a stop: effects without an outcome, the router's own word, a reboot in mid-deployment.

What lives here: what `Started` leads to. What must not: deciding anything again that the journal already holds.
"""

from watchdog.core import aftermath
from watchdog.core.draft import Draft
from watchdog.core.effects import Effect, ReleaseBrake, RunHook, RunRehearsal, SetTraffic
from watchdog.core.events import Started
from watchdog.core.phases import Hold
from watchdog.core.reasons import Reason
from watchdog.core.records import DivertWanted, EffectsTakenUp, HoldSet, OutcomeGivenUp


def started(draft: Draft, event: Started) -> None:
    """Take up what was left, and after a reboot keep users off the candidate until a human resumes."""
    draft.emit(event)
    for name in draft.state.services:
        _take_up(draft, name)
        if event.rebooted:
            _after_reboot(draft, name)


def _take_up(draft: Draft, name: str) -> None:
    """Order again what had no outcome, but nothing that gives the candidate users.

    The router is looked at first: a rollback begins together with the writing of its record, so its brake may be there
    although the journal does not know it. What still applies then is ordered anew, under a new epoch.
    """
    waiting = tuple(draft.service(name).waiting.values())
    orders = tuple(effect for effect in waiting if not _given_up(effect))
    for effect in waiting:
        if _given_up(effect):
            draft.emit(OutcomeGivenUp(service=name, effect=effect.id))
        if isinstance(effect, RunHook) and not effect.idempotent:
            aftermath.hook_lost(draft, name, effect.hook)
    if orders:
        draft.emit(EffectsTakenUp(service=name, orders=orders))


def _given_up(effect: Effect) -> bool:
    """Whether an effect is not begun again: it could do harm, or nobody asked for it twice.

    One route that is let go to the candidate again is: that gives nobody to a candidate whose brake is on, and while
    nobody knows whether its flag is there the rules on that route count for nothing.
    """
    match effect:
        case RunHook():
            return not effect.idempotent
        case RunRehearsal():
            return True
        case _:
            return _towards_candidate(effect)


def _towards_candidate(effect: Effect) -> bool:
    return isinstance(effect, ReleaseBrake) or (isinstance(effect, SetTraffic) and not effect.brake)


def _after_reboot(draft: Draft, name: str) -> None:
    deployment = draft.deployment(name)
    if deployment is None or not deployment.watched:
        return
    draft.emit(HoldSet(service=name, hold=Hold.RESTART, reason=Reason.REBOOTED))
    if deployment.in_force.weight > 0.0 and deployment.divert is None and deployment.wanted is None:
        draft.emit(DivertWanted(service=name, rules=(), onset=draft.now, reason=Reason.REBOOTED))
