"""What the sources of a service say, poll by poll: from the users of the virtual world, from series, or nothing.

What lives here: the readings of the log and the health check, and what takes the place of any. What must not: when a
poll is due (the simulator keeps the rhythm), rules, other sources (`others`).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from watchdog.config.sources.translate import SourceSettings
from watchdog.core.events import Observed
from watchdog.core.model import Colour, Missing, Reading, Seconds, Value
from watchdog.core.settings import Service, Source
from watchdog.replay.behaviour import Answer
from watchdog.replay.others import Others, Tally
from watchdog.replay.series import Series
from watchdog.replay.told import COUNTS, Told
from watchdog.replay.world import World

EDGE = "access_log"
HEALTH = "health"
"""The kinds of sources that are played here."""

ALSO_BAD = "also_bad"
"""Of routes that a rule asks for it. The world's users meet no status that a route could declare: it has the errors."""

DEAD_UNNOTICED_S = 4.0
"""A log that no longer arrives looks like a quiet time until two probes in a row have left no line in it."""

STOOD_STILL_S = 2.0
"""A slice longer than this was not seen: the process stood still."""

_ROUTE = re.compile(r"\[(.+)\]$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A source that says nothing for a while, though the world goes on."""

    source: str
    missing: Missing | None
    """What its readings are instead; None: it does not even answer, no event comes."""
    start: Seconds = 0.0
    end: Seconds = inf
    unnoticed: Seconds = 0.0
    """For so long its counts are zeros before they are known to be missing."""

    def holds(self, source: str, t: Seconds) -> bool:
        """Whether it concerns a source at a moment."""
        return source == self.source and self.start <= t < self.end


class Feeds:
    """One service's sources."""

    def __init__(
        self,
        *,
        settings: Service,
        world: World,
        outages: Iterable[Outage] = (),
        series: Mapping[tuple[str, str, Colour | None], tuple[Series, ...]] | None = None,
        sources: Iterable[SourceSettings] = (),
        signals: Mapping[str, Told] | None = None,
        seed: str = "1",
    ) -> None:
        """`series`: by source, signal and colour, in place of what the world says.

        `sources`: the settings of the polled ones. `signals`: what other sources usually say, by SOURCE.SIGNAL.
        """
        self.settings = settings
        self._world = world
        self._outages = tuple(outages)
        self._series = series or {}
        self._routes = _routes(settings, world)
        self._tally = Tally()
        self._others = Others(
            settings=settings, world=world, tally=self._tally, sources=sources, usual=signals, seed=seed
        )
        asked = {signal for rule in settings.rules for signal in rule.condition.signals}
        self._counted = [(count, route) for route in (None, *self._routes) for count in COUNTS]
        self._counted += [(ALSO_BAD, route) for route in self._routes if f"{ALSO_BAD}[{route}]" in asked]

    def edge(self, source: Source, start: Seconds, end: Seconds) -> Observed | None:
        """One slice of the balancer's log; what ended in it is counted, or lost."""
        requests = self._world.ended(end)
        self._tally.add(requests)
        if end - start > STOOD_STILL_S:
            return self._observed(source, start, end, self._instead(Missing.STALE, "the daemon stood still"))
        counts: Counter[tuple[Colour, str, str | None]] = Counter()
        for request in () if self._lost(source.name, end) else requests:
            for route in (None, request.route):
                key = request.colour, route
                counts[key[0], "requests", route] += 1
                counts[key[0], "errors", route] += request.bad
                counts[key[0], ALSO_BAD, route] += request.bad
                counts[key[0], "slow", route] += request.slow
                counts[key[0], "writes", route] += request.write
        readings = [
            Reading(signal=_signal(count, route), colour=colour, value=float(counts[colour, count, route]))
            for colour in Colour
            for count, route in self._counted
        ]
        return self._observed(source, start, end, readings)

    def health(
        self, source: Source, answers: Mapping[Colour, tuple[Answer, Seconds]], start: Seconds, end: Seconds
    ) -> Observed | None:
        """One poll of both health pages."""
        readings: list[Reading] = []
        for colour, (answer, took) in answers.items():
            up = answer is Answer.UP
            detail = "" if up else str(answer)
            seconds: Value = took
            if not up:
                seconds = Missing.TIMEOUT if answer is Answer.TIMEOUT else Missing.ERROR
            readings.append(Reading(signal="up", colour=colour, value=float(up), detail=detail))
            readings.append(Reading(signal="seconds", colour=colour, value=seconds, detail=detail))
        return self._observed(source, start, end, readings)

    def other(self, source: Source, start: Seconds, end: Seconds) -> Observed | None:
        """One poll of any other source."""
        return self._observed(source, start, end, self._others.poll(source, end))

    def _lost(self, source: str, t: Seconds) -> bool:
        return any(outage.holds(source, t) for outage in self._outages)

    def _observed(self, source: Source, start: Seconds, end: Seconds, readings: list[Reading]) -> Observed | None:
        readings = self._with_series(source, start, readings)
        outage = next((each for each in self._outages if each.holds(source.name, end)), None)
        if outage is not None and end >= outage.start + outage.unnoticed:
            if outage.missing is None:
                return None
            missing = outage.missing
            readings = [replace(each, value=missing, detail=f"outage of {source.name}") for each in readings]
        return Observed(service=self.settings.name, source=source.name, start=start, end=end, readings=tuple(readings))

    def _with_series(self, source: Source, start: Seconds, readings: list[Reading]) -> list[Reading]:
        found = {(each.signal, each.colour): each for each in readings}
        for (name, signal, colour), parts in self._series.items():
            if name != source.name:
                continue
            value = next((said for part in parts if (said := part.at(start)) is not None), None)
            if value is not None:
                played = found.get((signal, colour), Reading(signal=signal, colour=colour, value=value))
                found[signal, colour] = replace(played, value=value, detail="")
        return list(found.values())

    def _instead(self, missing: Missing, detail: str) -> list[Reading]:
        return [
            Reading(signal=_signal(count, route), colour=colour, value=missing, detail=detail)
            for colour in Colour
            for count, route in self._counted
        ]


def _signal(count: str, route: str | None) -> str:
    return count if route is None else f"{count}[{route}]"


def _routes(settings: Service, world: World) -> tuple[str, ...]:
    """Every route that somebody asks for."""
    wanted = dict.fromkeys((*world.traffic.routes, *settings.critical_routes))
    for rule in settings.rules:
        for signal in rule.condition.signals:
            if matched := _ROUTE.search(signal):
                wanted[matched[1]] = None
    return tuple(wanted)
