"""What happens to the daemon itself on a real nginx: killed, stopped, its disk full, its files changed under it."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from simulations.lab.environment import SceneService
from simulations.lab.processes import Child, run_folder, wait_until
from simulations.lab.scene import CLI, Scene
from tests.acceptance.daemon_world import View, Watch, changes
from watchdog.control.client import RefusedError
from watchdog.core.model import Colour, Split
from watchdog.daemon.adapters import probe_token
from watchdog.traffic.nginx.render import ServiceNginx, service_http

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

LOAD: dict[str, Any] = {"rate": 30, "users": 60, "keep_alive": 8, "seed": 2}


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with run_folder() as folder, Scene(folder, changes=changes(), seed=1) as running:
        running.start_load(**LOAD)
        running.start_daemon()
        yield running


@pytest.fixture
def canary(scene: Scene) -> Watch:
    """A healthy release that half of the users have, as long as nothing happens."""
    watch = Watch(scene)
    scene.fault("green", clear=True)
    watch.ready()
    if watch.deployment().get("phase") not in ("soaking", "shifting"):
        watch.submit(f"3.{time.monotonic_ns()}", plan="canary")
    watch.until(lambda view: _at_half(view) and view["verdict"] == "healthy", "a healthy canary")
    return watch


def _at_half(view: View) -> bool:
    deployment = view["deployment"]
    return bool(
        deployment["phase"] == "soaking" and deployment["in_force"]["weight"] == 0.5 and not deployment["holds"]
    )


def kill_and_restart(scene: Scene) -> None:
    scene.daemon.kill()
    time.sleep(1.0)  # nobody watches for a while
    scene.start_daemon()


def rolled_back_once(watch: Watch, deployment: str, before: list[View]) -> None:
    """What must be true after a death and a rollback."""
    watch.until_phase("rolled_back", every=0.02)
    records = watch.records()

    assert records[: len(before)] == before
    assert 1 == len(watch.of(deployment, "RollbackOrdered"))
    assert ["proved_by_traffic"] == [each["reason"] for each in watch.incidents(deployment)]
    assert 1 == len([each for each in watch.of(deployment, "PhaseChanged") if each["to"] == "rolled_back"])
    assert watch.scene.paths.state.joinpath("brake", "shop.green").exists()


def test_killed_in_a_canary_step_it_goes_on_and_still_rolls_back(scene: Scene, canary: Watch) -> None:
    """After kill -9 the step is watched again, and a fault is rolled back once."""
    deployment, before = canary.deployment(), canary.records()
    kill_and_restart(scene)
    after = canary.until(_at_half, "the canary again")["deployment"]
    assert (deployment["id"], deployment["step"]) == (after["id"], after["step"])

    scene.fault("green", error_rate=1.0)
    rolled_back_once(canary, deployment["id"], before)


def test_killed_between_divert_and_trial_it_rolls_back_once(scene: Scene, canary: Watch) -> None:
    """The brake stays while nobody is there; the trial comes after the restart."""
    deployment = canary.deployment()["id"]
    scene.fault("green", error_rate=1.0)
    canary.until(lambda view: bool((view["deployment"]["divert"] or {}).get("cut")), "a cut", every=0.01)
    before = canary.records()
    scene.daemon.kill()

    assert scene.paths.state.joinpath("brake", "shop.green").exists()
    scene.start_daemon()
    rolled_back_once(canary, deployment, before)


def test_killed_right_after_the_decision_it_rolls_back_once(scene: Scene, canary: Watch) -> None:
    """The decision is a fact: it is carried out, not taken again."""
    deployment = canary.deployment()["id"]
    scene.fault("green", error_rate=1.0)
    canary.until(lambda view: view["deployment"]["rollback"] is not None, "a decision", every=0.005)
    scene.daemon.kill()
    scene.start_daemon()
    before = canary.of(deployment, "RollbackOrdered")

    assert 1 == len(before)
    rolled_back_once(canary, deployment, [])


@pytest.mark.parametrize("seconds", [10, pytest.param(60, marks=pytest.mark.long)])
def test_a_daemon_that_stood_still_draws_no_conclusion(scene: Scene, canary: Watch, seconds: int) -> None:
    """Nothing fires after a SIGSTOP while healthy users came: what it did not see is no evidence."""
    deployment, soaked = canary.deployment()["id"], canary.deployment()["soaked"]
    decided = ("DivertWanted", "DivertOrdered", "RollbackWanted", "HoldSet")
    before = canary.of(deployment, *decided)  # another test may have had this release before
    scene.daemon.signal(signal.SIGSTOP)
    time.sleep(seconds)
    scene.daemon.signal(signal.SIGCONT)
    canary.until(lambda view: view["deployment"]["soaked"] > soaked + 1.0, "soak goes on")

    assert before == canary.of(deployment, *decided)
    assert canary.deployment()["soaked"] < soaked + seconds


def test_ended_and_started_in_mid_canary_it_goes_on(scene: Scene, canary: Watch) -> None:
    """SIGTERM and a new start keep the step and what was soaked; traffic is not touched."""
    before = canary.until(lambda view: view["deployment"]["soaked"] > 1.0, "a second of soak")["deployment"]
    scene.daemon.signal(signal.SIGTERM)
    assert 0 == scene.daemon.wait(10.0)
    scene.start_daemon()
    after = canary.until(
        lambda view: _at_half(view) and view["deployment"]["soaked"] > before["soaked"], "soak goes on"
    )["deployment"]

    assert (before["id"], before["step"], before["requests"]) <= (after["id"], after["step"], after["requests"])
    assert [] == canary.of(before["id"], "SplitOrdered")[1:]


def test_a_broken_file_changes_nothing(scene: Scene, canary: Watch) -> None:
    """SIGHUP with a mistake keeps the last good configuration, and the log says what is wrong."""
    digest = canary.client.status()["digest"]
    good = scene.paths.environment.read_text()
    scene.paths.environment.write_text(good.replace("version: 1", "version: 7"))
    scene.daemon.signal(signal.SIGHUP)
    wait_until(lambda: "environment.yml:1: version" in scene.daemon.log_tail(), what="the mistake in the log")

    assert digest == canary.client.status()["digest"]
    assert _at_half(canary.view())

    scene.write_environment({"blind_after": "3m"})
    scene.daemon.signal(signal.SIGHUP)
    wait_until(lambda: canary.client.status()["digest"] != digest, what="the new configuration")
    canary.until(lambda view: view["verdict"] == "healthy", "still watched")
    requests = canary.deployment()["requests"]
    canary.until(lambda view: view["deployment"]["requests"] > requests, "lines of the access log")
    scene.write_environment()
    canary.client.reload()

    assert digest == canary.client.status()["digest"]


def test_a_service_cannot_leave_in_mid_deployment(scene: Scene, canary: Watch) -> None:
    """The reload is refused and everything goes on as it was."""
    good = scene.paths.environment.read_text()
    scene.paths.environment.write_text(good.replace("\n  shop:\n", "\n  store:\n"))
    try:
        with pytest.raises(RefusedError, match="shop cannot go"):
            canary.client.reload(force=True)
    finally:
        scene.paths.environment.write_text(good)

    requests = canary.deployment()["requests"]
    canary.until(lambda view: view["deployment"]["requests"] > requests, "the service is watched")


def test_a_brake_by_hand_is_a_hold(scene: Scene, canary: Watch) -> None:
    """`touch` takes the users off the candidate at once and is recorded as a human's hold, not as drift."""
    flag = scene.paths.state / "brake" / "shop.green"
    flag.touch()
    try:
        held = canary.until(lambda view: bool(view["deployment"]["holds"]), "a hold", timeout=15.0)

        assert [("human", "brake_by_hand")] == [(each["hold"], each["reason"]) for each in held["deployment"]["holds"]]
        assert "" == held["drift"]
    finally:
        flag.unlink()
    canary.client.resume("shop")


