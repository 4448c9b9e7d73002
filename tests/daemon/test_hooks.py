"""Real commands: those that do what they are for, and those that fail, hang, flood and are called off."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from watchdog.config.adapters import HookSettings
from watchdog.core.model import Colour, Schema, Split
from watchdog.core.reasons import Reason
from watchdog.core.settings import Bake, Plan
from watchdog.core.state import Deployment, Rollback
from watchdog.daemon.hands import HookRan
from watchdog.daemon.hooks import HookRunner, told

HOME = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="s")
ROLLED_BACK = Deployment(
    id="shop-7",
    release="4.2.0",
    plan=Plan(name="at-once", steps=(), bake=Bake(at_least=60.0)),
    stable=Colour.BLUE,
    candidate=Colour.GREEN,
    schema=Schema.UNCHANGED,
    watched_by="",
    alpha=0.001,
    by="deploy",
    began=0.0,
    declared=HOME,
    in_force=HOME,
    rollback=Rollback(reason=Reason.RULE_FIRING, rules=("errors",), onset=None, decided_at=1.0),
)


def sh(script: str, *, deadline: float = 5.0, name: str = "warm") -> HookSettings:
    return HookSettings(name=name, argv=("/bin/sh", "-c", script), deadline=deadline, idempotent=False)


def ran(hook: HookSettings, deployment: Deployment | None = ROLLED_BACK) -> HookRan:
    hooks = HookRunner(
        "shop", [hook], deployment=lambda: deployment, clean=lambda text: text.replace("s3cret", "[hidden]")
    )
    return asyncio.run(hooks.run(hook.name))


def test_a_command_is_told_which_deployment_was_rolled_back_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the daemon's own environment only where programs are and how to speak."""
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials")
    monkeypatch.setenv("SOME_TOKEN", "s3cret")
    told_to = tmp_path / "env"

    assert 0 == ran(sh(f"exec env > {told_to}")).status
    known = dict(line.split("=", 1) for line in told_to.read_text().splitlines())
    assert {
        "RWD_SERVICE": "shop",
        "RWD_RELEASE": "4.2.0",
        "RWD_DEPLOYMENT": "shop-7",
        "RWD_STABLE": "blue",
        "RWD_CANDIDATE": "green",
        "RWD_REASON": "rule_firing",
    } == {name: value for name, value in known.items() if name.startswith("RWD_")}
    assert {name for name in known if not name.startswith("RWD_")} <= {"PATH", "LANG", "TZ", "PWD", "SHLVL", "_"}


def test_without_a_deployment_only_the_service_is_known() -> None:
    """And without a rollback there is no reason."""
    assert {"RWD_SERVICE": "shop"} == told("shop", None)
    assert "" == told("shop", replace(ROLLED_BACK, rollback=None))["RWD_REASON"]


@pytest.mark.parametrize(
    ("script", "status", "detail"),
    [
        ("echo one; echo two", 0, "two"),
        ("true", 0, ""),
        ("echo fine; echo no such cache >&2; exit 3", 3, "no such cache"),
        ("echo only this; exit 1", 1, "only this"),
        ("echo the password is s3cret >&2; exit 2", 2, "the password is [hidden]"),
        ("printf 'a\\033[31mb'; exit 1", 1, "a [31mb"),
        (f"printf '%{300}s' x | tr ' ' y; exit 1", 1, "y" * 200),
    ],
)
def test_how_it_ended_is_told_with_its_last_line(script: str, status: int, detail: str) -> None:
    """Of what went wrong when it failed; one line without secrets and without what a terminal would obey."""
    found = ran(sh(script))
    words, _, said = found.detail.partition(": ")

    assert (status, detail) == (found.status, said)
    assert words.startswith(f"exit status {status} after 0.")


@pytest.mark.parametrize("script", ["sleep 60", "trap '' TERM; sleep 60 & wait; sleep 60"])
def test_one_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path, script: str) -> None:
    """By SIGTERM at the deadline, and by SIGKILL when it does not listen."""
    pid = tmp_path / "pid"
    began = time.monotonic()
    found = ran(sh(f"echo $$ > {pid}; {script}", deadline=0.3))

    assert (None, "not done after 0.3 s, so it was ended") == (found.status, found.detail)
    assert time.monotonic() - began < 3.0
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)


def test_one_that_was_killed_has_no_status() -> None:
    """Nobody knows how far it came."""
    found = ran(sh("kill -9 $$"))

    assert found.status is None
    assert found.detail.startswith("killed by signal 9 after 0.")


def test_one_that_says_much_goes_on_and_its_end_is_kept() -> None:
    """A tool's progress is no reason to stop it in the middle of its work."""
    found = ran(sh("head -c 3000000 /dev/zero | tr '\\0' x; echo; echo done"))

    assert (0, "done") == (found.status, found.detail.partition(": ")[2])


def test_one_that_is_not_there_says_so() -> None:
    """And what would be right."""
    missing = HookSettings(name="warm", argv=("/nowhere/warm",), deadline=1.0, idempotent=False)

    assert HookRan(status=None, detail="/nowhere/warm is not there") == ran(missing)


def test_one_that_the_configuration_does_not_know_is_refused() -> None:
    """A reload may have taken it away."""
    hooks = HookRunner("shop", [sh("true")], deployment=lambda: None)

    with pytest.raises(LookupError, match="no command stop"):
        asyncio.run(hooks.run("stop"))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5.0):
        while not condition():  # noqa: ASYNC110 - a file or a process
            await asyncio.sleep(0.01)


def test_one_is_never_run_twice_at_once_and_ends_when_nobody_waits(tmp_path: Path) -> None:
    """The daemon's end calls it off."""
    pid = tmp_path / "pid"

    async def story() -> HookRan:
        hooks = HookRunner(
            "shop", [sh(f"echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 60")], deployment=lambda: None
        )
        first = asyncio.create_task(hooks.run("warm"))
        await until(pid.exists)
        second = await hooks.run("warm")
        first.cancel()
        await asyncio.wait([first])
        await until(lambda: not Path(f"/proc/{pid.read_text().strip()}").exists())
        return second

    assert "the last run has not ended yet" == asyncio.run(story()).detail
