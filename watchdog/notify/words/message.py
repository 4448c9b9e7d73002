"""From the view and an incident's id to the message that is sent.

What lives here: finding the incident, choosing the shape, the layout. What must not: what a shape says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final

from watchdog.notify.words.facts import ON_CALL, Facts
from watchdog.notify.words.shapes import SHAPES, generic
from watchdog.notify.words.tags import CHECK_TODAY, HANDS, NO_ACTION, Shape

LABEL_WIDTH: Final = 7

OVER_AT_ONCE: Final = frozenset(
    {"proved_by_traffic", "not_durable", "parachute_regained", "disarm_over", "hook_failed", "shadow"}
)
"""Incidents that are resolved when they open: the message is all there is to them."""

OF_THE_PRESENT: Final = frozenset({"Now", "Ways", HANDS})
"""Lines that are true, and offer something, only while the incident is open."""

BRAKE_HELPS: Final = frozenset(
    {"shifting", "soaking", "waiting", "baking", "promoted", "rolling_back", "rollback_failed"}
)
"""Phases in which users may be on the candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a contact receives."""

    title: str
    body: str


def message(
    view: Mapping[str, Any],
    service: str,
    incident_id: str,
    repetition: int,
    *,
    level: int = ON_CALL,
    zone: tzinfo | None = None,
) -> Message:
    """The message about one incident, from `control.view.whole` and what the daemon adds to it.

    `repetition` counts from 0. `level` is the reader's in the escalation: those after on-call are told who was told
    before them. `zone`: the reader's, None for the host's. An incident that the view no longer has
    gives a message that says so.
    """
    told = view["services"].get(service)
    incident = None
    if told is not None:
        incident = next((each for each in told.get("incidents", ()) if each["id"] == incident_id), None)
    if told is None or incident is None:
        return Message(
            title=f"{CHECK_TODAY} {service}: something was to be told that is no longer known.",
            body=f"More   rollback-watchdog status {service}\n       incident {incident_id}",
        )
    deployment = told["deployment"]
    if deployment is not None and deployment["id"] != incident["deployment"]:
        deployment = None
    facts = Facts(view=view, service=told, incident=incident, deployment=deployment, zone=zone, level=level)
    shape = SHAPES.get(incident["reason"], generic)(facts)
    return Message(title=_title(facts, shape, repetition), body=_body(facts, shape))


def _title(facts: Facts, shape: Shape, repetition: int) -> str:
    if _is_over(facts):
        return f"{NO_ACTION} Over since {facts.clock(facts.incident['resolved'])}: {shape.first}"
    # Those who are told later have not seen the earlier messages: a number would only make them look for these.
    again = f" (message {repetition + 1})" if repetition and facts.level <= ON_CALL else ""
    before = facts.told_before()
    return f"{shape.tag} {shape.first}{again}{' ' + _begin(before) if before else ''}"


def _begin(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _is_over(facts: Facts) -> bool:
    """Whether a late message tells of what has ended meanwhile."""
    return not facts.incident["open"] and facts.incident["reason"] not in OVER_AT_ONCE


def _body(facts: Facts, shape: Shape) -> str:
    left_out = OF_THE_PRESENT if _is_over(facts) else frozenset()
    lines = [line for label, texts in shape.lines if label not in left_out for line in _labelled(label, texts)]
    told_above = any(label == HANDS for label, _ in shape.lines)
    if facts.deployment is not None and facts.deployment["phase"] in BRAKE_HELPS and not told_above:
        first, *others = facts.by_hand()
        lines += [f"By hand, if I am dead: {first}", *(f"       {command}" for command in others)]
    more = "explain" if facts.deployment is not None else "status"
    lines += _labelled("More", (facts.command(f"{more} {facts.name}"),))
    return "\n".join(lines)


def _labelled(label: str, texts: tuple[str, ...]) -> list[str]:
    """The label beside the first line, the others below it."""
    labels = [label] + [""] * (len(texts) - 1)
    return [f"{name:{LABEL_WIDTH}}{text}" for name, text in zip(labels, texts, strict=False) if text]
