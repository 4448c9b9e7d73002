"""The Prometheus source: one poll, from the queries to both colours' readings.

What lives here: the poll and its thread. What must not: requests, samples, what a value means. Nothing that the server
does is an exception here: it is refused, late, or of no sense, and every reading says so. A call that hangs is cut off
at the deadline.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from watchdog.core.model import Missing, Reading, Seconds
from watchdog.outside.blocking import BlockingCalls, BusyError
from watchdog.sources.base import Finding, Now
from watchdog.sources.prometheus import counting, instant
from watchdog.sources.prometheus.client import AskError, Client
from watchdog.sources.prometheus.counting import Counted, State
from watchdog.sources.prometheus.examine import Examination, examined
from watchdog.sources.prometheus.instant import Answers
from watchdog.sources.prometheus.queries import Counter, Gauge, Made, histogram, plain
from watchdog.sources.prometheus.selectors import Fetch, fetches

STOOD_STILL: Seconds = 1.0  # what ends this long after its timeout was in a process that did not run

CUT_AFTER: Seconds = 0.2  # the call ends by itself at its timeout, unless it hangs where nothing can tell it

SHORTEST_WINDOW_S = 60.0
"""Samples are kept in reach for so long: what a poll that failed has missed comes with the next."""

POLLS_IN_WINDOW = 3.0
SCRAPES_IN_WINDOW = 4.0
"""One more than makes a sample stale, so that a stale one is seen as such."""

Ranges: TypeAlias = Sequence[tuple[Fetch, Sequence[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Polled:
    answers: Answers
    state: State
    counted: Sequence[tuple[Counter, Counted]]


class PrometheusSource:
    """Counters and gauges of one server."""

    def __init__(
        self,
        *,
        name: str,
        client: Client,
        interval: Seconds,
        timeout: Seconds,
        scrape: Seconds,
        counters: Sequence[Counter],
        gauges: Sequence[Gauge],
        now: Now,
    ) -> None:
        """`timeout` is for all of a poll's requests together; `scrape` is the time between two scrapes."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = timeout + STOOD_STILL
        self._client = client
        self._timeout = timeout
        self._scrape = scrape
        self._longest = max(POLLS_IN_WINDOW * interval, SHORTEST_WINDOW_S, SCRAPES_IN_WINDOW * scrape)
        self._counters = tuple(counters)
        self._gauges = tuple(gauges)
        self._now = now
        self._signals = [(each.signal, each.colour) for each in gauges] + [(c.signal, c.colour) for c in counters]
        self._queries = instant.queries(gauges, counters)
        self._calls: BlockingCalls[Any] = BlockingCalls(name)
        self._state = State()
        self._apart: frozenset[str] = frozenset()

    async def poll(self) -> tuple[Reading, ...]:
        """Every gauge and counter of every colour."""
        began = self._now()
        try:
            polled: _Polled = await self._call(partial(self._poll, self._state, self._apart))
        except AskError as error:
            return self._all(error.kind, str(error))
        self._state, self._apart = polled.state, polled.answers.apart
        engine = partial(_engine, began, polled.answers.at)
        gauges = [instant.reading(gauge, polled.answers, self._scrape, engine) for gauge in self._gauges]
        return (*gauges, *(_reading(counter, counted, engine) for counter, counted in polled.counted))

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end though each call has a deadline."""
        return self._all(Missing.TIMEOUT, f"no complete answer within {self._timeout:g} s")

    async def examine(self) -> tuple[Finding, ...]:
        """Ask every query once, and look at what a file cannot show."""
        try:
            seen: Examination = await self._call(self._examine)
        except AskError as error:
            return (Finding(ok=False, what=f"cannot be asked: {error}", remedy="is url right, and is it reachable?"),)
        return examined(seen)

    async def close(self) -> None:
        """Let go of the connection; a call that hangs is cut off."""
        self._client.interrupt()
        self._calls.close()
        self._client.close()

    async def _call(self, function: Callable[[], Any]) -> Any:
        """What `function` returns in the source's own thread. AskError, also when it does not end."""
        try:
            return await self._calls.call(function, self._timeout + CUT_AFTER)
        except TimeoutError:
            self._client.interrupt()
            raise AskError(Missing.TIMEOUT, f"no complete answer within {self._timeout:g} s") from None
        except BusyError:
            self._client.interrupt()
            raise AskError(Missing.TIMEOUT, "the last request still hangs") from None

    def _poll(self, state: State, apart: frozenset[str]) -> _Polled:
        """One poll, in the source's thread. Nothing is remembered here: a call that was given up changes nothing."""
        self._client.begin()
        answers = instant.ask(self._client, self._queries, apart)
        made = self._made(answers)
        try:
            ranges = self._ranges(made, answers.at, counting.window(state, answers.at, self._longest, self._scrape))
            state, counted = counting.count(state, answers.at, made, ranges, self._scrape)
        except AskError as error:
            counted = tuple(Counted(value=error.kind, detail=str(error)) for _ in made)
        except (KeyError, TypeError, ValueError, AttributeError):
            words = "its answer is not the one that Prometheus' API promises"
            counted = tuple(Counted(value=Missing.ERROR, detail=words) for _ in made)
        pairs = [(each.counter, found) for each, found in zip(made, counted, strict=True)]
        return _Polled(answers=answers, state=state, counted=pairs)

    def _made(self, answers: Answers) -> tuple[Made, ...]:
        """What each counter is made of now: a histogram's bounds are the server's."""
        made = list(plain(self._counters))
        for counter in self._counters:
            if counter.above is None:
                continue
            try:
                found = answers.of(instant.bounds_query(counter))
            except AskError as error:
                made.append(Made(counter=counter, missing=error.kind, detail=str(error)))
            else:
                made.append(histogram(counter, {each.labels.get("le", ""): each.value for each in found}))
        return tuple(made)

    def _ranges(self, made: Sequence[Made], at: Seconds, back: Seconds) -> Ranges:
        wanted = [selector for each in made for selector in each.selectors]
        return [
            (fetch, self._client.ask(f"{fetch.text}[{max(round(back * 1000), 1)}ms]", at)) for fetch in fetches(wanted)
        ]

    def _examine(self) -> Examination:
        self._client.begin()
        answers = instant.ask(self._client, self._queries, self._apart)
        made = self._made(answers)
        ranges: Ranges = ()
        trouble = ""
        try:
            ranges = self._ranges(made, answers.at, self._longest)
            _, counted = counting.count(State(), answers.at, made, ranges, self._scrape)
        except AskError as error:
            counted, trouble = (), str(error)
        return Examination(
            scrape=self._scrape,
            gauges=[
                (gauge, instant.reading(gauge, answers, self._scrape, lambda time: time)) for gauge in self._gauges
            ],
            made=made,
            counted=counted,
            intervals=counting.intervals(result for _, result in ranges),
            trouble=trouble,
        )

    def _all(self, kind: Missing, detail: str) -> tuple[Reading, ...]:
        return tuple(
            Reading(signal=signal, colour=colour, value=kind, detail=detail) for signal, colour in self._signals
        )


def _engine(began: Seconds, at: Seconds, time: Seconds) -> Seconds:
    """Engine time of a moment of the server's, by its age: `at` was when the question was sent."""
    return began - max(at - time, 0.0)


def _reading(counter: Counter, counted: Counted, engine: Callable[[Seconds], Seconds]) -> Reading:
    over = None if counted.over is None else (engine(counted.over[0]), engine(counted.over[1]))
    return Reading(signal=counter.signal, colour=counter.colour, value=counted.value, detail=counted.detail, over=over)
