"""The virtual world of one service: a router that obeys, users whom it sends somewhere, colours that answer.

What lives here: carrying out effects with stated latencies, and failing where a script says so. What must not: time (it
is handed in), the engine, the sources' rhythm (`feeds`).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import TypeAlias

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
from watchdog.core.model import BrakeKind, Check, Colour, Seconds, Split
from watchdog.replay.behaviour import Answer, Behaviour
from watchdog.replay.traffic import Request, Traffic, Users

ENOUGH_USERS = 5
PROOF_PROBES = 20
"""A proof wants so many requests of users, or else so many probes that are drawn and braked like users."""


class Deed(StrEnum):
    """Kinds of effects, as scripts of failures name them."""

    PREPARE = "prepare"
    STEP = "step"
    PROMOTION = "promotion"
    SWITCH = "switch"
    """All traffic to stable, brake and file."""
    BRAKE = "brake"
    RELEASE = "release"
    PROOF = "proof"
    PROBE = "probe"
    OBSERVE = "observe"
    RECHECK = "recheck"
    REHEARSE = "rehearse"
    ROUTE = "route"
    """One route's users are kept from the candidate, or let go there again."""
    HOOK = "hook"
    DRAIN = "drain"
    NOTIFY = "notify"


_DEEDS: Mapping[type[Effect], Deed] = {
    Prepare: Deed.PREPARE,
    PullBrake: Deed.BRAKE,
    ReleaseBrake: Deed.RELEASE,
    Prove: Deed.PROOF,
    ProbeColour: Deed.PROBE,
    ObserveTraffic: Deed.OBSERVE,
    Recheck: Deed.RECHECK,
    RunRehearsal: Deed.REHEARSE,
    CutRoute: Deed.ROUTE,
    RunHook: Deed.HOOK,
    DrainCandidate: Deed.DRAIN,
    Notify: Deed.NOTIFY,
}


def deed(effect: Effect) -> Deed:
    """Which kind an effect is."""
    if not isinstance(effect, SetTraffic):
        return _DEEDS[type(effect)]
    if effect.brake:
        return Deed.SWITCH
    return Deed.PROMOTION if effect.split.promoted else Deed.STEP


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A script: from `start` on the next `times` effects of a kind do not work, after `takes` seconds."""

    deed: Deed
    times: int = 1
    start: Seconds = 0.0
    takes: Seconds | None = None
    """None: as long as it takes when it works."""
    behind_brake: bool = False
    """A switch whose file or reload fails behind a brake that works: users are off the candidate all the same."""
    detail: str = "failed by the scenario"


@dataclass(frozen=True, slots=True, kw_only=True)
class Latencies:
    """How long each kind of effect takes, as measured on nginx."""

    prepare: Seconds = 0.2
    traffic: Seconds = 0.15
    """Test, reload and reading back."""
    brake: Seconds = 0.005
    proof: Seconds = 2.0
    """Users are waited for this long before a proof is judged."""
    probe: Seconds = 0.005
    refused: Seconds = 0.001
    timeout: Seconds = 2.0
    observe: Seconds = 0.001
    recheck: Seconds = 0.05
    rehearse: Seconds = 1.0
    hook: Seconds = 1.0
    drain: Seconds = 2.0
    notify: Seconds = 0.5


Errand: TypeAlias = Recheck | RunRehearsal | RunHook | DrainCandidate | Notify
"""Effects that move no user."""


def _errand_outcome(effect: Errand, detail: str, *, ok: bool) -> Event:
    checks = (Check(name="the virtual router", ok=ok, detail=detail),)
    match effect:
        case Recheck():
            return RecheckedOutcome(effect=effect.id, ok=ok, detail=detail, checks=checks)
        case RunRehearsal():
            return RehearsedOutcome(effect=effect.id, ok=ok, detail=detail, checks=checks)
        case RunHook():
            return HookOutcome(effect=effect.id, ok=ok, status=0 if ok else 1, detail=detail)
        case DrainCandidate():
            return DrainedOutcome(effect=effect.id, ok=ok, detail=detail)
        case Notify():
            return NotifiedOutcome(effect=effect.id, ok=ok, detail=detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A part of carrying an effect out: something that happens in the world at `at`, perhaps with an event."""

    at: Seconds
    do: Callable[[Seconds], Event | None]


@dataclass(slots=True)
class Router:
    """What is in force: the file's split, and the brakes that win over it."""

    split: Split
    brakes: dict[Colour, BrakeKind] = field(default_factory=dict)
    cut: set[tuple[Colour, str]] = field(default_factory=set)
    """Routes whose users are kept from a colour."""

    def draw(self, place: float, user: str, route: str = "") -> Colour:
        """Who gets a request of a user at this place of the line; a named user keeps one place per release."""
        split = self.split
        mark = _place(split.salt, user) if user else place
        colour = split.candidate if mark < split.weight else split.stable
        return colour.other if colour in self.brakes or (colour, route) in self.cut else colour


