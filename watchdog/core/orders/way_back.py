"""A human orders the way back to stable: rollback and abort.

What lives here: when each is refused, and the want that the interlocks are then asked about. What must not: carrying
the rollback out (`rollback`).
"""

from watchdog.core import writes
from watchdog.core.draft import Draft
from watchdog.core.events import Abort, Rollback
from watchdog.core.orders.answers import accept, refuse
from watchdog.core.phases import ON_THE_WAY_BACK, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import PhaseChanged, RollbackWanted
from watchdog.core.state import Deployment


def rollback(draft: Draft, command: Rollback, deployment: Deployment) -> None:
    """All users to stable; `anyway` passes the interlocks."""
    name = command.service
    if deployment.phase in (Phase.SUBMITTED, Phase.PREPARING):
        abort(draft, command, deployment)
        return
    if deployment.phase in ON_THE_WAY_BACK:
        refuse(draft, command, Reason.ALREADY, str(deployment.phase))
        return
    kept_until = (deployment.ended_at or draft.now) + draft.settings(name).keep_stable
    if deployment.phase is Phase.PROMOTED and draft.now > kept_until:
        refuse(draft, command, Reason.KEPT_LONG_ENOUGH)
        return
    if command.anyway and not command.because:
        refuse(draft, command, Reason.BECAUSE_WANTED)
        return
    _want(draft, command, deployment, anyway=command.anyway)


def abort(draft: Draft, command: Abort | Rollback, deployment: Deployment) -> None:
    """End the deployment: before the first shift it just ends, afterwards users are moved back."""
    if deployment.phase in (Phase.SUBMITTED, Phase.PREPARING):
        accept(draft, command)
        draft.emit(PhaseChanged(service=command.service, to=Phase.ABORTED, reason=Reason.HUMAN))
    elif not deployment.watched:
        refuse(draft, command, Reason.WRONG_PHASE, str(deployment.phase))
    else:
        _want(draft, command, deployment, anyway=False)


def _want(draft: Draft, command: Rollback | Abort, deployment: Deployment, *, anyway: bool) -> None:
    if not anyway and not deployment.schema.stable_works_on_it:
        refuse(draft, command, Reason.SCHEMA, str(deployment.schema))
        return
    lost = writes.would_be_lost(draft.settings(command.service), draft.service(command.service), draft.now)
    if not anyway and lost is not None:
        refuse(draft, command, Reason.WRITES_ON_CANDIDATE, lost)
        return
    accept(draft, command)
    proved = deployment.wanted
    if proved is not None and proved.blocked is Reason.COMMON_CAUSE:
        proved = None  # a shared incident proves nothing against the release: this is the human's decision
    draft.emit(
        RollbackWanted(
            service=command.service,
            reason=proved.reason if proved else Reason.HUMAN,
            rules=proved.rules if proved else (),
            onset=proved.onset if proved else None,
            by=command.by or "somebody",
            because=command.because,
            anyway=anyway,
        )
    )
