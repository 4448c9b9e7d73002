"""`status`, once and watching."""

import json
from pathlib import Path

import pytest

from tests.cli.helpers import OPERATOR, CliApi, Terminal, call, daemon
from tests.text import views
from watchdog.cli.main import main


def test_status_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The screen, without a control character where nobody sees colours."""
    with daemon(CliApi(), tmp_path) as socket:
        assert 0 == call(main, "status", "--socket", str(socket))

    out = capsys.readouterr().out
    assert "blue #######------- green   50 %" in out
    assert "\x1b" not in out


def test_status_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole view, or one service of it."""
    with daemon(CliApi(), tmp_path) as socket:
        call(main, "status", "--json", "--socket", str(socket))
        whole = json.loads(capsys.readouterr().out)
        call(main, "status", "osun-his", "--json", "--socket", str(socket))
        one = json.loads(capsys.readouterr().out)

    assert (views.view(), views.service()) == (whole, one)


@pytest.mark.parametrize("more", [[], ["--watch"], ["--json"]])
def test_an_unknown_service(more: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """1, and the names that there are."""
    with daemon(CliApi(), tmp_path) as socket:
        assert 1 == call(main, "status", "osun", *more, "--socket", str(socket))

    assert "there is osun-his" in capsys.readouterr().err


def test_watching_redraws_and_leaves_the_terminal_clean(tmp_path: Path) -> None:
    """Each view is drawn over the last one; Ctrl-C gives the cursor back and leaves no traceback."""
    api = CliApi()
    api.plays(views.view(), views.view(views.service(deployment=views.rolled_back(), rules=[])))
    with (
        daemon(api, tmp_path) as socket,
        Terminal(OPERATOR, "status", "--watch", "--socket", str(socket), columns=100) as terminal,
    ):
        terminal.wait_for("rolled back at")
        terminal.interrupt()
        assert 130 == terminal.end()

    first, second = terminal.text.split("\x1b[J")[1:]
    assert "soaking" in first
    drawn = first.count("\n")
    assert first.endswith(f"\x1b[{drawn}A")
    assert "serves all users" in second
    assert terminal.text.rfind("\x1b[?25h") > terminal.text.rfind("\x1b[?25l") >= 0
    assert "Traceback" not in terminal.text


def test_no_color(tmp_path: Path) -> None:
    """A terminal gets colours for what is wrong, and none with NO_COLOR."""
    api = CliApi(views.view(views.service(rules=[views.fired()])))
    with daemon(api, tmp_path) as socket:
        texts = []
        for variable in ("", "1"):
            with Terminal(OPERATOR, "status", "--socket", str(socket), columns=100, NO_COLOR=variable) as terminal:
                assert 0 == terminal.end()
            texts.append(terminal.text)

    assert "\x1b[31mfiring" in texts[0]
    assert "\x1b" not in texts[1]


def test_watching_without_a_terminal_prints_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipe gets one line per change; the stream's end is asked for again until somebody ends it."""
    api = CliApi()
    soaking, promoted = views.view(), views.view(views.service(deployment=views.deployment(phase="promoted")))
    api.plays(soaking, soaking, promoted)
    with daemon(api, tmp_path) as socket, pytest.MonkeyPatch.context() as patched:
        patched.setattr("time.sleep", _interrupted)
        api.ends = True
        assert 130 == call(main, "status", "--watch", "--socket", str(socket))

    lines = capsys.readouterr().out.splitlines()
    assert ["soaking at 50 %, healthy", "promoted at 50 %"] == [line.split(": ", 1)[1] for line in lines[:2]]
    assert 3 == len(lines)
    assert "the daemon does not answer" in lines[2]


def _interrupted(_seconds: float) -> None:
    raise KeyboardInterrupt
