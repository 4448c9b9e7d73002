"""What automatic rollbacks have cost of the budgets: when they were ordered, for as long as anybody may ask.

What lives here: which rollback costs something, and forgetting. What must not: whether too much was spent
(`interlocks.budgets`).
"""

from dataclasses import replace

from watchdog.core.model import Seconds
from watchdog.core.reasons import Reason
from watchdog.core.records import RollbackOrdered
from watchdog.core.state import ServiceState, State

KEPT_S = 86400.0
"""A budget may be configured later: so much of the past is remembered for it."""


def automatic(body: RollbackOrdered) -> bool:
    """Whether no human ordered it."""
    return not body.by


def spent(state: State, service: ServiceState, body: RollbackOrdered, at: Seconds) -> ServiceState:
    """The service after one more rollback. One that goes with another service's is part of that one's."""
    times = service.rolled_back_at
    if automatic(body) and body.reason is not Reason.ROLLED_BACK_WITH:
        times = (*times, at)
    return replace(service, rolled_back_at=tuple(time for time in times if time > at - _longest(state, service.name)))


def _longest(state: State, name: str) -> Seconds:
    """How far back the longest budget looks."""
    environment = state.environment
    settings = environment.service(name) if environment else None
    budgets = (environment.budget if environment else None, settings.budget if settings else None)
    return max(KEPT_S, *(0.0 if budget is None else budget.within for budget in budgets))
