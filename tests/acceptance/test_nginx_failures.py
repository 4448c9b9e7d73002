"""What goes wrong around an order, and what the router makes of it."""

import asyncio
import contextlib
import os
import socket
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import pytest

from simulations.lab.processes import free_port
from tests.acceptance.faults.disks import small_disk
from tests.acceptance.nginx_world import BLUE, GREEN, World, at, world
from watchdog.core.model import BrakeKind, Check, Colour, Split
from watchdog.traffic.base import Applied
from watchdog.traffic.nginx import render
from watchdog.traffic.nginx.ahead import Ahead
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a mount, another user's workers")
# In a chroot even root has none: its root is no mount.
needs_mounts = pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode != 0,
    reason="no mount namespace can be had here",
)

BROKEN = "server { listen 127.0.0.1:1; nonsense on; }\n"


def failing(checks: tuple[Check, ...]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if not check.ok}


async def forward(router: NginxRouter, split: Split) -> Applied:
    return await router.apply(split, brake=False, note="a step")


async def back(router: NginxRouter, split: Split) -> Applied:
    return await router.apply(split, brake=True, note="a rollback")


def test_a_host_that_does_not_resolve_stops_the_step() -> None:
    """nginx would not start on such a file: the check names the host, the order puts the old file back."""
    with world() as scene:
        servers = {**scene.setups["app"].servers, GREEN: ("nowhere.invalid:80",)}

        async def play(router: NginxRouter) -> None:
            found = failing(await router.prepare([at(0.0), at(0.5)]))
            assert {"nginx accepts green at 0 %", "nginx accepts green at 50 %"} == set(found)
            assert 'host not found in upstream "nowhere.invalid:80"' in found["nginx accepts green at 50 %"]
            assert "unshare" not in found["nginx accepts green at 50 %"]
            before = scene.live().read_text()
            step = await forward(router, at(0.5))
            assert (False, at(0.0)) == (step.ok, step.in_force)
            assert "host not found" in step.detail
            assert "the old file is back and passes the test" in step.detail
            assert before == scene.live().read_text()
            assert at(0.0) == (await router.observe()).split

        scene.run(play, servers=servers)


@needs_root
def test_a_flag_folder_that_the_workers_cannot_search_is_found() -> None:
    """nginx would ignore the brake in silence; the check names the folder and the cure."""
    with world() as scene:
        scene.state.chmod(0o700)

        async def play(router: NginxRouter) -> None:
            found = failing(await router.prepare([at(0.0), at(0.5)]))
            assert {"brake folder"} == set(found)
            assert f"chmod o+x {scene.state}" in found["brake folder"]

        scene.run(play)


def test_the_scratch_brake_finds_what_no_other_check_sees() -> None:
    """A server block without our server file has no brake: only a flag seen through nginx shows it."""
    with world() as scene:
        conf = scene.nginx.conf
        lines = conf.read_text().splitlines(keepends=True)
        conf.write_text("".join(line for line in lines if "app.server.conf" not in line))
        scene.nginx.reload()
        time.sleep(0.3)

        async def play(router: NginxRouter) -> None:
            found = failing(await router.prepare([at(0.0), at(0.5)]))
            assert {"brake works through nginx"} == set(found)
            assert "a probe went to blue, not to green" in found["brake works through nginx"]
            assert [] == list((scene.state / "brake").glob("*.scratch"))

        scene.run(play)


def test_a_dead_log_is_found() -> None:
    """When no line comes the preparation fails: the rules would be blind and a rollback could not be proved."""
    with world() as scene:
        scene.edge.close()

        async def play(router: NginxRouter) -> None:
            found = failing(await router.prepare([at(0.0), at(0.5)]))
            assert {"brake works through nginx"} == set(found)
            assert "no line about a probe came from nginx's log" in found["brake works through nginx"]

        scene.run(play)


def test_a_stable_colour_that_does_not_answer_is_found() -> None:
    """Nothing is changed when stable does not answer: there would be no way back."""
    with world() as scene:
        dead = free_port()

        async def play(router: NginxRouter) -> None:
            found = failing(await router.prepare([at(0.0), at(0.5)]))
            assert {"stable answers"} == set(found)
            assert f"127.0.0.1:{dead}" in found["stable answers"]

        scene.run(play, servers={BLUE: (f"127.0.0.1:{dead}",), GREEN: scene.setups["app"].servers[GREEN]})


