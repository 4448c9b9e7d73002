"""From a file of scenarios to scenarios that can be run, or to every mistake in it.

What lives here: reading, the environment of each scenario, names that must exist. What must not: running. Mistakes are
said as those of an environment file are: file, line, key, what was found, what would be right.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from watchdog.config import files as environment_files
from watchdog.config import load as environment_load
from watchdog.config import validate
from watchdog.config.adapters import Compiled
from watchdog.config.compile import compile_
from watchdog.config.errors import ConfigError, Problem, shown, unknown
from watchdog.config.loaded import Loaded
from watchdog.config.sources.translate import SourceSettings
from watchdog.config.tree import Entry, Mapping, Node, Origin, Scalar, child, locate, parse
from watchdog.core.settings import Environment, Service
from watchdog.replay.schema import Head, Moment, Scenario

ENVIRONMENT = "environment"
SCENARIOS = "scenarios"
BY_STABLE = "@stable"
_NAME = re.compile(r"[a-z][a-z0-9-]{0,59}")
_NAME_WANTED = "wanted a name of at most 60 lower-case letters, digits and hyphens, such as a-short-blip"
_COLOURS = ("blue", "green", "both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """One scenario with everything that it needs."""

    path: str
    name: str
    line: int
    model: Scenario
    environment: Environment
    service: Service
    sources: tuple[SourceSettings, ...]
    """Of the service's polled sources."""
    transcript: Origin | None
    """Where the expected transcript stands."""


def load(path: str) -> tuple[Ready, ...]:
    """Every scenario of the file. ConfigError with every mistake; then none is loaded."""
    tree, problems = _read(path)
    reader = _Reader(path, tree, problems)
    found = tuple(reader.scenarios())
    if problems:
        raise ConfigError(problems)
    return found


