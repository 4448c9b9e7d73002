"""A file that was read and found right: the models by section, with the tree that knows where each value came from.

What lives here: the value between `load`, `compile` and `effective`. What must not: any check.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from watchdog.config.errors import Problem
from watchdog.config.schema.environment import Contact, Top
from watchdog.config.schema.plans import Plan
from watchdog.config.schema.rules.rule import Rule
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.source import Source
from watchdog.config.tree import Mapping as Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Sections:
    """Every entry that is right by itself, by name."""

    sources: Mapping[str, Source]
    rules: Mapping[str, Rule]
    services: Mapping[str, Service]
    plans: Mapping[str, Plan]
    contacts: Mapping[str, Contact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """One environment, as the operator wrote it. Nothing in it is wrong; `warnings` are worth a look."""

    path: str
    files: tuple[str, ...]
    """Every file that was read, in order of reading."""
    tree: Tree
    top: Top
    sections: Sections
    warnings: tuple[Problem, ...] = ()