def test_a_second_daemon_is_refused(scene: Scene, canary: Watch) -> None:
    """It says which folder is in use and by whom, and harms nothing."""
    argv = [*CLI, "run", "--config", str(scene.paths.environment)]
    second = Child.start(argv, name="second", run_dir=scene.paths.run_dir)

    assert 1 == second.wait(10.0)
    assert f"{scene.paths.state} is in use by another daemon (pid {scene.daemon.pid})" in second.log_tail()
    assert scene.daemon.running
    assert _at_half(canary.view())


def test_drift_is_reported_and_stops_the_next_release_until_it_is_adopted() -> None:
    """Somebody moved the users while the daemon was away: none leaves stable before a human says what is true."""
    with run_folder() as folder, Scene(folder, changes=changes(), seed=1) as scene:
        scene.start_daemon()
        watch = Watch(scene)
        watch.ready()
        scene.daemon.stop()
        setup = ServiceNginx(
            service="shop",
            servers={Colour(colour): (scene.app(colour).server,) for colour in ("blue", "green")},
            token=probe_token(scene.paths.state, "shop"),
        )
        everybody = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=1.0, salt="")
        (scene.paths.generated / "shop.http.conf").write_text(service_http(setup, everybody))
        scene.nginx.reload()
        scene.start_daemon()
        drifted = watch.until(lambda view: bool(view["drift"]), "drift")

        assert "remembered: blue 100 %; the router says: green 100 %" in drifted["drift"]
        with pytest.raises(RefusedError) as refused:
            watch.client.submit("shop", "2.0")
        assert "not_adopted" == refused.value.reason

        watch.client.adopt("shop", because="moved in the night")
        adopted = watch.view()

        assert ("green", True, "") == (adopted["stable"], adopted["adopted"], adopted["drift"])
        assert watch.submit("2.0")
        assert "blue" == watch.deployment()["candidate"]


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of that size; the test is skipped where nobody may mount one."""
    folder.mkdir(mode=0o755)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=755", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no right to mount: {mounted.stderr.decode(errors='replace').strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_on_a_full_disk_users_are_taken_to_stable_and_all_of_it_is_kept_later() -> None:
    """A rollback is a rename and happens; a divert's users stay away until their trial can be recorded; the journal
    says `not durable`, and has everything when there is space again.
    """
    services = (SceneService(), SceneService(name="store", path="/store/"))
    settings = changes("shop", "store", services={"shop": {"on_suspect": "pause"}})
    with (
        run_folder() as folder,
        small_disk(folder / "state", "24m") as state,
        Scene(folder, services=services, changes=settings, seed=1) as scene,
    ):
        loads = [scene.start_load(name=each.name, paths=((each.path, 1.0),), **LOAD) for each in services]
        scene.start_daemon()
        shop, store = watches = [Watch(scene, each.name) for each in services]
        deployments = [watch.submit("2.0", plan="canary") for watch in watches]
        for watch in watches:
            watch.until(_at_half, "a canary")
        fill(state / "fill")
        shop.until(lambda _view: bool(shop.client.status()["not_durable"]), "not durable")
        for watch in watches:
            scene.fault("green", service=watch.service, error_rate=1.0)
        shop.until_phase("rolled_back")
        scene.wait_for_split(loads[0], {"blue"}, timeout=5.0)
        scene.wait_for_split(loads[1], {"blue"}, timeout=5.0, over=2.5)  # the divert is over after two seconds
        assert [[], []] == [watch.of(name, "RollbackOrdered") for watch, name in zip(watches, deployments, strict=True)]

        (state / "fill").unlink()
        shop.until(lambda _view: not shop.client.status()["not_durable"], "durable again")
        store.until_phase("rolled_back")

        assert [1, 1] == [
            len(watch.of(name, "RollbackOrdered")) for watch, name in zip(watches, deployments, strict=True)
        ]
        assert 1 == len([each for each in shop.of(deployments[0], "PhaseChanged") if each["to"] == "rolled_back"])
        full, again = bodies(shop, "NotDurable")
        assert "disk is full" in full["detail"]
        assert "" == again["detail"]


def bodies(watch: Watch, kind: str) -> list[View]:
    """The records of a kind, of no service."""
    return [each["body"] for each in watch.client.records(types=(kind,), limit=100)]


def fill(path: Path) -> None:
    """Write until nothing goes in any more."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return