def _read(path: str) -> tuple[Mapping, list[Problem]]:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([Problem(file=path, line=0, key="", message=f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(file=path, line=0, key="", message="is not UTF-8 text")]) from error
    tree, problems = parse(text, path)
    if problems and not tree.entries:
        raise ConfigError(problems)
    return tree, problems


class _Reader:
    def __init__(self, path: str, tree: Mapping, problems: list[Problem]) -> None:
        self._path = path
        self._tree = tree
        self._problems = problems
        self._known: dict[str, Compiled | None] = {}

    def scenarios(self) -> Iterator[Ready]:
        """Those that are right; the mistakes of the others are in `problems`."""
        named = self._tree.entries.pop(SCENARIOS, None)
        usual = self._tree.entries.pop(ENVIRONMENT, None)
        head = validate.entry(Head, self._tree, (), self._problems)
        if named is None or not isinstance(named.value, Mapping) or not named.value.entries:
            origin = self._tree.origin if named is None else named.origin
            self._problems.append(
                origin.problem(SCENARIOS, "wanted names with their keys, such as scenarios: {a-blip: {...}}")
            )
            return
        self._tree.entries[SCENARIOS] = named
        for name, entry in named.value.entries.items():
            ready = self._one(name, entry, usual, head)
            if ready is not None:
                yield ready

    def _one(self, name: str, entry: Entry, usual: Entry | None, head: Head | None) -> Ready | None:
        key = f"{SCENARIOS}.{name}"
        if not _NAME.fullmatch(name):
            self._problems.append(entry.origin.problem(key, f"found {shown(name)}, {_NAME_WANTED}"))
        own = entry.value.entries.pop(ENVIRONMENT, None) if isinstance(entry.value, Mapping) else None
        model = validate.entry(Scenario, self._tree, (SCENARIOS, name), self._problems)
        compiled = self._environment(own or usual, entry.origin, key)
        if model is None or compiled is None or head is None:
            return None
        environment = compiled.environment
        service = self._service(model, environment, name)
        if service is None:
            return None
        model = _with_head(model, head)
        before = len(self._problems)
        names = _Names(self._tree, (SCENARIOS, name), model, environment, service)
        self._problems += names.wrong()
        if len(self._problems) > before:
            return None
        written = entry.value.entries.get("transcript") if isinstance(entry.value, Mapping) else None
        return Ready(
            path=self._path,
            name=name,
            line=entry.origin.line,
            model=model,
            environment=environment,
            service=service,
            sources=next(each.sources for each in compiled.services if each.name == service.name),
            transcript=written.origin if written is not None else None,
        )

    def _environment(self, entry: Entry | None, asked: Origin, key: str) -> Compiled | None:
        """The environment that an entry names or holds."""
        if entry is None:
            self._problems.append(asked.problem(key, "no environment: wanted a file, or the keys of one"))
            return None
        match entry.value:
            case Scalar(value=str() as name):
                path = os.path.normpath(os.path.join(os.path.dirname(self._path), name))  # noqa: PTH118, PTH120 - keeps the spelling of the path
                return self._once(path, lambda: environment_load.load(path))
            case Mapping() as tree:
                place = f"{self._path}:{entry.origin.line}"
                return self._once(
                    place,
                    lambda: environment_load.checked(environment_files.complete(tree, self._path), self._path),
                )
            case _:
                self._problems.append(entry.origin.problem(ENVIRONMENT, "wanted a file, or the keys of one"))
                return None

    def _once(self, place: str, read: Callable[[], Loaded]) -> Compiled | None:
        if place not in self._known:
            try:
                self._known[place] = compile_(read())
            except ConfigError as error:
                self._problems += error.errors
                self._known[place] = None
        return self._known[place]

    def _service(self, model: Scenario, environment: Environment, name: str) -> Service | None:
        names = [service.name for service in environment.services]
        spot = locate(self._tree, (SCENARIOS, name, "service"))
        if model.service is None and len(names) > 1:
            self._problems.append(
                spot.origin.problem(spot.key, f"service is missing; wanted one of: {', '.join(names)}")
            )
            return None
        found = environment.service(model.service or names[0])
        if found is None:
            self._problems.append(spot.origin.problem(spot.key, unknown(str(model.service), "a service", names)))
        return found


def _with_head(model: Scenario, head: Head) -> Scenario:
    """What the scenario itself does not say stands at the top of the file."""
    traffic = head.traffic if model.traffic is None else model.traffic
    return model.model_copy(update={"traffic": traffic, "signals": {**head.signals, **model.signals}})


class _Names:
    """What one scenario names must be there, and its times must be within it."""

    def __init__(
        self, tree: Node, place: tuple[str, ...], model: Scenario, environment: Environment, service: Service
    ) -> None:
        self._tree = tree
        self._place = place
        self._model = model
        self._environment = environment
        self._service = service

    def wrong(self) -> Iterator[Problem]:
        """Every mistake."""
        yield from self._times()
        yield from self._events()
        yield from self._world()
        for time, moment in self._model.expect.at.items():
            yield from self._moment(moment, ("expect", "at", self._spelt(time)))
        if self._model.expect.finally_ is not None:
            yield from self._moment(self._model.expect.finally_, ("expect", "finally"))

    def _problem(self, place: tuple[str | int, ...], message: str) -> Problem:
        spot = locate(self._tree, (*self._place, *place))
        return spot.origin.problem(spot.key, message)

    def _spelt(self, time: float) -> str:
        """The key of a moment as the file has it."""
        node: Node | None = self._tree
        for part in (*self._place, "expect", "at"):
            node = child(node, part)
        keys = list(node.entries) if isinstance(node, Mapping) else []
        return keys[list(self._model.expect.at).index(time)] if keys else ""  # type: ignore[arg-type]  # a Duration is a float

    def _times(self) -> Iterator[Problem]:
        lasts = self._model.lasts
        for index, event in enumerate(self._model.events):
            if event.at > lasts:
                yield self._problem(("events", index, "at"), f'found "{event.at}", wanted at most lasts ({lasts})')
        for time in self._model.expect.at:
            if time > lasts:
                yield self._problem(
                    ("expect", "at", self._spelt(time)), f'found "{time}", wanted at most lasts ({lasts})'
                )

    def _events(self) -> Iterator[Problem]:
        plans = [plan.name for plan in self._environment.plans]
        rules = [rule.name for rule in self._service.rules]
        for index, event in enumerate(self._model.events):
            if event.waive is not None and event.waive.rule not in rules:
                yield self._problem(
                    ("events", index, "waive", "rule"), unknown(event.waive.rule, "a rule of the service", rules)
                )
            if event.deploy is not None and event.deploy.plan not in (None, *plans):
                yield self._problem(
                    ("events", index, "deploy", "plan"), unknown(event.deploy.plan or "", "a plan", plans)
                )

    def _world(self) -> Iterator[Problem]:
        sources = [source.name for source in self._service.sources]
        traffic = self._model.traffic
        routes = list(traffic.routes) if traffic is not None else []
        for index, outage in enumerate(self._model.outages):
            if outage.source not in sources:
                yield self._problem(("outages", index, "source"), unknown(outage.source, "a source", sources))
        for index, fault in enumerate(self._model.faults):
            if fault.route is not None and fault.route not in routes:
                yield self._problem(("faults", index, "route"), unknown(fault.route, "a route of traffic", routes))
        yield from self._signals()
        for key in self._model.series:
            source, _, rest = key.partition(".")
            colour = rest.rpartition(".")[2]
            if source not in sources or colour not in _COLOURS:
                yield self._problem(
                    ("series", key), f"found {shown(key)}, wanted SOURCE.SIGNAL.COLOUR, such as edge.errors.green"
                )

    def _signals(self) -> Iterator[Problem]:
        """Signals that no rule reads would say something to nobody."""
        read = [f"{rule.source}.{signal}" for rule in self._service.rules for signal in rule.condition.signals]
        said = [(("signals", name), name) for name in self._model.signals]
        for index, fault in enumerate(self._model.faults):
            said += [(("faults", index, "signals", name), name) for name in fault.signals]  # type: ignore[misc]  # places of different lengths
        for place, name in said:
            if name not in read:
                yield self._problem(place, unknown(name, "a signal that a rule of the service reads", read))

    def _moment(self, moment: Moment, place: tuple[str | int, ...]) -> Iterator[Problem]:
        rules = [rule.name for rule in self._service.rules]
        for rule in moment.rules:
            if rule.removesuffix(BY_STABLE) not in rules:
                yield self._problem((*place, "rules", rule), unknown(rule, "a rule of the service", rules))
        for rule in moment.would_have or ():
            if rule not in rules:
                yield self._problem((*place, "would_have"), unknown(rule, "a rule of the service", rules))
