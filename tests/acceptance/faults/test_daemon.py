"""The daemon itself in trouble: killed, out of descriptors, its journal and its folder gone, its clock set.

Rows that other tests prove already stand in docs/reliability.md with these.
"""

import asyncio
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from simulations.lab.processes import Child, wait_until
from simulations.lab.scene import CLI
from tests.acceptance.daemon_world import Watch
from tests.acceptance.faults.world import (
    Faults,
    at_half,
    faults,
    killed_by_the_kernel,
    limit_memory,
    memory_group,
    report,
    without_descriptors,
)
from tests.acceptance.test_daemon_crashes import ONCE, Life, Story, expected_of
from tests.daemon.helpers import ClockFake, environment
from tests.sources.edge_lines import edge_line
from watchdog.control.client import ControlError, RefusedError
from watchdog.core.model import Colour
from watchdog.core.phases import Phase
from watchdog.sources.edge_ring import EdgeRing
from watchdog.traffic.proof import Prover

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

HOUR, YEAR = 3600.0, 365 * 86_400.0


@pytest.fixture(scope="module")
def world() -> Iterator[Faults]:
    with faults() as found:
        yield found


def rolled_back_once(watch: Watch, deployment: str) -> None:
    watch.until_phase("rolled_back", every=0.02)

    assert 1 == len(watch.of(deployment, "RollbackOrdered"))
    assert ["proved_by_traffic"] == [each["reason"] for each in watch.incidents(deployment)]


def answers(watch: Watch) -> bool:
    """Whether it does; each answer takes some memory."""
    try:
        watch.records()
    except ControlError:
        return False
    return True


def test_killed_for_want_of_memory_it_goes_on(world: Faults) -> None:
    """The kernel ends it in a canary: the split stays, the next daemon goes on with the step and rolls a fault back."""
    watch = world.canary()
    deployment, before = watch.deployment(), watch.records()
    with memory_group() as group:
        if group is None:
            pytest.skip("no control group for memory can be made here; kill -9 at every record is the same end")
        limit_memory(group, world.scene.daemon.pid, 1_000_000)
        wait_until(lambda: not answers(watch), what="its end")
        assert -signal.SIGKILL == world.scene.daemon.wait(10.0)
        assert 1 == killed_by_the_kernel(group)
    world.scene.start_daemon()
    after = watch.until(at_half, "the canary again")["deployment"]

    assert (deployment["id"], deployment["step"]) == (after["id"], after["step"])
    assert watch.records()[: len(before)] == before
    broken = world.scene.fault("green", error_rate=1.0)
    rolled_back_once(watch, deployment["id"])
    report("oom", **world.hurt(broken))


def test_without_descriptors_it_still_brakes_and_rolls_back(world: Faults) -> None:
    """Stable is asked with descriptors that are kept for it, and a rename needs none; the log does not overflow."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    with without_descriptors(world.scene):
        broken = world.scene.fault("green", error_rate=1.0)
        wait_until(world.flag.exists, what="the brake", timeout=15.0)
        world.on_stable()
        report("descriptors", **world.hurt(broken))
    rolled_back_once(watch, deployment)

    log = world.scene.daemon.log_path.read_text()
    assert "Too many open files" in log
    assert 1 == log.count("out of system resource")


def test_a_journal_that_somebody_locked_holds_no_rollback_up(world: Faults) -> None:
    """Users are off the candidate at once, people read `not durable`, and all of it is kept when the lock is gone."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    other = sqlite3.connect(world.journal, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    broken = world.scene.fault("green", error_rate=1.0)
    wait_until(world.flag.exists, what="the brake", timeout=10.0)
    said = watch.until(lambda _: bool(watch.client.status()["not_durable"]), "not durable")
    world.on_stable()
    report("locked", **world.hurt(broken))
    assert said["deployment"]["id"] == deployment
    other.execute("ROLLBACK")
    other.close()
    watch.until(lambda _: not watch.client.status()["not_durable"], "durable again")
    watch.until_phase("rolled_back")

    assert 1 == len(watch.of(deployment, "RollbackOrdered"))
    assert {"not_durable", "proved_by_traffic"} == {each["reason"] for each in watch.incidents(deployment)}


def test_a_journal_destroyed_in_a_canary_moves_nobody(world: Faults) -> None:
    """A daemon without memory leaves the split alone, calls it drift, and takes no release; a brake by hand helps."""
    watch = world.canary()
    world.scene.daemon.kill()
    world.journal.write_bytes(b"\0" * 65536)
    for each in ("-wal", "-shm"):
        world.journal.with_name(world.journal.name + each).unlink(missing_ok=True)
    live = (world.scene.paths.generated / "shop.http.conf").read_text()
    world.scene.start_daemon()
    drifted = watch.until(lambda view: bool(view["drift"]), "drift")

    assert "remembered: blue 100 %; the router says: green 50 %" in drifted["drift"]
    assert live == (world.scene.paths.generated / "shop.http.conf").read_text()
    assert ["drift"] == [each["body"]["reason"] for each in watch.records("IncidentOpened")]
    assert [world.journal.name] != [each.name for each in world.scene.paths.state.glob("journal.sqlite*")]
    with pytest.raises(RefusedError) as refused:
        watch.client.submit("shop", "3.0")
    assert "not_adopted" == refused.value.reason
    world.flag.touch()
    world.on_stable()


def lose(state: Path) -> None:
    """All of the folder but the log's socket, which in production has a folder of its own."""
    for each in state.iterdir():
        if each.is_dir():
            shutil.rmtree(each)
        elif each.name != "edge.sock":
            each.unlink()


