"""Folding decisions and outcomes into a service's deployment.

What lives here: pure replacements of values, one function per kind of record. What must not: deciding; a phase change
that the table does not allow raises and changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from watchdog.core import evidence, records
from watchdog.core.effects import PullBrake, SetTraffic
from watchdog.core.events import BrakeOutcome, PreparedOutcome, ProofOutcome, TrafficOutcome
from watchdog.core.evolve_service import done, waiting_for
from watchdog.core.model import Seconds, Split
from watchdog.core.phases import Hold, Phase, check_transition
from watchdog.core.reasons import Reason
from watchdog.core.rules import api
from watchdog.core.rules.api import RuleState
from watchdog.core.settings import Rule
from watchdog.core.state import Deployment, Divert, Rollback, ServiceState, State, Wanted

_Value = TypeVar("_Value")


def _deployment(service: ServiceState) -> Deployment:
    if service.deployment is None:
        msg = f"{service.name} has no deployment"
        raise LookupError(msg)
    return service.deployment


def _with(service: ServiceState, deployment: Deployment) -> ServiceState:
    return replace(service, deployment=deployment)


def begun(state: State, service: ServiceState, body: records.DeploymentBegun, at: Seconds) -> ServiceState:
    """A deployment exists; every rule instance starts with nothing."""
    split = Split(stable=body.stable, candidate=body.candidate, weight=0.0, salt=body.deployment)
    deployment = Deployment(
        id=body.deployment,
        release=body.release,
        plan=body.plan,
        stable=body.stable,
        candidate=body.candidate,
        schema=body.schema,
        watched_by=body.watched_by,
        alpha=body.alpha,
        by=body.by,
        began=at,
        previous_release=service.stable_release,
        phase_since=at,
        declared=split,
        in_force=split,
    )
    settings = state.environment.service(service.name) if state.environment else None
    instances = evidence.instances_for(settings, deployment, {}, at) if settings else {}
    return replace(service, deployment=deployment, instances=instances, rates=(0.0, 0.0), bad_rate=0.0)


def phase_changed(_state: State, service: ServiceState, body: records.PhaseChanged, at: Seconds) -> ServiceState:
    """The deployment is in another phase."""
    deployment = _deployment(service)
    check_transition(deployment.phase, body.to)
    deployment = replace(deployment, phase=body.to, phase_since=at)
    if body.to in (Phase.SOAKING, Phase.BAKING) and body.reason is Reason.STEP_IN_FORCE:
        return _step_in_force(_with(service, deployment), deployment, at)
    if body.to is Phase.ROLLED_BACK:
        rolled = replace(deployment.rollback, proved_at=at) if deployment.rollback else None
        deployment = replace(deployment, rollback=rolled, ended_at=at, holds={}, held_details={}, wanted=None)
        bad = rolled is not None and rolled.reason is Reason.RULES_PROVED
        service = replace(service, known_bad=service.known_bad | ({deployment.release} if bad else set()))
    elif body.to in (Phase.PROMOTED, Phase.ABORTED):
        deployment = replace(deployment, ended_at=at, holds={}, held_details={}, divert=None, divert_wanted=None)
    return _with(service, deployment)


def _step_in_force(service: ServiceState, deployment: Deployment, at: Seconds) -> ServiceState:
    """A step is confirmed: soak and gate start from nothing, windowed rules forget what was before."""
    deployment = replace(
        deployment,
        step_at=at,
        first_step_at=at if deployment.first_step_at is None else deployment.first_step_at,
        soaked=0.0,
        counted_to=at,
        healthy_since=None,
        requests=0,
        route_requests={},
        gate_passed=False,
        gate_told_at=None,
    )
    return _with(_each_rule(service, api.cut), deployment)


def _each_rule(service: ServiceState, change: Callable[[Rule, RuleState], RuleState]) -> ServiceState:
    instances = {
        name: replace(instance, state=(changed := change(instance.rule, instance.state)), level=api.level(changed))
        for name, instance in service.instances.items()
    }
    return replace(service, instances=instances)


def prepared(_state: State, service: ServiceState, body: PreparedOutcome, _at: Seconds) -> ServiceState:
    """The parachute is packed, or is not."""
    service = done(service, body.effect)
    return _with(service, replace(_deployment(service), checks=body.checks))


def split_ordered(_state: State, service: ServiceState, body: records.SplitOrdered, _at: Seconds) -> ServiceState:
    """A new declared split; orders of an earlier epoch are no longer waited for."""
    deployment = replace(_deployment(service), declared=body.split, epoch=body.epoch, step=body.step)
    if body.rollback and deployment.rollback is not None:
        rollback = replace(deployment.rollback, attempts=deployment.rollback.attempts + 1)
        deployment = replace(deployment, rollback=rollback, retry_at=None)
    for key, effect in service.waiting.items():
        if isinstance(effect, SetTraffic):
            service = done(service, key)
    return waiting_for(_with(service, deployment), body.order)


def split_abandoned(_state: State, service: ServiceState, body: records.SplitAbandoned, _at: Seconds) -> ServiceState:
    """The step was taken back."""
    return _with(service, replace(_deployment(service), declared=body.split, step=body.step))


def traffic_outcome(_state: State, service: ServiceState, body: TrafficOutcome, at: Seconds) -> ServiceState:
    """What is in force after an order of traffic."""
    service = done(service, body.effect)
    deployment = _deployment(service)
    in_force = body.in_force if body.in_force is not None else deployment.in_force
    deployment = replace(deployment, in_force=in_force)
    if deployment.rollback is not None and deployment.phase is Phase.ROLLING_BACK:
        braked_at = deployment.rollback.braked_at
        rollback = replace(
            deployment.rollback,
            braked_at=braked_at if braked_at is not None else body.braked_at,
            warnings=body.warnings,
        )
        deployment = replace(deployment, rollback=rollback, retry_at=None if body.ok else at)
    return _with(service, deployment)


def brake_outcome(_state: State, service: ServiceState, body: BrakeOutcome, _at: Seconds) -> ServiceState:
    """A divert's brake is on, or off again."""
    effect = service.waiting.get(body.effect)
    service = done(service, body.effect)
    deployment = _deployment(service)
    if deployment.divert is None or not body.ok:
        return service
    pulled = isinstance(effect, PullBrake)
    return _with(service, replace(deployment, divert=replace(deployment.divert, cut=pulled, releasing=False)))


