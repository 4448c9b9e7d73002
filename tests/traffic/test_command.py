import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.traffic.base import RouterError
from watchdog.traffic.command.router import CommandRouter, Scripts
from watchdog.traffic.command.scripts import Script, share, values
from watchdog.traffic.probes import Entry

BLUE, GREEN = Colour.BLUE, Colour.GREEN
REST = Split(stable=BLUE, candidate=GREEN, weight=0.0, salt="app-1")
HALF = replace(REST, weight=0.5)


def script(folder: Path, name: str, text: str, *words: str, deadline: float = 5.0) -> Script:
    program = folder / name
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)
    return Script(argv=(str(program), *words), deadline=deadline)


def play(folder: Path, scene: Callable[[CommandRouter], Awaitable[None]], **scripts: Any) -> None:
    """A scene with a router of these scripts; stable's server answers nobody."""

    async def story() -> None:
        router = CommandRouter(
            service="app",
            commands=Scripts(**{"set": None, **scripts}),
            addresses={BLUE: ("127.0.0.1:1",), GREEN: ("127.0.0.1:1",)},
            state=folder / "state",
            entry=Entry(url="http://127.0.0.1:1/", host="localhost"),
            token="x",
            first_stable=BLUE,
            edge=None,
            wall=time.time,
        )
        await scene(router)
        await router.close()

    asyncio.run(story())


def test_the_runbooks_scripts_get_what_they_always_got(tmp_path: Path) -> None:
    """A share in percent, and names; each script is run once, and a promotion that moves nobody runs none."""
    told = tmp_path / "told"

    async def scene(router: CommandRouter) -> None:
        for split in (HALF, replace(REST, weight=1.0), replace(REST, weight=1.0, promoted=True)):
            assert (await router.apply(split, brake=False, note="x")).ok
        assert (await router.apply(REST, brake=True, note="x")).ok

    play(
        tmp_path,
        scene,
        set=script(tmp_path, "traffic-split.sh", f'echo "split $*" >> {told}', "$weight"),
        promote=script(tmp_path, "switch-to-green.sh", f'echo "switch $*" >> {told}'),
        rollback=script(
            tmp_path, "rollback-to-blue.sh", f'echo "rollback $*" >> {told}', "$service", "$stable", "$deployment"
        ),
    )
    assert "split 50\nswitch \nrollback app blue app-1\n" == told.read_text()


def test_a_script_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    """The split stays the one that was; the memory, too."""

    async def scene(router: CommandRouter) -> None:
        assert (await router.apply(HALF, brake=False, note="x")).ok
        applied = await router.apply(replace(REST, weight=0.25), brake=False, note="x")
        assert (False, HALF) == (applied.ok, applied.in_force)
        assert "exit status 3, and it says: no such pool" in applied.detail
        assert HALF == (await router.observe()).split

    split = script(tmp_path, "split", '[ "$1" = 50 ] || { echo trying; echo no such pool >&2; exit 3; }', "$weight")
    play(tmp_path, scene, set=split, rollback=script(tmp_path, "back", "true"))


def test_a_rollback_ends_a_step_that_hangs(tmp_path: Path) -> None:
    """The whole group of the step's processes is killed, and the rollback runs in its place."""
    marker = tmp_path / "late"

    async def scene(router: CommandRouter) -> None:
        step = asyncio.create_task(router.apply(HALF, brake=False, note="x"))
        async with asyncio.timeout(5.0):
            while not (tmp_path / "began").exists():  # noqa: ASYNC110 - another process makes it
                await asyncio.sleep(0.01)
        began = time.monotonic()
        assert (await router.apply(REST, brake=True, note="x")).ok
        assert time.monotonic() - began < 3.0
        assert "was called off" in (await step).detail
        assert BrakeKind.ROLLBACK is (await router.observe()).braked

    hanging = script(tmp_path, "split", f"touch {tmp_path}/began; sleep 60; touch {marker}")
    play(tmp_path, scene, set=hanging, rollback=script(tmp_path, "back", "true"))
    assert not marker.exists()


def test_a_script_that_takes_too_long_is_killed_and_has_failed(tmp_path: Path) -> None:
    async def scene(router: CommandRouter) -> None:
        applied = await router.apply(REST, brake=True, note="x")
        assert "did not end within 0.2 s and was killed" in applied.detail
        assert None is applied.braked_at

    play(tmp_path, scene, rollback=script(tmp_path, "back", "sleep 60", deadline=0.2))


