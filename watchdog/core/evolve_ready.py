"""Folding what is known of the way back before it is needed: looks at the parachute, rehearsals, cut routes.

What lives here: pure replacements of values, one function per kind of record. What must not: deciding.
"""

from dataclasses import replace

from watchdog.core import records
from watchdog.core.effects import CutRoute
from watchdog.core.events import BrakeOutcome, RecheckedOutcome, RehearsedOutcome
from watchdog.core.evolve_deployment import with_deployment
from watchdog.core.evolve_service import done, waiting_for
from watchdog.core.model import Check, Seconds
from watchdog.core.state import Rehearsal, ServiceState, State


def rechecked(_state: State, service: ServiceState, body: RecheckedOutcome, at: Seconds) -> ServiceState:
    """One more look at the way back."""
    before = service.parachute
    now = replace(
        before,
        at=at,
        good=before.good + 1 if body.ok else 0,
        bad=0 if body.ok else before.bad + 1,
        detail="" if body.ok else body.detail,
    )
    return replace(done(service, body.effect), parachute=now)


def parachute_lost(_state: State, service: ServiceState, body: records.ParachuteLost, _at: Seconds) -> ServiceState:
    """A rollback would not work as prepared."""
    return replace(service, parachute=replace(service.parachute, lost=True, good=0, detail=body.detail))


def parachute_regained(
    _state: State, service: ServiceState, _body: records.ParachuteRegained, _at: Seconds
) -> ServiceState:
    """A rollback would work again."""
    return replace(service, parachute=replace(service.parachute, lost=False, bad=0, detail=""))


def rehearsal_ordered(
    _state: State, service: ServiceState, body: records.RehearsalOrdered, at: Seconds
) -> ServiceState:
    """A rehearsal is under way; the one before it is forgotten."""
    rehearsal = Rehearsal(id=body.order.id, drill=body.drill, by=body.by, began=at)
    return replace(waiting_for(service, body.order), rehearsal=rehearsal)


def rehearsed(_state: State, service: ServiceState, body: RehearsedOutcome, at: Seconds) -> ServiceState:
    """A rehearsal ended; one that could not be carried out at all has one line that says why."""
    service = done(service, body.effect)
    if service.rehearsal is None or service.rehearsal.id != body.effect:
        return service
    checks = body.checks or (Check(name="rehearsal", ok=body.ok, detail=body.detail),)
    return replace(service, rehearsal=replace(service.rehearsal, ended=at, ok=body.ok, checks=checks))


def rehearsal_given_up(service: ServiceState, effect: str, at: Seconds) -> ServiceState:
    """Nobody will know how a rehearsal ended."""
    if service.rehearsal is None or service.rehearsal.id != effect:
        return service
    return replace(service, rehearsal=replace(service.rehearsal, ended=at))


def route_moved(service: ServiceState, effect: CutRoute, body: BrakeOutcome) -> ServiceState:
    """One route's users are kept from the candidate, or are let go there again, once the router says so."""
    service = done(service, body.effect)
    deployment = service.deployment
    if deployment is None or deployment.ended or not body.ok:
        return service
    cut = deployment.routes_cut | {effect.route} if effect.cut else deployment.routes_cut - {effect.route}
    return with_deployment(service, replace(deployment, routes_cut=cut))
