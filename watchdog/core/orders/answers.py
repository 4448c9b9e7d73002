"""The answer to an order.

What lives here: the two answers that every order ends in. What must not: a reason to give either.
"""

from watchdog.core.draft import Draft
from watchdog.core.events import AnyCommand
from watchdog.core.reasons import Reason
from watchdog.core.records import Accepted, Refused


def refuse(draft: Draft, command: AnyCommand, reason: Reason, detail: str = "") -> None:
    """The command changes nothing, and this is why."""
    draft.emit(Refused(command=command.id, reason=reason, detail=detail))


def accept(draft: Draft, command: AnyCommand) -> None:
    """The command is carried out by the records that follow."""
    draft.emit(Accepted(command=command.id))
