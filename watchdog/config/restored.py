"""A configuration made from the canonical text that the journal keeps, for a start without a file that can be used.

What lives here: the way back from `effective.text`. What must not: the journal, what is done with it. The text names
credentials and files, which are read at run time as ever; a secret that stood in the file itself is three stars in the
text. Whatever needs such a secret is left out and named.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from watchdog.config import files, load
from watchdog.config.adapters import Compiled
from watchdog.config.compile import compile_
from watchdog.config.schema.environment import DEFAULT_STATE
from watchdog.config.tree import Entry, Listing, Mapping, Node, Scalar, child, parse
from watchdog.config.words import Secret
from watchdog.core.settings import Environment

_STARS: Final = str(Secret(literal="x"))
_STATE: Final = re.compile(r"^state:\s*[\"']?(/[^\s\"'#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was in force, as far as the text has it."""

    compiled: Compiled
    contacts: tuple[str, ...] = ()
    """Contacts that cannot be told: their address stood in the file."""
    sources: tuple[str, ...] = ()
    """Sources that cannot be asked: a secret of theirs stood in the file."""


def restored(text: str, environment: Environment) -> Restored:
    """The configuration of that text, which had become `environment`. ConfigError when this program cannot read it.

    The core's environment is taken as it was recorded: services, hooks and plans keep their order, and nothing that is
    under way sees another configuration.
    """
    tree, problems = parse(text, "journal")
    lost = [*_forgotten(tree, "contacts"), *_forgotten(tree, "sources")]
    read = files.complete(tree, "journal")
    compiled = compile_(load.checked(replace(read, problems=[*problems, *read.problems]), "journal"))
    contacts = tuple(name for section, name in lost if section == "contacts")
    sources = tuple(name for section, name in lost if section == "sources")
    left = tuple(
        replace(service, sources=tuple(source for source in service.sources if source.name not in sources))
        for service in compiled.services
    )
    known = tuple(contact for contact in compiled.contacts if contact.name not in contacts)
    compiled = replace(compiled, environment=environment, text=text, services=left, contacts=known)
    return Restored(compiled=compiled, contacts=contacts, sources=sources)


def state_folders(path: str) -> tuple[Path, ...]:
    """Where the state may be, the likeliest first, when the file at `path` cannot be used as a whole.

    What the file or one that it includes says, even if the rest is no YAML; then where systemd made the folder; then
    the usual place.
    """
    said = child(files.read(path).tree, "state")
    found = [said.value] if isinstance(said, Scalar) and said.value else _by_line(path)
    found += os.environ.get("STATE_DIRECTORY", "").split(":")
    return tuple(dict.fromkeys(Path(each) for each in (*found, DEFAULT_STATE) if each.startswith("/")))


def _by_line(path: str) -> list[str]:
    try:
        text = Path(path).read_text(errors="replace")
    except OSError:
        return []
    return _STATE.findall(text)


def _forgotten(tree: Mapping, section: str) -> Iterator[tuple[str, str]]:
    """Put a name in the place of every secret that the text does not have; the entries that had one."""
    entries = child(tree, section)
    for name, entry in entries.entries.items() if isinstance(entries, Mapping) else ():
        if _named_instead(entry.value):
            yield section, name


def _named_instead(node: Node) -> bool:
    found = False
    match node:
        case Mapping():
            for entry in node.entries.values():
                found |= _one_named(entry)
        case Listing():
            for item in node.items:
                found |= _named_instead(item)
        case _:
            pass
    return found


def _one_named(entry: Entry) -> bool:
    if not isinstance(entry.value, Scalar) or entry.value.value != _STARS:
        return _named_instead(entry.value)
    origin = entry.value.origin
    entry.value = Mapping(origin, {"credential": Entry(Scalar("not-in-the-journal", origin), origin)})
    return True
