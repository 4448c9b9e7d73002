"""The messages of a rollback that may not be done, or was not done: users suffer and a human must decide.

What lives here: these shapes. What must not: the shapes of what is done (`proved`) or can wait (`shapes`).
"""

from collections.abc import Mapping
from typing import Final

from watchdog.notify.words.facts import Facts, sentence
from watchdog.notify.words.tags import CHECK_TODAY, DECIDE_NOW, HANDS, Shape
from watchdog.notify.words.ways import Way, ack, arm, back, divert, hold, release, ways
from watchdog.text import aftermath, readiness, rules
from watchdog.text.reasons import ONLY_AUTOMATIC
from watchdog.text.reasons import blocked as block_words

BLOCK_ENDS: Final[Mapping[str, str]] = {
    "stop_the_line": "It rolls back by itself when the line is released.",
    "disarmed": "It rolls back by itself when the disarming ends, if {candidate} is bad then.",
    "stable_down": "It rolls back by itself as soon as {stable} answers.",
    "common_cause": "When {stable} is well again {candidate} is judged afresh.",
}
"""How a block ends without a human; other blocks do not."""

BLOCK_RISKS: Final[Mapping[str, str]] = {
    "schema": "{stable} may not know the new schema",
    "writes_on_candidate": "what users wrote on {candidate} is not on {stable}",
    "stable_down": "{stable} does not answer",
    "common_cause": "{stable} fails too",
    "known_bad": "{stable} was rolled back before",
}


def blocked(facts: Facts) -> Shape:
    """An interlock keeps the program from a rollback."""
    reason = str(facts.incident["reason"])
    names = {"stable": facts.stable, "candidate": facts.candidate}
    end = BLOCK_ENDS.get(reason, "Nothing changes until somebody decides.").format_map(names)
    return Shape(
        tag=DECIDE_NOW,
        first=f"{facts.what}: {_cause(facts)}, and I did not roll back: {_why_not(facts)}.",
        lines=(
            ("Why", tuple(facts.evidence())),
            ("Users", _shielded(facts)),
            ("Now", (sentence(facts.exposure(), end, facts.next_told()),)),
            ("Ways", ways(facts, *_offered(facts, reason, BLOCK_RISKS.get(reason, "").format_map(names)))),
        ),
    )


def _shielded(facts: Facts) -> tuple[str, ...]:
    """What stable answered in the candidate's place: the rules count the first try, which no user may have seen."""
    told = aftermath.shielded(facts.deployment) if facts.deployment else ""
    return (told,) if told else ()


def _cause(facts: Facts) -> str:
    """What the candidate does, or who asks."""
    seen = facts.rules
    by = facts.wanted["by"] if facts.wanted else ""
    return rules.trouble(seen[0]) if seen else f"{by or 'a rule'} asks for a rollback"


def _why_not(facts: Facts) -> str:
    if facts.incident["reason"] == "writes_on_candidate" and facts.wrote():
        return facts.wrote()
    if facts.incident["reason"] == "disarmed" and facts.service["disarmed"] is not None:
        return f"automatic rollback is {readiness.disarmed(facts.service, facts.zone)}"
    return block_words(facts.incident["reason"], facts.incident["detail"], facts.stable)


def _offered(facts: Facts, reason: str, risk: str) -> list[Way]:
    """The ways out, the most thorough first."""
    offered = [back(facts, anyway=reason not in ONLY_AUTOMATIC, note=risk), *hold(facts), *divert(facts)]
    if reason == "stop_the_line":
        offered.append(release())
    if reason == "disarmed":
        offered.append(arm(facts))
    return [*offered, ack(facts)]


def shadow(facts: Facts) -> Shape:
    """Everything was decided and nothing was done, as the operator wants it."""
    return Shape(
        tag=DECIDE_NOW if facts.incident["needs_decision"] else CHECK_TODAY,
        first=f"{facts.what}: {_cause(facts)}; I would have rolled back, and did nothing: shadow mode is on.",
        lines=(
            ("Why", tuple(facts.evidence())),
            ("Users", _shielded(facts)),
            ("Now", (sentence(facts.exposure(), facts.next_told()),)),
            ("Ways", ways(facts, back(facts), *hold(facts), *divert(facts))),
        ),
    )


FAILURES: Final[Mapping[str, str]] = {
    "switch_failed": "the balancer did not take the order",
    "proof_failed": "live traffic does not show that {stable} alone answers",
}


def rollback_failed(facts: Facts) -> Shape:
    """The rollback was ordered and is not in force, or not proved."""
    failure = FAILURES.get(facts.incident["reason"], "it did not come into force").format(stable=facts.stable)
    detail = f" ({facts.incident['detail']})" if facts.incident["detail"] else ""
    attempts = facts.rollback["attempts"] if facts.rollback else 0
    braked = facts.service["braked"] is not None
    brake = f"The brake of {facts.candidate} is {'on' if braked else 'not confirmed'}."
    again = f"Attempt {attempts} failed; it is tried again every 10 s." if attempts else "It is tried again every 10 s."
    now = sentence(brake, "" if braked else facts.exposure(), again, facts.next_told())
    return Shape(
        tag=DECIDE_NOW,
        first=f"{facts.what}: the rollback failed: {failure}{detail}.",
        lines=(
            ("Why", tuple(facts.evidence())),
            ("Now", (now,)),
            (HANDS, _hands(facts)),
            ("Ways", ways(facts, ack(facts))),
        ),
    )


def _hands(facts: Facts) -> tuple[str, ...]:
    """What somebody can do who does not wait for the next attempt."""
    first = f"on {facts.view['host']}, as root, to move users to {facts.stable} now; I notice it and prove it:"
    return (
        first,
        *(f"  {command}" for command in facts.by_hand()),
        f"then look: {facts.command(f'status {facts.name}')}",
    )
