"""One route's users are kept from the candidate because a human says so, and are let go there again.

What lives here: the order and what follows when it does not work. What must not: when the command is refused
(`orders.exposure`), what a cut route means for rules (`verdict`) and for the gate (`rollout`).
"""

from watchdog.core import causes, incidents
from watchdog.core.draft import Draft
from watchdog.core.effects import CutRoute
from watchdog.core.events import DivertRoute
from watchdog.core.phases import Hold
from watchdog.core.reasons import Reason
from watchdog.core.records import HoldSet, RouteCutOrdered
from watchdog.core.state import Deployment


def order(draft: Draft, command: DivertRoute, deployment: Deployment) -> None:
    """Order what a human wants of one route."""
    name = command.service
    effect = CutRoute(
        id=draft.effect_id(name),
        service=name,
        epoch=deployment.epoch,
        colour=deployment.candidate,
        route=command.route,
        cut=not command.release,
    )
    draft.emit(
        RouteCutOrdered(
            service=name,
            route=command.route,
            cut=effect.cut,
            order=effect,
            by=command.by or "somebody",
            because=command.because,
        )
    )


def not_moved(draft: Draft, name: str, effect: CutRoute, detail: str) -> None:
    """It did not work: the human who wanted it must know, and nothing goes on until somebody resumes.

    The hold is a human's, not an interlock's: one route's flag says nothing against the brake of the whole colour.
    """
    deployment = draft.deployment(name)
    if deployment is None or not deployment.watched:
        return
    what = f"route {effect.route} could not be {'kept from' if effect.cut else 'given back to'} {effect.colour}"
    detail = f"{what}: {detail}"
    if Hold.HUMAN in deployment.holds:
        incidents.tell(draft, name, causes.Cause(reason=Reason.BRAKE_FAILED, detail=detail))
    else:
        draft.emit(HoldSet(service=name, hold=Hold.HUMAN, reason=Reason.BRAKE_FAILED, detail=detail))
