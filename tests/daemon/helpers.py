"""A clock that tests move, adapters that do as told, and a small world of two colours behind one balancer."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path

from watchdog.config.adapters import Compiled
from watchdog.config.compile import compile_
from watchdog.config.load import load
from watchdog.core.effects import Effect, Notify
from watchdog.core.events import Observed
from watchdog.core.model import BrakeKind, Check, Colour, Reading, Split
from watchdog.core.records import Record
from watchdog.core.state import State
from watchdog.daemon.hands import DirectAnswer, Hands
from watchdog.daemon.loop import Loop, NotKeptError
from watchdog.daemon.performer import Performer
from watchdog.journal.codec import ClockMark
from watchdog.traffic.base import Applied, Drained, InForce, Proof, RouterError

ENVIRONMENT = """\
version: 1
environment: test
state: {state}
sources:
  edge: {{access_log: {{}}}}
  health: {{health: {{path: /health, poll: 500ms}}}}
rules:
  errors: {{sequential_ratio: {{bad: edge.errors, total: edge.requests, limit: 5%, ride_out: 1s}}, on_fire: rollback,
    warm_up: 1s}}
  health: {{probe: {{signal: health.up}}, on_fire: rollback}}
services:
  shop:
    stable: blue
    data: shared
    sessions: shared
    divert_for: 1s
    colours: {{blue: {{server: "127.0.0.1:8081"}}, green: {{server: "127.0.0.1:8082"}}}}
    router: {{nginx: {{directory: /etc/nginx/rwd}}}}
    rules: [errors, health]
    plan: quick
plans:
  quick:
    steps: [{{weight: 50%, soak: 1s, gate: {{requests: 10, per_critical_route: 0}}}}, {{weight: 100%}}]
    bake: 20s
contacts:
  on-call: {{apprise: "json://127.0.0.1:1"}}
chat: [on-call]
escalation:
  - {{level: 2, contacts: [on-call]}}
