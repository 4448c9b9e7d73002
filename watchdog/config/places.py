"""Looking into the tree for the checks between entries: what was written where, and whether a section has a name.

What lives here: the look-ups. What must not: any check, any key's meaning.
"""

from collections.abc import Iterator

from watchdog.config.errors import Problem, unknown
from watchdog.config.schema.base import Place
from watchdog.config.schema.sources.source import KINDS
from watchdog.config.tree import Mapping, Node, Scalar, child, locate, names


def at(tree: Mapping, path: Place, message: str) -> Problem:
    """A problem at the deepest place of `path` that was written."""
    spot = locate(tree, path)
    return spot.origin.problem(spot.key, message)


def inside(tree: Mapping, path: Place) -> Node | None:
    """What lies at `path`; None when there is nothing."""
    node: Node | None = tree
    for part in path:
        node = child(node, part)
    return node


def text_of(node: Node | None) -> str | None:
    """The text of a scalar; None for anything else."""
    return node.value if isinstance(node, Scalar) else None


def named(tree: Mapping, section: str, name: str | None, what: str) -> Iterator[str]:
    """A name that its section does not have. A section of another form has its own message."""
    written = child(tree, section)
    if name is not None and (written is None or isinstance(written, Mapping)) and name not in names(written):
        yield unknown(name, what, names(written))


def kinds_written(tree: Mapping) -> dict[str, str]:
    """The kind of each source by its key alone, so that a wrong value in one does not hide what a service lacks."""
    section = child(tree, "sources")
    written = {name: names(child(section, name)) for name in names(section)}
    return {name: next((key for key in keys if key in KINDS), "") for name, keys in written.items()}