def proof_outcome(_state: State, service: ServiceState, body: ProofOutcome, _at: Seconds) -> ServiceState:
    """What live traffic showed."""
    service = done(service, body.effect)
    deployment = _deployment(service)
    if deployment.rollback is None:
        return service
    rollback = replace(
        deployment.rollback, to_stable=body.to_stable, stragglers=body.stragglers, proof_probes=body.probes
    )
    return _with(service, replace(deployment, rollback=rollback))


def hold_set(_state: State, service: ServiceState, body: records.HoldSet, at: Seconds) -> ServiceState:
    """One more reason to stand still; the five healthy minutes begin anew."""
    deployment = _deployment(service)
    return _with(
        service,
        replace(
            deployment,
            holds={**deployment.holds, body.hold: body.reason},
            held_details={**deployment.held_details, body.hold: body.detail},
            held_since={**deployment.held_since, body.hold: at},
        ),
    )


def hold_lifted(_state: State, service: ServiceState, body: records.HoldLifted, _at: Seconds) -> ServiceState:
    """One reason less."""
    deployment = _deployment(service)
    return _with(
        service,
        replace(
            deployment,
            holds=_without(deployment.holds, body.hold),
            held_details=_without(deployment.held_details, body.hold),
            held_since=_without(deployment.held_since, body.hold),
        ),
    )


def _without(mapping: Mapping[Hold, _Value], hold: Hold) -> Mapping[Hold, _Value]:
    return {key: value for key, value in mapping.items() if key != hold}


def rollback_wanted(_state: State, service: ServiceState, body: records.RollbackWanted, at: Seconds) -> ServiceState:
    """A rollback waits for its interlocks."""
    wanted = Wanted(
        reason=body.reason,
        rules=body.rules,
        onset=body.onset,
        since=at,
        by=body.by,
        because=body.because,
        anyway=body.anyway,
    )
    return _with(service, replace(_deployment(service), wanted=wanted, divert_wanted=None))


