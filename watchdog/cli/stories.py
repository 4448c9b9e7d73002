"""`explain` in lines: the story of a deployment.

What lives here: the order of the screen and its sentences. What must not: talking to the daemon, columns (`tables`),
the present moment (`why_not`).
"""

import operator
from collections.abc import Iterator, Mapping
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from watchdog.cli import tables
from watchdog.deploy.terminal import wrap
from watchdog.notify.words.facts import at_least
from watchdog.text import deployment as words
from watchdog.text import rules
from watchdog.text.quantities import clock, count, duration, moment, weight
from watchdog.text.reasons import blocked, held, passed, spoken

Plain: TypeAlias = Mapping[str, Any]

NARROW: Final = 80
TYPED: Final[Mapping[str, str]] = {
    "hold-at": "hold",
    "divert-route": "divert",
    "rehearse": "a rehearsal",
    "acknowledge": "ack",
}
"""Orders whose command line has another name."""

LEVELS: Final = ("firing", "recovering", "pending")
"""Without a decision these rules are shown."""


def told(story: Plain, width: int, zone: tzinfo | None = None) -> list[str]:
    """The screen of `explain`."""
    deployment = story["deployment"]
    if deployment is None:
        return [f"{story['service']} has had no deployment yet."]
    lines = wrap(_first(story, deployment, zone), width, "  ")
    for rule in _that_mattered(story):
        rows = tables.rows_of(rule, zone, narrow=width < NARROW)
        counted = _counted(rule, zone)
        said = [f"  {line}" for line in wrap(counted, width - 2)] if counted else []
        lines += ["", *wrap(tables.head(rule), width, "  "), *said, *(f"  {row}" for row in rows)]
    for title, part in (
        ("interlocks", _interlocks(story, deployment, zone)),
        ("diverts", _diverts(story, zone)),
        ("waived", _waivers(story, zone)),
        ("observed only", _observed(story, zone)),
        ("watch", _watch(story, zone)),
        ("effects", _effects(story, deployment, zone)),
        ("phases", _phases(story, deployment, zone)),
        ("people", _people(story, zone)),
    ):
        texts = list(part)
        if texts:
            lines += ["", title, *(f"  {line}" for text in texts for line in wrap(text, width - 2, " " * 10))]
    return [*lines, "", *wrap(not_considered(story["not_considered"], zone), width)]


def _first(story: Plain, deployment: Plain, zone: tzinfo | None) -> str:
    phase = spoken(deployment["phase"])
    since = moment(deployment["ended"] or deployment["phase_since"], zone)
    decided = story["decided"]
    why = ""
    if decided is not None:
        by = f"ordered by {decided['by']}" if decided["by"] else ""
        why = "; ".join(part for part in (by, ", ".join(decided["rules"])) if part)
    if why and deployment["phase"] not in words.ROLLBACK:
        return f"{story['service']} {deployment['release']} is {phase} since {since}; a rollback is wanted: {why}."
    because = f", because: {why}" if why else ""
    return f"{story['service']} {deployment['release']} is {phase} since {since}{because}."


def _that_mattered(story: Plain) -> list[Plain]:
    """The rules behind the decision; without one, those that are not quiet."""
    decided = story["decided"]
    if decided is not None and decided["rules"]:
        return [each for each in story["rules"] if each["name"] in decided["rules"]]
    return [each for each in story["rules"] if each["rows"] and each["rows"][-1]["level"] in LEVELS]


def _counted(rule: Plain, zone: tzinfo | None) -> str:
    """What was counted since the onset, and how large the share is at least; empty for kinds that count no share."""
    if rule["kind"] not in rules.SHARES or not rule["rows"]:
        return ""
    seen = {**rule, **rule["rows"][-1]}
    return rules.evidence(seen, at_least=at_least(seen), zone=zone).removeprefix(f"{rule['name']}: ")


def _interlocks(story: Plain, deployment: Plain, zone: tzinfo | None) -> Iterator[str]:
    for each in story["interlocks"]:
        at, stable = clock(each["at"], zone), deployment["stable"]
        if not each["interlock"]:
            yield f"{at}  the block is gone ({spoken(each['detail'])})"
        elif each["passed"]:
            yield f"{at}  {passed(each['interlock'], each['detail'], stable)}"
        else:
            yield f"{at}  BLOCKED: {blocked(each['interlock'], each['detail'], stable)}"


def _diverts(story: Plain, zone: tzinfo | None) -> Iterator[str]:
    for each in story["diverts"]:
        at = clock(each["at"], zone)
        until = f" until {clock(each['until'], zone)}" if each.get("until") is not None else ""
        match each["what"]:
            case "cut":
                end = until or " until a human resumes"
                because = f" ({', '.join(each['rules'])})" if each["rules"] else ""
                yield f"{at}  divert {each['number']}: cut off{end}{because}"
            case "blocked":
                yield f"{at}  no divert: {blocked(each['reason'], each['detail'], 'stable')}"
            case "trial":
                yield f"{at}  let in again for a trial{until}"
            case _:
                ends = {"trial_passed": "passed", "rule_suspicious": "ended in suspicion"}
                yield f"{at}  the trial {ends.get(each['reason'], spoken(each['reason']))}"


def _waivers(story: Plain, zone: tzinfo | None) -> Iterator[str]:
    for each in story["waivers"]:
        at = clock(each["at"], zone)
        if each["until"] is None:
            by = f" (by {each['by']})" if each["by"] else ""
            yield f"{at}  {each['rule']} counts again{by}"
        else:
            yield f"{at}  {each['rule']} waived by {each['by']} until {clock(each['until'], zone)}: {each['because']}"


