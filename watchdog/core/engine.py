"""The heart: `decide`, `evolve`, `effects_of`, composed by `step`; the order of the stages stands in one function.

What lives here: which event goes where, and in which order a service's state is looked at. What must not: rules of
conduct (each has its module), input and output, clocks. `step` is total: every event in every state gives an answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from watchdog.core import (
    aftermath,
    commands,
    configure,
    disarm,
    divert,
    drift,
    groups,
    held,
    incidents,
    observing,
    outcomes,
    parachute,
    readings,
    recover,
    rollback,
    rollout,
    waivers,
)
from watchdog.core.draft import Draft
from watchdog.core.effects import (
    CutRoute,
    DrainCandidate,
    Effect,
    Notify,
    Prepare,
    Prove,
    PullBrake,
    Recheck,
    ReleaseBrake,
    RunHook,
    RunRehearsal,
    SetTraffic,
)
from watchdog.core.events import (
    AnyOutcome,
    BrakeOutcome,
    Configured,
    DrainedOutcome,
    Event,
    HookOutcome,
    NotDurable,
    NotifiedOutcome,
    Observed,
    Outcome,
    PreparedOutcome,
    Probed,
    ProofOutcome,
    RecheckedOutcome,
    RehearsedOutcome,
    Started,
    Tick,
    TrafficOutcome,
    TrafficSeen,
)
from watchdog.core.evolve import evolve
from watchdog.core.model import Seconds
from watchdog.core.records import LineReleased, Record
from watchdog.core.state import State
from watchdog.core.wake import wake_at

__all__ = ["Stepped", "decide", "effects_of", "evolve", "step", "wake_at"]


ANSWERED_BY: Final[Mapping[type[AnyOutcome], tuple[type[Effect], ...]]] = MappingProxyType(
    {
        PreparedOutcome: (Prepare,),
        TrafficOutcome: (SetTraffic,),
        BrakeOutcome: (PullBrake, ReleaseBrake, CutRoute),
        ProofOutcome: (Prove,),
        NotifiedOutcome: (Notify,),
        RecheckedOutcome: (Recheck,),
        RehearsedOutcome: (RunRehearsal,),
        HookOutcome: (RunHook,),
        DrainedOutcome: (DrainCandidate,),
    }
)
"""Which effects an outcome can belong to; any other pair is an answer to a question that nobody asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepped:
    """What one event led to: keep the records first, then perform the effects."""

    state: State
    records: tuple[Record, ...]
    effects: tuple[Effect, ...]


def step(state: State, event: Event, now: Seconds) -> Stepped:
    """Decide about one event and fold the decision."""
    draft = _draft(state, event, now)
    return Stepped(state=draft.state, records=tuple(draft.records), effects=effects_of(draft.records))


def decide(state: State, event: Event, now: Seconds) -> tuple[Record, ...]:
    """The records that an event leads to in this state; folding them is `evolve`'s."""
    return tuple(_draft(state, event, now).records)


def effects_of(records: Iterable[Record]) -> tuple[Effect, ...]:
    """What these records order, in their order."""
    found: list[Effect] = []
    for record in records:
        order = getattr(record.body, "order", None)
        if order is not None:
            found.append(order)
        found.extend(getattr(record.body, "orders", ()))
    return tuple(found)


def _draft(state: State, event: Event, now: Seconds) -> Draft:
    draft = Draft(state=state, now=max(now, state.now))
    waiting = list(_take(draft, event))
    looked: dict[str, int] = {}
    while waiting:
        name, begun = waiting.pop(0), len(draft.records)
        _react(draft, name, looked.get(name, 0))
        looked[name] = len(draft.records)
        waiting += [other for other in groups.called(draft.records[begun:]) if other not in waiting]
    return draft


def _take(draft: Draft, event: Event) -> tuple[str, ...]:  # noqa: PLR0911 - a table, written as a match
    """Note the event and do what it asks for by itself; the services whose state is to be looked at next."""
    match event:
        case Configured():
            configure.take(draft, event)
            return tuple(draft.state.services)
        case NotDurable():
            draft.emit(event)
            return tuple(draft.state.services)
        case Started():
            recover.started(draft, event)
            return tuple(draft.state.services)
        case Tick():
            _let_the_line_go(draft)
            return tuple(draft.state.services)
        case Observed() | Probed():
            if event.service not in draft.state.services:
                return ()
            draft.emit(_believed(draft, event) if isinstance(event, Observed) else event)
            return (event.service,)
        case TrafficSeen():
            if event.service not in draft.state.services:
                return ()
            drift.seen(draft, event)
            return (event.service,)
        case Outcome():
            return _outcome(draft, event)
        case _:
            commands.obey(draft, event)
            return tuple(draft.state.services)


def _believed(draft: Draft, event: Observed) -> Observed:
    return readings.believed(draft.state.settings(event.service), event)


def _let_the_line_go(draft: Draft) -> None:
    until = draft.state.stopped_until
    if until is not None and draft.now >= until:
        draft.emit(LineReleased(by="its time is over"))


def _outcome(draft: Draft, event: AnyOutcome) -> tuple[str, ...]:
    """Fold an outcome that somebody waits for; one that nobody waits for (an older epoch's) changes nothing."""
    services = draft.state.services.items()
    found = next(((name, s.waiting[event.effect]) for name, s in services if event.effect in s.waiting), None)
    if found is None or not isinstance(found[1], ANSWERED_BY[type(event)]):
        return ()
    name, effect = found
    draft.emit(event)
    outcomes.follow(draft, name, effect, event)
    return (name,)


def _react(draft: Draft, name: str, looked: int) -> None:
    """Look at one service's state, in this order: waivers, proof, interlocks, suspicion, holds, progress, people.

    `looked`: so many of the draft's records this service has been looked at with before, in the same step.
    """
    waivers.expire(draft, name)
    disarm.expire(draft, name)
    parachute.judge(draft, name)
    rollback.want(draft, name)
    rollback.pursue(draft, name)
    rollback.carry_on(draft, name)
    groups.call(draft, name)
    divert.advance(draft, name)
    divert.suspect(draft, name)
    rollout.carry_on(draft, name)
    held.carry_on(draft, name)
    aftermath.carry_on(draft, name)
    rollout.freeze(draft, name)
    rollout.lift(draft, name)
    rollout.advance(draft, name)
    observing.note(draft, name)
    incidents.follow(draft, name, tuple(draft.records[looked:]))
    incidents.watch(draft, name)
    incidents.repeat(draft, name)
    drift.look(draft, name)
    parachute.look(draft, name)
