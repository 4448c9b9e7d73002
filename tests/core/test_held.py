"""A share below the step's: held by a human, watched all the same, given back by `resume`."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, CANARY, GREEN, SERVICE, SHOP, environment
from tests.core.world import World
from watchdog.core.effects import SetTraffic
from watchdog.core.events import HoldAt, Pause, Resume, Rollback, StopTheLine
from watchdog.core.invariants import check_invariants
from watchdog.core.model import Schema
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import HoldSet, PhaseChanged, Refused, SplitAbandoned, SplitOrdered
from watchdog.core.rules import api
from watchdog.core.settings import Gate, Step

HALF = replace(
    CANARY,
    steps=(
        Step(weight=0.5, soak=30.0, gate=Gate(requests=50, per_critical_route=0)),
        Step(weight=1.0, soak=0.0, gate=Gate(requests=0, per_critical_route=0)),
    ),
)
HALF_WAY = environment(replace(SERVICE, divert=False), plans=(HALF,))


def hold(weight: float = 0.1) -> HoldAt:
    return HoldAt(id="h", by="ada", because="fewer users", service=SHOP, weight=weight)


def resume() -> Resume:
    return Resume(id="r", by="ada", service=SHOP)


def at_half(**more: object) -> World:
    world = World(environment=HALF_WAY, **more).begin().submit()  # type: ignore[arg-type]  # fields by name
    world.run(10.0)
    assert world.is_in(Phase.SOAKING)
    return world


def held(weight: float = 0.1) -> World:
    world = at_half()
    world.put(hold(weight))
    world.run(1.0)
    return world


def baking() -> World:
    world = at_half()
    world.run(60.0, lambda world: world.is_in(Phase.BAKING))
    world.run(2.0)
    return world


def refusal(world: World, command: HoldAt) -> Reason:
    world.put(command)
    (refused,) = world.bodies(Refused)[-1:]
    assert isinstance(refused, Refused)
    assert refused.command == command.id
    return refused.reason


def test_a_smaller_share_is_put_in_force_and_stays() -> None:
    """The same step at less, under a new epoch, with a hold that says why."""
    world = held()

    assert (0.1, 0.1, 0) == (world.split.weight, world.deployment.held_at, world.deployment.step)
    assert (Phase.SOAKING, Reason.HELD_AT) == (world.deployment.phase, world.deployment.holds[Hold.HUMAN])
    kinds = (HoldSet, PhaseChanged, SplitOrdered)
    assert list(kinds) == [type(body) for body in world.bodies(*kinds)][-4:-1]
    ordered = world.bodies(SplitOrdered)[-1]
    assert isinstance(ordered, SplitOrdered)
    assert (True, False, 2) == (ordered.held, ordered.rollback, ordered.epoch)
    assert world.deployment.held_details[Hold.HUMAN] == "10 %: fewer users"
    world.run(300.0)
    assert world.split.weight == 0.1


def test_soak_stands_still_while_a_share_is_held_and_nothing_of_it_is_lost() -> None:
    """What the release has shown at its step's share counts on; at less it shows nothing of it."""
    world = at_half()
    soaked, requests = world.deployment.soaked, world.deployment.requests
    world.put(hold())
    world.run(40.0)

    assert world.deployment.soaked == pytest.approx(soaked, abs=1.0)
    assert world.deployment.requests > requests
    before = world.deployment.soaked
    world.put(resume())
    world.run(10.0)
    assert before + 5.0 < world.deployment.soaked < before + 10.0


def test_resume_gives_the_step_its_own_share_again() -> None:
    """The way goes on to its end from there."""
    world = held()
    world.put(resume())
    world.run(1.0)

    assert (0.5, None, {}) == (world.split.weight, world.deployment.held_at, world.deployment.holds)
    assert world.run(120.0, lambda world: world.split.promoted)


def test_a_held_candidate_that_goes_bad_is_rolled_back() -> None:
    """The hold stops progression only."""
    world = held()
    world.share_bad[GREEN] = 0.6

    assert world.run(60.0, lambda world: world.is_in(Phase.ROLLED_BACK))
    assert (1.0, None) == (world.share(BLUE), world.deployment.held_at)


