"""What is in force, key by key: the value with every default applied, and where it was written.

What lives here: the rows for `check --effective` and the canonical text for the journal and its digest. What must not:
secrets; a credential is shown by its name, a literal as three stars.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import yaml

from watchdog.config.files import PER_COLOUR
from watchdog.config.loaded import Loaded
from watchdog.config.parsed import Parsed
from watchdog.config.schema.base import Model, Place
from watchdog.config.tree import Mapping, Node, Scalar, child, join
from watchdog.config.words import Secret

DEFAULT = "default"
"""Origin of a value that no file gives."""

_SECTIONS = ("sources", "rules", "services", "plans", "contacts")
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One key in force."""

    key: str
    value: str
    origin: str
    """`file:line`, or `default`."""


def effective(loaded: Loaded) -> tuple[Row, ...]:
    """Every key in force, in the order of the language, names in the order of the file."""
    rows = list(_rows(loaded.tree, loaded.top, ()))
    for section in _SECTIONS:
        for name, model in getattr(loaded.sections, section).items():
            rows += _rows(loaded.tree, model, (section, name))
    return tuple(rows)


def text(loaded: Loaded) -> str:
    """The canonical text: YAML with every default applied, without includes, variables, comments and secrets."""
    values = written(loaded.top)
    for section in _SECTIONS:
        values[section] = {name: written(model) for name, model in getattr(loaded.sections, section).items()}
    dumped = yaml.dump(values, Dumper=_DUMPER, sort_keys=True, allow_unicode=True, width=1_000_000)
    assert isinstance(dumped, str)
    return dumped


def digest(canonical: str) -> str:
    """SHA-256 of a canonical text."""
    return hashlib.sha256(canonical.encode()).hexdigest()


def _rows(tree: Mapping, value: Any, path: Place, *, is_default: bool = False) -> Iterator[Row]:
    match value:
        case None:
            return
        case Model():
            for name, info in type(value).model_fields.items():
                inner = getattr(value, name)
                same = inner == info.get_default(call_default_factory=True)
                yield from _rows(tree, inner, (*path, info.alias or name), is_default=same)
        case dict() if value:
            for key, inner in value.items():
                yield from _rows(tree, inner, (*path, str(_leaf(key))))
        case tuple() if value and isinstance(value[0], Model):
            for index, inner in enumerate(value):
                yield from _rows(tree, inner, (*path, index))
        case _:
            yield Row(key=_readable(path), value=shown(value), origin=_origin(tree, path, is_default=is_default))


def _origin(tree: Mapping, path: Place, *, is_default: bool) -> str:
    """Where the value was written; for a short form (`bake: 30m`) that is the place of the form."""
    node: Node = tree
    place = tree.origin
    for part in path:
        below = child(node, part)
        if below is None:
            return DEFAULT if is_default and isinstance(node, Mapping) else str(place)
        by_key = isinstance(node, Mapping) and isinstance(part, str) and not isinstance(below, Scalar)
        place = node.entries[part].origin if by_key else below.origin  # type: ignore[union-attr, index]  # by_key says so
        node = below
    return str(place)


def _readable(path: Place) -> str:
    key = ""
    for part in path:
        key = join(key, part) if isinstance(part, str) else f"{key}[{part + 1}]"
    return key


def shown(value: Any) -> str:
    """A value on one line, without secrets."""
    match value:
        case dict():
            return "{}"
        case tuple():
            return f"[{', '.join(shown(item) for item in value)}]"
        case bool():
            return "true" if value else "false"
        case Secret() if isinstance(form := value.written(), dict):
            return f"{{{', '.join(f'{kind}: {where}' for kind, where in form.items())}}}"
        case _:
            return str(_leaf(value))


def written(value: Any) -> Any:
    """Values that YAML can write and `load` reads back to the same configuration."""
    match value:
        case Model():
            fields = type(value).model_fields.items()
            given = ((info.alias or name, getattr(value, name)) for name, info in fields)
            return {key: written(inner) for key, inner in given if inner is not None}
        case dict():
            return {str(_leaf(key)): written(inner) for key, inner in value.items()}
        case tuple():
            return [written(item) for item in value]
        case Parsed() if isinstance(form := value.written(), dict):
            return written(form)
        case bool() | int():
            return value
        case _:
            return str(_leaf(value)).replace("$", "$$").replace("$$" + PER_COLOUR, "$" + PER_COLOUR)


def _leaf(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Parsed) else value
