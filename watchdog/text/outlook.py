"""How long until a fault is found, in words: for `check`, `status`, `explain` and the start of a deployment.

What lives here: pure functions over plain data. What must not: the estimates (`watchdog.core.outlook`). A time that is
not within the deployment is None.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from watchdog.text.quantities import duration, number, per_second, percent

Plain: TypeAlias = Mapping[str, Any]

NEVER: Final = "never"
TOO_LATE: Final = "!"
"""Beyond level 1's 30 s."""

PROBES: Final = "a synthetic source at 2/s, which finds 50 % and more broken in time at any traffic"
"""STATS 3.7: such a source is what 2 requests/s are."""

PIECES: Final[Mapping[str, str]] = {
    "scrape": "{} scrape",
    "window": "{} window",
    "poll": "{} poll",
    "timeout": "{} timeout",
    "row": "{} for a row",
    "evidence": "{} evidence",
    "ride_out": "{} ride-out",
    "for": "for {}",
    "switch": "{} switch",
}
"""What a delay is made of."""

CAVEATS: Final[Mapping[str, str]] = {
    "value": "counted from when the value is beyond its limit",
    "leak": "counted from when the leak begins",
    "needs_stable": "cannot say without users on stable",
    "too_few": "too few requests for min_events",
    "too_small": "not made to find so small a fault",
    "no_ride_out": "a blip inside one reading can fire it",
    "sees_no_hang": "a request that hangs is counted when it ends",
}
"""What an estimate does not cover."""

WAYS: Final[Mapping[str, str]] = {
    "scrape": "use the access log instead of a scrape",
    "poll": "poll more often",
    "window": "a shorter window",
    "for": "a shorter for",
    "row": "a shorter poll or a smaller fall",
    "timeout": "a shorter timeout",
    "ride_out": "a shorter ride_out",
    "evidence": f"a larger first weight, or {PROBES}",
}
"""What would make a delay shorter, by its longest part."""


def span(delay: Plain) -> str:
    """Typical and worst: `41 s / 73 s`."""
    typical, worst = delay["typical"], delay["worst"]
    if typical is None:
        return NEVER
    return f"{duration(typical)} / {NEVER if worst is None else duration(worst)}"


def parts(delay: Plain) -> str:
    """What the worst case is made of: `15 s scrape + 5.0 s poll + for 15 s`."""
    told = [PIECES[each["piece"]].format(duration(each["worst"])) for each in delay["parts"] if each["worst"]]
    return " + ".join(told)


def caveats(names: Iterable[str]) -> str:
    """What the estimate does not cover, as one clause."""
    return "; ".join(CAVEATS[name] for name in names)


def way(delay: Plain) -> str:
    """What would make it shorter."""
    longest = max(delay["parts"], key=lambda each: float("inf") if each["worst"] is None else float(each["worst"]))
    return WAYS.get(str(longest["piece"]), "")


def sentence(outlook: Plain, candidate: str) -> str:
    """At the measured traffic: `at 3 requests/s on green: 50 % broken is found in ~9.3 s, 20 % in ~40 s, ...`."""
    found = [_found(each, first=index == 0) for index, each in enumerate(outlook["findings"])]
    return f"at {per_second(outlook['rate'], 'requests')} on {candidate}: {', '.join(found)}"


def _found(finding: Plain, *, first: bool) -> str:
    share = percent(finding["share"])
    if finding["typical"] is None:
        return f"{share} not within the deployment"
    return f"{share} {'broken is found ' if first else ''}in ~{duration(finding['typical'])}"


def remedy(outlook: Plain, candidate: str) -> str:
    """What to do where level 1's 30 s is out of reach; empty where it is not."""
    if outlook["in_time"]:
        return ""
    aim, within, needed = percent(outlook["aim"]), duration(outlook["within"]), outlook["needed"]
    if needed is None:
        return f"{aim} broken is not found within {within} at any traffic; check says what would help"
    said = f"{aim} broken within {within} takes {number(needed)} requests/s on {candidate}"
    return f"{said}: more users sooner" if outlook["asks_itself"] else f"{said}: more users sooner, or {PROBES}"


def lines(deployment: Plain) -> list[str]:
    """The outlook of a deployment under way and its remedy; nothing before its traffic is known."""
    outlook = deployment.get("outlook")
    if outlook is None:
        return []
    told = sentence(outlook, deployment["candidate"])
    what = remedy(outlook, deployment["candidate"])
    return [f"{told}.", f"{what}."] if what else [f"{told}."]
