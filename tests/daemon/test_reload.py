"""All of another configuration comes into force, or nothing does."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.daemon.helpers import ClockFake, JournalFake, MessengerFake, environment, home, pump, quiet_loop
from watchdog.config.adapters import Compiled
from watchdog.config.errors import ConfigError, Problem
from watchdog.control.app import ApiError, RefusedError, UnavailableError
from watchdog.core.effects import ObserveTraffic, Prepare
from watchdog.core.events import Configured, Started, Submit, TrafficSeen
from watchdog.core.state import State
from watchdog.daemon.performer import Performer
from watchdog.daemon.reload import FIXED, Reloading
from watchdog.notify.send import Contact


class BuiltFake:
    """What was built for a configuration."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.hands: dict[str, Any] = {service.name: f"hands of {compiled.text}" for service in compiled.services}


class RouterStub:
    """Knows whether it was closed."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    async def close(self) -> None:
        self.closed.set()


class PlantFake:
    """Keeps what was built, swapped and thrown away."""

    def __init__(self) -> None:
        self.hands: dict[str, Any] = {"shop": "old hands"}
        self.swapped: list[BuiltFake] = []
        self.discarded: list[BuiltFake] = []
        self.fails = ""
        self.retired: list[RouterStub] = []
        self.look: Callable[[], object] = lambda: None
        self.seen: list[object] = []
        """What `look` gave at each swap."""

    async def build(self, compiled: Compiled) -> BuiltFake:
        if self.fails:
            raise FileNotFoundError(self.fails)
        return BuiltFake(compiled)

    async def swap(self, built: BuiltFake) -> list[RouterStub]:
        self.seen.append(self.look())
        self.swapped.append(built)
        self.hands = built.hands
        return self.retired

    async def discard(self, built: BuiltFake) -> None:
        self.discarded.append(built)


class Scene:
    def __init__(self, compiled: Compiled) -> None:
        self.clock = ClockFake()
        self.loop = quiet_loop(State(), self.clock, JournalFake(), lambda _effect: None)
        self.plant = PlantFake()
        self.told: list[dict[str, Contact]] = []
        self.file: Compiled | Exception = compiled
        self.performer = Performer(
            clock=self.clock, messenger=MessengerFake(), put=self.loop.put, failed=lambda _effect, _error: None
        )
        self.reloading = Reloading(
            compiled=compiled,
            read=self._read,
            contacts=lambda found: {
                contact.name: Contact(name=contact.name, url="json://x") for contact in found.contacts
            },
            loop=self.loop,
            plant=self.plant,  # type: ignore[arg-type]  # a fake of the part that is used
            performer=self.performer,
            equip=self.told.append,
        )
        self.loop.turn(Configured(environment=compiled.environment))
        self.loop.turn(Started())

    def _read(self) -> Compiled:
        if isinstance(self.file, Exception):
            raise self.file
        return self.file

    async def reload(self, *, force: bool = False) -> Compiled:
        """A reload, while the loop turns."""
        task = asyncio.ensure_future(self.reloading(force=force))
        while not task.done():
            await pump(self.loop)
            await asyncio.sleep(0.001)
        return task.result()

    def nothing_happened(self, before: Compiled) -> bool:
        return (
            self.reloading.compiled is before
            and self.loop.state.environment == before.environment
            and [] == self.plant.swapped
            and [] == self.told
            and self.hands == {"shop": "old hands"}
        )

    @property
    def hands(self) -> object:
        found: Any = self.performer._hands
        return found or {"shop": "old hands"}


def other(compiled: Compiled, **changes: Any) -> Compiled:
    """The same with another digest and text, and changes."""
    fresh = replace(compiled.environment, digest="other", blind_after=99.0)
    return replace(compiled, **{"environment": fresh, "text": "other", **changes})


def play(folder: Path, story: Callable[[Scene, Compiled], Awaitable[None]]) -> None:
    compiled = environment(folder)

    async def main() -> None:
        await story(Scene(compiled), compiled)

    asyncio.run(main())


def test_all_of_it_comes_into_force(tmp_path: Path) -> None:
    """Core, sources and routers, and who is told."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        scene.file = other(compiled)

        assert scene.file is await scene.reload()
        assert scene.file is scene.reloading.compiled
        assert scene.loop.state.environment == scene.file.environment
        assert [scene.file] == [built.compiled for built in scene.plant.swapped]
        assert [["on-call"]] == [list(contacts) for contacts in scene.told]
        assert {"shop": "hands of other"} == scene.hands

    play(tmp_path, story)


def test_a_probe_during_the_swap_finds_an_open_source(tmp_path: Path) -> None:
    """The old sources are being closed then; whether stable answers may decide on a rollback at that moment."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        scene.file = other(compiled)
        scene.plant.look = lambda: scene.hands
        await scene.reload()

        assert [{"shop": "hands of other"}] == scene.plant.seen

    play(tmp_path, story)


def test_a_file_with_mistakes_changes_nothing(tmp_path: Path) -> None:
    """The answer has the words of `check`."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        scene.file = ConfigError((Problem(file="e.yml", line=3, key="plans", message="are missing"),))
        with pytest.raises(ApiError, match="are missing"):
            await scene.reload()

        assert scene.nothing_happened(compiled)

    play(tmp_path, story)


