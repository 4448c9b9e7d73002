"""The commands that change something, against a real control server."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import OPERATOR, CliApi, Terminal, arguments_of, call, daemon
from tests.text import views
from watchdog.cli.main import main

BECAUSE = ("--because", "why not")


def known_bad() -> CliApi:
    return CliApi(views.view(views.service(known_bad=["4.2.0"])))


@pytest.mark.parametrize(
    ("typed", "kind", "body"),
    [
        (["pause", "osun-his", *BECAUSE], "pause", {"because": "why not"}),
        (["resume", "osun-his"], "resume", {}),
        (["promote", "osun-his", *BECAUSE], "promote", {"because": "why not"}),
        (["rollback", "osun-his"], "rollback", {}),
        (["rollback", "osun-his", "--anyway", *BECAUSE], "rollback", {"anyway": True, "because": "why not"}),
        (["abort", "osun-his"], "abort", {}),
        (
            ["waive", "osun-his", "error-rate", "--for", "30m", *BECAUSE],
            "waive",
            {"rule": "error-rate", "for_seconds": 1800.0, "because": "why not"},
        ),
        (["waive", "osun-his", "error-rate", "--for", "0s"], "waive", {"rule": "error-rate", "for_seconds": 0.0}),
        (["forgive", "4.2.0", *BECAUSE], "forgive", {"release": "4.2.0", "because": "why not"}),
        (
            ["forgive", "4.2.0", "--service", "osun-his", *BECAUSE],
            "forgive",
            {"release": "4.2.0", "because": "why not"},
        ),
        (["ack", "osun-his"], "acknowledge", {}),
        (["ack", "osun-his", "--incident", "i"], "acknowledge", {"incident": "i"}),
        (["adopt", "osun-his"], "adopt", {}),
        (["stop-the-line", "--for", "30m", *BECAUSE], "stop_the_line", {"for_seconds": 1800.0, "because": "why not"}),
        (["stop-the-line", "--release"], "stop_the_line", {"release": True}),
        (["reload"], "reload", {}),
        (
            ["disarm", "osun-his", "--for", "30m", *BECAUSE],
            "disarm",
            {"for_seconds": 1800.0, "because": "why not"},
        ),
        (["disarm", "osun-his", "--end"], "disarm", {"for_seconds": 0.0}),
        (["hold", "osun-his", "10%", *BECAUSE], "hold", {"weight": 0.1, "because": "why not"}),
        (["hold", "osun-his", "2.5 %"], "hold", {"weight": 0.025}),
        (["divert", "osun-his", "login"], "divert", {"route": "login"}),
        (["divert", "osun-his", "login", "--end"], "divert", {"route": "login", "release": True}),
        (["did", "osun-his", "repair", *BECAUSE], "did", {"task": "repair", "because": "why not"}),
    ],
)
def test_every_command_reaches_the_daemon(typed: list[str], kind: str, body: dict[str, Any], tmp_path: Path) -> None:
    """With --yes it is ordered once, with exactly what was typed."""
    api = known_bad()
    with daemon(api, tmp_path) as socket:
        assert 0 == call(main, *typed, "--yes", "--socket", str(socket))

    assert [(kind, body)] == arguments_of(api.commands)


def test_before_and_after_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The change is said before it is ordered, and how to see the end of it afterwards."""
    with daemon(CliApi(), tmp_path) as socket:
        call(main, "rollback", "osun-his", "--yes", "--socket", str(socket))

    before, after = capsys.readouterr().out.splitlines()
    assert before.startswith("osun-his: green 50 % -> 0 %, blue 50 % -> 100 %. 4.2.0 is marked rolled back by ")
    assert "Ordered. rollback-watchdog status osun-his --watch shows when it is proved." == after


