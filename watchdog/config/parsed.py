"""Value types that pydantic fills by their own `parse`, and how a JSON Schema tells of their spelling.

What lives here: the base of the value types, numbers and flags, the form of their schemas. What must not: any quantity,
any key.
"""

import re
from typing import Any, ClassVar, Self

from pydantic_core import CoreSchema, core_schema

from watchdog.config.errors import wrong

VARIABLE = r"\$"
"""Any text may hold `$NAME`, which only the reader of all files can fill in."""


class Parsed:
    """A value type that pydantic fills by its own `parse`."""

    WANTED: ClassVar[str]
    """What would be right, for messages and for the documentation."""
    SPELLING: ClassVar[str] = r"[\s\S]*\S[\s\S]*"
    """An expression for every text that `parse` may take; it may take fewer."""
    EXAMPLES: ClassVar[tuple[str | int | float, ...]] = ()
    BARE: ClassVar[dict[str, Any]] = {}
    """What else YAML may make of it before we see it: a `type`, with its range."""

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

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        """The spelling, for editors."""
        return spelled(cls.SPELLING, cls.WANTED, *cls.EXAMPLES, bare=cls.BARE)


def spelled(pattern: str, wanted: str, *examples: object, bare: dict[str, Any] | None = None) -> dict[str, Any]:
    """The JSON Schema of a text: a pattern for the whole of it, or a variable in it; `bare` as in `Parsed.BARE`.

    `patternErrorMessage` is what editors with the YAML language server show; others pass over it.
    """
    also = dict(bare or {})
    portable = pattern.replace('\\"', '"')  # ECMAScript takes no needless escape
    kinds = ["string", also.pop("type")] if "type" in also else "string"
    return {
        "type": kinds,
        "pattern": f"^\\s*(?:{portable})\\s*$|{VARIABLE}",
        **also,
        "description": f"{wanted[:1].upper()}{wanted[1:]}.",
        "patternErrorMessage": f"wanted {wanted}",
        **({"examples": list(examples)} if examples else {}),
    }


def either(*forms: dict[str, Any], wanted: str) -> dict[str, Any]:
    """The JSON Schema of a value with several forms."""
    return {"anyOf": list(forms), "description": f"{wanted[:1].upper()}{wanted[1:]}."}


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
