"""From a path to a configuration that is right, or to every mistake in it.

What lives here: the order of the checks. What must not: the checks themselves.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TypeVar

from watchdog.config import advice, files, references, validate
from watchdog.config import compile as compiling
from watchdog.config.errors import ConfigError, Problem, WrongValueError, later, ordered, unknown
from watchdog.config.loaded import Loaded, Sections
from watchdog.config.schema.base import Model
from watchdog.config.schema.environment import Contact, Top
from watchdog.config.schema.plans import Plan
from watchdog.config.schema.rules.rule import Rule
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.source import Source
from watchdog.config.tree import Mapping as Tree
from watchdog.config.tree import join
from watchdog.config.variables import Spot
from watchdog.config.words import name as checked_name

M = TypeVar("M", bound=Model)

SECTIONS: dict[str, type[Model]] = {
    "sources": Source, "rules": Rule, "services": Service, "plans": Plan, "contacts": Contact,
}  # fmt: skip
"""The sections of named entries."""


def load(path: str) -> Loaded:
    """Read and check the environment file at `path`.

    ConfigError with every mistake, in all included files, sections and between them; nothing is loaded then.
    """
    return checked(files.read(path), path)


def checked(read: files.Read, path: str) -> Loaded:
    """Check what was read. ConfigError as for `load`."""
    tree, problems = read.tree, read.problems
    of_files = tuple(problems)
    if problems and not tree.entries:
        raise ConfigError(problems)
    _known_keys(tree, problems)
    top = validate.entry(Top, _without_sections(tree), (), problems)
    sections = Sections(
        sources=_section(Source, "sources", tree, problems),
        rules=_section(Rule, "rules", tree, problems),
        services=_section(Service, "services", tree, problems),
        plans=_section(Plan, "plans", tree, problems),
        contacts=_section(Contact, "contacts", tree, problems),
    )
    problems += references.check(tree, sections)
    problems += compiling.refusals(tree, sections)
    if problems or top is None:
        raise ConfigError(_noted(_first_causes(problems, of_files, read.unfilled), read.notes))
    found = ordered(advice.warnings(tree, top, sections))
    return Loaded(path=path, files=read.files, tree=tree, top=top, sections=sections, warnings=found)


def _first_causes(
    problems: list[Problem], of_files: tuple[Problem, ...], unfilled: tuple[Spot, ...]
) -> Iterator[Problem]:
    """Without what follows from a value or name that could not be read in the first place, as an unknown variable."""
    yield from of_files
    places = {(problem.file, problem.line, problem.key) for problem in of_files if problem.key}
    for problem in problems:
        below = any(problem.file == file and f"{problem.key}.".startswith(f"{key}.") for file, _, key in unfilled)
        if not below and (problem.file, problem.line, problem.key) not in places:
            yield problem


def _noted(problems: Iterable[Problem], notes: Mapping[Spot, str]) -> Iterator[Problem]:
    """With the variables that the text in question was made of."""
    for problem in problems:
        note = notes.get((problem.file, problem.line, problem.key))
        yield problem if note is None else replace(problem, message=f"{problem.message}; {note}")


def _known_keys(tree: Tree, problems: list[Problem]) -> None:
    known = [*validate.keys_of(Top), *SECTIONS, "include", "variables"]
    for key, entry in tree.entries.items():
        if key not in known:
            message = later(key) if key in Top.LATER else unknown(key, "a key here", known)
            problems.append(entry.origin.problem(key, message))
    if "services" not in tree.entries:
        problems.append(tree.origin.problem("services", "is missing; wanted at least one service"))


def _without_sections(tree: Tree) -> Tree:
    keys = validate.keys_of(Top)
    return Tree(tree.origin, {key: entry for key, entry in tree.entries.items() if key in keys})


def _section(model: type[M], section: str, tree: Tree, problems: list[Problem]) -> dict[str, M]:
    """The entries that are right by themselves; the mistakes of the others go to `problems`."""
    entry = tree.entries.get(section)
    if entry is None:
        return {}
    if not isinstance(entry.value, Tree) or (section == "services" and not entry.value.entries):
        problems.append(
            entry.origin.problem(section, f"wanted names with their keys, such as {section}: {{NAME: ...}}")
        )
        return {}
    right: dict[str, M] = {}
    for name, named in entry.value.entries.items():
        try:
            checked_name(name)
        except WrongValueError as error:
            problems.append(named.origin.problem(join(section, name), str(error)))
        value = validate.entry(model, tree, (section, name), problems)
        if value is not None:
            right[name] = value
    return right
