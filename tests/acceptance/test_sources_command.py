"""Commands as an operator writes them, through the whole daemon-side path: file, settings, live source, poller."""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.config.helpers import compiled
from watchdog.config.sources.command import CommandSettings
from watchdog.core.model import Colour, Missing, Reading, Value
from watchdog.daemon.sources import build
from watchdog.sources.command import CommandSource
from watchdog.sources.poller import Poller

pytestmark = pytest.mark.acceptance

TEXT = """
sources:
  check:
    command:
      argv: [{program}, $colour]
      returns: {returns}
      poll: 100ms
      timeout: {timeout}
      environment: {{PLACE: "{place}", KEY: {{file: {place}/key}}}}
rules:
  check: {{{rule}, on_fire: observe}}
services: {{app: {{rules: [errors, health, check]}}}}
"""

RULES = {
    "status": "probe: {signal: check.ok}",
    "number": 'threshold: {value: check.value, when: "> 3"}',
    "counter": "sequential_count: {events: check.count, limit: 2 per minute}",
}


def made(folder: Path, script: str, returns: str = "status", timeout: str = "1s") -> CommandSource:
    """The live source of a file whose command is this script."""
    program = folder / "check"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    (folder / "key").write_text("s3cret-key\n")
    text = TEXT.format(program=program, returns=returns, timeout=timeout, place=folder, rule=RULES[returns])
    (service,) = compiled(folder, text).services
    (settings,) = [each for each in service.sources if isinstance(each, CommandSettings)]

    def reveal(secret: object) -> str:
        file = getattr(secret, "file", None)
        return Path(file).read_text().strip() if file else str(getattr(secret, "literal", ""))

    source = build.source(settings, time.monotonic, reveal)
    assert isinstance(source, CommandSource)
    return source


async def watched(source: CommandSource, polls: int) -> list[tuple[Reading, ...]]:
    """What a poller emits, until so many polls have ended."""
    seen: list[tuple[Reading, ...]] = []
    enough = asyncio.Event()

    def emit(_name: str, _start: float, _end: float, readings: tuple[Reading, ...]) -> None:
        seen.append(readings)
        if len(seen) >= polls:
            enough.set()

    poller = Poller(source, emit, time.monotonic)
    poller.start()
    async with asyncio.timeout(15.0):
        await enough.wait()
    await poller.stop()
    return seen[:polls]


def of(colour: Colour, polls: Sequence[tuple[Reading, ...]]) -> list[tuple[Value, str]]:
    return [(each.value, each.detail) for poll in polls for each in poll if each.colour is colour]


def test_a_command_tells_the_colours_apart(tmp_path: Path) -> None:
    """Green fails with its own words, without the secret that it repeats; blue passes."""
    script = '[ "$1" = blue ] && exit 0; echo "no login with $KEY" >&2; exit 1'
    polls = asyncio.run(watched(made(tmp_path, script), 3))

    assert [(1.0, "")] * 3 == of(Colour.BLUE, polls)
    assert [(0.0, "exit 1: no login with ***")] * 3 == of(Colour.GREEN, polls)


def test_a_command_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    """Green's hangs with a child that holds its output; its readings say so, blue's keep coming, nothing stays."""
    script = f'echo $$ >>{tmp_path}/pids; [ "$1" = blue ] || {{ trap "" TERM; sleep 60; }}'
    began = time.monotonic()
    polls = asyncio.run(watched(made(tmp_path, script, timeout="600ms"), 2))

    assert [(1.0, "")] * 2 == of(Colour.BLUE, polls)
    assert [(0.0, "timeout: no end within 0.6 s")] * 2 == of(Colour.GREEN, polls)
    assert time.monotonic() - began < 12.0
    pids = (tmp_path / "pids").read_text().split()
    assert [] == [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_command_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    """Missing while it is not there, for that says nothing about the colour."""
    source = made(tmp_path, "exit 0")

    async def main() -> list[tuple[Value, str]]:
        program = tmp_path / "check"
        polls = [await source.poll()]
        program.rename(tmp_path / "away")
        polls.append(await source.poll())
        (tmp_path / "away").rename(program)
        program.chmod(0o644)
        polls.append(await source.poll())
        program.chmod(0o755)
        polls.append(await source.poll())
        await source.close()
        return of(Colour.GREEN, polls)

    there, gone, closed, again = asyncio.run(main())
    assert (1.0, "") == there == again
    assert (Missing.ERROR, f"{tmp_path}/check is not there") == gone
    assert Missing.ERROR is closed[0]
    assert "may not be run by this user" in closed[1]


def test_a_counter_of_restarts(tmp_path: Path) -> None:
    """A number that only grows counts by its increase."""
    script = 'cat "$PLACE/$1" 2>/dev/null || echo 0'
    source = made(tmp_path, script, "counter")

    async def main() -> list[tuple[Value, str]]:
        polls = [await source.poll()]
        for value in ("0", "2", "2", "5"):
            (tmp_path / "green").write_text(value)
            polls.append(await source.poll())
        await source.close()
        return of(Colour.GREEN, polls)

    assert [Missing.EMPTY, 0.0, 2.0, 0.0, 3.0] == [value for value, _ in asyncio.run(main())]


def test_many_polls_leave_nothing(tmp_path: Path) -> None:
    """No descriptor and no child, though every fourth run hangs and every fourth floods."""
    script = f"n=$(cat {tmp_path}/n.$1 2>/dev/null || echo 0); echo $((n + 1)) >{tmp_path}/n.$1\n"
    script += "case $((n % 4)) in 1) sleep 60;; 2) exec yes;; 3) exit 1;; esac"
    source = made(tmp_path, script, timeout="100ms")
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    others = set(children.read_text().split())  # an earlier test of this process may have left some

    async def main() -> tuple[set[Value], int, int]:
        values = {value for value, _ in of(Colour.GREEN, [await source.poll()])}
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked
        for _ in range(39):
            values |= {value for value, _ in of(Colour.GREEN, [await source.poll()])}
        after = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counted, not walked
        await source.close()
        return values, before, after

    values, before, after = asyncio.run(main())
    assert {0.0, 1.0} == values
    assert after <= before
    assert set() == set(children.read_text().split()) - others
