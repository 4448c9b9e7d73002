"""A service and its deployment in words: the split bar, phase and soak, holds, exposure, how it ended.

What lives here: pure functions over one service of the view, shared by the deploy driver and the operator's screens.
What must not: terminals, the order of a screen.
"""

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Final, NamedTuple, TypeAlias

from watchdog.text import readiness, rules
from watchdog.text.quantities import clock, duration, moment, per_second, stopwatch, weight
from watchdog.text.reasons import PROGRAM, blocked, held, spoken

Plain: TypeAlias = Mapping[str, Any]

BAR_WIDTH: Final = 14

ENDED: Final = frozenset({"promoted", "rolled_back", "aborted"})
WATCHED: Final = frozenset({"shifting", "soaking", "waiting", "baking"})
TIMED: Final = frozenset({"soaking", "waiting", "baking"})
"""Phases with a soak that is counted: a step is in force, and the candidate may have less than its share."""

ROLLBACK: Final = frozenset({"rolling_back", "verifying", "rollback_failed", "rolled_back"})
"""Phases in which nothing progresses any more: no hold is worth a word."""


def bar(stable: str, candidate: str, share: float, width: int = BAR_WIDTH) -> str:
    """The split: `#` is stable's part, `-` the candidate's; a share that is not nothing is always seen."""
    part = round(width * share)
    if 0.0 < share < 1.0:
        part = min(max(part, 1), width - 1)
    return f"{stable} {'#' * (width - part)}{'-' * part} {candidate}"


def running(service: Plain) -> Plain | None:
    """The deployment that has not ended, if there is one."""
    deployment = service.get("deployment")
    return None if deployment is None or deployment["phase"] in ENDED else deployment


def share_now(service: Plain) -> float:
    """The candidate's share of users at this moment, a divert's cut included."""
    return float(service["exposure"]["weight"])


def phase(deployment: Plain) -> str:
    """The phase with its soak and what comes next: `soaking 6:40 of 15:00, then 100 %`."""
    name = str(deployment["phase"])
    words = spoken(name)
    if name == "shifting":
        return f"{words} to {weight(deployment['declared']['weight'])}"
    if name not in TIMED:
        return words
    return f"{words} {stopwatch(deployment['soaked'])} of {stopwatch(deployment['soak_wanted'])}{_then(deployment)}"


def _then(deployment: Plain) -> str:
    if deployment["phase"] == "baking":
        return ", then promoted"
    following = deployment["steps"][deployment["step"] + 1 :]
    return f", then {weight(following[0]['weight'])}" if following else ""


def exposure(service: Plain, candidate: str) -> str:
    """What the candidate has now and what it costs: `50 % of users are on green (12 requests/s, about 4 errors/s)`."""
    seen = service["exposure"]
    if not seen["weight"]:
        return f"no new request goes to {candidate}"
    cost = per_second(seen["candidate_per_second"], "requests")
    if seen["failures_per_second"] >= 0.05:  # noqa: PLR2004 - below it would read as 0
        cost += f", about {per_second(seen['failures_per_second'], 'errors')}"
    share = "all" if seen["weight"] == 1.0 else f"{weight(seen['weight'])} of"
    return f"{share} users are on {candidate} ({cost})"


class Held(NamedTuple):
    """One reason why progression stands still."""

    hold: str
    why: str
    way: str
    """How it ends."""


def holds(name: str, deployment: Plain) -> list[Held]:
    """Why progression stands still; nothing once a rollback is ordered."""
    if deployment["phase"] in ROLLBACK:
        return []
    return [
        Held(
            each["hold"],
            *held(each["hold"], each["reason"], each["detail"], service=name, stable=deployment["stable"]),
        )
        for each in deployment["holds"]
    ]


def block(deployment: Plain) -> str:
    """Why a wanted rollback is not done; empty when none is blocked."""
    wanted = deployment["wanted"]
    if wanted is None or wanted["blocked"] is None:
        return ""
    if wanted["blocked"] == "writes_on_candidate" and deployment["wrote"] is not None:
        return readiness.wrote(deployment)
    detail = next((each["detail"] for each in deployment["holds"] if each["hold"] == "interlock"), "")
    return blocked(wanted["blocked"], detail, deployment["stable"])


def suspended(deployment: Plain, zone: tzinfo | None = None) -> str:
    """What a divert does at the moment; empty without one."""
    divert = deployment["divert"]
    if divert is None:
        return ""
    if divert["trial_until"] is not None:
        return f"{deployment['candidate']} is on trial until {clock(divert['trial_until'], zone)}"
    until = "a human resumes" if divert["until"] is None else clock(divert["until"], zone)
    return f"{deployment['candidate']} is cut off on suspicion until {until}"


