"""What a rule saw, in words: from one entry of `rules` in the view to a clause, a sentence, a line of a screen.

What lives here: pure functions over the view's plain data. What must not: arithmetic on evidence (the lower bound is
handed in), the core's values.
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any, TypeAlias

from watchdog.text import gauges
from watchdog.text.quantities import clock, count, duration, number, percent, rate
from watchdog.text.reasons import OTHER

Rule: TypeAlias = Mapping[str, Any]

RATIO = "sequential_ratio"
VERSUS = "canary_vs_stable"
COUNT = "sequential_count"
PROBE = "probe"

SHARES = frozenset({RATIO, VERSUS})
"""Kinds that count bad requests of all."""
SEQUENTIAL = SHARES | {COUNT}
"""Kinds whose evidence is an e-value."""


def about(rules: Iterable[Rule], name: str, candidate: str) -> Rule | None:
    """The instance of that rule that speaks of the candidate, or of the service as a whole."""
    return next((each for each in rules if each["name"] == name and each["colour"] in (candidate, None)), None)


def share(rule: Rule) -> float:
    """The bad part of what was counted since the onset."""
    return float(rule["bad"]) / rule["total"] if rule["total"] else 0.0


def _base(rule: Rule) -> tuple[str, str]:
    """The signal without its route, and the route."""
    name, _, route = str(rule.get("signal", "")).partition("[")
    return name, route.rstrip("]")


def route(rule: Rule) -> str:
    """The route that it judges; empty for all of them."""
    return _base(rule)[1]


def did(rule: Rule) -> str:
    """What the bad requests did: `failed`."""
    return {"errors": "failed", "failures": "failed", "slow": "were slow"}.get(_base(rule)[0], "were bad")


def does(rule: Rule) -> str:
    """What they do now: `fail`."""
    return {"errors": "fail", "failures": "fail", "slow": "are slow"}.get(_base(rule)[0], "are bad")


def where(rule: Rule) -> str:
    """Whose requests: ` to green on route login`."""
    route = _base(rule)[1]
    colour = f" to {rule['colour']}" if rule["colour"] else ""
    return f"{colour} on route {route}" if route else colour


def of_users(rule: Rule) -> bool:
    """Whether users suffered what it counted; `failures` are those of our own requests."""
    return _base(rule)[0] != "failures"


def suffered(rule: Rule) -> str:
    """What it did to users: `36 saw an error`."""
    verb = {"errors": "saw an error", "slow": "waited too long"}.get(_base(rule)[0], "were affected")
    return f"{rule['bad']:,.0f} {verb}"


def trouble(rule: Rule) -> str:
    """The present trouble as a clause: `31 % of requests on green fail`."""
    colour = f" on {rule['colour']}" if rule["colour"] else ""
    if rule["kind"] in SHARES and rule["total"]:
        route = _base(rule)[1]
        beside = f", {percent(_others_share(rule))} on {OTHER[rule['colour']]}" if _compared(rule) else ""
        return f"{percent(share(rule))} of requests{colour}{f' to {route}' if route else ''} {does(rule)}{beside}"
    if rule["kind"] == COUNT and rule["bad"]:
        return f"{rule['name']}{colour}: {count(rule['bad'], 'event')}"
    if rule["kind"] == PROBE:
        return f"{rule['name']} fails{colour} ({count(rule['in_a_row'], 'time')} in a row)"
    if rule["kind"] in gauges.GAUGES:
        return gauges.trouble(rule, f"{rule['name']}{colour}")
    return f"rule {rule['name']} fires{colour}"


def _compared(rule: Rule) -> bool:
    """Whether the rule is about the difference between the colours and knows both."""
    return bool(rule["kind"] == VERSUS and rule["other_total"] and rule["colour"])


def _others_share(rule: Rule) -> float:
    return float(rule["other_bad"]) / rule["other_total"] if rule["other_total"] else 0.0


def evidence(
    rule: Rule,
    *,
    at_least: float = 0.0,
    zone: tzinfo | None = None,
    now: float | None = None,
) -> str:
    """What speaks against the candidate, with counts: a sentence for messages and `explain`.

    `at_least` is the lower bound on the true share, 0 when there is none.
    """
    if rule["kind"] == PROBE:
        said = f"{rule['name']}: {count(rule['in_a_row'], 'failure')} in a row, {rule['fall']} decide"
        return _with_detail(said, rule) + "."
    if rule["kind"] in gauges.GAUGES:
        return gauges.evidence(rule)
    if rule["kind"] == COUNT:
        return _count(rule, zone, now)
    return _ratio(rule, at_least, zone, now)


def allowed(rule: Rule) -> str:
    """What the rule allows: a share, a rate, or a ratio of two shares."""
    if rule["kind"] == VERSUS:
        return f"allowed {number(rule['margin'])} times {OTHER.get(rule['colour'], 'the other')}'s share"
    if rule["kind"] == COUNT:
        return f"limit {rate(rule['limit'], 'events')}"
    return f"limit {percent(rule['limit'])}"


def _count(rule: Rule, zone: tzinfo | None, now: float | None) -> str:
    on = f" on {rule['colour']}" if rule["colour"] else ""
    if not rule["bad"]:
        return f"{rule['name']}: nothing is counted{on}, {allowed(rule)}."
    since = f" since {clock(rule['onset'], zone, now=now)}" if rule["onset"] is not None else ""
    beside = f" {OTHER[rule['colour']]}: {rule['other_bad']:,.0f}." if rule["colour"] else ""
    return f"{rule['name']}: {count(rule['bad'], 'event')}{on}{since}; {allowed(rule)}.{beside}"


def _ratio(rule: Rule, at_least: float, zone: tzinfo | None, now: float | None) -> str:
    if not rule["total"]:
        return f"{rule['name']}: nothing bad is counted, {allowed(rule)}."
    since = f" since {clock(rule['onset'], zone, now=now)}" if rule["onset"] is not None else ""
    bound = f" at least {percent(at_least)} (99.9 % anytime confidence)," if at_least > 0.0 else ""
    own = f"{rule['name']}: {rule['bad']:,.0f} of {count(rule['total'], 'request')}{where(rule)} {did(rule)}{since};"
    beside = (
        f" {OTHER[rule['colour']]}: {rule['other_bad']:,.0f} of {rule['other_total']:,.0f}."
        if rule["other_total"] and rule["colour"]
        else ""
    )
    return f"{own}{bound} {allowed(rule)}.{beside}"


def _with_detail(text: str, rule: Rule) -> str:
    return f"{text}, last: {rule['last_detail']}" if rule["last_detail"] else text


def state(rule: Rule) -> str:
    """One word: how the rule stands."""
    if rule["waived"]:
        return "waived"
    if rule["judgement"] == "unknown":
        return "unknown"
    if rule["level"] != "inactive":
        return str(rule["level"])
    return {"not_applicable": "idle", "insufficient": "too few"}.get(rule["judgement"], "ok")


def line(rule: Rule, *, required: bool, silent_for: float | None, zone: tzinfo | None = None) -> str:
    """What `status` says beside a rule's state."""
    if rule["judgement"] == "unknown":
        advisory = "" if required else " (advisory)"
        since = f"no new sample for {duration(silent_for)}" if silent_for is not None else "nothing came yet"
        return f"{rule['source']}: {since}{advisory}"
    baseless = rule["kind"] == gauges.SPIKE and rule["usual"] is None
    if rule["judgement"] == "not_applicable" and rule["level"] == "inactive" and not baseless:
        return f"{rule['colour'] or 'the service'} has no users to judge"
    if rule["kind"] in gauges.GAUGES:
        return gauges.line(rule)
    return _probe_line(rule, zone) if rule["kind"] == PROBE else _counts_line(rule)


def _counts_line(rule: Rule) -> str:
    most = allowed(rule)
    on = f" on {rule['colour']}" if rule["colour"] else ""
    if rule["kind"] == COUNT:
        return f"{count(rule['bad'], 'event')}{on}, {most}" if rule["bad"] else f"nothing{on}, {most}"
    if not rule["total"]:
        return f"nothing bad{on}, {most}"
    beside = f", {OTHER[rule['colour']]} {percent(_others_share(rule))}" if _compared(rule) else ""
    return f"{rule['bad']:,.0f} of {rule['total']:,.0f}{on} {did(rule)} ({percent(share(rule))}){beside}, {most}"


def _probe_line(rule: Rule, zone: tzinfo | None) -> str:
    if not rule["in_a_row"]:
        return "passes" if rule["last_value"] is not None else "not asked yet"
    at = f" ({clock(rule['since'], zone)})" if rule["level"] != "inactive" and rule["since"] is not None else ""
    return _with_detail(f"{count(rule['in_a_row'], 'failure')} in a row, {rule['fall']} decide", rule) + at
