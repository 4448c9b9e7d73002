"""nginx, its folder or its disk is broken when a rollback is needed: what users get, and what the operator reads."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.faults.disks import read_only, small_disk
from tests.acceptance.faults.figures import figure
from tests.acceptance.nginx_world import BLUE, GREEN, World, at, world
from watchdog.core.model import BrakeKind, Check
from watchdog.traffic.nginx import workers
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts, and workers of another user"),
]


def failing(checks: tuple[Check, ...]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if not check.ok}


async def prepared(router: NginxRouter) -> None:
    """A release at half of the users, prepared on a disk that is perhaps smaller than the checklist wants."""
    assert {"disk"} >= set(failing(await router.prepare([at(0.0), at(0.5)])))
    router._checklist.brakes_off()
    assert (await router._checklist.staged(at(0.0))).ok
    assert (await router.apply(at(0.5), brake=False, note="")).ok


async def rolled_back_by_brake(scene: World, router: NginxRouter) -> str:
    """The rollback works by the brake alone: its warning; users are on stable from the brake on."""
    began = time.time()
    back = await router.apply(at(0.0), brake=True, note="")
    assert back.braked_at is not None
    assert (True, at(0.0)) == (back.ok, back.in_force), back
    assert {"blue": 40} == await scene.fresh(40)
    proof = await router.prove(BLUE, back.braked_at)
    assert (True, 0) == (proof.ok, proof.to_candidate)
    figure("time to stable, requests failed", f"{(back.braked_at - began) * 1000:.1f} ms, 0 of {40 + proof.to_stable}")
    assert back.braked_at - began < 0.5
    return "; ".join(back.warnings)


@contextlib.contextmanager
def orphans(scene: World) -> Iterator[Path]:
    """The master is killed; its workers live on without it, as nginx's do, and are ended here."""
    pid = scene.nginx.run_dir / "nginx.pid"
    left = workers.workers(pid)
    os.kill(scene.nginx.child.pid, signal.SIGKILL)
    scene.nginx.child.wait(5.0)
    try:
        yield pid
    finally:
        for worker in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)


def test_a_dead_master_leaves_the_brake() -> None:
    """Workers without a master obey the flag; nothing can be reloaded, and the message has nginx's own words for it."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            await prepared(router)
            with orphans(scene):
                looked = failing(await router.recheck(BLUE))
                said = await rolled_back_by_brake(scene, router)
                assert "the brake alone keeps users from green" in said
                assert "invalid PID number" in said or "No such process" in said, said
                assert "our file stays" in said
                assert "nginx's master is gone" in looked["files as we left them"]
                assert None is (await router.drain(GREEN, 0.1)).open

        scene.run(play)


def test_a_worker_that_stands_still_is_not_waited_for() -> None:
    """Behind a brake a reload that one worker does not take is a warning; when it goes on the file is in force."""
    with world(workers=2) as scene:
        pid = scene.nginx.run_dir / "nginx.pid"

        async def play(router: NginxRouter) -> None:
            await prepared(router)
            stuck = min(worker.pid for worker in workers.workers(pid))
            os.kill(stuck, signal.SIGSTOP)
            try:
                began = time.monotonic()
                back = await router.apply(at(0.0), brake=True, note="")
                took = time.monotonic() - began
            finally:
                os.kill(stuck, signal.SIGCONT)
            assert (True, at(0.0)) == (back.ok, back.in_force)
            assert "nginx kept its old workers" in back.warnings[0]
            assert took < 4
            assert {"blue": 40} == await scene.fresh(40)
            assert back.braked_at is not None
            assert (await router.prove(BLUE, back.braked_at)).ok
            again = await router.apply(at(0.0), brake=True, note="")
            assert (True, at(0.0)) == (again.ok, (await router.observe()).split)
            figure("a worker stands still: order done after", f"{took:.2f} s (deadline of a command 1 s)")

        scene.run(play, command_deadline=1.0)


def test_an_include_that_cannot_be_written_leaves_the_brake() -> None:
    """The folder of nginx's files is read-only: the brake does the work, and the check before it has said so."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            await prepared(router)
            with read_only(scene.directory):
                looked = failing(await router.recheck(BLUE))
                assert {"files as we left them"} == set(looked)
                assert "a file system that is read-only for it" in looked["files as we left them"]
                said = await rolled_back_by_brake(scene, router)
                assert "cannot be replaced" in said
                assert "Read-only file system" in said
            again = await router.apply(at(0.0), brake=True, note="")
            assert (True, (), at(0.0)) == (again.ok, again.warnings, (await router.observe()).split)

        scene.run(play)


