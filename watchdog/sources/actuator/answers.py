"""What one server's answers say: up or not, by component; a meter's number.

What lives here: reading of JSON as Spring Boot 2.2 and later has it. What must not: asking, several servers.

A health page answers with 200 or 503, or whatever the application maps its states to: its JSON tells. A meter that has
not been registered yet is a 404 without a body (Micrometer makes meters when they are first used); any other 404 comes
from somebody else than the metrics endpoint.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from watchdog.core.model import Missing, Seconds, Value
from watchdog.sources.actuator.client import Answer

WORDS_CHARACTERS = 120
"""Of an application's own error text; it is read on a telephone."""

NAMES_AT_MOST = 12

SHOW = "set management.endpoint.health.show-components=always, or when-authorized with a token"
EXPOSE = "is `path` right, and is {0} in management.endpoints.web.exposure.include?"

_DEEPEST = 5  # of components in components
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]")
_DENIED = (401, 403)
_NOT_FOUND = 404
_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Said:
    """A value with its words."""

    value: Value
    detail: str = ""
    since: Seconds | None = None
    """Of a count: where its interval begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One signal: a statistic of a meter."""

    name: str
    meter: str
    statistic: str
    tags: tuple[tuple[str, str], ...] = ()
    counter: bool = False
    """It only grows while the process runs: what counts is the increase."""
    absent_is_zero: bool = False
    """Of a counter: a meter that is not registered has counted nothing."""
    across: str = "max"
    """Of a gauge: what is made of several servers' values (max, sum, mean)."""
    unit: str = "any"
    """What rules compare it in."""


def statuses(body: Any) -> dict[str, Said]:
    """A health page's components by name, those inside others as `outer_inner`; an outer one's own name goes first."""
    return dict(reversed(list(_components(_mapping(body), "", 0))))


def health(answer: Answer) -> Said:
    """What the page says of the application as a whole."""
    status = _mapping(answer.body).get("status")
    if isinstance(status, str):
        return _status(status, _failing(answer.body))
    return Said(Missing.ERROR, _no_health(answer)) if answer.missing is None else Said(answer.missing, answer.detail)


def component(answer: Answer, name: str) -> Said:
    """What the page says of one component."""
    body = _mapping(answer.body)
    if not isinstance(body.get("status"), str):
        return health(answer)
    known = statuses(body)
    if name in known:
        return known[name]
    if not known:
        return Said(Missing.EMPTY, f"the health page shows no components; {SHOW}")
    return Said(Missing.EMPTY, f"there is no component {name}; it has: {listed(known)}")


def meter(answer: Answer, metric: Metric) -> Said | None:
    """A meter's number; None when it is not registered (yet)."""
    if answer.missing is not None:
        return Said(answer.missing, answer.detail)
    if answer.status == _NOT_FOUND and answer.body is None:
        return None
    measurements = _mapping(answer.body).get("measurements")
    if not isinstance(measurements, list):
        return Said(*_no_meter(answer))
    values = {str(each.get("statistic")): each.get("value") for each in map(_mapping, measurements)}
    if metric.statistic not in values:
        return Said(Missing.EMPTY, f"{metric.meter} has no {metric.statistic}; it has: {listed(values)}")
    return _number(values[metric.statistic], metric)


def unregistered(metric: Metric) -> str:
    """What is said of a meter that is not there."""
    tags = "".join(f" {key}:{value}" for key, value in metric.tags)
    return f"there is no {metric.meter}{f' with{tags}' if tags else ''} (yet)"


def listed(names: Mapping[str, object]) -> str:
    """Some names, in their order."""
    known = sorted(names)
    return f"{', '.join(known[:NAMES_AT_MOST])}{', ...' if len(known) > NAMES_AT_MOST else ''}"


def _components(body: Mapping[str, Any], above: str, depth: int) -> Iterator[tuple[str, Said]]:
    """Outer ones first."""
    inner = _mapping(body.get("components"))
    for written, content in inner.items():
        status = _mapping(content).get("status")
        if isinstance(status, str):
            name = above + _NO_NAME.sub("_", written)
            yield name, _status(status, _error(content) or _failing(content))
    if depth < _DEEPEST:
        for written, content in inner.items():
            yield from _components(_mapping(content), f"{above}{_NO_NAME.sub('_', written)}_", depth + 1)


def _status(status: str, words: str) -> Said:
    if status == "UP":
        return Said(1.0)
    if status == "UNKNOWN":
        return Said(Missing.EMPTY, "UNKNOWN: the application does not say")
    return Said(0.0, f"{status}: {words}" if words else status)


def _failing(body: Any) -> str:
    """The components that are not up, with their states."""
    inner = _mapping(_mapping(body).get("components"))
    states = {name: _mapping(content).get("status") for name, content in inner.items()}
    return ", ".join(f"{name} {state}" for name, state in states.items() if state not in ("UP", "UNKNOWN"))


def _error(content: Any) -> str:
    """A component's own words, on one short line."""
    said = _mapping(_mapping(content).get("details")).get("error")
    text = "".join(each if each.isprintable() else " " for each in said) if isinstance(said, str) else ""
    return text if len(text) <= WORDS_CHARACTERS else f"{text[: WORDS_CHARACTERS - 3]}..."


def _no_health(answer: Answer) -> str:
    if answer.status == _NOT_FOUND:
        return f"404: there is no health page; {EXPOSE.format('health')}"
    return _denied(answer) or f"{answer.status}: no health page's JSON"


def _no_meter(answer: Answer) -> tuple[Missing, str]:
    if answer.status == _NOT_FOUND:
        return Missing.EMPTY, f"404: there are no metrics; {EXPOSE.format('metrics')}"
    return Missing.ERROR, _denied(answer) or f"{answer.status}: no meter's JSON"


def _denied(answer: Answer) -> str:
    if answer.status in _DENIED:
        return f"{answer.status}: the application refuses us; is `token` there and right?"
    if answer.status in _REDIRECTS:
        return f"{answer.status}: sent elsewhere, to a login page perhaps; the actuator must answer itself"
    return ""


def _number(value: Any, metric: Metric) -> Said:
    """Jackson writes a NaN as a text."""
    if value in ("NaN", "Infinity", "-Infinity"):
        return Said(Missing.NAN, f"{metric.meter} is {value}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Said(Missing.ERROR, f"{metric.meter} is no number")
    return Said(float(value)) if math.isfinite(value) else Said(Missing.NAN, f"{metric.meter} is {value}")


def _mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}
