"""The real loop, performer and journal in front of a balancer that obeys late, fails and loses orders: whatever comes.

People give orders, touch brakes, the process dies at any write and the machine is rebooted. At every moment the
candidate has no users that the journal does not explain, and a rollback is absorbing; in the end, when the trouble is
over, what was ordered and what the balancer does are the same.
"""

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.acceptance.test_daemon_crashes import Death
from tests.daemon.helpers import ClockFake, MessengerFake, RouterFake, World, environment, hands
from watchdog.core.effects import SetTraffic
from watchdog.core.engine import evolve
from watchdog.core.events import (
    Abort,
    Acknowledge,
    Adopt,
    AnyCommand,
    Configured,
    Did,
    Disarm,
    DivertRoute,
    Event,
    Forgive,
    HoldAt,
    Pause,
    Promote,
    Rehearse,
    Resume,
    Rollback,
    Started,
    StopTheLine,
    Submit,
    Waive,
)
from watchdog.core.invariants import check_invariants
from watchdog.core.model import AfterRollback, BrakeKind, Check, Colour, Schema, Split
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    DivertOrdered,
    IncidentOpened,
    PhaseChanged,
    Record,
    RollbackOrdered,
    SplitOrdered,
    TrialBegun,
    TrialOrdered,
)
from watchdog.core.settings import Environment, Hook, Task
from watchdog.core.state import Deployment, State
from watchdog.daemon.hands import HookRan
from watchdog.daemon.loop import Loop, NotKeptError
from watchdog.daemon.performer import Performer
from watchdog.traffic.base import Applied, RouterError

GREEN: Final = Colour.GREEN
SLICE: Final = 0.25
LATE: Final = 1.0
SHOP: Final = {"service": "shop"}
MOVES: Final = ("prepare", "apply", "rollback", "pull_brake", "release_brake", "observe", "prove")


