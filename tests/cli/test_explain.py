"""`explain`, from the daemon's story or from the live view."""

import json
from pathlib import Path

import pytest

from tests.cli.helpers import CliApi, call, daemon
from tests.core.world import World
from tests.text import views
from watchdog.cli.main import main
from watchdog.daemon.explain.story import explain_records


def test_the_story_is_asked_for_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the daemon's journal says, on one screen or as JSON."""
    world = World().begin().submit()
    world.run(5.0)
    api = CliApi()
    api.story = explain_records(world.kept, "shop", float)
    with daemon(api, tmp_path) as socket:
        assert 0 == call(main, "explain", "shop", "--socket", str(socket))
        screen = capsys.readouterr().out
        assert 0 == call(main, "explain", "shop", "--json", "--socket", str(socket))

    assert screen.startswith("shop 2.0 is soaking since ")
    assert api.story == json.loads(capsys.readouterr().out)


def test_why_not_asks_the_present(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The live view answers, not the journal."""
    with daemon(CliApi(), tmp_path) as socket:
        assert 0 == call(main, "explain", "osun-his", "--why-not", "--socket", str(socket))
        screen = capsys.readouterr().out
        assert 0 == call(main, "explain", "osun-his", "--why-not", "--json", "--socket", str(socket))

    assert screen.startswith("osun-his 4.2.0: no rule has proof.")
    assert views.service() == json.loads(capsys.readouterr().out)


def test_an_unknown_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1, and the names that there are."""
    with daemon(CliApi(), tmp_path) as socket:
        assert 1 == call(main, "explain", "osun", "--why-not", "--socket", str(socket))

    assert "there is osun-his" in capsys.readouterr().err
