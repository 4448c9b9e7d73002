"""The order of append and effects, ticks, checkpoints, answers; with a clock that is moved and a journal that fails."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.daemon.helpers import ClockFake, JournalFake, pump, quiet_loop, splits
from watchdog.core.effects import Audience, Effect, Notify, ObserveTraffic, Prepare, SetTraffic
from watchdog.core.engine import step
from watchdog.core.events import (
    Configured,
    Event,
    NotDurable,
    Pause,
    PreparedOutcome,
    Started,
    StopTheLine,
    Submit,
    TrafficOutcome,
    TrafficSeen,
)
from watchdog.core.events import Rollback as RollbackCommand
from watchdog.core.phases import Phase
from watchdog.core.records import Accepted, Record, Refused, SplitAbandoned
from watchdog.core.settings import Environment
from watchdog.core.state import Deployment, State
from watchdog.daemon.loop import CHECKPOINT_EVERY_S, Loop, StoppedError

from tests.daemon.helpers import environment as compiled  # isort: skip

T = TypeVar("T")


class Scene:
    """A loop with what it appended and performed, in one order."""

    def __init__(self, environment: Environment) -> None:
        self.clock = ClockFake()
        self.journal = JournalFake()
        self.started: list[Effect] = []
        self.loop = quiet_loop(State(), self.clock, self.journal, self.perform)
        self.loop.turn(Configured(environment=environment))
        self.loop.turn(Started())

    def perform(self, effect: Effect) -> None:
        self.started.append(effect)
        self.journal.log.append(effect.kind)

    async def does(self, *events: Event) -> None:
        for event in events:
            self.loop.put(event)
        await pump(self.loop)

    async def does_until_it_sleeps(self, *events: Event) -> None:
        """As `does`, while the disk is broken: the loop looks after it again and again."""
        for event in events:
            self.loop.put(event)
        for _ in range(50):
            self.loop.once()
            await asyncio.sleep(0)

    def last(self, kind: type[Effect]) -> Effect:
        return [effect for effect in self.started if isinstance(effect, kind)][-1]

    @property
    def deployment(self) -> Deployment:
        deployment = self.loop.state.services["shop"].deployment
        assert deployment is not None
        return deployment

    async def adopted(self) -> None:
        """The router has said that everybody is on blue."""
        await pump(self.loop)
        effect = self.last(ObserveTraffic)
        await self.does(TrafficSeen(service="shop", split=splits(0.0), effect=effect.id))

    async def prepared(self) -> None:
        """A deployment whose first step is ordered."""
        await self.adopted()
        await self.does(Submit(id="c1", service="shop", release="2.0", deployment="shop-1"))
        await self.does(PreparedOutcome(effect=self.last(Prepare).id, ok=True))

    async def on_half(self) -> None:
        """A deployment with half of the users."""
        await self.prepared()
        order = self.last(SetTraffic)
        assert isinstance(order, SetTraffic)
        await self.does(TrafficOutcome(effect=order.id, ok=True, in_force=order.split))


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Scene], Awaitable[T]]], T]:
    environment = compiled(tmp_path).environment
    monkeypatch.setattr("watchdog.daemon.loop.LONGEST_SLEEP_S", 0.01)

    def run(story: Callable[[Scene], Awaitable[T]]) -> T:
        async def main() -> T:
            return await story(Scene(environment))

        return asyncio.run(main())

    return run


Play = Callable[[Callable[[Scene], Awaitable[None]]], None]


def test_a_step_is_ordered_after_its_record_is_kept(play: Play) -> None:
    """What moves users to the candidate waits for the disk."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        await scene.does(Submit(id="c1", service="shop", release="2.0", deployment="shop-1"))
        scene.journal.log.clear()
        await scene.does(PreparedOutcome(effect=scene.last(Prepare).id, ok=True))

        assert ["append", "durable", "set_traffic"] == scene.journal.log[:3]

    play(story)


def test_a_rollback_starts_together_with_its_record(play: Play) -> None:
    """What moves users to stable does not wait for the disk."""

    async def story(scene: Scene) -> None:
        await scene.on_half()
        scene.journal.log.clear()
        scene.clock.time += 5.0
        command = RollbackCommand(id="c2", service="shop", because="test", anyway=True)
        await scene.does(command)

        assert ["set_traffic", "append", "durable"] == [each for each in scene.journal.log if each != "probe_colour"][
            :3
        ]
        assert scene.deployment.phase is Phase.ROLLING_BACK

    play(story)


