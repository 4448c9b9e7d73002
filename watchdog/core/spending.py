"""What automatic rollbacks have cost of the budgets: when they were ordered, for as long as anybody may ask.

What lives here: which rollback costs something, for how long, and forgetting. What must not: whether too much was spent
(`interlocks.budgets`).
"""

from dataclasses import replace

from watchdog.core.model import Seconds
from watchdog.core.reasons import Reason
from watchdog.core.records import RollbackOrdered
from watchdog.core.settings import Budget
from watchdog.core.state import ServiceState, State

KEPT_S = 86400.0
"""A budget may be configured later: so much of the past is remembered for it."""


def counted(service: ServiceState, allowed: Budget, now: Seconds) -> tuple[Seconds, ...]:
    """The rollbacks that cost something of a budget at `now`, oldest first."""
    return tuple(at for at in service.rolled_back_at if at > now - allowed.within)


def spent(state: State, service: ServiceState, body: RollbackOrdered, at: Seconds) -> ServiceState:
    """The service after one more rollback. One that goes with another service's is part of that one's."""
    times = service.rolled_back_at
    if not body.by and body.reason is not Reason.ROLLED_BACK_WITH:
        times = (*times, at)
    return replace(service, rolled_back_at=tuple(time for time in times if time > at - _longest(state, service.name)))


def _longest(state: State, name: str) -> Seconds:
    """How far back the longest budget looks."""
    holders = (state.environment, state.settings(name))
    budgets = [holder.budget for holder in holders if holder is not None]
    return max([KEPT_S, *(budget.within for budget in budgets if budget is not None)])
