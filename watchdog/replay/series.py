"""Series notation: one value per poll of a source, as people write it in rule tests.

What lives here: reading the notation and looking a series up at a poll. What must not: where the values go. The grammar
is promtool's: `1`, `_` and `stale` are one poll each; `1x3` is the value and three repetitions; `0+2x3` is 0 2 4 6;
`_x3` is three polls without anything.
"""

import re
from dataclasses import dataclass

from watchdog.core.model import Missing, Seconds, Value

_NUMBER = r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
_EXPANDING = re.compile(rf"({_NUMBER})(?:([-+])({_NUMBER}))?x([0-9]+)")
_NOTHING = re.compile(r"_(?:x([0-9]+))?")
_WORDS = {word.value: word for word in Missing} | {"_": Missing.EMPTY}

LONGEST = 1_000_000
"""Values of one series; a longer one is a slip of the finger."""


class SeriesError(ValueError):
    """A text that is no series; the message says which word and what would be right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What one signal of one colour says from `start` on, a value per poll; outside of it the series is silent."""

    start: Seconds
    interval: Seconds
    values: tuple[Value, ...]

    def at(self, begin: Seconds) -> Value | None:
        """The value of the poll that begins at `begin`; None where the series says nothing."""
        index = round((begin - self.start) / self.interval)
        return self.values[index] if 0 <= index < len(self.values) else None


def parse(text: str) -> tuple[Value, ...]:
    """Every value of the notation, in order. SeriesError."""
    values: list[Value] = []
    for word in text.split():
        values += _expand(word)
        if len(values) > LONGEST:
            raise SeriesError(f"more than {LONGEST} values")
    if not values:
        raise SeriesError("no values, wanted such as 0x20 5x10")
    return tuple(values)


def _expand(word: str) -> list[Value]:
    if word in _WORDS:
        return [_WORDS[word]]
    if nothing := _NOTHING.fullmatch(word):
        return [Missing.EMPTY] * min(int(nothing[1] or 1), LONGEST + 1)
    if matched := _EXPANDING.fullmatch(word):
        first, step = float(matched[1]), float(matched[3] or 0.0)
        step = -step if matched[2] == "-" else step
        return [first + step * count for count in range(min(int(matched[4]), LONGEST) + 1)]
    if re.fullmatch(_NUMBER, word):
        return [float(word)]
    raise SeriesError(f'"{word}" is no value, wanted a number, 1x3, 0+2x3, _, _x3 or one of {", ".join(Missing)}')
