"""The brake's flags: who set them, and who may take them away."""

import asyncio
import shutil
import threading
from pathlib import Path

import pytest

from watchdog.core.model import BrakeKind, Colour
from watchdog.traffic.base import RouterError
from watchdog.traffic.nginx.brake import Brake
from watchdog.traffic.waiting import until

GREEN = Colour.GREEN


def brake(tmp_path: Path, *, at: float = 1000.5) -> Brake:
    made = Brake("app", tmp_path / "brake", lambda: at)
    made.make_ready()
    return made


def pull(made: Brake, kind: BrakeKind, note: str = "") -> float:
    return asyncio.run(made.pull(GREEN, kind, note))


def test_what_lies_ready_is_not_a_brake(tmp_path: Path) -> None:
    """The bodies are hidden files beside the flags; the folder can be searched by all."""
    made = brake(tmp_path)

    assert [".app.blue", ".app.green"] == sorted(path.name for path in made.folder.iterdir())
    assert (None, 0o755) == (made.kind(GREEN), made.folder.stat().st_mode & 0o777)


def test_a_pulled_brake_says_who_when_and_why(tmp_path: Path) -> None:
    """Kind, time and note are in the flag, and a later process reads the kind from it."""
    at = pull(brake(tmp_path), BrakeKind.DIVERT, "d1/7\nsuspicion")

    flag = tmp_path / "brake" / "app.green"
    assert (1000.5, True) == (at, flag.read_text().endswith("kind: divert\nsince: 1000.500\nnote: d1/7 suspicion\n"))
    assert BrakeKind.DIVERT is Brake("app", tmp_path / "brake", lambda: 0.0).kind(GREEN)


def test_a_rollback_outlasts_a_divert(tmp_path: Path) -> None:
    """A divert's brake becomes a rollback's and never the other way; a rollback's is not released."""
    made = brake(tmp_path)
    for kind, expected in (
        (BrakeKind.DIVERT, BrakeKind.DIVERT),
        (BrakeKind.ROLLBACK, BrakeKind.ROLLBACK),
        (BrakeKind.DIVERT, BrakeKind.ROLLBACK),
    ):
        pull(made, kind)
        assert expected is made.kind(GREEN) is brake(tmp_path).kind(GREEN)
    with pytest.raises(RouterError, match="belongs to a rollback"):
        asyncio.run(made.release(GREEN))
    assert made.clear(GREEN)
    assert None is made.kind(GREEN)


def test_a_crash_before_the_note_counts_as_a_rollback(tmp_path: Path) -> None:
    """A flag of ours without a kind is the stricter one: it is not released by itself."""
    made = brake(tmp_path)
    made._set(GREEN)

    assert BrakeKind.ROLLBACK is made.kind(GREEN)


def test_a_humans_flag_is_left_alone(tmp_path: Path) -> None:
    """Neither pulling, releasing nor clearing makes it ours or takes it away."""
    made = brake(tmp_path)
    made.flag(GREEN).touch()

    pull(made, BrakeKind.ROLLBACK)
    assert BrakeKind.HAND is made.kind(GREEN)
    assert not made.clear(GREEN)
    with pytest.raises(RouterError, match="set by hand"):
        asyncio.run(made.release(GREEN))
    assert "" == made.flag(GREEN).read_text()


def test_a_humans_flag_after_ours_is_a_humans(tmp_path: Path) -> None:
    """What this process remembers of its own flag does not stick to one that a human set later."""
    made = brake(tmp_path)
    pull(made, BrakeKind.DIVERT)
    made.flag(GREEN).unlink()
    made.flag(GREEN).touch()

    assert BrakeKind.HAND is made.kind(GREEN)


def test_pulling_and_releasing_over_and_over(tmp_path: Path) -> None:
    """Each time the body lies ready again, without the last one's note."""
    made = brake(tmp_path)
    body = made.prepared(GREEN).read_text()
    for _ in range(3):
        pull(made, BrakeKind.DIVERT, "again")
        asyncio.run(made.release(GREEN))
        assert (None, body) == (made.kind(GREEN), made.prepared(GREEN).read_text())


def test_a_flag_that_cannot_be_written_to_brakes_and_keeps_its_kind(tmp_path: Path) -> None:
    """Where the note does not fit, this process still knows that the brake is a divert's and releases it."""

    class Full(Brake):
        def _write_note(self, colour: Colour, text: str) -> None:
            raise OSError(28, "No space left on device")

    made = Full("app", tmp_path / "brake", lambda: 1.0)
    made.make_ready()
    pull(made, BrakeKind.DIVERT)

    assert BrakeKind.DIVERT is made.kind(GREEN)
    asyncio.run(made.release(GREEN))
    assert None is made.kind(GREEN)


def test_a_folder_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    """With its parents, so that nginx's workers can search them; the brake then works as ever."""
    made = Brake("app", tmp_path / "state" / "brake", lambda: 1.0)
    made.make_ready()
    shutil.rmtree(tmp_path / "state")
    pull(made, BrakeKind.ROLLBACK)

    assert BrakeKind.ROLLBACK is made.kind(GREEN)
    assert [0o755, 0o755] == [each.stat().st_mode & 0o777 for each in (made.folder, made.folder.parent)]


def test_who_looks_while_the_note_is_written_sees_whose_brake_it_is(tmp_path: Path) -> None:
    """A divert's flag on a slow disk is not taken for a rollback's."""
    made = brake(tmp_path)
    writing, seen = threading.Event(), threading.Event()

    def slow(colour: Colour, text: str) -> None:
        writing.set()
        assert seen.wait(5.0)

    made._write_note = slow  # type: ignore[method-assign]  # a disk that takes its time

    async def play() -> BrakeKind | None:
        pulling = asyncio.ensure_future(made.pull(GREEN, BrakeKind.DIVERT, "d1/7"))
        assert await until(writing.is_set, 5.0)
        kind = made.kind(GREEN)
        seen.set()
        await pulling
        return kind

    assert BrakeKind.DIVERT is asyncio.run(play())


def test_a_brake_that_cannot_be_set_names_the_way_by_hand(tmp_path: Path) -> None:
    """A folder that cannot be made is an error that says what to do."""
    (tmp_path / "nowhere").touch()
    made = Brake("app", tmp_path / "nowhere", lambda: 1.0)

    with pytest.raises(RouterError, match=f"by hand: touch {tmp_path}/nowhere/app.green"):
        pull(made, BrakeKind.ROLLBACK)


def test_making_ready_waits_for_nobody(tmp_path: Path) -> None:
    """While another thread writes the bodies this one goes on: a rollback must not stand behind a slow disk."""
    made = brake(tmp_path)
    made.prepared(GREEN).unlink()
    with made._making:
        made.make_ready()
        assert not made.prepared(GREEN).exists()
    made.make_ready()
    assert made.prepared(GREEN).exists()