def held_at(deployment: Plain) -> str:
    """That a human keeps users from the candidate: `green is held at 10 % instead of 50 %`; or empty."""
    if deployment["held_at"] is None:
        return ""
    step = deployment["steps"][max(deployment["step"], 0)]["weight"]
    return f"{deployment['candidate']} is held at {weight(deployment['held_at'])} instead of {weight(step)}"


def routes_cut(deployment: Plain) -> str:
    """The routes whose users a human keeps from the candidate: `users of login stay on blue`; or empty."""
    routes = ", ".join(deployment["routes_cut"])
    return f"users of {routes} stay on {deployment['stable']}" if routes else ""


def waiver(deployment: Plain, rule: str, zone: tzinfo | None = None) -> str:
    """That a rule is taken out, as the end of a sentence: `is waived by ada until 02:30:00 ...: reason`; or empty."""
    found = next((each for each in deployment["waived"] if each["rule"] == rule), None)
    return "" if found is None else f"is waived {_waived_by(found, zone)}"


def waivers(deployment: Plain, zone: tzinfo | None = None) -> str:
    """Every rule that counts for nothing now, with who, until when and why; empty without any."""
    return "; ".join(f"{each['rule']} is waived {_waived_by(each, zone)}" for each in deployment["waived"])


def _waived_by(each: Plain, zone: tzinfo | None) -> str:
    return f"by {each['by']} until {moment(each['until'], zone)}: {each['because']}"


ASKED: Final[Mapping[str, str]] = {
    "rollback": "asked to roll back",
    "freeze": "asked to freeze",
    "escalate": "called a human",
}
"""What an observing rule would have done."""


def would_have(deployment: Plain, zone: tzinfo | None = None) -> list[str]:
    """What observing rules would have done: `p95-metric (observe): would have asked to roll back at 12:03:20`."""
    told = []
    for each in deployment["would_have"]:
        asked = ASKED.get(each["ask"], spoken(each["ask"]))
        again = f" ({each['times']} times, last at {clock(each['last'], zone)})" if each["times"] > 1 else ""
        told.append(f"{each['rule']} (observe): would have {asked} at {clock(each['first'], zone)}{again}")
    return told


def causes(service: Plain, names: list[str], *, candidate: str) -> str:
    """What these rules saw, as a clause; their names when nothing more is known."""
    known = [rules.about(service["rules"], name, candidate) for name in names]
    told = [rules.trouble(each) for each in known if each is not None]
    return ", ".join(told) or ", ".join(names)


def ending(service: Plain, deployment: Plain, *, zone: tzinfo | None = None) -> list[str]:
    """How a deployment ended, in one sentence and what is worth knowing after it."""
    what = f"{service['name']} {deployment['release']}"
    match deployment["phase"]:
        case "promoted":
            return _promoted(service, deployment, what)
        case "rolled_back":
            return _rolled_back(service, deployment, what, zone)
        case _:
            return _aborted(deployment, what)


def _promoted(service: Plain, deployment: Plain, what: str) -> list[str]:
    kept = duration(service["keep_stable"])
    return [
        f"{what} is promoted: {deployment['candidate']} is stable from here on.",
        f"{deployment['stable']} is kept ready for {kept}; back with: {PROGRAM} rollback {service['name']}",
    ]


def _rolled_back(service: Plain, deployment: Plain, what: str, zone: tzinfo | None) -> list[str]:
    rollback = deployment["rollback"] or {"by": "", "rules": [], "braked": None, "proved": None}
    cause = causes(service, rollback["rules"], candidate=deployment["candidate"])
    by = f"ordered by {rollback['by']}" if rollback["by"] else ""
    why = "; ".join(part for part in (by, cause) if part)
    at = rollback["braked"] or rollback["proved"]
    since = f" since {moment(at, zone)}" if at is not None else ""
    lines = [
        f"{what} was rolled back{f': {why}' if why else ''}.",
        f"All traffic is on {deployment['stable']}{since}, proved. {PROGRAM} explain {service['name']}",
    ]
    if deployment["release"] in service["known_bad"]:
        forgive = f'{PROGRAM} forgive {deployment["release"]} --because "..."'
        lines.append(f"{deployment['release']} will not be accepted again until: {forgive}")
    return lines


def _aborted(deployment: Plain, what: str) -> list[str]:
    failed = [each for each in deployment["checks"] if not each["ok"]]
    lines = [f"{what} was aborted before any user was moved."]
    return lines + [f"  {each['name']}: {each['detail'] or 'did not hold'}" for each in failed]
