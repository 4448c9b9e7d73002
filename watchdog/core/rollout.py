"""Going forward: preparation, steps, soak, the evidence gate, the bake, promotion.

What lives here: what a deployment needs to take its next step, and ordering it. What must not: anything that moves
traffic away from a colour because it is bad. Progression needs an empty set of holds.
"""

from dataclasses import replace

from watchdog.core import held, verdict
from watchdog.core.draft import Draft
from watchdog.core.effects import Prepare, SetTraffic
from watchdog.core.lacking import lacks
from watchdog.core.model import Seconds, Split, Verdict
from watchdog.core.phases import LIFTS_ITSELF, Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    HoldLifted,
    HoldSet,
    PhaseChanged,
    PreparationOrdered,
    SplitAbandoned,
    SplitOrdered,
    StableChanged,
)
from watchdog.core.settings import Plan
from watchdog.core.state import Deployment

HEALTHY_BEFORE_LIFT_S = 300.0
"""A hold that lifts itself does so after this long of uninterrupted health."""

STAYS_HELD = frozenset({Reason.BUDGET, Reason.WAVE})
"""Too much was done by itself already: that a human was called does not end by itself."""

PROMOTION_RETRY_S = 30.0
"""A promotion whose files could not be written is tried again after this long; traffic is on the candidate anyway."""


def order_preparation(draft: Draft, name: str) -> None:
    """Pack the parachute: every split of the plan is rendered and tested, the 100 % stable one first."""
    deployment = draft.under_way(name)
    splits = splits_of(deployment.plan, deployment.declared)
    if deployment.phase is Phase.SUBMITTED:
        draft.emit(PhaseChanged(service=name, to=Phase.PREPARING, reason=Reason.SUBMITTED))
    effect = Prepare(id=draft.effect_id(name), service=name, splits=splits)
    draft.emit(PreparationOrdered(service=name, order=effect))


def splits_of(plan: Plan, home: Split) -> tuple[Split, ...]:
    """Every split that a plan orders, the 100 % stable one first and the promoted one last."""
    steps = (replace(home, weight=step.weight) for step in plan.steps)
    return tuple(dict.fromkeys((home, *steps, replace(home, weight=1.0, promoted=True))))


def prepared(draft: Draft, name: str, *, ok: bool, detail: str) -> None:
    """Begin to shift (`advance` orders the first step when nothing holds), or end before anything has happened."""
    if ok:
        draft.emit(PhaseChanged(service=name, to=Phase.SHIFTING, reason=Reason.PREPARED))
    else:
        draft.emit(PhaseChanged(service=name, to=Phase.ABORTED, reason=Reason.NOT_PREPARED, detail=detail))


def order_step(draft: Draft, name: str, step: int) -> None:
    """Order the split of one step under a new epoch."""
    deployment = draft.under_way(name)
    split = replace(deployment.declared, weight=deployment.plan.steps[step].weight)
    if deployment.phase is not Phase.SHIFTING:
        draft.emit(PhaseChanged(service=name, to=Phase.SHIFTING, reason=Reason.STEP_ORDERED))
    epoch = deployment.epoch + 1
    effect = SetTraffic(id=draft.effect_id(name), service=name, epoch=epoch, split=split)
    draft.emit(SplitOrdered(service=name, epoch=epoch, step=step, split=split, order=effect))


def traffic_moved(draft: Draft, name: str, *, ok: bool, detail: str) -> None:
    """A step's order has ended: it is in force, or it was taken back."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.phase is not Phase.SHIFTING:
        return
    if ok:
        draft.emit(PhaseChanged(service=name, to=held.at_rest(deployment), reason=Reason.STEP_IN_FORCE))
        return
    kept = deployment.confirmed_step
    split = replace(deployment.declared, weight=held.share_before(deployment))
    draft.emit(SplitAbandoned(service=name, split=split, step=kept, detail=detail))
    draft.emit(HoldSet(service=name, hold=Hold.INTERLOCK, reason=Reason.STEP_FAILED, detail=detail))
    if kept >= 0:
        to = held.at_rest(draft.under_way(name))
        draft.emit(PhaseChanged(service=name, to=to, reason=Reason.STEP_FAILED))


def carry_on(draft: Draft, name: str) -> None:
    """Take up a preparation whose order, or whose end, the journal has lost; it may be done twice."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.phase not in (Phase.SUBMITTED, Phase.PREPARING):
        return
    if not draft.service(name).waits_for(Prepare):
        order_preparation(draft, name)