class Balancer(RouterFake):
    """Obeys late where it is told to, calls off what a rollback made void, and looks at who asks for what."""

    def __init__(self, story: "Lives") -> None:
        super().__init__(story.clock)
        self.story = story
        self.late: set[str] = set()
        self.asleep: dict[asyncio.Task[Any], tuple[float, asyncio.Event]] = {}
        self.by_hand = False
        """A human moved users, so the journal explains nothing until the next preparation."""
        self._orders = itertools.count(1)
        self._rollback = 0

    async def _begin(self, what: str) -> None:
        if what in self.late:
            task, moved = asyncio.current_task(), asyncio.Event()
            assert task is not None
            self.asleep[task] = (self.clock.time + LATE, moved)
            try:
                await moved.wait()
            finally:
                del self.asleep[task]
        await super()._begin(what)

    def wake(self, *, everybody: bool = False) -> None:
        """Time has gone on."""
        for due, moved in self.asleep.values():
            if everybody or due <= self.clock.time:
                moved.set()

    async def prepare(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        assert all(split.weight == 0.0 for split in splits[:1])
        checks = await super().prepare(splits)
        self.by_hand = False
        return checks

    async def apply(self, split: Split, *, brake: bool, note: str) -> Applied:
        order = next(self._orders)
        if brake:
            self._rollback = order
            assert split.weight == 0.0
            self.braked[split.candidate] = BrakeKind.ROLLBACK  # before anything that may take time or fail
        else:
            self.story.explained(split, note)
        await self._begin("rollback" if brake else "apply")
        if order < self._rollback:
            return Applied(ok=False, in_force=self.split, braked_at=None, detail="called off")
        self.split = split
        return Applied(ok=True, in_force=split, braked_at=self.clock.wall() if brake else None)

    async def pull_brake(self, colour: Colour, kind: BrakeKind, note: str) -> float:
        await self._begin("pull_brake")
        self.braked.setdefault(colour, kind)
        return self.clock.wall()

    async def release_brake(self, colour: Colour) -> float:
        self.story.may_release()
        await self._begin("release_brake")
        if self.braked.get(colour) in (BrakeKind.HAND, BrakeKind.ROLLBACK):
            raise RouterError("it is not a divert's")
        self.braked.pop(colour, None)
        return self.clock.wall()


class Journal:
    """On a disk that outlives the process; after the n-th write from `die_at` on the process is dead."""

    def __init__(self) -> None:
        self.kept: list[tuple[tuple[Record, ...], State | None]] = []
        self.pending: list[tuple[tuple[Record, ...], State | None]] = []
        self.left: int | None = None
        self.at: type | None = None
        """Dead at the first write of such a record."""
        self.death = Death.ORDERS_LOST
        self.dead = False

    @property
    def bodies(self) -> list[object]:
        return [record.body for records, _ in self.kept for record in records]

    def append(self, records: Sequence[Record], state: State | None) -> "Future[None]":
        self.pending.append((tuple(records), state))
        if self.left is not None:
            self.left -= 1
            self.dead = self.dead or self.left <= 0
        if self.at is not None and any(isinstance(record.body, self.at) for record in records):
            self.dead = True
        return Future()

    async def durable(self, written: "Future[None]") -> None:
        await asyncio.sleep(0)
        if self.dead and self.death is Death.WRITE_LOST:
            raise NotKeptError("the process is dead")
        self._write()

    def _write(self) -> None:
        self.kept += self.pending
        self.pending.clear()

    def recover(self) -> State:
        """What the next process finds."""
        if not self.dead or self.death is not Death.WRITE_LOST:
            self._write()
        self.pending.clear()
        self.dead, self.left, self.at = False, None, None
        state, later = State(), 0
        for number, (_, known) in enumerate(self.kept):
            if known is not None:
                state, later = known, number + 1
        return reduce(evolve, (record for records, _ in self.kept[later:] for record in records), state)


class Lives:
    """What outlives every daemon, and what the journal must explain."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.clock = ClockFake()
        self.messenger = MessengerFake()
        self.journal = Journal()
        self.router = Balancer(self)
        self.world = World(self.clock, self.router)

    def records(self) -> list[object]:
        return self.journal.bodies

    def rolled_back(self) -> set[str]:
        """The deployments whose rollback is on disk."""
        return {
            body.order.split.salt
            for body in self.records()
            if isinstance(body, SplitOrdered) and body.rollback and isinstance(body.order, SetTraffic)
        }

    def explained(self, split: Split, note: str) -> None:
        """An order that gives the candidate users is on disk, in these words, and no rollback before it."""
        orders = [body for body in self.records() if isinstance(body, SplitOrdered)]
        assert [split] == [body.split for body in orders if body.order.id == note]
        assert split.salt not in self.rolled_back()

    def may_release(self) -> None:
        """A brake is released for a trial that is on disk."""
        assert [body for body in self.records() if isinstance(body, TrialOrdered)]


async def _ran(_name: str) -> HookRan:
    return HookRan(status=0, detail="")


class Life:
    """A daemon that a test moves step by step and that may end at any write."""

    def __init__(self, story: Lives, *, rebooted: bool) -> None:
        self.story = story
        self.performer = Performer(
            clock=story.clock, messenger=story.messenger, put=self._put, failed=lambda _effect, _error: None
        )
        self.performer.equip({"shop": replace(hands(story.world)["shop"], hook=_ran)})
        self.loop = Loop(
            state=story.journal.recover(),
            now=story.clock.now,
            journal=story.journal,
            perform=self.performer.start,
            turned=lambda _state, _records: None,
            alive=lambda: None,
        )
        if self.loop.state.environment is None:
            self.loop.put(Configured(environment=story.environment))
        self.loop.put(Started(rebooted=rebooted))
        story.world.seen_to = 0.0

    def _put(self, event: Event) -> None:
        self.loop.put(event)

    async def pump(self) -> bool:
        """Turn until nothing is left to do at this instant; False when the process died."""
        while True:
            while self.loop.once():
                if self.story.journal.dead:
                    await self._die()
                    return False
            await asyncio.sleep(0)
            asleep = len(self.performer._running) <= len(self.story.router.asleep)  # each holds up one effect
            if not self.loop._waiting and asleep:
                if not self.loop._events:
                    return True
                continue
            await asyncio.wait({*self.loop._waiting, *self.performer._running}, return_when=asyncio.FIRST_COMPLETED)

    async def _die(self) -> None:
        """Nothing turns any more; orders that were begun are carried out or not."""
        death = self.story.journal.death
        if death is Death.OUTCOMES_LOST:
            await asyncio.gather(*self.loop._waiting)
        if death is not Death.ORDERS_LOST:
            while self.performer._running:
                self.story.router.wake(everybody=True)
                await asyncio.wait(self.performer._running, timeout=0)
        await self.end()

    async def end(self) -> None:
        self.loop.stop()
        tasks = (*self.loop._waiting, *self.performer._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def order(kind: type[Any], **fields: Any) -> Callable[[int], AnyCommand]:
    def made(number: int) -> AnyCommand:
        command: AnyCommand = kind(id=f"c{number}", by="ada", because="of it", **fields)
        return command

    return made


def submit(number: int) -> AnyCommand:
    return Submit(id=f"s{number}", by="ada", service="shop", release=f"{number}.0", deployment=f"shop-{number}")


def unknown_schema(number: int) -> AnyCommand:
    known = submit(number)
    assert isinstance(known, Submit)
    return replace(known, schema=Schema.UNKNOWN, watched_by="ada")


DEADLY: Final = (RollbackOrdered, SplitOrdered, DivertOrdered, TrialOrdered, TrialBegun, PhaseChanged)
"""Decisions at whose writing a death is worst."""

COMMANDS: Final[dict[str, Callable[[int], AnyCommand]]] = {
    "submit": submit,
    "submit unknown schema": unknown_schema,
    **{kind.__name__.lower(): order(kind, **SHOP) for kind in (Pause, Resume, Promote, Abort, Adopt, Acknowledge)},
    "rollback": order(Rollback, **SHOP),
    "rollback anyway": order(Rollback, anyway=True, **SHOP),
    "stop the line": order(StopTheLine, for_=30.0),
    "release the line": order(StopTheLine, release=True),
    "forgive": order(Forgive, release="1.0", **SHOP),
    "waive": order(Waive, rule="errors", for_=5.0, **SHOP),
    "disarm": order(Disarm, for_=5.0, **SHOP),
    "arm": order(Disarm, for_=0.0, **SHOP),
    "hold": order(HoldAt, weight=0.2, **SHOP),
    "divert route": order(DivertRoute, route="login", **SHOP),
    "end route": order(DivertRoute, route="login", release=True, **SHOP),
    "preflight": order(Rehearse, **SHOP),
    "drill": order(Rehearse, drill=True, **SHOP),
    "did": order(Did, task="restore", **SHOP),
}


def _environment() -> Environment:
    """With everything that a rollback may lead to: a command, a drain, a route that can be cut."""
    with tempfile.TemporaryDirectory() as folder:
        plain = environment(Path(folder)).environment
    shop = replace(
        plain.services[0],
        cool_down=2.0,
        budget=None,
        routes=("login",),
        cuts_routes=True,
        after_rollback=(Hook(name="tell", idempotent=True), Hook(name="once")),
        candidate_after_rollback=AfterRollback.DRAIN,
        drain=5.0,
        tasks=(Task(name="restore", command="pg_restore"),),
    )
    return replace(plain, services=(shop,), budget=None)


ENVIRONMENT: Final = _environment()


class Lifetimes(RuleBasedStateMachine):
    """One story, life after life."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Lives(ENVIRONMENT)
        self.turning = asyncio.new_event_loop()
        self.silent: set[str] = set()
        self.numbers = itertools.count(1)
        self.held: set[float] = set()
        self.reboots = False
        self.down = 0.0
        self.life = self._next()

    @property
    def router(self) -> Balancer:
        return self.story.router

    @property
    def deployment(self) -> Deployment | None:
        service = self.life.loop.state.services.get("shop")
        return None if service is None else service.deployment

    def do(self, work: Coroutine[None, None, Any]) -> Any:
        return self.turning.run_until_complete(work)

    def _next(self) -> Life:
        life = Life(self.story, rebooted=self.reboots)
        self.reboots = False
        return life

    async def _settle(self) -> None:
        """Until nothing is left to do at this instant, in the next life if need be."""
        while not await self.life.pump():
            self.story.clock.time += self.down
            self.life = self._next()

    async def _pass(self, seconds: float) -> None:
        end = self.story.clock.time + seconds
        while self.story.clock.time < end:
            await self._settle()
            self.story.clock.time += SLICE
            self.router.wake()
            if "edge" not in self.silent:
                self.life.loop.put(self.story.world.slice_())
            if "health" not in self.silent and self.story.clock.time % 0.5 < SLICE:
                self.life.loop.put(self.story.world.health())
        await self._settle()

    async def _ask(self, command: AnyCommand) -> None:
        self.life.loop.put(command)
        await self._pass(SLICE)

    @initialize()
    def a_release_is_on_its_way(self) -> None:
        self.do(self._pass(1.0))
        self.do(self._ask(submit(next(self.numbers))))
        self.do(self._pass(2.0))

    @rule(seconds=st.sampled_from([0.25, 1.0, 4.0, 12.0]))
    def time_passes(self, seconds: float) -> None:
        self.do(self._pass(seconds))

    @rule(name=st.sampled_from(sorted(COMMANDS)))
    def somebody_orders(self, name: str) -> None:
        number = next(self.numbers) if name.startswith("submit") else 0
        self.do(self._ask(COMMANDS[name](number)))

    @rule(colour=st.sampled_from([GREEN, GREEN, Colour.BLUE]))
    def it_fails_or_is_well(self, colour: Colour) -> None:
        self.story.world.faulty ^= {colour}
        self.do(self._pass(0.5))

    @rule(colour=st.sampled_from([GREEN, Colour.BLUE]))
    def it_dies_or_lives(self, colour: Colour) -> None:
        self.story.world.down ^= {colour}

    @rule(source=st.sampled_from(["edge", "health"]))
    def a_source_falls_silent_or_speaks(self, source: str) -> None:
        self.silent ^= {source}

    @rule(what=st.sampled_from(MOVES))
    def the_balancer_fails_or_obeys(self, what: str) -> None:
        if self.router.fails.pop(what, None) is None:
            self.router.fails[what] = "no space"

    @rule(what=st.sampled_from(MOVES))
    def the_balancer_is_late_or_quick(self, what: str) -> None:
        self.router.late ^= {what}

    @rule(
        writes=st.integers(1, 6),
        death=st.sampled_from(list(Death)),
        down=st.sampled_from([0.0, 2.0, 400.0]),
        reboots=st.booleans(),
        seconds=st.sampled_from([1.0, 4.0]),
    )
    def the_daemon_dies(self, writes: int, death: Death, down: float, *, reboots: bool, seconds: float) -> None:
        self.story.journal.left, self.story.journal.death = writes, death
        self.reboots, self.down = reboots, down
        self.do(self._pass(seconds))

    @rule(kind=st.sampled_from(DEADLY), death=st.sampled_from(list(Death)), bad=st.booleans())
    def the_daemon_dies_at_a_decision(self, kind: type, death: Death, *, bad: bool) -> None:
        if bad:
            self.story.world.faulty.add(GREEN)
        self.story.journal.at, self.story.journal.death = kind, death
        self.down = 1.0
        self.do(self._pass(6.0))

    @precondition(lambda self: GREEN not in self.router.braked)
    @rule()
    def somebody_touches_the_brake(self) -> None:
        self.router.braked[GREEN] = BrakeKind.HAND

    @precondition(lambda self: self.router.braked.get(GREEN) in (BrakeKind.HAND, BrakeKind.DIVERT))
    @rule()
    def somebody_takes_the_brake_away(self) -> None:
        del self.router.braked[GREEN]

    @rule(weight=st.sampled_from([0.0, 0.3, 1.0]))
    def somebody_moves_users(self, weight: float) -> None:
        if self.router.split is not None and not self.router.asleep:
            self.router.split = replace(self.router.split, weight=weight, promoted=False)
            self.router.by_hand = True

    @invariant()
    def the_state_is_sound(self) -> None:
        check_invariants(self.life.loop.state)

    @invariant()
    def the_candidates_users_are_explained(self) -> None:
        split = self.router.split
        if split is None or self.router.by_hand or self.router.share(split.candidate) == 0.0:
            return
        orders = [body for body in self.story.records() if isinstance(body, SplitOrdered)]
        assert split in [body.split for body in orders]
        assert split.salt not in self.story.rolled_back()

    @invariant()
    def every_order_is_the_plans_a_humans_or_a_rollback(self) -> None:
        plans = {plan.name: plan for plan in self.story.environment.plans}
        weights = {step.weight for step in plans["quick"].steps} | {0.2}
        for body in self.story.records():
            if isinstance(body, SplitOrdered):
                assert (body.split.weight == 0.0) if body.rollback else body.split.weight in weights
                assert body.rollback or body.held or body.split.weight != 0.2

    def _heal(self) -> None:
        world, router = self.story.world, self.router
        for troubles in (world.faulty, world.down, self.silent, router.late):
            troubles.clear()
        router.fails.clear()
        router.wake(everybody=True)
        if router.braked.get(GREEN) is BrakeKind.HAND:
            del router.braked[GREEN]
        self.story.journal.left = self.story.journal.at = None
        self.do(self._ask(COMMANDS["release the line"](0)))
        self.do(self._pass(1.0))
        deployment = self.deployment
        if router.by_hand and deployment is not None:
            router.split = deployment.in_force
            if deployment.ended:
                router.split = replace(deployment.in_force, weight=float(deployment.phase is Phase.PROMOTED))

    def _quiet(self) -> bool:
        deployment = self.deployment
        if deployment is not None and deployment.phase is Phase.PROMOTED:
            return deployment.declared == deployment.in_force  # an order that was lost is given again after a minute
        return deployment is None or deployment.ended

    def teardown(self) -> None:
        try:
            self._heal()
            for _ in range(12):
                if self._quiet():
                    break
                self.do(self._pass(12.0))
                if not self._quiet():
                    self.do(self._ask(COMMANDS["end route"](0)))
                    self.do(self._ask(COMMANDS["resume"](0)))
            self.do(self._pass(12.0))
            self._agree()
        finally:
            self._end()

    def _agree(self) -> None:
        """Declared, remembered and real are one; nobody was woken twice for one rollback."""
        deployment, router = self.deployment, self.router
        assert deployment is not None
        assert deployment.ended, deployment.phase
        assert router.split is not None
        if deployment.phase is Phase.ROLLED_BACK:
            assert 1.0 == router.share(deployment.stable)
            assert 0.0 == deployment.declared.weight
        elif deployment.phase is Phase.PROMOTED:
            assert deployment.declared == deployment.in_force == router.split
            assert 1.0 == router.share(deployment.candidate)
        else:
            assert 1.0 == router.share(deployment.stable)
        proved = [
            body.incident.partition("/")[0]
            for body in self.story.records()
            if isinstance(body, IncidentOpened) and body.reason is Reason.PROVED_BY_TRAFFIC
        ]
        assert sorted(set(proved)) == sorted(proved)
        assert len([each for each in self.story.records() if isinstance(each, RollbackOrdered)]) >= len(proved)

    def _end(self) -> None:
        self.do(self.life.end())
        self.turning.close()


pytestmark = pytest.mark.acceptance

COMMON: Final[dict[str, Any]] = {
    "deadline": None,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
}


@pytest.mark.timeout(120)
def test_whatever_happens_users_are_where_somebody_ordered_them_to_be() -> None:
    """Some lives in a row, the same on every run."""
    run_state_machine_as_test(
        Lifetimes, settings=settings(max_examples=20, stateful_step_count=15, derandomize=True, **COMMON)
    )


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_whatever_happens_for_long_users_are_where_somebody_ordered_them_to_be() -> None:
    """Many and longer lives, other ones on every run."""
    run_state_machine_as_test(
        Lifetimes, settings=settings(max_examples=600, stateful_step_count=40, derandomize=False, **COMMON)
    )
