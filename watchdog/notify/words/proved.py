"""The message of a proved rollback.

What lives here: that one shape. What must not: the shapes of what waits for a human (`shapes`).
"""

from watchdog.notify.words.facts import Facts, Plain, sentence
from watchdog.notify.words.tags import NO_ACTION, Shape
from watchdog.text import rules
from watchdog.text.quantities import count, duration, per_second, weight


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
        ),
    )


def _why(facts: Facts, rollback: Plain) -> tuple[str, ...]:
    ordered = f"ordered by {rollback['by']}." if rollback.get("by") else ""
    return tuple(line for line in (ordered, *facts.evidence()) if line)


def _users(facts: Facts) -> str:
    counted = [each for each in facts.rules if each["kind"] == rules.RATIO and each["bad"] and rules.of_users(each)]
    worst = max(counted, key=lambda each: float(each["bad"]), default=None)
    return sentence(f"{rules.suffered(worst)}." if worst else "", _exposed(facts))


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
    left = f"{facts.candidate} is left running for you to look at."
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
    if rollback.get("stragglers"):
        late = count(rollback["stragglers"], "request")
        notes.append(f"{late} that had begun before ended on {facts.candidate} afterwards.")
    return tuple(notes)
