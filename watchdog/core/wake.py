"""When the engine wants to be woken although nothing happens.

What lives here: every instant at which time alone may lead to a decision. What must not: the decisions.
"""

from collections.abc import Iterator

from watchdog.core import drift, escalation, incidents, parachute, rollback, rollout
from watchdog.core.interlocks import STABLE_MUST_ANSWER_WITHIN_S
from watchdog.core.model import Seconds
from watchdog.core.phases import Phase
from watchdog.core.state import Deployment, ServiceState, State, Wanted

LIVE_EVERY_S = 1.0
"""While a deployment runs the state is looked at once a second: soak, gate, blindness and holds need no finer time."""


NEVER = float("inf")


def wake_at(state: State, looked: Seconds) -> Seconds | None:
    """When a `Tick` is due; None when only an event can change anything.

    `looked` is when the last tick was delivered: what was due by then has been looked at and led to all it could.
    """
    live = LIVE_EVERY_S + (looked if looked > float("-inf") else state.now)
    instants = [instant for service in state.services.values() for instant in _instants(service, live)]
    instants.extend(_parachutes(state))
    if state.stopped_until is not None:
        instants.append(state.stopped_until)
    return min((instant for instant in instants if looked < instant < NEVER), default=None)


def _parachutes(state: State) -> Iterator[Seconds]:
    for settings in state.environment.services if state.environment else ():
        yield parachute.look_at(settings, state.services[settings.name], state.now)


def _instants(service: ServiceState, live: Seconds) -> Iterator[Seconds]:
    yield drift.look_at(service)
    for incident in incidents.open_incidents(service):
        yield from (at for _, at in escalation.dues(incident))
    if service.disarmed is not None:
        yield service.disarmed.until
    if service.deployment is not None:
        yield from _of_deployment(service, service.deployment, live)


def _of_deployment(service: ServiceState, deployment: Deployment, live: Seconds) -> Iterator[Seconds]:
    if not deployment.ended:
        yield live
        yield from (waiver.until for waiver in deployment.waived.values())
    promotion = rollout.promotion_retry_at(deployment)
    if promotion is not None:
        yield promotion
    if deployment.phase is Phase.ROLLBACK_FAILED:
        yield rollback.retry_at(deployment)
    if deployment.divert is not None:
        yield from (at for at in (deployment.divert.until, deployment.divert.trial_until) if at is not None)
    for wanted in (deployment.wanted, deployment.divert_wanted):
        if wanted is not None:
            yield from _of_wanted(service, wanted)


def _of_wanted(service: ServiceState, wanted: Wanted) -> Iterator[Seconds]:
    every = rollback.PROBE_EVERY_S if wanted.blocked is None else rollback.PROBE_EVERY_WHEN_BLOCKED_S
    yield wanted.since + STABLE_MUST_ANSWER_WITHIN_S
    for probe in service.probes.values():
        if probe.asked_at is not None:
            yield probe.asked_at + every
