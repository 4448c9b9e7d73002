"""The tables of `explain`: what a rule had seen, row by row, and the line where it crossed.

What lives here: columns. What must not: sentences about a deployment (`stories`).
"""

import math
from collections.abc import Mapping, Sequence
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from watchdog.text import gauges, rules
from watchdog.text.quantities import WHOLE_FROM, clock, number, percent, quantity

Plain: TypeAlias = Mapping[str, Any]
Cells: TypeAlias = tuple[tuple[str, ...], list[tuple[str, ...]]]

SHARE: Final = "share"
PLAIN_UP_TO: Final = 6
"""Evidence from 10^6 on is told by its exponent."""
ROUNDING: Final = 1.0 + 1e-9
"""So that exactly 1,000, through logarithm and back, is 1,000."""


def evidence(log_e: float | None) -> str:
    """An e-value, from its natural logarithm."""
    if log_e is None:
        return ""
    exponent = log_e / math.log(10)
    if exponent >= PLAIN_UP_TO:
        return f"10^{exponent:.0f}"
    value = math.exp(log_e)
    return number(math.floor(value * ROUNDING) if value >= WHOLE_FROM else value)  # 999.9 is no proof at 1,000


def head(rule: Plain) -> str:
    """A table's title: the rule, what it looks at, what decides."""
    colour = f" on {rule['colour']}" if rule["colour"] else ""
    if rule["kind"] in rules.SEQUENTIAL:
        needed = rule.get("log_e_needed", -math.log(rule["alpha"]))
        return f"{rule['name']}{colour}: {rules.allowed(rule)}, proved at evidence {evidence(needed)}"
    if rule["kind"] == rules.PROBE:
        return f"{rule['name']}{colour}: {rule['fall']} failures in a row decide"
    return f"{rule['name']}{colour}: fires when {gauges.when(rule)}"


def rows_of(rule: Plain, zone: tzinfo | None = None, *, narrow: bool = False) -> list[str]:
    """The rule's rows with their header; the row where it crossed is marked. `narrow` leaves the share out."""
    header, cells = _cells(rule, zone)
    marks = _marks(rule["rows"])
    table = [header, *((*row, mark) for row, mark in zip(cells, marks, strict=True))]
    if narrow and SHARE in header:
        left_out = header.index(SHARE)
        table = [row[:left_out] + row[left_out + 1 :] for row in table]
    return aligned(table)


def _cells(rule: Plain, zone: tzinfo | None) -> Cells:
    match rule["kind"]:
        case rules.RATIO | rules.VERSUS:
            return _ratio(rule["rows"], zone)
        case rules.COUNT:
            return _count(rule["rows"], zone)
        case rules.PROBE:
            return _probe(rule["rows"], zone)
        case _:
            return _value(rule["rows"], zone, str(rule["unit"]))


def _marks(rows: Sequence[Plain]) -> list[str]:
    """What happened to the rule at each row."""
    marks = []
    before = "inactive"
    for row in rows:
        level = str(row["level"])
        crossed = level != before
        marks.append({"pending": "<- suspected", "firing": "<- fires"}.get(level, f"<- {level}") if crossed else "")
        before = level
    return marks


def _ratio(rows: Sequence[Plain], zone: tzinfo | None) -> Cells:
    cells: list[tuple[str, ...]] = [
        (
            clock(row["at"], zone),
            f"{row['bad']:,.0f}",
            f"{row['total']:,.0f}",
            percent(row["bad"] / row["total"]) if row["total"] else "",
            f"{row['other_bad']:,.0f} of {row['other_total']:,.0f}",
            evidence(row["log_e"]),
        )
        for row in rows
    ]
    return ("time", "bad", "total", SHARE, "other colour", "evidence", ""), cells


def _count(rows: Sequence[Plain], zone: tzinfo | None) -> Cells:
    cells: list[tuple[str, ...]] = [
        (clock(row["at"], zone), f"{row['bad']:,.0f}", f"{row['other_bad']:,.0f}", evidence(row["log_e"]))
        for row in rows
    ]
    return ("time", "events", "other colour", "evidence", ""), cells


def _probe(rows: Sequence[Plain], zone: tzinfo | None) -> Cells:
    cells: list[tuple[str, ...]] = [(clock(row["at"], zone), f"{row['in_a_row']}", row["detail"] or "") for row in rows]
    return ("time", "in a row", "last", ""), cells


def _value(rows: Sequence[Plain], zone: tzinfo | None, unit: str) -> Cells:
    cells: list[tuple[str, ...]] = [
        (clock(row["at"], zone), "" if row["value"] is None else quantity(row["value"], unit)) for row in rows
    ]
    return ("time", "value", ""), cells


def aligned(table: Sequence[Sequence[str]]) -> list[str]:
    """Columns side by side: numbers to the right, the first and the last column to the left."""
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    last = len(widths) - 1
    return [
        "  ".join(
            f"{cell:<{width}}" if column in (0, last) else f"{cell:>{width}}"
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
