"""One shape per reason of an incident: the tag, the first line, and the labelled lines below it.

What lives here: the shapes and the table that chooses one. What must not: looking things up (`facts`), layout
(`message`). First comes what happened to users and what was done, then evidence, then the way out by hand.
"""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from watchdog.notify.words import watch
from watchdog.notify.words.facts import Facts, joined, sentence
from watchdog.notify.words.failed import blocked, rollback_failed, shadow
from watchdog.notify.words.proved import proved
from watchdog.notify.words.tags import CHECK_TODAY, DECIDE_NOW, NO_ACTION, Shape
from watchdog.notify.words.ways import Way, ack, back, divert, hold, preflight, resume, ways
from watchdog.text.deployment import ENDED
from watchdog.text.quantities import duration, weight
from watchdog.text.reasons import spoken

__all__ = ["SHAPES", "generic"]


def _freeze(facts: Facts) -> Shape:
    """A rule holds the split where it is."""
    at = weight(facts.deployment["in_force"]["weight"]) if facts.deployment else "its split"
    armed = "Progression stands still; rollback stays armed."
    return Shape(
        tag=DECIDE_NOW,
        first=f"{facts.what} stands still at {at}: {joined(facts.incident['rules'])} fires.",
        lines=(
            ("Why", tuple(facts.evidence())),
            ("Now", (sentence(facts.exposure(), armed, facts.next_told()),)),
            (
                "Ways",
                ways(
                    facts,
                    back(facts),
                    *hold(facts),
                    *divert(facts),
                    resume(facts, "go on in spite of it"),
                    ack(facts),
                ),
            ),
        ),
    )


def _third_divert(facts: Facts) -> Shape:
    """Suspicion came three times and proof did not."""
    first = (
        f"{facts.what}: {facts.candidate} was cut off on suspicion three times and stays cut off; nothing is proved."
    )
    now = sentence(facts.exposure(), f"{facts.stable} serves all users.", facts.next_told())
    return Shape(
        tag=DECIDE_NOW,
        first=first,
        lines=(
            ("Why", tuple(facts.evidence())),
            ("Now", (now,)),
            (
                "Ways",
                ways(
                    facts,
                    resume(facts, f"let {facts.candidate} have its share again"),
                    back(facts),
                    ack(facts),
                ),
            ),
        ),
    )


def _rebooted(facts: Facts) -> Shape:
    """The host went down in the middle of a deployment."""
    return Shape(
        tag=DECIDE_NOW,
        first=f"{facts.what}: {facts.view['host']} was rebooted in mid-deployment; nothing advances until you resume.",
        lines=(
            ("Now", (sentence(facts.exposure(), "Rollback stays armed.", facts.next_told()),)),
            ("Ways", ways(facts, resume(facts, "go on with the plan"), back(facts), ack(facts))),
        ),
    )


def _step_failed(facts: Facts) -> Shape:
    """The balancer refused a step; the split before it is in force."""
    at = weight(facts.deployment["in_force"]["weight"]) if facts.deployment else "its old share"
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: a step could not be put in force; {facts.candidate} keeps {at}.",
        lines=(
            ("Why", (f"{facts.incident['detail'] or 'the balancer did not say why'}.",)),
            ("Now", (sentence(facts.exposure(), "It goes on by itself after 5 min healthy."),)),
            ("Ways", ways(facts, resume(facts, "try the step again now"), back(facts))),
        ),
    )


def _brake_failed(facts: Facts) -> Shape:
    """The brake's flag could not be moved."""
    if facts.incident["detail"].startswith("route "):
        return watch.route_not_moved(facts)
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: the brake of {facts.candidate} could not be moved.",
        lines=(
            ("Why", (f"{facts.incident['detail'] or 'no reason was given'}.",)),
            ("Now", (sentence(facts.exposure(), "The rules keep watching; a rollback would switch by reload."),)),
            ("Ways", ways(facts, back(facts), resume(facts, "go on with the plan"))),
        ),
    )


def _promotion_failed(facts: Facts) -> Shape:
    """Every user is on the new version; the files still name the old one as stable."""
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what} has all users, but the roles could not be swapped in the balancer's files.",
        lines=(("Why", (f"{facts.incident['detail'] or 'no reason was given'}.",)),),
    )


def _diverted(facts: Facts) -> Shape:
    """Suspicion cut the candidate off for a while."""
    divert = facts.deployment["divert"] if facts.deployment else None
    until = f" until {facts.moment(divert['until'])}" if divert and divert["until"] is not None else ""
    return Shape(
        tag=NO_ACTION,
        first=f"{facts.what}: {facts.candidate} is cut off on suspicion{until}; users are on {facts.stable}.",
        lines=(
            ("Why", tuple(facts.evidence())),
            ("Now", ("Then it is let in again for a trial; only proof makes a rollback.",)),
        ),
    )


def _drift(facts: Facts) -> Shape:
    """The router does not do what is remembered."""
    running = facts.deployment is not None and facts.deployment["phase"] not in ENDED
    adopt = Way(words=f"adopt {facts.name}", does="take what the router says as the truth")
    offered = (preflight(facts), back(facts)) if running else (adopt,)
    until = "it is" if running else "you adopt"
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: the balancer is not as it was left; no traffic leaves {facts.stable} until {until}.",
        lines=(
            ("Why", (f"{facts.incident['detail']}.",)),
            ("Now", (f"Nothing was corrected. A move to {facts.stable} is still possible.",)),
            ("Ways", ways(facts, *offered)),
        ),
    )


