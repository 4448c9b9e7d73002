"""What the view shows to be refused, before anything is asked: one function per command, empty where nothing is.

What lives here: the reasons that a look at one service of the view gives, in the words of the refusal. What must not:
deciding (the daemon refuses, and it knows more than the view).
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from watchdog.text import deployment as words
from watchdog.text.quantities import weight
from watchdog.text.reasons import refusal, spoken

Plain: TypeAlias = Mapping[str, Any]


def divert(service: Plain, route: str, *, end: bool) -> str:
    """One route's users, while a deployment is under way."""
    deployment = service["deployment"]
    cut = deployment["routes_cut"]
    if not service["cuts_routes"] and not end:
        return _refused(service, "not_supported", "this router cannot keep single routes from a colour")
    if deployment["phase"] not in words.WATCHED:
        return _refused(service, "wrong_phase", spoken(deployment["phase"]))
    if route not in (*service["routes"], *cut):
        return _refused(service, "no_such_route", _among(route, service["routes"]))
    if (route in cut) is not end:
        kept = "is not kept from" if end else "is kept from"
        return _refused(service, "already", f"{route} {kept} {deployment['candidate']}")
    return _refused(service, "not_adopted", service["drift"]) if end and not service["adopted"] else ""


def hold(service: Plain, share: float) -> str:
    """A smaller share than the step's, while a deployment is under way."""
    deployment = service["deployment"]
    if deployment["phase"] not in words.TIMED:
        return _refused(service, "wrong_phase", spoken(deployment["phase"]))
    own = deployment["steps"][deployment["step"]]["weight"]
    if share >= own:
        return _refused(service, "wrong_weight", f"{weight(share)} is not below the step's {weight(own)}")
    return _refused(service, "already", f"held at {weight(share)}") if share == deployment["held_at"] else ""


def arming(service: Plain) -> str:
    """The end of a disarming."""
    return "" if service["disarmed"] is not None else _refused(service, "already", f"{service['name']} is armed")


def did(service: Plain, task: str) -> str:
    """A task by hand."""
    deployment = service["deployment"]
    if deployment is None:
        return _refused(service, "no_deployment", "")
    tasks = [each["name"] for each in deployment["tasks"]]
    return "" if task in tasks else _refused(service, "no_such_task", _among(task, tasks))


def forgive(service: Plain, release: str) -> str:
    """A release that is known bad."""
    known = release in service["known_bad"]
    return "" if known else _refused(service, "already", f"{release} is not known bad")


def adopt(service: Plain) -> str:
    """The router's word."""
    deployment = words.running(service)
    if deployment is not None:
        return _refused(service, "one_at_a_time", f"{deployment['release']} is {spoken(deployment['phase'])}")
    return _refused(service, "already", "the router and the journal agree") if service["adopted"] else ""


def _among(name: str, known: Sequence[str]) -> str:
    return f"{name}; there are {', '.join(known) or 'none'}"


def _refused(service: Plain, reason: str, detail: str) -> str:
    return f"{service['name']}: this would be refused: {refusal(reason, detail, service['name'])}"
