"""What the operator's commands are worth as readings."""

import asyncio
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from watchdog.core.model import Colour, Missing, Reading
from watchdog.outside.command_run import Command, Ran, Runner
from watchdog.sources.base import Finding
from watchdog.sources.command import CommandSource, Returns, first_line


def command(script: str, *, timeout: float = 5.0, environment: Mapping[str, str] | None = None) -> Command:
    return Command(
        argv=("/bin/sh", "-c", script),
        environment={"PATH": os.defpath, **(environment or {})},
        timeout=timeout,
    )


def source(
    script: str, returns: Returns = "status", *, timeout: float = 5.0, secrets: tuple[str, ...] = ()
) -> CommandSource:
    return CommandSource(
        name="check",
        interval=2.0,
        returns=returns,
        commands={Colour.GREEN: command(script, timeout=timeout)},
        now=time.monotonic,
        secrets=secrets,
    )


def read(script: str, returns: Returns = "status", *, timeout: float = 5.0, secrets: tuple[str, ...] = ()) -> Reading:
    """One poll of one command."""

    async def main() -> Reading:
        checked = source(script, returns, timeout=timeout, secrets=secrets)
        (reading,) = await checked.poll()
        await checked.close()
        return reading

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("script", "value", "detail"),
    [
        ("exit 0", 1.0, ""),
        ("echo warning >&2", 1.0, ""),
        ("exit 1", 0.0, "exit 1"),
        ("echo; echo ' no\troute' >&2; echo more >&2; exit 2", 0.0, "exit 2: no route"),
        ("printf 'a\\033[31mb\\nc' >&2; exit 2", 0.0, "exit 2: a [31mb"),
        ("kill -KILL $$", 0.0, "killed: SIGKILL"),
        ("kill -40 $$", 0.0, "killed: signal 40"),
        ("yes", 0.0, "too_large: it said more than 65536 bytes"),
        ("exit 126", Missing.ERROR, "exit 126; the command itself could not run something"),
        ("no-such-thing", Missing.ERROR, "exit 127: /bin/sh: 1: no-such-thing: not found; the command itself could"),
    ],
)
def test_the_exit_status_is_a_probe_s_result(script: str, value: float | Missing, detail: str) -> None:
    """0 passes; anything else fails with its class and the first words of the command; what cannot run is missing."""
    reading = read(script)

    assert ("ok", Colour.GREEN, value) == (reading.signal, reading.colour, reading.value)
    assert reading.detail == detail or (len(detail) > 60 and reading.detail.startswith(detail))


def test_a_command_that_hangs_fails() -> None:
    """It is the target that hangs: the value 0, or no number."""
    assert (0.0, "timeout: no end within 0.1 s") == ((r := read("exec sleep 60", timeout=0.1)).value, r.detail)
    assert Missing.TIMEOUT is read("echo 3; exec sleep 60", "number", timeout=0.1).value


def test_a_command_that_is_not_there_is_missing() -> None:
    """The prober could not run, which says nothing about the target."""

    async def main() -> Reading:
        commands: dict[Colour | None, Command] = {None: Command(argv=("/nowhere/check",))}
        checked = CommandSource(name="check", interval=2.0, returns="status", commands=commands, now=time.monotonic)
        (reading,) = await checked.poll()
        await checked.close()
        return reading

    expected = Reading(signal="ok", colour=None, value=Missing.ERROR, detail="/nowhere/check is not there")
    assert expected == asyncio.run(main())


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("3", 3.0),
        (" -2.5e3 \\n\\n", -2500.0),
        (".5", 0.5),
        ("0", 0.0),
        ("", Missing.EMPTY),
        ("  \\n", Missing.EMPTY),
        ("nan", Missing.NAN),
        ("-Infinity", Missing.NAN),
        ("1e999", Missing.NAN),
        ("3 connections", Missing.ERROR),
        ("1\\n2", Missing.ERROR),
        ("1_000", Missing.ERROR),
        ("0x10", Missing.ERROR),
        ("\\377\\376", Missing.ERROR),
    ],
)
def test_the_output_is_one_number(said: str, value: float | Missing) -> None:
    """And nothing else; what is none is never zero."""
    reading = read(f"printf -- '{said}'", "number")

    assert ("value", value) == (reading.signal, reading.value)
    assert bool(reading.detail) is isinstance(value, Missing)


def test_a_number_of_a_command_that_failed_is_none() -> None:
    """Whatever it said before."""
    reading = read("echo 3; echo broken >&2; exit 1", "number")

    assert (Missing.ERROR, "exit 1: broken") == (reading.value, reading.detail)


def test_a_counter_counts_its_increase(tmp_path: Path) -> None:
    """The first run has nothing to compare with; a failed one loses nothing; a fall is a new beginning."""
    said, times = tmp_path / "said", iter([10.0, 12.0, 14.0, 16.0, 18.0])

    async def main() -> list[Reading]:
        checked = CommandSource(
            name="check",
            interval=2.0,
            returns="counter",
            commands={None: command(f"cat {said}")},
            now=lambda: next(times),
        )
        readings: list[Reading] = []
        for text in ("100", "104", None, "109", "3"):
            said.unlink(missing_ok=True)
            if text is not None:
                said.write_text(text)
            readings += await checked.poll()
        await checked.close()
        return readings

    readings = asyncio.run(main())
    assert {"count"} == {each.signal for each in readings}
    assert [
        (Missing.EMPTY, None),
        (4.0, (10.0, 12.0)),
        (Missing.ERROR, None),
        (5.0, (12.0, 16.0)),
        (3.0, (16.0, 18.0)),
    ] == [(each.value, each.over) for each in readings]
    assert "the first run: nothing to compare with yet" == readings[0].detail