@needs_root
@needs_mounts
def test_a_missing_include_is_found_ahead() -> None:
    """nginx accepts a configuration that does not read our file; the digest in its dump is missing."""
    with world() as scene:
        conf = scene.nginx.conf
        inline = scene.live().read_text().partition("\n")[2]
        include = f"include {scene.live()};"
        conf.write_text(conf.read_text().replace(include, inline))

        async def play(router: NginxRouter) -> None:
            found = failing(await router.prepare([at(0.0), at(0.5)]))
            assert {"nginx accepts green at 0 %", "nginx accepts green at 50 %"} == set(found)
            assert "the include is missing" in found["nginx accepts green at 50 %"]

        scene.run(play)


@needs_root
@needs_mounts
def test_testing_ahead_touches_nothing() -> None:
    """While a plan's files are tested nginx's live file stays as it is, and nothing is left beside it."""
    with world() as scene:
        scene.nginx.conf.write_text(scene.nginx.conf.read_text().replace("worker_shutdown_timeout 60s;", ""))
        scene.nginx.reload()

        async def play(router: NginxRouter) -> None:
            before = scene.live().read_text()
            checks = await router._checklist.tested_ahead([at(0.0), at(0.5)])
            assert {} == failing(tuple(checks))
            assert "worker_shutdown_timeout is not set" in checks[-1].detail
            assert before == scene.live().read_text()
            assert ["app.http.conf"] == [path.name for path in scene.directory.iterdir() if "app.http" in path.name]

        scene.run(play)


def test_without_a_namespace_the_file_is_tested_alone() -> None:
    """Where the whole configuration cannot be tested ahead, syntax and hosts of our file still are."""

    class Alone(Ahead):
        async def _over(self) -> None:
            return None

    with world() as scene:
        setup = scene.setups["app"]
        nowhere = replace(setup, servers={**setup.servers, GREEN: ("nowhere.invalid:80",)})
        ahead = Alone(scene.live(), scene.nginx.reload_argv[:1], 5.0)

        async def play(_: NginxRouter) -> None:
            good = await ahead.test("good", render.service_http(setup, at(0.5)))
            bad = await ahead.test("bad", render.service_http(nowhere, at(0.5)))
            assert (True, True) == (good.ok, "tested alone" in good.detail)
            assert (False, True) == (bad.ok, 'host not found in upstream "nowhere.invalid:80"' in bad.detail)
            assert ["app.http.conf"] == [path.name for path in scene.directory.iterdir() if "app.http" in path.name]

        scene.run(play)


def test_someone_elses_broken_file_stops_a_step() -> None:
    """A step does not come into force, the old file is back, and the message has nginx's line about the other file."""
    with world(http="include other.d/*.conf;") as scene:
        other = broken_elsewhere(scene)

        async def play(router: NginxRouter) -> None:
            before = scene.live().read_text()
            step = await forward(router, at(0.5))
            assert (False, at(0.0)) == (step.ok, step.in_force)
            assert f'unknown directive "nonsense" in {other}:1' in step.detail
            assert "the fault is not in our file" in step.detail
            assert (before, {"blue": 20}) == (scene.live().read_text(), await scene.fresh(20))
            found = failing(await router.prepare([at(0.0), at(0.5)]))
            assert all(f"{other}:1" in detail for detail in found.values())
            assert found

        scene.run(play)


def test_someone_elses_broken_file_does_not_stop_a_rollback() -> None:
    """The brake does the work, our file stays for the next reload that works, and that is a warning."""
    with world(split=at(1.0), http="include other.d/*.conf;") as scene:
        other = broken_elsewhere(scene)

        async def play(router: NginxRouter) -> None:
            done = await back(router, at(0.0))
            assert (True, at(0.0)) == (done.ok, done.in_force)
            assert done.braked_at is not None
            assert "the brake alone keeps users from green" in done.warnings[0]
            assert f"{other}:1" in done.warnings[0]
            assert "our file stays" in done.warnings[0]
            proof = await router.prove(BLUE, done.braked_at)
            assert proof.ok, proof
            seen = await router.observe()
            assert (None, BrakeKind.ROLLBACK, GREEN) == (seen.split, seen.braked, seen.braked_colour)

            other.unlink()
            scene.flag(GREEN).unlink()  # so that only the file can be what keeps users on stable
            again = await back(router, at(0.0))
            assert (True, ()) == (again.ok, again.warnings)
            assert at(0.0) == (await router.observe()).split

        scene.run(play)


