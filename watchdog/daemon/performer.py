"""Carrying out effects: one function per kind, each within a deadline, each answered by its outcome.

What lives here: the way from an effect to the adapter that can do it, and back to an event. What must not: deciding,
retrying (the core orders again, the outbox has its own patience). An adapter that raises or hangs is an outcome that
did not work, never a lost effect.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

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
from watchdog.core.events import (
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
from watchdog.core.model import BrakeKind, Check, Colour, Seconds
from watchdog.traffic.base import Router

DEADLINES_S: Final[Mapping[type[Any], float]] = {
    Prepare: 60.0,
    SetTraffic: 45.0,
    PullBrake: 5.0,
    ReleaseBrake: 5.0,
    Prove: 20.0,
    ProbeColour: 5.0,
    ObserveTraffic: 5.0,
    Recheck: 9.0,
    RunRehearsal: 60.0,
    RunHook: 600.0,
    CutRoute: 5.0,
    DrainCandidate: 3600.0,
    Notify: 300.0,
}
"""After so many seconds an effect has failed, whatever it is still doing."""


class ProbeUnknownError(Exception):
    """The prober itself could not run: the probe says nothing about the colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectAnswer:
    """How one direct probe of a colour ended."""

    ok: bool
    refused: bool
    detail: str


class Clock(Protocol):
    """Engine time and its place on the wall clock."""

    def now(self) -> Seconds:
        """Engine time."""
        ...

    def to_wall(self, at: Seconds) -> float:
        """The wall-clock Unix seconds of an engine instant."""
        ...

    def from_wall(self, wall: float) -> Seconds:
        """The engine instant of a wall-clock time."""
        ...


class Messenger(Protocol):
    """Tells people."""

    async def check(self) -> Check:
        """Whether contacts parse and the sender starts; nothing is sent."""
        ...

    async def send(self, effect: Notify) -> tuple[bool, str]:
        """Hand a message over to every contact; whether all took it, and what went wrong."""
        ...

    async def rehearse(self, service: str, contacts: Sequence[str]) -> Check:
        """Hand a message that says that it is a drill over to these contacts; whether one took it, and how long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRan:
    """How an operator's command ended."""

    status: int | None
    """None: it was ended, or could not be started; `detail` says which."""
    detail: str


