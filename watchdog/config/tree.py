"""A YAML file as a tree in which every value and every key knows its file and line.

What lives here: reading one text, merging two trees, looking into one. What must not: what any key means. Scalars stay
text (`on`, `yes`, `010` and `1:30` mean nothing here); the schema gives them their types.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

from watchdog.config.errors import NOTHING, Problem, shown

LOADER: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml where it is there: ten times as fast, and a start must not wait for its configuration."""

TOO_DEEP: Final = "is nested too deeply; wanted keys as in the documentation"

VALUES_AT_MOST = 100_000
"""Aliases can make a short file endless."""

DEPTH_AT_MOST = 50
"""libyaml's composer overruns its stack on deep nesting instead of saying so; the language needs eight levels."""

_STRING = "tag:yaml.org,2002:str"
_PLAIN_TAGS = frozenset({_STRING, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
_NOTHING = frozenset({"", "~", "null"})


@dataclass(frozen=True, slots=True)
class Origin:
    """Where something was written."""

    file: str
    line: int

    def problem(self, key: str, message: str) -> Problem:
        """A mistake at this place."""
        return Problem(file=self.file, line=self.line, key=key, message=message)

    def __str__(self) -> str:
        """As editors understand it."""
        return f"{self.file}:{self.line}"


@dataclass(slots=True)
class Scalar:
    """A text; None when nothing was written."""

    value: str | None
    origin: Origin


@dataclass(slots=True)
class Listing:
    """Values in order."""

    items: list["Node"]
    origin: Origin


@dataclass(slots=True)
class Entry:
    """A value under a key; the key has its own place."""

    value: "Node"
    origin: Origin


@dataclass(slots=True)
class Mapping:
    """Values under keys."""

    origin: Origin
    entries: dict[str, Entry] = field(default_factory=dict)


Node: TypeAlias = Scalar | Listing | Mapping


class _Reader:
    """Turns YAML's nodes into ours and notes what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._open: set[int] = set()
        self._count = 0

    def node(self, node: yaml.Node, key: str) -> Node:
        """Our node for YAML's, with everything below it."""
        origin = self._origin(node)
        self._count += 1
        if self._count > VALUES_AT_MOST:
            if self._count == VALUES_AT_MOST + 1:
                self.problems.append(origin.problem(key, f"holds more than {VALUES_AT_MOST} values"))
            return Scalar(None, origin)
        if id(node) in self._open:
            self.problems.append(origin.problem(key, "an alias that contains itself; wanted the value"))
            return Scalar("", origin)
        if len(self._open) > DEPTH_AT_MOST:  # aliases nest deeper than the text does
            self.problems.append(origin.problem("", TOO_DEEP))
            return Scalar("", origin)
        if node.tag not in _PLAIN_TAGS:
            self.problems.append(origin.problem(key, f"found the tag {shown(node.tag)}, wanted a value without a tag"))
        self._open.add(id(node))
        try:
            return self._convert(node, key, origin)
        finally:
            self._open.discard(id(node))

    def _convert(self, node: yaml.Node, key: str, origin: Origin) -> Node:
        match node:
            case yaml.MappingNode():
                return self._mapping(node, key, origin)
            case yaml.SequenceNode():
                items = [self.node(item, f"{key}[{index}]") for index, item in enumerate(node.value, start=1)]
                return Listing(items, origin)
            case _:
                empty = isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NOTHING
                return Scalar(None if empty else node.value, origin)

    def _mapping(self, node: yaml.MappingNode, key: str, origin: Origin) -> Mapping:
        mapping = Mapping(origin)
        for key_node, value_node in node.value:
            place = self._origin(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(place.problem(key, "found a key that is no text, wanted a name"))
                continue
            name = str(key_node.value)
            path = join(key, name)
            value = self.node(value_node, path)
            if name == "<<":
                self.problems.append(place.problem(path, "merge keys are not available; wanted include or variables"))
            elif name in mapping.entries:
                first = mapping.entries[name].origin.line
                self.problems.append(place.problem(path, f"is given twice, first in line {first}; wanted it once"))
            else:
                mapping.entries[name] = Entry(value, place)
        return mapping

    def _origin(self, node: yaml.Node) -> Origin:
        return Origin(self.file, node.start_mark.line + 1)


def parse(text: str, file: str) -> tuple[Mapping, list[Problem]]:
    """The tree of one file and what is wrong with its form; an empty tree when it cannot be read at all."""
    whole = Origin(file, 1)
    try:
        if deep := _too_deep(text):
            return Mapping(whole), [Origin(file, deep).problem("", TOO_DEEP)]
        root = yaml.compose(text, Loader=LOADER)
    except yaml.MarkedYAMLError as error:
        return Mapping(whole), [_unreadable(error, file)]
    except yaml.YAMLError as error:
        return Mapping(whole), [whole.problem("", f"is not YAML: {str(error).splitlines()[0]}")]
    if root is None:
        return Mapping(whole), [whole.problem("", "found nothing, wanted keys such as version: 1")]
    reader = _Reader(file)
    node = reader.node(root, "")
    if not isinstance(node, Mapping):
        return Mapping(whole), [node.origin.problem("", "found no keys, wanted keys such as version: 1")]
    return node, reader.problems


def _too_deep(text: str) -> int:
    """The line where the nesting gets too deep; 0 when it does not."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_AT_MOST:
            return event.start_mark.line + 1 if event.start_mark else 1
    return 0


def _unreadable(error: yaml.MarkedYAMLError, file: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or "unreadable"
    if error.context:
        since = f" from line {error.context_mark.line + 1}" if error.context_mark else ""
        problem = f"{error.context}{since}: {problem}"
    if "chomping" in problem or "block scalar" in (error.context or ""):
        problem += '; a comparison wants quotes: "> 2s"'
    if "'%'" in problem or "'@'" in problem or "'`'" in problem:
        problem += "; wanted the text in quotes"
    return Origin(file, mark.line + 1 if mark else 1).problem("", f"is not YAML: {problem}")


def merge(under: Node, over: Node) -> Node:
    """Maps merge by key, everything else is replaced; each value keeps its origin."""
    if not (isinstance(under, Mapping) and isinstance(over, Mapping)):
        return over
    merged = Mapping(over.origin, dict(under.entries))
    for key, entry in over.entries.items():
        known = merged.entries.get(key)
        value = entry.value if known is None else merge(known.value, entry.value)
        merged.entries[key] = Entry(value, entry.origin)
    return merged


def plain(node: Node) -> Any:
    """The values alone; `NOTHING` for a key without one."""
    match node:
        case Scalar():
            return NOTHING if node.value is None else node.value
        case Listing():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key: plain(entry.value) for key, entry in node.entries.items()}


def scalars(node: Node, key: str = "") -> Iterator[tuple[str, Scalar]]:
    """Every text of the tree with its key path."""
    match node:
        case Scalar():
            yield key, node
        case Listing():
            for index, item in enumerate(node.items, start=1):
                yield from scalars(item, f"{key}[{index}]")
        case Mapping():
            for name, entry in node.entries.items():
                yield from scalars(entry.value, join(key, name))


def child(node: Node | None, key: str | int) -> Node | None:
    """What lies under a key or at a position (from 0); None when there is nothing."""
    match node, key:
        case Mapping(), str() if key in node.entries:
            return node.entries[key].value
        case Listing(), int() if 0 <= key < len(node.items):
            return node.items[key]
    return None


def names(node: Node | None) -> list[str]:
    """The keys of a mapping; none for anything else."""
    return list(node.entries) if isinstance(node, Mapping) else []


@dataclass(frozen=True, slots=True)
class Spot:
    """The deepest place of a path that was written, and the path as people read it."""

    origin: Origin
    key: str


def locate(root: Node, path: Sequence[str | int], *, missing: str = "") -> Spot:
    """Where `path` (keys, and positions from 0) is in the tree; `missing` is a key to add to the readable path."""
    node, origin, key = root, root.origin, ""
    for part in path:
        below = child(node, part)
        if below is None:
            break
        if isinstance(part, str):
            assert isinstance(node, Mapping)
            origin = below.origin if isinstance(below, Scalar) else node.entries[part].origin
            key = join(key, part)
        else:
            origin = below.origin
            key = f"{key}[{part + 1}]"
        node = below
    return Spot(origin, join(key, missing) if missing else key)


def join(key: str, name: str) -> str:
    """The readable path of a key below another."""
    return f"{key}.{name}" if key else name
