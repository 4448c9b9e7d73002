"""A daemon of this version where one of form 1 stood: in a canary, and in a rollback that was not carried out yet."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.daemon.helpers import (
    ENVIRONMENT,
    ClockFake,
    MessengerFake,
    RouterFake,
    World,
    environment,
    hands,
    pump,
    quiet_loop,
)
from watchdog.core.effects import Effect
from watchdog.core.events import Configured, Started
from watchdog.core.model import BrakeKind, Colour
from watchdog.core.phases import Phase
from watchdog.core.state import Deployment
from watchdog.daemon.keeper import Keeper, stood
from watchdog.daemon.loop import Loop
from watchdog.daemon.performer import Performer
from watchdog.journal.database import NAME
from watchdog.journal.recovery import recover
from watchdog.journal.store import Store

FIXTURES = Path(__file__).parents[2] / "journal"
pytestmark = [pytest.mark.acceptance]

DOWN_S = 4.0
"""So long the upgrade took."""


@dataclass
class Site:
    """The new daemon's parts on the old one's journal, and the world that went on meanwhile."""

    clock: ClockFake
    router: RouterFake
    world: World
    loop: Loop
    performer: Performer
    store: Store

    @property
    def deployment(self) -> Deployment:
        known = self.loop.state.services["shop"].deployment
        assert known is not None
        return known

    async def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Let the world go on until then."""
        end = self.clock.time + seconds
        while not condition() and self.clock.time < end:
            self.clock.time += 0.25
            self.loop.put(self.world.slice_())
            self.loop.put(self.world.health())
            await pump(self.loop, self.performer)
        assert condition(), self.deployment.phase


def upgraded(folder: Path, name: str) -> Site:
    """Everything up to the first turns."""
    state = folder / "state"
    state.mkdir()
    with sqlite3.connect(state / NAME) as connection:
        connection.executescript((FIXTURES / f"v1-{name}.sql").read_text())
    connection.close()
    store = Store.open(state, wall=0.0)
    began = stood(recover(store))
    clock = ClockFake(began.newest + DOWN_S)
    known = began.state.services["shop"].deployment
    assert known is not None
    router = RouterFake(clock, split=known.in_force)
    world = World(clock, router)
    messenger = MessengerFake()
    performers: list[Performer] = []

    def perform(effect: Effect) -> None:
        performers[0].start(effect)

    loop = quiet_loop(began.state, clock, Keeper(store, clock), perform)  # type: ignore[arg-type]  # a real journal
    performer = Performer(clock=clock, messenger=messenger, put=loop.put, failed=lambda *_: None)
    performers.append(performer)
    performer.equip(hands(world))
    compiled = environment(folder, ENVIRONMENT.replace("soak: 1s", "soak: 30s"))
    loop.turn(Configured(environment=compiled.environment, text=compiled.text, forced=True))
    loop.turn(Started())
    return Site(clock, router, world, loop, performer, store)


def play(folder: Path, name: str, story: Callable[[Site], Awaitable[None]]) -> None:
    async def main() -> None:
        site = upgraded(folder, name)
        try:
            await story(site)
        finally:
            await site.performer.finish(0.0)
            site.store.close()

    asyncio.run(main())


@pytest.mark.parametrize("name", ["canary", "rollback"])
def test_what_it_writes_from_then_on_is_read_at_the_next_start(tmp_path: Path, name: str) -> None:
    """Old and new forms lie in one journal."""

    async def story(site: Site) -> None:
        await site.until(lambda: bool(site.deployment.ended_at) or site.deployment.soaked > 20.0, 60.0)

    play(tmp_path, name, story)
    store = Store.open(tmp_path / "state", wall=0.0)
    try:
        found = recover(store)
    finally:
        store.close()
    assert () == found.messages


def test_a_canary_goes_on_to_its_promotion(tmp_path: Path) -> None:
    """What it had soaked counts; nobody changes colour because of the upgrade."""

    async def story(site: Site) -> None:
        began = site.clock.time
        assert (Phase.SOAKING, True) == (site.deployment.phase, site.deployment.soaked > 10.0)
        await site.until(lambda: site.deployment.confirmed_step == 1, 30.0)
        assert site.clock.time - began < 25.0  # of 30 s, of which some 12 were soaked before
        await site.until(lambda: site.deployment.phase is Phase.PROMOTED, 40.0)
        assert 1.0 == site.router.share(Colour.GREEN)
        assert {} == site.router.braked

    play(tmp_path, "canary", story)


def test_a_canary_that_fails_after_the_upgrade_is_rolled_back(tmp_path: Path) -> None:
    """Its evidence and its rules are as they were."""

    async def story(site: Site) -> None:
        site.world.faulty.add(Colour.GREEN)
        await site.until(lambda: site.deployment.phase is Phase.ROLLED_BACK, 60.0)
        assert 1.0 == site.router.share(Colour.BLUE)

    play(tmp_path, "canary", story)


def test_a_rollback_that_was_ordered_is_carried_out_and_proved(tmp_path: Path) -> None:
    """The order had no outcome: what is in force is looked at, and the order is given again."""

    async def story(site: Site) -> None:
        assert Phase.ROLLING_BACK is site.deployment.phase
        assert 0.5 == site.router.share(Colour.GREEN)
        await site.until(lambda: site.deployment.phase is Phase.ROLLED_BACK, 20.0)
        assert {Colour.GREEN: BrakeKind.ROLLBACK} == site.router.braked
        assert 1.0 == site.router.share(Colour.BLUE)
        rollback = site.deployment.rollback
        assert rollback is not None
        assert rollback.proved_at is not None
        assert "2.0" in site.loop.state.services["shop"].known_bad

    play(tmp_path, "rollback", story)


def test_the_new_keys_are_in_force_from_the_first_turn(tmp_path: Path) -> None:
    """The old journal's configuration had none of them."""

    async def story(site: Site) -> None:
        settings = site.loop.state.environment
        assert settings is not None
        assert (10.0, 60.0) == (settings.services[0].parachute_every, settings.services[0].cool_down)
        assert settings.budget is not None

    play(tmp_path, "canary", story)
