"""`preflight` and `drill`: the checklist, its exit status, and waiting for its end."""

import io
import json
from pathlib import Path

import pytest

from tests.cli.helpers import CliApi, call, daemon
from tests.text import views
from watchdog.cli.main import main
from watchdog.cli.rehearse import checklist
from watchdog.deploy.terminal import Paint

PLAIN = Paint(io.StringIO())
RUNNING = views.rehearsal(ended=None, ok=None, checks=[])
WRONG = views.rehearsal(
    ok=False,
    checks=[
        {"name": "stable answers", "ok": True, "detail": "", "took": 0.12},
        {"name": "reload", "ok": False, "detail": "nginx -s reload: no master process", "took": 1.1},
    ],
)


def after(*rehearsals: views.Data) -> CliApi:
    """A daemon whose service goes through these."""
    api = CliApi()
    api.plays(*(views.view(views.service(rehearsal=each)) for each in rehearsals))
    return api


def test_a_preflight_is_waited_for_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is asked, since nothing is changed; every check with its time, and the answer last."""
    api = after(RUNNING, views.rehearsal())
    with daemon(api, tmp_path) as socket:
        assert 0 == call(main, "preflight", "osun-his", "--socket", str(socket))

    assert [("rehearse", {"service": "osun-his"})] == api.commands
    assert [
        "osun-his: preflight, 2 checks in 1.2 s",
        "  ok     stable answers                 0.1 s  200 from both servers",
        "  ok     disk",
        "A rollback would work. drill does every step of it without moving a user.",
    ] == capsys.readouterr().out.splitlines()


def test_something_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """1 for pipelines, and what it is."""
    monkeypatch.setenv("COLUMNS", "100")
    with daemon(after(WRONG), tmp_path) as socket:
        assert 1 == call(main, "preflight", "osun-his", "--socket", str(socket))

    out = capsys.readouterr().out
    assert "  WRONG  reload                         1.1 s  nginx -s reload: no master process" in out
    assert out.endswith("A rollback would not work now: reload.\n")


def test_a_drill_is_asked_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It reloads the running balancer: without a terminal and --yes nothing is ordered."""
    api = after(views.rehearsal(drill=True))
    with daemon(api, tmp_path) as socket:
        assert 2 == call(main, "drill", "osun-his", "--socket", str(socket))
        assert [] == api.commands
        assert 0 == call(main, "drill", "osun-his", "--yes", "--socket", str(socket))

    out = capsys.readouterr().out
    assert [("rehearse", {"service": "osun-his", "drill": True})] == api.commands
    assert out.startswith("osun-his: every step of a rollback is done on the running balancer in a form that moves no")
    assert out.endswith("A rollback works: every step was done, and no user was moved.\n")


def test_for_pipelines_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing but the answer is printed."""
    with daemon(after(WRONG), tmp_path) as socket:
        assert 1 == call(main, "drill", "osun-his", "--json", "--yes", "--socket", str(socket))

    assert WRONG == json.loads(capsys.readouterr().out)


def test_another_rehearsal_is_not_taken_for_this_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its result would say nothing about what was asked for."""
    with daemon(after(views.rehearsal(id="osun-his/8")), tmp_path) as socket:
        assert 1 == call(main, "preflight", "osun-his", "--socket", str(socket))

    assert "another rehearsal of osun-his has begun meanwhile; ask again" in capsys.readouterr().err


def test_a_refused_rehearsal_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And nothing is waited for."""
    api = after(views.rehearsal())
    api.refuses = ("one_at_a_time", "a rollback is under way")
    with daemon(api, tmp_path) as socket:
        assert 1 == call(main, "preflight", "osun-his", "--socket", str(socket))

    assert "a rollback is under way" in capsys.readouterr().err


def test_a_rehearsal_of_which_nothing_is_known() -> None:
    """The daemon was restarted in it: that is no proof."""
    lost = views.rehearsal(ok=None, checks=[])

    assert (
        "It could not be shown that a rollback would work; the daemon's log says more."
        == (checklist("osun-his", lost, 100, PLAIN)[-1])
    )


def test_a_narrow_checklist_keeps_its_columns() -> None:
    """What was seen stands below itself."""
    long = {"name": "reload", "ok": False, "detail": "nginx -s reload: no master process is running", "took": 1.0}
    lines = checklist("osun-his", views.rehearsal(ok=False, checks=[long]), 80, PLAIN)

    assert "  WRONG  reload                         1.0 s  nginx -s reload: no master" == lines[1]
    assert " " * 47 + "process is running" == lines[2]