def _observed(story: Plain, zone: tzinfo | None) -> Iterator[str]:
    for each in story["observed"]:
        asked = words.ASKED.get(each["ask"], spoken(each["ask"]))
        yield f"{clock(each['at'], zone)}  {each['rule']} would have {asked}"


def _watch(story: Plain, zone: tzinfo | None) -> Iterator[str]:
    """What made the watch another one, and what hands did."""
    for each in story["watch"]:
        yield f"{clock(each['at'], zone)}  {_watched(each, zone)}"


def _watched(each: Plain, zone: tzinfo | None) -> str:
    match each["what"]:
        case "disarmed":
            return f"disarmed by {each['by']} until {clock(each['until'], zone)}: {each['because']}"
        case "armed":
            return f"armed again{' by ' + each['by'] if each['by'] else ': the time was over'}"
        case "parachute_lost":
            return f"a rollback would not have worked any more: {each['detail']}"
        case "parachute_regained":
            return "a rollback would have worked again"
        case _:
            why = f": {each['because']}" if each["because"] else ""
            return f"{each['task']} done by hand, says {each['by'] or 'somebody'}{why}"


def _effects(story: Plain, deployment: Plain, zone: tzinfo | None) -> Iterator[str]:
    for each in story["effects"]:
        yield f"{clock(each['ordered'], zone)}  {_effect(each, deployment)}: {_outcome(each)}"


EFFECTS: Final[Mapping[str, str]] = {
    "prepare": "prove that a rollback would work",
    "pull_brake": "cut {candidate} off on suspicion",
    "release_brake": "let {candidate} in again",
    "prove": "show by live traffic that {stable} alone answers",
}


def _effect(effect: Plain, deployment: Plain) -> str:
    candidate, stable = deployment["candidate"], deployment["stable"]
    match effect["kind"]:
        case "set_traffic":
            return _move(effect, candidate, stable)
        case "run_hook":
            return f"run hook {effect['hook']}"
        case "cut_route":
            where = f"keep users of {effect['route']} on {stable}"
            return where if effect["cut"] else f"let users of {effect['route']} go to {candidate} again"
        case "drain_candidate":
            return f"wait until nothing is open on {candidate}, {duration(effect['within'])} at most"
        case "run_rehearsal":
            return "drill: every step of a rollback, without moving a user" if effect["drill"] else "preflight"
        case "notify":
            again = f", message {effect['repetition'] + 1}" if effect["repetition"] else ""
            about = effect["incident"].split("/")[1] if "/" in effect["incident"] else effect["incident"]
            return f"tell {', '.join(effect['contacts']) or 'nobody'} ({spoken(about)}{again})"
        case kind:
            return EFFECTS.get(str(kind), spoken(str(kind))).format(candidate=candidate, stable=stable)


def _move(effect: Plain, candidate: str, stable: str) -> str:
    if effect["brake"]:
        return f"cut {candidate} off, all traffic to {stable}"
    return (
        f"{candidate} takes the role of stable" if effect["promoted"] else f"{candidate} to {weight(effect['weight'])}"
    )


def _outcome(effect: Plain) -> str:
    outcome = effect["outcome"]
    if outcome is None:
        return "no outcome yet"
    took = duration(outcome["at"] - effect["ordered"])
    detail = f" ({outcome['detail']})" if outcome["detail"] else ""
    parts = [f"{'done' if outcome['ok'] else 'FAILED'} after {took}{detail}"]
    if outcome.get("braked") is not None:
        parts.append(f"cut off {duration(outcome['braked'] - effect['ordered'])} after the order")
    if outcome.get("open"):
        parts.append(f"{count(outcome['open'], 'connection')} still open")
    return "; ".join([*parts, *outcome.get("warnings", ())])


def _phases(story: Plain, deployment: Plain, zone: tzinfo | None) -> Iterator[str]:
    """Phases and holds as they came, in one order of time."""
    told = [(each["at"], _phase(each)) for each in story["phases"]]
    told += [(each["at"], _hold(each, story["service"], deployment["stable"])) for each in story["holds"]]
    for at, text in sorted(told, key=operator.itemgetter(0)):
        yield f"{clock(at, zone)}  {text}"


def _phase(change: Plain) -> str:
    detail = f" ({change['detail']})" if change["detail"] else ""
    return f"{spoken(change['to'])}: {spoken(change['reason'])}{detail}"


def _hold(change: Plain, service: str, stable: str) -> str:
    if not change["on"]:
        return f"hold {change['hold']} lifted: {spoken(change['reason'])}"
    why, _ = held(change["hold"], change["reason"], change["detail"], service=service, stable=stable)
    return f"held ({change['hold']}): {why}"


def _people(story: Plain, zone: tzinfo | None) -> Iterator[str]:
    for each in story["commands"]:
        because = f": {each['because']}" if each["because"] else ""
        about = f" {each['about']}" if each["about"] else ""
        typed = TYPED.get(each["kind"], each["kind"])
        yield f"{clock(each['at'], zone)}  {each['by'] or 'somebody'} ordered {typed}{about}{because}"


def not_considered(left_out: Plain, zone: tzinfo | None) -> str:
    """One sentence for what no decision leaned on."""
    waived = words.waivers(left_out, zone)
    parts = [waived] if waived else []
    for key, why in (
        ("observed_only", "observed only"),
        ("unknown", "unknown: nothing trustworthy came"),
        ("without_traffic", "no users to judge"),
    ):
        if left_out[key]:
            parts.append(f"{', '.join(left_out[key])} ({why})")
    if left_out["stopped"]:
        parts.append(f"anything, while the line was stopped by {left_out['stopped']['by']}")
    return f"Not considered: {'; '.join(parts)}." if parts else "Nothing was left out."
