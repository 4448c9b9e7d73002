"""Going on after a stop: nothing is forgotten, nothing is done that a record does not hold."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import pytest

from tests.core.examples import BLUE, GREEN, SERVICE, SHOP, bodies, deployment_of, environment, shop
from tests.core.world import World
from watchdog.core.effects import Effect, Notify, Prepare, Prove, PullBrake, ReleaseBrake, SetTraffic, starts_at_once
from watchdog.core.engine import effects_of
from watchdog.core.events import Observed, Resume, Rollback
from watchdog.core.invariants import check_invariants
from watchdog.core.model import BrakeKind
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    DeploymentBegun,
    EffectsTakenUp,
    IncidentOpened,
    MessageOrdered,
    OutcomeGivenUp,
    PhaseChanged,
    ProbeOrdered,
    ProofOrdered,
    Record,
    RollbackOrdered,
    SplitOrdered,
    StableChanged,
)
from watchdog.core.state import State

WITHOUT_DIVERT = environment(replace(SERVICE, divert=False))

FEWEST_STEPS = 7
"""From the submission to the proof, without a divert."""

Ends: TypeAlias = Counter[tuple[Phase, int, int]]


class KilledError(Exception):
    """The daemon is gone in the middle of a step."""


def going_bad(world: World) -> World:
    """From a submission over a fault to the end of the rollback."""
    world.begin().submit()
    world.run(14.0)
    world.share_bad[GREEN] = 0.5
    world.run(60.0, lambda world: world.deployment.ended)
    world.run(0.2)
    return world


def undisturbed(with_divert: bool) -> World:  # noqa: FBT001 - the parameter of a test
    return going_bad(World() if with_divert else World(environment=WITHOUT_DIVERT))


def killed_at(number: int, *, with_divert: bool, perform: Callable[[Effect], bool]) -> World:
    """The same, but dead at the step that writes the record of that number, with these effects of it performed."""
    world = World() if with_divert else World(environment=WITHOUT_DIVERT)

    def kill(_before: State, records: Sequence[Record], world: World) -> None:
        check_invariants(world.state)
        if len(world.kept) >= number:
            for effect in effects_of(records):
                if perform(effect):
                    world.perform(effect)
            raise KilledError

    world.after = kill
    with pytest.raises(KilledError):
        going_bad(world)
    world.after = lambda _before, _records, world: check_invariants(world.state)
    world.share_bad[GREEN] = 0.5
    return world


def whole_steps(world: World) -> list[int]:
    """The numbers of records after which the journal may end, from the submission on."""
    begun = next(i for i, record in enumerate(world.kept) if isinstance(record.body, DeploymentBegun))
    watched = (Observed, ProbeOrdered)
    return [n for n in sorted(set(world.steps)) if n > begun and not isinstance(world.kept[n - 1].body, watched)]


def is_rolled_back(world: World, where: str) -> None:
    assert world.run(150.0, lambda world: world.deployment.ended), where
    world.run(1.0)
    assert world.deployment.phase is Phase.ROLLED_BACK, where
    assert world.share(BLUE) == 1.0, where
    assert len(world.bodies(RollbackOrdered)) == 1, where
    assert shop(world.state).stable is BLUE, where


def is_told(world: World, where: str) -> None:
    proved = [
        body
        for body in world.bodies(IncidentOpened)
        if isinstance(body, IncidentOpened) and body.reason is Reason.PROVED_BY_TRAFFIC
    ]
    assert len(proved) == 1, where
    ordered = {body.order.id for body in world.bodies(MessageOrdered) if isinstance(body, MessageOrdered)}
    assert ordered == {message.id for message in world.sent}, where
    keys = {message.id: (message.incident, message.repetition) for message in world.sent}
    assert len(set(keys.values())) == len(keys), where


def end(world: World) -> tuple[Phase, int, int]:
    """How a life ended: its phase, how often the rollback was ordered, and how often it was called proved."""
    changes = [body for body in world.bodies(PhaseChanged) if isinstance(body, PhaseChanged)]
    proved = sum(body.to is Phase.ROLLED_BACK for body in changes)
    return world.deployment.phase, len(world.bodies(RollbackOrdered)), proved


@pytest.mark.parametrize("with_divert", [True, False])
@pytest.mark.parametrize("done", [True, False])
def test_a_crash_after_any_step_ends_in_one_rollback(with_divert: bool, done: bool) -> None:  # noqa: FBT001 - parameters
    """Killed after any step, with its effects performed or not: one rollback, proved, one incident, nothing untold."""
    steps, ends = whole_steps(undisturbed(with_divert)), Ends()
    for number in steps:
        world = killed_at(number, with_divert=with_divert, perform=lambda _: done)
        where = f"killed after record {number}: {world.kept[-1].body}"

        world.restart(down=1.0)

        is_rolled_back(world, where)
        is_told(world, where)
        ends[end(world)] += 1

    assert len(steps) >= FEWEST_STEPS
    assert {(Phase.ROLLED_BACK, 1, 1): len(steps)} == ends


@pytest.mark.parametrize("with_divert", [True, False])
def test_a_step_that_was_not_kept_is_made_up_for(with_divert: bool) -> None:  # noqa: FBT001 - parameter
    """Killed before a step was on disk, when effects towards stable have started already: one rollback, proved."""
    steps, ends = whole_steps(undisturbed(with_divert)), Ends()
    for number in steps[1:]:
        world = killed_at(number, with_divert=with_divert, perform=starts_at_once)
        before = max(length for length in world.steps if length < number)
        where = f"killed before record {number} of {before} was kept: {world.kept[-1].body}"

        world.restart(before, down=1.0)

        is_rolled_back(world, where)
        is_told(world, where)
        ends[end(world)] += 1

    assert len(steps) >= FEWEST_STEPS
    assert {(Phase.ROLLED_BACK, 1, 1): len(steps) - 1} == ends


@pytest.mark.parametrize("with_divert", [True, False])
def test_a_torn_step_is_taken_up(with_divert: bool) -> None:  # noqa: FBT001 - parameter
    """A journal that lost the end of a step still leads to one rollback; only messages of that step may be lost."""
    world = undisturbed(with_divert)
    begun = next(i for i, record in enumerate(world.kept) if isinstance(record.body, DeploymentBegun))
    torn = set()
    for number in range(begun + 1, len(world.kept)):
        if isinstance(world.kept[number - 1].body, (Observed, ProbeOrdered)):
            continue
        world = killed_at(number, with_divert=with_divert, perform=lambda _: True)
        kept = world.kept[number - 1].body
        where = f"torn after record {number}: {kept}"

        world.restart(number, down=1.0)

        is_rolled_back(world, where)
        torn.add(type(kept))

    assert {RollbackOrdered, SplitOrdered, PhaseChanged, ProofOrdered} <= torn


def baking() -> World:
    """A release at 10 %, half through its soak."""
    world = World().begin().submit()
    world.run(12.0)
    assert world.is_in(Phase.SOAKING)
    return world


def test_a_restart_orders_again_what_had_no_outcome_under_its_old_id() -> None:
    """A preparation under way when the daemon died starts anew, with the id that its outcome will name."""
    world = World(lost=lambda effect: isinstance(effect, Prepare)).begin().submit()
    (order,) = [effect for effect in world.effects if isinstance(effect, Prepare)]

    world.restart()

    assert [EffectsTakenUp(service=SHOP, orders=(order,))] == world.bodies(EffectsTakenUp)
    assert order.id in world.shop.waiting


def test_a_restart_gives_the_candidate_no_users_before_the_router_was_seen() -> None:
    """A step under way is given up at the start and ordered anew, under a new epoch, when the router has spoken."""
    world = World(lost=lambda effect: isinstance(effect, SetTraffic)).begin().submit()
    world.run(0.2)
    (order,) = [effect for effect in world.effects if isinstance(effect, SetTraffic)]
    world.lost = lambda _: False

    world.restart()

    assert [OutcomeGivenUp(service=SHOP, effect=order.id)] == world.bodies(OutcomeGivenUp)
    assert [] == [effect for effect in world.shop.waiting.values() if isinstance(effect, SetTraffic)]
    world.run(0.2)
    epochs = [body.epoch for body in world.bodies(SplitOrdered) if isinstance(body, SplitOrdered)]
    assert [1, 2] == epochs
    assert world.is_in(Phase.SOAKING)


def test_a_brake_of_a_rollback_that_the_journal_lost_is_adopted() -> None:
    """A rollback's brake without its record: the rollback goes on, and the release is not called proved bad."""
    world = baking()
    world.brake, world.braked = BrakeKind.ROLLBACK, GREEN

    world.restart()
    world.run(1.0)

    (ordered,) = world.bodies(RollbackOrdered)
    assert isinstance(ordered, RollbackOrdered)
    assert ordered.reason is Reason.RESTARTED
    assert world.is_in(Phase.ROLLED_BACK)
    assert frozenset() == world.shop.known_bad


