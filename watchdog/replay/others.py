"""What sources beside the log and the health check say: our own requests, counters, probes and values.

What lives here: their readings. Requests of our own are played one by one, with the fates that users would have had on
the route of the same name. Of every other source each signal that a rule asks for says what the scenario says of it, or
else that nothing is wrong: a probe passes, a count counts nothing; a value that nobody gave is missing. What must not:
when a poll is due (the simulator keeps the rhythm), series and outages (`feeds`).
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from math import floor

from watchdog.config.sources.prometheus import PrometheusSettings
from watchdog.config.sources.synthetic import SyntheticSettings
from watchdog.config.sources.translate import SourceSettings
from watchdog.core.conditions import Probe, is_gauge
from watchdog.core.model import Colour, Missing, Reading, Seconds, Value
from watchdog.core.settings import Rule, Service, Source
from watchdog.replay.behaviour import Answer
from watchdog.replay.told import Told
from watchdog.replay.traffic import Request
from watchdog.replay.world import World

ACTUATOR = "actuator"
"""The kind that answers on the colour's own servers, so it is as reachable as the health page."""

UNREACHABLE: Mapping[Answer, Missing] = {Answer.TIMEOUT: Missing.TIMEOUT, Answer.REFUSED: Missing.ERROR}
USUAL_S = 0.05
"""How long one of our own requests takes when all is well."""

SOON = 1e-6
"""Floating point: a scrape that is due within this time is made."""


class Tally:
    """How many requests of users have ended so far, by colour, what they met and route (None: all)."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[Colour, str, str | None]] = Counter()

    def add(self, requests: Iterable[Request]) -> None:
        """These have ended."""
        for request in requests:
            met = {"requests": True, "errors": request.bad, "slow": request.slow, "writes": request.write}
            for route in (None, request.route):
                self.counts.update({(request.colour, count, route): int(is_so) for count, is_so in met.items()})

    def of(self, colour: Colour, said: Told) -> int:
        """So many until now."""
        return self.counts[colour, str(said.counted), said.route]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A signal that a rule reads."""

    name: str
    rule: Rule

    @property
    def colours(self) -> tuple[Colour | None, ...]:
        return tuple(Colour) if self.rule.per_colour else (None,)

    @property
    def counts(self) -> bool:
        return not isinstance(self.rule.condition, Probe) and not is_gauge(self.rule.condition)


class Others:
    """One service's other sources."""

    def __init__(
        self,
        *,
        settings: Service,
        world: World,
        tally: Tally,
        sources: Iterable[SourceSettings] = (),
        usual: Mapping[str, Told] | None = None,
        seed: str = "1",
    ) -> None:
        """`usual`: what signals say, by SOURCE.SIGNAL; the world's faults say otherwise for a while."""
        known = tuple(sources)
        self._world = world
        self._tally = tally
        self._usual = usual or {}
        self._own = {
            each.name: _OwnRequests(each, settings, world, f"{seed}/own/{each.name}")
            for each in known
            if isinstance(each, SyntheticSettings)
        }
        self._scrapes = {each.name: each.scrape for each in known if isinstance(each, PrometheusSettings)}
        self._asked: dict[str, dict[str, _Asked]] = {}
        for rule in settings.rules:
            of_source = self._asked.setdefault(rule.source, {})
            of_source |= {signal: _Asked(name=signal, rule=rule) for signal in rule.condition.signals}
        self._seen: dict[tuple[str, str, Colour | None], int] = {}
        self._read_at: dict[str, Seconds] = {}

    def poll(self, source: Source, now: Seconds) -> list[Reading]:
        """What one poll at `now` finds. A scraped source finds what was there at the last scrape."""
        if source.name in self._own:
            return list(self._own[source.name].poll(now, source.interval))
        scrape = self._scrapes.get(source.name, 0.0)
        at = floor(now / scrape + SOON) * scrape if scrape else now
        before = self._read_at.get(source.name)
        self._read_at[source.name] = at
        asked = self._asked.get(source.name, {}).values()
        return [self._reading(source, each, colour, (before, at)) for each in asked for colour in each.colours]

    def _reading(
        self, source: Source, asked: _Asked, colour: Colour | None, span: tuple[Seconds | None, Seconds]
    ) -> Reading:
        before, at = span
        said = self._said(f"{source.name}.{asked.name}", colour, at)
        answer = Answer.UP if colour is None else self._world.behaviour.answer(colour, at)
        if source.kind == ACTUATOR and answer in UNREACHABLE:
            return Reading(signal=asked.name, colour=colour, value=UNREACHABLE[answer], detail=str(answer))
        if not asked.counts:
            return Reading(signal=asked.name, colour=colour, value=_single(source, asked, said, answer))
        if before == at:
            return Reading(signal=asked.name, colour=colour, value=0.0, over=(at, at))
        value = 0.0 if said is None else said.number
        if said is not None and said.counted is not None:
            value = self._counted(source, asked, colour, said)
        if before is None:  # a counter's first sight says nothing
            return Reading(signal=asked.name, colour=colour, value=Missing.EMPTY)
        return Reading(signal=asked.name, colour=colour, value=value, over=(before, at))

    def _said(self, name: str, colour: Colour | None, at: Seconds) -> Told | None:
        faulty = self._world.behaviour.signal(name, colour, at)
        return self._usual.get(name) if faulty is None else faulty

    def _counted(self, source: Source, asked: _Asked, colour: Colour | None, said: Told) -> float:
        """As many as have ended since the last look; of a signal that tells no colours: of both."""
        key = (source.name, asked.name, colour)
        until = sum(self._tally.of(each, said) for each in (Colour if colour is None else (colour,)))
        since, self._seen[key] = self._seen.get(key, 0), until
        return float(max(0, until - since))


