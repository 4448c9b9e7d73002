"""What the router says against what is remembered."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, GREEN, SHOP
from tests.core.world import World
from watchdog.core import drift
from watchdog.core.effects import Audience, ObserveTraffic, SetTraffic
from watchdog.core.events import Resume, Rollback, TrafficSeen
from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import DivertOrdered, DriftNoted, RollbackOrdered


def soaking() -> World:
    world = World().begin().submit()
    world.run(12.0)
    return world


def asked(world: World) -> int:
    return len([effect for effect in world.effects if isinstance(effect, ObserveTraffic)])


def test_an_empty_journal_adopts_what_the_file_says() -> None:
    """All users on the file's stable colour: adopted without a human."""
    world = World().begin()

    assert world.shop.adopted
    assert [DriftNoted(service=SHOP, detail="")] == world.bodies(DriftNoted)


def test_a_router_that_says_otherwise_is_reported_and_not_corrected() -> None:
    """Drift is told once to the on-call, and resolved when the router agrees again."""
    world = World().begin()
    home, world.split = world.split, replace(world.split, weight=0.3)
    world.run(25.0)

    assert "remembered: blue 100 %; the router says: green 30 %, stable blue" == world.shop.drift
    assert not world.shop.adopted
    assert 1 == len(world.sent)
    assert [] == [effect for effect in world.effects if isinstance(effect, SetTraffic)]

    world.split = home
    world.run(11.0)
    assert world.shop.adopted
    assert all(incident.resolved_at for incident in world.shop.incidents.values())


def test_drift_stops_the_way_forward_and_not_the_way_back() -> None:
    """No step while the router disagrees; a rollback is never refused for it, and no time is soaked."""
    world = soaking()
    world.split = replace(world.split, weight=0.4)
    world.run(10.0, lambda world: bool(world.shop.drift))
    assert "green 10 %" in world.shop.drift
    soaked = world.deployment.soaked
    world.run(60.0)

    assert (Phase.SOAKING, soaked) == (world.deployment.phase, world.deployment.soaked)
    world.put(Rollback(id="r", by="ada", service=SHOP))
    world.run(2.0)
    assert world.is_in(Phase.ROLLED_BACK)


def test_one_answer_without_a_split_is_not_drift() -> None:
    """A question that was not answered says nothing; two in a row are a state of the router."""
    world = World().begin()
    world.failing.add(ObserveTraffic)
    world.run(11.0)
    assert "" == world.shop.drift

    world.run(10.0)

    assert "remembered: blue 100 %; the router says: " == world.shop.drift


def test_the_router_is_asked_every_ten_seconds() -> None:
    """And not again while an answer is awaited."""
    world = World().begin()
    before = asked(world)
    world.run(30.5)
    assert before + 3 == asked(world)

    world.lost = lambda effect: isinstance(effect, ObserveTraffic)
    world.run(60.0)
    assert before + 4 == asked(world)


def test_an_answer_from_before_an_order_of_traffic_is_not_believed() -> None:
    """A brake of an earlier rollback, seen before a preparation removed it, must not roll the next release back."""
    world = World().begin()
    world.lost = lambda effect: isinstance(effect, ObserveTraffic)
    world.run(10.0)
    question = [effect for effect in world.effects if isinstance(effect, ObserveTraffic)][-1]
    world.submit()
    world.run(5.0)

    world.put(TrafficSeen(service=SHOP, split=world.split, braked=BrakeKind.ROLLBACK, effect=question.id))

    assert [] == world.bodies(RollbackOrdered)
    assert world.is_in(Phase.SOAKING)


def test_an_answer_while_an_order_is_under_way_is_not_compared() -> None:
    """The router may be in the middle of it."""
    world = World(lost=lambda effect: isinstance(effect, SetTraffic)).begin().submit()
    world.run(0.5)

    world.put(TrafficSeen(service=SHOP, split=replace(world.split, weight=0.7)))

    assert "" == world.shop.drift


