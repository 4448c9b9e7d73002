"""Folding decisions and outcomes into a service's deployment.

What lives here: pure replacements of values, one function per kind of record. What must not: deciding; a phase change
that the table does not allow raises and changes nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeVar

from watchdog.core import handover, records, spending, verdict, writes
from watchdog.core.effects import ORDERS_OF_TRAFFIC, DrainCandidate, RunHook, SetTraffic
from watchdog.core.events import PreparedOutcome, ProofOutcome, TrafficOutcome
from watchdog.core.evolve_service import done, superseded, waiting_for
from watchdog.core.instances import instances_for
from watchdog.core.model import AfterRollback, Colour, Level, Seconds, Split
from watchdog.core.phases import ENDED, Hold, Phase, check_transition
from watchdog.core.reasons import Reason
from watchdog.core.rules import api
from watchdog.core.rules.api import RuleState
from watchdog.core.settings import Rule, Service
from watchdog.core.state import (
    Aftermath,
    Deployment,
    Instance,
    Parachute,
    Rollback,
    ServiceState,
    State,
    Wanted,
)

_Value = TypeVar("_Value")


def deployment_of(service: ServiceState) -> Deployment:
    """The deployment that a record is about; LookupError when there is none, which is a fault of this program."""
    if service.deployment is None:
        msg = f"{service.name} has no deployment"
        raise LookupError(msg)
    return service.deployment


def with_deployment(service: ServiceState, deployment: Deployment) -> ServiceState:
    """The service with its deployment replaced."""
    return replace(service, deployment=deployment)


def begun(state: State, service: ServiceState, body: records.DeploymentBegun, at: Seconds) -> ServiceState:
    """A deployment exists; every rule instance starts with nothing, and so does what is known of the sources.

    Observations from before it are not kept, so nothing in a deployment may rest on them; the baselines, which do, are
    part of the record.
    """
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
    settings = state.settings(service.name)
    instances = instances_for(settings, deployment, {}, at) if settings else {}
    instances = handover.given(instances, body.baselines)
    service = superseded(service, (*ORDERS_OF_TRAFFIC, RunHook, DrainCandidate))
    return replace(
        service,
        deployment=deployment,
        instances=instances,
        beats={},
        probes={},
        rates=(0.0, 0.0),
        bad_rate=0.0,
        parachute=Parachute(),
    )


def phase_changed(state: State, service: ServiceState, body: records.PhaseChanged, at: Seconds) -> ServiceState:
    """The deployment is in another phase."""
    deployment = deployment_of(service)
    check_transition(deployment.phase, body.to)
    deployment = replace(deployment, phase=body.to, phase_since=at)
    if body.to in (Phase.SOAKING, Phase.BAKING) and body.reason is Reason.STEP_IN_FORCE:
        return _step_in_force(with_deployment(service, deployment), deployment, at)
    if body.to is Phase.ROLLED_BACK:
        rolled = replace(deployment.rollback, proved_at=at) if deployment.rollback else None
        deployment = replace(deployment, rollback=rolled, aftermath=_aftermath(state.settings(service.name)))
        bad = rolled is not None and rolled.reason is Reason.RULES_PROVED
        known_bad = service.known_bad | ({deployment.release} if bad else set())
        service = replace(service, instances=_afresh_on_stable(service), known_bad=known_bad)
    if body.to in ENDED:
        deployment = replace(
            deployment, ended_at=at, holds={}, held_details={}, held_since={}, held_at=None, routes_cut=frozenset()
        )
        service = superseded(service, ORDERS_OF_TRAFFIC)
    if body.to is Phase.PROMOTED:
        deployment = writes.unseen(state.settings(service.name), deployment, at)  # from here on nobody counts them
    return with_deployment(service, deployment)


def _afresh_on_stable(service: ServiceState) -> Mapping[str, Instance]:
    """Stable begins anew with its full load: what it was found guilty of before is proved again, or is over."""
    stable = deployment_of(service).stable
    return {
        name: replace(each, state=api.discard(each.rule, each.state), level=Level.INACTIVE, noted=False)
        if name == verdict.key(each.rule, stable) and each.rule.per_colour and each.level is Level.FIRING
        else each
        for name, each in service.instances.items()
    }


def _aftermath(settings: Service | None) -> Aftermath:
    """What is to follow a proved rollback, as it is configured now."""
    if settings is None:
        return Aftermath()
    asked = settings.candidate_after_rollback
    return Aftermath(
        hooks=settings.after_rollback,
        drain=None if asked is AfterRollback.LEAVE else settings.drain,
        stop=settings.stop_candidate if asked is AfterRollback.STOP else None,
    )


def _step_in_force(service: ServiceState, deployment: Deployment, at: Seconds) -> ServiceState:
    """A split is confirmed: windowed rules forget what was before. With a new step soak and gate start from nothing.

    Another share of the same step (a hold at less, its end) takes nothing of what the release has shown.
    """
    if deployment.step != deployment.confirmed_step:
        deployment = replace(
            deployment,
            confirmed_step=deployment.step,
            soaked=0.0,
            requests=0,
            route_requests={},
            route_passes={},
            gate_passed=False,
        )
    deployment = replace(
        deployment,
        step_at=at,
        first_step_at=at if deployment.first_step_at is None else deployment.first_step_at,
        counted_to=at,
        healthy_since=None,
    )
    return with_deployment(each_rule(service, api.cut), deployment)


def each_rule(
    service: ServiceState, change: Callable[[Rule, RuleState], RuleState], colour: Colour | None = None
) -> ServiceState:
    """The service with every rule's state changed, or only of those instances that judge `colour`."""
    instances = dict(service.instances)
    for name, instance in service.instances.items():
        if colour is None or (instance.rule.per_colour and name == verdict.key(instance.rule, colour)):
            changed = change(instance.rule, instance.state)
            level = api.level(changed)
            noted = instance.noted and level is not Level.INACTIVE
            instances[name] = replace(instance, state=changed, level=level, noted=noted)
    return replace(service, instances=instances)


