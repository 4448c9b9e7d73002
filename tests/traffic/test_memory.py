import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.traffic.memory import Memory, Remembered

REST = Split(stable=Colour.BLUE, candidate=Colour.GREEN, weight=0.0, salt="d1")
STEP = Remembered(split=replace(REST, weight=0.1), note="step", process="17 1", weights={"blue": 252, "green": 28})
ROLLBACK = Remembered(split=REST, brake=BrakeKind.ROLLBACK, note="rollback")


def test_an_order_outlives_the_object(tmp_path: Path) -> None:
    """Everything of it is read back."""
    memory = Memory(tmp_path / "deep" / "app.json")
    assert None is memory.last
    assert "" == asyncio.run(memory.keep(STEP))
    assert STEP == Memory(memory.path).last


def test_a_rollback_that_lies_ready_is_remembered_by_rename_alone(tmp_path: Path) -> None:
    """The file that was laid ready is the one that is in place afterwards; the next rollback is written anew."""
    memory = Memory(tmp_path / "app.json")
    memory.stage(ROLLBACK)
    ready = next(each for each in tmp_path.iterdir() if each.name.startswith(".")).stat().st_ino
    asyncio.run(memory.keep(replace(ROLLBACK, note="app/7/0", process="18 2")))
    assert ready == memory.path.stat().st_ino
    assert ROLLBACK == Memory(memory.path).last

    asyncio.run(memory.keep(replace(ROLLBACK, split=replace(REST, salt="d2"))))
    last = Memory(memory.path).last
    assert "d2" == (last and last.split.salt)


def test_what_lies_ready_for_another_deployment_is_not_used(tmp_path: Path) -> None:
    """A rollback of other roles is written as it is."""
    memory = Memory(tmp_path / "app.json")
    memory.stage(ROLLBACK)
    other = replace(ROLLBACK, split=replace(REST, stable=Colour.GREEN, candidate=Colour.BLUE))
    asyncio.run(memory.keep(other))
    assert other == Memory(memory.path).last


def test_what_cannot_be_written_is_remembered_as_long_as_the_object_lives(tmp_path: Path) -> None:
    """It is said so, and the next one that can be written takes its place."""
    nowhere = tmp_path / "file"
    nowhere.write_text("")
    memory = Memory(nowhere / "app.json")
    assert "a restart would not know this order" in asyncio.run(memory.keep(STEP))
    assert STEP == memory.last
    nowhere.unlink()
    assert "" == asyncio.run(memory.keep(ROLLBACK))
    assert ROLLBACK == memory.last == Memory(memory.path).last


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"form": 2}', '{"form": 1, "split": {"stable": "red"}}'])
def test_a_file_of_another_kind_is_no_memory(tmp_path: Path, text: str) -> None:
    """Nothing is made up from it."""
    path = tmp_path / "app.json"
    path.write_text(text)
    assert None is Memory(path).last