def test_a_share_is_held_while_a_rollback_is_blocked() -> None:
    """It is the way out for when the rollback itself is not allowed."""
    world = World(environment=HALF_WAY).begin().submit(schema=Schema.INCOMPATIBLE, watched_by="ada")
    world.run(10.0)
    world.share_bad[GREEN] = 0.6
    assert world.run(30.0, lambda world: world.deployment.wanted is not None and world.deployment.wanted.blocked)  # type: ignore[arg-type,return-value]  # truth is enough
    world.put(hold(0.05))
    world.run(2.0)

    assert (0.05, Phase.SOAKING) == (world.split.weight, world.deployment.phase)
    assert world.deployment.wanted is not None
    world.put(resume())
    world.run(20.0)
    assert world.split.weight == 0.05  # nothing gives a bad release more users while its rollback is wanted


def test_the_bake_can_be_held_too_and_goes_on_as_a_bake() -> None:
    """Stable is warmed up again without a rollback."""
    world = baking()
    world.put(hold(0.2))
    world.run(1.0)
    assert (0.2, Phase.BAKING) == (world.split.weight, world.deployment.phase)

    world.put(resume())
    assert world.run(60.0, lambda world: world.split.promoted)


def test_a_held_share_can_be_changed() -> None:
    """To less, and to more as long as it is less than the step's."""
    world = held(0.2)
    for weight in (0.05, 0.3, 0.0):
        world.put(hold(weight))
        world.run(1.0)
        assert (weight, weight) == (world.split.weight, world.deployment.held_at)
    assert Reason.ALREADY is refusal(world, hold(0.0))


@pytest.mark.parametrize("weight", [0.5, 0.8, 1.0, -0.1, 7.0, float("nan")])
def test_a_share_that_is_not_below_the_steps_is_refused(weight: float) -> None:
    """A hold never gives the candidate more."""
    world = at_half()

    assert Reason.WRONG_WEIGHT is refusal(world, hold(weight))
    assert world.split.weight == 0.5


def test_only_a_step_that_is_in_force_is_held() -> None:
    """Not while a split is being ordered, and not before or after a deployment."""
    world = World(environment=HALF_WAY).begin()
    assert Reason.NO_DEPLOYMENT is refusal(world, hold())
    world.submit()
    assert Reason.WRONG_PHASE is refusal(world, hold())
    world.run(10.0)
    world.put(hold())
    assert Reason.WRONG_PHASE is refusal(world, hold(0.05))
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(10.0)
    assert Reason.NO_DEPLOYMENT is refusal(world, hold())


def test_a_hold_that_does_not_work_is_taken_back_and_told() -> None:
    """The share before it stays the declared one; the human's hold stays as well."""
    world = at_half()
    world.failing.add(SetTraffic)
    world.put(hold())
    world.run(1.0)

    assert (0.5, 0.5, None) == (world.split.weight, world.deployment.declared.weight, world.deployment.held_at)
    assert Phase.SOAKING is world.deployment.phase
    assert {Hold.HUMAN: Reason.HELD_AT, Hold.INTERLOCK: Reason.STEP_FAILED} == world.deployment.holds
    assert [Reason.STEP_FAILED] == [incident.reason for incident in world.shop.incidents.values()]
    assert 1 == len(world.bodies(SplitAbandoned))


def test_a_return_that_does_not_work_keeps_the_held_share() -> None:
    """It is tried again when the hold that it left lifts."""
    world = held()
    world.failing.add(SetTraffic)
    world.put(resume())
    world.run(1.0)
    assert (0.1, 0.1, Phase.SOAKING) == (world.split.weight, world.deployment.held_at, world.deployment.phase)

    world.failing.clear()
    world.run(60.0)
    assert world.split.weight == 0.1
    world.put(resume())
    world.run(1.0)
    assert (0.5, None) == (world.split.weight, world.deployment.held_at)


def test_a_bake_whose_hold_does_not_work_is_still_a_bake() -> None:
    """A failed order leads back to where it came from."""
    world = baking()
    world.failing.add(SetTraffic)
    world.put(hold())
    world.run(1.0)

    assert (Phase.BAKING, 1.0) == (world.deployment.phase, world.deployment.declared.weight)


def test_a_stopped_line_leaves_a_lifted_hold_where_it_is() -> None:
    """Nothing gives the candidate users while the line is stopped."""
    world = held()
    world.put(StopTheLine(id="l", by="ada", because="so"))
    world.put(resume())
    world.run(5.0)
    assert world.split.weight == 0.1

    world.put(StopTheLine(id="l", by="ada", release=True))
    world.run(2.0)
    assert world.split.weight == 0.5


