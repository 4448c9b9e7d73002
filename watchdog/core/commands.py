"""What people and drivers may order: the table from a command to the function that obeys it.

What lives here: which order goes where, and what must be there for it (a service, a deployment). What must not:
carrying anything out; `orders` has a module per subject. Every command is kept as a fact, then accepted or refused
with a reason; nothing is half-applied.
"""

from watchdog.core.draft import Draft
from watchdog.core.events import (
    Abort,
    Acknowledge,
    Adopt,
    AnyCommand,
    Did,
    Disarm,
    DivertRoute,
    Forgive,
    HoldAt,
    Pause,
    Promote,
    Rehearse,
    Resume,
    Rollback,
    StopTheLine,
    Submit,
    Waive,
)
from watchdog.core.orders import exposure, progress, readiness, standing, submission, way_back
from watchdog.core.orders.answers import refuse
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason


def obey(draft: Draft, command: AnyCommand) -> None:
    """Carry a command out, or refuse it."""
    draft.emit(command)
    if isinstance(command, StopTheLine):
        standing.stop_the_line(draft, command)
        return
    if command.service not in draft.state.services:
        refuse(draft, command, Reason.NO_SUCH_SERVICE, command.service)
        return
    match command:
        case Submit():
            submission.submit(draft, command)
        case Forgive():
            standing.forgive(draft, command)
        case Acknowledge():
            standing.acknowledge(draft, command)
        case Adopt():
            standing.adopt(draft, command)
        case Rehearse():
            readiness.rehearse(draft, command)
        case Did():
            readiness.did(draft, command)
        case Disarm():
            standing.disarm_for(draft, command)
        case _:
            _to_deployment(draft, command)


def _to_deployment(
    draft: Draft, command: Pause | Resume | Promote | Rollback | Abort | Waive | HoldAt | DivertRoute
) -> None:
    """Orders that need a deployment whose candidate may have users."""
    deployment = draft.deployment(command.service)
    if deployment is None or deployment.phase in (Phase.ABORTED, Phase.ROLLED_BACK):
        refuse(draft, command, Reason.NO_DEPLOYMENT)
        return
    match command:
        case Pause():
            progress.pause(draft, command, deployment)
        case Resume():
            progress.resume(draft, command, deployment)
        case Promote():
            progress.promote(draft, command, deployment)
        case Rollback():
            way_back.rollback(draft, command, deployment)
        case Waive():
            progress.waive(draft, command, deployment)
        case HoldAt():
            exposure.hold_at(draft, command, deployment)
        case DivertRoute():
            exposure.divert_route(draft, command, deployment)
        case _:
            way_back.abort(draft, command, deployment)