def _not_durable(facts: Facts) -> Shape:
    """The disk did not take the journal in time."""
    folder = facts.view["state_folder"]
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: the journal on {facts.view['host']} could not be written in time.",
        lines=(
            ("Why", (f"{facts.incident['detail'] or 'the disk did not answer'}.",)),
            ("Now", ("A rollback goes ahead all the same; steps forward wait. A crash now would forget the latest.",)),
            ("Ways", (f"df {folder}; journalctl -u rollback-watchdog",)),
        ),
    )


def _escalates(facts: Facts) -> Shape:
    """A rule that asks for a human, and for nothing else."""
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: {joined(facts.incident['rules'])} fires; nothing was done about it.",
        lines=(("Why", tuple(facts.evidence())), ("Now", (facts.exposure(),))),
    )


def _blind(facts: Facts) -> Shape:
    """A required source says nothing that can be trusted."""
    named = {each["source"] for each in facts.rules} or set(facts.incident["rules"])
    sources = [each for each in facts.service["sources"] if each["name"] in named]
    since = [each["last"] for each in sources if each["last"] is not None]
    span = f" for {duration(facts.view['now'] - min(since))}" if since else ""
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what}: nothing trustworthy came from {joined(sorted(named)) or 'a required source'}{span}.",
        lines=(
            ("Why", (f"{joined(facts.incident['rules'])}: unknown.",)),
            (
                "Now",
                (sentence(facts.exposure(), "Progression stands still. I do not roll back because of blindness."),),
            ),
            ("Ways", ways(facts, back(facts), ack(facts))),
        ),
    )


def _waiting(facts: Facts) -> Shape:
    """A step's gate has not seen enough."""
    at = weight(facts.deployment["in_force"]["weight"]) if facts.deployment else "its step"
    cut = facts.deployment["routes_cut"] if facts.deployment else ()
    baking = facts.deployment is not None and facts.deployment["phase"] == "baking"
    let_in = [
        Way(words=f"divert {facts.name} {route} --end", does=f"users of {route} to {facts.candidate} again")
        for route in cut
    ]
    promote = Way(words=f"promote {facts.name}", does="take the next step without it", because=True)
    pass_on = () if baking and cut else (promote,)  # no release is promoted with a route that is kept from it
    return Shape(
        tag=CHECK_TODAY,
        first=f"{facts.what} waits at {at}: {facts.incident['detail'] or 'evidence is wanting'}.",
        lines=(
            ("Now", (sentence(facts.exposure(), "Rollback stays armed."),)),
            ("Ways", ways(facts, *let_in, *pass_on, back(facts))),
        ),
    )


def generic(facts: Facts) -> Shape:
    """A reason without a shape of its own."""
    words = spoken(facts.incident["reason"])
    detail = f" ({facts.incident['detail']})" if facts.incident["detail"] else ""
    return Shape(
        tag=DECIDE_NOW if facts.incident["needs_decision"] else CHECK_TODAY,
        first=f"{facts.what}: {words}{detail}.",
        lines=(
            ("Why", tuple(facts.evidence())),
            ("Now", (sentence(facts.exposure(), facts.next_told()),)),
            ("Ways", ways(facts, back(facts), ack(facts))),
        ),
    )


_Make: TypeAlias = Callable[[Facts], Shape]

BLOCKING: Final = (
    "stop_the_line", "schema", "writes_on_candidate", "stable_down", "common_cause", "known_bad", "budget", "wave",
)  # fmt: skip
"""Interlocks that turn a rollback into a freeze."""


def _unknown(facts: Facts) -> Shape:
    """Nobody knows how something ended: a rollback that is tried again, or a hook that is not."""
    failed = facts.deployment is not None and facts.deployment["phase"] == "rollback_failed"
    return rollback_failed(facts) if failed else watch.hook_lost(facts)


def _disarmed(facts: Facts) -> Shape:
    """A rollback that a disarming stops, or the disarming itself."""
    return blocked(facts) if facts.wanted else watch.disarmed(facts)


SHAPES: Final[Mapping[str, _Make]] = {
    "disarmed": _disarmed,
    "proved_by_traffic": proved,
    **dict.fromkeys(BLOCKING, blocked),
    "stable_fails": watch.stable_fails,
    "shadow": shadow,
    "parachute_lost": watch.parachute_lost,
    "parachute_regained": watch.parachute_regained,
    "disarm_over": watch.disarm_over,
    "line_still_stopped": watch.line_still_stopped,
    "hook_failed": watch.hook_failed,
    "outcome_unknown": _unknown,
    **dict.fromkeys(("switch_failed", "proof_failed", "retry"), rollback_failed),
    "rule_freezes": _freeze,
    "third_divert": _third_divert,
    "rebooted": _rebooted,
    "step_failed": _step_failed,
    "brake_failed": _brake_failed,
    "promotion_failed": _promotion_failed,
    "rule_suspicious": _diverted,
    "drift": _drift,
    "put_back": watch.put_back,
    "not_durable": _not_durable,
    "rule_escalates": _escalates,
    "blind": _blind,
    "evidence_wanting": _waiting,
}
"""By the incident's reason."""