def test_a_brake_that_works_is_a_rollback_though_its_command_fails(tmp_path: Path) -> None:
    """No new request reaches the candidate; what did not work is a warning."""

    async def scene(router: CommandRouter) -> None:
        applied = await router.apply(REST, brake=True, note="x")
        assert applied.ok
        assert applied.braked_at is not None
        (warning,) = applied.warnings
        assert "the brake alone keeps users from green" in warning

    play(
        tmp_path,
        scene,
        rollback=script(tmp_path, "back", "false"),
        brake=script(tmp_path, "brake", "true"),
        release=script(tmp_path, "release", "true"),
    )


def test_what_observe_says_counts_more_than_an_exit_status(tmp_path: Path) -> None:
    """A step that changed nothing is no step, and drift is seen."""
    (tmp_path / "share").write_text("0%\n")

    async def scene(router: CommandRouter) -> None:
        applied = await router.apply(HALF, brake=False, note="x")
        assert "observe says that green has 0 %, not 50 %" == applied.detail
        for says, weight in (("green", 1.0), ("blue", 0.0), ("12.5", 0.125)):
            (tmp_path / "share").write_text(says)
            split = (await router.observe()).split
            assert weight == (split and split.weight)
        (tmp_path / "share").write_text("perhaps half")
        seen = await router.observe()
        assert None is seen.split
        assert "wanted blue, green, or the candidate's percentage" in seen.detail

    play(
        tmp_path,
        scene,
        set=script(tmp_path, "split", "true"),
        rollback=script(tmp_path, "back", "true"),
        observe=script(tmp_path, "observe", f"cat {tmp_path}/share"),
    )


def test_what_is_only_believed_is_said_to_be(tmp_path: Path) -> None:
    """Without an observe command the last order is believed, and a stable that does not answer proves nothing."""

    async def scene(router: CommandRouter) -> None:
        assert "nobody looks: there is no `observe` command" == (await router.observe()).detail
        assert "believed" in (await router.apply(REST, brake=True, note="x")).detail
        assert not (await router.prove(BLUE, 0.0)).ok

    play(tmp_path, scene, rollback=script(tmp_path, "back", "true"))


@pytest.mark.parametrize("status", [0, 1])
def test_the_operators_own_proof_decides_and_is_named(tmp_path: Path, status: int) -> None:
    async def scene(router: CommandRouter) -> None:
        proof = await router.prove(BLUE, 0.0)
        assert (status == 0) is proof.ok
        assert "prove" in proof.detail
        assert 0 == proof.to_stable

    prove = script(tmp_path, "prove", f"echo 0 of 812; exit {status}", "$stable")
    play(tmp_path, scene, rollback=script(tmp_path, "back", "true"), prove=prove)


def test_a_preparation_names_programs_that_are_not_there(tmp_path: Path) -> None:
    """And steps without a command."""

    async def scene(router: CommandRouter) -> None:
        details = {check.name: check.detail for check in await router.prepare((REST, HALF)) if not check.ok}
        assert "/none is not there" == details["commands can be run"]
        assert "there is no `set` command for 50 %" == details["commands for the plan"]

    play(tmp_path, scene, rollback=Script(argv=("/none",), deadline=1.0))


def test_what_is_not_there_cannot_be_asked_for(tmp_path: Path) -> None:
    """No brake, no release, no routes."""

    async def scene(router: CommandRouter) -> None:
        for attempt in (
            router.pull_brake(GREEN, BrakeKind.DIVERT, "x"),
            router.cut_route(GREEN, "login", cut=True, note="x"),
        ):
            with pytest.raises(RouterError):
                await attempt
        assert None is (await router.drain(GREEN, 0.0)).open

    play(tmp_path, scene, rollback=script(tmp_path, "back", "true"))


def test_a_placeholder_that_does_not_exist_is_said(tmp_path: Path) -> None:
    """Before anything is run."""
    with pytest.raises(RouterError, match="is no placeholder"):
        asyncio.run(
            Script(argv=("/none", "$nobody"), deadline=1.0).run(values("app", REST, BLUE, 0.0), threading.Event())
        )


@pytest.mark.parametrize(
    ("said", "expected"), [("10", 0.1), ("10%", 0.1), (" 7.5 % ", 0.075), ("GREEN", 1.0), ("blue", 0.0)]
)
def test_a_share_is_read_in_every_usual_form(said: str, expected: float) -> None:
    assert expected == share(said, GREEN)


@pytest.mark.parametrize("said", ["", "red", "101", "-1", "nan", "10 20"])
def test_anything_else_is_no_share(said: str) -> None:
    with pytest.raises(ValueError, match="wanted blue, green"):
        share(said, GREEN)
