"""The way back is looked at again and again, from the first step until stable is no longer kept.

What lives here: when it is looked at, when it counts as lost and as regained. What must not: what is looked at (the
router's). A lost parachute holds progression and tells on-call; rollback stays armed, for it may work all the same.
"""

from typing import Final

from watchdog.core import causes, incidents
from watchdog.core.draft import Draft
from watchdog.core.effects import ORDERS_OF_TRAFFIC, Recheck, RunRehearsal
from watchdog.core.model import Seconds
from watchdog.core.phases import ENDED, WATCHED, Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import HoldLifted, HoldSet, ParachuteLost, ParachuteRegained, RecheckOrdered
from watchdog.core.settings import Service
from watchdog.core.state import Deployment, ServiceState

LOST_AFTER: Final = 3
"""So many looks in a row that found something wrong."""

REGAINED_AFTER: Final = 3

ELSEWHERE: Final = (*ORDERS_OF_TRAFFIC, RunRehearsal)
"""While one of these is under way the router is not looked at: what it has then is neither the old nor the new."""


def packed(settings: Service, deployment: Deployment | None, now: Seconds) -> bool:
    """Whether the way back must be ready at this moment."""
    if deployment is None or settings.parachute_every is None:
        return False
    if deployment.phase is Phase.PROMOTED:
        return deployment.rollback is None and now <= (deployment.ended_at or now) + settings.keep_stable
    return deployment.phase in WATCHED


def look(draft: Draft, name: str) -> None:
    """Look again when it is time and nothing else moves."""
    if draft.now < look_at(draft.settings(name), draft.service(name), draft.now):
        return
    deployment = draft.under_way(name)
    # After a promotion the way back leads to the colour that was stable before.
    effect = Recheck(id=draft.effect_id(name), service=name, stable=deployment.stable)
    draft.emit(RecheckOrdered(service=name, order=effect))


def look_at(settings: Service, service: ServiceState, now: Seconds) -> Seconds:
    """When the way back is looked at next; never (infinity) while it need not be ready or something is under way."""
    deployment, every = service.deployment, settings.parachute_every
    if deployment is None or every is None or not packed(settings, deployment, now):
        return float("inf")
    if service.waits_for(*ELSEWHERE, Recheck):
        return float("inf")
    last = service.parachute.at
    return (deployment.began if last is None else last) + every


def judge(draft: Draft, name: str) -> None:
    """Note that it is lost or regained, and let hold and incident follow."""
    settings, service = draft.settings(name), draft.service(name)
    deployment, parachute = service.deployment, service.parachute
    if not parachute.lost and parachute.bad >= LOST_AFTER:
        draft.emit(ParachuteLost(service=name, detail=parachute.detail))
    elif parachute.lost and parachute.good >= REGAINED_AFTER:
        draft.emit(ParachuteRegained(service=name))
    if packed(settings, deployment, draft.now):
        _follow(draft, name, draft.under_way(name))
    elif deployment is not None and (deployment.watched or deployment.phase in ENDED):
        _lift(draft, name, deployment)


def _follow(draft: Draft, name: str, deployment: Deployment) -> None:
    parachute = draft.service(name).parachute
    if not parachute.lost:
        _lift(draft, name, deployment)
        return
    if deployment.watched and Hold.PARACHUTE not in deployment.holds:
        draft.emit(HoldSet(service=name, hold=Hold.PARACHUTE, reason=Reason.PARACHUTE_LOST, detail=parachute.detail))
    incidents.tell(draft, name, causes.Cause(reason=Reason.PARACHUTE_LOST, detail=parachute.detail))


def _lift(draft: Draft, name: str, deployment: Deployment) -> None:
    if Hold.PARACHUTE in deployment.holds:
        draft.emit(HoldLifted(service=name, hold=Hold.PARACHUTE, reason=Reason.PARACHUTE_REGAINED))
    incidents.resolve(draft, name, Reason.PARACHUTE_LOST)
