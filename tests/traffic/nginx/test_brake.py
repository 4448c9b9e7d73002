"""The brake's flags: who set them, and who may take them away."""

import asyncio
from pathlib import Path

import pytest

from watchdog.core.model import BrakeKind, Colour
from watchdog.traffic.base import RouterError
from watchdog.traffic.nginx.brake import Brake

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


def test_a_brake_that_cannot_be_set_names_the_way_by_hand(tmp_path: Path) -> None:
    """A missing folder is an error that says what to do."""
    made = Brake("app", tmp_path / "nowhere", lambda: 1.0)

    with pytest.raises(RouterError, match=f"by hand: touch {tmp_path}/nowhere/app.green"):
        pull(made, BrakeKind.ROLLBACK)