def test_a_staged_file_that_was_not_loaded_is_not_in_force() -> None:
    """What was laid ready long ago and renamed now is new to nginx: a process that remembers nothing sees that too."""
    with world(split=at(0.5), http="include other.d/*.conf;") as scene:

        async def order(router: NginxRouter) -> None:
            await router._switch.stage_stable(render.service_http(scene.setups["app"], at(0.0)))
            os.utime(router._switch.staged_stable, (1, 1))
            await asyncio.sleep(0.05)  # workers' ages are known to 10 ms
            broken_elsewhere(scene)
            done = await back(router, at(0.0))
            assert (True, True) == (done.ok, "our file stays" in done.warnings[0])

        scene.run(order)
        seen = scene.run(lambda router: router.observe())
        assert (None, True) == (seen.split, "until a reload" in seen.detail)


def broken_elsewhere(scene: World) -> Path:
    folder = scene.nginx.run_dir / "other.d"
    folder.mkdir()
    path = folder / "foreign.conf"
    path.write_text(BROKEN)
    return path


def test_a_reload_that_fails_is_taken_back() -> None:
    """A reload command that fails takes the step back; behind a brake it is a warning."""
    with world(split=at(0.5)) as scene:

        async def play(router: NginxRouter) -> None:
            before = scene.live().read_text()
            step = await forward(router, at(1.0))
            assert (False, at(0.5), before) == (step.ok, step.in_force, scene.live().read_text())
            assert "exit status 3: no bus" in step.detail
            assert at(0.5) == (await router.observe()).split
            done = await back(router, at(0.0))
            assert (True, True) == (done.ok, "no bus" in done.warnings[0])
            assert {"blue": 20} == await scene.fresh(20)

        scene.run(play, reload=("sh", "-c", "echo no bus; exit 3"))


def test_a_reload_that_nginx_swallows_is_noticed() -> None:
    """The reload command succeeds and the master keeps its old workers (a port is taken): the step has failed."""
    with world(split=at(0.5)) as scene, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        conf = scene.nginx.conf
        port = taken.getsockname()[1]
        conf.write_text(conf.read_text().rstrip().removesuffix("}") + f"server {{ listen 127.0.0.1:{port}; }} }}\n")

        async def play(router: NginxRouter) -> None:
            step = await forward(router, at(1.0))
            assert (False, at(0.5)) == (step.ok, step.in_force)
            assert "nginx kept its old workers" in step.detail
            assert at(0.5) == (await router.observe()).split

        scene.run(play, command_deadline=1.0)


def test_a_hung_test_does_not_hang_the_rollback() -> None:
    """A test that never ends is killed with its children at the deadline; the brake has worked all the time."""
    with world(split=at(1.0)) as scene:
        hangs = ("sh", "-c", f"sleep 4711 & echo $! > {scene.folder}/child; wait")

        async def play(router: NginxRouter) -> None:
            began = time.monotonic()
            order = asyncio.ensure_future(back(router, at(0.0)))
            while not scene.flag(GREEN).exists():  # noqa: ASYNC110 - a file tells nobody that it is there
                await asyncio.sleep(0.001)
            assert {"blue": 20} == await scene.fresh(20)
            done = await order
            assert time.monotonic() - began < 1.5
            assert (True, True) == (done.ok, "did not end within 0.3 s" in done.warnings[0])

        scene.run(play, test=hangs, command_deadline=0.3)
        child = Path("/proc", (scene.folder / "child").read_text().strip(), "stat")
        assert not child.exists() or ") Z " in child.read_text()  # nobody may be there to reap it


def test_a_rollback_calls_off_the_step_before_it() -> None:
    """A step in its hung test, and one that waits behind it, give way at once; neither comes into force afterwards."""
    with world(split=at(0.1)) as scene:
        # The first test hangs, the ones after it are real.
        first = scene.folder / "first"
        real = " ".join((*scene.nginx.reload_argv[:-2], "-t"))
        test = ("sh", "-c", f"if [ ! -e {first} ]; then touch {first}; sleep 4711; fi; exec {real}")

        async def play(router: NginxRouter) -> None:
            step = asyncio.ensure_future(forward(router, at(0.5)))
            while not first.exists():  # noqa: ASYNC110 - a file tells nobody that it is there
                await asyncio.sleep(0.001)
            waiting = asyncio.ensure_future(forward(router, at(1.0)))
            await asyncio.sleep(0)
            began = time.monotonic()
            done = await back(router, at(0.0))
            assert time.monotonic() - began < 3
            assert (True, ()) == (done.ok, done.warnings)
            called_off = (await step, await waiting)
            assert [False, False] == [each.ok for each in called_off]
            assert all("called off" in each.detail for each in called_off)
            assert at(0.0) == (await router.observe()).split

        scene.run(play, test=test, command_deadline=20.0)


