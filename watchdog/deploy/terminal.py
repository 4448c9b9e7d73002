"""Drawing on a terminal, or printing a line per change where there is none.

What lives here: redrawing in place, colours, width, and leaving the terminal as it was. What must not: what is drawn.
"""

import os
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Final, Self, TextIO

from watchdog.text.reasons import PROGRAM

NARROWEST: Final = 40
"""Narrower terminals are written to as if they were this wide."""
USUAL: Final = 100
"""Without a terminal nothing is wrapped at less than this."""

COLOURS: Final[Mapping[str, str]] = {"bad": "\x1b[31m", "warn": "\x1b[33m", "good": "\x1b[32m", "dim": "\x1b[2m"}
PLAIN: Final = "\x1b[0m"
HIDE_CURSOR: Final = "\x1b[?25l"
SHOW_CURSOR: Final = "\x1b[?25h"
CLEAR_BELOW: Final = "\x1b[J"


def is_terminal(out: TextIO) -> bool:
    """Whether a person may be looking, at something that can redraw."""
    return out.isatty() and os.environ.get("TERM", "") != "dumb"


def width_of(out: TextIO) -> int:
    """Columns; $COLUMNS wins."""
    if not is_terminal(out) and "COLUMNS" not in os.environ:
        return USUAL
    return max(NARROWEST, shutil.get_terminal_size((USUAL, 24)).columns)


class Paint:
    """Puts colour on words, or none: $NO_COLOR and anything that is no terminal."""

    def __init__(self, out: TextIO) -> None:
        self._on = is_terminal(out) and not os.environ.get("NO_COLOR")

    def __call__(self, text: str, colour: str) -> str:
        """The text in a colour of `COLOURS`; an unknown one leaves it as it is."""
        code = COLOURS.get(colour, "")
        return f"{code}{text}{PLAIN}" if self._on and code else text


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """The text in lines of that width, the following ones indented.

    Long words are not cut, and a command of this program at the end stands whole, in a line of its own if need be.
    """
    if len(text) <= width:
        return [text]
    before, found, command = text.partition(f" {PROGRAM} ")
    lines = textwrap.wrap(before, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return [*lines, f"{indent}{PROGRAM} {command}"] if found else lines


class Screen:
    """A block of lines that is redrawn in place; without a terminal, lines that are new are printed.

    Use it as a context: it hides the cursor and gives it back whatever happens.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._drawn = 0
        self._said = ""
        self.live = is_terminal(out)

    def __enter__(self) -> Self:
        if self.live:
            self._write(HIDE_CURSOR)
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self.live:
            self._write(SHOW_CURSOR)

    def draw(self, lines: Iterable[str], *, change: str) -> None:
        """Show these lines instead of the last ones. Without a terminal `change` is printed when it is a new one."""
        if not self.live:
            if change != self._said:
                self._said = change
                self._write(f"{change}\n")
            return
        block = list(lines)
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        self._write(f"\r{up}{CLEAR_BELOW}" + "".join(f"{line}\n" for line in block))
        self._drawn = len(block)

    def leave(self, lines: Iterable[str] = ()) -> None:
        """Keep what is drawn and go on below it."""
        self._drawn = 0
        self._write("".join(f"{line}\n" for line in lines))

    def _write(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()
