"""Quantities as an operator writes them: durations, shares, comparisons.

What lives here: parsing and the one canonical spelling of each quantity. What must not: keys, files, pydantic models.
Every `parse` takes what the file holds (text, a list, a mapping, None) and raises WrongValueError with the cure.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self, cast

from pydantic_core import CoreSchema, core_schema

from watchdog.config.errors import wrong

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
"""Milliseconds of each unit."""

_LONGEST_S = 366 * 86_400  # a longer duration is a slip of the finger
_NUMBER = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
_DURATION = re.compile(rf"({_NUMBER})\s*(ms|s|m|h|d)")
_PLAIN = re.compile(_NUMBER)
_SIGNED = re.compile(rf"-?(?:{_NUMBER})")
_SHARE = re.compile(rf"({_NUMBER})\s*%")
_COMPARISON = re.compile(r"(>=|<=|>|<)\s*(.+)")


class Parsed:
    """A value type that pydantic fills by its own `parse`."""

    WANTED: ClassVar[str]
    """What would be right, for messages and for the documentation."""

    @classmethod
    def parse(cls, value: object) -> Self:
        """The value; WrongValueError if it is none."""
        raise NotImplementedError

    def written(self) -> str | dict[str, Any]:
        """The canonical spelling, as a file would hold it."""
        return str(self)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: Any) -> CoreSchema:
        """Let pydantic call `parse` and nothing else."""
        return core_schema.no_info_plain_validator_function(cls.parse)


class Duration(Parsed, float):
    """A time span in seconds, written `250ms`, `2s`, `15m`, `24h` or `1d`."""

    WANTED = "a duration such as 250ms, 2s, 15m, 24h or 1d"

    @classmethod
    def parse(cls, value: object) -> Self:
        """Seconds; a bare number is refused, since nobody can know its unit."""
        if not isinstance(value, str):
            raise wrong(value, cls.WANTED)
        text = value.strip()
        matched = _DURATION.fullmatch(text)
        if not matched:
            hint = f"a duration with its unit, such as {text}s or {text}m" if _PLAIN.fullmatch(text) else cls.WANTED
            raise wrong(value, hint)
        seconds = float(Decimal(matched[1]) * UNITS_MS[matched[2]] / 1000)
        if seconds > _LONGEST_S:
            raise wrong(value, "a duration of at most 366d")
        return cls(seconds)

    def __str__(self) -> str:
        """The largest unit that needs no fraction."""
        return duration_text(self)


class Share(Parsed, float):
    """A part of a whole from 0 to 1, written `5%` or `0.05`."""

    WANTED = "a fraction or percentage such as 0.05 or 5%"

    @classmethod
    def parse(cls, value: object) -> Self:
        """A number from 0 to 1; `5` is refused, since it may mean 5 % or 500 %."""
        if not isinstance(value, str):
            raise wrong(value, cls.WANTED)
        share = _share(value.strip())
        if share is None or not 0.0 <= share <= 1.0:
            raise wrong(value, cls.WANTED)
        return cls(share)

    def __str__(self) -> str:
        """As a percentage."""
        return f"{number_text(self, 100)}%"


class Positive(Share):
    """A share above 0 and at most one half: a limit that a sequential rule can be proved to exceed."""

    WANTED = "a fraction or percentage above 0 and at most 0.5, such as 0.05 or 5%"

    @classmethod
    def parse(cls, value: object) -> Self:
        """As Share, with the range."""
        share = super().parse(value)
        if not 0.0 < share <= 0.5:  # noqa: PLR2004 (named in WANTED)
            raise wrong(value, cls.WANTED)
        return share


class Weight(Share):
    """A share of traffic that nginx can express: hundredths of a percent, above 0."""

    WANTED = "a percentage above 0 and at most 100%, in steps of 0.01%, such as 10%"

    @classmethod
    def parse(cls, value: object) -> Self:
        """As Share, with the range and the grain."""
        share = super().parse(value)
        grains = share * 10_000
        if share == 0.0 or not math.isclose(grains, round(grains), abs_tol=1e-6):
            raise wrong(value, cls.WANTED)
        return cls(round(grains) / 10_000)


@dataclass(frozen=True, slots=True)
class Comparison(Parsed):
    """An operator and a quantity: `> 2s`, `< 80%`, `>= 5`."""

    op: Literal[">", ">=", "<", "<="]
    limit: float
    unit: Literal["duration", "share", "number"]

    WANTED: ClassVar[str] = 'a comparison in quotes, such as "> 2s", "< 80%" or ">= 5"'

    @classmethod
    def parse(cls, value: object) -> Self:
        """The operator, the quantity in its base unit (seconds, 0 to 1, or as it is), and which it was."""
        matched = _COMPARISON.fullmatch(value.strip()) if isinstance(value, str) else None
        if not matched:
            raise wrong(value, cls.WANTED)
        op = cast("Literal['>', '>=', '<', '<=']", matched[1])
        text = matched[2].strip()
        if _DURATION.fullmatch(text):
            return cls(op, float(Duration.parse(text)), "duration")
        if share := _SHARE.fullmatch(text):
            return cls(op, float(Decimal(share[1]) / 100), "share")
        if _SIGNED.fullmatch(text):
            return cls(op, float(text), "number")
        raise wrong(value, cls.WANTED)

    def __str__(self) -> str:
        """As an operator would write it."""
        match self.unit:
            case "duration":
                return f"{self.op} {duration_text(self.limit)}"
            case "share":
                return f"{self.op} {number_text(self.limit, 100)}%"
            case "number":
                return f"{self.op} {number_text(self.limit)}"


@dataclass(frozen=True, slots=True)
class Matches(Parsed):
    """N of the last M readings: `3 of 5`."""

    matches: int
    out_of: int

    WANTED: ClassVar[str] = "a number of readings such as 3 of 5"

    @classmethod
    def parse(cls, value: object) -> Self:
        """Both numbers; the first from 1 to the second, the second at most 1000."""
        matched = re.fullmatch(r"([0-9]{1,4})\s+of\s+([0-9]{1,4})", value.strip()) if isinstance(value, str) else None
        if not matched:
            raise wrong(value, cls.WANTED)
        matches, out_of = int(matched[1]), int(matched[2])
        if not 1 <= matches <= out_of <= 1000:  # noqa: PLR2004 (named in the message)
            raise wrong(value, f"{cls.WANTED}, the first at most the second, the second at most 1000")
        return cls(matches, out_of)

    def __str__(self) -> str:
        """As an operator would write it."""
        return f"{self.matches} of {self.out_of}"


def duration_text(seconds: float) -> str:
    """The canonical spelling of a duration: the largest unit that divides it, else milliseconds."""
    milliseconds = Decimal(repr(float(seconds))) * 1000
    if milliseconds == 0:
        return "0s"
    for unit, size in sorted(UNITS_MS.items(), key=lambda item: -item[1]):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds.normalize():f}ms"


def number_text(value: float, factor: int = 1) -> str:
    """The shortest decimal spelling of `value * factor`, without an exponent."""
    return f"{(Decimal(repr(float(value))) * factor).normalize():f}"


def integer(value: object, low: int, high: int) -> int:
    """A whole number in a range; WrongValueError if it is none."""
    wanted = f"a whole number from {low} to {high}"
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{1,9}", value.strip()):
        raise wrong(value, wanted)
    number = int(value)
    if not low <= number <= high:
        raise wrong(value, wanted)
    return number


def flag(value: object) -> bool:
    """Accept true or false, and nothing that merely looks like it; WrongValueError otherwise."""
    if value not in ("true", "false"):
        raise wrong(value, "true or false")
    return value == "true"


def _share(text: str) -> float | None:
    """The number, or None when the text is neither a percentage nor a fraction."""
    if matched := _SHARE.fullmatch(text):
        return float(Decimal(matched[1]) / 100)
    return float(text) if _PLAIN.fullmatch(text) else None