def test_windowed_rules_are_cut_when_the_share_changes() -> None:
    """What was measured at another share says nothing of this one; the steps confirmed are what they were."""
    world = at_half()
    before = world.shop.instances
    world.put(hold())
    world.run(0.06)

    assert (0, 0) == (world.deployment.step, world.deployment.confirmed_step)
    assert {name: api.cut(each.rule, each.state) for name, each in before.items()} == {
        name: each.state for name, each in world.shop.instances.items()
    }


def test_a_paused_deployment_can_be_held_at_less() -> None:
    """The pause and the smaller share end together."""
    world = at_half()
    world.put(Pause(id="p", by="ada", service=SHOP))
    world.put(hold())
    world.run(1.0)
    assert (0.1, Reason.HELD_AT) == (world.split.weight, world.deployment.holds[Hold.HUMAN])


@pytest.mark.parametrize("what", ["hold", "resume"])
def test_a_crash_after_any_record_of_a_change_of_share_ends_in_a_share_that_was_ordered(what: str) -> None:
    """Torn in the middle of a step, the order is taken up or was never there; nothing stays in between."""
    world = at_half() if what == "hold" else held()
    begin, split = len(world.kept), world.split
    world.put(hold() if what == "hold" else resume())
    end = len(world.kept)
    assert end > begin + 3
    again = world
    for number in range(begin, end + 1):
        again = world.copy()
        if number < end:
            again.split = split  # an order of traffic is carried out once its record is kept
        again.restart(number)
        again.run(3.0)
        deployment = again.deployment
        check_invariants(again.state)
        assert Phase.SOAKING is deployment.phase, number
        assert (deployment.held_at or 0.5) == deployment.declared.weight == again.split.weight, number
    assert again.split.weight == (0.1 if what == "hold" else 0.5)


def test_a_daemon_that_dies_before_the_outcome_orders_the_held_share_again() -> None:
    """Once the router was seen."""
    world = at_half(lost=lambda effect: isinstance(effect, SetTraffic) and effect.split.weight == 0.1)
    world.put(hold())
    world.run(1.0)
    world.lost = lambda _: False
    world.restart()
    world.run(1.0)

    assert (0.1, 0.1, Phase.SOAKING) == (world.split.weight, world.deployment.held_at, world.deployment.phase)
    assert 2 == sum(isinstance(effect, SetTraffic) and effect.split.weight == 0.1 for effect in world.effects)


def test_after_a_reboot_a_lifted_hold_waits_for_a_human() -> None:
    """The order to give the step its own share again had no outcome, and a reboot holds."""
    world = held()
    world.lost = lambda effect: isinstance(effect, SetTraffic)
    world.put(resume())
    world.split = replace(world.split, weight=0.1)  # the host went down before it was carried out
    world.lost = lambda _: False
    world.alive[BLUE] = False  # so that the candidate is not cut off
    world.restart(rebooted=True)
    world.run(20.0)
    assert (Phase.SHIFTING, 0.1) == (world.deployment.phase, world.split.weight)
    assert Hold.RESTART in world.deployment.holds

    world.alive[BLUE] = True
    world.put(resume())
    world.run(10.0)
    assert (Phase.SOAKING, 0.5) == (world.deployment.phase, world.split.weight)


def test_with_drift_only_a_share_below_what_the_router_has_is_ordered() -> None:
    """Towards stable nothing is refused, away from it the router must agree first."""
    world = at_half()
    world.split = replace(world.split, weight=0.3)
    world.run(25.0)
    assert not world.shop.adopted

    assert Reason.NOT_ADOPTED is refusal(world, hold(0.4))
    world.put(hold(0.2))
    world.run(1.0)
    assert world.split.weight == 0.2


def test_a_lifted_hold_waits_until_the_router_agrees() -> None:
    """More users than the candidate has are not ordered on a guess."""
    world = held()
    world.split = replace(world.split, weight=0.3)
    world.run(25.0)
    assert not world.shop.adopted
    world.put(resume())
    world.run(5.0)
    assert (0.3, 0.1) == (world.split.weight, world.deployment.held_at)

    world.split = replace(world.split, weight=0.1)
    world.run(25.0)
    assert (0.5, None) == (world.split.weight, world.deployment.held_at)


def test_at_nothing_the_candidate_has_no_user_and_the_deployment_goes_on_later() -> None:
    """0 % is a share like another."""
    world = held(0.0)
    world.run(20.0)
    assert (0.0, Phase.SOAKING) == (world.candidates_share, world.deployment.phase)

    world.put(resume())
    assert world.run(120.0, lambda world: world.split.promoted)
