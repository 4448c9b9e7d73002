"""Each kind of effect and its outcome, also of adapters that raise, hang or are gone."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.daemon.helpers import WALL_AHEAD, ClockFake, MessengerFake, RouterFake, World, hands, home, splits
from watchdog.core.effects import (
    Audience,
    Effect,
    Notify,
    ObserveTraffic,
    Prepare,
    ProbeColour,
    Prove,
    PullBrake,
    ReleaseBrake,
    RunRehearsal,
    SetTraffic,
)
from watchdog.core.events import (
    BrakeOutcome,
    Event,
    NotifiedOutcome,
    PreparedOutcome,
    Probed,
    ProofOutcome,
    RehearsedOutcome,
    TrafficOutcome,
    TrafficSeen,
)
from watchdog.core.model import BrakeKind, Check, Colour
from watchdog.daemon import performer as performing
from watchdog.daemon.hands import DirectAnswer, Hands, ProbeUnknownError
from watchdog.daemon.performer import Performer

COMMON: dict[str, Any] = {"id": "shop-1/7/0", "service": "shop"}
EFFECTS: tuple[Effect, ...] = (
    Prepare(**COMMON, splits=(home(),)),
    SetTraffic(**COMMON, epoch=1, split=splits(0.5)),
    PullBrake(**COMMON, epoch=1, colour=Colour.GREEN),
    ReleaseBrake(**COMMON, epoch=1, colour=Colour.GREEN),
    Prove(**COMMON, epoch=1, stable=Colour.BLUE, since=990.0),
    ObserveTraffic(**COMMON),
    Notify(**COMMON, incident="i", audience=Audience.ON_CALL, contacts=("a",), repetition=0),
)
METHODS = ("prepare", "apply", "pull_brake", "release_brake", "prove", "observe")


class Scene:
    def __init__(self) -> None:
        self.clock = ClockFake()
        self.router = RouterFake(self.clock)
        self.world = World(self.clock, self.router)
        self.messenger = MessengerFake()
        self.outcomes: list[Event] = []
        self.failures: list[tuple[Effect, BaseException]] = []
        self.performer = Performer(
            clock=self.clock,
            messenger=self.messenger,
            put=self.outcomes.append,
            failed=lambda effect, error: self.failures.append((effect, error)),
        )
        self.performer.equip(hands(self.world))

    async def does(self, effect: Effect) -> None:
        self.performer.start(effect)
        await self.performer.settled(5.0)


def play(story: Callable[[Scene], Awaitable[None]]) -> Scene:
    async def main() -> Scene:
        scene = Scene()
        await story(scene)
        return scene

    return asyncio.run(main())


def done(effect: Effect) -> Event:
    """The outcome of one effect in a world where everything works."""
    (outcome,) = play(lambda scene: scene.does(effect)).outcomes
    return outcome


def test_a_preparation_has_the_routers_checks_and_the_senders() -> None:
    """All of them in one list; it is ok if all are."""
    outcome = done(EFFECTS[0])

    assert isinstance(outcome, PreparedOutcome)
    assert (True, ["stable answers", "contacts"]) == (outcome.ok, [check.name for check in outcome.checks])


def test_a_preparation_without_a_sender_is_not_ok() -> None:
    """Nobody could be told: the deployment does not start, and says why."""

    async def story(scene: Scene) -> None:
        scene.messenger.check_fails = "apprise is not there"
        await scene.does(EFFECTS[0])

    (outcome,) = play(story).outcomes
    assert (
        PreparedOutcome(
            effect="shop-1/7/0",
            ok=False,
            detail="contacts: apprise is not there",
            checks=(
                Check(name="stable answers", ok=True),
                Check(name="contacts", ok=False, detail="apprise is not there"),
            ),
        )
        == outcome
    )


def test_only_a_drill_sends_a_message() -> None:
    """A rehearsal that only looks tells nobody; a drill's message is one of its steps."""
    looking = RunRehearsal(**COMMON, splits=(home(),), drill=False, contacts=("chat",))

    async def story(scene: Scene) -> None:
        await scene.does(looking)
        assert [] == scene.messenger.drills
        await scene.does(replace(looking, drill=True))
        assert [("shop", ("chat",))] == scene.messenger.drills

    looked, drilled = play(story).outcomes
    assert isinstance(looked, RehearsedOutcome)
    assert isinstance(drilled, RehearsedOutcome)
    assert ["blue answers", "contacts"] == [check.name for check in looked.checks]
    assert ["blue answers", "contacts", "drill: message"] == [check.name for check in drilled.checks]


def test_an_order_of_traffic_says_what_is_in_force() -> None:
    """And, with a brake, since when on the engine's clock."""
    assert TrafficOutcome(effect="shop-1/7/0", ok=True, in_force=splits(0.5)) == done(EFFECTS[1])
    back = SetTraffic(**COMMON, epoch=2, split=home(), brake=True)
    assert TrafficOutcome(effect="shop-1/7/0", ok=True, in_force=home(), braked_at=1000.0) == done(back)


def test_a_brake_is_pulled_for_a_divert_and_released() -> None:
    """Both say since when, on the engine's clock."""

    async def story(scene: Scene) -> None:
        await scene.does(EFFECTS[2])
        assert {Colour.GREEN: BrakeKind.DIVERT} == scene.router.braked
        await scene.does(EFFECTS[3])
        assert {} == scene.router.braked

    assert [BrakeOutcome(effect="shop-1/7/0", ok=True, at=1000.0)] * 2 == play(story).outcomes


