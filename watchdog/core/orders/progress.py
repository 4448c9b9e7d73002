"""Orders about how a deployment goes on: pause, resume, promote, waive.

What lives here: when each is refused, and its records. What must not: ways back to stable (`orders.way_back`).
"""

from watchdog.core import disarm, divert, verdict, waivers
from watchdog.core.draft import Draft
from watchdog.core.events import Pause, Promote, Resume, Waive
from watchdog.core.model import Verdict
from watchdog.core.orders.answers import accept, refuse
from watchdog.core.phases import LIFTED_BY_RESUME, Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import BlockCleared, DivertDropped, GatePassed, HoldLifted, HoldSet
from watchdog.core.state import Deployment, Wanted


def pause(draft: Draft, command: Pause, deployment: Deployment) -> None:
    """Progression stands still until a human resumes."""
    if not (deployment.watched or deployment.phase is Phase.PREPARING):
        refuse(draft, command, Reason.WRONG_PHASE, str(deployment.phase))
    elif Hold.HUMAN in deployment.holds:
        refuse(draft, command, Reason.ALREADY, "paused")
    else:
        accept(draft, command)
        draft.emit(
            HoldSet(service=command.service, hold=Hold.HUMAN, reason=Reason.HUMAN, detail=command.because or command.by)
        )


def resume(draft: Draft, command: Resume, deployment: Deployment) -> None:
    """Take away what a human may take away."""
    lifted = sorted(LIFTED_BY_RESUME & set(deployment.holds))
    cut_for_good = divert.waits_for_a_human(deployment)
    rebooted = deployment.divert_wanted is not None and deployment.divert_wanted.reason is Reason.REBOOTED
    called = deployment.wanted is not None and _waits_with_its_group(deployment.wanted)
    if not (lifted or cut_for_good or rebooted or called):
        refuse(draft, command, Reason.ALREADY, f"nothing that a human may lift holds it{_cut(command, deployment)}")
        return
    accept(draft, command)
    for hold in lifted:
        draft.emit(HoldLifted(service=command.service, hold=hold, reason=Reason.HUMAN))
    if called:
        draft.emit(BlockCleared(service=command.service, reason=Reason.HUMAN))
    if rebooted:
        draft.emit(DivertDropped(service=command.service, reason=Reason.HUMAN))
    if cut_for_good:
        divert.let_in(draft, command.service)


def _cut(command: Resume, deployment: Deployment) -> str:
    """Routes that a human cut hold nothing but the promotion, and end in another way."""
    routes = sorted(deployment.routes_cut)
    if not routes:
        return ""
    ways = ", ".join(f"rollback-watchdog divert {command.service} {route} --end" for route in routes)
    return f"; before the promotion users of {', '.join(routes)} must be let go to {deployment.candidate} again: {ways}"


def _waits_with_its_group(wanted: Wanted) -> bool:
    """Whether a rollback is wanted for another service's sake alone, and blocked: nothing measured will end that."""
    return wanted.reason is Reason.ROLLED_BACK_WITH and wanted.blocked is not None


def promote(draft: Draft, command: Promote, deployment: Deployment) -> None:
    """Pass the present step's gate; while the service is disarmed, also past rules that fire."""
    name = command.service
    failing = verdict.read(draft.settings(name), draft.service(name), draft.now).verdict is Verdict.FAILING
    if deployment.phase not in (Phase.SOAKING, Phase.WAITING, Phase.BAKING):
        refuse(draft, command, Reason.WRONG_PHASE, str(deployment.phase))
    elif not command.because:
        refuse(draft, command, Reason.BECAUSE_WANTED)
    elif failing and not disarm.on(draft.service(name), draft.now):
        refuse(draft, command, Reason.RULE_FIRING)
    else:
        accept(draft, command)
        draft.emit(GatePassed(service=name, by=command.by))


def waive(draft: Draft, command: Waive, deployment: Deployment) -> None:
    """Take a rule out of the deployment for a while."""
    refusal = waivers.refused(draft, command, deployment)
    if refusal is not None:
        refuse(draft, command, *refusal)
        return
    accept(draft, command)
    waivers.put(draft, command)