@cache
def _place(salt: str, user: str) -> float:
    return int.from_bytes(sha256(f"{salt}/{user}".encode()).digest()[:8]) / 2**64


class World:
    """One service's surroundings."""

    def __init__(
        self,
        *,
        service: str,
        first_stable: Colour,
        traffic: Traffic | None = None,
        behaviour: Behaviour | None = None,
        failures: Iterable[Failure] = (),
        latencies: Latencies | None = None,
        seed: str = "1",
    ) -> None:
        self.service = service
        self.behaviour = behaviour or Behaviour()
        self.traffic = traffic or Traffic()
        self.latencies = latencies or Latencies()
        home = Split(stable=first_stable, candidate=first_stable.other, weight=0.0, salt="")
        self.router = Router(split=home)
        self._users = Users(self.traffic, self.behaviour, f"{seed}/{service}")
        self._failures = [[failure, failure.times] for failure in failures]

    @property
    def failed(self) -> Counter[Colour]:
        """Requests that failed so far, by the colour that got them."""
        return self._users.failed

    def advance(self, to: Seconds) -> None:
        """Let users come up to `to` under what is in force now; called before anything changes."""
        self._users.advance(to, self.router.draw)

    def ended(self, by: Seconds) -> list[Request]:
        """The requests that ended since the last call."""
        self.advance(by)
        return self._users.ended(by)

    def skip(self, to: Seconds) -> None:
        """The host was not there until `to`: nobody was served."""
        self._users.skip(to)

    def set_brake(self, at: Seconds, colour: Colour, kind: BrakeKind | None) -> None:
        """Put a brake's file there, or take it away."""
        self.advance(at)
        if kind is None:
            self.router.brakes.pop(colour, None)
        else:
            self.router.brakes[colour] = kind

    def set_split(self, at: Seconds, split: Split) -> None:
        """Put a split in force."""
        self.advance(at)
        self.router.split = split

    def carry_out(self, effect: Effect, now: Seconds) -> tuple[Stage, ...]:
        """The stages of an effect that begins now, the last with its outcome."""
        failure = self._fails(deed(effect), now)
        match effect:
            case Prepare():
                return self._prepare(effect, now, failure)
            case SetTraffic():
                return self._set_traffic(effect, now, failure)
            case PullBrake() | ReleaseBrake():
                return self._move_brake(effect, now, failure)
            case Prove():
                return self._prove(effect, now, failure)
            case ProbeColour():
                return self._probe(effect, now, failure)
            case ObserveTraffic():
                return (self._at(now, self.latencies.observe, failure, lambda _: self._seen(effect, failure)),)
            case CutRoute():
                return (self._at(now, self.latencies.brake, failure, lambda at: self._turn_route(effect, at, failure)),)
            case _:
                return (self._errand(effect, now, failure),)

    def _turn_route(self, effect: CutRoute, at: Seconds, failure: Failure | None) -> Event:
        """One route's flag; those of a release that went before are gone with its preparation."""
        if failure is not None:
            return BrakeOutcome(effect=effect.id, ok=False, detail=failure.detail)
        self.advance(at)
        turn = self.router.cut.add if effect.cut else self.router.cut.discard
        turn((effect.colour, effect.route))
        return BrakeOutcome(effect=effect.id, ok=True, at=at)

    def _errand(self, effect: Errand, now: Seconds, failure: Failure | None) -> Stage:
        """What moves no user: it works after its time, or does not because a script says so."""
        outcome = _errand_outcome(effect, "" if failure is None else failure.detail, ok=failure is None)
        return self._at(now, getattr(self.latencies, deed(effect)), failure, lambda _: outcome)

    def asked(self, colour: Colour, at: Seconds) -> tuple[Answer, Seconds]:
        """What a colour says when asked directly at `at`, and how long that takes."""
        answer = self.behaviour.answer(colour, at)
        match answer:
            case Answer.TIMEOUT:
                return answer, self.latencies.timeout
            case Answer.REFUSED:
                return answer, self.latencies.refused
            case _:
                return answer, self.latencies.probe

    def _fails(self, kind: Deed, now: Seconds) -> Failure | None:
        for entry in self._failures:
            failure, left = entry
            assert isinstance(failure, Failure)
            assert isinstance(left, int)
            if failure.deed is kind and left > 0 and now >= failure.start:
                entry[1] = left - 1
                return failure
        return None

    @staticmethod
    def _at(now: Seconds, takes: Seconds, failure: Failure | None, do: Callable[[Seconds], Event | None]) -> Stage:
        if failure is not None and failure.takes is not None:
            takes = failure.takes
        return Stage(at=now + takes, do=do)

    def _prepare(self, effect: Prepare, now: Seconds, failure: Failure | None) -> tuple[Stage, ...]:
        def do(at: Seconds) -> Event:
            if failure is None:
                self._make_ready(at, effect.splits[0])
            detail = "" if failure is None else failure.detail
            check = Check(name="the virtual router", ok=failure is None, detail=detail)
            return PreparedOutcome(effect=effect.id, ok=failure is None, detail=detail, checks=(check,))

        return (self._at(now, self.latencies.prepare, failure, do),)

    def _make_ready(self, at: Seconds, home: Split) -> None:
        """The roles are in force at 0 %, and the brake of an earlier rollback is gone."""
        self.set_split(at, home)
        for colour, kind in tuple(self.router.brakes.items()):
            if kind is BrakeKind.ROLLBACK:
                self.set_brake(at, colour, None)
        self.router.cut.clear()

    def _set_traffic(self, effect: SetTraffic, now: Seconds, failure: Failure | None) -> tuple[Stage, ...]:
        stages: list[Stage] = []
        braked_at: Seconds | None = None
        if effect.brake and (failure is None or failure.behind_brake):
            braked_at = now + self.latencies.brake

            def brake(at: Seconds) -> None:
                self.set_brake(at, effect.split.candidate, BrakeKind.ROLLBACK)

            stages.append(Stage(at=braked_at, do=brake))

        def do(at: Seconds) -> Event:
            if failure is None:
                self.set_split(at, effect.split)
            ok = failure is None or failure.behind_brake
            return TrafficOutcome(
                effect=effect.id,
                ok=ok,
                in_force=effect.split if ok else self.router.split,
                braked_at=braked_at,
                detail="" if failure is None or ok else failure.detail,
                warnings=(failure.detail,) if failure is not None and ok else (),
            )

        stages.append(self._at(now, self.latencies.traffic, failure, do))
        return tuple(stages)

    def _move_brake(self, effect: PullBrake | ReleaseBrake, now: Seconds, failure: Failure | None) -> tuple[Stage, ...]:
        def do(at: Seconds) -> Event:
            detail = failure.detail if failure is not None else self._turn_brake(effect, at)
            return BrakeOutcome(effect=effect.id, ok=not detail, at=None if detail else at, detail=detail)

        return (self._at(now, self.latencies.brake, failure, do),)

    def _turn_brake(self, effect: PullBrake | ReleaseBrake, at: Seconds) -> str:
        """Do it; what stands in the way, as the real router says it."""
        there = self.router.brakes.get(effect.colour)
        if isinstance(effect, PullBrake):
            if there is None:
                self.set_brake(at, effect.colour, BrakeKind.DIVERT)
        elif there in (BrakeKind.ROLLBACK, BrakeKind.HAND):
            return f"the brake on {effect.colour} is there by {there}"
        else:
            self.set_brake(at, effect.colour, None)
        return ""

    def _prove(self, effect: Prove, now: Seconds, failure: Failure | None) -> tuple[Stage, ...]:
        def do(at: Seconds) -> Event:
            self.advance(at)
            outcome = self._proof(effect, at)
            return outcome if failure is None else replace(outcome, ok=False, detail=failure.detail)

        return (self._at(now, self.latencies.proof, failure, do),)

    def _proof(self, effect: Prove, at: Seconds) -> ProofOutcome:
        """What the log says of the time since the brake."""
        started = self._users.started_since(effect.since, at)
        away = sum(request.colour is not effect.stable for request in started)
        to_stable = len(started) - away
        probes = 0 if to_stable >= ENOUGH_USERS or away else PROOF_PROBES
        late = self._users.ended_since(effect.since, at)
        stragglers = sum(request.colour is not effect.stable and request.start < effect.since for request in late)
        return ProofOutcome(
            effect=effect.id,
            ok=not away,
            to_stable=to_stable + probes,
            to_candidate=away,
            stragglers=stragglers,
            probes=probes,
            detail=f"{away} requests went to {effect.stable.other}" if away else "",
        )

    def _probe(self, effect: ProbeColour, now: Seconds, failure: Failure | None) -> tuple[Stage, ...]:
        answer, takes = self.asked(effect.colour, now)
        if failure is not None:
            answer = Answer.TIMEOUT

        def do(at: Seconds) -> Event:
            return Probed(
                service=self.service,
                colour=effect.colour,
                started=now,
                ended=at,
                ok=answer is Answer.UP,
                refused=answer is Answer.REFUSED,
                detail="" if answer is Answer.UP else str(answer),
            )

        return (self._at(now, takes, failure, do),)

    def _seen(self, effect: ObserveTraffic, failure: Failure | None) -> TrafficSeen:
        if failure is not None:
            return TrafficSeen(service=self.service, effect=effect.id, split=None, detail=failure.detail)
        split = self.router.split
        braked = self.router.brakes.get(split.candidate)
        return TrafficSeen(service=self.service, effect=effect.id, split=split, braked=braked)