def test_a_state_folder_lost_while_it_runs_takes_nobody_to_a_bad_release(world: Faults) -> None:
    """The brake makes its folder anew and stays on; people read that nothing is kept, and may order the rollback."""
    watch = world.canary()
    lose(world.scene.paths.state)
    watch.until(lambda _: "not there any more" in watch.client.status()["not_durable"], "not durable", timeout=15.0)
    broken = world.scene.fault("green", error_rate=1.0)
    wait_until(world.flag.exists, what="the brake", timeout=10.0)
    world.on_stable()
    report("state_lost", **world.hurt(broken))
    watch.client.rollback("shop", because="its state folder is gone")
    view = watch.until_phase("rolled_back")

    assert "not_durable" in [each["reason"] for each in view["incidents"]]


def start_after_a_reboot(world: Faults) -> Child:
    """Start the daemon where the kernel names another boot."""
    other = world.scene.paths.run_dir / "boot_id"
    other.write_text(f"{os.urandom(16).hex()}\n")
    script = 'mount --bind "$0" /proc/sys/kernel/random/boot_id && exec "$@"'
    argv = ["unshare", "--mount", "sh", "-c", script, str(other), *CLI, "run"]
    argv += ["--config", str(world.scene.paths.environment)]
    daemon = world.scene._stack.enter_context(Child.start(argv, name="daemon", run_dir=world.scene.paths.run_dir))
    wait_until(world.scene._daemon_answers, what="the daemon", timeout=15.0, children=[daemon])
    world.scene._daemon = daemon
    return daemon


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="another boot's name can only be mounted by root")


@needs_root
def test_after_a_reboot_in_a_canary_users_are_on_stable_until_resume(world: Faults) -> None:
    """The candidate is braked as soon as stable answers; `resume` lets the step go on."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    world.scene.daemon.kill()
    began = time.time()
    start_after_a_reboot(world)
    held = watch.until(lambda view: bool((view["deployment"]["divert"] or {}).get("cut")), "the brake")
    world.on_stable()
    report("reboot_canary", **world.hurt(began))

    assert ("restart", "rebooted") in [(each["hold"], each["reason"]) for each in held["deployment"]["holds"]]
    assert ["rebooted"] == [each["reason"] for each in watch.incidents(deployment)]
    watch.client.resume("shop")
    watch.until(at_half, "the canary again")


@needs_root
def test_after_a_reboot_in_a_rollback_it_is_finished(world: Faults) -> None:
    """The decision is a fact, whichever boot it was taken in: one rollback, proved."""
    watch = world.canary()
    deployment = watch.deployment()["id"]
    broken = world.scene.fault("green", error_rate=1.0)
    watch.until(lambda view: view["deployment"]["rollback"] is not None, "a decision", every=0.005)
    world.scene.daemon.kill()
    start_after_a_reboot(world)
    rolled_back_once(watch, deployment)
    hurt = world.hurt(broken)
    report("reboot_rollback", **hurt)

    proved = [each["reason"] for each in watch.of(deployment, "PhaseChanged") if each["to"] == "rolled_back"]
    assert ["proved_by_traffic"] == proved
    assert hurt["to_stable_s"] < 15.0


@dataclass
class SetClock(ClockFake):
    """A clock whose wall can be set while engine time goes on, as `daemon.clock` has it."""

    offset: float = 0.0

    def wall(self) -> float:
        return super().wall() + self.offset

    def to_wall(self, at: float) -> float:
        return super().to_wall(at) + self.offset

    def from_wall(self, wall: float) -> float:
        return super().from_wall(wall) - self.offset


class Set(Life):
    """A life in which the wall clock is set once, when the deployment has come to a phase."""

    jump = 0.0
    when = Phase.SOAKING

    def _people(self) -> None:
        super()._people()
        clock = self.story.clock
        assert isinstance(clock, SetClock)
        if self.deployment is not None and self.deployment.phase is self.when:
            clock.offset = self.jump


@pytest.mark.parametrize("when", [Phase.SOAKING, Phase.BAKING, Phase.VERIFYING])
@pytest.mark.parametrize("jump", [HOUR, -HOUR, YEAR, -YEAR], ids=["hour", "hour back", "year", "year back"])
def test_a_wall_clock_that_is_set_changes_no_decision(tmp_path: Path, jump: float, when: Phase) -> None:
    """In a canary, in the bake and in a rollback: soak, holds and the one rollback go by the machine's own time."""
    story = Story(tmp_path / "state", environment(tmp_path).environment, clock=SetClock())

    async def main() -> None:
        life = Set(story)
        life.jump, life.when = jump, when
        assert await life.live()
        life.close()

    asyncio.run(main())

    assert isinstance(story.clock, SetClock)
    assert ONCE == expected_of(story)


@pytest.mark.parametrize("jump", [HOUR, -HOUR, YEAR, -YEAR], ids=["hour", "hour back", "year", "year back"])
def test_a_wall_clock_that_is_set_between_brake_and_proof_falsifies_no_proof(jump: float) -> None:
    """Lines with times of the old clock are no requests after the brake."""
    offset = 0.0
    ring = EdgeRing()

    def wall() -> float:
        return time.time() + offset

    def users(colour: Colour, count: int = 8) -> None:
        for _ in range(count):
            ring.add(edge_line(colour=colour, answered_by=colour, started=wall() - 0.01, ended=wall()), wall())

    async def nobody() -> object:
        raise AssertionError("users alone are proof enough")

    users(Colour.GREEN)
    braked = wall()
    offset = jump
    users(Colour.BLUE)
    prover = Prover("app", ring, wall, nobody, deadline=1.0, settle=0.0)  # type: ignore[arg-type]  # never called
    time.sleep(0.02)
    since = braked + jump
    users(Colour.BLUE)
    proof = asyncio.run(prover.prove(Colour.BLUE, since))

    assert (True, 0) == (proof.ok, proof.to_candidate)
