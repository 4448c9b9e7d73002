"""One order for each command that changes a service: what is typed, and what is true afterwards."""

from pathlib import Path

import pytest

from tests.cli.helpers import CliApi, call, daemon
from watchdog.cli.main import main
from watchdog.cli.orders import ends_it, seconds_of, share_of

BECAUSE = ("--because", "why not")


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("10%", 0.1), ("10 %", 0.1), ("2.5%", 0.025), ("0%", 0.0), ("100%", 1.0),
        ("101%", None), ("0.1", None), ("10", None), ("-1%", None), ("ten%", None), ("", None),
    ],
)  # fmt: skip
def test_a_share_is_a_percentage(text: str, share: float | None) -> None:
    """A bare number is not guessed: 0.1 and 10 mean the same to some people."""
    assert share == share_of(text)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90.0), ("2h", 7_200.0), ("0s", None), ("soon", None)])
def test_a_time_has_its_unit(text: str, seconds: float | None) -> None:
    """And is above nothing; a time of nothing ends what it is given to."""
    assert seconds == seconds_of(text)
    assert ends_it(text) is (text == "0s")


def test_a_wrong_share_is_said_before_anything_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2; the daemon need not even run."""
    assert 2 == call(main, "hold", "osun-his", "10", "--yes", "--socket", str(tmp_path / "nothing.sock"))
    assert 'SHARE: found "10", wanted a percentage such as 10%' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (
            ["disarm", "osun-his", "--for", "30m", *BECAUSE],
            "osun-his is disarmed for 30m; to end that: rollback-watchdog disarm osun-his --end",
        ),
        (["disarm", "osun-his", "--end"], "osun-his is armed."),
        (["hold", "osun-his", "10%"], "Held at 10 %; rollback-watchdog resume osun-his lets it go on."),
        (
            ["divert", "osun-his", "login"],
            "Ordered; to end that: rollback-watchdog divert osun-his login --end",
        ),
        (["divert", "osun-his", "login", "--end"], "Users of login go where they are drawn."),
        (["did", "osun-his", "repair"], "repair is kept as done."),
    ],
)
def test_what_is_true_afterwards(
    typed: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last line says it, with the way back."""
    with daemon(CliApi(), tmp_path) as socket:
        assert 0 == call(main, *typed, "--yes", "--socket", str(socket))

    assert told == capsys.readouterr().out.splitlines()[-1]


def test_a_disarming_needs_an_end(tmp_path: Path) -> None:
    """Neither for ever nor both at once."""
    socket = str(tmp_path / "nothing.sock")

    assert 2 == call(main, "disarm", "osun-his", "--yes", "--socket", socket)
    assert 2 == call(main, "disarm", "osun-his", "--for", "1h", "--end", "--yes", "--socket", socket)
