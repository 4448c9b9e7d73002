"""Arguments of the deploy driver."""

from pathlib import Path

import pytest

from tests.cli.helpers import CliApi, call, daemon
from tests.text import views
from watchdog.cli.deploy import SCHEMAS, main
from watchdog.core.model import Schema


def test_everything_typed_reaches_the_daemon(tmp_path: Path) -> None:
    """Every option of `run` stands in the submission."""
    api = CliApi()
    with daemon(api, tmp_path) as socket:
        status = call(
            main, "run", "--service", "osun-his", "--release", "4.2.0", "--plan", "slow", "--schema", "unknown",
            "--watched-by", "dba", "--because", "sprint 12", "--no-follow", "--socket", str(socket),
        )  # fmt: skip

    assert 0 == status
    assert [
        (
            "submit",
            {
                "service": "osun-his",
                "release": "4.2.0",
                "plan": "slow",
                "schema": "unknown",
                "watched_by": "dba",
                "because": "sprint 12",
            },
        )
    ] == api.commands


def test_follow_ends_with_the_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable names the socket, and a rollback ends in 1."""
    api = CliApi(views.view(views.service(deployment=views.rolled_back())))
    api.plays(api.shown)
    with daemon(api, tmp_path) as socket:
        monkeypatch.setenv("ROLLBACK_WATCHDOG_SOCKET", str(socket))
        assert 1 == call(main, "follow", "--service", "osun-his")


def test_the_schemas_are_the_cores() -> None:
    """The driver may not import the core, so its list is compared with it here."""
    assert tuple(Schema) == SCHEMAS


@pytest.mark.parametrize(
    "typed",
    [["run", "--service", "a"], ["run", "--service", "a", "--release", "b", "--schema", "odd"], ["follow"], []],
)
def test_usage_is_status_2(typed: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood is told with the usage."""
    assert 2 == call(main, *typed)
    assert "usage: rollback-deploy" in capsys.readouterr().err