def test_a_read_only_disk_is_found_before_and_told_at_the_rollback() -> None:
    """Flags and files are read-only: nothing can be done, and the order says so, with the way by hand."""
    with world() as scene:

        async def play(router: NginxRouter) -> None:
            await prepared(router)
            with read_only(scene.directory, scene.state):
                looked = failing(await router.recheck(BLUE))
                assert {"files as we left them"} <= set(looked)
                back = await router.apply(at(0.0), brake=True, note="")
                assert (False, at(0.5), None) == (back.ok, back.in_force, back.braked_at)
                assert f"touch {scene.flag(GREEN)}" in back.warnings[0]
                assert "Read-only file system" in back.detail
                assert {"blue", "green"} == set(await scene.fresh(40))
            again = await router.apply(at(0.0), brake=True, note="")
            assert again.ok
            assert {"blue": 40} == await scene.fresh(40)

        scene.run(play)


def test_without_an_inode_brake_and_switch_work() -> None:
    """Both were laid ready: a rename needs no inode, and the file comes into force as if nothing were wrong."""
    with world() as scene, small_disk(scene, "size=64m,nr_inodes=60"):

        async def play(router: NginxRouter) -> None:
            await prepared(router)
            for folder in (scene.directory, scene.state):
                with contextlib.suppress(OSError):
                    for number in range(100):
                        (folder / f"rest{number}").touch()
            looked = failing(await router.recheck(BLUE))
            assert {"disk"} == set(looked)
            assert "0 inodes free" in looked["disk"]
            began = time.time()
            back = await router.apply(at(0.0), brake=True, note="")
            assert (True, at(0.0), ()) == (back.ok, back.in_force, back.warnings)
            assert back.braked_at is not None
            assert {"blue": 40} == await scene.fresh(40)
            seen = await router.observe()
            assert (at(0.0), BrakeKind.ROLLBACK) == (seen.split, seen.braked)
            figure("no inode: time to stable", f"{(back.braked_at - began) * 1000:.1f} ms")

        scene.run(play)


def test_a_full_disk_is_found_by_the_recheck() -> None:
    """While a release is live a disk that fills is a lost parachute, though the rollback would still work."""
    with world(split=at(0.5)) as scene, small_disk(scene, "size=20m"):

        async def play(router: NginxRouter) -> None:
            assert {} == failing(await router.recheck(BLUE))
            (scene.state / "rest").write_bytes(b"x" * 8_000_000)
            looked = failing(await router.recheck(BLUE))
            assert {"disk"} == set(looked)
            assert f"{scene.state}/brake: " in looked["disk"]

        scene.run(play)


def test_a_reload_that_hangs_does_not_hold_up_the_brake() -> None:
    """A reload that never returns is given up at its deadline; users are on stable from the first millisecond."""
    with world(split=at(1.0)) as scene:

        async def play(router: NginxRouter) -> None:
            order = asyncio.ensure_future(router.apply(at(0.0), brake=True, note=""))
            while not scene.flag(GREEN).exists():  # noqa: ASYNC110 - a file tells nobody that it is there
                await asyncio.sleep(0.001)
            assert {"blue": 20} == await scene.fresh(20)
            back = await order
            assert (True, at(0.0)) == (back.ok, back.in_force)
            assert "did not end within 0.5 s" in back.warnings[0]

        scene.run(play, reload=("sleep", "4711"), command_deadline=0.5)
