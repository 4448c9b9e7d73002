"""What people and drivers may order, and when it is refused.

What lives here: one function per command. What must not: carrying anything out beyond emitting decisions. Every
command is kept as a fact, then accepted or refused with a reason; nothing is half-applied.
"""

from watchdog.core import divert, drift, handover, incidents, rollout, verdict, waivers
from watchdog.core.conditions import Sequential
from watchdog.core.draft import Draft
from watchdog.core.events import (
    Abort,
    Acknowledge,
    Adopt,
    AnyCommand,
    Forgive,
    Pause,
    Promote,
    Resume,
    Rollback,
    StopTheLine,
    Submit,
    Waive,
)
from watchdog.core.model import OnFire, Verdict
from watchdog.core.phases import LIFTED_BY_RESUME, Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    Accepted,
    DeploymentBegun,
    DivertDropped,
    DriftNoted,
    GatePassed,
    HoldLifted,
    HoldSet,
    LineReleased,
    LineStopped,
    PhaseChanged,
    Refused,
    ReleaseForgiven,
    RollbackWanted,
    StableChanged,
)
from watchdog.core.settings import Plan, Service
from watchdog.core.state import Deployment


def obey(draft: Draft, command: AnyCommand) -> None:
    """Carry a command out, or refuse it."""
    draft.emit(command)
    if isinstance(command, StopTheLine):
        _stop_the_line(draft, command)
        return
    if command.service not in draft.state.services:
        _refuse(draft, command, Reason.NO_SUCH_SERVICE, command.service)
        return
    match command:
        case Submit():
            _submit(draft, command)
        case Forgive():
            _forgive(draft, command)
        case Acknowledge():
            _acknowledge(draft, command)
        case Adopt():
            _adopt(draft, command)
        case _:
            _to_deployment(draft, command)


def _refuse(draft: Draft, command: AnyCommand, reason: Reason, detail: str = "") -> None:
    draft.emit(Refused(command=command.id, reason=reason, detail=detail))


def _accept(draft: Draft, command: AnyCommand) -> None:
    draft.emit(Accepted(command=command.id))


def _to_deployment(draft: Draft, command: Pause | Resume | Promote | Rollback | Abort | Waive) -> None:
    deployment = draft.deployment(command.service)
    if deployment is None or deployment.phase in (Phase.ABORTED, Phase.ROLLED_BACK):
        _refuse(draft, command, Reason.NO_DEPLOYMENT)
        return
    match command:
        case Pause():
            _pause(draft, command, deployment)
        case Resume():
            _resume(draft, command, deployment)
        case Promote():
            _promote(draft, command, deployment)
        case Rollback():
            _rollback(draft, command, deployment)
        case Waive():
            _waive(draft, command, deployment)
        case _:
            _abort(draft, command, deployment)


def _submit(draft: Draft, command: Submit) -> None:
    name = command.service
    settings = draft.settings(name)
    plan = draft.environment.plan(command.plan or settings.plan)
    refusal = _submission_refused(draft, command, plan)
    if refusal is not None or plan is None:
        reason, detail = refusal or (Reason.NO_SUCH_PLAN, command.plan or settings.plan)
        _refuse(draft, command, reason, detail)
        return
    _accept(draft, command)
    stable = draft.service(name).stable
    draft.emit(
        DeploymentBegun(
            service=name,
            deployment=command.deployment,
            release=command.release,
            plan=plan,
            stable=stable,
            candidate=stable.other,
            schema=command.schema,
            watched_by=command.watched_by,
            alpha=alpha_share(settings),
            by=command.by,
            baselines=handover.gathered(draft.service(name)),
        )
    )
    rollout.order_preparation(draft, name)


def _submission_refused(draft: Draft, command: Submit, plan: Plan | None) -> tuple[Reason, str] | None:
    service = draft.service(command.service)
    if plan is None:
        return Reason.NO_SUCH_PLAN, command.plan or draft.settings(command.service).plan
    if service.deployment is not None and service.deployment.id == command.deployment:
        return Reason.ALREADY, f"{command.deployment} is {service.deployment.phase}"
    if service.deployment is not None and (not service.deployment.ended or service.deployment.wanted):
        return Reason.ONE_AT_A_TIME, f"{service.deployment.release} is {service.deployment.phase}"
    if command.release in service.known_bad:
        return Reason.KNOWN_BAD, command.release
    if not service.adopted:
        return Reason.NOT_ADOPTED, service.drift or "the router has not been seen yet"
    if draft.state.stopped_by:
        return Reason.STOP_THE_LINE, f"{draft.state.stopped_by}: {draft.state.stopped_because}"
    if not command.schema.stable_works_on_it and not command.watched_by:
        return Reason.WATCHER_WANTED, str(command.schema)
    return None


def alpha_share(settings: Service) -> float:
    """Each sequential rollback rule's part of the deployment's budget for false rollbacks."""
    sharing = [
        rule for rule in settings.rules if isinstance(rule.condition, Sequential) and rule.on_fire is OnFire.ROLLBACK
    ]
    return settings.alpha / max(1, len(sharing))


def _pause(draft: Draft, command: Pause, deployment: Deployment) -> None:
    if not (deployment.watched or deployment.phase is Phase.PREPARING):
        _refuse(draft, command, Reason.WRONG_PHASE, str(deployment.phase))
    elif Hold.HUMAN in deployment.holds:
        _refuse(draft, command, Reason.ALREADY, "paused")
    else:
        _accept(draft, command)
        draft.emit(
            HoldSet(service=command.service, hold=Hold.HUMAN, reason=Reason.HUMAN, detail=command.because or command.by)
        )


