"""The operator's nginx configuration as one tree, includes followed, every directive with its file and line.

What lives here: reading by crossplane and looking around in the result. What must not: any opinion about it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import crossplane


class Node:
    """One directive, or the whole configuration."""

    def __init__(self, name: str, args: Sequence[str], file: Path, line: int, parent: "Node | None") -> None:
        self.name = name
        self.args = tuple(args)
        self.file = file
        self.line = line
        self.parent = parent
        self.block: list[Node] = []

    @property
    def where(self) -> str:
        """`file:line`, as nginx writes it."""
        return f"{self.file}:{self.line}"

    @property
    def text(self) -> str:
        """The directive without its block, as the operator may have written it."""
        return " ".join((self.name, *map(_quoted, self.args)))

    def own(self, *names: str) -> list["Node"]:
        """The directives of these names directly in this block."""
        return [node for node in self.block if node.name in names]

    def walk(self) -> Iterator["Node"]:
        """Every directive below, in order."""
        for node in self.block:
            yield node
            yield from node.walk()

    def levels(self) -> Iterator["Node"]:
        """This block and those around it, innermost first."""
        level: Node | None = self
        while level is not None:
            yield level
            level = level.parent

    def around(self, name: str) -> "Node | None":
        """The nearest block of this name around (or at) this place."""
        return next((level for level in self.levels() if level.name == name), None)

    def effective(self, name: str) -> list["Node"]:
        """What nginx inherits for this place: the directives of the innermost level that has any."""
        return next((found for level in self.levels() if (found := level.own(name))), [])


def _quoted(argument: str) -> str:
    return argument if re.fullmatch(r"[^\s;{}\"']+", argument) else f'"{argument}"'


def parse(main: Path) -> tuple[Node, list[str]]:
    """The tree, and what could not be read, each with file and line."""
    payload = crossplane.parse(str(main), check_args=False, check_ctx=False)
    problems = [
        f"{error['file']}:{error['line'] or 1}: {_plain(error['error'])}" for error in payload.get("errors", ())
    ]
    root = Node("", (), main, 1, None)
    if payload["config"]:
        _fill(root, payload["config"], 0, frozenset())
    return root, problems


def _plain(message: Any) -> str:
    # crossplane ends its messages with " in FILE:LINE"
    return str(message).rpartition(" in ")[0] or str(message)


def _fill(parent: Node, configs: Sequence[Mapping[str, Any]], index: int, above: frozenset[int]) -> None:
    config = configs[index]
    _fill_block(parent, config["parsed"], Path(config["file"]), configs, above | {index})


def _fill_block(
    parent: Node,
    parsed: Sequence[Mapping[str, Any]],
    file: Path,
    configs: Sequence[Mapping[str, Any]],
    above: frozenset[int],
) -> None:
    for entry in parsed:
        node = Node(entry["directive"], entry["args"], file, entry["line"], parent)
        parent.block.append(node)
        for included in entry.get("includes", ()):
            if included not in above:
                _fill(parent, configs, included, above)
        _fill_block(node, entry.get("block", ()), file, configs, above)
