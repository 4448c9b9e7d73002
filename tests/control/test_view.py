"""The state as plain data: JSON all through, instants on the wall clock, and nothing that the state does not say."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.daemon.helpers import WALL_AHEAD, ClockFake, RouterFake, World, environment, splits
from watchdog.control import view
from watchdog.control.view import Data, Moment
from watchdog.core.effects import ObserveTraffic, Prepare, PullBrake, SetTraffic
from watchdog.core.engine import step
from watchdog.core.events import (
    BrakeOutcome,
    Configured,
    Event,
    PreparedOutcome,
    Probed,
    ProofOutcome,
    Rollback,
    Started,
    StopTheLine,
    Submit,
    Tick,
    TrafficOutcome,
    TrafficSeen,
)
from watchdog.core.model import BrakeKind, Check, Colour
from watchdog.core.state import State


class Story:
    """The engine, with a world that answers its orders when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.clock = ClockFake()
        self.world = World(self.clock, RouterFake(self.clock))
        self.state = State()
        self.orders: list[Any] = []
        self.take(Configured(environment=environment(folder).environment), Started())

    def take(self, *events: Event) -> None:
        for event in events:
            stepped = step(self.state, event, self.clock.time)
            self.state = stepped.state
            self.orders += stepped.effects

    def last(self, kind: type[Any]) -> Any:
        return [order for order in self.orders if isinstance(order, kind)][-1]

    def on_half(self) -> None:
        """A release that half of the users have."""
        self.take(TrafficSeen(service="shop", split=splits(0.0), effect=self.last(ObserveTraffic).id))
        self.take(Submit(id="c1", by="ada", service="shop", release="2.0", deployment="shop-1"))
        checks = (Check(name="stable answers", ok=True, detail="yes"),)
        self.take(PreparedOutcome(effect=self.last(Prepare).id, ok=True, checks=checks))
        order = self.last(SetTraffic)
        self.world.router.split = order.split
        self.take(TrafficOutcome(effect=order.id, ok=True, in_force=order.split))

    def lives(self, seconds: float) -> None:
        """Users and health pages for a while."""
        for _ in range(int(seconds / 0.25)):
            self.clock.time += 0.25
            self.take(self.world.slice_(), self.world.health())

    @property
    def view(self) -> Data:
        moment = Moment(now=self.clock.time, to_wall=self.clock.to_wall)
        found: Data = json.loads(json.dumps(view.whole(self.state, moment)))
        return found

    @property
    def shop(self) -> Data:
        found: Data = self.view["services"]["shop"]
        return found


def test_without_a_deployment_there_is_none(tmp_path: Path) -> None:
    """A service that is idle: its rules, its sources, its stable colour."""
    story = Story(tmp_path)
    shop = story.shop

    assert (None, "blue", False, "healthy") == (shop["deployment"], shop["stable"], shop["adopted"], shop["verdict"])
    assert [("edge", "access_log", None), ("health", "health", None)] == [
        (each["name"], each["kind"], each["last"]) for each in shop["sources"]
    ]
    assert [("errors", "green"), ("errors", "blue"), ("health", "green"), ("health", "blue")] == [
        (each["name"], each["colour"]) for each in shop["rules"]
    ]
    assert (story.clock.wall(), "test") == (story.view["now"], story.view["environment"])


def test_a_stopped_line_is_told_with_its_end(tmp_path: Path) -> None:
    """By whom, why, and until when on the wall clock."""
    story = Story(tmp_path)
    story.take(StopTheLine(id="c1", by="ada", because="audit", for_=60.0))

    assert {"by": "ada", "because": "audit", "until": 1060.0 + WALL_AHEAD} == story.view["stopped"]


def test_a_release_on_its_way(tmp_path: Path) -> None:
    """Its step, its soak, what its gate still wants, the checklist and the exposure."""
    story = Story(tmp_path)
    story.on_half()
    story.lives(0.5)
    shop = story.shop
    deployment = shop["deployment"]

    assert ("soaking", 0, "2.0", "ada", "green") == tuple(
        deployment[key] for key in ("phase", "step", "release", "by", "candidate")
    )
    assert {"weight": 0.5, "promoted": False} == deployment["in_force"]
    assert [{"weight": 0.5, "soak": 1.0}, {"weight": 1.0, "soak": 0.0}] == deployment["steps"]
    assert (1.0, 20.0, 20) == (deployment["soak_wanted"], deployment["bake"], deployment["requests"])
    assert [{"name": "stable answers", "ok": True, "detail": "yes", "took": None}] == deployment["checks"]
    assert 0.5 == shop["exposure"]["weight"]
    assert shop["exposure"]["candidate_per_second"] > 0.0
    assert 1000.0 + WALL_AHEAD == deployment["began"]
    assert [] == deployment["holds"]


