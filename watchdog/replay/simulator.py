"""A day in seconds: the engine under a virtual clock, with a virtual world that answers its effects.

What lives here: the order of events in time, the daemon's life (start, stop, crash, reboot), and the transcript. What
must not: any rule or decision; `step` is the daemon's own. One simulation is one environment from its first start on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Literal, TypeAlias

from watchdog.core import verdict
from watchdog.core.effects import Effect, Notify, SetTraffic, starts_at_once
from watchdog.core.engine import step, wake_at
from watchdog.core.events import Configured, Event, NotDurable, Started, Tick, TrafficOutcome
from watchdog.core.model import BrakeKind, Colour, Seconds
from watchdog.core.settings import Environment, Service, Source
from watchdog.core.state import State
from watchdog.replay.feeds import EDGE, HEALTH, Feeds
from watchdog.replay.journal import Journal, Recovery, differences
from watchdog.replay.world import Deed, Stage, World, deed

if TYPE_CHECKING:
    from watchdog.core.records import Record

JOURNAL_DEADLINE_S = 0.5
JOURNAL_AGAIN_S = 1.0
"""The journal is given up after the one, and asked again after the other."""

Happening: TypeAlias = Callable[[Seconds], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """The daemon dies at the `number`-th effect of a kind and is started again after `down` seconds.

    `before`: its record is kept, nothing was done. `after`: it was done, the outcome never arrives. `unrecorded`: it
    was done (only effects that start at once), and its record was not kept.
    """

    deed: Deed
    when: Literal["before", "after", "unrecorded"] = "before"
    number: int = 1
    down: Seconds = 1.0


class Simulation:
    """Schedule with `at` and its kin, `run`, then look at `state`, `transcript` and `worlds`."""

    def __init__(
        self,
        *,
        environment: Environment,
        worlds: Mapping[str, World] | None = None,
        feeds: Mapping[str, Feeds] | None = None,
        journal: Journal | None = None,
        kills: Iterable[Kill] = (),
    ) -> None:
        """Services without a world of their own get a usual one, sources without feeds play their world."""
        self.environment = environment
        self.state = State()
        self.now: Seconds = 0.0
        self.transcript: list[Record] = []
        """Every record, with those that a crash lost."""
        self.performed: list[tuple[Seconds, Effect]] = []
        self.recoveries: list[Recovery] = []
        self.worlds = {each.name: (worlds or {}).get(each.name) or _usual(each) for each in environment.services}
        self._feeds = {
            each.name: (feeds or {}).get(each.name) or Feeds(settings=each, world=self.worlds[each.name])
            for each in environment.services
        }
        self._journal = journal or Journal()
        self._not_durable = False
        self._kills = [[kill, kill.number] for kill in kills]
        self._heap: list[tuple[Seconds, int, int | None, Happening]] = []
        self._number = 0
        self._life = 0
        self._alive = False
        self._frozen_until: Seconds = 0.0
        self._looked: Seconds = float("-inf")
        self._busy: dict[tuple[str, str], Seconds] = {}
        self._push(0.0, self._boot_at)

    # Scheduling.

    def at(self, when: Seconds, event: Event) -> None:
        """Hand the daemon an event; one that is not there at that time never hears of it."""
        self._push(when, lambda now: self._deliver(event, now) if self._alive else None)

    def restart_at(self, when: Seconds, *, down: Seconds = 1.0, rebooted: bool = False) -> None:
        """The daemon dies without a word and is started again; with `rebooted` the whole host was away."""
        self._push(when, lambda now: self._die(now, down, rebooted=rebooted))

    def freeze_at(self, when: Seconds, seconds: Seconds) -> None:
        """The process stands still (SIGSTOP) and goes on."""
        self._push(when, lambda now: self._freeze(now + seconds))

    def brake_at(self, when: Seconds, service: str, colour: Colour, *, on: bool = True) -> None:
        """A human puts a brake's file there, or takes it away."""
        world = self.worlds[service]
        self._push(when, lambda now: world.set_brake(now, colour, BrakeKind.HAND if on else None))

    def run(self, until: Seconds) -> None:
        """Let time pass up to `until`, inclusive."""
        while True:
            due = self._tick_due()
            next_ = self._heap[0][0] if self._heap else float("inf")
            if min(due, next_) > until:
                break
            if due < next_:
                self.now = max(self.now, due)
                self._looked = self.now
                self._deliver(Tick(), self.now)
            else:
                self._happen()
        self.now = max(self.now, until)
        for world in self.worlds.values():
            world.advance(self.now)

    # The order of time.

    def _push(self, when: Seconds, happening: Happening, life: int | None = None) -> None:
        self._number += 1
        heappush(self._heap, (when, self._number, life, happening))

    def _mine(self, when: Seconds, happening: Happening) -> None:
        """Something inside the daemon: it stands still and dies with it."""
        self._push(when, happening, self._life)

    def _happen(self) -> None:
        when, _, life, happening = heappop(self._heap)
        self.now = max(self.now, when)
        if life is None:
            happening(self.now)
        elif self._alive and life == self._life:
            if self.now < self._frozen_until:
                self._mine(self._frozen_until, happening)
            else:
                happening(self.now)

    def _tick_due(self) -> Seconds:
        if not self._alive or not self.state.services:
            return float("inf")
        due = wake_at(self.state, self._looked)
        return float("inf") if due is None else max(due, self.now, self._frozen_until)

    # The daemon's turn: step, keep, perform.

    def _deliver(self, event: Event, now: Seconds) -> None:
        if now < self._frozen_until:
            self._mine(self._frozen_until, lambda later: self._deliver(event, later))
            return
        stepped = step(self.state, event, now)
        self.state = stepped.state
        self.transcript.extend(stepped.records)
        killed = self._unrecorded(stepped.effects)
        if killed is not None:
            self._carry_out_and_die(*killed, now)
            return
        for effect in stepped.effects:
            if starts_at_once(effect):
                self._perform(effect, now)
        later = [effect for effect in stepped.effects if not starts_at_once(effect)]
        kept = self._journal.append(stepped.records, self.state, now) if self._alive else None
        if kept is False:
            self._mine(now + JOURNAL_DEADLINE_S, lambda then: self._not_kept(later, then))
            return
        self._not_durable = self._not_durable and kept is None
        for effect in later:
            self._perform_if_wanted(effect, now)

    def _not_kept(self, later: list[Effect], now: Seconds) -> None:
        """As the daemon's loop: tell once, send messages all the same, take no step away from stable."""
        if self._journal.flush(now):
            for effect in later:
                self._perform_if_wanted(effect, now)
            return
        if not self._not_durable:
            self._not_durable = True
            self._deliver(NotDurable(detail="the scenario's disk is full"), now)
        for effect in later:
            if isinstance(effect, SetTraffic):
                detail = "not ordered, the journal failed"
                self._deliver(TrafficOutcome(effect=effect.id, ok=False, detail=detail), now)
            elif isinstance(effect, Notify):
                self._perform(effect, now)
            else:
                self._when_kept(effect, now)

    def _when_kept(self, effect: Effect, now: Seconds) -> None:
        if self._journal.flush(now):
            self._perform_if_wanted(effect, now)
        else:
            self._mine(now + JOURNAL_AGAIN_S, lambda then: self._when_kept(effect, then))

    def _perform_if_wanted(self, effect: Effect, now: Seconds) -> None:
        if effect.id in self.state.services[effect.service].waiting:
            self._perform(effect, now)

    def _perform(self, effect: Effect, now: Seconds) -> None:
        if not self._alive:
            return
        kill = self._killed_by(effect)
        if kill is not None and kill.when == "before":
            self._die_after_turn(now, kill)
            return
        if kill is not None:
            self._carry_out_and_die(kill, effect, now)
            return
        self.performed.append((now, effect))
        for stage in self.worlds[effect.service].carry_out(effect, now):
            self._mine(stage.at, lambda then, stage=stage: self._stage(stage, then))  # type: ignore[misc]  # a bound loop variable

    def _stage(self, stage: Stage, now: Seconds) -> None:
        event = stage.do(now)
        if event is not None:
            self._deliver(event, now)

    # Life and death.

    def _boot_at(self, now: Seconds) -> None:
        self._boot(now, rebooted=False)

    def _boot(self, now: Seconds, *, rebooted: bool) -> None:
        self._life += 1
        self._alive = True
        self._frozen_until = now
        self._looked = float("-inf")
        self._not_durable = False
        self._busy.clear()
        if self.state.environment != self.environment:
            self._deliver(Configured(environment=self.environment, forced=True), now)
        self._deliver(Started(rebooted=rebooted), now)
        for service in self.environment.services:
            self.worlds[service.name].ended(now)
            for source in service.sources:
                self._begin(service, source, now)

    def _die(self, now: Seconds, down: Seconds, *, rebooted: bool = False) -> None:
        if not self._alive:
            return
        before, self._alive = self.state, False
        self.state = self._journal.crash()
        lost = differences(before, self.state)
        self.recoveries.append(Recovery(at=now, before=before, after=self.state, differences=lost))

        def again(then: Seconds) -> None:
            if rebooted:
                for world in self.worlds.values():
                    world.skip(then)
            self._boot(then, rebooted=rebooted)

        if rebooted:
            for world in self.worlds.values():
                world.advance(now)
        self._push(now + down, again)

    def _die_after_turn(self, now: Seconds, kill: Kill) -> None:
        """Die once the turn under way has kept its records."""
        self._push(now, lambda then: self._die(then, kill.down))

    def _carry_out_and_die(self, kill: Kill, effect: Effect, now: Seconds) -> None:
        """What was begun in the world ends there; nobody hears of it."""
        self.performed.append((now, effect))
        stages = self.worlds[effect.service].carry_out(effect, now)
        for stage in stages:
            self._push(stage.at, lambda then, stage=stage: (stage.do(then), None)[1])  # type: ignore[misc]  # a bound loop variable
        if kill.when == "unrecorded":
            self._die(now, kill.down)
        else:
            self._push(stages[-1].at, lambda then: self._die(then, kill.down))

    def _killed_by(self, effect: Effect) -> Kill | None:
        for entry in self._kills:
            kill, left = entry
            assert isinstance(kill, Kill)
            assert isinstance(left, int)
            if kill.deed is deed(effect) and left > 0:
                entry[1] = left - 1
                return kill if left == 1 else None
        return None

    def _unrecorded(self, effects: tuple[Effect, ...]) -> tuple[Kill, Effect] | None:
        for effect in effects:
            if starts_at_once(effect) and any(
                isinstance(kill, Kill) and kill.when == "unrecorded" and kill.deed is deed(effect) and left > 0  # type: ignore[operator]  # an entry is a pair
                for kill, left in self._kills
            ):
                kill = self._killed_by(effect)
                if kill is not None:
                    return kill, effect
        return None

    def _freeze(self, until: Seconds) -> None:
        self._frozen_until = max(self._frozen_until, until)

    # The sources' rhythm.

    def _begin(self, service: Service, source: Source, now: Seconds) -> None:
        if source.kind == EDGE:
            self._mine(now + source.interval, lambda then: self._slice(service, source, now, then))
        else:
            self._mine(now, lambda then: self._poll(service, source, then))

    def _slice(self, service: Service, source: Source, start: Seconds, now: Seconds) -> None:
        self._mine(now + source.interval, lambda then: self._slice(service, source, now, then))
        observed = self._feeds[service.name].edge(source, start, now)
        if observed is not None:
            self._deliver(observed, now)

    def _poll(self, service: Service, source: Source, now: Seconds) -> None:
        deployment = self.state.services[service.name].deployment
        idle = verdict.idle(deployment, now)
        interval = source.interval * (source.idle_factor if idle else 1.0)
        feeds, world = self._feeds[service.name], self.worlds[service.name]
        if source.kind == HEALTH:
            answers = {colour: world.asked(colour, now) for colour in Colour}
            took = max(took for _, took in answers.values())
            self._mine(now + took, lambda end: self._say(feeds.health(source, answers, now, end), end))
        else:
            took = 0.0
            self._say(feeds.other(source, now, now), now)
        self._mine(now + interval * (1 + took // interval), lambda then: self._poll(service, source, then))

    def _say(self, observed: Event | None, now: Seconds) -> None:
        if observed is not None:
            self._deliver(observed, now)


def _usual(service: Service) -> World:
    return World(service=service.name, first_stable=service.first_stable)
