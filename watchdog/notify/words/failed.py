"""The messages of a rollback that may not be done, or was not done: users suffer and a human must decide.

What lives here: these two shapes. What must not: the shapes of what is done (`proved`) or can wait (`shapes`).
"""

from collections.abc import Mapping
from typing import Final

from watchdog.notify.words.facts import Facts, sentence
from watchdog.notify.words.tags import DECIDE_NOW, Shape
from watchdog.notify.words.ways import Way, ack, back, ways
from watchdog.text import rules
from watchdog.text.reasons import blocked as block_words

BLOCK_ENDS: Final[Mapping[str, str]] = {
    "stop_the_line": "It rolls back by itself when the line is released.",
    "stable_down": "It rolls back by itself as soon as {stable} answers.",
    "common_cause": "When {stable} is well again {candidate} is judged afresh.",
}
"""How a block ends without a human; other blocks do not."""

BLOCK_RISKS: Final[Mapping[str, str]] = {
    "schema": "{stable} may not know the new schema",
    "stable_down": "{stable} does not answer",
    "common_cause": "{stable} fails too",
    "known_bad": "{stable} was rolled back before",
}


def blocked(facts: Facts) -> Shape:
    """An interlock keeps the program from a rollback."""
    reason = str(facts.incident["reason"])
    names = {"stable": facts.stable, "candidate": facts.candidate}
    why_not = block_words(reason, facts.incident["detail"], facts.stable)
    seen = facts.rules
    by = facts.wanted["by"] if facts.wanted else ""
    cause = rules.trouble(seen[0]) if seen else f"{by or 'a rule'} asks for a rollback"
    end = BLOCK_ENDS.get(reason, "Nothing changes until somebody decides.").format_map(names)
    risk = BLOCK_RISKS.get(reason, "").format_map(names)
    offered = [back(facts, anyway=True, note=risk), ack(facts)]
    if reason == "stop_the_line":
        offered[0] = back(facts)
        offered.insert(0, Way(words="stop-the-line --release", does="the program may act again, everywhere"))
    return Shape(
        tag=DECIDE_NOW,
        first=f"{facts.what}: {cause}, and I did not roll back: {why_not}.",
        lines=(
            ("Why", tuple(facts.evidence())),
            ("Now", (sentence(facts.exposure(), end, facts.next_told()),)),
            ("Ways", ways(facts, *offered)),
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
            ("Ways", ways(facts, ack(facts))),
        ),
    )
