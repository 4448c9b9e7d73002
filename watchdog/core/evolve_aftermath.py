"""Folding what follows a proved rollback: the operator's commands, the wait for what is open, tasks done by hand.

What lives here: pure replacements of values, one function per kind of record. What must not: deciding.
"""

from dataclasses import replace

from watchdog.core import records
from watchdog.core.effects import RunHook
from watchdog.core.events import DrainedOutcome, HookOutcome
from watchdog.core.evolve_deployment import deployment_of, with_deployment
from watchdog.core.evolve_service import done, waiting_for
from watchdog.core.model import Seconds
from watchdog.core.state import Deployment, DoneTask, HookRun, ServiceState, State

UNKNOWN = "nobody knows how it ended: the watchdog was restarted meanwhile"


def hook_ordered(_state: State, service: ServiceState, body: records.HookOrdered, at: Seconds) -> ServiceState:
    """A command is run."""
    deployment = deployment_of(service)
    deployment = _with_run(deployment, body.hook, HookRun(ordered=at))
    return waiting_for(with_deployment(service, deployment), body.order)


def hook_ended(_state: State, service: ServiceState, body: HookOutcome, at: Seconds) -> ServiceState:
    """A command ended."""
    effect = service.waiting.get(body.effect)
    service = done(service, body.effect)
    return _ended(service, effect, at, ok=body.ok, detail=body.detail) if isinstance(effect, RunHook) else service


def hook_given_up(service: ServiceState, effect: RunHook, at: Seconds) -> ServiceState:
    """Nobody will know how a command ended."""
    return _ended(service, effect, at, ok=None, detail=UNKNOWN)


def _ended(service: ServiceState, effect: RunHook, at: Seconds, *, ok: bool | None, detail: str) -> ServiceState:
    deployment = service.deployment
    if deployment is None or effect.hook not in deployment.hooks:
        return service
    run = replace(deployment.hooks[effect.hook], ended=at, ok=ok, detail=detail)
    return with_deployment(service, _with_run(deployment, effect.hook, run))


def _with_run(deployment: Deployment, hook: str, run: HookRun) -> Deployment:
    return replace(deployment, hooks={**deployment.hooks, hook: run})


def drain_ordered(_state: State, service: ServiceState, body: records.DrainOrdered, at: Seconds) -> ServiceState:
    """What is open on the candidate is waited for."""
    deployment = replace(deployment_of(service), draining=HookRun(ordered=at))
    return waiting_for(with_deployment(service, deployment), body.order)


def drained(_state: State, service: ServiceState, body: DrainedOutcome, at: Seconds) -> ServiceState:
    """The wait is over."""
    service = done(service, body.effect)
    deployment = service.deployment
    if deployment is None or deployment.draining is None:
        return service
    run = replace(deployment.draining, ended=at, ok=body.ok, detail=body.detail)
    return with_deployment(service, replace(deployment, draining=run))


def done_by_hand(_state: State, service: ServiceState, body: records.DoneByHand, at: Seconds) -> ServiceState:
    """A human says that a prepared task was carried out; the last word about it counts."""
    deployment = deployment_of(service)
    task = DoneTask(at=at, by=body.by, because=body.because)
    return with_deployment(service, replace(deployment, done_by_hand={**deployment.done_by_hand, body.task: task}))