def test_a_proof_is_asked_with_the_wall_clocks_time() -> None:
    """Routers and their logs know no other."""
    asked = []

    async def story(scene: Scene) -> None:
        prove = scene.router.prove

        async def heard(stable: Colour, since: float) -> Any:
            asked.append((stable, since))
            return await prove(stable, since)

        scene.router.prove = heard  # type: ignore[method-assign]  # a fake's method, to hear its arguments
        await scene.does(EFFECTS[4])

    (outcome,) = play(story).outcomes
    assert ProofOutcome(effect="shop-1/7/0", ok=True, to_stable=50) == outcome
    assert [(Colour.BLUE, 990.0 + WALL_AHEAD)] == asked


def test_what_the_router_says_names_the_question() -> None:
    """An answer that nobody waits for any more is known by it."""
    assert TrafficSeen(service="shop", split=home(), effect="shop-1/7/0") == done(EFFECTS[5])


def test_what_the_router_had_lost_is_told_on() -> None:
    """The core decides who hears of it."""

    async def story(scene: Scene) -> None:
        scene.router.put_back = "green was open"
        await scene.does(EFFECTS[5])

    (outcome,) = play(story).outcomes
    assert isinstance(outcome, TrafficSeen)
    assert "green was open" == outcome.put_back


def test_a_message_that_nobody_took_is_an_outcome_that_did_not_work() -> None:
    """With what each contact said."""

    async def story(scene: Scene) -> None:
        scene.messenger.fails = "a: no route"
        await scene.does(EFFECTS[6])

    assert [NotifiedOutcome(effect="shop-1/7/0", ok=False, detail="a: no route")] == play(story).outcomes


def test_a_probe_says_how_the_colour_answered() -> None:
    """With its begin and end on the engine's clock."""

    async def story(scene: Scene) -> None:
        scene.world.down = {Colour.BLUE}
        for colour in Colour:
            await scene.does(ProbeColour(**COMMON, colour=colour))

    blue, green = play(story).outcomes
    assert isinstance(blue, Probed)
    assert isinstance(green, Probed)
    assert (False, True, True, False) == (blue.ok, blue.refused, green.ok, green.refused)
    assert (1000.0, 1000.0) == (green.started, green.ended)


def test_a_prober_that_could_not_run_says_nothing_about_the_colour() -> None:
    """Out of descriptors is no reason to call stable down; the log hears of it."""

    async def story(scene: Scene) -> None:
        async def probe(_colour: Colour) -> DirectAnswer:
            raise ProbeUnknownError("too many open files")

        scene.performer.equip({"shop": Hands(router=scene.router, probe=probe)})
        await scene.does(ProbeColour(**COMMON, colour=Colour.BLUE))

    scene = play(story)
    assert [] == scene.outcomes
    assert ["too many open files"] == [str(error) for _, error in scene.failures]


@pytest.mark.parametrize("effect", EFFECTS[:6], ids=METHODS)
def test_a_router_that_raises_is_an_outcome_that_did_not_work(effect: Effect) -> None:
    """The effect is not lost, the outcome has the router's words, and the log hears of it."""

    async def story(scene: Scene) -> None:
        scene.router.fails = dict.fromkeys(METHODS, "the disk is gone")
        await scene.does(effect)

    scene = play(story)
    (outcome,) = scene.outcomes
    assert "the disk is gone" == getattr(outcome, "detail", "")
    assert "shop-1/7/0" == getattr(outcome, "effect", "")
    assert not getattr(outcome, "ok", False)
    assert [effect] == [failed for failed, _ in scene.failures]


@pytest.mark.parametrize("effect", EFFECTS[:6], ids=METHODS)
def test_a_router_that_hangs_ends_at_the_deadline(effect: Effect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing waits for it for ever."""
    monkeypatch.setattr(performing, "DEADLINES_S", dict.fromkeys(performing.DEADLINES_S, 0.01))

    async def story(scene: Scene) -> None:
        scene.router.hangs = set(METHODS)
        await scene.does(effect)

    (outcome,) = play(story).outcomes
    assert "no end within 0.01 s" == getattr(outcome, "detail", "")


def test_an_effect_of_a_service_that_is_gone_did_not_work() -> None:
    """It says so in words."""

    async def story(scene: Scene) -> None:
        scene.performer.equip({})
        await scene.does(EFFECTS[1])

    (outcome,) = play(story).outcomes
    assert isinstance(outcome, TrafficOutcome)
    assert (False, "shop is not in the configuration any more") == (outcome.ok, outcome.detail)


def test_at_the_end_what_is_under_way_gets_its_time_and_is_let_go_of() -> None:
    """What does not end in time is cancelled, and has no outcome: it is taken up at the next start."""

    async def story(scene: Scene) -> None:
        scene.router.hangs = {"apply"}
        scene.performer.start(EFFECTS[1])
        scene.performer.start(EFFECTS[5])
        await scene.performer.finish(0.05)
        assert set() == scene.performer._running

    assert [TrafficSeen(service="shop", split=home(), effect="shop-1/7/0")] == play(story).outcomes
