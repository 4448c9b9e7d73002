"""Services that are rolled back together."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.core.examples import BLUE, GREEN, SERVICE, SHOP, environment, found
from tests.core.world import World
from watchdog.core.effects import SetTraffic
from watchdog.core.engine import Stepped, evolve, step
from watchdog.core.events import Resume, Rollback, Tick
from watchdog.core.invariants import check_invariants
from watchdog.core.model import Schema
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    BlockCleared,
    HoldSet,
    IncidentOpened,
    RollbackBlocked,
    RollbackOrdered,
    RollbackWanted,
)
from watchdog.core.settings import Budget
from watchdog.core.state import Deployment, StableProbe, State, Wanted

API, PAY = "api", "pay"
ONE_WAY: Mapping[str, tuple[str, ...]] = {API: (SHOP,), SHOP: (PAY,)}
CIRCLE: Mapping[str, tuple[str, ...]] = {API: (SHOP, "nobody"), SHOP: (PAY,), PAY: (API, PAY)}


def together(groups: Mapping[str, tuple[str, ...]], **of_service: Any) -> tuple[State, float]:
    """Three services with the same release at the same share, each with stable answering, and the time."""
    world = World().begin().submit()
    world.run(14.0)
    settings = [
        replace(SERVICE, name=name, divert=False, rollback_with=groups.get(name, ()), **of_service)
        for name in (SHOP, API, PAY)
    ]
    answers = {BLUE: StableProbe(ok_started=world.now), GREEN: StableProbe(ok_started=world.now)}
    services = {
        name: replace(
            world.shop,
            name=name,
            waiting={},
            probes=answers,
            deployment=replace(world.deployment, id=f"{name}-1"),
        )
        for name in (SHOP, API, PAY)
    }
    for name, service in services.items():
        deployment = service.deployment
        assert deployment is not None
        salted = replace(deployment.declared, salt=f"{name}-1")
        services[name] = replace(
            service, deployment=replace(deployment, declared=salted, in_force=salted), instances=world.shop.instances
        )
    return replace(world.state, environment=environment(*settings), services=services), world.now


def changed(state: State, name: str, **of_deployment: Any) -> State:
    service = state.services[name]
    deployment = replace(deployment_of(state, name), **of_deployment)
    return replace(state, services={**state.services, name: replace(service, deployment=deployment)})


def deployment_of(state: State, name: str) -> Deployment:
    deployment = state.services[name].deployment
    assert deployment is not None
    return deployment


def ordered(state: State, now: float, name: str = API, by: str = "ada") -> Stepped:
    """A rollback of one service, by a human or proved by rules."""
    if by:
        return step(state, Rollback(id="r", by=by, service=name), now)
    wanted = Wanted(reason=Reason.RULES_PROVED, rules=("alive",), onset=now - 1.0, since=now)
    return step(changed(state, name, wanted=wanted), Tick(), now)


def test_the_group_goes_back_in_the_same_step() -> None:
    """From service to service, each by its own interlocks and with its own order of traffic."""
    state, now = together(ONE_WAY)

    stepped = ordered(state, now)

    assert [API, SHOP, PAY] == [each.service for each in found(stepped, RollbackOrdered)]  # type: ignore[union-attr]  # of that kind
    assert [API, SHOP, PAY] == [effect.service for effect in stepped.effects if isinstance(effect, SetTraffic)]
    assert ["", "with api", "with shop"] == [each.because for each in found(stepped, RollbackWanted)]  # type: ignore[union-attr]  # of that kind
    check_invariants(stepped.state)


@pytest.mark.parametrize("name", [SHOP, API, PAY])
def test_a_circle_ends_where_it_began(name: str) -> None:
    """Each service goes back once, whoever was first; a name that nobody has, and its own, are passed over."""
    state, now = together(CIRCLE)

    stepped = ordered(state, now, name)

    assert {SHOP, API, PAY} == {each.service for each in found(stepped, RollbackOrdered)}  # type: ignore[union-attr]  # of that kind
    assert 3 == len(found(stepped, RollbackOrdered))
    assert 2 == len(found(stepped, RollbackWanted)) - 1


def test_a_humans_order_is_a_humans_for_the_group() -> None:
    """It stands in the group's records, and costs no budget."""
    state, now = together(ONE_WAY)

    stepped = ordered(state, now)

    assert ["ada", "ada", "ada"] == [each.by for each in found(stepped, RollbackOrdered)]  # type: ignore[union-attr]  # of that kind
    assert {()} == {service.rolled_back_at for service in stepped.state.services.values()}


