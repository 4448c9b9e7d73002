"""The messages about the watch itself: the way back lost and regained, what humans switched off, hooks.

What lives here: these shapes. What must not: rollbacks done (`proved`) or not done (`failed`).
"""

from watchdog.notify.words.facts import Facts, at_least, sentence
from watchdog.notify.words.tags import CHECK_TODAY, DECIDE_NOW, NO_ACTION, Shape
from watchdog.notify.words.ways import Way, ack, arm, back, hold, preflight, release, resume, ways
from watchdog.text import readiness, rules
from watchdog.text.quantities import duration, weight


def parachute_lost(facts: Facts) -> Shape:
    """A rollback would not work as it was prepared."""
    at = weight(facts.deployment["in_force"]["weight"]) if facts.deployment else "its split"
    promoted = facts.deployment is not None and facts.deployment["phase"] == "promoted"
    stands = ":" if promoted else f" stands still at {at}:"
    why = facts.incident["detail"] or "no reason was given"
    every = facts.service["parachute"]["every"]
    again = f"I look again every {duration(every)}" if every else "I look again"
    goes_on = "" if promoted else ", and it goes on by itself when three looks in a row are good"
    wanted = facts.incident["needs_decision"]
    return Shape(
        tag=DECIDE_NOW if wanted else CHECK_TODAY,
        first=f"{facts.what}{stands} a rollback would not work now ({why}).",
        lines=(
            (
                "Now",
                (sentence(facts.exposure(), f"{again}{goes_on}.", "If it fails, I try to roll back all the same."),),
            ),
            ("Ways", ways(facts, preflight(facts), back(facts), *hold(facts), *((ack(facts),) if wanted else ()))),
        ),
    )


def parachute_regained(facts: Facts) -> Shape:
    """It would work again."""
    return Shape(
        tag=NO_ACTION,
        first=f"{facts.what}: a rollback would work again; nothing stands still for that reason any more.",
        lines=(("Now", (facts.exposure(),)),),
    )


def disarmed(facts: Facts) -> Shape:
    """A human took the automatic way back away."""
    said = facts.service["disarmed"]
    who = readiness.disarmed(facts.service, facts.zone) if said else "disarmed"
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: automatic rollback is {who}. I watch, and tell, and do nothing.",
        lines=(("Now", (facts.exposure(),)), ("Ways", ways(facts, arm(facts), back(facts)))),
    )


def disarm_over(facts: Facts) -> Shape:
    """The automatic way back is there again."""
    return Shape(
        tag=NO_ACTION,
        first=f"{facts.what}: automatic rollback is armed again.",
        lines=(("Now", (facts.exposure(),)),),
    )


def line_still_stopped(facts: Facts) -> Shape:
    """Somebody stopped the line and nobody let it go."""
    stopped = facts.view["stopped"]
    by = f" by {stopped['by']} ({stopped['because']})" if stopped else ""
    until = f" It goes on by itself at {facts.moment(stopped['until'])}." if stopped and stopped["until"] else ""
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.view['environment']}: the line is stopped{by}; no service is rolled back by itself.",
        lines=(
            ("Now", (sentence(facts.exposure(), until.strip()),)),
            ("Ways", ways(facts, release(), ack(facts))),
        ),
    )


def put_back(facts: Facts) -> Shape:
    """The balancer forgot an order that keeps users on stable, or somebody undid it."""
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: the balancer had lost my last order ({facts.incident['detail']}); I gave it again.",
        lines=(
            ("Now", (sentence(facts.exposure(), "Until I looked, users may have met what they were kept from."),)),
            ("Ways", ways(facts, Way(words=f"status {facts.name}", does="what the balancer says now"))),
        ),
    )


def stable_fails(facts: Facts) -> Shape:
    """The rollback was proved, and the colour that has the users now fails, too."""
    known = facts.service.get("rules", ())
    found = [rules.about(known, name, facts.stable) for name in facts.incident["rules"]]
    now = facts.view["now"]
    why = [rules.evidence(each, at_least=at_least(each), zone=facts.zone, now=now) for each in found if each]
    return Shape(
        tag=DECIDE_NOW,
        first=f"{facts.what} was rolled back, and {facts.stable} fails with all users on it.",
        lines=(
            ("Why", tuple(why) or (f"{facts.stable} does not answer direct probes.",)),
            ("Now", ("There is nothing that I could move users to. I watch on, and do nothing.",)),
            ("Ways", ways(facts, Way(words=f"status {facts.name}", does=f"what {facts.stable} says now"), ack(facts))),
        ),
    )


def hook_failed(facts: Facts) -> Shape:
    """Traffic is where it should be; an operator's command did not do its work."""
    deployment = facts.deployment
    proved = deployment is not None and deployment["phase"] == "rolled_back"
    where = f"; all traffic is on {facts.stable}" if proved else ""
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: a hook failed after the rollback ({facts.incident['detail'] or 'no reason'}){where}.",
        lines=(
            ("Now", ("I do not run it again. Look whether what it was to do was done, and do it by hand.",)),
            ("Ways", ways(facts, Way(words=f"status {facts.name}", does="every hook with its result"))),
        ),
    )


def hook_lost(facts: Facts) -> Shape:
    """The program was ended while a hook ran."""
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: nobody knows how the hook {facts.incident['detail']} ended; I was restarted meanwhile.",
        lines=(
            ("Now", ("I do not run it again. Look whether what it was to do was done, and do it by hand.",)),
            ("Ways", ways(facts, Way(words=f"status {facts.name}", does="every hook with its result"))),
        ),
    )


def route_not_moved(facts: Facts) -> Shape:
    """What a human wanted of one route did not work."""
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: {facts.incident['detail']}.",
        lines=(
            ("Now", (sentence(facts.exposure(), "Nothing advances until somebody resumes; rollback stays armed."),)),
            ("Ways", ways(facts, back(facts), *hold(facts), resume(facts, "go on with the plan"))),
        ),
    )
