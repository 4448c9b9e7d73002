"""Silencing a service's automatic rollbacks and diverts for a while, because a human is at it.

What lives here: when that is refused, its record, its end. What must not: what it keeps from happening (that is
`interlocks.people`). It stands beside deployments: it survives them, and needs none.
"""

from watchdog.core.draft import Draft
from watchdog.core.events import Disarm
from watchdog.core.model import Seconds
from watchdog.core.reasons import Reason
from watchdog.core.records import ArmedAgain, Disarmed
from watchdog.core.state import ServiceState


def on(service: ServiceState, now: Seconds) -> bool:
    """Whether the service is disarmed at the moment."""
    return service.disarmed is not None and now < service.disarmed.until


def refused(draft: Draft, command: Disarm) -> tuple[Reason, str] | None:
    """Why nothing is disarmed or armed again, if it is not."""
    if command.for_ <= 0.0:
        disarmed = draft.service(command.service).disarmed is not None
        return None if disarmed else (Reason.ALREADY, f"{command.service} is armed")
    return None if command.because else (Reason.BECAUSE_WANTED, "")


def put(draft: Draft, command: Disarm) -> None:
    """Begin a disarm, replace it by another, or end it."""
    if command.for_ <= 0.0:
        draft.emit(ArmedAgain(service=command.service, reason=Reason.HUMAN, by=command.by))
        return
    draft.emit(
        Disarmed(
            service=command.service,
            until=draft.now + command.for_,
            by=command.by or "somebody",
            because=command.because,
        )
    )


def expire(draft: Draft, name: str) -> None:
    """Note the end of a disarm whose time is over; what is still failing is then rolled back in the same step."""
    waiver = draft.service(name).disarmed
    if waiver is not None and draft.now >= waiver.until:
        draft.emit(ArmedAgain(service=name, reason=Reason.DISARM_OVER))
