"""Drawing in place at a terminal, lines elsewhere."""

import io

import pytest

from watchdog.deploy.terminal import Paint, Screen, width_of, wrap


class Tty(io.StringIO):
    """Something that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)


def test_a_block_is_redrawn_over_itself() -> None:
    """The second drawing goes up as many lines as the first had, and clears what is below."""
    out = Tty()
    with Screen(out) as screen:
        screen.draw(["one", "two"], change="")
        screen.draw(["three"], change="")

    assert "\x1b[?25l\r\x1b[Jone\ntwo\n\r\x1b[2A\x1b[Jthree\n\x1b[?25h" == out.getvalue()


def test_the_cursor_comes_back_whatever_happens() -> None:
    """Ctrl-C in the middle leaves the terminal as it was."""
    out = Tty()
    screen = Screen(out)
    with pytest.raises(KeyboardInterrupt), screen:
        raise KeyboardInterrupt

    assert out.getvalue().endswith("\x1b[?25h")


def test_without_a_terminal_only_changes_are_printed() -> None:
    """A log gets a line when something is new, and no control characters."""
    out = io.StringIO()
    with Screen(out) as screen:
        screen.draw(["ignored"], change="soaking")
        screen.draw(["ignored"], change="soaking")
        screen.draw(["ignored"], change="baking")
        screen.leave(["done"])

    assert "soaking\nbaking\ndone\n" == out.getvalue()


def test_a_dumb_terminal_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM=dumb cannot redraw."""
    monkeypatch.setenv("TERM", "dumb")

    assert not Screen(Tty()).live


@pytest.mark.parametrize(
    ("out", "variable", "colour"), [(Tty(), "", True), (Tty(), "1", False), (io.StringIO(), "", False)]
)
def test_colours(out: io.StringIO, variable: str, colour: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001 - a column of the table
    """NO_COLOR and anything that is no terminal get none; an empty NO_COLOR does not count."""
    monkeypatch.setenv("NO_COLOR", variable)

    assert ("\x1b[31mbad\x1b[0m" if colour else "bad") == Paint(out)("bad", "bad")
    assert "text" == Paint(out)("text", "")


def test_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file has the usual width, $COLUMNS wins, and nothing is narrower than 40."""
    assert 100 == width_of(io.StringIO())
    monkeypatch.setenv("COLUMNS", "60")
    assert 60 == width_of(io.StringIO())
    monkeypatch.setenv("COLUMNS", "10")
    assert 40 == width_of(Tty())


def test_a_command_is_not_broken() -> None:
    """What somebody will copy stands whole in one line, even when it is longer than the screen."""
    command = 'rollback-watchdog rollback osun-his --anyway --because "..."'

    lines = wrap(f"proof is there and schema is unknown for some reason. {command}", 40, "  ")

    assert ["proof is there and schema is unknown for", "  some reason.", f"  {command}"] == lines
    assert [""] == wrap("", 40)