def test_a_diverted_release_exposes_nobody(tmp_path: Path) -> None:
    """The split stays declared; the divert has its end on the wall clock, and its incident is open."""
    story = Story(tmp_path)
    story.on_half()
    story.lives(1.0)
    story.world.faulty = {Colour.GREEN}
    story.lives(1.0)
    for colour in Colour:
        at = story.clock.time
        story.take(Probed(service="shop", colour=colour, started=at, ended=at, ok=True))
    story.take(BrakeOutcome(effect=story.last(PullBrake).id, ok=True, at=story.clock.time))
    shop = story.shop

    assert (1, True) == (shop["deployment"]["divert"]["number"], shop["deployment"]["divert"]["cut"])
    assert shop["deployment"]["divert"]["until"] > story.clock.wall()
    assert (0.0, {"weight": 0.5, "promoted": False}) == (shop["exposure"]["weight"], shop["deployment"]["in_force"])
    assert [("divert", "rule_suspicious")] == [(each["hold"], each["reason"]) for each in shop["deployment"]["holds"]]
    assert [("rule_suspicious", True)] == [(each["reason"], each["open"]) for each in shop["incidents"]]
    errors = next(rule for rule in shop["rules"] if (rule["name"], rule["colour"]) == ("errors", "green"))
    assert (True, "pending", 0.05, "errors") == tuple(errors[key] for key in ("decides", "level", "limit", "signal"))
    assert errors["bad"] > 0


def test_a_stable_that_stopped_answering_is_told(tmp_path: Path) -> None:
    """Its last answer and its last failure, each by when it was asked."""
    story = Story(tmp_path)
    story.on_half()
    for ok in (True, False):
        story.clock.time += 1.0
        at = story.clock.time
        story.take(Probed(service="shop", colour=Colour.BLUE, started=at, ended=at, ok=ok))

    assert (story.clock.wall() - 1.0, story.clock.wall()) == (
        story.shop["stable_answered"],
        story.shop["stable_failed"],
    )


def test_a_release_braked_by_hand_exposes_nobody(tmp_path: Path) -> None:
    """The screen said that half of the users were on it while the flag of a human kept all of them from it."""
    story = Story(tmp_path)
    story.on_half()
    story.lives(1.0)
    story.clock.time += 10.0
    story.take(Tick())
    asked = story.last(ObserveTraffic).id
    story.take(TrafficSeen(service="shop", split=splits(0.5), braked=BrakeKind.HAND, effect=asked))

    assert (0.0, {"weight": 0.5, "promoted": False}) == (
        story.shop["exposure"]["weight"],
        story.shop["deployment"]["in_force"],
    )


def test_a_rollback_is_told_with_its_proof(tmp_path: Path) -> None:
    """Who wanted it and why, when the brake held, what the proof counted."""
    story = Story(tmp_path)
    story.on_half()
    story.take(Rollback(id="c2", by="bob", because="bad feeling", service="shop", anyway=True))
    wanted = story.shop["deployment"]["wanted"] or story.shop["deployment"]["rollback"]
    order = story.last(SetTraffic)
    story.take(
        TrafficOutcome(effect=order.id, ok=True, in_force=order.split, braked_at=1000.5, warnings=("slow reload",))
    )
    story.clock.time = 1003.0
    proof = next(each for each in story.orders if each.kind == "prove")
    story.take(ProofOutcome(effect=proof.id, ok=True, to_stable=40, stragglers=2, probes=3))
    deployment = story.shop["deployment"]
    rollback = deployment["rollback"]

    assert "bob" == wanted["by"]
    assert "rolled_back" == deployment["phase"]
    assert (1000.5 + WALL_AHEAD, 1003.0 + WALL_AHEAD) == (rollback["braked"], rollback["proved"])
    assert (40, 2, 3, ["slow reload"]) == tuple(
        rollback[key] for key in ("to_stable", "stragglers", "proof_probes", "warnings")
    )


def test_a_service_that_left_the_configuration_is_named(tmp_path: Path) -> None:
    """Its state is there still, and what its rules said is not."""
    story = Story(tmp_path)
    assert story.state.environment is not None
    gone = replace(story.state, environment=replace(story.state.environment, services=()))
    story.state = gone

    assert {"name": "shop", "stable": "blue"} == story.shop
