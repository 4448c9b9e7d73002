"""Finding the daemon, and telling errors."""

import argparse
from pathlib import Path

import pytest

from tests.cli.helpers import CliApi, call, daemon
from tests.text import views
from watchdog.cli.main import main
from watchdog.cli.session import find, with_client
from watchdog.control.client import ForbiddenError

GOOD = Path(__file__).parent.parent / "config" / "good.yml"


def test_the_configuration_names_the_socket(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --config the control socket is read from the environment file."""
    path = tmp_path / "env.yml"
    path.write_text(f"{GOOD.read_text()}control: {{socket: {tmp_path / 'control.sock'}}}\n")
    with daemon(CliApi(), tmp_path):
        assert 0 == call(main, "status", "--config", str(path))

    assert "osun-his" in capsys.readouterr().out


def test_a_wrong_configuration_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2, with the file's mistakes."""
    path = tmp_path / "env.yml"
    path.write_text("version: 2\n")

    assert 2 == call(main, "status", "--config", str(path))
    assert "nothing was loaded." in capsys.readouterr().err


def test_the_variable_names_the_socket(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a flag $ROLLBACK_WATCHDOG_SOCKET is asked."""
    with daemon(CliApi(), tmp_path) as socket:
        monkeypatch.setenv("ROLLBACK_WATCHDOG_SOCKET", str(socket))
        assert 0 == call(main, "status")

    assert "osun-his" in capsys.readouterr().out


def test_a_forbidden_order_is_a_refusal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Who may not, is told so; that is no broken daemon."""

    def work(_client: object) -> int:
        raise ForbiddenError("ops may not give orders; members of the operator group may")

    given = argparse.Namespace(socket=tmp_path / "x.sock", config=None, service="osun-his")

    assert 1 == with_client(given, work)
    assert "ops may not give orders" in capsys.readouterr().err


def test_a_service_without_settings_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """A service that a reload has taken away is still in the state, and has nothing to show."""
    view = views.view({"name": "old", "stable": "blue"})

    assert find(view, "old") is None
    assert "old is not in the configuration any more" in capsys.readouterr().err
