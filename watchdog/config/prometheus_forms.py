"""What an operator writes about Prometheus' data: counters, gauges, conditions on an alert's labels.

What lives here: parsing and the canonical spelling of each. What must not: keys, requests. Every `parse` takes what the
file holds and raises WrongValueError with the cure.
"""

import re
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from watchdog.config import promql
from watchdog.config.errors import WrongValueError, shown, unknown, wrong
from watchdog.config.parsed import Parsed, either, spelled
from watchdog.config.promql import PromqlError, Selector
from watchdog.config.sources.colour import names_a_colour
from watchdog.config.units import Duration

UNITS = ("any", "duration", "share", "size", "number")
"""What a gauge may be measured in: seconds, 0 to 1, bytes, or as it is."""

_LONGEST = 4_000
_ALERT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(=~|!~|!=|=)(.*)", re.DOTALL)


def _expression(value: object, wanted: str) -> str:
    """A PromQL text on which a server has a chance, about both colours or none."""
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST or "\0" in value:
        raise wrong(value, wanted)
    colour = names_a_colour(value)
    if colour is not None:
        raise WrongValueError(
            f"names {colour} literally in {shown(value)}, so it would judge {colour} for both colours; wanted $colour"
        )
    return value.strip()


@dataclass(frozen=True, slots=True)
class CounterQuery(Parsed):
    """A raw counter, or the observations of a histogram that lie above a limit."""

    selector: Selector
    above: Duration | None = None
    """Set for a histogram, whose name `selector` then has without `_bucket`."""

    WANTED: ClassVar[str] = (
        'a raw counter such as http_requests_total{color="$colour"}, or {histogram: NAME{...}, above: 2s}'
    )

    @classmethod
    def parse(cls, value: object) -> Self:
        """Either form. Anything that is no selector is refused with the reason."""
        if isinstance(value, dict):
            return cls._histogram(value)
        text = _expression(value, cls.WANTED)
        try:
            return cls(promql.selector(text))
        except PromqlError as error:
            raise WrongValueError(f"{shown(text)} {error}") from None

    @classmethod
    def _histogram(cls, value: dict[Any, Any]) -> Self:
        for key in value:
            if key not in ("histogram", "above"):
                raise WrongValueError(unknown(str(key), "a key of a histogram's count", ["histogram", "above"]))
        if len(value) != 2:  # noqa: PLR2004 - the two keys just named
            raise wrong(value, cls.WANTED)
        text = _expression(value["histogram"], cls.WANTED)
        try:
            selector = promql.selector(text)
        except PromqlError as error:
            raise WrongValueError(f"{shown(text)} {error}") from None
        above = Duration.parse(value["above"])
        if above <= 0.0:
            raise wrong(value["above"], "a duration above 0s")
        for ending in ("_bucket", "_count", "_sum"):
            if selector.metric.endswith(ending):
                raise WrongValueError(
                    f"{shown(text)} is one part of a histogram; wanted its name without {ending}, such as "
                    f"{selector.metric.removesuffix(ending)}"
                )
        if any(matcher.label == "le" for matcher in selector.matchers):
            raise WrongValueError(f"{shown(text)} has a condition on le, which follows from above; wanted it without")
        return cls(selector, above)

    def written(self) -> str | dict[str, Any]:
        """As an operator would write it."""
        if self.above is None:
            return str(self.selector)
        return {"histogram": str(self.selector), "above": str(self.above)}

    def __str__(self) -> str:
        """On one line."""
        return str(self.selector) if self.above is None else f"{{histogram: {self.selector}, above: {self.above}}}"

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        """Both forms, for editors."""
        text = spelled(cls.SPELLING, "a raw counter", 'http_requests_total{color="$colour"}')
        keys = {
            "type": "object",
            "properties": {"histogram": text, "above": Duration.__get_pydantic_json_schema__(None, None)},
            "required": ["histogram", "above"],
            "additionalProperties": False,
        }
        return either(text, keys, wanted=cls.WANTED)


@dataclass(frozen=True, slots=True)
class GaugeQuery(Parsed):
    """An expression that gives one number, and what that number is measured in."""

    query: str
    unit: str = "any"

    WANTED: ClassVar[str] = "a PromQL expression that gives one number, or {query: EXPRESSION, unit: UNIT}"

    @classmethod
    def parse(cls, value: object) -> Self:
        """Either form."""
        unit = "any"
        if isinstance(value, dict):
            for key in value:
                if key not in ("query", "unit"):
                    raise WrongValueError(unknown(str(key), "a key of a gauge", ["query", "unit"]))
            unit = str(value.get("unit", "any"))
            if unit not in UNITS:
                raise WrongValueError(unknown(unit, "a unit", UNITS))
            value = value.get("query")
        text = _expression(value, cls.WANTED)
        try:
            promql.check(text)
            promql.selectors(text)
        except PromqlError as error:
            raise WrongValueError(f"{shown(text)} {error}") from None
        return cls(text, unit)

    def written(self) -> str | dict[str, Any]:
        """As an operator would write it."""
        return self.query if self.unit == "any" else {"query": self.query, "unit": self.unit}

    def __str__(self) -> str:
        """On one line."""
        return self.query if self.unit == "any" else f"{{query: {self.query}, unit: {self.unit}}}"

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: Any) -> dict[str, Any]:
        """Both forms, for editors."""
        text = spelled(cls.SPELLING, "a PromQL expression", 'max(process_cpu_usage{color="$colour"})')
        keys = {
            "type": "object",
            "properties": {"query": text, "unit": {"enum": list(UNITS)}},
            "required": ["query"],
            "additionalProperties": False,
        }
        return either(text, keys, wanted=cls.WANTED)


@dataclass(frozen=True, slots=True)
class AlertMatcher(Parsed):
    """One condition on an alert's label: `alertname=HighErrorRate`, `severity=~"critical|page"`."""

    label: str
    op: str
    value: str

    WANTED: ClassVar[str] = 'a condition on a label, such as alertname=HighErrorRate or color="$colour"'
    SPELLING: ClassVar[str] = r"[A-Za-z_][A-Za-z0-9_]*\s*(?:=~|!~|!=|=)[\s\S]*"
    EXAMPLES: ClassVar[tuple[str | int | float, ...]] = ("alertname=HighErrorRate", 'color="$colour"')

    @classmethod
    def parse(cls, value: object) -> Self:
        """The parts; quotes round the value may be left out."""
        text = _expression(value, cls.WANTED)
        matched = _ALERT.fullmatch(re.sub(r"^(\w+)\s+(?=[=!])", r"\1", text))
        if matched is None:
            raise wrong(value, cls.WANTED)
        label, op, given = matched[1], matched[2], matched[3].strip()
        if given[:1] == '"':
            if not re.fullmatch(r'"(?:[^"\\\n]|\\.)*"', given):
                raise wrong(value, cls.WANTED)
            given = promql.unquoted(given)
        return cls(label, op, given)

    def __str__(self) -> str:
        """As Alertmanager's filter writes it."""
        return f"{self.label}{self.op}{promql.quoted(self.value)}"