def test_without_a_terminal_nothing_is_guessed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2, nothing is ordered, and the message names --yes."""
    api = CliApi()
    with daemon(api, tmp_path) as socket:
        assert 2 == call(main, "pause", "osun-his", "--socket", str(socket))

    assert [] == api.commands
    assert "--yes goes on without asking" in capsys.readouterr().err


@pytest.mark.parametrize(("typed", "status", "ordered"), [("y\n", 0, 1), ("\n", 1, 0), ("no\n", 1, 0)])
def test_a_person_is_asked(typed: str, status: int, ordered: int, tmp_path: Path) -> None:
    """At a terminal only y goes on; everything else leaves it as it was."""
    api = CliApi()
    with daemon(api, tmp_path) as socket, Terminal(OPERATOR, "abort", "osun-his", "--socket", str(socket)) as terminal:
        terminal.wait_for("Go on? [y/N]")
        terminal.type(typed)
        assert status == terminal.end()

    assert ordered == len(api.commands)
    assert ("Nothing was changed." in terminal.text) is (ordered == 0)


def test_ctrl_c_at_the_question_changes_nothing(tmp_path: Path) -> None:
    """130, and no traceback."""
    api = CliApi()
    with daemon(api, tmp_path) as socket, Terminal(OPERATOR, "abort", "osun-his", "--socket", str(socket)) as terminal:
        terminal.wait_for("Go on? [y/N]")
        assert 130 == terminal.interrupt_until_it_ends()

    assert [] == api.commands
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize(
    "typed",
    [
        ["promote", "osun-his"],
        ["rollback", "osun-his", "--anyway"],
        ["forgive", "4.2.0"],
        ["stop-the-line"],
        ["waive", "osun-his", "cpu", "--for", "1h"],
        ["disarm", "osun-his", "--for", "1h"],
    ],
)
def test_what_passes_a_safeguard_wants_a_reason(
    typed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """2 before anything is asked of the daemon, which need not even run."""
    assert 2 == call(main, *typed, "--yes", "--socket", str(tmp_path / "nothing.sock"))
    assert 'Add --because "..."' in capsys.readouterr().err


def test_a_refusal_is_told_with_its_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1, the reason in words, and no word of success."""
    api = CliApi()
    api.refuses = ("schema", "unknown")
    with daemon(api, tmp_path) as socket:
        assert 1 == call(main, "rollback", "osun-his", "--yes", "--socket", str(socket))

    out, err = capsys.readouterr()
    assert (
        "rollback-watchdog: schema is unknown: stable is not known to work on it. "
        'rollback-watchdog rollback osun-his --anyway --because "..."\n' == err
    )
    assert "Ordered" not in out


def test_without_a_daemon(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """3, where was looked, and what would help."""
    assert 3 == call(main, "pause", "osun-his", "--socket", str(tmp_path / "nothing.sock"))
    assert "systemctl status rollback-watchdog" in capsys.readouterr().err


def test_an_unknown_service(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1, and the services that there are."""
    with daemon(CliApi(), tmp_path) as socket:
        assert 1 == call(main, "pause", "osun", "--yes", "--socket", str(socket))

    assert "rollback-watchdog: there is no service 'osun'; there is osun-his\n" == capsys.readouterr().err


def test_forgive_wants_to_know_which(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A release that several services know as bad is not guessed; one that none knows is said."""
    both = views.view(views.service(known_bad=["4.2.0"]), views.service(name="portal", known_bad=["4.2.0"]))
    api = CliApi(both)
    with daemon(api, tmp_path) as socket:
        assert 1 == call(main, "forgive", "4.2.0", *BECAUSE, "--yes", "--socket", str(socket))
        assert 1 == call(main, "forgive", "4.1.0", *BECAUSE, "--yes", "--socket", str(socket))

    several, none = capsys.readouterr().err.splitlines()
    assert "say which with --service" in several
    assert "4.1.0 is not known bad to any service" in none
    assert [] == api.commands


@pytest.mark.parametrize("span", ["30", "0m", "soon", "-5m"])
def test_a_time_needs_its_unit(span: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A span that could mean anything is refused, with what would be right."""
    assert 2 == call(
        main, "stop-the-line", f"--for={span}", *BECAUSE, "--yes", "--socket", str(tmp_path / "nothing.sock")
    )
    assert f'--for: found "{span}", wanted a time such as 30m or 2h' in capsys.readouterr().err
