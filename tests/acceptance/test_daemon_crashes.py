"""The daemon dies after any of its records and goes on: a whole deployment with its rollback, in one process.

The real loop, performer and journal on disk; a balancer, users and clocks that a test moves. Three deaths at each
write: what the records order is not carried out; it is carried out and its outcome is lost; and what starts together
with the write is carried out while the write itself is lost.
"""

import asyncio
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pytest

from tests.daemon.helpers import ClockFake, MessengerFake, RouterFake, World, environment, hands
from watchdog.core.events import Configured, Event, Started, Submit
from watchdog.core.model import Colour
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import DivertOrdered, IncidentOpened, PhaseChanged, Record, RollbackOrdered
from watchdog.core.settings import Environment
from watchdog.core.state import Deployment, State
from watchdog.daemon.keeper import Keeper, stood
from watchdog.daemon.loop import Loop, NotKeptError
from watchdog.daemon.performer import Performer
from watchdog.journal.recovery import read, recover
from watchdog.journal.store import Store

pytestmark = pytest.mark.acceptance

SLICE = 0.25
LONGEST = 120.0
DOWN_FOR = 2.0


class Death(StrEnum):
    """What is left of the last turn."""

    ORDERS_LOST = "orders_lost"
    OUTCOMES_LOST = "outcomes_lost"
    WRITE_LOST = "write_lost"


class Crashing:
    """A journal after whose n-th write the process is dead."""

    def __init__(self, keeper: Keeper, at: int | None, death: Death) -> None:
        self._keeper = keeper
        self._at = at
        self._death = death
        self.writes: list[tuple[Record, ...]] = []
        self.dead = False

    def append(self, records: Sequence[Record], state: State | None) -> "Future[None]":
        self.writes.append(tuple(records))
        self.dead = self.dead or len(self.writes) == self._at
        if self.dead and self._death is Death.WRITE_LOST:
            self.writes.pop()
            return Future()
        return self._keeper.append(records, state)

    async def durable(self, written: "Future[None]") -> None:
        if self.dead and self._death is Death.WRITE_LOST:
            raise NotKeptError("the process is dead")
        await self._keeper.durable(written)


@dataclass
class Story:
    """What outlives the daemon."""

    folder: Path
    environment: Environment
    clock: ClockFake = field(default_factory=ClockFake)
    messenger: MessengerFake = field(default_factory=MessengerFake)
    submitted: int = 0

    def __post_init__(self) -> None:
        self.router = RouterFake(self.clock)
        self.world = World(self.clock, self.router)

    @property
    def bodies(self) -> list[object]:
        return [dated.record.body for dated in read(self.folder, limit=100_000)]


class Life:
    """One life of the daemon."""

    def __init__(self, story: Story, *, dies_at: int | None = None, death: Death = Death.ORDERS_LOST) -> None:
        self.story = story
        self.death = death
        self.store = Store.open(story.folder, wall=story.clock.wall())
        began = stood(recover(self.store))
        story.clock.time = max(story.clock.time, began.newest)
        self.journal = Crashing(Keeper(self.store, story.clock), dies_at, death)
        self.performer = Performer(clock=story.clock, messenger=story.messenger, put=self._put, failed=self.failed)
        self.performer.equip(hands(story.world))
        self.loop = Loop(
            state=began.state,
            now=story.clock.now,
            journal=self.journal,
            perform=self.performer.start,
            turned=lambda _state, _records: None,
            alive=lambda: None,
        )

    def _put(self, event: Event) -> None:
        self.loop.put(event)

    def failed(self, effect: object, error: BaseException) -> None:
        raise AssertionError(f"{effect}: {error!r}")

    @property
    def deployment(self) -> Deployment | None:
        service = self.loop.state.services.get("shop")
        return None if service is None else service.deployment

    async def live(self) -> bool:
        """Until the release is rolled back and two seconds more; False when the process died before."""
        story = self.story
        if self.loop.state.environment is None:
            self.loop.put(Configured(environment=story.environment))
        self.loop.put(Started())
        story.world.seen_to = 0.0
        ends, over = story.clock.time + LONGEST, None
        while over is None or story.clock.time < over:
            assert story.clock.time < ends, f"not over after {LONGEST:g} s: {self.deployment}"
            if not await self._pump():
                return False
            self._people()
            story.clock.time += SLICE
            self.loop.put(story.world.slice_())
            if story.clock.time % 0.5 < SLICE:
                self.loop.put(story.world.health())
            if over is None and self.deployment is not None and self.deployment.phase is Phase.ROLLED_BACK:
                over = story.clock.time + 2.0
        self.loop.stop()
        return True

    def _people(self) -> None:
        """Submit a release; it turns bad while it bakes."""
        deployment, services = self.deployment, self.loop.state.services
        if deployment is None:
            if "shop" in services and services["shop"].adopted:
                self.story.submitted += 1
                name = f"shop-{self.story.submitted}"
                self.loop.put(Submit(id=name, service="shop", release="2.0", deployment=name))
        elif deployment.phase is Phase.BAKING and deployment.soaked > 1.0:
            self.story.world.faulty = {Colour.GREEN}

    async def _pump(self) -> bool:
        """Turn until nothing is left to do at this instant; False when the process died."""
        while True:
            while self.loop.once():
                if self.journal.dead:
                    await self._die()
                    return False
            work = {*self.loop._waiting, *self.performer._running}
            if not work:
                return True
            await asyncio.wait(work, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)

    async def _die(self) -> None:
        """Nothing turns any more; orders that were begun are carried out or not."""
        if self.death is Death.OUTCOMES_LOST:
            await asyncio.gather(*self.loop._waiting)
        if self.death is not Death.ORDERS_LOST:
            await asyncio.gather(*self.performer._running)
        self.loop.stop()
        for task in (*self.loop._waiting, *self.performer._running):
            task.cancel()
        await asyncio.gather(*self.loop._waiting, *self.performer._running, return_exceptions=True)

    def close(self) -> None:
        assert self.store.close()


