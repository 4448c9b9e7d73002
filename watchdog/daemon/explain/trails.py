"""The readings that mattered: for each rule of the candidate, how its case grew from the onset on.

What lives here: collecting one row per poll while there is trouble, and choosing a screenful of them. What must not:
deciding which rules matter (`story`).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from watchdog.control.rules import definition
from watchdog.core.conditions import Sequential
from watchdog.core.model import Level, Seconds
from watchdog.core.rules import api
from watchdog.core.settings import Rule
from watchdog.core.state import Instance

SCREENFUL: Final = 12
"""Rows that a rule's table has at most."""
MOST_ROWS: Final = 2_000
"""A longer trail is thinned out while it grows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rule's case after one poll: counts since the onset, or failures in a row, or the value."""

    at: Seconds
    bad: float
    total: float
    other_bad: float
    other_total: float
    log_e: float | None
    value: float | None
    in_a_row: int
    detail: str
    level: Level


@dataclass(slots=True)
class Trail:
    """One instance's rows of the present trouble; empty while there is none."""

    rule: Rule
    onset: Seconds | None = None
    rows: list[Row] = field(default_factory=list)
    gauged: api.Gauged | None = None
    """What a gauge was compared with last."""

    def look(self, instance: Instance, at: Seconds) -> None:
        """Take the instance as it is after a poll that ended at `at`."""
        self.rule = instance.rule
        seen = api.evidence(instance.rule, instance.state)
        self.gauged = seen.gauged
        if seen.onset is None and seen.last.in_a_row == 0 and instance.level is Level.INACTIVE:
            self.onset, self.rows = None, []
            return
        if seen.onset != self.onset and instance.level is Level.INACTIVE:
            self.rows = []
        self.onset = seen.onset
        row = _row(seen, instance.level, at)
        if not self.rows or _differs(row, self.rows[-1]):
            self.rows.append(row)
        if len(self.rows) > MOST_ROWS:
            self.rows = [row for index, row in enumerate(self.rows) if index % 2 == 0 or _crosses(self.rows, index)]

    def told(self, colour: str | None, wall: Callable[[Seconds | None], float | None]) -> dict[str, Any]:
        """The trail as plain data: the definition, the rows, and when it crossed."""
        firing = next((row for row in self.rows if row.level is Level.FIRING), None)
        return {
            "name": self.rule.name,
            "colour": colour,
            "kind": self.rule.condition.kind,
            "on_fire": str(self.rule.on_fire),
            "onset": wall(self.onset),
            "crossed": wall(firing.at) if firing else None,
            **_definition(self.rule),
            **({"usual": self.gauged.usual, "beyond": self.gauged.beyond} if self.gauged else {}),
            "rows": [_plain(row, wall) for row in thin(self.rows)],
        }


def _row(seen: api.Evidence, level: Level, at: Seconds) -> Row:
    return Row(
        at=at,
        bad=seen.bad,
        total=seen.total,
        other_bad=seen.other_bad,
        other_total=seen.other_total,
        log_e=seen.log_e,
        value=seen.last.value,
        in_a_row=seen.last.in_a_row,
        detail=seen.last.detail,
        level=level,
    )


def _differs(row: Row, before: Row) -> bool:
    """Whether the poll said anything of this colour: while it is cut off, none does."""
    own = (row.bad, row.total, row.value, row.in_a_row, row.level)
    return own != (before.bad, before.total, before.value, before.in_a_row, before.level)


def thin(rows: list[Row]) -> list[Row]:
    """A screenful: the first, the last, every change of level, and the others evenly spread."""
    if len(rows) <= SCREENFUL:
        return rows
    kept = {0, len(rows) - 1, *(index for index in range(1, len(rows)) if _crosses(rows, index))}
    room = max(0, SCREENFUL - len(kept))
    kept |= {round((number + 1) * (len(rows) - 1) / (room + 1)) for number in range(room)}
    return [rows[index] for index in sorted(kept)]


def _crosses(rows: list[Row], index: int) -> bool:
    return index > 0 and rows[index].level is not rows[index - 1].level


def _definition(rule: Rule) -> dict[str, Any]:
    condition = rule.condition
    needed = {"log_e_needed": -math.log(condition.alpha)} if isinstance(condition, Sequential) else {}
    return {**definition(condition), **needed}


def _plain(row: Row, wall: Callable[[Seconds | None], float | None]) -> dict[str, Any]:
    return {
        "at": wall(row.at),
        "bad": row.bad,
        "total": row.total,
        "other_bad": row.other_bad,
        "other_total": row.other_total,
        "log_e": row.log_e,
        "value": row.value,
        "in_a_row": row.in_a_row,
        "detail": row.detail,
        "level": str(row.level),
    }
