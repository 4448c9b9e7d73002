"""The parachute while a release is live: what is looked at every few seconds, and the rehearsal and drill of it."""

import asyncio
import contextlib
import os
import time
from collections import defaultdict

import pytest

from simulations.lab.processes import free_ports
from tests.acceptance.faults.apps import applications
from tests.acceptance.faults.figures import figure
from tests.acceptance.nginx_world import BLUE, GREEN, Client, Location, World, at, world
from tests.sources.servers import served
from watchdog.core.model import BrakeKind, Check, Split
from watchdog.traffic.nginx import workers
from watchdog.traffic.nginx.recheck import SECONDS
from watchdog.traffic.nginx.router import NginxRouter

pytestmark = pytest.mark.acceptance

PLAN = (at(0.0), at(0.1), at(1.0), at(1.0, promoted=True))
STEPS = ("brake on", "brake off", "rename", "test", "reload", "old workers", "proof")


def failing(checks: tuple[Check, ...]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if not check.ok}


async def timed(router: NginxRouter) -> tuple[dict[str, str], float]:
    """What a recheck finds wrong, and how long it takes."""
    began = time.monotonic()
    wrong = failing(await router.recheck(BLUE))
    return wrong, time.monotonic() - began


def test_one_server_of_stable_that_answers_can_take_users() -> None:
    """With one of two down a release goes on and the line says so; none begins like that; with both down it is lost."""
    alive, dead, other = free_ports(3)
    both = {BLUE: (f"127.0.0.1:{alive}", f"127.0.0.1:{dead}"), GREEN: (f"127.0.0.1:{other}",)}
    with world(split=at(0.5), setup={"servers": both}) as scene:

        async def play(router: NginxRouter) -> None:
            async with applications({BLUE: both[BLUE][:1], GREEN: both[GREEN]}):
                checks = await router.recheck(BLUE)
                assert {} == failing(checks)
                assert "1 of 2 servers of blue answer" in checks[0].detail
                assert f"127.0.0.1:{dead}" in checks[0].detail
                assert "stable answers" in failing(await router.prepare([at(0.0)]))
            assert {"stable answers"} == set(failing(await router.recheck(BLUE)))

        scene.run(play)


@pytest.mark.parametrize("shield", [True, False])
@pytest.mark.parametrize(
    ("split", "down"), [(at(0.5), "refuses"), (at(0.5), "hangs"), (at(1.0, promoted=True), "refuses")]
)
def test_a_candidate_that_is_down_is_no_fault_of_the_parachute(split: Split, down: str, shield: bool) -> None:  # noqa: FBT001 - a parameter of pytest's
    """Its 502 or its silence names it all the same, also where the shield then asks stable."""
    ports = free_ports(3)
    servers = {BLUE: (f"127.0.0.1:{ports[0]}",), GREEN: tuple(f"127.0.0.1:{port}" for port in ports[1:])}
    setup = {"servers": servers, "shield": shield}
    locations = [Location(service="app", **({} if shield else {"shield": ""}))]
    with world(split=split, setup=setup, locations=locations) as scene:

        async def play(router: NginxRouter) -> None:
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(applications({BLUE: servers[BLUE]}))
                if down == "hangs":
                    for port in ports[1:]:
                        await stack.enter_async_context(served(_silent, at=port))
                for _ in range(1 if down == "hangs" else 2):  # the second time nginx may have given its servers up
                    wrong, took = await timed(router)
                    assert {} == wrong
                    assert took < SECONDS / 2

        scene.run(play)


