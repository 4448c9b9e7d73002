"""Values with parts as an operator writes them: signals, policies, expected answers.

What lives here: parsing and the canonical spelling of each. What must not: keys, files, pydantic models. Every
`parse` takes what the file holds and raises WrongValueError with the cure.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from watchdog.config.errors import WrongValueError, wrong
from watchdog.config.units import Parsed, integer

_SIGNAL = re.compile(r"([a-z][a-z0-9-]*)\.([a-z_]+)(?:\[([a-z][a-z0-9-]*)\])?")


@dataclass(frozen=True, slots=True)
class Signal(Parsed):
    """One quantity of one source, perhaps of one route: `edge.errors[lab-results]`."""

    source: str
    signal: str
    route: str | None = None

    WANTED: ClassVar[str] = "SOURCE.SIGNAL or SOURCE.SIGNAL[ROUTE], such as edge.errors or edge.errors[login]"

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
class Policy(Parsed):
    """Which of a service's rollback rules together mean rollback: `any`, `all`, `2 of [a, b, c]`."""

    at_least: int = 1
    rules: tuple[str, ...] = ()
    all_: bool = False

    WANTED: ClassVar[str] = 'any, all, or a number of rules such as "2 of [errors, latency, health]"'

    @classmethod
    def parse(cls, value: object) -> Self:
        """The three forms; whether the rules exist is checked against the service."""
        if value == "any":
            return cls()
        if value == "all":
            return cls(all_=True)
        if not isinstance(value, str):
            raise wrong(value, cls.WANTED)
        if re.search(r"\b(and|or|not)\b", value):
            raise wrong(value, f"{cls.WANTED}; expressions with and, or, not are not available in this version")
        matched = re.fullmatch(r"([0-9]{1,2})\s+of\s+\[([a-z0-9, -]+)\]", value.strip())
        rules = tuple(rule.strip() for rule in matched[2].split(",")) if matched else ()
        if not matched or not 1 <= int(matched[1]) <= len(rules) or len(set(rules)) < len(rules) or "" in rules:
            raise wrong(value, cls.WANTED)
        return cls(int(matched[1]), rules)

    def __str__(self) -> str:
        """As an operator would write it."""
        if self.rules:
            return f"{self.at_least} of [{', '.join(self.rules)}]"
        return "all" if self.all_ else "any"


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
