"""The tables of docs/configuration.md, made from the schema, so that they say what the program does.

What lives here: Markdown from models. What must not: wording (the schema's descriptions have it). Run as a module with
the document's path it writes the tables into it anew.
"""

import sys
import types
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from watchdog.config import forms, postgres_forms, prometheus_forms, words
from watchdog.config.effective import shown
from watchdog.config.policies import Policy
from watchdog.config.schema.base import Model
from watchdog.config.schema.budget import Rollbacks
from watchdog.config.schema.environment import Contact, Top
from watchdog.config.schema.plans import Plan
from watchdog.config.schema.rules.rule import Rule
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources import actuator, command, haproxy, host, postgres
from watchdog.config.schema.sources.source import KINDS, Source
from watchdog.config.synthetic_forms import JsonKeys, Status
from watchdog.config.units import Comparison, Duration, Factor, Matches, Positive, Quantity, Rate, Share, Weight

BEGIN: Final = "<!-- made from the schema: python -m watchdog.config.manual docs/configuration.md -->"
END: Final = "<!-- end of what is made from the schema -->"

_SECTIONS: Final[tuple[tuple[str, type[Model]], ...]] = (
    ("", Top),
    ("sources.NAME", Source),
    ("rules.NAME", Rule),
    ("services.NAME", Service),
    ("plans.NAME", Plan),
    ("contacts.NAME", Contact),
)

_FORMS: Final[dict[Any, str]] = {
    Duration: "duration",
    Share: "share",
    Positive: "share",
    Weight: "share",
    Factor: "number",
    Rate: "rate",
    Quantity: "value with its unit",
    Comparison: "comparison",
    Matches: "N of M",
    words.Name: "name",
    words.Text: "text",
    words.GroupName: "group",
    words.AbsolutePath: "absolute path",
    words.SocketPath: "absolute path",
    words.RequestPath: "request path",
    words.RoutePath: "request path or ~ expression",
    words.Url: "address",
    words.HostPort: "host:port",
    words.HeaderName: "header name",
    words.PoolDirective: "nginx directive",
    words.Flag: "true or false",
    words.Row: "number",
    words.Count: "number",
    words.Readings: "number",
    words.ClientError: "status",
    forms.Signal: "signal",
    Policy: "policy",
    Rollbacks: "number or `none`",
    forms.Expect: "status or JSON keys",
    JsonKeys: "JSON keys",
    Status: "status",
    postgres_forms.Dsn: "keywords of libpq",
    postgres_forms.Sql: "query",
    prometheus_forms.CounterQuery: "selector or histogram",
    prometheus_forms.GaugeQuery: "expression",
    prometheus_forms.AlertMatcher: "condition on a label",
    postgres.QueryName: "name",
    host.UnitName: "unit",
    actuator.MeterName: "meter",
    actuator.TagName: "tag",
    haproxy.RuntimeSocket: "absolute path or host:port",
    haproxy.ProxyName: "name",
    command.VariableName: "variable",
    words.Secret: "text or credential",
    words.HeaderValue: "text or credential",
    words.SenderUrl: "address or credential",
}


def tables() -> str:
    """Every key of the language, one table for each mapping, then the signals of the sources."""
    parts = [table for path, model in _SECTIONS for table in _model(path, model)]
    return "\n".join([*parts, *_signals()])


def renewed(document: str) -> str:
    """The document with its tables made anew; ValueError when it has no place for them."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the document lacks the line {BEGIN if not begin else END}")
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{after}"


def _model(path: str, model: type[Model]) -> Iterator[str]:
    yield f"### `{path}`\n" if path else "### The file itself\n"
    if path:
        yield f"{' '.join((model.__doc__ or '').split())}\n"
    yield "| key | form | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, info in sorted(model.model_fields.items(), key=lambda field: not field[1].is_required()):
        meaning = (info.description or "").replace("|", "\\|")
        yield f"| `{info.alias or name}` | {_form(info)} | {_default(info)} | {meaning} |"
    later = ", ".join(f"`{key}`" for key in sorted(model.LATER))
    yield f"\nNot available in this version, and refused by name: {later}.\n" if later else ""
    for name, info in model.model_fields.items():
        inner, suffix = _inner(info.annotation)
        if inner is not None:
            key = info.alias or name
            yield from _model(f"{path}.{key}{suffix}" if path else f"{key}{suffix}", inner)


def _form(info: FieldInfo) -> str:
    annotation: Any = info.annotation
    if info.metadata:  # pydantic has taken the outermost Annotated apart
        annotation = Annotated[annotation, *info.metadata]
    return _words(annotation)


def _words(annotation: Any) -> str:
    """The form of a value in a word or two."""
    if annotation in _FORMS:
        return _FORMS[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _words(arguments[0])
    if origin in (Union, types.UnionType):
        return _words(next(argument for argument in arguments if argument is not types.NoneType))
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin is tuple:
        return f"list: {_words(arguments[0])}"
    if origin is dict:
        return f"{_words(arguments[0])}: {_words(arguments[1])}"
    if issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    return "keys"


def _inner(annotation: Any) -> tuple[type[Model] | None, str]:
    """The model in a key's value, and how its place is written."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation, ""
    if origin is Annotated or origin in (Union, types.UnionType):
        return _inner(next(argument for argument in arguments if argument is not types.NoneType))
    if origin is tuple:
        return _inner(arguments[0])[0], "[N]"
    if origin is dict:
        return _inner(arguments[1])[0], ".NAME"
    return None, ""


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    if info.default is None or info.default == () or isinstance(info.default, Model):
        return "see there" if isinstance(info.default, Model) else "none"
    return f"`{shown(info.default)}`" if info.default != {} else "none"


def _signals() -> Iterator[str]:
    yield "### Signals\n"
    yield "| source | signal | what it is |"
    yield "| --- | --- | --- |"
    for name, kind in KINDS.items():
        for signal, spec in kind.CATALOGUE.items():
            by_part = f", {'also' if spec.bare else 'only'} by part: `SIGNAL[NAME]`"
            parts = "" if spec.members is None and not spec.any_member else by_part
            unit = "" if spec.unit == "any" else f" ({spec.unit})"
            relative = "; for `canary_vs_stable` only" if spec.relative else ""
            yield f"| `{name}` | `{signal}` | {spec.kind}{unit}{parts}{relative} |"
        if kind.OWN:
            yield f"| `{name}` | your own names | {kind.OWN} |"
    yield ""


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(renewed(path.read_text()))