def prepared(_state: State, service: ServiceState, body: PreparedOutcome, _at: Seconds) -> ServiceState:
    """The parachute is packed, or is not."""
    return with_deployment(done(service, body.effect), replace(deployment_of(service), checks=body.checks))


def split_ordered(_state: State, service: ServiceState, body: records.SplitOrdered, _at: Seconds) -> ServiceState:
    """A new declared split; earlier orders of splits are no longer waited for, and of a rollback's no earlier order."""
    held_at = body.split.weight if body.held else None
    deployment = deployment_of(service)
    deployment = replace(deployment, declared=body.split, epoch=body.epoch, step=body.step, held_at=held_at)
    if body.rollback and deployment.rollback is not None:
        rollback = replace(deployment.rollback, attempts=deployment.rollback.attempts + 1)
        deployment = replace(deployment, rollback=rollback)
    service = superseded(service, ORDERS_OF_TRAFFIC if body.rollback else (SetTraffic,))
    return waiting_for(with_deployment(service, deployment), body.order)


def split_abandoned(_state: State, service: ServiceState, body: records.SplitAbandoned, _at: Seconds) -> ServiceState:
    """The order was taken back: the share before it, the step's own or a held one, is the declared one again."""
    deployment = deployment_of(service)
    own = deployment.plan.steps[body.step].weight if body.step >= 0 else 0.0
    held_at = None if body.split.weight == own else body.split.weight
    return with_deployment(service, replace(deployment, declared=body.split, step=body.step, held_at=held_at))


def traffic_outcome(_state: State, service: ServiceState, body: TrafficOutcome, at: Seconds) -> ServiceState:
    """What is in force after an order of traffic."""
    service = done(service, body.effect)
    deployment = deployment_of(service)
    in_force = body.in_force or (deployment.declared if body.ok else deployment.in_force)
    deployment = replace(deployment, in_force=in_force, order_failed_at=None if body.ok else at)
    if deployment.rollback is not None and deployment.phase is Phase.ROLLING_BACK:
        braked_at = deployment.rollback.braked_at
        rollback = replace(
            deployment.rollback,
            braked_at=braked_at if braked_at is not None else body.braked_at,
            warnings=body.warnings,
        )
        deployment = replace(deployment, rollback=rollback)
    return with_deployment(service, deployment)


def proof_outcome(_state: State, service: ServiceState, body: ProofOutcome, _at: Seconds) -> ServiceState:
    """What live traffic showed."""
    service = done(service, body.effect)
    deployment = deployment_of(service)
    if deployment.rollback is None:
        return service
    rollback = replace(
        deployment.rollback,
        to_stable=body.to_stable,
        stragglers=body.stragglers,
        proof_probes=body.probes,
        straggling=body.straggling,
        open=body.open,
    )
    return with_deployment(service, replace(deployment, rollback=rollback))


def hold_set(_state: State, service: ServiceState, body: records.HoldSet, at: Seconds) -> ServiceState:
    """One more reason to stand still; the five healthy minutes begin anew."""
    deployment = deployment_of(service)
    return with_deployment(
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
    return with_deployment(service, _not_held(deployment_of(service), body.hold))


def _not_held(deployment: Deployment, hold: Hold) -> Deployment:
    return replace(
        deployment,
        holds=_without(deployment.holds, hold),
        held_details=_without(deployment.held_details, hold),
        held_since=_without(deployment.held_since, hold),
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
    return with_deployment(service, replace(deployment_of(service), wanted=wanted, divert_wanted=None))


def rollback_blocked(_state: State, service: ServiceState, body: records.RollbackBlocked, at: Seconds) -> ServiceState:
    """An interlock stands in the way."""
    deployment = deployment_of(service)
    if deployment.wanted is None:
        return service
    wanted = replace(deployment.wanted, blocked=body.reason, blocked_at=at, rules=body.rules)
    return with_deployment(service, replace(deployment, wanted=wanted))


def block_cleared(_state: State, service: ServiceState, _body: records.BlockCleared, _at: Seconds) -> ServiceState:
    """Nothing is wanted any more: the evidence was thrown away, or the cause has gone."""
    return with_deployment(service, replace(deployment_of(service), wanted=None))


def rollback_ordered(state: State, service: ServiceState, body: records.RollbackOrdered, at: Seconds) -> ServiceState:
    """The rollback is decided; a divert or a trial gives way to it."""
    rollback = Rollback(
        reason=body.reason,
        rules=body.rules,
        onset=body.onset,
        decided_at=at,
        interlocks=body.interlocks,
        by=body.by,
    )
    service = spending.spent(state, service, body, at)
    deployment = replace(deployment_of(service), rollback=rollback, wanted=None, divert=None, divert_wanted=None)
    return with_deployment(service, _not_held(replace(deployment, ended_at=None), Hold.DIVERT))
