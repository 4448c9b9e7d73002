"""What automatic rollbacks cost of the budgets."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, SERVICE, SHOP, environment
from watchdog.core.reasons import Reason
from watchdog.core.records import RollbackOrdered
from watchdog.core.settings import Budget
from watchdog.core.spending import spent
from watchdog.core.state import ServiceState, State

WEEK = 7 * 86400.0


def ordered(*, by: str = "", reason: Reason = Reason.RULES_PROVED) -> RollbackOrdered:
    return RollbackOrdered(service=SHOP, reason=reason, rules=(), interlocks=(), by=by)


@pytest.mark.parametrize(
    ("body", "costs"),
    [
        (ordered(), True),
        (ordered(reason=Reason.RESTARTED), True),
        (ordered(by="ada"), False),
        (ordered(reason=Reason.ROLLED_BACK_WITH), False),
    ],
)
def test_what_rules_ordered_costs(body: RollbackOrdered, costs: bool) -> None:  # noqa: FBT001 - parameter
    """A human's order does not, nor going back with another service."""
    service = ServiceState(name=SHOP, stable=BLUE, rolled_back_at=(5.0,))

    assert ((5.0, 9.0) if costs else (5.0,)) == spent(State(), service, body, 9.0).rolled_back_at


def test_the_past_is_forgotten_when_no_budget_looks_back_so_far() -> None:
    """After a day, or as long as the longest budget of the service or the environment asks."""
    service = ServiceState(name=SHOP, stable=BLUE, rolled_back_at=(5.0,))
    week = Budget(rollbacks=1, within=WEEK)
    plain = State(environment=environment())
    own = State(environment=environment(replace(SERVICE, budget=week)))
    common = State(environment=environment(budget=week))
    later = 86405.0

    assert (later,) == spent(plain, service, ordered(), later).rolled_back_at
    assert (5.0, later) == spent(own, service, ordered(), later).rolled_back_at
    assert (5.0, later) == spent(common, service, ordered(), later).rolled_back_at
