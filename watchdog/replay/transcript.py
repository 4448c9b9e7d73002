"""Records as lines of text: what happened and what was decided, without the readings.

What lives here: the one spelling of a record, for transcripts and reports. What must not: judging. Lines are the same
for the same run, so that a changed transcript is a changed decision.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from watchdog.core import events, records
from watchdog.core.model import Split
from watchdog.core.records import Record

QUIET = (
    events.Configured, events.Observed, events.Probed, events.TrafficSeen, events.Tick, events.RecheckedOutcome,
    records.ProbeOrdered, records.TrafficAsked, records.RecheckOrdered, records.Accepted,
)  # fmt: skip
"""Facts without a decision, and questions that are asked all the time."""

_LEFT_OUT = frozenset(
    {
        "service", "order", "orders", "command", "id", "effect", "incident", "contacts", "levels", "plan", "alpha",
        "baselines",
    }
)  # fmt: skip


def lines(found: Iterable[Record]) -> list[str]:
    """One line per decision, outcome and command."""
    return [line(record) for record in found if told(record)]


def told(record: Record) -> bool:
    """Whether a record has a line."""
    body = record.body
    return not isinstance(body, QUIET) and not (isinstance(body, events.NotifiedOutcome) and body.ok)


def line(record: Record) -> str:
    """Time, name, and what is special about it."""
    body = record.body
    said = " ".join(_fields(body))
    return f"{record.at:>10.3f} {type(body).__name__}{f' {said}' if said else ''}"


def _fields(body: Any) -> Iterable[str]:
    for each in fields(body):
        value = getattr(body, each.name)
        if each.name in _LEFT_OUT or value is None or value in ("", (), False):
            continue
        if value == each.default and not isinstance(value, (bool, float, int)):
            continue
        yield f"{each.name}={_text(value)}"


def _text(value: Any) -> str:
    match value:
        case Split():
            roles = "promoted" if value.promoted else f"{value.stable}"
            return f"{value.candidate}:{100 * value.weight:g}%/{roles}"
        case bool():
            return "yes"
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".")
        case tuple():
            return "[" + ", ".join(_text(item) for item in value) + "]"
        case _ if hasattr(value, "name") and hasattr(value, "ok"):
            return f"{value.name}:{'ok' if value.ok else 'failed'}"
        case _:
            return str(value)
