"""What stands around a service in `status`: what is in the way, what is switched off, what is left, who is called.

What lives here: sentences for that screen, each with its way out. What must not: layout and the rules (`screens`).
"""

from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from watchdog.text import aftermath, readiness
from watchdog.text import deployment as words
from watchdog.text.quantities import clock, duration, moment
from watchdog.text.reasons import PROGRAM, begin, rollback_by_hand, spoken

Plain: TypeAlias = Mapping[str, Any]

FRESH_S: Final = 15.0
"""Stable is asked at least every 10 s while a deployment may need it."""


def in_the_way(service: Plain, deployment: Plain, zone: tzinfo | None = None) -> Iterator[str]:
    """Holds, diverts, a blocked rollback, evidence that is wanting: each with its way out."""
    yield from switched_off(service, zone)
    yield from _blocked(service, deployment)
    yield from _suspended(service, deployment, zone)
    yield from _by_humans(service["name"], deployment, zone)
    yield from words.would_have(deployment, zone)
    if deployment["lacks"] and _only_evidence_is_left(deployment):
        yield f"waits for: {'; '.join(deployment['lacks'])}"
    rollback = deployment["rollback"]
    if rollback is not None and rollback["decided"] is not None:
        yield f"rollback ordered at {clock(rollback['decided'], zone)}, attempt {rollback['attempts']}"
    if service["drift"]:
        yield f"the balancer is not as it was left: {service['drift']}. No traffic leaves {deployment['stable']}."


def _only_evidence_is_left(deployment: Plain) -> bool:
    """Whether the step's time, or the bake's, is over. A cut route in a bake needs a human, so it is said at once."""
    if deployment["phase"] == "baking":
        return bool(deployment["routes_cut"]) or deployment["soaked"] >= deployment["soak_wanted"]
    return bool(deployment["phase"] == "waiting")


def _blocked(service: Plain, deployment: Plain) -> Iterator[str]:
    blocked = words.block(deployment)
    if blocked:
        yield f"rollback is blocked: {blocked}. {words.exposure(service, deployment['candidate'])}."
        if shielded := aftermath.shielded(deployment):
            yield f"  {shielded}"
        yield f"  {rollback_by_hand(service['name'], deployment['wanted']['blocked'])}"


def _suspended(service: Plain, deployment: Plain, zone: tzinfo | None) -> Iterator[str]:
    suspended, blocked = words.suspended(deployment, zone), words.block(deployment)
    if suspended:
        yield f"{suspended} (divert {deployment['diverts']})"
    for hold, why, way in words.holds(service["name"], deployment):
        told_above = (blocked and hold == "interlock") or (suspended and hold == "divert")
        if not told_above:
            yield f"held: {why}. {begin(way)}"


def _by_humans(name: str, deployment: Plain, zone: tzinfo | None) -> Iterator[str]:
    """Users that are kept from the candidate, and rules that count for nothing."""
    told_above = any(each["reason"] == "held_at" for each in deployment["holds"])
    if words.held_at(deployment) and not told_above:
        yield f"{words.held_at(deployment)}. {PROGRAM} resume {name}"
    if words.routes_cut(deployment):
        ends = "; ".join(f"{PROGRAM} divert {name} {route} --end" for route in deployment["routes_cut"])
        yield f"{words.routes_cut(deployment)}. {ends}"
    for each in deployment["waived"]:
        rule = each["rule"]
        yield f"{rule} {words.waiver(deployment, rule, zone)}. To end that: {PROGRAM} waive {name} {rule} --for 0s"


def switched_off(service: Plain, zone: tzinfo | None = None) -> Iterator[str]:
    """What a human or the balancer has switched off for now, with or without a deployment."""
    if service["shadow"]:
        yield "shadow mode is on: what would be done is told, nothing is done by itself"
    if service["disarmed"] is not None:
        yield f"{readiness.disarmed(service, zone)}. To end that: {PROGRAM} disarm {service['name']} --end"
    if service["maintenance"]:
        yield "the maintenance page is on: no user reaches either colour, rules judge nothing and soak stands still"
    budget = service["budget"]
    if budget is not None and budget["left"] < budget["rollbacks"]:
        free = f"; the next is free at {clock(budget['free_at'], zone)}" if budget["free_at"] is not None else ""
        yield f"{readiness.budget_words(budget)}{free}"