"""

WALL_AHEAD = 1_000_000.0
"""The wall clock stands this far before engine time, so that nothing takes one for the other."""


def environment(folder: Path, text: str = ENVIRONMENT) -> Compiled:
    """The compiled environment of these tests; `folder` becomes its state folder."""
    path = folder / "environment.yml"
    path.write_text(text.format(state=folder / "state"))
    return compile_(load(str(path)))


@dataclass
class ClockFake:
    """Implements `hands.Clock` and what the keeper needs."""

    time: float = 1000.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.time + WALL_AHEAD

    def to_wall(self, at: float) -> float:
        return at + WALL_AHEAD

    def from_wall(self, wall: float) -> float:
        return wall - WALL_AHEAD

    def mark(self) -> ClockMark:
        return ClockMark(boot_id="boot", boottime=self.time, wall=self.wall(), engine=self.time)


class JournalFake:
    """Keeps what is appended; `broken` refuses, `stuck` never answers."""

    def __init__(self) -> None:
        self.entries: list[tuple[tuple[Record, ...], State | None]] = []
        self.broken = ""
        self.log: list[str] = []

    def append(self, records: Sequence[Record], state: State | None) -> "Future[None]":
        self.entries.append((tuple(records), state))
        self.log.append("append")
        return Future()

    async def durable(self, written: "Future[None]") -> None:
        await asyncio.sleep(0)
        if self.broken:
            raise NotKeptError(self.broken)
        self.log.append("durable")

    @property
    def bodies(self) -> list[object]:
        """Everything that was appended, in order."""
        return [record.body for records, _ in self.entries for record in records]


def home() -> Split:
    """Everybody is on blue."""
    return Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="")


@dataclass
class RouterFake:
    """A balancer whose file, brake and users outlive the daemon."""

    clock: ClockFake
    split: Split | None = field(default_factory=home)
    braked: dict[Colour, BrakeKind] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fails: dict[str, str] = field(default_factory=dict)
    """What does not work, and why; by the method's name."""
    hangs: set[str] = field(default_factory=set)
    routes_cut: set[str] = field(default_factory=set)
    put_back: str = ""

    async def _begin(self, what: str) -> None:
        self.asked.append(what)
        if what in self.hangs:
            await asyncio.Event().wait()
        if what in self.fails:
            raise RouterError(self.fails[what])

    def share(self, colour: Colour) -> float:
        """A colour's share of users as the balancer serves them now."""
        if self.split is None:
            return 0.0
        weight = 0.0 if self.split.candidate in self.braked else self.split.weight
        return weight if colour is self.split.candidate else 1.0 - weight

    async def prepare(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        await self._begin("prepare")
        self.split = splits[0]
        self.braked = {colour: kind for colour, kind in self.braked.items() if kind is BrakeKind.HAND}
        return (Check(name="stable answers", ok=True),)

    async def apply(self, split: Split, *, brake: bool, note: str) -> Applied:
        await self._begin("rollback" if brake else "apply")
        braked_at = None
        if brake:
            braked_at = self.clock.wall()
            self.braked[split.candidate] = BrakeKind.ROLLBACK
        self.split = split
        return Applied(ok=True, in_force=split, braked_at=braked_at)

    async def pull_brake(self, colour: Colour, kind: BrakeKind, note: str) -> float:
        await self._begin("pull_brake")
        self.braked.setdefault(colour, kind)
        return self.clock.wall()

    async def release_brake(self, colour: Colour) -> float:
        await self._begin("release_brake")
        if self.braked.get(colour) is BrakeKind.DIVERT:
            del self.braked[colour]
        return self.clock.wall()

    async def recheck(self, stable: Colour) -> tuple[Check, ...]:
        await self._begin("recheck")
        return (Check(name=f"{stable} answers", ok=True),)

    async def rehearse(self, splits: Sequence[Split], *, drill: bool) -> tuple[Check, ...]:
        await self._begin("drill" if drill else "rehearse")
        return (Check(name=f"{splits[0].stable} answers", ok=True, took=0.01 if drill else None),)

    async def cut_route(self, colour: Colour, route: str, *, cut: bool, note: str) -> float:
        await self._begin("cut_route" if cut else "release_route")
        (self.routes_cut.add if cut else self.routes_cut.discard)(route)
        return self.clock.wall()

    async def drain(self, colour: Colour, within: float) -> Drained:
        await self._begin("drain")
        return Drained(open=0)

    async def observe(self) -> InForce:
        await self._begin("observe")
        candidate = None if self.split is None else self.split.candidate
        kind = None if candidate is None else self.braked.get(candidate)
        return InForce(split=self.split, braked=kind, braked_colour=candidate if kind else None, put_back=self.put_back)

    async def prove(self, stable: Colour, since: float) -> Proof:
        await self._begin("prove")
        alone = self.share(stable) == 1.0
        return Proof(ok=alone, to_stable=50, to_candidate=0 if alone else 50, stragglers=0, probes=0)


class MessengerFake:
    """Implements `hands.Messenger`; keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[Notify] = []
        self.drills: list[tuple[str, tuple[str, ...]]] = []
        self.fails = ""
        self.check_fails = ""

    async def check(self) -> Check:
        return Check(name="contacts", ok=not self.check_fails, detail=self.check_fails)

    async def send(self, effect: Notify) -> tuple[bool, str]:
        self.sent.append(effect)
        return not self.fails, self.fails

    async def rehearse(self, service: str, contacts: Sequence[str]) -> Check:
        self.drills.append((service, tuple(contacts)))
        return Check(name="drill: message", ok=not self.fails, detail=self.fails, took=0.5)


@dataclass
class World:
    """Two colours, their users and what a balancer's log and health pages say of them."""

    clock: ClockFake
    router: RouterFake
    per_second: float = 80.0
    faulty: set[Colour] = field(default_factory=set)
    down: set[Colour] = field(default_factory=set)
    seen_to: float = 0.0
    health_at: float = 0.0

    def slice_(self) -> Observed:
        """What the log says of the time since the last slice."""
        start, self.seen_to = self.seen_to or self.clock.time - 0.25, self.clock.time
        readings = []
        for colour in Colour:
            requests = round(self.per_second * 0.25 * self.router.share(colour))
            bad = requests if colour in self.faulty else 0
            values = {"requests": requests, "errors": bad, "slow": 0}
            readings += [Reading(signal=name, colour=colour, value=float(value)) for name, value in values.items()]
        return Observed(service="shop", source="edge", start=start, end=self.clock.time, readings=tuple(readings))

    def health(self) -> Observed:
        """What the health pages say now."""
        readings = tuple(
            Reading(signal=signal, colour=colour, value=value)
            for colour in Colour
            for signal, value in (("up", float(colour not in self.down)), ("seconds", 0.01))
        )
        at = self.clock.time
        return Observed(service="shop", source="health", start=at, end=at, readings=readings)

    async def probe(self, colour: Colour) -> DirectAnswer:
        return DirectAnswer(ok=colour not in self.down, refused=colour in self.down, detail="")


async def pump(loop: Loop, performer: Performer | None = None) -> None:
    """Turn until nothing is left to do at this instant of the clock."""
    while True:
        while loop.once():
            pass
        work = {*loop._waiting, *(performer._running if performer else ())}
        if not work:
            return
        await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0)


def quiet_loop(
    state: State,
    clock: ClockFake,
    journal: JournalFake,
    perform: Callable[[Effect], None],
) -> Loop:
    """A loop whose turns nobody hears of."""
    return Loop(
        state=state,
        now=clock.now,
        journal=journal,
        perform=perform,
        turned=lambda _state, _records: None,
        alive=lambda: None,
    )


def hands(world: World) -> dict[str, Hands]:
    """What the performer needs for the world's one service."""
    return {"shop": Hands(router=world.router, probe=world.probe)}


def splits(weight: float) -> Split:
    return replace(home(), weight=weight)
