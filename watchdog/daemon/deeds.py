"""How each kind of effect is done with one service's adapters, and what its outcome is when it was not done.

What lives here: one function per kind, in one table. What must not: deadlines, tasks, errors (`performer`), deciding.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from watchdog.core.effects import (
    CutRoute,
    DrainCandidate,
    Effect,
    Notify,
    ObserveTraffic,
    Prepare,
    ProbeColour,
    Prove,
    PullBrake,
    Recheck,
    ReleaseBrake,
    RunHook,
    RunRehearsal,
    SetTraffic,
)
from watchdog.core.engine import ANSWERED_BY
from watchdog.core.events import (
    AnyOutcome,
    BrakeOutcome,
    DrainedOutcome,
    Event,
    HookOutcome,
    NotifiedOutcome,
    PreparedOutcome,
    Probed,
    ProofOutcome,
    RecheckedOutcome,
    RehearsedOutcome,
    TrafficOutcome,
    TrafficSeen,
)
from watchdog.core.model import BrakeKind, Check
from watchdog.daemon.hands import Clock, Hands, Messenger


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every service's effects share."""

    clock: Clock
    messenger: Messenger


Deed: TypeAlias = Callable[[Any, Hands, Tools], Awaitable[Event]]


async def _prepare(effect: Prepare, hands: Hands, tools: Tools) -> Event:
    checks, sender = await asyncio.gather(hands.router.prepare(effect.splits), tools.messenger.check())
    return _checked(PreparedOutcome, effect.id, (*checks, sender))


async def _set_traffic(effect: SetTraffic, hands: Hands, tools: Tools) -> Event:
    applied = await hands.router.apply(effect.split, brake=effect.brake, note=effect.id)
    braked_at = None if applied.braked_at is None else tools.clock.from_wall(applied.braked_at)
    return TrafficOutcome(
        effect=effect.id,
        ok=applied.ok,
        in_force=applied.in_force,
        braked_at=braked_at,
        warnings=applied.warnings,
        detail=applied.detail,
    )


async def _pull_brake(effect: PullBrake, hands: Hands, tools: Tools) -> Event:
    at = await hands.router.pull_brake(effect.colour, BrakeKind.DIVERT, effect.id)
    return BrakeOutcome(effect=effect.id, ok=True, at=tools.clock.from_wall(at))


async def _release_brake(effect: ReleaseBrake, hands: Hands, tools: Tools) -> Event:
    at = await hands.router.release_brake(effect.colour)
    return BrakeOutcome(effect=effect.id, ok=True, at=tools.clock.from_wall(at))


async def _cut_route(effect: CutRoute, hands: Hands, tools: Tools) -> Event:
    at = await hands.router.cut_route(effect.colour, effect.route, cut=effect.cut, note=effect.id)
    return BrakeOutcome(effect=effect.id, ok=True, at=tools.clock.from_wall(at))


async def _prove(effect: Prove, hands: Hands, tools: Tools) -> Event:
    proof = await hands.router.prove(effect.stable, tools.clock.to_wall(effect.since))
    return ProofOutcome(
        effect=effect.id,
        ok=proof.ok,
        to_stable=proof.to_stable,
        to_candidate=proof.to_candidate,
        stragglers=proof.stragglers,
        probes=proof.probes,
        detail=proof.detail,
        straggling=proof.straggling,
        open=proof.open,
    )


async def _probe(effect: ProbeColour, hands: Hands, tools: Tools) -> Event:
    started = tools.clock.now()
    answer = await hands.probe(effect.colour)
    return Probed(
        service=effect.service,
        colour=effect.colour,
        started=started,
        ended=tools.clock.now(),
        ok=answer.ok,
        refused=answer.refused,
        detail=answer.detail,
    )


async def _observe(effect: ObserveTraffic, hands: Hands, _tools: Tools) -> Event:
    seen = await hands.router.observe()
    return TrafficSeen(
        service=effect.service,
        split=seen.split,
        braked=seen.braked,
        detail=seen.detail,
        maintenance=hands.maintenance(),
        put_back=seen.put_back,
        effect=effect.id,
    )


async def _recheck(effect: Recheck, hands: Hands, _tools: Tools) -> Event:
    return _checked(RecheckedOutcome, effect.id, await hands.router.recheck(effect.stable))


async def _rehearse(effect: RunRehearsal, hands: Hands, tools: Tools) -> Event:
    rehearsed = hands.router.rehearse(effect.splits, drill=effect.drill)
    checks, sender = await asyncio.gather(rehearsed, tools.messenger.check())
    if not effect.drill:
        return _checked(RehearsedOutcome, effect.id, (*checks, sender))
    told = await tools.messenger.rehearse(effect.service, effect.contacts)
    return _checked(RehearsedOutcome, effect.id, (*checks, sender, told))


async def _run_hook(effect: RunHook, hands: Hands, _tools: Tools) -> Event:
    ran = await hands.hook(effect.hook)
    return HookOutcome(effect=effect.id, ok=ran.status == 0, status=ran.status, detail=ran.detail)


async def _drain(effect: DrainCandidate, hands: Hands, _tools: Tools) -> Event:
    drained = await hands.router.drain(effect.colour, effect.within)
    return DrainedOutcome(effect=effect.id, ok=not drained.open, detail=drained.detail)


DEEDS: Final[Mapping[type[Effect], Deed]] = {
    Prepare: _prepare,
    SetTraffic: _set_traffic,
    PullBrake: _pull_brake,
    ReleaseBrake: _release_brake,
    CutRoute: _cut_route,
    Prove: _prove,
    ProbeColour: _probe,
    ObserveTraffic: _observe,
    Recheck: _recheck,
    RunRehearsal: _rehearse,
    RunHook: _run_hook,
    DrainCandidate: _drain,
}
"""What is done with one service's adapters; a message needs none of them."""

_OUTCOMES: Final[Mapping[type[Effect], type[AnyOutcome]]] = {
    effect: outcome for outcome, effects in ANSWERED_BY.items() for effect in effects
}


async def do(effect: Effect, hands: Mapping[str, Hands], tools: Tools) -> Event:
    """Carry an effect out. LookupError when its service has no adapters any more; whatever an adapter raises."""
    if isinstance(effect, Notify):
        ok, detail = await tools.messenger.send(effect)
        return NotifiedOutcome(effect=effect.id, ok=ok, detail=detail)
    if effect.service not in hands:
        raise LookupError(f"{effect.service} is not in the configuration any more")
    return await DEEDS[type(effect)](effect, hands[effect.service], tools)


def not_done(effect: Effect, detail: str) -> Event | None:
    """The outcome of an effect that raised or did not end; none for a probe: it says nothing about the colour."""
    if isinstance(effect, ObserveTraffic):
        return TrafficSeen(service=effect.service, split=None, detail=detail, effect=effect.id)
    outcome = _OUTCOMES.get(type(effect))
    return None if outcome is None else outcome(effect=effect.id, ok=False, detail=detail)


_Checked = TypeVar("_Checked", PreparedOutcome, RecheckedOutcome, RehearsedOutcome)


def _checked(kind: type[_Checked], effect: str, checks: tuple[Check, ...]) -> _Checked:
    """The outcome of a checklist: it holds when every line does."""
    wrong = [f"{check.name}: {check.detail}" for check in checks if not check.ok]
    return kind(effect=effect, ok=not wrong, detail="; ".join(wrong), checks=checks)
