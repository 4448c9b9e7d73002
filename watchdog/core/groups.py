"""Services that are rolled back together: one order calls for the others in the same step.

What lives here: who is called, and as whose order. What must not: carrying it out; each service's own interlocks are
asked about it. A service that is called calls its own group in turn; one that is on its way back is not called again,
so a circle ends where it began.
"""

from collections.abc import Iterator, Sequence

from watchdog.core.draft import Draft
from watchdog.core.phases import ON_THE_WAY_BACK
from watchdog.core.reasons import Reason
from watchdog.core.records import Record, RollbackWanted
from watchdog.core.state import Deployment, Rollback


def call(draft: Draft, name: str) -> None:
    """Want the rollback of every service that goes with this one.

    Only while it is under way: once it is done nothing that begins later belongs to it. It is read from the state and
    not from the record of the order, so that it also holds where the journal lost the end of a step.
    """
    deployment = draft.deployment(name)
    if deployment is None or deployment.rollback is None or deployment.phase not in ON_THE_WAY_BACK:
        return
    for other in draft.settings(name).rollback_with:
        called = draft.state.services.get(other)
        if called is not None and called.deployment is not None and _goes_with(called.deployment, deployment.rollback):
            draft.emit(_want(other, name, deployment.rollback))


def _goes_with(deployment: Deployment, rollback: Rollback) -> bool:
    wanted = deployment.wanted
    on_its_own = wanted is not None and (
        wanted.blocked is None or bool(wanted.by) or wanted.reason is Reason.ROLLED_BACK_WITH
    )
    return (
        deployment.watched and deployment.rollback is None and deployment.began < rollback.decided_at and not on_its_own
    )


def _want(name: str, caller: str, rollback: Rollback) -> RollbackWanted:
    """A human's order is a human's for all; proof against one is automatic for all."""
    return RollbackWanted(
        service=name,
        reason=Reason.ROLLED_BACK_WITH,
        onset=rollback.onset,
        by=rollback.by,
        because=f"with {caller}",
    )


def called(records: Sequence[Record]) -> Iterator[str]:
    """The services that these records call for."""
    for record in records:
        if isinstance(record.body, RollbackWanted) and record.body.reason is Reason.ROLLED_BACK_WITH:
            yield record.body.service
