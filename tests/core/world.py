"""A world in which effects are performed by hand and time is moved: router, colours, sources, people's messages.

It knows no more of the core than the daemon does: `step`, `wake_at`, and what an effect asks for.
"""

import heapq
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from tests.core.examples import BLUE, GREEN, SHOP, environment, polled
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
from watchdog.core.engine import evolve, step, wake_at
from watchdog.core.events import (
    BrakeOutcome,
    Configured,
    DrainedOutcome,
    Event,
    HookOutcome,
    NotifiedOutcome,
    PreparedOutcome,
    Probed,
    ProofOutcome,
    RecheckedOutcome,
    RehearsedOutcome,
    Started,
    Submit,
    Tick,
    TrafficOutcome,
    TrafficSeen,
)
from watchdog.core.model import BrakeKind, Check, Colour, Schema, Split, Value
from watchdog.core.phases import Phase
from watchdog.core.records import Body, Record
from watchdog.core.settings import Environment
from watchdog.core.state import Deployment, ServiceState, State

REQUESTS = 200.0
"""Per second, at the balancer."""


@dataclass
class World:
    """Everything outside of the core; public fields are what a test may turn."""

    environment: Environment = field(default_factory=environment)
    now: float = 0.0
    state: State = field(default_factory=State)
    kept: list[Record] = field(default_factory=list)
    """What a journal would have."""
    steps: list[int] = field(default_factory=list)
    """Length of `kept` after each step: a journal keeps a step's records together."""
    effects: list[Effect] = field(default_factory=list)
    sent: list[Notify] = field(default_factory=list)
    share_bad: dict[Colour, float] = field(default_factory=lambda: {BLUE: 0.0, GREEN: 0.0})
    alive: dict[Colour, bool] = field(default_factory=lambda: {BLUE: True, GREEN: True})
    """Whether health checks and direct probes are answered."""
    refusing: set[Colour] = field(default_factory=set)
    writable: Value = 1.0
    cpu: dict[Colour, Value] = field(default_factory=lambda: {BLUE: 0.3, GREEN: 0.3})
    """Where a service has the source `host`."""
    writes: Value = 0.0
    """What changes something, per second, on each colour that has users."""
    without: set[str] = field(default_factory=set)
    """Signals that the edge does not tell."""
    maintenance: bool = False
    """The operator's page is shown to everybody, and the router says so."""
    silent: set[str] = field(default_factory=set)
    """Sources that say nothing."""
    failing: set[type] = field(default_factory=set)
    """Kinds of effects that do not work."""
    lost: Callable[[Effect], bool] = lambda _: False
    """Effects whose outcome never comes."""
    delay: float = 0.05
    split: Split = field(default_factory=lambda: Split(stable=BLUE, candidate=GREEN, weight=0.0, salt=""))
    brake: BrakeKind | None = None
    braked: Colour | None = None
    put_back: str = ""
    """What the router had lost and was given again as it was looked at."""
    routes_cut: set[str] = field(default_factory=set)
    """Whose users the router keeps from the candidate."""
    after: Callable[[State, Sequence[Record], "World"], None] = lambda *_: None
    """Looks at every step: the state before, the records, the world with the state after."""
    _queue: list[tuple[float, int, Event]] = field(default_factory=list)
    _number: int = 0
    _looked: float = float("-inf")
    _polls: dict[str, float] = field(default_factory=dict)

    # What a test asks.

    @property
    def shop(self) -> ServiceState:
        return self.state.services[SHOP]

    @property
    def deployment(self) -> Deployment:
        deployment = self.shop.deployment
        assert deployment is not None
        return deployment

    @property
    def candidates_share(self) -> float:
        """Of users, as the router does it."""
        return 0.0 if self.braked is not None and self.braked is self.split.candidate else self.split.weight

    def share(self, colour: Colour) -> float:
        """A colour's part of the users."""
        candidate = self.candidates_share
        return candidate if colour is self.split.candidate else 1.0 - candidate

    def bodies(self, *kinds: type[Body]) -> list[Body]:
        return [record.body for record in self.kept if isinstance(record.body, kinds)]

    # What happens.

    def begin(self) -> "World":
        """The daemon starts for the first time."""
        self.put(Configured(environment=self.environment, forced=True))
        self.put(Started())
        self.run(1.0)
        return self

    def submit(
        self,
        release: str = "2.0",
        *,
        deployment: str = "d1",
        plan: str | None = None,
        schema: Schema = Schema.UNCHANGED,
        watched_by: str = "",
    ) -> "World":
        """A release is on its way."""
        self.put(
            Submit(
                id="c",
                service=SHOP,
                release=release,
                deployment=deployment,
                plan=plan,
                schema=schema,
                watched_by=watched_by,
            )
        )
        return self

    def is_in(self, phase: Phase) -> bool:
        """Whether the deployment is in that phase."""
        return self.deployment.phase is phase

    def put(self, event: Event) -> tuple[Record, ...]:
        """One event, now."""
        before = self.state
        stepped = step(before, event, self.now)
        self.state = stepped.state
        self.kept.extend(record for record in stepped.records if not record.ephemeral)
        self.steps.append(len(self.kept))
        self.after(before, stepped.records, self)
        for effect in stepped.effects:
            self.perform(effect)
        return stepped.records

    def run(self, seconds: float, until: Callable[["World"], bool] = lambda _: False) -> bool:
        """Let time pass; whether `until` came true."""
        end = self.now + seconds
        while not until(self):
            due = min(at for at in (self._next_event(), self._next_poll(), self._next_tick()) if at is not None)
            if due > end:
                self.now = end
                return until(self)
            self.now = max(self.now, due)
            self._turn(due)
        return True

    def stop(self) -> None:
        """The daemon dies: what is under way is lost, with every answer."""
        self._queue.clear()
        self._looked = float("-inf")

    def restart(self, kept: int | None = None, *, rebooted: bool = False, down: float = 0.0) -> None:
        """Start again from the first so many records of the journal."""
        self.stop()
        del self.kept[len(self.kept) if kept is None else kept :]
        state = State()
        for record in self.kept:
            state = evolve(state, record)
        self.start_from(state, rebooted=rebooted, down=down)

    def start_from(self, state: State, *, rebooted: bool = False, down: float = 0.0) -> None:
        """Start with a given state."""
        self.stop()
        self.state = state
        self.now = max(self.now + down, state.now)
        self._polls = {}
        if state.environment != self.environment:
            self.put(Configured(environment=self.environment, forced=True))
        self.put(Started(rebooted=rebooted))

    def copy(self) -> "World":
        return deepcopy(self)

    # How it happens.

    def _next_event(self) -> float | None:
        return self._queue[0][0] if self._queue else None

    def _next_tick(self) -> float | None:
        return wake_at(self.state, self._looked)

    def _next_poll(self) -> float:
        return min(self._poll_at(source.name, source.interval) for source in self._sources())

    def _sources(self) -> Sequence:  # type: ignore[type-arg]  # of settings.Source
        service = self.environment.service(SHOP)
        assert service is not None
        return service.sources

    def _poll_at(self, name: str, interval: float) -> float:
        return self._polls.setdefault(name, self.now + interval)

    def _turn(self, due: float) -> None:
        if self._queue and self._queue[0][0] <= due:
            self.put(heapq.heappop(self._queue)[2])
            return
        for source in self._sources():
            if self._polls.get(source.name, due + 1) <= due:
                self._polls[source.name] = self.now + source.interval
                if source.name not in self.silent:
                    self.put(getattr(self, f"_{source.name}")())
                return
        self._looked = self.now
        self.put(Tick())

    def _edge(self) -> Event:
        readings: list[tuple[str, Colour | None, Value]] = []
        for colour in Colour:
            requests = 0.0 if self.maintenance else REQUESTS * self.share(colour)
            readings += [("errors", colour, requests * self.share_bad[colour]), ("requests", colour, requests)]
            readings.append(("writes", colour, self.writes if requests else 0.0))
        return polled("edge", self.now, *(each for each in readings if each[0] not in self.without))

    def _health(self) -> Event:
        return polled("health", self.now, *(("up", colour, float(self.alive[colour])) for colour in Colour), length=0.1)

    def _db(self) -> Event:
        return polled("db", self.now, ("writable", None, self.writable), ("queue", None, 0.0), length=0.1)

    def _host(self) -> Event:
        return polled("host", self.now, *(("cpu", colour, self.cpu[colour]) for colour in Colour))

    def later(self, event: Event, delay: float | None = None) -> None:
        self._number += 1
        heapq.heappush(self._queue, (self.now + (self.delay if delay is None else delay), self._number, event))

    def perform(self, effect: Effect) -> None:
        """Do what an effect asks for; its outcome comes a moment later."""
        self.effects.append(effect)
        ok = type(effect) not in self.failing
        outcome = self._outcome(effect, ok=ok)
        if not self.lost(effect):
            self.later(outcome)

    def _outcome(self, effect: Effect, *, ok: bool) -> Event:
        match effect:
            case Prepare():
                if ok:
                    self.brake = self.braked = None
                    self.routes_cut.clear()
                return PreparedOutcome(effect=effect.id, ok=ok, detail="" if ok else "nothing works")
            case SetTraffic():
                return self._set(effect, ok=ok)
            case PullBrake() | ReleaseBrake() | CutRoute():
                return self._flag(effect, ok=ok)
            case Prove():
                good = ok and self.share(effect.stable) == 1.0
                return ProofOutcome(effect=effect.id, ok=good, to_stable=20, to_candidate=0 if good else 3)
            case ProbeColour() | ObserveTraffic() | Notify():
                return self._answer(effect, ok=ok)
            case _:
                return self._errand(effect, ok=ok)

    def _flag(self, effect: PullBrake | ReleaseBrake | CutRoute, *, ok: bool) -> BrakeOutcome:
        match effect:
            case PullBrake() if ok and self.brake is None:
                self.brake, self.braked = BrakeKind.DIVERT, effect.colour
            case ReleaseBrake() if ok and self.brake is BrakeKind.DIVERT:
                self.brake = self.braked = None
            case CutRoute() if ok:
                (self.routes_cut.add if effect.cut else self.routes_cut.discard)(effect.route)
            case _:
                pass
        return BrakeOutcome(effect=effect.id, ok=ok, at=self.now, detail="" if ok else "no space")

    def _errand(self, effect: Recheck | RunRehearsal | RunHook | DrainCandidate, *, ok: bool) -> Event:
        detail = "" if ok else "it is not there"
        checks = (Check(name="brake", ok=ok, detail=detail, took=0.004),)
        match effect:
            case Recheck():
                return RecheckedOutcome(effect=effect.id, ok=ok, checks=checks, detail=detail)
            case RunRehearsal():
                return RehearsedOutcome(effect=effect.id, ok=ok, checks=checks, detail=detail)
            case RunHook():
                return HookOutcome(effect=effect.id, ok=ok, status=0 if ok else 3, detail=detail)
            case DrainCandidate():
                return DrainedOutcome(effect=effect.id, ok=ok, detail=detail)

    def _answer(self, effect: ProbeColour | ObserveTraffic | Notify, *, ok: bool) -> Event:
        match effect:
            case ProbeColour():
                colour = effect.colour
                return Probed(
                    service=SHOP,
                    colour=colour,
                    started=self.now,
                    ended=self.now + self.delay,
                    ok=self.alive[colour] and ok,
                    refused=colour in self.refusing,
                )
            case ObserveTraffic():
                return TrafficSeen(
                    service=SHOP,
                    split=self.split if ok else None,
                    braked=self.brake,
                    effect=effect.id,
                    detail="",
                    maintenance=self.maintenance,
                    put_back=self.put_back,
                )
            case Notify():
                self.sent.append(effect)
                return NotifiedOutcome(effect=effect.id, ok=ok)

    def _set(self, effect: SetTraffic, *, ok: bool) -> TrafficOutcome:
        if ok:
            if effect.brake:
                self.brake, self.braked = BrakeKind.ROLLBACK, effect.split.candidate
            self.split = effect.split
        return TrafficOutcome(
            effect=effect.id,
            ok=ok,
            in_force=self.split,
            braked_at=self.now if effect.brake and ok else None,
            detail="" if ok else "nginx: test failed",
        )
