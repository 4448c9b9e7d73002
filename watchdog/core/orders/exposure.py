"""Orders that give the candidate fewer users without a rollback: a smaller share, one route less.

What lives here: when each is refused, and its records. What must not: how the orders go on (`held`, `routes`).
"""

from watchdog.core import held, routes
from watchdog.core.draft import Draft
from watchdog.core.events import DivertRoute, HoldAt
from watchdog.core.lacking import moving
from watchdog.core.orders.answers import accept, refuse
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import HoldSet
from watchdog.core.state import Deployment

HELD_IN = frozenset({Phase.SOAKING, Phase.WAITING, Phase.BAKING})
"""A step is in force and no other order of a split is under way."""


def hold_at(draft: Draft, command: HoldAt, deployment: Deployment) -> None:
    """Give the candidate less than its step's share until a human resumes; also while a rollback is blocked."""
    name, weight = command.service, command.weight
    own = held.own_share(deployment)
    if deployment.phase not in HELD_IN:
        refuse(draft, command, Reason.WRONG_PHASE, str(deployment.phase))
    elif not 0.0 <= weight < own:
        detail = f"{100 * weight:g} % is not below the step's {100 * own:g} %"
        refuse(draft, command, Reason.WRONG_WEIGHT, detail)
    elif weight == deployment.held_at:
        refuse(draft, command, Reason.ALREADY, f"held at {100 * weight:g} %")
    elif not held.may_be_ordered(draft.service(name), deployment, weight):
        refuse(draft, command, Reason.NOT_ADOPTED, draft.service(name).drift or "the router has not been seen yet")
    else:
        accept(draft, command)
        detail = f"{100 * weight:g} %: {command.because or command.by or 'somebody'}"
        draft.emit(HoldSet(service=name, hold=Hold.HUMAN, reason=Reason.HELD_AT, detail=detail))
        held.order(draft, name, weight, Reason.HELD_AT)


def divert_route(draft: Draft, command: DivertRoute, deployment: Deployment) -> None:
    """Keep one route's users from the candidate, or let them go there again."""
    name, settings = command.service, draft.settings(command.service)
    service = draft.service(name)
    if not settings.cuts_routes and not command.release:
        refuse(draft, command, Reason.NOT_SUPPORTED, "this router cannot keep single routes from a colour")
    elif not deployment.watched:
        refuse(draft, command, Reason.WRONG_PHASE, str(deployment.phase))
    elif command.route not in settings.routes and command.route not in deployment.routes_cut:
        refuse(draft, command, Reason.NO_SUCH_ROUTE, f"{command.route}; there are {', '.join(settings.routes)}")
    elif command.route in moving(service):
        refuse(draft, command, Reason.ONE_AT_A_TIME, f"{command.route} is being moved")
    elif (command.route in deployment.routes_cut) is not command.release:
        state = "not kept from" if command.release else "kept from"
        refuse(draft, command, Reason.ALREADY, f"{command.route} is {state} {deployment.candidate}")
    elif command.release and not service.adopted:
        refuse(draft, command, Reason.NOT_ADOPTED, service.drift or "the router has not been seen yet")
    else:
        accept(draft, command)
        routes.order(draft, command, deployment)
