"""People who act at the same time as the daemon, as each other, or past it.

Rows that other tests prove already stand in docs/reliability.md with these.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from simulations.lab.processes import wait_until
from tests.acceptance.daemon_world import Watch
from tests.acceptance.faults.world import Faults, at_half, faults, report
from tests.core.examples import SHOP
from tests.core.world import World
from watchdog.control.client import Client, RefusedError
from watchdog.core.events import Pause, Promote, Resume
from watchdog.core.phases import Hold, Phase

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def world() -> Iterator[Faults]:
    with faults() as found:
        yield found


def at_once(world: Faults, *orders: Callable[[Client], object]) -> list[str]:
    """Several operators, each with a connection of his own, at the same moment: `accepted` or why not."""
    barrier = Barrier(len(orders))

    def give(order: Callable[[Client], object]) -> str:
        with Client(world.scene.paths.control) as client:
            client.status()
            barrier.wait(5.0)
            try:
                order(client)
            except RefusedError as error:
                return str(error.reason)
        return "accepted"

    with ThreadPoolExecutor(len(orders)) as pool:
        return list(pool.map(give, orders))


def ends_on_stable(world: Faults, watch: Watch, deployment: str) -> None:
    watch.until_phase("rolled_back")
    world.on_stable()

    assert 1 == len(watch.of(deployment, "RollbackOrdered"))
    assert [] == [each for each in watch.of(deployment, "SplitOrdered")[-1:] if not each["rollback"]]
    assert world.flag.exists()


def test_a_rollback_while_the_next_step_is_put_in_force_wins(world: Faults) -> None:
    """The order of 100 % is called off in its reload; a rollback is absorbing."""
    watch = world.canary(plan="full")
    deployment = watch.deployment()["id"]
    watch.until(lambda view: view["deployment"]["phase"] == "shifting", "the last step", every=0.002)
    ordered = time.time()
    watch.client.rollback("shop", because="second thoughts")
    ends_on_stable(world, watch, deployment)
    report("rollback_in_step", **world.hurt(ordered))

    assert [0.5, 1.0, 0.0] == [each["split"]["weight"] for each in watch.of(deployment, "SplitOrdered")]


def test_two_who_roll_back_are_one_rollback(world: Faults) -> None:
    """The second is told that it is under way."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    ordered = time.time()
    answers = at_once(world, *[lambda client: client.rollback("shop", because="it looks bad")] * 3)
    ends_on_stable(world, watch, deployment)
    report("double_rollback", **world.hurt(ordered))

    assert "accepted" in answers
    assert {"accepted", "already"} >= set(answers)


def test_one_who_promotes_and_one_who_rolls_back_end_on_stable(world: Faults) -> None:
    """Whoever is first: both are journaled with a name and an answer, and users are on stable."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    answers = at_once(
        world,
        lambda client: client.promote("shop", because="go on"),
        lambda client: client.rollback("shop", because="do not"),
    )
    ends_on_stable(world, watch, deployment)

    assert "accepted" == answers[1]
    given = [each for each in watch.records("Promote", "Rollback") if each["type"] != "Accepted"]
    assert {"Promote", "Rollback"} == {each["type"] for each in given}
    assert all(each["body"]["by"] for each in given)


def test_a_promote_in_a_freeze_takes_no_step() -> None:
    """It passes the gate and nothing else: the hold stands until `resume`."""
    world = World().begin().submit()
    world.run(14.0)
    world.put(Pause(id="p", service=SHOP, by="ada", because="lunch"))
    world.put(Promote(id="g", service=SHOP, by="bola", because="it is fine"))
    share = world.candidates_share
    world.run(120.0)

    assert (Phase.SOAKING, share) == (world.deployment.phase, world.candidates_share)
    assert [Hold.HUMAN] == list(world.deployment.holds)
    world.put(Resume(id="r", service=SHOP, by="ada"))
    assert world.run(120.0, lambda world: world.is_in(Phase.PROMOTED))


def test_a_diverts_brake_that_a_hand_takes_away_is_noticed_and_becomes_a_trial(world: Faults) -> None:
    """Within 10 s the daemon knows that users are on the candidate again: a bad one is rolled back, a good one held."""
    world.start_over()
    world.scene.write_environment({"services": {"shop": {"divert_for": "5m"}}})
    world.scene.start_daemon()
    watch = Watch(world.scene)
    deployment = watch.submit("2.0", plan="canary")
    watch.until(at_half, "a healthy canary")
    world.scene.fault("green", error_rate=1.0)
    watch.until(lambda view: bool((view["deployment"]["divert"] or {}).get("cut")), "a cut", every=0.01)
    world.scene.fault("green", clear=True)
    world.flag.unlink()
    taken = time.time()
    held = watch.until(lambda view: "brake_taken_away" in str(view["deployment"]["holds"]), "a hold", timeout=12.0)
    report("brake_taken_away", noticed_after_s=round(time.time() - taken, 1))

    assert [] == watch.of(deployment, "RollbackOrdered")
    assert "" == held["drift"]
    watch.client.resume("shop")
    watch.until(at_half, "the canary again")


def test_a_brake_by_hand_is_noticed_within_ten_seconds(world: Faults) -> None:
    """`touch` works at once for users; the daemon records a human's hold at its next look."""
    watch = world.canary()
    touched = time.time()
    world.flag.touch()
    world.on_stable()
    figures = world.hurt(touched)
    watch.until(lambda view: bool(view["deployment"]["holds"]), "a hold", timeout=12.0)
    report("touch", noticed_after_s=round(time.time() - touched, 1), **figures)

    assert ["brake_by_hand"] == [each["reason"] for each in watch.deployment()["holds"]]
    wait_until(lambda: watch.view()["drift"] == "", what="no drift")