def _single(source: Source, asked: _Asked, said: Told | None, answer: Answer) -> Value:
    """A probe's result, or a value."""
    if said is not None:
        return said.number
    if not isinstance(asked.rule.condition, Probe):
        return Missing.EMPTY
    return 0.0 if source.kind == ACTUATOR and "[" not in asked.name and answer is Answer.DOWN else 1.0


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class _Sent:
    end: Seconds
    number: int
    start: Seconds
    colour: Colour
    name: str
    failed: bool


class _OwnRequests:
    """Requests of our own to both colours, not through the balancer: neither split nor brake matters to them."""

    def __init__(self, settings: SyntheticSettings, service: Service, world: World, seed: str) -> None:
        self._settings = settings
        self._world = world
        self._random = random.Random(seed)  # noqa: S311 - a simulation, to be repeated
        self._names = tuple(request.name for request in settings.targets[0].requests)
        self._number = 0
        self._under_way: list[_Sent] = []
        self._sent_to: Seconds | None = None
        wanted = {signal for rule in service.rules if rule.source == settings.name for signal in rule.condition.signals}
        wanted |= {f"{count}[{route}]" for route in service.critical_routes for count in ("requests", "failures")}
        self._parts = [None, *(name for name in self._names if any(f"[{name}]" in signal for signal in wanted))]

    def poll(self, now: Seconds, interval: Seconds) -> Iterator[Reading]:
        """What has ended since the last poll."""
        since = now if self._sent_to is None else self._sent_to
        pace = max(1.0, (now - since) / interval)  # without a deployment requests are as rare as polls
        self._send(since, now, self._settings.every * pace)
        self._sent_to = now
        done: list[_Sent] = []
        while self._under_way and self._under_way[0].end <= now:
            done.append(heappop(self._under_way))
        for colour in Colour:
            for part in self._parts:
                yield from self._readings(colour, part, done, (since, now))

    def _readings(
        self, colour: Colour, part: str | None, done: list[_Sent], over: tuple[Seconds, Seconds]
    ) -> Iterator[Reading]:
        ended = [sent for sent in done if sent.colour is colour and part in (None, sent.name)]
        waiting = [sent for sent in self._under_way if sent.colour is colour and part in (None, sent.name)]
        took = [sent.end - sent.start for sent in ended] + [over[1] - sent.start for sent in waiting]
        named = "" if part is None else f"[{part}]"
        failures = float(sum(sent.failed for sent in ended))
        yield Reading(signal=f"requests{named}", colour=colour, value=float(len(ended)), over=over)
        yield Reading(signal=f"failures{named}", colour=colour, value=failures, over=over)
        yield Reading(signal=f"seconds{named}", colour=colour, value=max(took, default=Missing.EMPTY))

    def _send(self, since: Seconds, until: Seconds, every: Seconds) -> None:
        for number in range(1, floor((until - since) / every + SOON) + 1):
            for target in self._settings.targets:
                for name in self._names * len(target.servers):
                    heappush(self._under_way, self._fate(since + number * every, target.colour, name))

    def _fate(self, at: Seconds, colour: Colour, name: str) -> _Sent:
        """As a user's on the route of that name, except that nobody waits longer than `timeout`."""
        fate, late = self._random.random(), self._random.random()
        conduct = self._world.behaviour.conduct(colour, name, at)
        answer = self._world.behaviour.answer(colour, at)
        refused, hangs = answer is Answer.REFUSED, answer is Answer.TIMEOUT or fate < conduct.hang
        failed = refused or hangs or fate < conduct.hang + (1.0 - conduct.hang) * conduct.errors
        takes = USUAL_S
        if not refused and (hangs or late < conduct.slow):
            takes = self._world.traffic.hang_takes if hangs else self._world.traffic.slow_takes
        limit = self._settings.timeout
        self._number += 1
        return _Sent(
            end=at + min(takes, limit),
            number=self._number,
            start=at,
            colour=colour,
            name=name,
            failed=failed or takes > limit,
        )
