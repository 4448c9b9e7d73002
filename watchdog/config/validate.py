"""From a tree to models, section by section, with every mistake at its place and in our words.

What lives here: validation of one entry and the translation of pydantic's findings. What must not: any key of the
language, anything that needs a second entry (`config.references`).
"""

import re
import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from watchdog.config.errors import NOTHING, Problem, found, later, shown, unknown
from watchdog.config.schema.base import Model, Place
from watchdog.config.tree import Listing, Mapping, Node, child, locate, names, plain

M = TypeVar("M", bound=Model)

_QUOTED = re.compile(r"'([^']*)'")
_SIZE = {"too_short": "at least one", "too_long": "at most 32"}


def entry(model: type[M], root: Node, path: Place, problems: list[Problem]) -> M | None:
    """The model of what lies at `path`, or None after its mistakes were added to `problems`."""
    node: Node | None = root
    for part in path:
        node = child(node, part)
    count = len(problems)
    if node is not None:
        problems += _choices(model, root, node, path)
    try:
        value = model.model_validate({} if node is None else plain(node))
    except ValidationError as error:
        problems += [p for details in _causes(error) for p in _translated(model, root, path, details)]
        return None
    problems += [_problem(root, (*path, *place), message) for place, message in _complaints(value, ())]
    return value if len(problems) == count else None


def keys_of(model: type[Model]) -> list[str]:
    """The keys of a mapping as they are written."""
    return [info.alias or name for name, info in model.model_fields.items()]


def model_at(model: type[Model], place: Sequence[str | int]) -> type[Model] | None:
    """The model of the mapping at a place below a model; None when no model is there."""
    annotation: Any = model
    for part in place:
        annotation = _below(_bare(annotation), part)
        if annotation is None:
            return None
    bare = _bare(annotation)
    return bare if isinstance(bare, type) and issubclass(bare, Model) else None


def _bare(annotation: Any) -> Any:
    """An annotation without its metadata and without `| None`."""
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) in (Union, types.UnionType):
            annotation = next((a for a in get_args(annotation) if a is not types.NoneType), None)
        else:
            return annotation


def _below(annotation: Any, part: str | int) -> Any:
    """The annotation of what lies under a key or position."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        fields = annotation.model_fields
        return next((info.annotation for name, info in fields.items() if part in (info.alias or name, name)), None)
    arguments = get_args(annotation)
    if get_origin(annotation) is dict:
        return arguments[1]
    return arguments[0] if get_origin(annotation) in (tuple, list) and arguments else None


def _problem(root: Node, path: Sequence[str | int], message: str, *, missing: str = "") -> Problem:
    spot = locate(root, path, missing=missing)
    return spot.origin.problem(spot.key, message)


def _choices(model: type[Model], root: Node, node: Node, path: Place) -> Iterator[Problem]:
    """Mappings that want exactly one of several keys."""
    if isinstance(node, Listing):
        return
    if model.ONE_OF and isinstance(node, Mapping):
        given = [key for key in model.ONE_OF if key in node.entries]
        if len(given) > 1:
            places = ", ".join(f"{key} ({node.entries[key].origin})" for key in given)
            yield _problem(root, path, f"found {places}; wanted one of them")
        # A key that nobody knows is probably the missing one, misspelt: it has its own message.
        if not given and not set(node.entries) - set(keys_of(model)):
            yield _problem(root, path, f"wanted one of: {', '.join(model.ONE_OF)}")
    for key in names(node):
        below, inner = child(node, key), model_at(model, (key,))
        if below is not None and inner is not None:
            yield from _choices(inner, root, below, (*path, key))


def _causes(error: ValidationError) -> Iterator[ErrorDetails]:
    """The findings without those that merely follow: a list counts as too short when its items are wrong."""
    for details in error.errors(include_url=False):
        if details["type"] != "too_short" or not details["input"]:
            yield details


def _translated(model: type[Model], root: Node, path: Place, details: ErrorDetails) -> Iterator[Problem]:
    """One finding of pydantic in our words."""
    place = tuple(part for part in details["loc"] if part != "[key]")
    above = model_at(model, place[:-1])
    match details["type"]:
        case "extra_forbidden" if above is not None:
            yield _problem(root, (*path, *place), _unknown_key(above, str(place[-1])))
        case "missing" if above is not None:
            name, info = next((n, i) for n, i in above.model_fields.items() if (i.alias or n) == place[-1])
            message = f"is missing; wanted: {_plain_words(info.description or '')}"
            yield _problem(root, (*path, *place[:-1]), message, missing=info.alias or name)
        case _:
            yield _problem(root, (*path, *place), _wrong_value(model, place, details))


def _plain_words(description: str) -> str:
    """A key's description within a message."""
    return (description[:1].lower() + description[1:]).replace("`", "").removesuffix(".")


def _unknown_key(model: type[Model], key: str) -> str:
    return later(key) if key in model.LATER else unknown(key, "a key here", keys_of(model))


def _wrong_value(model: type[Model], place: Place, details: ErrorDetails) -> str:
    value = details["input"]
    match details["type"]:
        case "value_error":
            return str(details["ctx"]["error"])
        case "literal_error" | "enum":
            return _unknown_word(model_at(model, place[:-1]), str(place[-1]), value, details["ctx"]["expected"])
        case "model_type" | "model_attributes_type" | "dict_type":
            inner = model_at(model, place)
            keys = f"keys: {', '.join(keys_of(inner))}" if inner else "names with their values"
            return found(value, keys if value is not NOTHING else f"{keys}, or {{}} for the defaults")
        case "list_type" | "tuple_type":
            return found(value, "a list, such as [a, b]")
        case "too_short" | "too_long" as size:
            return f"holds {len(value)}, wanted {_SIZE[size]}"
        case _:
            return found(value, _description(model, place))


def _unknown_word(model: type[Model] | None, key: str, value: object, expected: str) -> str:
    words = _QUOTED.findall(expected)
    if model is not None and isinstance(value, str) and value in model.LATER_WORDS.get(key, ()):
        return f"{later(value)}; wanted {' or '.join(words)}"
    if isinstance(value, str) and "did you mean" in (near := unknown(value, "a word here", words)):
        return f"found {shown(value)}, wanted {' or '.join(words)};{near.split(';')[1]}"
    return found(value, " or ".join(words))


def _description(model: type[Model], place: Place) -> str:
    above = model_at(model, place[:-1])
    fields = {} if above is None else {info.alias or name: info for name, info in above.model_fields.items()}
    info = fields.get(str(place[-1])) if place else None
    return _plain_words(info.description or "") if info else "what the documentation says"


def _complaints(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """What the model and the models in it say of themselves."""
    match value:
        case Model():
            for below, message in value.complaints():
                yield (*place, *below), message
            for name, info in type(value).model_fields.items():
                yield from _complaints(getattr(value, name), (*place, info.alias or name))
        case dict():
            for key, item in value.items():
                yield from _complaints(item, (*place, key))
        case tuple():
            for index, item in enumerate(value):
                yield from _complaints(item, (*place, index))
