"""Folding diverts and trials into a service's deployment.

What lives here: pure replacements of values, one function per kind of record. What must not: deciding.
"""

from dataclasses import replace

from watchdog.core import evolve_aftermath, evolve_ready, records
from watchdog.core.effects import CutRoute, PullBrake, ReleaseBrake, RunHook, RunRehearsal
from watchdog.core.events import BrakeOutcome
from watchdog.core.evolve_deployment import deployment_of, each_rule, with_deployment
from watchdog.core.evolve_service import done, superseded, waiting_for
from watchdog.core.model import Seconds
from watchdog.core.reasons import Reason
from watchdog.core.rules import api
from watchdog.core.state import Divert, ServiceState, State, Wanted


def brake_outcome(_state: State, service: ServiceState, body: BrakeOutcome, at: Seconds) -> ServiceState:
    """A divert's brake is on, or off again. One that could not be released waits for a human."""
    effect = service.waiting.get(body.effect)
    if isinstance(effect, CutRoute):
        return evolve_ready.route_moved(service, effect, body)
    service = done(service, body.effect)
    deployment = service.deployment
    if deployment is None or deployment.divert is None:
        return service
    divert = deployment.divert
    pulled = isinstance(effect, PullBrake)
    if body.ok:
        divert = replace(divert, cut=pulled, releasing=False)
        if pulled and deployment.first_cut_at is None:
            deployment = replace(deployment, first_cut_at=at if body.at is None else body.at)
    elif not pulled:
        divert = replace(divert, releasing=False, until=None)
    return with_deployment(service, replace(deployment, divert=divert))


def given_up(_state: State, service: ServiceState, body: records.OutcomeGivenUp, at: Seconds) -> ServiceState:
    """An order's outcome will never be known; a brake whose release was under way is to be released anew."""
    effect = service.waiting.get(body.effect)
    service = done(service, body.effect)
    if isinstance(effect, RunHook):
        return evolve_aftermath.hook_given_up(service, effect, at)
    if isinstance(effect, RunRehearsal):
        return evolve_ready.rehearsal_given_up(service, effect.id, at)
    deployment = service.deployment
    if deployment is None or deployment.divert is None or not isinstance(effect, ReleaseBrake):
        return service
    divert = deployment.divert
    divert = replace(divert, releasing=False, until=at if divert.until is None else divert.until)
    return with_deployment(service, replace(deployment, divert=divert))


def divert_wanted(_state: State, service: ServiceState, body: records.DivertWanted, at: Seconds) -> ServiceState:
    """A divert waits for a sign of life from stable."""
    wanted = Wanted(reason=body.reason, rules=body.rules, onset=body.onset, since=at)
    return with_deployment(service, replace(deployment_of(service), divert_wanted=wanted))


def divert_dropped(_state: State, service: ServiceState, body: records.DivertDropped, _at: Seconds) -> ServiceState:
    """No divert after all; a brake that could not be pulled is not there."""
    deployment = replace(deployment_of(service), divert_wanted=None)
    if body.reason is Reason.BRAKE_FAILED:
        deployment = replace(deployment, divert=None)
    return with_deployment(service, deployment)


def divert_blocked(_state: State, service: ServiceState, body: records.DivertBlocked, at: Seconds) -> ServiceState:
    """An interlock stands in the way of a divert."""
    deployment = deployment_of(service)
    if deployment.divert_wanted is None:
        return service
    wanted = replace(deployment.divert_wanted, blocked=body.reason, blocked_at=at)
    return with_deployment(service, replace(deployment, divert_wanted=wanted))


def divert_ordered(_state: State, service: ServiceState, body: records.DivertOrdered, _at: Seconds) -> ServiceState:
    """The candidate is being cut off."""
    deployment = replace(
        deployment_of(service),
        epoch=body.epoch,
        diverts=body.number,
        divert=Divert(number=body.number, until=body.until),
        divert_wanted=None,
        healthy_since=None,
    )
    service = superseded(service, (PullBrake, ReleaseBrake))
    return waiting_for(with_deployment(service, deployment), body.order)


def trial_ordered(_state: State, service: ServiceState, body: records.TrialOrdered, _at: Seconds) -> ServiceState:
    """The brake is being released."""
    deployment = deployment_of(service)
    if deployment.divert is None:
        return service
    divert = replace(deployment.divert, releasing=True)
    service = superseded(service, (PullBrake, ReleaseBrake))
    return waiting_for(with_deployment(service, replace(deployment, divert=divert, epoch=body.epoch)), body.order)


def trial_begun(_state: State, service: ServiceState, body: records.TrialBegun, _at: Seconds) -> ServiceState:
    """The candidate has its share again, watched without a ride-out.

    Stable was not cut off, so nothing has ridden out a disturbance for it and its evidence stays as it is: it would
    otherwise look healthy just when both are compared.
    """
    deployment = deployment_of(service)
    if deployment.divert is None:
        return service
    divert = replace(deployment.divert, cut=False, releasing=False, trial_until=body.until)
    return each_rule(
        with_deployment(service, replace(deployment, divert=divert)), api.begin_trial, deployment.candidate
    )


def trial_ended(_state: State, service: ServiceState, _body: records.TrialEnded, _at: Seconds) -> ServiceState:
    """The trial is over; the ride-out is back."""
    deployment = replace(deployment_of(service), divert=None)
    return each_rule(with_deployment(service, deployment), api.end_trial, deployment.candidate)
