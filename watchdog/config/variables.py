"""Variables: texts that are written once and filled in for `$NAME` in values and in names.

What lives here: what `variables` and `with` hold, and the filling in. What must not: which file includes which
(`config.files`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from string import Template
from typing import Final, TypeAlias

from watchdog.config.errors import Problem, shown, unknown
from watchdog.config.tree import Entry, Listing, Node, Origin, Scalar, join
from watchdog.config.tree import Mapping as Tree

PER_COLOUR: Final = "colour"
"""Filled in for each colour later, so no variable may have this name."""

PLACEHOLDERS: Final = ("service", "stable", "candidate", "weight", PER_COLOUR, "deployment")
"""Filled in at each run of a router's commands; in their arguments they stay as they are written."""

Spot: TypeAlias = tuple[str, int, str]
"""File, line and key."""

_COMMANDS = re.compile(r"services\.[^.]+\.router\.(?:fallback\.)?command\.\w+\[\d+\]")
"""Where the arguments of a router's commands stand."""

_VARIABLE = re.compile(r"[a-z_][a-z0-9_]*", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One variable of a file; without a text whoever includes the file must give it one."""

    text: str | None
    origin: Origin


def given(node: Node, key: str, problems: list[Problem]) -> dict[str, Variable]:
    """The variables of a mapping; what is wrong with it goes to `problems`."""
    if not isinstance(node, Tree):
        problems.append(node.origin.problem(key, "wanted names with their texts, such as {window: 1m}"))
        return {}
    values: dict[str, Variable] = {}
    for name, entry in node.entries.items():
        place = join(key, name)
        if not _VARIABLE.fullmatch(name):
            problems.append(entry.origin.problem(place, f"{shown(name)} is no name; wanted letters, digits and _"))
        elif name == PER_COLOUR:
            problems.append(entry.origin.problem(place, "$colour is filled in for each colour; choose another name"))
        elif not isinstance(entry.value, Scalar):
            problems.append(entry.origin.problem(place, "wanted a text; variables stand for texts only"))
        else:
            values[name] = Variable(text=entry.value.value, origin=entry.value.origin)
    return values


@dataclass(slots=True)
class Filling:
    """The filling in of one set of variables, with the problems of all."""

    variables: Mapping[str, Variable]
    problems: list[Problem]
    notes: dict[Spot, str] = field(default_factory=dict)
    """What a text was made of, where another line has it: a message about the text is of little use without."""
    unfilled: list[Spot] = field(default_factory=list)
    """Texts and names with a variable without a text."""

    @property
    def texts(self) -> dict[str, str]:
        """By name; a variable that nobody gave has its own message and stays as it is written."""
        texts = {name: variable.text for name, variable in self.variables.items() if variable.text is not None}
        return {**texts, PER_COLOUR: "$" + PER_COLOUR}

    def fill(self, node: Node, key: str = "") -> None:
        """Replace `$name` in every text and name below; `$$` is a dollar sign and `$colour` stays for later."""
        match node:
            case Scalar():
                node.value = self._text(node.value, node.origin, key)
            case Listing():
                for index, item in enumerate(node.items, start=1):
                    self.fill(item, f"{key}[{index}]")
            case Tree():
                node.entries = dict(self._named(node, key))

    def _named(self, node: Tree, key: str) -> Iterator[tuple[str, Entry]]:
        first: dict[str, int] = {}
        for written, entry in node.entries.items():
            before = (entry.origin.file, entry.origin.line, join(key, written))
            name = self._text(written, entry.origin, before[2]) or written
            place = join(key, name)
            if before in self.notes:  # from here on the name is known as it was filled in
                self.notes[(*before[:2], place)] = self.notes.pop(before)
            line = first.setdefault(name, entry.origin.line)
            if name != written and line != entry.origin.line:
                self.problems.append(
                    entry.origin.problem(place, f"is given twice, first in line {line}; wanted it once")
                )
            self.fill(entry.value, place)
            yield name, entry

    def _text(self, text: str | None, origin: Origin, key: str) -> str | None:
        if text is None or "$" not in text:
            return text
        template = Template(text)
        if not template.is_valid():
            message = f'found a lone "$" in {shown(text)}, wanted $$ for a dollar sign or $NAME for a variable'
            self.problems.append(origin.problem(key, message))
            return text
        later = PLACEHOLDERS if _COMMANDS.fullmatch(key) else (PER_COLOUR,)
        names, known = template.get_identifiers(), [*self.variables, *later]
        for name in names:
            if name not in known:
                message = unknown(f"${name}", "a variable", [f"${each}" for each in known])
                self.problems.append(origin.problem(key, message))
        used = {name: self.variables[name] for name in names if name in self.variables}
        spot = (origin.file, origin.line, key)
        if used:
            said = (f"${name} is {shown(each.text)} ({each.origin})" for name, each in used.items())
            self.notes[spot] = ", ".join(said)
        if any(each.text is None for each in used.values()) or len(used) < len(set(names) - set(later)):
            self.unfilled.append(spot)
        return template.safe_substitute({**{name: f"${name}" for name in later}, **self.texts})
