"""Orders that stand beside deployments: the line, a disarm, known bad releases, incidents, adoption.

What lives here: when each is refused, and its records. What must not: anything about one deployment's way.
"""

from watchdog.core import disarm, drift, incidents
from watchdog.core.draft import Draft
from watchdog.core.events import Acknowledge, Adopt, Disarm, Forgive, StopTheLine
from watchdog.core.orders.answers import accept, refuse
from watchdog.core.reasons import Reason
from watchdog.core.records import DriftNoted, LineReleased, LineStopped, ReleaseForgiven, StableChanged


def stop_the_line(draft: Draft, command: StopTheLine) -> None:
    """Stop every automatic action of the environment, or let it go on."""
    if command.release:
        if not draft.state.stopped_by:
            refuse(draft, command, Reason.ALREADY, "the line is running")
            return
        accept(draft, command)
        draft.emit(LineReleased(by=command.by))
        return
    if not command.because:
        refuse(draft, command, Reason.BECAUSE_WANTED)
        return
    accept(draft, command)
    until = None if command.for_ is None else draft.now + command.for_
    draft.emit(LineStopped(by=command.by or "somebody", because=command.because, until=until))


def disarm_for(draft: Draft, command: Disarm) -> None:
    """No automatic rollback or divert of the service for a while, or an end to that."""
    refusal = disarm.refused(draft, command)
    if refusal is not None:
        refuse(draft, command, *refusal)
        return
    accept(draft, command)
    disarm.put(draft, command)


def forgive(draft: Draft, command: Forgive) -> None:
    """Take a release off the known bad ones."""
    if command.release not in draft.service(command.service).known_bad:
        refuse(draft, command, Reason.ALREADY, f"{command.release} is not known bad")
    elif not command.because:
        refuse(draft, command, Reason.BECAUSE_WANTED)
    else:
        accept(draft, command)
        draft.emit(ReleaseForgiven(service=command.service, release=command.release, by=command.by))


def acknowledge(draft: Draft, command: Acknowledge) -> None:
    """A human takes incidents over."""
    if not incidents.unacknowledged(draft, command.service, command.incident):
        refuse(draft, command, Reason.NO_SUCH_INCIDENT, command.incident or "")
        return
    accept(draft, command)
    incidents.acknowledge(draft, command.service, command.incident, command.by or "somebody")


def adopt(draft: Draft, command: Adopt) -> None:
    """Take the router's word for who is stable."""
    service = draft.service(command.service)
    if service.deployment is not None and not service.deployment.ended:
        refuse(draft, command, Reason.ONE_AT_A_TIME, f"{service.deployment.release} is {service.deployment.phase}")
    elif service.adopted:
        refuse(draft, command, Reason.ALREADY, "the router and the journal agree")
    elif service.seen is None or (home := drift.home(service.seen)) is None:
        detail = service.seen.detail if service.seen else "the router has not been seen yet"
        refuse(
            draft, command, Reason.NOT_ADOPTED, detail or "traffic is split; only one colour at 100 % can be adopted"
        )
    else:
        accept(draft, command)
        draft.emit(StableChanged(service=command.service, stable=home, release="", reason=Reason.ADOPTED))
        draft.emit(DriftNoted(service=command.service, detail=""))