def test_a_first_step_that_failed_leaves_the_router_as_it_was() -> None:
    """The previous deployment's split is no drift as long as stable has everybody."""
    world = World()
    world.split = Split(stable=GREEN, candidate=BLUE, weight=1.0, salt="old", promoted=True)
    world.begin()
    world.failing.add(SetTraffic)
    world.submit()
    world.run(25.0)

    assert world.is_in(Phase.SHIFTING)
    assert ("", True) == (world.shop.drift, world.shop.adopted)


@pytest.mark.parametrize(
    ("weight", "expected"), [(0.0, BLUE), (1.0, GREEN), (0.5, None), (None, None)], ids=["stable", "all", "half", "-"]
)
def test_home_is_the_colour_that_has_everybody(weight: float | None, expected: Colour | None) -> None:
    """A split router has no home, and neither has one that does not answer."""
    split = None if weight is None else Split(stable=BLUE, candidate=GREEN, weight=weight, salt="")

    assert expected is drift.home(TrafficSeen(service=SHOP, split=split))


def test_a_brake_pulled_by_hand_holds_and_counts_no_soak() -> None:
    """A human pulled it: hold human, until it is gone and a human resumes; it is no drift."""
    world = soaking()
    world.brake, world.braked = BrakeKind.HAND, GREEN
    world.run(10.0, lambda world: bool(world.deployment.holds))
    soaked = world.deployment.soaked
    world.run(30.0)

    assert {Hold.HUMAN: Reason.BRAKE_BY_HAND} == world.deployment.holds
    assert soaked == world.deployment.soaked
    assert "" == world.shop.drift
    world.put(Resume(id="r", by="ada", service=SHOP))
    world.run(11.0)
    assert {Hold.HUMAN: Reason.BRAKE_BY_HAND} == world.deployment.holds

    world.brake = world.braked = None
    world.put(Resume(id="r", by="ada", service=SHOP))
    assert world.run(120.0, lambda world: world.deployment.phase is Phase.PROMOTED)


def test_a_brake_of_a_divert_that_the_journal_lost_is_adopted() -> None:
    """It is released in its time, after a trial, like any other divert's."""
    world = soaking()
    world.brake, world.braked = BrakeKind.DIVERT, GREEN
    world.restart()
    world.run(1.0)

    assert 1 == len(world.bodies(DivertOrdered))
    world.run(20.0)
    assert None is world.brake
    assert None is world.deployment.divert


def test_a_rollback_brake_without_a_deployment_says_nothing() -> None:
    """It stays from the last rollback until the next preparation."""
    world = World(brake=BrakeKind.ROLLBACK, braked=GREEN).begin()

    assert None is world.shop.deployment
    assert world.shop.adopted


def test_an_answer_for_an_unknown_service_changes_nothing() -> None:
    """A service that the configuration no longer has."""
    world = World().begin()

    assert () == world.put(TrafficSeen(service="nobody", split=None))


def test_an_order_that_the_router_lost_and_was_given_again_is_told_to_chat_once() -> None:
    """However often it is lost in a row: an agent that fights back would fill the chat."""
    world = soaking()
    world.put_back = "green was open to users though it is rolled back"
    world.run(45.0)

    (incident,) = (each for each in world.shop.incidents.values() if each.reason is Reason.PUT_BACK)
    expected = (Reason.PUT_BACK, Audience.CHAT, "green was open to users though it is rolled back", None)
    assert expected == (incident.reason, incident.audience, incident.detail, incident.resolved_at)
    assert 1 == len([each for each in world.sent if each.incident == incident.id])
    world.put_back = ""
    world.run(15.0)
    assert world.shop.incidents[incident.id].resolved_at is not None


def test_an_order_that_is_lost_after_the_rollback_is_told_too() -> None:
    """Users were on a release that was taken from them."""
    world = soaking()
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(30.0)
    world.put_back = "green was open to users though it is rolled back"
    world.run(15.0)

    assert Reason.PUT_BACK is list(world.shop.incidents.values())[-1].reason