def rollback_blocked(_state: State, service: ServiceState, body: records.RollbackBlocked, at: Seconds) -> ServiceState:
    """An interlock stands in the way."""
    deployment = _deployment(service)
    if deployment.wanted is None:
        return service
    wanted = replace(deployment.wanted, blocked=body.reason, blocked_at=at, rules=body.rules)
    return _with(service, replace(deployment, wanted=wanted))


def block_cleared(_state: State, service: ServiceState, _body: records.BlockCleared, _at: Seconds) -> ServiceState:
    """Nothing is wanted any more: the evidence was thrown away, or the cause has gone."""
    return _with(service, replace(_deployment(service), wanted=None))


def rollback_ordered(_state: State, service: ServiceState, body: records.RollbackOrdered, at: Seconds) -> ServiceState:
    """The rollback is decided; a divert or a trial gives way to it."""
    rollback = Rollback(
        reason=body.reason,
        rules=body.rules,
        onset=body.onset,
        decided_at=at,
        interlocks=body.interlocks,
        by=body.by,
    )
    deployment = replace(_deployment(service), rollback=rollback, wanted=None, divert=None, divert_wanted=None)
    return _with(service, replace(deployment, holds=_without(deployment.holds, Hold.DIVERT), ended_at=None))


def divert_wanted(_state: State, service: ServiceState, body: records.DivertWanted, at: Seconds) -> ServiceState:
    """A divert waits for a sign of life from stable."""
    wanted = Wanted(reason=body.reason, rules=body.rules, onset=body.onset, since=at)
    return _with(service, replace(_deployment(service), divert_wanted=wanted))


def divert_dropped(_state: State, service: ServiceState, body: records.DivertDropped, _at: Seconds) -> ServiceState:
    """No divert after all; a brake that could not be pulled is not there."""
    deployment = replace(_deployment(service), divert_wanted=None)
    if body.reason is Reason.BRAKE_FAILED:
        deployment = replace(deployment, divert=None)
    return _with(service, deployment)


def divert_blocked(_state: State, service: ServiceState, body: records.DivertBlocked, at: Seconds) -> ServiceState:
    """An interlock stands in the way of a divert."""
    deployment = _deployment(service)
    if deployment.divert_wanted is None:
        return service
    wanted = replace(deployment.divert_wanted, blocked=body.reason, blocked_at=at)
    return _with(service, replace(deployment, divert_wanted=wanted))


def divert_ordered(_state: State, service: ServiceState, body: records.DivertOrdered, _at: Seconds) -> ServiceState:
    """The candidate is being cut off."""
    deployment = replace(
        _deployment(service),
        epoch=body.epoch,
        diverts=body.number,
        divert=Divert(number=body.number, until=body.until),
        divert_wanted=None,
        healthy_since=None,
    )
    return waiting_for(_with(service, deployment), body.order)


def trial_ordered(_state: State, service: ServiceState, body: records.TrialOrdered, _at: Seconds) -> ServiceState:
    """The brake is being released."""
    deployment = _deployment(service)
    if deployment.divert is None:
        return service
    divert = replace(deployment.divert, releasing=True)
    return waiting_for(_with(service, replace(deployment, divert=divert, epoch=body.epoch)), body.order)


def trial_begun(_state: State, service: ServiceState, body: records.TrialBegun, _at: Seconds) -> ServiceState:
    """The candidate has its share again, watched without a ride-out."""
    deployment = _deployment(service)
    if deployment.divert is None:
        return service
    divert = replace(deployment.divert, cut=False, releasing=False, trial_until=body.until)
    return _each_rule(_with(service, replace(deployment, divert=divert)), api.begin_trial)


def trial_ended(_state: State, service: ServiceState, _body: records.TrialEnded, _at: Seconds) -> ServiceState:
    """The trial is over; the ride-out is back."""
    deployment = replace(_deployment(service), divert=None)
    return _each_rule(_with(service, deployment), api.end_trial)


def gate_passed(_state: State, service: ServiceState, _body: records.GatePassed, _at: Seconds) -> ServiceState:
    """A human passed the present step's gate."""
    return _with(service, replace(_deployment(service), gate_passed=True))