def test_what_cannot_be_built_changes_nothing(tmp_path: Path) -> None:
    """The core was not asked."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        scene.file, scene.plant.fails = other(compiled), "credential key is not there"
        with pytest.raises(ApiError, match="credential key is not there"):
            await scene.reload()

        assert scene.nothing_happened(compiled)

    play(tmp_path, story)


@pytest.mark.parametrize("name", FIXED)
def test_what_is_taken_once_cannot_change(tmp_path: Path, name: str) -> None:
    """It is named by its key in the file."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        scene.file = other(compiled, **{name: "elsewhere"})
        with pytest.raises(RefusedError, match=f"{FIXED[name]} cannot change while the daemon runs"):
            await scene.reload()

        assert scene.nothing_happened(compiled)

    play(tmp_path, story)


async def submitted(scene: Scene) -> None:
    """A deployment is under way."""
    await pump(scene.loop)
    (effect,) = (
        each for each in scene.loop.state.services["shop"].waiting.values() if isinstance(each, ObserveTraffic)
    )
    scene.loop.put(TrafficSeen(service="shop", split=home(), effect=effect.id))
    scene.loop.put(Submit(id="c1", service="shop", release="2.0", deployment="shop-1"))
    await pump(scene.loop)
    assert any(isinstance(each, Prepare) for each in scene.loop.state.services["shop"].waiting.values())


def test_what_the_core_refuses_changes_nothing(tmp_path: Path) -> None:
    """A service cannot go in mid-deployment, not by force either; what was built for it is let go of."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        await submitted(scene)
        empty = replace(compiled.environment, services=(), digest="other")
        scene.file = other(compiled, environment=empty, services=())
        for force in (False, True):
            with pytest.raises(RefusedError, match="shop cannot go") as refused:
                await scene.reload(force=force)
            assert "one_at_a_time" == refused.value.reason

        assert scene.nothing_happened(compiled)
        assert [scene.file] * 2 == [built.compiled for built in scene.plant.discarded]

    play(tmp_path, story)


def test_force_reaches_the_core(tmp_path: Path) -> None:
    """It decides what may go by force."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        asked = []
        ask = scene.loop.ask

        async def heard(event: Any) -> Any:
            asked.append(event)
            return await ask(event)

        scene.loop.ask = heard  # type: ignore[method-assign]  # to hear what is asked
        scene.file = other(compiled)
        await scene.reload(force=True)
        await scene.reload()

        assert [True, False] == [event.forced for event in asked]
        assert "" not in {event.id for event in asked}

    play(tmp_path, story)


def test_a_new_service_has_hands_before_the_core_knows_it(tmp_path: Path) -> None:
    """Its router is asked in the very turn that takes it in; an old service keeps its own until the swap."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        seen: list[dict[str, object]] = []
        perform = scene.loop._perform

        def heard(effect: Any) -> None:
            seen.append(dict(scene.performer._hands))
            perform(effect)

        scene.loop._perform = heard
        (service,) = compiled.services
        (core,) = compiled.environment.services
        scene.file = replace(
            other(compiled),
            services=(service, replace(service, name="store")),
            environment=replace(compiled.environment, services=(core, replace(core, name="store"))),
        )
        await scene.reload()

        assert {"shop": "old hands", "store": "hands of other"} in seen

    play(tmp_path, story)


def test_a_daemon_that_stops_reads_nothing(tmp_path: Path) -> None:
    """The file is read at the next start."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        scene.loop.stop()
        scene.file = other(compiled)
        with pytest.raises(UnavailableError, match="stopping"):
            await scene.reloading()

        assert scene.nothing_happened(compiled)

    play(tmp_path, story)


def test_a_router_that_is_not_needed_any_more_ends_its_order_first(tmp_path: Path) -> None:
    """It is closed when what it was told has ended."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        router = RouterStub()
        scene.plant.retired = [router]
        under_way = asyncio.get_running_loop().create_task(asyncio.sleep(0.05))
        scene.performer._running.add(under_way)
        scene.file = other(compiled)
        await scene.reload()
        await asyncio.sleep(0)
        assert not router.closed.is_set()

        async with asyncio.timeout(5.0):
            await router.closed.wait()
        assert under_way.done()

    play(tmp_path, story)


def test_reloads_come_one_after_the_other(tmp_path: Path) -> None:
    """Two at once are two in order: the last file read is the one in force."""

    async def story(scene: Scene, compiled: Compiled) -> None:
        scene.file = other(compiled)
        both = asyncio.gather(scene.reload(), scene.reload())
        await both

        assert 2 == len(scene.plant.swapped)
        assert scene.plant.swapped[-1].compiled is scene.reloading.compiled

    play(tmp_path, story)
