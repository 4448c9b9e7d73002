"""What a rule saw, in words: from one entry of `rules` in the view to a clause, a sentence, a line of a screen.

What lives here: pure functions over the view's plain data. What must not: arithmetic on evidence (the lower bound is
handed in), the core's values.
"""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from typing import Any, TypeAlias

from watchdog.text.quantities import clock, count, duration, number, percent

Rule: TypeAlias = Mapping[str, Any]

RATIO = "sequential_ratio"
PROBE = "probe"

OTHER = {"blue": "green", "green": "blue"}


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


def did(rule: Rule) -> str:
    """What the bad requests did: `failed`."""
    return {"errors": "failed", "slow": "were slow"}.get(_base(rule)[0], "were bad")


def does(rule: Rule) -> str:
    """What they do now: `fail`."""
    return {"errors": "fail", "slow": "are slow"}.get(_base(rule)[0], "are bad")


def where(rule: Rule) -> str:
    """Whose requests: ` to green on route login`."""
    route = _base(rule)[1]
    colour = f" to {rule['colour']}" if rule["colour"] else ""
    return f"{colour} on route {route}" if route else colour


def suffered(rule: Rule) -> str:
    """What it did to users: `36 saw an error`."""
    verb = {"errors": "saw an error", "slow": "waited too long"}.get(_base(rule)[0], "were affected")
    return f"{rule['bad']:,.0f} {verb}"


def trouble(rule: Rule) -> str:
    """The present trouble as a clause: `31 % of requests on green fail`."""
    colour = f" on {rule['colour']}" if rule["colour"] else ""
    if rule["kind"] == RATIO and rule["total"]:
        route = _base(rule)[1]
        return f"{percent(share(rule))} of requests{colour}{f' to {route}' if route else ''} {does(rule)}"
    if rule["kind"] == PROBE:
        return f"{rule['name']} fails{colour} ({count(rule['in_a_row'], 'time')} in a row)"
    return f"rule {rule['name']} fires{colour}"


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
    if rule["kind"] != RATIO:
        return f"{rule['name']}: {_value(rule)}, fires when {when(rule)}."
    return _ratio(rule, at_least, zone, now)


def _ratio(rule: Rule, at_least: float, zone: tzinfo | None, now: float | None) -> str:
    if not rule["total"]:
        return f"{rule['name']}: nothing bad is counted, limit {percent(rule['limit'])}."
    since = f" since {clock(rule['onset'], zone, now=now)}" if rule["onset"] is not None else ""
    bound = f" at least {percent(at_least)} (99.9 % anytime confidence)," if at_least > 0.0 else ""
    own = f"{rule['name']}: {rule['bad']:,.0f} of {count(rule['total'], 'request')}{where(rule)} {did(rule)}{since};"
    beside = (
        f" {OTHER[rule['colour']]}: {rule['other_bad']:,.0f} of {rule['other_total']:,.0f}."
        if rule["other_total"] and rule["colour"]
        else ""
    )
    return f"{own}{bound} limit {percent(rule['limit'])}.{beside}"


def _with_detail(text: str, rule: Rule) -> str:
    return f"{text}, last: {rule['last_detail']}" if rule["last_detail"] else text


def _value(rule: Rule) -> str:
    value = rule["last_value"]
    return "no value yet" if value is None else number(value)


def when(rule: Rule) -> str:
    """What makes a threshold fire."""
    lasting = f" for {duration(rule['for'])}" if rule.get("for") else ""
    return f"{rule.get('when', 'beyond its limit')}{lasting}"


def state(rule: Rule) -> str:
    """One word: how the rule stands."""
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
    if rule["judgement"] == "not_applicable" and rule["level"] == "inactive":
        return f"{rule['colour'] or 'the service'} has no users to judge"
    if rule["kind"] == RATIO:
        return _ratio_line(rule)
    if rule["kind"] == PROBE:
        return _probe_line(rule, zone)
    return f"{_value(rule)}, fires when {when(rule)}"


def _ratio_line(rule: Rule) -> str:
    limit = f"limit {percent(rule['limit'])}"
    on = f" on {rule['colour']}" if rule["colour"] else ""
    if not rule["total"]:
        return f"nothing bad{on}, {limit}"
    return f"{rule['bad']:,.0f} of {rule['total']:,.0f}{on} {did(rule)} ({percent(share(rule))}), {limit}"


def _probe_line(rule: Rule, zone: tzinfo | None) -> str:
    if not rule["in_a_row"]:
        return "passes" if rule["last_value"] is not None else "not asked yet"
    at = f" ({clock(rule['since'], zone)})" if rule["level"] != "inactive" and rule["since"] is not None else ""
    return _with_detail(f"{count(rule['in_a_row'], 'failure')} in a row, {rule['fall']} decide", rule) + at
