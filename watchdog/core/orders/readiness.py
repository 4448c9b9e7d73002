"""Orders about the way back beside a rollback itself: rehearsing it, noting what was done by hand after it.

What lives here: when each is refused, and its records. What must not: anything that moves a user.
"""

from watchdog.core import rehearsal
from watchdog.core.draft import Draft
from watchdog.core.events import Did, Rehearse
from watchdog.core.orders.answers import accept, refuse
from watchdog.core.reasons import Reason
from watchdog.core.records import DoneByHand


def rehearse(draft: Draft, command: Rehearse) -> None:
    """Show that a rollback would work."""
    name = command.service
    plan = rehearsal.plan_of(draft, name)
    if busy := rehearsal.in_the_way(draft.service(name), drill=command.drill):
        refuse(draft, command, Reason.ONE_AT_A_TIME, busy)
    elif plan is None:
        refuse(draft, command, Reason.NO_SUCH_PLAN, draft.settings(name).plan)
    else:
        accept(draft, command)
        rehearsal.order(draft, command, plan)


def did(draft: Draft, command: Did) -> None:
    """A prepared task was carried out by a human."""
    tasks = [task.name for task in draft.settings(command.service).tasks]
    if draft.deployment(command.service) is None:
        refuse(draft, command, Reason.NO_DEPLOYMENT)
    elif command.task not in tasks:
        there = f"there are {', '.join(tasks)}" if tasks else "there are none"
        refuse(draft, command, Reason.NO_SUCH_TASK, f"{command.task}; {there}")
    else:
        accept(draft, command)
        draft.emit(
            DoneByHand(service=command.service, task=command.task, by=command.by or "somebody", because=command.because)
        )
