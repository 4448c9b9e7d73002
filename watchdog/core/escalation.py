"""Who is told, level by level, until somebody takes an incident over: the chain, its messages, when each is due.

What lives here: level 2 at once and again, the levels after it at their own times. What must not: what is worth telling
(`incidents`), words. The chain is what it was when the incident opened.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from watchdog.core.draft import Draft
from watchdog.core.effects import Audience, Notify
from watchdog.core.model import Seconds
from watchdog.core.records import MessageOrdered
from watchdog.core.settings import ON_CALL, Environment, Escalation
from watchdog.core.state import Incident


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Who is told of one incident, first and after that."""

    contacts: tuple[str, ...] = ()
    repeat: Seconds = 0.0
    levels: tuple[Escalation, ...] = ()


def chain(
    environment: Environment,
    audience: Audience,
    *,
    needs_decision: bool,
    repeat: Seconds | None,
    everybody: bool,
) -> Chain:
    """The chain as it is configured now.

    `repeat`: None for on-call's own where a decision is needed, and for no repetition otherwise. The levels after
    on-call hear only of what needs a decision; with `everybody` at once.
    """
    if audience is Audience.CHAT:
        return Chain(contacts=environment.chat, repeat=repeat or 0.0)
    first = environment.on_call
    later = tuple(each for each in environment.escalation if each.level > ON_CALL) if needs_decision else ()
    if everybody:
        later = tuple(replace(each, after=0.0) for each in later)
    if first is None:
        return Chain(levels=later)
    own = first.repeat if needs_decision else 0.0
    return Chain(contacts=first.contacts, repeat=own if repeat is None else repeat, levels=later)


def order_message(draft: Draft, name: str, incident: str, level: int = ON_CALL) -> None:
    """Tell one level."""
    known = draft.service(name).incidents[incident]
    contacts = next((each.contacts for each in known.levels if each.level == level), known.contacts)
    effect = Notify(
        id=draft.effect_id(name),
        service=name,
        incident=incident,
        audience=known.audience,
        contacts=contacts,
        level=level,
        repetition=known.told,
    )
    draft.emit(MessageOrdered(service=name, incident=incident, order=effect))


def dues(incident: Incident) -> Iterator[tuple[int, Seconds]]:
    """Which levels are told next, and when; nothing once somebody has taken it over or it is resolved."""
    if incident.acknowledged_by or incident.resolved_at is not None:
        return
    if incident.repeat > 0.0 and incident.told_at is not None:
        yield ON_CALL, incident.told_at + incident.repeat
    for level in incident.levels:
        told = incident.told_levels.get(level.level)
        if told is None:
            yield level.level, incident.opened + level.after
        elif level.repeat > 0.0:
            yield level.level, told + level.repeat


def tell_due(draft: Draft, name: str, incident: Incident) -> None:
    """Tell every level whose time has come."""
    for level, at in dues(incident):
        if draft.now >= at:
            order_message(draft, name, incident.id, level)


def tell_over(draft: Draft, name: str, incident: str) -> None:
    """Those who were woken after on-call hear once that it is over."""
    for level in sorted(draft.service(name).incidents[incident].told_levels):
        order_message(draft, name, incident, level)