def whole_life(story: Story) -> list[tuple[Record, ...]]:
    """A life without a death; its writes."""

    async def main() -> list[tuple[Record, ...]]:
        life = Life(story)
        assert await life.live()
        life.close()
        return life.journal.writes

    return asyncio.run(main())


def died_and_went_on(story: Story, at: int, death: Death) -> list[Record]:
    """Two lives; what the first one wrote."""

    async def main() -> list[Record]:
        first = Life(story, dies_at=at, death=death)
        assert not await first.live()
        first.close()
        story.clock.time += DOWN_FOR
        second = Life(story)
        assert await second.live()
        second.close()
        return [record for write in first.journal.writes for record in write]

    return asyncio.run(main())


def expected_of(story: Story) -> dict[str, object]:
    """What must be true in the end, whatever happened on the way."""
    bodies = story.bodies
    told = {(effect.incident, effect.repetition) for effect in story.messenger.sent}
    opened = [body for body in bodies if isinstance(body, IncidentOpened)]
    return {
        "rollbacks": sum(isinstance(body, RollbackOrdered) for body in bodies),
        "rolled back": sum(isinstance(body, PhaseChanged) and body.to is Phase.ROLLED_BACK for body in bodies),
        "on stable": story.router.share(Colour.BLUE),
        "incidents for on-call": [str(body.reason) for body in opened if body.audience == "on_call"],
        "not told": [body.incident for body in opened if (body.incident, 0) not in told],
    }


ONCE = {
    "rollbacks": 1,
    "rolled back": 1,
    "on stable": 1.0,
    "incidents for on-call": [str(Reason.PROVED_BY_TRAFFIC)],
    "not told": [],
}


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where that is possible: hundreds of journals are written and synced."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="rwd-", dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def test_without_a_death_there_is_one_rollback(folder: Path) -> None:
    """The story itself: a divert, one rollback, one incident, everybody on stable."""
    story = Story(folder / "state", environment(folder).environment)
    whole_life(story)

    assert ONCE == expected_of(story)
    assert any(isinstance(body, DivertOrdered) for body in story.bodies)


@pytest.mark.parametrize("death", Death)
def test_after_any_record_the_daemon_may_die(folder: Path, death: Death) -> None:
    """Exactly one rollback, traffic on stable, one incident that was told, and nothing of the first life is lost."""
    compiled = environment(folder)
    writes = whole_life(Story(folder / "whole", compiled.environment))
    wrong = []
    for at in range(1, len(writes) + 1):
        story = Story(folder / f"{death}-{at}", compiled.environment)
        if not writes[at - 1]:
            continue
        before = died_and_went_on(story, at, death)
        kept = [dated.record for dated in read(story.folder, limit=100_000)]
        found = {**expected_of(story), "lost": kept[: len(before)] != before}
        if found != {**ONCE, "lost": False}:
            wrong.append((at, [type(record.body).__name__ for record in writes[at - 1]], found))

    assert [] == wrong
