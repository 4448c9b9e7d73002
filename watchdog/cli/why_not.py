"""`explain --why-not` in lines: why nothing is rolled back at this moment.

What lives here: the order of the screen and its sentences. What must not: talking to the daemon, the story (`stories`).
"""

import math
from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, TypeAlias

from watchdog.cli import situation, tables
from watchdog.cli.stories import NARROW, not_considered
from watchdog.deploy.terminal import wrap
from watchdog.text import deployment as words
from watchdog.text import gauges, outlook, policy, readiness, rules
from watchdog.text.quantities import clock, count
from watchdog.text.reasons import rollback_by_hand, spoken

Plain: TypeAlias = Mapping[str, Any]


def why_not(view: Plain, service: Plain, width: int, zone: tzinfo | None = None) -> list[str]:
    """The screen of `explain --why-not`: the answer first, then what every rule has."""
    deployment = service["deployment"]
    name = service["name"]
    if words.running(service) is None:
        last = f"; {deployment['release']} {spoken(deployment['phase'])}" if deployment else ""
        return wrap(f"{name}: nothing is under way, so there is nothing to roll back{last}.", width)
    lines = wrap(f"{name} {deployment['release']}: {_answer(view, service, deployment, zone)}", width, "  ")
    rows = [_now(each, zone) for each in service["rules"] if each["colour"] in (deployment["candidate"], None)]
    if rows:
        header = ("rule", "state", "since", "bad", "total", "evidence", "needed", "asks for")
        table = [header, *rows]
        if width < NARROW:  # what remains says how far it is; `status` has the rest
            table = [(row[0], row[1], *row[3:-1]) for row in table]
        lines += ["", *tables.aligned(table)]
    lines += [
        "",
        *wrap(f"Now {words.exposure(service, deployment['candidate'])}; {readiness.level_1(service, zone)}.", width),
    ]
    around = situation.switched_off(service, zone)
    lines += [line for text in around for line in wrap(f"{text[:1].upper()}{text[1:]}.", width)]
    lines += [line for text in _kept(service, deployment) for line in wrap(f"{text[:1].upper()}{text[1:]}.", width)]
    lines += [line for text in outlook.lines(deployment) for line in wrap(f"{text[:1].upper()}{text[1:]}", width)]
    left_out = _left_out(view, service, deployment)
    return [*lines, *wrap(not_considered(left_out, zone), width)]


def _kept(service: Plain, deployment: Plain) -> list[str]:
    """What keeps users from the candidate, and what would keep a rollback from working."""
    lost = readiness.not_ready(service, 0.0) if service["parachute"]["lost"] else ""
    ready = f"a rollback would not work as prepared ({lost}); it is tried all the same" if lost else ""
    return [text for text in (words.held_at(deployment), words.routes_cut(deployment), ready) if text]


def _answer(view: Plain, service: Plain, deployment: Plain, zone: tzinfo | None) -> str:
    """The one reason that stands first."""
    name, phase = service["name"], deployment["phase"]
    said = words.block(deployment)
    if phase in ("rolling_back", "verifying", "rollback_failed"):
        return f"it is being rolled back ({spoken(phase)})."
    if said:
        return f"proof is there and {said}. {rollback_by_hand(name, deployment['wanted']['blocked'])}"
    if deployment["wanted"] is not None:
        return "a rollback is wanted; it waits for stable to answer a direct probe (2 s at most)."
    if view["stopped"]:
        return f"the line is stopped by {view['stopped']['by']} ({view['stopped']['because']})."
    if phase not in words.WATCHED:
        return f"nobody is on {deployment['candidate']} yet ({spoken(phase)})."
    if service["firing"]:
        wanted = policy.words(service["policy"])
        return f"{', '.join(service['firing'])} fires, and the policy wants {wanted}."
    off = readiness.off(service, zone)
    if off and not deployment["armed"]:
        return f"{off}."
    no_proof = _no_proof(service, deployment, zone)
    return f"{no_proof} If it had, nothing would be done by itself: {off}." if off else no_proof


def _no_proof(service: Plain, deployment: Plain, zone: tzinfo | None) -> str:
    if service["verdict"] == "blind":
        return f"{', '.join(service['blind'])} cannot be judged; nothing is rolled back because of blindness."
    suspected = words.suspended(deployment, zone)
    if suspected:
        return f"there is suspicion and no proof; {suspected}."
    deciding = [each for each in service["rules"] if each["decides"] and each["on_fire"] == "rollback"]
    strongest = max(deciding, key=_how_near, default=None)
    if strongest is None:
        return "no rule asks for a rollback."
    return f"no rule has proof. The nearest is {strongest['name']}: {_distance(strongest)}."


def _how_near(rule: Plain) -> float:
    """How much of what is needed is there, 0 to 1."""
    if rule["kind"] in rules.SEQUENTIAL:
        return float(max(0.0, rule["log_e"] or 0.0) / -math.log(rule["alpha"]))
    return float(rule["in_a_row"] / rule["fall"]) if rule["kind"] == rules.PROBE else 0.0


def _distance(rule: Plain) -> str:
    if rule["kind"] in rules.SEQUENTIAL:
        needed = tables.evidence(-math.log(rule["alpha"]))
        counted = f"{rule['bad']:,.0f} bad of {rule['total']:,.0f}"
        counted = count(rule["bad"], "event") if rule["kind"] == rules.COUNT else counted
        return f"{counted}, evidence {tables.evidence(rule['log_e'])} of {needed}"
    if rule["kind"] == rules.PROBE:
        return f"{count(rule['in_a_row'], 'failure')} in a row of {rule['fall']}"
    return rules.line(rule, required=True, silent_for=None)


def _now(rule: Plain, zone: tzinfo | None) -> tuple[str, ...]:
    since = clock(rule["onset"], zone) if rule["onset"] is not None else ""
    asks = str(rule["on_fire"])
    if rule["kind"] in rules.SEQUENTIAL:
        total = "" if rule["kind"] == rules.COUNT else f"{rule['total']:,.0f}"
        counts = (f"{rule['bad']:,.0f}", total)
        proof = (tables.evidence(rule["log_e"]), tables.evidence(-math.log(rule["alpha"])))
    elif rule["kind"] == rules.PROBE:
        counts, proof = (f"{rule['in_a_row']}", ""), ("", f"{rule['fall']}")
    else:
        value = "" if rule["last_value"] is None else gauges.value(rule)
        counts, proof = (value, ""), ("", gauges.when(rule))
    return (rule["name"], rules.state(rule), since, *counts, *proof, asks)


def _left_out(view: Plain, service: Plain, deployment: Plain) -> dict[str, Any]:
    own = [each for each in service["rules"] if each["colour"] in (deployment["candidate"], None)]
    return {
        "waived": deployment["waived"],
        "observed_only": [each["name"] for each in own if each["on_fire"] == "observe"],
        "unknown": [each["name"] for each in own if each["judgement"] == "unknown"],
        "without_traffic": [each["name"] for each in own if each["judgement"] == "not_applicable"],
        "stopped": view["stopped"],
    }
