"""From the file that the operator names to one tree: includes merged, variables filled in.

What lives here: reading of files, `include`, `variables`. What must not: the keys of the language. Both keys are gone
from the tree that `read` returns.
"""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from string import Template

from watchdog.config.errors import Problem, shown, unknown
from watchdog.config.tree import Listing, Mapping, Node, Origin, Scalar, child, join, merge, parse, scalars

PER_COLOUR = "colour"
"""Filled in for each colour later, so no variable may have this name."""

_VARIABLE = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read: one tree, what is wrong so far, and which files it came from."""

    tree: Mapping
    problems: list[Problem]
    files: tuple[str, ...]


@dataclass(slots=True)
class _Files:
    problems: list[Problem] = field(default_factory=list)
    seen: dict[str, None] = field(default_factory=dict)

    def read(self, path: str, asked: Origin | None, open_: tuple[str, ...]) -> Mapping:
        """The file's tree with its includes below it; an empty one when it cannot be read."""
        place = asked or Origin(path, 0)
        key = "include" if asked else ""
        nothing = Mapping(Origin(path, 1))
        real = os.path.realpath(path)
        if real in open_:
            self.problems.append(place.problem(key, f"{shown(path)} includes itself, directly or through another file"))
            return nothing
        try:
            raw = Path(path).read_bytes()
        except OSError as error:
            self.problems.append(place.problem(key, f"{shown(path)} cannot be read: {error.strerror}"))
            return nothing
        self.seen[path] = None
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            line = raw.count(b"\n", 0, error.start) + 1
            self.problems.append(Origin(path, line).problem("", "is not UTF-8 text"))
            return nothing
        tree, problems = parse(text, path)
        self.problems += problems
        return self.with_includes(tree, path, (*open_, real))

    def with_includes(self, tree: Mapping, path: str, open_: tuple[str, ...]) -> Mapping:
        """The tree over what its `include` names; relative to `path`."""
        entry = tree.entries.pop("include", None)
        if entry is None:
            return tree
        items = entry.value.items if isinstance(entry.value, Listing) else None
        if items is None or not all(isinstance(item, Scalar) and item.value for item in items):
            self.problems.append(entry.origin.problem("include", "wanted a list of files, such as [base.yml]"))
            return tree
        merged: Node = Mapping(tree.origin)
        for item in items:
            assert isinstance(item, Scalar)
            below = os.path.normpath(os.path.join(os.path.dirname(path), item.value or ""))  # noqa: PTH118, PTH120 (keeps the operator's spelling of the path)
            merged = merge(merged, self.read(below, item.origin, open_))
        merged = merge(merged, tree)
        assert isinstance(merged, Mapping)
        return merged


def read(path: str) -> Read:
    """Read the file and everything it includes. Nothing is raised: what is wrong is in `problems`."""
    files = _Files()
    return _completed(files, files.read(path, None, ()))


def complete(tree: Mapping, path: str) -> Read:
    """As `read`, for the keys of an environment that stand inside another file, the one at `path`."""
    files = _Files(seen={path: None})
    return _completed(files, files.with_includes(tree, path, ()))


def _completed(files: _Files, tree: Mapping) -> Read:
    problems = files.problems
    entry = tree.entries.pop("variables", None)
    variables = {} if entry is None else _variables(entry.value, problems)
    _fill_in(tree, variables, problems)
    return Read(tree=tree, problems=problems, files=tuple(files.seen))


def _variables(node: Node, problems: list[Problem]) -> dict[str, str]:
    if not isinstance(node, Mapping):
        problems.append(node.origin.problem("variables", "wanted names with their texts, such as {window: 1m}"))
        return {}
    values: dict[str, str] = {}
    for name, entry in node.entries.items():
        key = join("variables", name)
        value = child(node, name)
        if not _VARIABLE.fullmatch(name):
            problems.append(entry.origin.problem(key, f"{shown(name)} is no name; wanted letters, digits and _"))
        elif name == PER_COLOUR:
            problems.append(entry.origin.problem(key, "$colour is filled in for each colour; choose another name"))
        elif not isinstance(value, Scalar) or value.value is None:
            problems.append(entry.origin.problem(key, "wanted a text; variables stand for texts only"))
        else:
            values[name] = value.value
    return values


def _fill_in(tree: Mapping, variables: dict[str, str], problems: list[Problem]) -> None:
    """Replace `$name` in every text; `$$` is a dollar sign and `$colour` stays for later."""
    known = {**variables, PER_COLOUR: "$" + PER_COLOUR}
    for key, scalar in scalars(tree):
        if scalar.value is None or "$" not in scalar.value:
            continue
        template = Template(scalar.value)
        if not template.is_valid():
            message = f'found a lone "$" in {shown(scalar.value)}, wanted $$ for a dollar sign or $NAME for a variable'
            problems.append(scalar.origin.problem(key, message))
            continue
        wrong = [name for name in template.get_identifiers() if name not in known]
        problems += [
            scalar.origin.problem(key, unknown(f"${name}", "a variable", [f"${n}" for n in known])) for name in wrong
        ]
        scalar.value = template.safe_substitute(known)
