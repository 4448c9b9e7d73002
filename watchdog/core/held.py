"""A smaller share than the step's, because a human wants it for now: ordering it, finishing it, going back.

What lives here: every order of traffic that stays within one step. What must not: the next step (`rollout`). More users
than the candidate has at the moment only come to it once the router was seen to agree with what is remembered.
"""

from dataclasses import replace

from watchdog.core.draft import Draft
from watchdog.core.effects import SetTraffic
from watchdog.core.phases import WATCHED, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import PhaseChanged, SplitOrdered
from watchdog.core.state import Deployment, ServiceState


def own_share(deployment: Deployment) -> float:
    """The candidate's share under the plan's present step; 0 before the first."""
    return deployment.plan.steps[deployment.step].weight if deployment.step >= 0 else 0.0


def within_step(deployment: Deployment) -> bool:
    """Whether the order under way (or the last one) changed the share of a step that was in force before."""
    return 0 <= deployment.step == deployment.confirmed_step


def share_before(deployment: Deployment) -> float:
    """The share to go back to when an order failed: what was in force, or that of the step before."""
    kept = deployment.confirmed_step
    own = deployment.plan.steps[kept].weight if kept >= 0 else 0.0
    return min(own, deployment.in_force.weight) if within_step(deployment) else own


def at_rest(deployment: Deployment) -> Phase:
    """The phase of a deployment whose present step is in force."""
    return Phase.BAKING if deployment.step == len(deployment.plan.steps) - 1 else Phase.SOAKING


def order(draft: Draft, name: str, weight: float, reason: Reason) -> None:
    """Order another share within the present step, under a new epoch."""
    deployment = draft.under_way(name)
    split = replace(deployment.declared, weight=weight)
    if deployment.phase is not Phase.SHIFTING:
        draft.emit(PhaseChanged(service=name, to=Phase.SHIFTING, reason=reason))
    epoch = deployment.epoch + 1
    less = weight < deployment.in_force.weight
    effect = SetTraffic(id=draft.effect_id(name), service=name, epoch=epoch, split=split, less=less)
    held = weight != own_share(deployment)
    draft.emit(SplitOrdered(service=name, epoch=epoch, step=deployment.step, split=split, order=effect, held=held))


def may_be_ordered(service: ServiceState, deployment: Deployment, weight: float) -> bool:
    """Whether the router's word allows a share: always towards stable, otherwise if it agrees with the journal."""
    seen = service.seen.split if service.seen is not None else None
    less = seen is not None and seen.stable is deployment.stable and weight <= seen.weight
    return service.adopted or less


def carry_on(draft: Draft, name: str) -> None:
    """Finish a change of share whose order the journal has lost, and end a hold that a human has lifted."""
    deployment, service = draft.deployment(name), draft.service(name)
    if deployment is None or deployment.rollback is not None or deployment.phase not in WATCHED:
        return
    if service.waits_for(SetTraffic) or not within_step(deployment):
        return
    if deployment.phase is Phase.SHIFTING:
        _finish(draft, name, deployment)
    elif deployment.held_at is not None and _goes_on(draft, deployment):
        _order_if_agreed(draft, name, own_share(deployment))


def _finish(draft: Draft, name: str, deployment: Deployment) -> None:
    held = deployment.held_at
    weight = own_share(deployment) if held is None else held
    if deployment.in_force.weight == weight:
        draft.emit(PhaseChanged(service=name, to=at_rest(deployment), reason=Reason.STEP_IN_FORCE))
    elif held is not None or _goes_on(draft, deployment):
        _order_if_agreed(draft, name, weight)


def _order_if_agreed(draft: Draft, name: str, weight: float) -> None:
    if draft.service(name).adopted:
        order(draft, name, weight, Reason.HUMAN)


def _goes_on(draft: Draft, deployment: Deployment) -> bool:
    """Whether nothing stands against giving the candidate its step's share again."""
    troubled = deployment.wanted or deployment.divert_wanted or deployment.divert
    return not (deployment.holds or troubled or draft.state.stopped_by)
