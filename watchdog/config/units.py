"""Quantities as an operator writes them: durations, shares, comparisons.

What lives here: parsing and the one canonical spelling of each quantity. What must not: keys, files, pydantic models.
Every `parse` takes what the file holds (text, a list, a mapping, None) and raises WrongValueError with the cure.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal, Self, TypeAlias, cast

from watchdog.config.errors import wrong
from watchdog.config.parsed import Parsed

UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
"""Milliseconds of each unit."""

UNITS_BYTES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
"""Bytes of each unit."""

UNITS_S = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
"""Seconds of each unit of a rate."""

Unit: TypeAlias = Literal["duration", "share", "size", "number"]

_LONGEST_S = 366 * 86_400  # a longer duration is a slip of the finger
_NUMBER = r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+"
_DURATION = re.compile(rf"({_NUMBER})\s*(ms|s|m|h|d)")
_PLAIN = re.compile(_NUMBER)
_SIGNED = re.compile(rf"-?(?:{_NUMBER})")
_SHARE = re.compile(rf"({_NUMBER})\s*%")
_NOT_ZERO = r"(?=[^1-9]*[1-9])"
_SIZE = re.compile(rf"({_NUMBER})\s*(KiB|MiB|GiB|TiB)")
_RATE = re.compile(rf"({_NUMBER})\s+per\s+(second|minute|hour|day)")
_COMPARISON = re.compile(r"(>=|<=|>|<)\s*(.+)")


class Duration(Parsed, float):
    """A time span in seconds, written `250ms`, `2s`, `15m`, `24h` or `1d`."""

    WANTED = "a duration such as 250ms, 2s, 15m, 24h or 1d"
    SPELLING = _DURATION.pattern
    EXAMPLES = ("250ms", "2s", "15m", "24h", "1d")

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
    SPELLING: ClassVar[str] = r"0*(?:100(?:\.0+)?|[0-9]{0,2}\.[0-9]+|[0-9]{1,2})\s*%|0*[01](?:\.0+)?|0*\.[0-9]+"
    EXAMPLES: ClassVar[tuple[str | float, ...]] = ("5%", 0.05)
    BARE: ClassVar[dict[str, Any]] = {"type": "number", "minimum": 0, "maximum": 1}

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
    SPELLING: ClassVar[str] = rf"{_NOT_ZERO}(?:{Share.SPELLING})"
    BARE: ClassVar[dict[str, Any]] = {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}

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
    SPELLING: ClassVar[str] = rf"{_NOT_ZERO}(?:{Share.SPELLING})"
    EXAMPLES = ("10%", "50%", "100%")
    BARE: ClassVar[dict[str, Any]] = {"type": "number", "exclusiveMinimum": 0, "maximum": 1}

    @classmethod
    def parse(cls, value: object) -> Self:
        """As Share, with the range and the grain."""
        share = super().parse(value)
        grains = share * 10_000
        if share == 0.0 or not math.isclose(grains, round(grains), abs_tol=1e-6):
            raise wrong(value, cls.WANTED)
        return cls(round(grains) / 10_000)


class Factor(Parsed, float):
    """How many times: a number of at least 1."""

    WANTED = "a number of at least 1 and below 1000, such as 1.5"
    SPELLING = r"[0-9]+(?:\.[0-9]+)?"
    EXAMPLES = (1, 1.5, 4)
    BARE: ClassVar[dict[str, Any]] = {"type": "number", "minimum": 1, "exclusiveMaximum": 1000}

    @classmethod
    def parse(cls, value: object) -> Self:
        """The number; 150% is refused, for it may mean 1.5 or 2.5 times."""
        text = value.strip() if isinstance(value, str) else ""
        if not _PLAIN.fullmatch(text) or not 1.0 <= float(text) < 1000.0:  # noqa: PLR2004 (named in WANTED)
            raise wrong(value, cls.WANTED)
        return cls(float(text))

    def __str__(self) -> str:
        """The shortest spelling."""
        return number_text(self)


class Rate(Parsed, float):
    """Events per second, written `2 per minute`."""

    WANTED = "a rate above 0 such as 2 per minute; the units are second, minute, hour and day"
    SPELLING = _RATE.pattern
    EXAMPLES = ("2 per minute", "0.5 per second", "3 per hour")

    @classmethod
    def parse(cls, value: object) -> Self:
        """A number and its unit; a bare number is refused, since nobody can know its unit."""
        text = value.strip() if isinstance(value, str) else ""
        matched = _RATE.fullmatch(text)
        if not matched and _PLAIN.fullmatch(text):
            raise wrong(value, f"a rate with its unit, such as {text} per minute")
        if not matched or not float(matched[1]):
            raise wrong(value, cls.WANTED)
        return cls(float(matched[1]) / UNITS_S[matched[2]])

    def __str__(self) -> str:
        """In the unit with the shortest number; the shorter unit of two."""
        counts = ((unit, round(self * seconds, 9), seconds) for unit, seconds in UNITS_S.items())
        spellings = [f"{number_text(count)} per {unit}" for unit, count, seconds in counts if count / seconds == self]
        return min(spellings, key=len) if spellings else f"{number_text(self)} per second"


_OTHER_UNITS = rf"{_SIZE.pattern}|{_SHARE.pattern}|{_DURATION.pattern}|{_SIGNED.pattern}"


@dataclass(frozen=True, slots=True)
class Quantity(Parsed):
    """A value of a gauge in its own unit: `2s`, `80%`, `1.5GiB`, `100`."""

    value: float
    unit: Unit

    WANTED: ClassVar[str] = "a value in the gauge's unit, such as 2s, 80%, 1.5GiB or 100"
    SPELLING: ClassVar[str] = _OTHER_UNITS
    EXAMPLES: ClassVar[tuple[str | float, ...]] = ("2s", "80%", "1.5GiB", 100)
    BARE: ClassVar[dict[str, Any]] = {"type": "number"}

    @classmethod
    def parse(cls, value: object) -> Self:
        """The value in its base unit (seconds, 0 to 1, bytes, or as it is), and which it was."""
        text = value.strip() if isinstance(value, str) else ""
        if _DURATION.fullmatch(text):
            return cls(float(Duration.parse(text)), "duration")
        if share := _SHARE.fullmatch(text):
            return cls(float(Decimal(share[1]) / 100), "share")
        if size := _SIZE.fullmatch(text):
            return cls(float(Decimal(size[1]) * UNITS_BYTES[size[2]]), "size")
        if _SIGNED.fullmatch(text):
            return cls(float(text), "number")
        raise wrong(value, cls.WANTED)

    def __str__(self) -> str:
        """As an operator would write it."""
        match self.unit:
            case "duration":
                return duration_text(self.value)
            case "share":
                return f"{number_text(self.value, 100)}%"
            case "size":
                return size_text(self.value)
            case "number":
                return number_text(self.value)


@dataclass(frozen=True, slots=True)
class Comparison(Parsed):
    """An operator and a quantity: `> 2s`, `< 80%`, `>= 5`, `> 1.5GiB`."""

    op: Literal[">", ">=", "<", "<="]
    limit: float
    unit: Unit

    WANTED: ClassVar[str] = 'a comparison in quotes, such as "> 2s", "< 80%", ">= 5" or "> 1.5GiB"'
    SPELLING: ClassVar[str] = rf"(?:>=|<=|>|<)\s*(?:{_OTHER_UNITS})"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("> 2s", "< 80%", ">= 5", "> 1.5GiB")

    @classmethod
    def parse(cls, value: object) -> Self:
        """The operator, the quantity in its base unit, and which it was."""
        matched = _COMPARISON.fullmatch(value.strip()) if isinstance(value, str) else None
        if not matched or not re.fullmatch(_OTHER_UNITS, matched[2].strip()):
            raise wrong(value, cls.WANTED)
        quantity = Quantity.parse(matched[2])
        return cls(cast("Literal['>', '>=', '<', '<=']", matched[1]), quantity.value, quantity.unit)

    def __str__(self) -> str:
        """As an operator would write it."""
        return f"{self.op} {Quantity(self.limit, self.unit)}"


@dataclass(frozen=True, slots=True)
class Matches(Parsed):
    """N of the last M readings: `3 of 5`."""

    matches: int
    out_of: int

    WANTED: ClassVar[str] = "a number of readings such as 3 of 5"
    SPELLING: ClassVar[str] = r"[0-9]{1,4}\s+of\s+[0-9]{1,4}"
    EXAMPLES: ClassVar[tuple[str, ...]] = ("3 of 5",)

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


def size_text(value: float) -> str:
    """The canonical spelling of a number of bytes: the largest unit of which it is at least one."""
    unit, size = max(
        (each for each in UNITS_BYTES.items() if each[1] <= value), key=lambda u: u[1], default=("KiB", 1024)
    )
    return f"{(Decimal(repr(float(value))) / size).normalize():f}{unit}"


def number_text(value: float, factor: int = 1) -> str:
    """The shortest decimal spelling of `value * factor`, without an exponent."""
    return f"{(Decimal(repr(float(value))) * factor).normalize():f}"


def _share(text: str) -> float | None:
    """The number, or None when the text is neither a percentage nor a fraction."""
    if matched := _SHARE.fullmatch(text):
        return float(Decimal(matched[1]) / 100)
    return float(text) if _PLAIN.fullmatch(text) else None