def test_an_order_that_was_superseded_while_its_record_was_written_is_not_carried_out(play: Play) -> None:
    """The rollback came meanwhile: the step is void."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        await scene.does(Submit(id="c1", service="shop", release="2.0", deployment="shop-1"))
        scene.loop.put(PreparedOutcome(effect=scene.last(Prepare).id, ok=True))
        scene.loop.put(RollbackCommand(id="c2", service="shop", because="test", anyway=True))
        while scene.loop.once():  # both turns come before the journal has answered
            pass
        await pump(scene.loop)

        orders = [effect for effect in scene.started if isinstance(effect, SetTraffic)]
        assert [True] == [order.brake for order in orders]

    play(story)


def test_an_effect_of_a_service_that_is_gone_is_dropped(play: Play) -> None:
    """A message that waited for the disk while its service left the configuration ends nothing."""

    async def story(scene: Scene) -> None:
        effect = Notify(id="x/1/0", service="gone", incident="i", audience=Audience.ON_CALL, contacts=(), repetition=0)
        scene.loop._perform_if_wanted(effect)

        assert effect not in scene.started

    play(story)


def test_a_full_disk_is_told_once_and_takes_no_step(play: Play) -> None:
    """NotDurable comes once; the step counts as not taken; messages go out; the end of it is told, too."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        await scene.does(Submit(id="c1", service="shop", release="2.0", deployment="shop-1"))
        scene.journal.broken = "no space"
        await scene.does_until_it_sleeps(PreparedOutcome(effect=scene.last(Prepare).id, ok=True))

        told = [body for body in scene.journal.bodies if isinstance(body, NotDurable)]
        assert [NotDurable(detail="no space")] == told
        assert [] == [effect for effect in scene.started if isinstance(effect, SetTraffic)]
        assert 1 == sum(isinstance(body, SplitAbandoned) for body in scene.journal.bodies)
        assert 0.0 == scene.deployment.in_force.weight
        assert any(isinstance(effect, Notify) for effect in scene.started)
        assert "no space" == scene.loop.state.not_durable

        scene.journal.broken = ""
        await scene.does()

        assert [NotDurable(detail="no space"), NotDurable(detail="")] == [
            body for body in scene.journal.bodies if isinstance(body, NotDurable)
        ]
        assert "" == scene.loop.state.not_durable

    play(story)


def test_a_rollback_on_a_full_disk_happens(play: Play) -> None:
    """A full disk is no reason to stay on a bad release."""

    async def story(scene: Scene) -> None:
        await scene.on_half()
        scene.journal.broken = "no space"
        await scene.does_until_it_sleeps(RollbackCommand(id="c2", service="shop", because="test", anyway=True))
        order = scene.last(SetTraffic)

        assert isinstance(order, SetTraffic)
        assert (True, 0.0) == (order.brake, order.split.weight)

    play(story)


def test_a_preparation_waits_for_the_disk(play: Play) -> None:
    """It is begun when the record of it is kept, however long that takes."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        scene.journal.broken = "no space"
        scene.loop.put(Submit(id="c1", service="shop", release="2.0", deployment="shop-1"))
        await scene.does_until_it_sleeps()
        assert scene.loop.state.not_durable
        assert [] == [effect for effect in scene.started if isinstance(effect, Prepare)]

        scene.journal.broken = ""
        await pump(scene.loop)

        assert 1 == sum(isinstance(effect, Prepare) for effect in scene.started)

    play(story)


def test_ticks_come_when_the_engine_wants_them(play: Play) -> None:
    """The router is asked again 10 s after its answer: not before, and once."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        asked = sum(isinstance(effect, ObserveTraffic) for effect in scene.started)
        scene.clock.time += 9.9
        assert not scene.loop.once()
        scene.clock.time += 0.2

        assert [True, False] == [scene.loop.once(), scene.loop.once()]
        assert asked + 1 == sum(isinstance(effect, ObserveTraffic) for effect in scene.started)

    play(story)


