"""What is wrong with an operator's file, and how it is said.

What lives here: the values and the wording shared by every check. What must not: the checks. A problem names the file
and the line, the key, what was found and what would be right.
"""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NEAR = 0.7
"""Likeness (difflib) from which a name is taken for a misspelt one: one letter off in a short word."""

SHOWN_LENGTH = 60
"""Characters of a found value that a message shows; a line on a phone takes no more."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One mistake, or one warning, in one place."""

    file: str
    line: int
    """From 1; 0 when the file as a whole is meant."""
    key: str
    message: str

    def __str__(self) -> str:
        """The line that the operator reads."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.message}" if self.key else f"{place}: {self.message}"

    def as_json(self) -> dict[str, str | int]:
        """The fields by name, for `check --json`."""
        return {"file": self.file, "line": self.line, "key": self.key, "message": self.message}


class ConfigError(Exception):
    """The file cannot be used; every mistake that was found is in `errors`, by file and line. Nothing was loaded."""

    def __init__(self, errors: Iterable[Problem]) -> None:
        """Sort the mistakes and drop repetitions."""
        self.errors = ordered(errors)
        super().__init__(str(self))

    def __str__(self) -> str:
        """Every mistake on a line of its own, then the sum."""
        count = len(self.errors)
        total = f"{count} error{'' if count == 1 else 's'}; nothing was loaded."
        return "\n".join([*(str(problem) for problem in self.errors), total])

    def as_json(self) -> dict[str, list[dict[str, str | int]]]:
        """The mistakes for `check --json`."""
        return {"errors": [problem.as_json() for problem in self.errors]}


class WrongValueError(ValueError):
    """A value cannot be what its key wants. Raised by value types, reported with the place by `validate`."""


class Nothing:
    """A key without a value. It is never what a key wants, not even where the key may be left out."""


NOTHING = Nothing()


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By file and line, each once."""
    return tuple(sorted(set(problems)))


def shown(value: object) -> str:
    """A found value, short enough for a line."""
    match value:
        case None | Nothing():
            return "nothing"
        case dict():
            return "keys and values"
        case list():
            return "a list"
        case _:
            text = str(value)
            return f'"{text}"' if len(text) <= SHOWN_LENGTH else f'"{text[: SHOWN_LENGTH - 3]}..."'


def found(value: object, wanted: str) -> str:
    """The usual wording: what was found, what would be right."""
    return f"found {shown(value)}, wanted {wanted}"


def wrong(value: object, wanted: str) -> WrongValueError:
    """The usual wording as an exception."""
    return WrongValueError(found(value, wanted))


def unknown(name: str, what: str, known: Sequence[str]) -> str:
    """A name that nothing has: the nearest one, or all that there are."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=NEAR)
    if near:
        return f'{shown(name)} is not {what}; did you mean "{near[0]}"?'
    if known:
        return f"{shown(name)} is not {what}; wanted one of: {', '.join(known)}"
    return f"{shown(name)} is not {what}; there is none"


def later(name: str) -> str:
    """A word of the language that this version does not speak."""
    return f'"{name}" is not available in this version'
