"""The message of a proved rollback.

What lives here: that one shape. What must not: the shapes of what waits for a human (`shapes`).
"""

from collections.abc import Mapping
from typing import Final

from watchdog.notify.words.facts import Facts, Plain, joined, sentence
from watchdog.notify.words.tags import NO_ACTION, Shape
from watchdog.text import aftermath, rules
from watchdog.text.quantities import count, duration, per_second, weight

LEFT: Final[Mapping[str, str]] = {
    "leave": "{candidate} is left running for you to look at.",
    "drain": "{candidate} is drained: what is open on it may end.",
    "stop": "{candidate} is drained, then stopped.",
}
"""What becomes of the candidate."""


def proved(facts: Facts) -> Shape:
    """All traffic is on stable, and live traffic showed it."""
    rollback = facts.rollback or {}
    since = rollback.get("braked") or rollback.get("proved") or facts.incident["opened"]
    return Shape(
        tag=NO_ACTION,
        first=(f"{facts.what} rolled back; all traffic is on {facts.stable} since {facts.moment(since)}, proved."),
        lines=(
            ("Why", _why(facts, rollback)),
            ("Users", (_users(facts),)),
            ("Took", _took(facts, rollback)),
            ("State", (_state(facts),)),
            ("Notes", _notes(facts, rollback)),
            ("Hooks", _hooks(facts)),
            ("Tasks", _tasks(facts)),
        ),
    )


def _why(facts: Facts, rollback: Plain) -> tuple[str, ...]:
    ordered = f"ordered by {rollback['by']}." if rollback.get("by") else ""
    if rollback.get("reason") == "rolled_back_with":
        others = joined(facts.service["goes_with"]) or "a service of its group"
        ordered = sentence(f"{others} was rolled back, and {facts.name} goes with it.", ordered)
    return tuple(line for line in (ordered, *facts.evidence()) if line)


def _users(facts: Facts) -> str:
    told = aftermath.users(facts.deployment) if facts.deployment else ""
    return sentence(told or _suffered(facts), _exposed(facts))


def _suffered(facts: Facts) -> str:
    """What the rules counted, where nobody counts users."""
    counted = [each for each in facts.rules if each["kind"] == rules.RATIO and each["bad"] and rules.of_users(each)]
    worst = max(counted, key=lambda each: float(each["bad"]), default=None)
    return f"{rules.suffered(worst)}." if worst else ""


def _exposed(facts: Facts) -> str:
    """The share that the candidate had when the rollback was decided."""
    deployment = facts.deployment
    if deployment is None:
        return ""
    if deployment["step"] < 0:
        return "It had no users yet."
    share = deployment["steps"][deployment["step"]]["weight"]
    seen = facts.service["exposure"]
    # Since the cut the candidate's own rate falls, all requests together go on as before.
    rate = share * (seen["candidate_per_second"] + seen["stable_per_second"])
    return f"Exposure was {weight(share)} ({per_second(rate, 'requests')})."


def _took(facts: Facts, rollback: Plain) -> tuple[str, ...]:
    """How long each part took, as far as it is known."""
    parts = []
    first_cut = facts.deployment.get("first_cut") if facts.deployment else None
    onset, decided, braked, proof = (rollback.get(key) for key in ("onset", "decided", "braked", "proved"))
    if onset is not None and first_cut is not None and first_cut >= onset:
        parts.append(f"fault to first cut about {duration(first_cut - onset)}")
    if onset is not None and decided is not None and not rollback.get("by"):
        parts.append(f"fault to decision about {duration(decided - onset)}")
    if decided is not None and braked is not None:
        parts.append(f"decision to last request on {facts.candidate} {duration(braked - decided)}")
    if proof is not None and braked is not None:
        parts.append(f"proof {duration(proof - braked)}")
    return (", ".join(parts) + ".",) if parts else ()


def _state(facts: Facts) -> str:
    left = LEFT[facts.service["candidate_after_rollback"]].format(candidate=facts.candidate)
    release = facts.deployment["release"] if facts.deployment else None
    if release is None or release not in facts.service["known_bad"]:
        return left
    forgive = facts.command(f"forgive {release}", because=True)
    return f"{left} {release} will not be accepted again until: {forgive}"


def _notes(facts: Facts, rollback: Plain) -> tuple[str, ...]:
    notes = [f"{warning}." for warning in rollback.get("warnings", ())]
    if facts.deployment is not None and facts.deployment["diverts"]:
        diverts = count(facts.deployment["diverts"], "divert")
        notes.append(f"{facts.candidate} had been cut off on suspicion before ({diverts}): users met it for less time.")
    return (*notes, *(aftermath.stragglers(facts.deployment) if facts.deployment else ()))


def _hooks(facts: Facts) -> tuple[str, ...]:
    """How the operator's commands went so far."""
    return tuple(f"{line}." for line in aftermath.hooks(facts.deployment, facts.zone)) if facts.deployment else ()


def _tasks(facts: Facts) -> tuple[str, ...]:
    """What is prepared for hands: the command to copy, and how to say that it was run."""
    left = aftermath.open_tasks(facts.deployment) if facts.deployment else []
    if not left:
        return ()
    lines = ["for your hands; I never run these:"]
    for each in left:
        command, did = aftermath.task(facts.name, each)
        lines += [f"  {command}", f"  then: {did}"]
    return tuple(lines)
