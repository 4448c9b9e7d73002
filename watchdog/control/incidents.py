"""Incidents as plain data: what each is about, who has been told, who is told next and when.

What lives here: the translation of `Incident`. What must not: sentences, and the decision to tell (the core's).
"""

from dataclasses import dataclass

from watchdog.control.moment import Data, Moment
from watchdog.core import escalation
from watchdog.core.model import Seconds
from watchdog.core.settings import ON_CALL, Escalation
from watchdog.core.state import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The next message of an incident."""

    at: Seconds
    contacts: tuple[str, ...]


def incident(known: Incident, moment: Moment) -> Data:
    """One incident: what it is about, who has been told, who is next."""
    due = upcoming(known)
    return {
        "id": known.id,
        "reason": str(known.reason),
        "audience": str(known.audience),
        "opened": moment.wall(known.opened),
        "resolved": moment.wall(known.resolved_at),
        "open": known.resolved_at is None,
        "rules": list(known.rules),
        "detail": known.detail,
        "needs_decision": known.needs_decision,
        "acknowledged_by": known.acknowledged_by,
        "told": known.told,
        "next": moment.wall(due.at) if due else None,
        "next_to": list(due.contacts) if due else [],
        "contacts": list(known.contacts),
        "told_at": moment.wall(known.told_at),
        "levels": [_level(each, known, moment) for each in known.levels],
        "deployment": known.deployment,
    }


def upcoming(known: Incident) -> Due | None:
    """The next message, of whichever level, unless somebody acknowledges; None when none will come."""
    contacts = {ON_CALL: known.contacts, **{each.level: each.contacts for each in known.levels}}
    told = [Due(at=at, contacts=contacts[level]) for level, at in escalation.dues(known) if contacts[level]]
    return min(told, key=lambda due: due.at, default=None)


def _level(level: Escalation, known: Incident, moment: Moment) -> Data:
    return {
        "level": level.level,
        "contacts": list(level.contacts),
        "after": level.after,
        "told": moment.wall(known.told_levels.get(level.level)),
    }
