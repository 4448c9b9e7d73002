"""What rules on gauges saw, in words: a value and its limit, what is usual, where a line leads.

What lives here: pure functions over one entry of `rules` in the view. What must not: other kinds of rule (`rules`).
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from watchdog.text.quantities import count, duration, quantity, size

Rule: TypeAlias = Mapping[str, Any]

THRESHOLD: Final = "threshold"
SPIKE: Final = "spike"
TREND: Final = "trend"
GAUGES: Final = frozenset({THRESHOLD, SPIKE, TREND})

FAR_S: Final = 7_200.0
"""What is further ahead is told per hour."""


def value(rule: Rule) -> str:
    """The last value in its unit."""
    seen = rule["last_value"]
    return "no value yet" if seen is None else quantity(seen, rule["unit"])


def limit(rule: Rule) -> str:
    """The limit in its unit."""
    return quantity(rule["limit"], rule["unit"])


def when(rule: Rule) -> str:
    """What makes the rule fire: `> 2 s for 15 s`."""
    lasting = f" for {duration(rule['for'])}" if rule["for"] else ""
    match rule["kind"]:
        case "spike":
            least = rule["beyond"] if rule.get("beyond") is not None else rule["floor"]
            return f"> {quantity(least, rule['unit'])}{lasting}"
        case "trend":
            return f"it reaches {limit(rule)} within {duration(rule['horizon'])}{lasting}"
        case _:
            some = f" in {rule['matches']} of {rule['out_of']} readings" if rule.get("out_of") else ""
            return f"{rule['op']} {limit(rule)}{lasting}{some}"


def trouble(rule: Rule, name: str) -> str:
    """The present trouble as a clause; `name` is the rule's, with its colour."""
    if rule["last_value"] is None:
        return f"rule {name} fires"
    match rule["kind"]:
        case "spike" if rule["usual"] is not None:
            return f"{name} is {value(rule)}, usually {quantity(rule['usual'], rule['unit'])}"
        case "trend" if rule["reaches_in"] is not None:
            return f"{name} {_leads(rule)}"
        case _:
            least = rule["floor"] if rule["kind"] == SPIKE else rule["limit"]
            return f"{name} is {value(rule)}, limit {quantity(least, rule['unit'])}"


def line(rule: Rule) -> str:
    """What `status` says beside the rule's state."""
    match rule["kind"]:
        case "spike":
            return _spike_line(rule)
        case "trend":
            return f"{value(rule)}, {_way(rule)}"
        case _:
            return f"{value(rule)}{_counted(rule)}, fires when {when(rule)}"


def evidence(rule: Rule) -> str:
    """What speaks for the rule's state, as a sentence."""
    on = f" on {rule['colour']}" if rule["colour"] else ""
    said = f"{rule['name']}: {value(rule)}{on}"
    match rule["kind"]:
        case "spike" if rule["usual"] is not None:
            usual, readings = quantity(rule["usual"], rule["unit"]), count(rule["readings"], "reading")
            return f"{said}, usually {usual} (middle of {readings} before the deployment), fires when {when(rule)}."
        case "spike":
            return f"{said}; {_no_baseline(rule)}."
        case "trend":
            return f"{said}, {_way(rule)}; fires when {when(rule)}."
        case _:
            return f"{said}{_counted(rule)}, fires when {when(rule)}."


def _counted(rule: Rule) -> str:
    """The counts behind a share."""
    if not rule["total"]:
        return ""
    return f" ({rule['bad']:,.0f} of {rule['total']:,.0f} in the last {duration(rule['over'])})"


def _spike_line(rule: Rule) -> str:
    if rule["usual"] is None:
        return f"{value(rule)}; {_no_baseline(rule)}"
    return f"{value(rule)}, usually {quantity(rule['usual'], rule['unit'])}, fires when {when(rule)}"


def _no_baseline(rule: Rule) -> str:
    """Why nothing is usual yet."""
    return f"what is usual is not known: {rule['readings']} of {rule['min_readings']} readings before the deployment"


def _way(rule: Rule) -> str:
    """Where the gauge's line leads: `grows by 12 MiB per minute, reaches 2 GiB in about 14 min`."""
    if rule["usual"] is None:
        return f"too few readings for a slope, limit {limit(rule)}"
    if rule["slope"] is None:
        return _leads(rule) if rule["reaches_in"] == 0.0 else f"no clear slope, limit {limit(rule)}"
    moves = "grows" if rule["slope"] > 0.0 else "falls"
    far = rule["reaches_in"] is None or rule["reaches_in"] > FAR_S
    unit, span = ("hour", 3_600.0) if far else ("minute", 60.0)
    return f"{moves} by {_change(abs(rule['slope']) * span, rule['unit'])} per {unit}, {_leads(rule)}"


def _change(amount: float, unit: str) -> str:
    """A change; one of a plain number below 0.1 keeps two digits that say something."""
    if unit == "size":
        return size(amount)
    return f"{amount:.2g}" if unit == "number" and amount < 0.1 else quantity(amount, unit)  # noqa: PLR2004 - named above


def _leads(rule: Rule) -> str:
    if rule["reaches_in"] is None:
        return f"away from {limit(rule)}"
    if rule["reaches_in"] == 0.0:
        return f"is at {limit(rule)} now"
    return f"reaches {limit(rule)} in about {duration(rule['reaches_in'])}"