def _resume(draft: Draft, command: Resume, deployment: Deployment) -> None:
    lifted = sorted(LIFTED_BY_RESUME & set(deployment.holds))
    cut_for_good = divert.waits_for_a_human(deployment)
    rebooted = deployment.divert_wanted is not None and deployment.divert_wanted.reason is Reason.REBOOTED
    if not lifted and not cut_for_good and not rebooted:
        _refuse(draft, command, Reason.ALREADY, "nothing that a human may lift holds it")
        return
    _accept(draft, command)
    for hold in lifted:
        draft.emit(HoldLifted(service=command.service, hold=hold, reason=Reason.HUMAN))
    if rebooted:
        draft.emit(DivertDropped(service=command.service, reason=Reason.HUMAN))
    if cut_for_good:
        divert.let_in(draft, command.service)


def _promote(draft: Draft, command: Promote, deployment: Deployment) -> None:
    name = command.service
    if deployment.phase not in (Phase.SOAKING, Phase.WAITING, Phase.BAKING):
        _refuse(draft, command, Reason.WRONG_PHASE, str(deployment.phase))
    elif not command.because:
        _refuse(draft, command, Reason.BECAUSE_WANTED)
    elif verdict.read(draft.settings(name), draft.service(name), draft.now).verdict is Verdict.FAILING:
        _refuse(draft, command, Reason.RULE_FIRING)
    else:
        _accept(draft, command)
        draft.emit(GatePassed(service=name, by=command.by))


def _rollback(draft: Draft, command: Rollback, deployment: Deployment) -> None:
    name = command.service
    if deployment.phase in (Phase.SUBMITTED, Phase.PREPARING):
        _abort(draft, command, deployment)
        return
    if deployment.phase in (Phase.ROLLING_BACK, Phase.VERIFYING, Phase.ROLLBACK_FAILED):
        _refuse(draft, command, Reason.ALREADY, str(deployment.phase))
        return
    kept_until = (deployment.ended_at or draft.now) + draft.settings(name).keep_stable
    if deployment.phase is Phase.PROMOTED and draft.now > kept_until:
        _refuse(draft, command, Reason.KEPT_LONG_ENOUGH)
        return
    if command.anyway and not command.because:
        _refuse(draft, command, Reason.BECAUSE_WANTED)
        return
    _want(draft, command, deployment, anyway=command.anyway)


def _want(draft: Draft, command: Rollback | Abort, deployment: Deployment, *, anyway: bool) -> None:
    if not anyway and not deployment.schema.stable_works_on_it:
        _refuse(draft, command, Reason.SCHEMA, str(deployment.schema))
        return
    _accept(draft, command)
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


def _abort(draft: Draft, command: Abort | Rollback, deployment: Deployment) -> None:
    if deployment.phase in (Phase.SUBMITTED, Phase.PREPARING):
        _accept(draft, command)
        draft.emit(PhaseChanged(service=command.service, to=Phase.ABORTED, reason=Reason.HUMAN))
    elif not deployment.watched:
        _refuse(draft, command, Reason.WRONG_PHASE, str(deployment.phase))
    else:
        _want(draft, command, deployment, anyway=False)


def _waive(draft: Draft, command: Waive, deployment: Deployment) -> None:
    refusal = waivers.refused(draft, command, deployment)
    if refusal is not None:
        _refuse(draft, command, *refusal)
        return
    _accept(draft, command)
    waivers.put(draft, command)


def _stop_the_line(draft: Draft, command: StopTheLine) -> None:
    if command.release:
        if not draft.state.stopped_by:
            _refuse(draft, command, Reason.ALREADY, "the line is running")
            return
        _accept(draft, command)
        draft.emit(LineReleased(by=command.by))
        return
    if not command.because:
        _refuse(draft, command, Reason.BECAUSE_WANTED)
        return
    _accept(draft, command)
    until = None if command.for_ is None else draft.now + command.for_
    draft.emit(LineStopped(by=command.by or "somebody", because=command.because, until=until))


def _forgive(draft: Draft, command: Forgive) -> None:
    if command.release not in draft.service(command.service).known_bad:
        _refuse(draft, command, Reason.ALREADY, f"{command.release} is not known bad")
    elif not command.because:
        _refuse(draft, command, Reason.BECAUSE_WANTED)
    else:
        _accept(draft, command)
        draft.emit(ReleaseForgiven(service=command.service, release=command.release, by=command.by))


def _acknowledge(draft: Draft, command: Acknowledge) -> None:
    if not incidents.unacknowledged(draft, command.service, command.incident):
        _refuse(draft, command, Reason.NO_SUCH_INCIDENT, command.incident or "")
        return
    _accept(draft, command)
    incidents.acknowledge(draft, command.service, command.incident, command.by or "somebody")


def _adopt(draft: Draft, command: Adopt) -> None:
    service = draft.service(command.service)
    if service.deployment is not None and not service.deployment.ended:
        _refuse(draft, command, Reason.ONE_AT_A_TIME, f"{service.deployment.release} is {service.deployment.phase}")
    elif service.adopted:
        _refuse(draft, command, Reason.ALREADY, "the router and the journal agree")
    elif service.seen is None or (home := drift.home(service.seen)) is None:
        detail = service.seen.detail if service.seen else "the router has not been seen yet"
        _refuse(
            draft, command, Reason.NOT_ADOPTED, detail or "traffic is split; only one colour at 100 % can be adopted"
        )
    else:
        _accept(draft, command)
        draft.emit(StableChanged(service=command.service, stable=home, release="", reason=Reason.ADOPTED))
        draft.emit(DriftNoted(service=command.service, detail=""))