async def no_hook(name: str) -> HookRan:
    """For services without commands: what is asked for is not in the configuration any more."""
    raise LookupError(f"there is no command {name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """One service's adapters."""

    router: Router
    probe: Callable[[Colour], Awaitable[DirectAnswer]]
    """May raise ProbeUnknownError."""
    hook: Callable[[str], Awaitable[HookRan]] = no_hook
    """Runs an operator's command within its own deadline."""
    maintenance: Callable[[], bool] = bool
    """Whether the operator's maintenance page is in force now."""


class Performer:
    """Starts effects and hands their outcomes over; what was started can be awaited at the end."""

    def __init__(
        self,
        *,
        clock: Clock,
        messenger: Messenger,
        put: Callable[[Event], None],
        failed: Callable[[Effect, BaseException], None],
    ) -> None:
        """`failed` hears of adapters that raised or ran into their deadline, for the log."""
        self._clock = clock
        self._messenger = messenger
        self._put = put
        self._failed = failed
        self._hands: Mapping[str, Hands] = {}
        self._running: set[asyncio.Task[None]] = set()

    def equip(self, hands: Mapping[str, Hands]) -> None:
        """Take other adapters; effects under way keep the old ones."""
        self._hands = hands

    def start(self, effect: Effect) -> None:
        """Begin to carry an effect out. Never waits, never raises."""
        task = asyncio.get_running_loop().create_task(self._run(effect), name=effect.id)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self, within: float) -> None:
        """Give what is under way so many seconds, then let go of it."""
        running = tuple(self._running)
        if running:
            await asyncio.wait(running, timeout=within)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def settled(self, within: float) -> None:
        """Wait until everything that is under way now has ended, for at most so many seconds."""
        running = tuple(self._running)
        if running:
            await asyncio.wait(running, timeout=within)

    async def _run(self, effect: Effect) -> None:
        outcome: Event | None
        try:
            async with asyncio.timeout(DEADLINES_S[type(effect)]):
                outcome = await self._carry_out(effect)
        except TimeoutError as error:
            self._failed(effect, error)
            outcome = self._did_not_work(effect, f"no end within {DEADLINES_S[type(effect)]:g} s")
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises is an outcome, never a lost effect
            self._failed(effect, error)
            outcome = self._did_not_work(effect, str(error) or type(error).__name__)
        if outcome is not None:
            self._put(outcome)

    async def _carry_out(self, effect: Effect) -> Event:
        if isinstance(effect, Notify):
            ok, detail = await self._messenger.send(effect)
            return NotifiedOutcome(effect=effect.id, ok=ok, detail=detail)
        hands = self._hands.get(effect.service)
        if hands is None:
            raise LookupError(f"{effect.service} is not in the configuration any more")
        match effect:
            case Prepare():
                return await self._prepare(effect, hands)
            case SetTraffic():
                return await self._set_traffic(effect, hands)
            case PullBrake():
                at = await hands.router.pull_brake(effect.colour, BrakeKind.DIVERT, effect.id)
                return BrakeOutcome(effect=effect.id, ok=True, at=self._clock.from_wall(at))
            case ReleaseBrake():
                at = await hands.router.release_brake(effect.colour)
                return BrakeOutcome(effect=effect.id, ok=True, at=self._clock.from_wall(at))
            case CutRoute():
                at = await hands.router.cut_route(effect.colour, effect.route, cut=effect.cut, note=effect.id)
                return BrakeOutcome(effect=effect.id, ok=True, at=self._clock.from_wall(at))
            case Recheck():
                return _checked(RecheckedOutcome, effect.id, await hands.router.recheck(effect.stable))
            case RunRehearsal():
                return await self._rehearse(effect, hands)
            case RunHook():
                ran = await hands.hook(effect.hook)
                return HookOutcome(effect=effect.id, ok=ran.status == 0, status=ran.status, detail=ran.detail)
            case DrainCandidate():
                drained = await hands.router.drain(effect.colour, effect.within)
                ok = not drained.open
                return DrainedOutcome(effect=effect.id, ok=ok, open=drained.open, detail=drained.detail)
            case Prove():
                return await self._prove(effect, hands)
            case ProbeColour():
                return await self._probe(effect, hands)
            case ObserveTraffic():
                return await self._observe(effect, hands)

    async def _prepare(self, effect: Prepare, hands: Hands) -> PreparedOutcome:
        checks, sender = await asyncio.gather(hands.router.prepare(effect.splits), self._messenger.check())
        return _checked(PreparedOutcome, effect.id, (*checks, sender))

    async def _rehearse(self, effect: RunRehearsal, hands: Hands) -> RehearsedOutcome:
        checks, sender = await asyncio.gather(
            hands.router.rehearse(effect.splits, drill=effect.drill), self._messenger.check()
        )
        if not effect.drill:
            return _checked(RehearsedOutcome, effect.id, (*checks, sender))
        told = await self._messenger.rehearse(effect.service, effect.contacts)
        return _checked(RehearsedOutcome, effect.id, (*checks, sender, told))

    async def _set_traffic(self, effect: SetTraffic, hands: Hands) -> TrafficOutcome:
        applied = await hands.router.apply(effect.split, brake=effect.brake, note=effect.id)
        braked_at = None if applied.braked_at is None else self._clock.from_wall(applied.braked_at)
        return TrafficOutcome(
            effect=effect.id,
            ok=applied.ok,
            in_force=applied.in_force,
            braked_at=braked_at,
            warnings=applied.warnings,
            detail=applied.detail,
        )

    async def _prove(self, effect: Prove, hands: Hands) -> ProofOutcome:
        proof = await hands.router.prove(effect.stable, self._clock.to_wall(effect.since))
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

    async def _probe(self, effect: ProbeColour, hands: Hands) -> Probed:
        started = self._clock.now()
        answer = await hands.probe(effect.colour)
        return Probed(
            service=effect.service,
            colour=effect.colour,
            started=started,
            ended=self._clock.now(),
            ok=answer.ok,
            refused=answer.refused,
            detail=answer.detail,
        )

    async def _observe(self, effect: ObserveTraffic, hands: Hands) -> TrafficSeen:
        seen = await hands.router.observe()
        return TrafficSeen(
            service=effect.service,
            split=seen.split,
            braked=seen.braked,
            detail=seen.detail,
            maintenance=hands.maintenance(),
            effect=effect.id,
        )

    def _did_not_work(self, effect: Effect, detail: str) -> Event | None:
        """The outcome of an effect that raised or did not end; none for a probe: it says nothing about the colour."""
        match effect:
            case Prepare():
                return PreparedOutcome(effect=effect.id, ok=False, detail=detail)
            case SetTraffic():
                return TrafficOutcome(effect=effect.id, ok=False, detail=detail)
            case PullBrake() | ReleaseBrake() | CutRoute():
                return BrakeOutcome(effect=effect.id, ok=False, detail=detail)
            case Prove():
                return ProofOutcome(effect=effect.id, ok=False, detail=detail)
            case Recheck():
                return RecheckedOutcome(effect=effect.id, ok=False, detail=detail)
            case RunRehearsal():
                return RehearsedOutcome(effect=effect.id, ok=False, detail=detail)
            case RunHook():
                return HookOutcome(effect=effect.id, ok=False, detail=detail)
            case DrainCandidate():
                return DrainedOutcome(effect=effect.id, ok=False, detail=detail)
            case ProbeColour():
                return None
            case ObserveTraffic():
                return TrafficSeen(service=effect.service, split=None, detail=detail, effect=effect.id)
            case Notify():
                return NotifiedOutcome(effect=effect.id, ok=False, detail=detail)


_Checked = TypeVar("_Checked", PreparedOutcome, RecheckedOutcome, RehearsedOutcome)


def _checked(kind: type[_Checked], effect: str, checks: tuple[Check, ...]) -> _Checked:
    """The outcome of a checklist: it holds when every line does."""
    wrong = [f"{check.name}: {check.detail}" for check in checks if not check.ok]
    return kind(effect=effect, ok=not wrong, detail="; ".join(wrong), checks=checks)