@pytest.mark.parametrize("returns", ["status", "number"])
def test_a_run_that_nobody_watched_says_nothing(monkeypatch: pytest.MonkeyPatch, returns: Returns) -> None:
    """The daemon was stopped and continued while it ran."""
    monkeypatch.setattr(Runner, "run", lambda *_: Ran(end="stood_still"))
    reading = read("exit 0", returns)

    assert (Missing.ERROR, "the daemon stood still while it ran") == (reading.value, reading.detail)


def test_both_colours_are_run_side_by_side(tmp_path: Path) -> None:
    """Each waits for the other here: one after the other would hang."""
    script = f"touch {tmp_path}/$ME; until [ -e {tmp_path}/$OTHER ]; do sleep 0.01; done; [ $ME = blue ]"
    commands: dict[Colour | None, Command] = {
        colour: command(script, environment={"ME": colour.value, "OTHER": colour.other.value}) for colour in Colour
    }

    async def main() -> tuple[Reading, ...]:
        checked = CommandSource(name="c", interval=2.0, returns="status", commands=commands, now=time.monotonic)
        readings = await checked.poll()
        await checked.close()
        return readings

    assert {Colour.BLUE: (1.0, ""), Colour.GREEN: (0.0, "exit 1")} == {
        each.colour: (each.value, each.detail) for each in asyncio.run(main())
    }


@pytest.mark.parametrize("how", ["cancelled", "closed"])
def test_a_stop_ends_the_run(tmp_path: Path, how: str) -> None:
    """A daemon that ends leaves no command behind, not even one that resists."""
    pid_file = tmp_path / "pid"

    async def main() -> None:
        checked = source(f"trap '' TERM; echo $$ > {pid_file}; while :; do sleep 0.1; done", timeout=30.0)
        poll = asyncio.ensure_future(checked.poll())
        async with asyncio.timeout(5.0):
            while not pid_file.exists() or not pid_file.read_text():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.01)
        if how == "cancelled":
            poll.cancel()
        await checked.close()
        await asyncio.wait({poll})

    asyncio.run(main())
    assert not Path(f"/proc/{pid_file.read_text().strip()}").exists()


def test_a_secret_is_not_repeated() -> None:
    """Not even when the command says it; a text so short that it could be anything stays."""
    reading = read("echo password hunter2 ok >&2; exit 1", secrets=("hunter2", "ok"))

    assert "exit 1: password *** ok" == reading.detail


def test_the_answer_to_no_poll_names_every_signal() -> None:
    """And the deadline leaves a run time to be killed."""
    checked = source("exit 0", "number", timeout=2.0)

    assert [("value", Colour.GREEN, Missing.TIMEOUT)] == [(r.signal, r.colour, r.value) for r in checked.missing()]
    assert checked.deadline > 4.0
    asyncio.run(checked.close())


def test_a_line_is_short() -> None:
    """It is read on a telephone."""
    assert "a" * 157 + "..." == first_line(b"a" * 200)
    assert "a" * 160 == first_line(b"a" * 160)


def examined(script: str, returns: Returns = "status", *, timeout: float = 5.0) -> tuple[Finding, ...]:
    async def main() -> tuple[Finding, ...]:
        checked = source(script, returns, timeout=timeout)
        found = await checked.examine()
        await checked.close()
        return found

    return asyncio.run(main())


def test_a_look_runs_it_once() -> None:
    """What it says, that it fails, or why it cannot run."""
    assert [(True, "/bin/sh for green passes")] == [(f.ok, f.what.partition(" after")[0]) for f in examined("exit 0")]
    assert [(True, "/bin/sh for green says 3")] == [
        (f.ok, f.what.partition(" after")[0]) for f in examined("echo 3", "number")
    ]
    assert [(None, "/bin/sh for green fails: exit 1")] == [(f.ok, f.what) for f in examined("exit 1")]
    (found,) = examined("echo x", "number")
    assert False is found.ok
    assert '/bin/sh for green gives no reading (error): it said "x"' in found.what


def test_a_look_finds_a_command_that_is_nearly_too_slow() -> None:
    """More than half its time in a quiet moment is too much."""
    times = iter([0.0, 3.0])

    async def main() -> tuple[Finding, ...]:
        checked = CommandSource(
            name="c",
            interval=2.0,
            returns="status",
            commands={None: command("exit 0", timeout=5.0)},
            now=lambda: next(times),
        )
        found = await checked.examine()
        await checked.close()
        return found

    fine, slow = asyncio.run(main())
    assert (True, None) == (fine.ok, slow.ok)
    assert "took 3.0 s of its 5 s" in slow.what
    assert "longer timeout" in slow.remedy


def test_a_look_finds_a_program_that_others_may_change(tmp_path: Path) -> None:
    """It would give them the daemon's rights."""
    program = tmp_path / "check"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o757)

    async def main() -> tuple[Finding, ...]:
        commands: dict[Colour | None, Command] = {None: Command(argv=(str(program),))}
        checked = CommandSource(name="c", interval=2.0, returns="status", commands=commands, now=time.monotonic)
        found = await checked.examine()
        await checked.close()
        return found

    fine, wrong = asyncio.run(main())
    assert (True, False) == (fine.ok, wrong.ok)
    assert "(mode 0757)" in wrong.what
    assert f"chmod go-w {program}" == wrong.remedy