async def _silent(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


def test_a_recheck_during_an_order_and_a_rollback_during_a_recheck() -> None:
    """An order that is being carried out is no loss of the parachute, and the brake waits for no check."""
    with world(split=at(0.1)) as scene:
        slow = ("sh", "-c", f"sleep 0.6; exec {' '.join(scene.nginx.reload_argv)}")

        async def play(router: NginxRouter) -> None:
            step = asyncio.ensure_future(router.apply(at(0.5), brake=False, note=""))
            await asyncio.sleep(0.2)  # renamed, and not read by nginx yet
            wrong, took = await timed(router)
            assert {} == wrong
            assert (await step).ok
            checking = asyncio.ensure_future(timed(router))
            await asyncio.sleep(0.005)
            began = time.time()
            back = await router.apply(at(0.0), brake=True, note="")
            assert back.braked_at is not None
            figure("brake while a check runs", f"{(back.braked_at - began) * 1000:.1f} ms")
            assert back.braked_at - began < 0.1
            assert ({}, True) == ((await checking)[0], took < SECONDS)

        scene.run(play, reload=slow)


def test_a_recheck_ends_when_nothing_answers() -> None:
    """A dead log, and a disk that hangs: each is found, and in time for the next one."""
    with world(split=at(0.5)) as scene:

        async def play(router: NginxRouter) -> None:
            scene.edge.close()
            wrong, took = await timed(router)
            assert {"brake works through nginx"} == set(wrong)
            assert took < SECONDS + 0.5
            server = scene.directory / "app.server.conf"
            server.unlink()
            os.mkfifo(server)  # who opens it waits
            wrong, took = await timed(router)
            assert {"disk"} == set(wrong)
            assert took < SECONDS / 2
            server.write_text("let the thread go")

        scene.run(play)


def test_looking_changes_nothing() -> None:
    """Every split is tested in nginx's whole configuration; files, workers and users stay, and so do the brakes."""
    with world(split=at(0.1)) as scene:
        pid = scene.nginx.run_dir / "nginx.pid"

        async def play(router: NginxRouter) -> None:
            await router.pull_brake(GREEN, BrakeKind.DIVERT, "")
            await router.recheck(BLUE)  # lays ready what is missing
            before = (scene.live().stat(), workers.active(pid), names(scene))
            checks = await router.rehearse(PLAN, drill=False)
            assert {} == failing(checks)
            assert len(PLAN) == sum(check.name.startswith("nginx accepts green at") for check in checks)
            assert ("nginx accepts what is in force", None) == (checks[-1].name, checks[-1].took)
            assert before == (scene.live().stat(), workers.active(pid), names(scene))
            broken = scene.nginx.conf.read_text()
            scene.nginx.conf.write_text(broken + "nonsense;\n")
            assert "nginx accepts what is in force" in failing(await router.rehearse(PLAN, drill=False))
            drilled = failing(await router.rehearse(PLAN, drill=True))
            assert "not begun" in drilled["drill"]
            scene.nginx.conf.write_text(broken)

        scene.run(play)


def names(scene: World) -> list[str]:
    return sorted(str(path) for folder in (scene.directory, scene.state) for path in folder.rglob("*"))


@pytest.mark.parametrize("split", [at(0.0), at(0.1), at(1.0, promoted=True)], ids=["nobody", "canary", "promoted"])
def test_a_drill_during_load_moves_no_user(split: Split) -> None:
    """Every step is timed and holds; no user changes colour; the file, its time and what lies ready are as before."""
    with world(split=split, workers=2) as scene:
        pid = scene.nginx.run_dir / "nginx.pid"

        async def play(router: NginxRouter) -> None:
            await router._checklist.staged(at(0.0))
            before, ready = (scene.live().read_text(), scene.live().stat().st_mtime_ns), set(names(scene))
            old = workers.active(pid)
            users = asyncio.Event()
            load = asyncio.ensure_future(sticky_users(scene, users))
            await asyncio.sleep(0.3)
            checks = await router.rehearse(PLAN, drill=True)
            await asyncio.sleep(0.2)
            users.set()
            colours, lost = await load

            assert {} == failing(checks)
            took = {check.name: check.took for check in checks if check.name.startswith("drill: ")}
            assert [f"drill: {step}" for step in STEPS] == list(took)
            assert all(seconds is not None for seconds in took.values())
            assert "20 probes went to blue" in checks[-1].detail
            assert before == (scene.live().read_text(), scene.live().stat().st_mtime_ns)
            assert ready | {str(scene.directory / ".app.http.conf.previous")} == set(names(scene))
            assert not old & workers.active(pid)
            assert split == (await router.observe()).split
            assert 200 < sum(sum(each.values()) for each in colours.values())
            assert [] == [cookie for cookie, seen in colours.items() if len(seen) > 1]
            assert lost <= USERS
            figure(
                f"drill at {split.weight:.0%}", {name: f"{(each or 0) * 1000:.1f} ms" for name, each in took.items()}
            )

        scene.run(play)


USERS = 24


async def sticky_users(scene: World, over: asyncio.Event) -> tuple[dict[str, dict[str, int]], int]:
    """Browsers that keep their cookie: the colours that each saw, and how many requests were lost with a connection."""
    colours: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    lost = 0

    async def user() -> None:
        nonlocal lost
        client = Client(scene.nginx.port)
        first = await client.get()
        colours[first.cookie][first.body] += 1
        while not over.is_set():
            try:
                answer = await client.get(cookie=first.cookie)
                colours[first.cookie][answer.body] += 1
            except (OSError, asyncio.IncompleteReadError):  # an idle connection that the reload closed
                lost += 1
                await client.close()
            await asyncio.sleep(0.02)
        await client.close()

    await asyncio.gather(*(user() for _ in range(USERS)))
    return colours, lost


@pytest.mark.parametrize(("hangs", "step"), [("sleep 4711", "reload"), ("exit 0", "old workers")])
def test_a_rollback_calls_a_drill_off(hangs: str, step: str) -> None:
    """A drill that hangs in its reload, or waits for workers that do not change, gives way at once and says so."""
    with world(split=at(0.5)) as scene:
        first = scene.folder / "first"
        real = " ".join(scene.nginx.reload_argv)
        reload = ("sh", "-c", f"[ -e {first} ] || {{ touch {first}; {hangs}; }}; exec {real}")

        async def play(router: NginxRouter) -> None:
            drill = asyncio.ensure_future(router.rehearse(PLAN, drill=True))
            while not first.exists():  # noqa: ASYNC110 - a file tells nobody that it is there
                await asyncio.sleep(0.005)
            await asyncio.sleep(0.1)
            began = time.monotonic()
            back = await router.apply(at(0.0), brake=True, note="")
            figure(f"rollback while a drill hangs ({step})", f"{time.monotonic() - began:.3f} s")
            assert time.monotonic() - began < 4
            assert (True, ()) == (back.ok, back.warnings)
            assert "called off" in failing(await drill)[f"drill: {step}"]
            assert at(0.0) == (await router.observe()).split

        scene.run(play, reload=reload, command_deadline=20.0)


def test_a_drill_that_fails_leaves_everything_in_force() -> None:
    """A reload that does not work is found by the drill, and the split, its file and its users are as before."""
    with world(split=at(1.0)) as scene:

        async def play(router: NginxRouter) -> None:
            before = scene.live().read_text()
            wrong = failing(await router.rehearse(PLAN, drill=True))
            assert {"drill: reload"} == set(wrong)
            assert "no bus" in wrong["drill: reload"]
            assert (before, at(1.0)) == (scene.live().read_text(), (await router.observe()).split)
            assert {"green": 20} == await scene.fresh(20)

        scene.run(play, reload=("sh", "-c", "echo no bus; exit 3"))
        # Another process, which remembers nothing, sees it too.
        assert at(1.0) == scene.run(lambda router: router.observe()).split


def test_a_drill_needs_the_log() -> None:
    """When no line comes the drill ends at its first step and says so."""
    with world(split=at(0.5)) as scene:
        scene.edge.close()

        async def play(router: NginxRouter) -> None:
            wrong = failing(await router.rehearse((at(0.0),), drill=True))
            assert ["drill: brake on"] == list(wrong)
            assert [] == [name for name in names(scene) if "scratch" in name]

        scene.run(play)
