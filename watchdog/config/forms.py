"""Values with parts as an operator writes them: signals, expected answers.

What lives here: parsing and the canonical spelling of each. What must not: keys, files, pydantic models. Every
`parse` takes what the file holds and raises WrongValueError with the cure.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from watchdog.config.errors import WrongValueError, wrong
from watchdog.config.parsed import Parsed, either, integer, spelled

_SIGNAL = re.compile(r"([a-z][a-z0-9-]*)\.([a-z][a-z0-9_-]*)(?:\[([A-Za-z][A-Za-z0-9_-]*)\])?")


@dataclass(frozen=True, slots=True)
class Signal(Parsed):
    """One quantity of one source, perhaps of one route: `edge.errors[lab-results]`."""

    source: str
    signal: str
    route: str | None = None

    WANTED: ClassVar[str] = "SOURCE.SIGNAL or SOURCE.SIGNAL[ROUTE], such as edge.errors or edge.errors[login]"
    SPELLING: ClassVar[str] = _SIGNAL.pattern
    EXAMPLES: ClassVar[tuple[str, ...]] = ("edge.errors", "edge.errors[login]")

    @classmethod
    def parse(cls, value: object) -> Self:
        """The parts; whether they exist is checked against the sources."""
        matched = _SIGNAL.fullmatch(value.strip()) if isinstance(value, str) else None
        if not matched:
            raise wrong(value, cls.WANTED)
        return cls(matched[1], matched[2], matched[3])

    @property
    def local(self) -> str:
        """The name within its source, as readings carry it."""
        return self.signal if self.route is None else f"{self.signal}[{self.route}]"

    def __str__(self) -> str:
        """As an operator would write it."""
        return f"{self.source}.{self.local}"


@dataclass(frozen=True, slots=True)
class Expect(Parsed):
    """What a healthy answer looks like: a status code, or keys of its JSON object with their values."""

    status: int = 200
    json: tuple[tuple[str, "str | bool | int | float | Expect"], ...] = ()

    WANTED: ClassVar[str] = "a status code such as 204, or JSON keys with their values such as {status: UP}"

    @classmethod
    def parse(cls, value: object) -> Self:
        """Either form. JSON keys may be nested; true, false and numbers are what they look like."""
        if isinstance(value, dict) and value:
            return cls(json=tuple((str(key), cls._value(inner)) for key, inner in value.items()))
        try:
            return cls(status=integer(value, 100, 599))
        except WrongValueError:
            raise wrong(value, cls.WANTED) from None

    @classmethod
    def _value(cls, value: object) -> "str | bool | int | float | Expect":
        match value:
            case "true" | "false":
                return value == "true"
            case str() if re.fullmatch(r"-?[0-9]{1,15}", value):
                return int(value)
            case str() if re.fullmatch(r"-?[0-9]{1,15}\.[0-9]{1,15}", value):
                return float(value)
            case str():
                return value
            case dict() if value:
                return cls.parse(value)
        raise wrong(value, cls.WANTED)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        """Either form."""
        values = {"type": ["string", "number", "boolean", "object"]}
        keys = {"type": "object", "minProperties": 1, "additionalProperties": values}
        range_ = {"type": "integer", "minimum": 100, "maximum": 599}
        status = spelled("[1-5][0-9]{2}", "a status code", 204, bare=range_)
        return either(status, keys, wanted=cls.WANTED)

    def wanted(self) -> dict[str, Any]:
        """The JSON keys as nested mappings; empty when only the status matters."""
        return {key: value.wanted() if isinstance(value, Expect) else value for key, value in self.json}

    def written(self) -> str | dict[str, Any]:
        """As an operator would write it."""
        return self.wanted() or str(self)

    def __str__(self) -> str:
        """On one line."""
        if not self.json:
            return str(self.status)
        texts = {True: "true", False: "false"}
        inner = (f"{k}: {texts[v] if isinstance(v, bool) else v}" for k, v in self.json)
        return f"{{{', '.join(inner)}}}"
