"""A rehearsal of a rollback: what it is about, and when there is no room for one.

What lives here: the order. What must not: its steps (the router's), what it found (folded for the screens). A rollback
that begins meanwhile does not wait for it.
"""

from dataclasses import replace

from watchdog.core import rollout
from watchdog.core.draft import Draft
from watchdog.core.effects import (
    CutRoute,
    Prepare,
    Prove,
    PullBrake,
    ReleaseBrake,
    RunRehearsal,
    SetTraffic,
)
from watchdog.core.events import Rehearse
from watchdog.core.model import Split
from watchdog.core.phases import ON_THE_WAY_BACK
from watchdog.core.records import RehearsalOrdered
from watchdog.core.settings import Environment, Plan
from watchdog.core.state import ServiceState

IN_THE_WAY = {
    Prepare: "a preparation is under way",
    SetTraffic: "traffic is being moved",
    PullBrake: "the brake is being pulled",
    ReleaseBrake: "the brake is being released",
    CutRoute: "a route is being cut",
    Prove: "a rollback is being proved",
    RunRehearsal: "another rehearsal is under way",
}
"""What a rehearsal must not come across, in the operator's words."""


def in_the_way(service: ServiceState, *, drill: bool) -> str:
    """What a rehearsal would come across; empty when there is room for it."""
    for effect in service.waiting.values():
        if type(effect) in IN_THE_WAY:
            return IN_THE_WAY[type(effect)]
    deployment = service.deployment
    if deployment is None:
        return ""
    if deployment.phase in ON_THE_WAY_BACK or (deployment.wanted is not None and deployment.wanted.blocked is None):
        return "a rollback is under way"
    if drill and (deployment.divert is not None or deployment.divert_wanted is not None):
        return f"{deployment.candidate} is diverted"
    return ""


def plan_of(draft: Draft, name: str) -> Plan | None:
    """The plan whose splits are rehearsed: the deployment's own while one is under way, otherwise the usual one."""
    deployment = draft.deployment(name)
    if deployment is not None and not deployment.ended:
        return deployment.plan
    return draft.environment.plan(draft.settings(name).plan)


def _told(environment: Environment) -> tuple[str, ...]:
    """Who receives a drill's message: chat; on-call where there is none."""
    on_call = environment.on_call
    return environment.chat or (on_call.contacts if on_call else ())


def order(draft: Draft, command: Rehearse, plan: Plan) -> None:
    """Order it, with the splits that the next (or the present) deployment would need."""
    name = command.service
    service, deployment = draft.service(name), draft.deployment(name)
    if deployment is not None and not deployment.ended:
        home = replace(deployment.declared, weight=0.0, promoted=False)
    else:
        home = Split(stable=service.stable, candidate=service.stable.other, weight=0.0, salt=name)
    effect = RunRehearsal(
        id=draft.effect_id(name),
        service=name,
        splits=rollout.splits_of(plan, home),
        drill=command.drill,
        contacts=_told(draft.environment) if command.drill else (),
    )
    draft.emit(RehearsalOrdered(service=name, drill=command.drill, by=command.by or "somebody", order=effect))
