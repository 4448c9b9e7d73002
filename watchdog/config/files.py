"""From the file that the operator names to one tree: includes merged, variables filled in.

What lives here: reading of files and `include`. What must not: the keys of the language. `include` and `variables` are
gone from the tree that `read` returns. A file that is included by its name alone shares the variables of the file that
includes it, whose own win; one that is included `with` some has its own, of which only those are changed.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from watchdog.config.errors import Problem, unknown
from watchdog.config.tree import Listing, Node, Origin, Scalar, child, join, merge, parse
from watchdog.config.tree import Mapping as Tree
from watchdog.config.variables import PER_COLOUR, Filling, Spot, Variable, given

__all__ = ["PER_COLOUR", "Read", "complete", "read"]

_LIST = "wanted a list of files, such as [base.yml]"
_ITEM = "wanted a file such as base.yml, or {file: base.yml, with: {NAME: text}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read: one tree, what is wrong so far, and which files it came from."""

    tree: Tree
    problems: list[Problem]
    files: tuple[str, ...]
    notes: Mapping[Spot, str] = field(default_factory=dict)
    """Where the variables of a text were given, by the text's place."""
    unfilled: tuple[Spot, ...] = ()
    """Texts and names with a variable that nobody gave; what is wrong with them follows from that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Preset:
    """A file to be included with variables of its own."""

    path: str
    asked: Origin
    key: str
    with_: Node
    """Names with their texts."""
    open_: tuple[str, ...]


_Layer: TypeAlias = Tree | _Preset


@dataclass(slots=True)
class _Files:
    problems: list[Problem] = field(default_factory=list)
    seen: dict[str, None] = field(default_factory=dict)
    notes: dict[Spot, str] = field(default_factory=dict)
    unfilled: list[Spot] = field(default_factory=list)

    def read(self, path: str, asked: Origin | None, open_: tuple[str, ...]) -> list[_Layer]:
        """The file's layers, from the lowest to its own; none when it cannot be read."""
        place = asked or Origin(path, 0)
        key = "include" if asked else ""
        real = os.path.realpath(path)
        if real in open_:
            self.problems.append(place.problem(key, f'"{path}" includes itself, directly or through another file'))
            return []
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            self.problems.append(place.problem(key, f'"{path}" cannot be read: {error.strerror}'))
            return []
        self.seen[path] = None
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self.problems.append(Origin(path, line).problem("", "is not UTF-8 text"))
            return []
        tree, problems = parse(text, path)
        self.problems += problems
        return self.layers(tree, path, (*open_, real))

    def layers(self, tree: Tree, path: str, open_: tuple[str, ...]) -> list[_Layer]:
        """What the tree's `include` names, relative to `path`, then the tree."""
        entry = tree.entries.pop("include", None)
        if entry is None:
            return [tree]
        if not isinstance(entry.value, Listing):
            self.problems.append(entry.origin.problem("include", _LIST))
            return [tree]
        below: list[_Layer] = []
        for number, item in enumerate(entry.value.items, start=1):
            key = f"include[{number}]"
            file = child(item, "file") if isinstance(item, Tree) else item
            keys = set(item.entries) if isinstance(item, Tree) else {"file"}
            if not isinstance(file, Scalar) or not file.value or not keys <= {"file", "with"}:
                self.problems.append(item.origin.problem(key, _ITEM))
                continue
            named = os.path.normpath(os.path.join(os.path.dirname(path), file.value))  # noqa: PTH118, PTH120 (keeps the operator's spelling of the path)
            with_ = child(item, "with")
            if with_ is None:
                below += self.read(named, item.origin, open_)
            else:
                below.append(_Preset(path=named, asked=item.origin, key=f"{key}.with", with_=with_, open_=open_))
        return [*below, tree]

    def variables(self, layers: list[_Layer]) -> dict[str, Variable]:
        """Take the variables out of a scope's layers: a later layer's win, and a name alone gives no text."""
        known: dict[str, Variable] = {}
        for tree in layers:
            entry = tree.entries.pop("variables", None) if isinstance(tree, Tree) else None
            own = {} if entry is None else given(entry.value, "variables", self.problems)
            known |= {name: each for name, each in own.items() if each.text is not None or name not in known}
        return known

    def merged(self, layers: list[_Layer], variables: Mapping[str, Variable], origin: Origin) -> Tree:
        """One scope: its layers with the variables filled in, each over those before."""
        filling = Filling(variables, self.problems, self.notes, self.unfilled)
        result: Node = Tree(origin)
        for layer in layers:
            if isinstance(layer, Tree):
                filling.fill(layer)
                result = merge(result, layer)
            else:
                filling.fill(layer.with_, layer.key)
                result = merge(result, self._preset(layer))
        assert isinstance(result, Tree)
        return result

    def _preset(self, preset: _Preset) -> Tree:
        passed = given(preset.with_, preset.key, self.problems)
        layers = self.read(preset.path, preset.asked, preset.open_)
        own = self.variables(layers)
        for name, variable in passed.items() if layers else ():
            if name not in own:
                message = unknown(name, f"a variable of {preset.path}", list(own))
                self.problems.append(variable.origin.problem(join(preset.key, name), message))
        variables = own | {name: each for name, each in passed.items() if name in own and each.text is not None}
        for name, variable in variables.items() if isinstance(preset.with_, Tree) else ():
            if variable.text is None:
                message = f"is missing; {variable.origin} wants a text for it"
                self.problems.append(preset.asked.problem(join(preset.key, name), message))
        return self.merged(layers, variables, preset.asked)


def read(path: str) -> Read:
    """Read the file and everything it includes. Nothing is raised: what is wrong is in `problems`."""
    files = _Files()
    return _completed(files, files.read(path, None, ()), path)


def complete(tree: Tree, path: str) -> Read:
    """As `read`, for the keys of an environment that stand inside another file, the one at `path`."""
    files = _Files(seen={path: None})
    return _completed(files, files.layers(tree, path, ()), path)


def _completed(files: _Files, layers: list[_Layer], path: str) -> Read:
    variables = files.variables(layers)
    for name, variable in variables.items():
        if variable.text is None:
            message = "has no text; wanted one here, or from the file that includes this one"
            files.problems.append(variable.origin.problem(join("variables", name), message))
    own = layers[-1] if layers else Tree(Origin(path, 1))
    assert isinstance(own, Tree)  # what a file includes lies below its own keys
    tree = files.merged(layers, variables, own.origin)
    return Read(
        tree=tree, problems=files.problems, files=tuple(files.seen), notes=files.notes, unfilled=tuple(files.unfilled)
    )
