"""Decisions about people: answers to their orders, what they are told, what they took out or silenced.

What lives here: frozen values. What must not: deciding.
"""

from dataclasses import dataclass

from watchdog.core.effects import Audience, Effect
from watchdog.core.model import Seconds
from watchdog.core.reasons import Reason
from watchdog.core.settings import Escalation


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A command was not carried out, and why."""

    command: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A command was carried out; what it changed stands in the records after it."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """Something that a human must know."""

    service: str
    incident: str
    reason: Reason
    audience: Audience
    rules: tuple[str, ...] = ()
    detail: str = ""
    needs_decision: bool = False
    """The program may not act: it is repeated until somebody acknowledges or it is resolved."""
    repeat: Seconds = 0.0
    contacts: tuple[str, ...] = ()
    """Whom it is told first, as the chain stood when the incident opened."""
    levels: tuple[Escalation, ...] = ()
    """Who is told after them, and when, as the chain stood when the incident opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOrdered:
    """People are told, for the first time or again."""

    service: str
    incident: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved:
    """Nothing is left to be told."""

    service: str
    incident: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A human took an incident over: its messages stop."""

    service: str
    incident: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWaived:
    """A human took a rule out of the deployment: until then it goes on measuring and counts for nothing."""

    service: str
    rule: str
    until: Seconds
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverEnded:
    """A waived rule counts again: its time was over, or a human said so."""

    service: str
    rule: str
    reason: Reason
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarmed:
    """A human silenced automatic rollbacks and diverts of a service until then."""

    service: str
    until: Seconds
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedAgain:
    """Automatic rollbacks and diverts are back: the time was over, or a human said so."""

    service: str
    reason: Reason
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCutOrdered:
    """One route's users are kept from the candidate, or let go there again."""

    service: str
    route: str
    cut: bool
    order: Effect
    by: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalOrdered:
    """Somebody wants to see that a rollback would work."""

    service: str
    drill: bool
    by: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneByHand:
    """A human says that a prepared task was carried out."""

    service: str
    task: str
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStopped:
    """No automatic action in the whole environment until it is released."""

    by: str
    because: str
    until: Seconds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReleased:
    """Automatic actions go on."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseForgiven:
    """A release is no longer known bad."""

    service: str
    release: str
    by: str