def left_over(service: Plain, zone: tzinfo | None = None) -> Iterator[str]:
    """After a rollback: users, open connections, hooks, and the tasks that wait for hands."""
    deployment = service["deployment"]
    if deployment is None or deployment["phase"] != "rolled_back":
        return
    users = aftermath.users(deployment)
    if users:
        yield users
    yield from aftermath.stragglers(deployment)
    if deployment["drained"] is not None:
        yield f"{deployment['candidate']} is drained since {clock(deployment['drained'], zone)}"
    yield from aftermath.hooks(deployment, zone)
    for each in deployment["tasks"]:
        if each["done"] is not None:
            yield aftermath.done_task(each, zone)
        else:
            command, did = aftermath.task(service["name"], each)
            yield f"{each['name']} waits for your hands: {command}"
            yield f"  then: {did}"


def ready(view: Plain, service: Plain, zone: tzinfo | None = None) -> str:
    """One line: would a rollback work, may it happen by itself, and who has been called."""
    parts = []
    if words.running(service) is not None:
        parts = [_readiness(view, service), readiness.level_1(service, zone)]
    elif service["drift"]:
        parts = [f"the balancer is not as it was left: {service['drift']}; {PROGRAM} adopt {service['name']}"]
    elif not service["adopted"]:
        parts = ["the balancer has not been seen yet"]
    else:
        parts = _way_back(view, service, zone)
    return ".  ".join([*parts, _paged(service, zone)]) + "."


def _way_back(view: Plain, service: Plain, zone: tzinfo | None) -> list[str]:
    """After a promotion, as long as the version before it is kept."""
    last = service["deployment"]
    if last is None or last["phase"] != "promoted" or last["ended"] is None:
        return []
    until = last["ended"] + service["keep_stable"]
    if view["now"] >= until:
        return []
    lost = readiness.not_ready(service, view["now"])
    said = f"not ready: {lost}" if lost else readiness.proved(service, view["now"])
    state = f" ({said})" if said else ""
    return [f"{last['stable']} is kept for a rollback until {moment(until, zone, now=view['now'])}{state}"]


def _readiness(view: Plain, service: Plain) -> str:
    deployment, now = service["deployment"], view["now"]
    lost = next((each for each in deployment["holds"] if each["hold"] == "parachute"), None)
    if lost is not None:
        return f"rollback is not ready: {lost['detail'] or spoken(lost['reason'])}"
    if readiness.not_ready(service, now):
        return f"rollback is not ready: {readiness.not_ready(service, now)}"
    if deployment["phase"] in ("submitted", "preparing"):
        return "no user is moved before a rollback is proved to work"
    answered = service["stable_answered"]
    if answered is None:
        return f"rollback is not proved ready: {deployment['stable']} has not answered yet"
    failed = service["stable_failed"]
    if failed is not None and failed > answered:
        return f"rollback is not ready: {deployment['stable']} did not answer {duration(now - failed)} ago"
    age = now - answered
    if age > FRESH_S:
        return f"rollback is not proved ready: {deployment['stable']} last answered {duration(age)} ago"
    # Until the first look the preparation's proof counts, which is as old as the deployment.
    said = readiness.proved(service, now) or f"brake proved {duration(now - deployment['began'])} ago"
    return f"rollback is ready: {deployment['stable']} answered {duration(age)} ago, {said}"


def _paged(service: Plain, zone: tzinfo | None) -> str:
    said = []
    for each in service["incidents"]:
        if not each["open"] or each["audience"] != "on_call":
            continue
        reason = spoken(each["reason"])
        if each["acknowledged_by"]:
            said.append(f"{each['acknowledged_by']} has taken over ({reason})")
        elif not each["contacts"] and not each["levels"]:
            said.append(f"nobody is configured to be paged ({reason})")
        else:
            said.append(f"{_told(each)} ({reason}){_next(each, zone)}")
    return "; ".join(said) or "nobody is paged"


def _told(incident: Plain) -> str:
    """Everybody who has been told, on-call first."""
    later = [name for level in incident["levels"] if level["told"] is not None for name in level["contacts"]]
    names = list(dict.fromkeys([*incident["contacts"], *later]))
    return f"{', '.join(names) or 'nobody'} {'is' if len(names) < 2 else 'are'} paged"  # noqa: PLR2004 - a plural


def _next(incident: Plain, zone: tzinfo | None) -> str:
    """Who is told next and when; only the time when it is the same people again."""
    if incident["next"] is None:
        return ""
    who = "" if incident["next_to"] == incident["contacts"] else f"{', '.join(incident['next_to'])} "
    return f", next {who}at {clock(incident['next'], zone)}"
