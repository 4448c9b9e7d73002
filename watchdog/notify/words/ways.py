"""Ways out: commands of this version, each with what it does.

What lives here: the commands that several shapes offer, and their alignment. What must not: any message.
"""

from dataclasses import dataclass

from watchdog.notify.words.facts import Facts
from watchdog.text import rules
from watchdog.text.deployment import TIMED
from watchdog.text.quantities import weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One command."""

    words: str
    does: str
    because: bool = False


def ways(facts: Facts, *offered: Way) -> tuple[str, ...]:
    """Commands with what each does, aligned."""
    commands = [facts.command(way.words, because=way.because) for way in offered]
    width = max(len(command) for command in commands)
    return tuple(f"{command:{width}}   {way.does}" for command, way in zip(commands, offered, strict=True))


def ack(facts: Facts) -> Way:
    """Take an incident over."""
    return Way(words=f"ack {facts.name}", does="stop these messages; changes nothing else")


def back(facts: Facts, *, anyway: bool = False, note: str = "") -> Way:
    """All traffic to stable."""
    words = f"rollback {facts.name}{' --anyway' if anyway else ''}"
    does = f"all traffic to {facts.stable}{f' ({note})' if note else ''}"
    return Way(words=words, does=does, because=anyway)


def resume(facts: Facts, does: str) -> Way:
    """Let it go on."""
    return Way(words=f"resume {facts.name}", does=does)


def hold(facts: Facts) -> tuple[Way, ...]:
    """Fewer users on the candidate, where the phase allows it and the plan has a smaller share."""
    deployment = facts.deployment
    if deployment is None or deployment["phase"] not in TIMED or deployment["in_force"]["promoted"]:
        return ()
    now = deployment["in_force"]["weight"]
    less = next((step["weight"] for step in deployment["steps"] if step["weight"] < now), None)
    if less is None:
        return ()
    share = weight(less).replace(" ", "")
    does = f"most users to {facts.stable}, keep some on {facts.candidate}"
    return (Way(words=f"hold {facts.name} {share}", does=does),)


def divert(facts: Facts) -> tuple[Way, ...]:
    """One route's users to stable, where the router can do that; the worst route when counts tell it."""
    deployment = facts.deployment
    if deployment is None or not facts.service["cuts_routes"] or deployment["phase"] not in TIMED:
        return ()
    left = [route for route in facts.service["routes"] if route not in deployment["routes_cut"]]
    worst = worst_route(facts, left)
    if not left:
        return ()
    does = f"{f'users of {worst}' if worst else 'users of that route'} to {facts.stable}, the others stay"
    return (Way(words=f"divert {facts.name} {worst or 'ROUTE'}", does=does),)


def worst_route(facts: Facts, routes: list[str]) -> str:
    """The route on which the largest part of the candidate's requests is bad; empty when no count tells."""
    counted = [
        each
        for each in facts.service["rules"]
        if each["colour"] == facts.candidate and each["kind"] in rules.SHARES and each["bad"]
        if rules.route(each) in routes
    ]
    worst = max(counted, key=rules.share, default=None)
    return rules.route(worst) if worst is not None else ""


def arm(facts: Facts) -> Way:
    """End a disarming."""
    return Way(words=f"disarm {facts.name} --end", does="the program may act again for this service")


def release() -> Way:
    """Let the line go."""
    return Way(words="stop-the-line --release", does="the program may act again, everywhere")


def preflight(facts: Facts) -> Way:
    """Look what is wrong with the way back."""
    return Way(words=f"preflight {facts.name}", does="the checklist: what would not work")
