"""A small picture for the terminal: a share over time against its limit, with the decisions under it.

What lives here: characters in a grid. What must not: where the numbers come from.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from watchdog.core.model import Seconds

HEIGHT = 8
BAR = "█"
LINE = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something to point at."""

    at: Seconds
    letter: str


def plot(
    values: Sequence[float | None], *, start: Seconds, width: Seconds, limit: float | None, marks: Sequence[Mark] = ()
) -> list[str]:
    """Columns of `width` seconds each, from `start` on; None where nothing is known. Lines, top first."""
    known = [value for value in values if value is not None]
    top = max([*known, (limit or 0.0) * 1.5, 1e-9])
    at_limit = None if limit is None else max(1, min(HEIGHT, ceil(limit / top * HEIGHT)))
    rows = []
    for row in range(HEIGHT, 0, -1):
        cells = [_cell(value, row, top, limit_row=row == at_limit) for value in values]
        label = (
            f"{100 * top:6.1f} %" if row == HEIGHT else (f"{100 * limit:6.1f} %" if limit and row == at_limit else "")
        )
        rows.append(f"{label:>8} |{''.join(cells)}")
    rows.append(f"{'':>8} +{'-' * len(values)}")
    rows.append(f"{'':>8}  {_marks(len(values), start, width, marks)}")
    rows.append(f"{'':>8}  {_axis(len(values), start, width)}")
    return [row.rstrip() for row in rows]


def _cell(value: float | None, row: int, top: float, *, limit_row: bool) -> str:
    if value is not None and value > 0.0 and value / top * HEIGHT > row - 1:
        return BAR
    if limit_row:
        return LINE
    return "?" if value is None and row == 1 else " "


def _marks(columns: int, start: Seconds, width: Seconds, marks: Sequence[Mark]) -> str:
    found = [" "] * columns
    for mark in marks:
        column = int((mark.at - start) / width)
        if 0 <= column < columns:
            found[column] = mark.letter if found[column] == " " else "*"
    return "".join(found)


def _axis(columns: int, start: Seconds, width: Seconds) -> str:
    text = ""
    for column in range(0, columns, 12):
        text = f"{text:<{column}}{start + column * width:.0f}s"
    return text