def test_a_group_that_rules_roll_back_costs_one_rollback() -> None:
    """It is automatic for all, and the others are neither counted nor stopped by a budget."""
    state, now = together(ONE_WAY, budget=Budget(rollbacks=1, within=3600.0))
    spent = replace(state.services[SHOP], rolled_back_at=(now - 5.0,))
    state = replace(state, services={**state.services, SHOP: spent})

    stepped = ordered(state, now, by="")

    assert [
        (API, Reason.RULES_PROVED, ""),
        (SHOP, Reason.ROLLED_BACK_WITH, ""),
        (PAY, Reason.ROLLED_BACK_WITH, ""),
    ] == [(each.service, each.reason, each.by) for each in found(stepped, RollbackOrdered)]  # type: ignore[union-attr]  # of that kind
    assert {API: (now,), SHOP: (now - 5.0,), PAY: ()} == {
        name: service.rolled_back_at for name, service in stepped.state.services.items()
    }
    assert [True, True, True] == [
        rollback.automatic
        for name in (API, SHOP, PAY)
        if (rollback := deployment_of(stepped.state, name).rollback) is not None
    ]


def test_who_has_no_users_to_bring_back_is_not_called() -> None:
    """An ended deployment, one that has not begun to move, and one that begins after the rollback."""
    state, now = together(ONE_WAY)
    calm = {"declared": replace(deployment_of(state, SHOP).declared, weight=0.0)}

    for others in (
        {"phase": Phase.PREPARING, "step": -1, "confirmed_step": -1, **calm},
        {"phase": Phase.PROMOTED, "ended_at": now},
        {"began": now},
    ):
        stepped = ordered(changed(state, SHOP, **others), now)
        assert [API] == [each.service for each in found(stepped, RollbackOrdered)]  # type: ignore[union-attr]  # of that kind
    bare = replace(state, services={**state.services, SHOP: replace(state.services[SHOP], deployment=None)})
    assert [API] == [each.service for each in found(ordered(bare, now), RollbackOrdered)]  # type: ignore[union-attr]  # of that kind


def test_who_may_not_go_back_is_told_about() -> None:
    """Its own interlocks are asked, and a human's `anyway` for another service is not one for this."""
    state, now = together(ONE_WAY)
    state = changed(state, SHOP, schema=Schema.UNKNOWN)

    stepped = step(state, Rollback(id="r", by="ada", because="so", service=API, anyway=True), now)

    assert [API] == [each.service for each in found(stepped, RollbackOrdered)]  # type: ignore[union-attr]  # of that kind
    assert [(SHOP, Reason.SCHEMA)] == [(each.service, each.reason) for each in found(stepped, RollbackBlocked)]  # type: ignore[union-attr]  # of that kind
    assert [(SHOP, Hold.INTERLOCK)] == [(each.service, each.hold) for each in found(stepped, HoldSet)]  # type: ignore[union-attr]  # of that kind
    assert [(SHOP, Reason.SCHEMA)] == [(each.service, each.reason) for each in found(stepped, IncidentOpened)]  # type: ignore[union-attr]  # of that kind
    again = step(stepped.state, Tick(), now + 1.0)
    assert [] == found(again, RollbackWanted)


def test_a_blocked_member_goes_on_when_a_human_resumes() -> None:
    """Nothing measured would end it: it was called for another service's sake."""
    state, now = together(ONE_WAY)
    stepped = ordered(changed(state, SHOP, schema=Schema.UNKNOWN), now)
    state = changed(stepped.state, API, phase=Phase.ROLLED_BACK, ended_at=now)

    stepped = step(state, Resume(id="g", by="ada", service=SHOP), now + 1.0)

    assert [BlockCleared(service=SHOP, reason=Reason.HUMAN)] == found(stepped, BlockCleared)
    assert None is deployment_of(stepped.state, SHOP).wanted


def test_a_rollback_that_was_blocked_is_called_for_anew() -> None:
    """Both failed alike; now the other one goes back, and this one goes with it."""
    state, now = together(ONE_WAY)
    blocked = Wanted(
        reason=Reason.RULES_PROVED, rules=("alive",), onset=now, since=now, blocked=Reason.COMMON_CAUSE, blocked_at=now
    )

    stepped = ordered(changed(state, SHOP, wanted=blocked), now)
    assert SHOP in [each.service for each in found(stepped, RollbackOrdered)]  # type: ignore[union-attr]  # of that kind

    own = replace(blocked, blocked=None, blocked_at=None, onset=now + 5.0)
    waiting = ordered(changed(state, SHOP, wanted=own), now)
    assert [API] == [each.service for each in found(waiting, RollbackWanted)]  # type: ignore[union-attr]  # of that kind


def test_a_call_that_a_crash_swallowed_is_made_again() -> None:
    """The journal lost the end of the step, from the order of traffic on."""
    state, now = together(ONE_WAY)
    wanted = Wanted(reason=Reason.RULES_PROVED, rules=("alive",), onset=now - 1.0, since=now)
    state = changed(state, API, wanted=wanted)
    records = step(state, Tick(), now).records
    order = next(number for number, record in enumerate(records) if isinstance(record.body, RollbackOrdered))
    for record in records[: order + 1]:
        state = evolve(state, record)

    stepped = step(state, Tick(), now + 1.0)

    assert [SHOP, PAY] == [each.service for each in found(stepped, RollbackOrdered)]  # type: ignore[union-attr]  # of that kind
