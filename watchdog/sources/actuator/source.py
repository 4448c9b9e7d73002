"""Asks each colour's application what it thinks of itself.

What lives here: the questions of a poll, and readings from the answers. What must not: reading JSON (`answers`),
differences (`counts`), rules. This is a querying source: an application that does not answer says nothing of itself
(the health source probes); one that says DOWN is the value 0.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from watchdog.core.model import Colour, Missing, Reading, Seconds
from watchdog.sources.actuator import answers, look, meters
from watchdog.sources.actuator.answers import Metric, Said
from watchdog.sources.actuator.client import Answer, Client, Target
from watchdog.sources.actuator.colour import all_up
from watchdog.sources.actuator.counts import Counting
from watchdog.sources.actuator.meters import Told
from watchdog.sources.base import Finding, Now

SLACK_S: Seconds = 0.5
"""Questions end by themselves at the timeout; so long after it the source was in a process that did not run."""

_START = Metric(name="", meter="process.start.time", statistic="VALUE")

_Question = tuple[str, tuple[tuple[str, str], ...]]
"""Path and query."""


@dataclass(slots=True)
class _Colour:
    """One colour's servers, and what its counters were."""

    clients: tuple[Client, ...]
    counting: Counting = field(default_factory=Counting)


def question(metric: Metric) -> _Question:
    """Path and query of a meter; statistics of the same one share an answer."""
    return f"/metrics/{metric.meter}", tuple(("tag", f"{key}:{value}") for key, value in metric.tags)


class ActuatorSource:
    """Both colours' actuators, asked together."""

    def __init__(
        self,
        *,
        name: str,
        interval: Seconds,
        timeout: Seconds,
        targets: Mapping[Colour, Sequence[Target]],
        now: Now,
        components: Sequence[str] = (),
        metrics: Sequence[Metric] = (),
    ) -> None:
        """OSError or ssl.SSLError when a CA file cannot be read; httpx.InvalidURL for a URL that is none."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = timeout + SLACK_S
        self._timeout = timeout
        self._now = now
        self._components = tuple(components)
        self._metrics = tuple(metrics)
        self._colours = {colour: _Colour(tuple(map(Client, servers))) for colour, servers in targets.items()}
        self._counters = tuple(metric for metric in metrics if metric.counter)
        self._gauges = tuple(metric for metric in metrics if not metric.counter)
        start = (_START,) if self._counters else ()
        self._questions: tuple[_Question, ...] = tuple(
            dict.fromkeys([("/health", ()), *map(question, (*self._metrics, *start))])
        )

    async def poll(self) -> tuple[Reading, ...]:
        """Every signal of every colour."""
        at = self._now()
        told = await asyncio.gather(*(self._ask(each) for each in self._colours.values()))
        return tuple(
            reading
            for (colour, state), servers in zip(self._colours.items(), told, strict=True)
            for reading in self._read(colour, state, servers, at)
        )

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end though each question has a deadline."""
        names = ["health", *map(_of_component, self._components), *(metric.name for metric in self._metrics)]
        return tuple(
            Reading(signal=name, colour=colour, value=Missing.TIMEOUT, detail="the questions did not end")
            for colour in self._colours
            for name in names
        )

    async def close(self) -> None:
        """Close the connections."""
        for state in self._colours.values():
            for client in state.clients:
                await client.close()

    async def examine(self) -> tuple[Finding, ...]:
        """What there is to be seen at each server."""
        questions = [("/metrics", ()), *self._questions]
        found: list[Finding] = []
        for colour, state in self._colours.items():
            for client in state.clients:
                told = dict(zip(questions, await client.ask(questions, self._timeout), strict=True))
                asked = {metric: told[question(metric)] for metric in self._metrics}
                who = f"{colour} ({client.address})"
                found += look.server(who, told["/health", ()], told["/metrics", ()], self._components, asked)
        return tuple(found)

    async def _ask(self, state: _Colour) -> dict[str, dict[_Question, Answer]]:
        """Every server's answers, by its address."""
        told = await asyncio.gather(*(client.ask(self._questions, self._timeout) for client in state.clients))
        return {
            client.address: dict(zip(self._questions, each, strict=True))
            for client, each in zip(state.clients, told, strict=True)
        }

    def _read(
        self, colour: Colour, state: _Colour, servers: Mapping[str, Mapping[_Question, Answer]], at: Seconds
    ) -> Iterator[Reading]:
        pages = {server: told["/health", ()] for server, told in servers.items()}
        up = {"health": all_up({server: answers.health(page) for server, page in pages.items()})}
        for name in self._components:
            up[_of_component(name)] = all_up({server: answers.component(page, name) for server, page in pages.items()})
        told = {server: self._told(each) for server, each in servers.items()}
        state.counting, counted = meters.counts(state.counting, at, self._counters, told)
        for signal, said in {**up, **meters.gauges(self._gauges, told), **counted}.items():
            over = None if said.since is None else (said.since, at)
            yield Reading(signal=signal, colour=colour, value=said.value, detail=said.detail, over=over)

    def _told(self, told: Mapping[_Question, Answer]) -> Told:
        """What one server said of the meters."""
        start = answers.meter(told[question(_START)], _START) if question(_START) in told else None
        return Told(
            values={metric.name: answers.meter(told[question(metric)], metric) for metric in self._metrics},
            silent=next(
                (
                    Said(told[question(metric)].missing or Missing.ERROR, told[question(metric)].detail)
                    for metric in self._counters
                    if told[question(metric)].missing is not None
                ),
                None,
            ),
            started=None if start is None or isinstance(start.value, Missing) else start.value,
        )


def _of_component(name: str) -> str:
    return f"health[{name}]"