def test_a_checkpoint_comes_with_decisions_and_every_ten_seconds(play: Play) -> None:
    """And not with an observation in between."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        scene.journal.entries.clear()
        await scene.does(StopTheLine(id="c1", because="test"))
        assert [True] == [state is not None for _, state in scene.journal.entries]

        scene.journal.entries.clear()
        scene.clock.time += CHECKPOINT_EVERY_S - 1.0
        scene.loop.put(TrafficSeen(service="shop", split=splits(0.0)))
        scene.loop.once()
        assert [] == [state for _, state in scene.journal.entries if state is not None]

        scene.clock.time += 1.1
        scene.loop.put(TrafficSeen(service="shop", split=splits(0.0)))
        scene.loop.once()
        states = [state for _, state in scene.journal.entries if state is not None]
        assert [scene.loop.state] == states

    play(story)


def test_who_asks_hears_what_became_of_it_when_it_is_kept(play: Play) -> None:
    """The answer has the command's own records, and comes after the disk."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        scene.journal.log.clear()
        asking = asyncio.ensure_future(scene.loop.ask(Pause(id="c1", service="shop")))
        await asyncio.sleep(0)
        await pump(scene.loop)
        records = await asking

        assert ["c1"] == [record.body.command for record in records if isinstance(record.body, Refused)]
        assert "durable" in scene.journal.log

    play(story)


def test_who_asks_on_a_broken_disk_is_answered(play: Play) -> None:
    """The command is carried out, and the state says that it is not durable."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        scene.journal.broken = "no space"
        asking = asyncio.ensure_future(scene.loop.ask(StopTheLine(id="c1", because="test")))
        await asyncio.sleep(0)
        await scene.does_until_it_sleeps()

        assert any(isinstance(record.body, Accepted) for record in await asking)

    play(story)


async def _runs(loop: Loop) -> BaseException | None:
    """What `run` ends with, within a second."""
    try:
        async with asyncio.timeout(1.0):
            await loop.run()
    except Exception as error:  # noqa: BLE001 - it is what the test is about
        return error
    return None


def test_stopping_ends_the_loop_and_answers_who_asks(play: Play) -> None:
    """Nobody waits for ever on a daemon that goes."""

    async def story(scene: Scene) -> None:
        running = asyncio.ensure_future(_runs(scene.loop))
        await asyncio.sleep(0)
        asking = asyncio.ensure_future(scene.loop.ask(Pause(id="c1", service="shop")))
        await asyncio.sleep(0)
        scene.loop.stop()

        assert await running is None
        with pytest.raises(StoppedError):
            await asking
        with pytest.raises(StoppedError):
            await scene.loop.ask(Pause(id="c2", service="shop"))

    play(story)


def test_the_loop_takes_what_comes_while_it_sleeps(play: Play) -> None:
    """An event wakes it, and every turn says that it is alive."""

    async def story(scene: Scene) -> None:
        alive = []
        scene.loop._alive = lambda: alive.append(1)
        running = asyncio.ensure_future(_runs(scene.loop))
        records = await scene.loop.ask(StopTheLine(id="c1", because="test"))
        scene.loop.stop()

        assert any(isinstance(record.body, Accepted) for record in records)
        assert await running is None
        assert alive

    play(story)


def test_a_mistake_in_a_turn_ends_the_loop_and_leaves_the_state_as_it_was(play: Play) -> None:
    """Nothing of the turn is kept, who asked is answered, and the daemon hears of the mistake."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        before, entries = scene.loop.state, len(scene.journal.entries)
        running = asyncio.ensure_future(_runs(scene.loop))
        asking = asyncio.ensure_future(scene.loop.ask(TrafficSeen(service="shop", split=5)))  # type: ignore[arg-type]  # the mistake

        assert isinstance(await running, AttributeError)
        with pytest.raises(StoppedError):
            await asking
        assert (before, entries) == (scene.loop.state, len(scene.journal.entries))

    play(story)


def test_a_mistake_after_a_turn_ends_the_loop(play: Play) -> None:
    """An effect that could not be begun when its record was kept is not passed over."""

    async def story(scene: Scene) -> None:
        await scene.adopted()

        def perform(_effect: Effect) -> None:
            raise RuntimeError("no hands")

        scene.loop._perform = perform
        scene.loop.put(Submit(id="c1", service="shop", release="2.0", deployment="shop-1"))

        assert "no hands" == str(await _runs(scene.loop))

    play(story)


def test_the_loop_keeps_what_step_keeps(play: Play) -> None:
    """The state and the records are those of the engine's one function."""

    async def story(scene: Scene) -> None:
        await scene.adopted()
        event = StopTheLine(id="c1", because="test")
        expected = step(scene.loop.state, event, scene.clock.time)
        heard: list[tuple[Record, ...]] = []
        scene.loop._turned = lambda _state, records: heard.append(records)

        assert expected.records == scene.loop.turn(event)
        assert (expected.state, [expected.records]) == (scene.loop.state, heard)

    play(story)