def test_a_restart_asks_the_router_again_although_an_answer_was_awaited() -> None:
    """The question that died with the daemon does not stand in the way of the next one."""
    world = baking()
    world.lost = lambda _: True
    world.run(12.0)
    assert any(effect.kind == "observe_traffic" for effect in world.shop.waiting.values())
    world.lost = lambda _: False

    world.start_from(world.state)

    assert not world.shop.adopted
    world.run(0.2)
    assert world.shop.adopted


def test_a_restart_counts_no_soak_for_the_time_that_nobody_watched() -> None:
    """A daemon that was down for ten minutes has soaked not a second more."""
    world = baking()
    soaked = world.deployment.soaked

    world.restart(down=600.0)
    world.run(3.0)

    assert soaked <= world.deployment.soaked <= soaked + 3.0


def test_a_release_under_way_goes_on_after_a_restart() -> None:
    """A restart alone holds nothing up."""
    world = baking()

    world.restart(down=2.0)

    assert world.run(120.0, lambda world: world.deployment.phase is Phase.PROMOTED)


def test_a_restart_after_a_long_stop_wakes_nobody_for_blindness() -> None:
    """Silence while nobody listened is no blindness."""
    world = baking()

    world.restart(down=3600.0)
    world.run(30.0)

    assert [] == [i for i in world.shop.incidents.values() if i.reason is Reason.BLIND]


