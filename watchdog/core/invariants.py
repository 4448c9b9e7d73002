"""What is true of every state, in one place: for tests, and for a daemon that would rather stop than act on nonsense.

What lives here: sentences about a state, each with its check. What must not: repairing, deciding, anything about the
way from one state to another (the property tests have that).
"""

from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from watchdog.core.effects import (
    CutRoute,
    DrainCandidate,
    Effect,
    ObserveTraffic,
    Prepare,
    Prove,
    PullBrake,
    Recheck,
    ReleaseBrake,
    RunHook,
    RunRehearsal,
    SetTraffic,
)
from watchdog.core.phases import ENDED, ON_THE_WAY_BACK, WATCHED, Hold, Phase
from watchdog.core.rules import api
from watchdog.core.state import Deployment, ServiceState, State

Sentence: TypeAlias = tuple[str, bool]

BACKWARDS = ON_THE_WAY_BACK | {Phase.ROLLED_BACK}
"""From the order of a rollback on."""

STEPPED = frozenset({Phase.SOAKING, Phase.WAITING, Phase.BAKING, Phase.PROMOTED})
"""A step is in force and none is under way."""

ONE_AT_A_TIME = (
    (Prepare,),
    (SetTraffic,),
    (PullBrake, ReleaseBrake),
    (Prove,),
    (ObserveTraffic,),
    (Recheck,),
    (RunRehearsal,),
    (RunHook, DrainCandidate),
)
"""Of each group one effect at most is waited for."""


class BrokenInvariantError(Exception):
    """A state that must not exist: a fault of this program."""


def check_invariants(state: State) -> None:
    """Raise `BrokenInvariantError` with everything that is not as it must be."""
    broken = [sentence for sentence, holds in _sentences(state) if not holds]
    if broken:
        raise BrokenInvariantError("; ".join(broken))


def _sentences(state: State) -> Iterator[Sentence]:
    configured = {service.name for service in state.environment.services} if state.environment else set()
    yield "the services are those of the configuration", set(state.services) == configured
    yield "a stopped line has somebody who stopped it", bool(state.stopped_by) or state.stopped_until is None
    for name, service in state.services.items():
        for sentence, holds in _of_service(state, service):
            yield f"{name}: {sentence}", holds
        if service.deployment is not None:
            deployment = service.deployment
            for sentence, holds in (*_of_deployment(state, deployment), *_of_phase(service, deployment)):
                yield f"{name}: {deployment.id} ({deployment.phase}): {sentence}", holds


def _of_service(state: State, service: ServiceState) -> Iterator[Sentence]:
    waiting = service.waiting
    yield "an effect waits under its own id", all(key == effect.id for key, effect in waiting.items())
    yield "an effect belongs to its service", all(effect.service == service.name for effect in waiting.values())
    for kinds in ONE_AT_A_TIME:
        count = sum(isinstance(effect, kinds) for effect in waiting.values())
        yield f"at most one {kinds[0].__name__} is waited for", count <= 1
    yield "what is adopted has no drift", not (service.adopted and service.drift)
    causes = Counter(incident.reason for incident in service.incidents.values() if incident.resolved_at is None)
    yield "one open incident per cause", all(count == 1 for count in causes.values())
    levels = all(instance.level is api.level(instance.state) for instance in service.instances.values())
    yield "an instance's level is its state's", levels
    yield "a beat began before it ended", all(b.continuous_since <= b.last for b in service.beats.values())
    disarmed, spent = service.disarmed, service.rolled_back_at
    yield "a disarm ends after it began", disarmed is None or disarmed.since < disarmed.until
    yield "what counts for a budget is in order", spent == tuple(sorted(spent)) and all(at <= state.now for at in spent)
    times = (service.seen_at, *(incident.opened for incident in service.incidents.values()))
    yield "nothing was noted later than now", all(time is None or time <= state.now for time in times)


def _of_deployment(state: State, deployment: Deployment) -> Iterator[Sentence]:
    split = deployment.declared
    yield "the declared split is between its colours", split.stable is deployment.stable
    yield "the declared split is drawn with its id", split.salt == deployment.id
    yield "stable and candidate differ", deployment.stable is not deployment.candidate
    yield (
        "the ordered step is the confirmed one or the next",
        (deployment.step in (deployment.confirmed_step, deployment.confirmed_step + 1)),
    )
    yield "the step is one of the plan's", -1 <= deployment.step < len(deployment.plan.steps)
    same = set(deployment.holds) == set(deployment.held_details) == set(deployment.held_since)
    yield "every hold has its detail and its age", same
    yield "hold divert has a divert", Hold.DIVERT not in deployment.holds or deployment.divert is not None
    soaked_since = deployment.first_step_at or 0.0  # a change of share within a step takes nothing of what was soaked
    yield "no time was soaked before the first step", deployment.soaked <= state.now - soaked_since + 1e-6
    yield "counts are not negative", min(deployment.soaked, deployment.requests, deployment.diverts) >= 0
    wrote = deployment.wrote
    yield "a write was noted in its time", wrote is None or deployment.began <= wrote.at <= state.now
    yield "it ended exactly when its phase says so", (deployment.ended_at is not None) == (deployment.phase in ENDED)
    yield (
        "a divert is wanted or ordered, not both",
        (deployment.divert is None or deployment.divert_wanted is None),
    )


def _gives_users(effect: Effect) -> bool:
    if isinstance(effect, SetTraffic):
        return not effect.brake or effect.split.weight > 0.0
    return isinstance(effect, (Prepare, ReleaseBrake)) or (isinstance(effect, CutRoute) and not effect.cut)


def _of_phase(service: ServiceState, deployment: Deployment) -> Iterator[Sentence]:
    phase, declared, plan = deployment.phase, deployment.declared, deployment.plan
    watched = phase in WATCHED
    yield "a divert belongs to a watched phase", watched or (not deployment.divert and not deployment.divert_wanted)
    yield "a rollback is wanted where one can begin", not deployment.wanted or watched or phase is Phase.PROMOTED
    yield "holds belong to a live deployment", phase not in ENDED or not deployment.holds or phase is Phase.PROMOTED
    yield "a wanted rollback has not been ordered", deployment.wanted is None or deployment.rollback is None
    if phase in BACKWARDS:
        yield "a rollback says why", deployment.rollback is not None
        yield "everybody is ordered to stable", declared.weight == 0.0 and not declared.promoted
        waiting = service.waiting.values()
        yield "no share is held", deployment.held_at is None
        forward = any(_gives_users(effect) for effect in waiting)
        yield "nothing waits that gives the candidate users", not forward
    elif phase in STEPPED:
        own = plan.steps[deployment.confirmed_step].weight
        weight = own if deployment.held_at is None else deployment.held_at
        yield "a step is in force", deployment.confirmed_step >= 0 and deployment.step_at is not None
        yield "a held share is less than its step's", deployment.held_at is None or 0.0 <= deployment.held_at < own
        yield (
            "the declared split is the step's, or what a human holds it at",
            declared.weight == weight or deployment.rollback is not None,
        )
    elif phase is not Phase.SHIFTING:
        yield "nobody is ordered to the candidate before the first step", declared.weight == 0.0
    if phase in (Phase.BAKING, Phase.PROMOTED):
        yield "the last step is in force", deployment.confirmed_step == len(plan.steps) - 1
    if phase in ENDED:
        yield "no route is kept from a candidate that has nothing left to lose", not deployment.routes_cut
    yield "what follows a rollback follows a proved one", not deployment.hooks or phase is Phase.ROLLED_BACK
    yield "only what was baked is promoted", not declared.promoted or phase is Phase.PROMOTED