def fill(scene: World) -> None:
    for folder in (scene.directory, scene.state):
        with (folder / "rest").open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"x" * 4096)
        with pytest.raises(OSError, match="No space left"):
            (folder / "more").write_text("x")


@needs_root
def test_a_full_disk_stops_neither_brake_nor_switch() -> None:
    """With no block free the prepared brake and the prepared configuration come into force by rename alone."""
    with world() as scene, small_disk(scene):

        async def play(router: NginxRouter) -> None:
            assert {"disk"} == set(failing(await router.prepare([at(0.0), at(0.5)])))
            # A real disk of that size is refused: go on without that check.
            for check in await router._checklist.tested_ahead([at(0.0), at(0.5)]):
                assert check.ok, check
            router._checklist.brakes_off()
            assert (await router._checklist.test_and_reload(at(0.0))).ok
            assert (await router._checklist.staged(at(0.0))).ok
            assert (await forward(router, at(0.5))).ok
            fill(scene)
            done = await back(router, at(0.0))
            assert (True, at(0.0), ()) == (done.ok, done.in_force, done.warnings)
            assert scene.flag(GREEN).exists()
            seen = await router.observe()
            assert (at(0.0), BrakeKind.ROLLBACK) == (seen.split, seen.braked)

        scene.run(play)


def test_a_brake_without_preparation_works_too() -> None:
    """When the prepared body was taken away the flag is made anew; when the flag's place is taken that is an error."""
    with world(split=at(1.0)) as scene:

        async def play(router: NginxRouter) -> None:
            assert [] == list((scene.state / "brake").iterdir())
            await router.pull_brake(GREEN, BrakeKind.DIVERT, "")
            assert ({"blue": 5}, BrakeKind.DIVERT) == (await scene.fresh(5), (await router.observe()).braked)
            await router.release_brake(GREEN)
            scene.flag(GREEN).mkdir()
            done = await back(router, at(0.0))
            assert (True, None) == (done.ok, done.braked_at)
            assert "cannot be set" in done.warnings[0]
            assert {"blue": 20} == await scene.fresh(20)

        scene.run(play)


def test_a_weight_that_nginx_cannot_express_is_refused() -> None:
    """0.001 % fails its check and its order, with the step size in the message; the others' files stay."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            found = failing(await router.prepare([at(0.0), at(0.00001)]))
            assert ["steps of 0.01 %" in detail for detail in found.values()] == [True]
            step = await forward(router, at(0.00001))
            assert (False, at(0.0), True) == (step.ok, step.in_force, "steps of 0.01 %" in step.detail)

        scene.run(play)


def test_a_deployment_does_not_start_while_another_has_users() -> None:
    """Stable must have everybody before roles are given anew and brakes are removed."""
    with world(split=at(0.5)) as scene:

        async def play(router: NginxRouter) -> None:
            await router.pull_brake(GREEN, BrakeKind.ROLLBACK, "")
            found = failing(await router.prepare([at(0.0, salt="d2")]))
            assert {"stable has all users"} == set(found)
            assert scene.flag(GREEN).exists()

        scene.run(play)


@pytest.mark.parametrize("stable", [BLUE, GREEN])
def test_a_proof_fails_when_a_request_went_to_the_candidate(stable: Colour) -> None:
    """Without a brake in force a user on the candidate, or a drawn probe, disproves the rollback at once."""
    with world(split=at(0.5, stable=stable)) as scene:

        async def play(router: NginxRouter) -> None:
            began = time.time()
            await scene.fresh(40)
            proof = await router.prove(stable, began)
            assert (False, True) == (proof.ok, proof.to_candidate > 0)
            proof = await router.prove(stable, time.time())
            assert (False, True) == (proof.ok, proof.to_candidate > 0)
            assert f"went to {stable.other}" in proof.detail

        scene.run(play)