def test_after_a_reboot_the_candidate_is_cut_off_until_a_human_resumes() -> None:
    """A reboot in mid-deployment: the candidate loses its users, hold restart, and a human is told."""
    world = baking()

    world.restart(rebooted=True, down=60.0)
    world.run(30.0)

    assert world.share(BLUE) == 1.0
    assert {Hold.RESTART: Reason.REBOOTED} == world.deployment.holds
    assert [Reason.REBOOTED] == [incident.reason for incident in world.shop.incidents.values()]
    world.put(Resume(id="go", service=SHOP, by="ada"))
    assert world.run(200.0, lambda world: world.deployment.phase is Phase.PROMOTED)
    assert 1.0 == world.share(GREEN)


def test_after_a_reboot_the_split_stays_when_stable_does_not_answer() -> None:
    """Stable is not up after the reboot: nobody is moved to it, and a human's `resume` ends the waiting for it."""
    world = baking()
    world.alive[BLUE] = False

    world.restart(rebooted=True, down=60.0)
    world.run(30.0)

    assert world.share(GREEN) == pytest.approx(0.1)
    assert Hold.RESTART in world.deployment.holds
    world.put(Resume(id="go", service=SHOP, by="ada"))
    world.alive[BLUE] = True
    world.run(5.0)
    assert None is world.deployment.divert
    assert world.share(GREEN) >= 0.1