def advance(draft: Draft, name: str) -> None:
    """Take the next step when nothing holds, the soak is over and the evidence is there."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.holds or deployment.divert_wanted or deployment.divert:
        return
    if deployment.wanted is not None and not _passed_on(deployment):
        return
    if draft.state.stopped_by or not draft.service(name).adopted or verdict.maintained(draft.service(name)):
        # The line is stopped, or the router disagrees with what is remembered, was not seen since the start, or shows
        # everybody the maintenance page.
        return
    match deployment.phase:
        case Phase.SHIFTING if not draft.service(name).waits_for(SetTraffic) and not held.within_step(deployment):
            order_step(draft, name, deployment.confirmed_step + 1)
        case Phase.SOAKING | Phase.WAITING:
            _after_soak(draft, name, deployment)
        case Phase.BAKING:
            _after_bake(draft, name, deployment)
        case Phase.PROMOTED:
            _finish_promotion(draft, name, deployment)


def _passed_on(deployment: Deployment) -> bool:
    """Whether a human takes the release one step on although rules want it back: disarmed first, promoted then.

    The last step's bake is not passed like that: what fails never becomes stable.
    """
    disarmed = deployment.wanted is not None and deployment.wanted.blocked is Reason.DISARMED
    return disarmed and deployment.gate_passed and deployment.phase in (Phase.SHIFTING, Phase.SOAKING, Phase.WAITING)


def _after_soak(draft: Draft, name: str, deployment: Deployment) -> None:
    step = deployment.plan.steps[deployment.step]
    healthy = deployment.soaked >= step.soak and _healthy(draft, name)
    if not healthy and not _passed_on(deployment):
        return
    missing = lacks(draft.settings(name), draft.service(name))
    if not missing:
        order_step(draft, name, deployment.step + 1)
    elif deployment.phase is Phase.SOAKING:
        detail = "; ".join(missing)
        draft.emit(PhaseChanged(service=name, to=Phase.WAITING, reason=Reason.EVIDENCE_WANTING, detail=detail))


def _after_bake(draft: Draft, name: str, deployment: Deployment) -> None:
    if deployment.soaked < bake_time(deployment) or not _healthy(draft, name):
        return
    if lacks(draft.settings(name), draft.service(name)):
        return
    draft.emit(
        StableChanged(
            service=name, stable=deployment.candidate, release=deployment.release, reason=Reason.BAKE_COMPLETE
        )
    )
    draft.emit(PhaseChanged(service=name, to=Phase.PROMOTED, reason=Reason.BAKE_COMPLETE))
    _order_promotion(draft, name, deployment)


def bake_time(deployment: Deployment) -> Seconds:
    """How long the release is watched at full traffic: the bake, after the last step's own soak."""
    return deployment.plan.bake.at_least + deployment.plan.steps[-1].soak


def _healthy(draft: Draft, name: str) -> bool:
    """Whether the release is healthy now and something has said so since the daemon began to watch."""
    if draft.under_way(name).healthy_since is None:
        return False
    return verdict.read(draft.settings(name), draft.service(name), draft.now).verdict is Verdict.HEALTHY


def _order_promotion(draft: Draft, name: str, deployment: Deployment) -> None:
    split = replace(deployment.declared, weight=1.0, promoted=True)
    epoch = deployment.epoch + 1
    effect = SetTraffic(id=draft.effect_id(name), service=name, epoch=epoch, split=split)
    draft.emit(SplitOrdered(service=name, epoch=epoch, step=deployment.step, split=split, order=effect))


def _finish_promotion(draft: Draft, name: str, deployment: Deployment) -> None:
    """The roles are swapped in the files as well; if that failed, again after a while."""
    service = draft.service(name)
    if service.stable is not deployment.candidate or service.waits_for(SetTraffic):
        return
    due = promotion_retry_at(deployment)
    if due is not None and draft.now >= due:
        _order_promotion(draft, name, deployment)


def promotion_retry_at(deployment: Deployment) -> Seconds | None:
    """When a promotion that is not in force is ordered again; None when it is, or for any other phase."""
    if deployment.phase is not Phase.PROMOTED or deployment.in_force.promoted:
        return None
    failed = deployment.order_failed_at
    return (deployment.phase_since if failed is None else failed) + PROMOTION_RETRY_S


def freeze(draft: Draft, name: str) -> None:
    """A firing freeze rule holds the split where it is; so does proof that the policy does not let roll back."""
    deployment = draft.deployment(name)
    if deployment is None or not deployment.watched:
        return
    reading = verdict.read(draft.settings(name), draft.service(name), draft.now)
    alone = () if reading.verdict is Verdict.FAILING or deployment.wanted else reading.firing
    rules = (*reading.freezing, *alone)
    if rules and Hold.RULE not in deployment.holds:
        draft.emit(HoldSet(service=name, hold=Hold.RULE, reason=Reason.RULE_FREEZES, detail=", ".join(rules)))


def lift(draft: Draft, name: str) -> None:
    """Holds that lift themselves go after five healthy minutes, unless only a human may resume."""
    deployment = draft.deployment(name)
    if deployment is None or draft.settings(name).resume_by_human or deployment.wanted is not None:
        return
    for hold in sorted(LIFTS_ITSELF & set(deployment.holds)):
        if deployment.holds[hold] in STAYS_HELD:
            continue
        since = _healthy_since(draft, name, deployment, hold)
        if since is not None and draft.now - since >= HEALTHY_BEFORE_LIFT_S:
            draft.emit(HoldLifted(service=name, hold=hold, reason=Reason.HEALTHY_AGAIN))


def _healthy_since(draft: Draft, name: str, deployment: Deployment, hold: Hold) -> Seconds | None:
    """Since when the service is healthy with this hold on; None while it is not.

    Before the first step is in force nothing is measured, so the hold's own age is all there is.
    """
    held = deployment.held_since.get(hold, draft.now)
    if deployment.phase is Phase.SHIFTING:
        return held
    if deployment.healthy_since is None or not _healthy(draft, name):
        return None
    return max(held, deployment.healthy_since)
