"""Whether a rollback would work and may happen by itself, in words: level 1, who watches, the parachute, the budget.

What lives here: pure functions over one service of the view, shared by the deploy driver, the operator's screens and
messages. What must not: terminals, the order of a screen.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from watchdog.text.quantities import count, duration, moment
from watchdog.text.reasons import OTHER, spoken

Plain: TypeAlias = Mapping[str, Any]

ON: Final = "level 1 is on"


def level_1(service: Plain, zone: tzinfo | None = None) -> str:
    """Whether the release may be rolled back without a human: `level 1 is on`, or why not and who watches."""
    return off(service, zone) or _on(service)


def _on(service: Plain) -> str:
    if until_a_write(service):
        return f"{ON} until {service['deployment']['candidate']} accepts a write"
    left = service["budget"]
    if left is not None and not left["left"]:
        return f"{ON}, and {budget_words(left)}: the next rollback is yours"
    return ON


def off(service: Plain, zone: tzinfo | None = None) -> str:
    """That nothing is rolled back by itself, why, and who watches; empty while something may be."""
    deployment = service["deployment"]
    if not deployment["armed"]:
        waived = ", ".join(each["rule"] for each in deployment["waived"])
        return f"level 1 is off: no rule could roll back{f', waived: {waived}' if waived else ''}"
    why = off_because(service, zone)
    return f"level 1 is off: {why}; {watcher(deployment)}" if why else ""


def off_because(service: Plain, zone: tzinfo | None = None) -> str:
    """Why nothing is rolled back by itself, whatever the rules find; empty while it may be."""
    deployment = service["deployment"]
    match deployment["level_1_off"]:
        case "":
            return ""
        case "stop_the_line":
            return "the line is stopped"
        case "shadow":
            return "shadow mode is on"
        case "disarmed":
            return disarmed(service, zone)
        case "schema":
            return f"schema is {deployment['schema']}"
        case "writes_on_candidate":
            unseen = f"{deployment['candidate']} may have accepted writes that nobody saw"
            return wrote(deployment, zone) or unseen
        case reason:
            return spoken(reason)


def watcher(deployment: Plain) -> str:
    """Who looks on instead."""
    return f"{deployment['watched_by']} watches" if deployment["watched_by"] else "nobody is named to watch"


def disarmed(service: Plain, zone: tzinfo | None = None) -> str:
    """By whom, until when and why nothing is done by itself: `disarmed by ada until 02:30:00 UTC: load test`."""
    said = service["disarmed"]
    if said is None:
        return "disarmed"
    return f"disarmed by {said['by']} until {moment(said['until'], zone)}: {said['because']}"


def wrote(deployment: Plain, zone: tzinfo | None = None, *, now: float | None = None) -> str:
    """Since when the candidate has data that stable lacks; empty when it has none."""
    said = deployment["wrote"]
    if said is None:
        return ""
    candidate, stable = deployment["candidate"], OTHER[deployment["candidate"]]
    since = moment(said["at"], zone, now=now)
    if not said["seen"]:
        return f"{candidate} may have accepted writes since {since}, when its log could not be read"
    return f"{candidate} accepted writes since {since} that {stable} does not have"


def until_a_write(service: Plain) -> bool:
    """Whether the first write that the candidate accepts takes level 1 away."""
    kept_apart = service["data"] == "per_colour" and not service["writes_may_be_lost"]
    return kept_apart and service["deployment"]["wrote"] is None


def not_ready(service: Plain, now: float) -> str:
    """Why the last looks say that a rollback would not work as prepared; empty while they do not."""
    known = service["parachute"]
    why = known["detail"] or "no reason was given"
    if known["lost"]:
        return str(why)
    if not known["bad"]:
        return ""
    at = f", {duration(now - known['at'])} ago" if known["at"] is not None else ""
    looks = "look" if known["bad"] == 1 else f"{known['bad']} looks"
    return f"the last {looks} failed ({why}){at}"


def proved(service: Plain, now: float) -> str:
    """When the way back was last proved: `brake proved 3.0 s ago`; empty without a look."""
    at = service["parachute"]["at"]
    return "" if at is None else f"brake proved {duration(now - at)} ago"


def budget_words(budget: Plain) -> str:
    """How much of the budget is left: `2 of 3 rollbacks within 1 h are left`."""
    most = count(budget["rollbacks"], "rollback")
    return f"{budget['left'] or 'none'} of {most} within {duration(budget['within'])} {_are(budget['left'])} left"


def _are(left: int) -> str:
    return "is" if left == 1 else "are"