def test_a_reboot_without_a_deployment_holds_nothing() -> None:
    """Nothing is cut off when nothing is under way."""
    world = World().begin()

    world.restart(rebooted=True)
    world.run(5.0)

    assert None is world.shop.deployment
    assert world.shop.adopted


def test_a_reboot_in_a_divert_leaves_the_divert() -> None:
    """A candidate that is cut off already is not cut off again."""
    world = baking()
    world.share_bad[GREEN] = 0.5
    world.run(10.0, lambda world: world.deployment.divert is not None and world.deployment.divert.cut)

    world.restart(rebooted=True)
    world.run(1.0)

    assert 1 == len([effect for effect in world.effects if isinstance(effect, PullBrake)])


def test_a_release_of_the_brake_under_way_is_done_again_after_the_router_was_seen() -> None:
    """The trial begins although the daemon died between the order to release the brake and its outcome."""
    world = baking()
    world.share_bad[GREEN] = 0.5
    world.run(10.0, lambda world: world.deployment.divert is not None)
    world.share_bad[GREEN] = 0.0
    world.lost = lambda effect: isinstance(effect, ReleaseBrake)
    world.run(20.0, lambda world: world.deployment.divert is not None and world.deployment.divert.releasing)
    world.lost = lambda _: False

    world.restart()
    world.run(10.0)

    assert 2 == len([effect for effect in world.effects if isinstance(effect, ReleaseBrake)])
    assert None is world.deployment.divert
    assert world.share(GREEN) == pytest.approx(0.1)


def test_a_promotion_that_was_not_kept_in_full_is_finished() -> None:
    """Stable is the promoted release after a crash in the middle of the promotion, wherever it was."""
    whole = World().begin().submit()
    assert whole.run(120.0, lambda world: world.deployment.phase is Phase.PROMOTED)
    changed = next(i for i, record in enumerate(whole.kept) if isinstance(record.body, StableChanged))
    for number in range(changed, len(whole.kept)):
        world = whole.copy()
        world.split = replace(world.split, promoted=False)
        world.restart(number)

        assert world.run(120.0, lambda world: world.split.promoted)
        assert world.shop.stable is GREEN
        assert world.is_in(Phase.PROMOTED)


def test_a_proof_without_an_answer_is_asked_again() -> None:
    """A proof under way when the daemon died is asked for again under its id."""
    world = baking()
    world.lost = lambda effect: isinstance(effect, Prove)
    world.put(Rollback(id="r", service=SHOP, by="ada"))
    world.run(3.0, lambda world: world.deployment.phase is Phase.VERIFYING)
    world.lost = lambda _: False

    world.restart()
    world.run(1.0)

    proofs = [effect.id for effect in world.effects if isinstance(effect, Prove)]
    assert 2 == len(proofs)
    assert 1 == len(set(proofs))
    assert world.is_in(Phase.ROLLED_BACK)


def test_a_message_without_an_answer_is_sent_again_with_its_key() -> None:
    """The repetition of a message carries the key of the first, so that it can be told apart from news."""
    world = baking()
    world.lost = lambda effect: isinstance(effect, Notify)
    world.writable = 0.0
    world.run(12.0, lambda world: bool(world.sent))

    world.restart()
    world.run(0.2)

    first, again = world.sent
    assert first == again


def test_the_state_is_the_fold_of_what_was_kept() -> None:
    """The deployment of a journal is the deployment that was."""
    world = undisturbed(with_divert=True)
    before = deployment_of(world.state)

    world.restart()

    assert before == replace(deployment_of(world.state), healthy_since=before.healthy_since)
    assert 1 == len(bodies(world.kept, RollbackOrdered))


def numbered(kept: Sequence[Record]) -> list[int]:
    return [record.seq for record in kept]


def test_numbers_go_on_rising_after_a_restart() -> None:
    """No record number is used twice."""
    world = baking()
    world.restart()
    world.run(3.0)

    assert sorted(set(numbered(world.kept))) == numbered(world.kept)
