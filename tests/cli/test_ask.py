"""Before and after, then the question."""

import io

import pytest

from watchdog.cli.ask import CannotAskError, confirmed

CHANGE = "osun-his: green 50 % -> 0 %."


class Tty(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typed", "answer"), [("y\n", True), ("YES\n", True), ("\n", False), ("n\n", False), ("yep\n", False), ("", False)]
)
def test_only_yes_is_yes(typed: str, answer: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column of the table
    """Anything but y or yes changes nothing, the end of input included."""
    monkeypatch.setattr("sys.stdin", Tty(typed))

    assert answer is confirmed(CHANGE, yes=False)


def test_yes_says_it_and_does_not_ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A script's log has what was changed."""
    monkeypatch.setattr("sys.stdin", io.StringIO())

    assert confirmed(CHANGE, yes=True)
    assert f"{CHANGE}\n" == capsys.readouterr().out


def test_nobody_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal and without --yes nothing is guessed; the message has the change and the way out."""
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))

    with pytest.raises(CannotAskError, match=r"Nothing was changed.*--yes") as raised:
        confirmed(CHANGE, yes=False)
    assert str(raised.value).startswith(CHANGE)
