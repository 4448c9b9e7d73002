"""Requests of our own to each server of both colours, at a set rate: so idle services and hanging requests are seen.

What lives here: when a request is due, and the counts of what ended. What must not: the request itself (`http_probe`),
rules. This is a probing source: a target that refuses, hangs or lies is a failure of the count; Missing only if the
prober itself could not run.

They go straight to the servers and not through the balancer. So the colour is known whatever the draw, the brake or a
retry at stable does; a braked or idle candidate is asked all the same; and no request of ours is in the balancer's log,
where it would count as a user's.

Each poll takes what has ended since the last one and sets the timers of the requests of the next `interval`. So the
rate follows the poller (seldom polled is seldom asked), a paused poller sends nothing, and a request that is due begins
whatever the others wait for. One that gets no complete answer is bad at its deadline. When `open_at_most` requests wait
at one server another one is not sent and is bad at once: nothing is answered there.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from watchdog.core.model import Colour, Missing, Reading, Seconds, Value
from watchdog.sources.base import Finding, Now
from watchdog.sources.http_probe import STOOD_STILL, HttpProber, HttpTarget, ProbeAnswer

OPEN_AT_MOST = 64
"""Requests that wait at one server at the same time. `config.schema.sources.synthetic` keeps usual settings below."""

LONGEST_DETAIL = 200
"""Characters of one failure that a reading carries; it ends up on a telephone."""

COUNTS = ("requests", "failures")
SECONDS = "seconds"

_POLL_WITHIN: Seconds = 1.0  # a poll only adds up


@dataclass(slots=True)
class _Tally:
    """What ended at one colour in the running slice, in all or of one request."""

    total: int = 0
    bad: int = 0
    slowest: Seconds | None = None
    """Of what was answered or waited for in vain."""
    failure: str = ""
    """The last one."""
    unknown: Missing | None = None
    """The prober itself could not run; such requests are not in `total`."""
    unknown_detail: str = ""

    def add(self, answer: ProbeAnswer, name: str) -> None:
        """Count one that has ended."""
        if answer.missing is not None:
            self.unknown, self.unknown_detail = answer.missing, answer.detail
            return
        self.total += 1
        if answer.ok or answer.timed_out:
            self.slowest = max(self.slowest or 0.0, answer.ended - answer.started)
        if not answer.ok:
            self.bad += 1
            self.failure = f"{name}: {answer.detail}"[:LONGEST_DETAIL]


@dataclass(slots=True)
class _Server:
    """One server of a colour, what is asked of it, and what it has not answered yet."""

    colour: Colour
    prober: HttpProber
    targets: Mapping[str, HttpTarget]
    waiting: dict[object, tuple[str, Seconds]] = field(default_factory=dict)
    """The request's name and when it began."""


class SyntheticSource:
    """Own requests to both colours, counted as `failures` of `requests`, in all and by the request's name."""

    def __init__(
        self,
        *,
        name: str,
        interval: Seconds,
        every: Seconds,
        targets: Mapping[Colour, Sequence[Mapping[str, HttpTarget]]],
        now: Now,
        open_at_most: int = OPEN_AT_MOST,
    ) -> None:
        """`targets`: for each server of a colour the requests by name, the same names everywhere, at least one.

        `every`: from one start of a request to its next, at each server. OSError or ssl.SSLError when a CA file cannot
        be read; httpx.InvalidURL for a URL that is none.
        """
        self.name = name
        self.interval = interval
        self.deadline: Seconds = _POLL_WITHIN
        self._every = every
        self._now = now
        self._open_at_most = open_at_most
        self._servers = tuple(
            _Server(colour, _prober(requests, now), requests)
            for colour, servers in targets.items()
            for requests in servers
        )
        self._names = tuple(self._servers[0].targets)
        self._colours = tuple(targets)
        self._tallies = self._fresh()
        self._polls = 0
        self._begun = dict.fromkeys(self._names, 0)
        self._since: Seconds | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def poll(self) -> tuple[Reading, ...]:
        """What ended since the last poll, over that time; and the next `interval` is set going."""
        at = self._now()
        since, self._since = at if self._since is None else self._since, at
        tallies, self._tallies = self._tallies, self._fresh()
        readings = tuple(
            reading
            for (colour, name), tally in tallies.items()
            for reading in _readings(colour, name, tally, (since, at), self._waits(colour, name, at))
        )
        self._set_going()
        return readings

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll, which only adds up, did not end: the prober could not run."""
        return tuple(
            Reading(signal=_signal(signal, name), colour=colour, value=Missing.TIMEOUT, detail="the prober did not run")
            for colour, name in self._tallies
            for signal in (*COUNTS, SECONDS)
        )

    async def examine(self) -> tuple[Finding, ...]:
        """Every request once to each server, and what was answered."""
        asked = [(server, name) for server in self._servers for name in self._names]
        answers = await asyncio.gather(*(server.prober.probe(server.targets[name]) for server, name in asked))
        return tuple(_finding(server, name, answer) for (server, name), answer in zip(asked, answers, strict=True))

    async def close(self) -> None:
        """Send nothing more, let go of what waits, and of connections."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for server in self._servers:
            await server.prober.close()

    def _fresh(self) -> dict[tuple[Colour, str | None], _Tally]:
        return {(colour, name): _Tally() for colour in self._colours for name in (None, *self._names)}

    def _set_going(self) -> None:
        """Set a timer for each request that is due in the next `interval` of the schedule.

        The names are spread over `every`, so that a server gets them evenly. Both colours get the same one at once.
        """
        loop = asyncio.get_running_loop()
        # A timer of the last slice may be a turn late; none is older.
        timers = [timer for timer in self._timers if timer.when() > loop.time() - self.interval]
        began, self._polls = self._polls * self.interval, self._polls + 1
        until = self._polls * self.interval
        for position, name in enumerate(self._names):
            while (due := (self._begun[name] + position / len(self._names)) * self._every) < until:
                self._begun[name] += 1
                timers.append(loop.call_later(max(0.0, due - began), self._begin, name))
        self._timers = timers

    def _begin(self, name: str) -> None:
        """A request is due at every server."""
        loop = asyncio.get_running_loop()
        for server in self._servers:
            if len(server.waiting) >= self._open_at_most:
                detail = f"timeout: nothing answered: {len(server.waiting)} requests wait, this one was not sent"
                at = self._now()
                self._ended(server, name, ProbeAnswer(ok=False, refused=False, detail=detail, started=at, ended=at))
                continue
            task = loop.create_task(self._ask(server, name), name=f"{self.name} {name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _ask(self, server: _Server, name: str) -> None:
        began, mark = self._now(), object()
        server.waiting[mark] = name, began
        try:
            answer = await server.prober.probe(server.targets[name])
        except Exception as error:  # noqa: BLE001 - a mistake of ours says nothing about the target and ends nothing else
            detail = f"{type(error).__name__}: {error}"
            answer = ProbeAnswer(
                ok=False, refused=False, detail=detail, started=began, ended=self._now(), missing=Missing.ERROR
            )
        finally:
            del server.waiting[mark]
        self._ended(server, name, answer)

    def _ended(self, server: _Server, name: str, answer: ProbeAnswer) -> None:
        for key in ((server.colour, None), (server.colour, name)):
            self._tallies[key].add(answer, f"{name} at {server.prober.address}")

    def _waits(self, colour: Colour, name: str | None, at: Seconds) -> Seconds | None:
        """How long the oldest request has waited that has no answer yet.

        One that should have ended long ago was in a process that stood still.
        """
        return max(
            (
                at - began
                for server in self._servers
                if server.colour is colour
                for own, began in server.waiting.values()
                if name in (None, own) and at - began <= server.targets[own].timeout + STOOD_STILL
            ),
            default=None,
        )


def _prober(requests: Mapping[str, HttpTarget], now: Now) -> HttpProber:
    first = next(iter(requests.values()))
    return HttpProber(first.url, first.tls, now)


def _signal(signal: str, name: str | None) -> str:
    return signal if name is None else f"{signal}[{name}]"


def _readings(
    colour: Colour, name: str | None, tally: _Tally, over: tuple[Seconds, Seconds], waits: Seconds | None
) -> Iterator[Reading]:
    """The counts, and the longest that anything took or has waited so far."""
    known = tally.total > 0 or tally.unknown is None
    counts: tuple[Value, Value] = (float(tally.total), float(tally.bad))
    times = [each for each in (tally.slowest, waits) if each is not None]
    seconds: Value = max(times) if times else Missing.ERROR if tally.bad else Missing.EMPTY
    if not known and tally.unknown is not None:
        counts, seconds = (tally.unknown, tally.unknown), tally.unknown
    detail = tally.failure if known else tally.unknown_detail
    for signal, value in zip((*COUNTS, SECONDS), (*counts, seconds), strict=True):
        yield Reading(signal=_signal(signal, name), colour=colour, value=value, detail=detail, over=over)


def _finding(server: _Server, name: str, answer: ProbeAnswer) -> Finding:
    """One answer, for the person who sets it up."""
    target, took = server.targets[name], answer.ended - answer.started
    what = f"{name} ({target.method}) at {server.prober.address}, {server.colour}"
    if answer.missing is not None:
        return Finding(ok=False, what=f"{what}: could not be sent: {answer.detail}", remedy="see this host's limits")
    if not answer.ok:
        return Finding(ok=False, what=f"{what}: {answer.detail}", remedy="mend the application, or say what it answers")
    said = f"{what}: {answer.status} as wanted, after {took:.2f} s"
    if took > target.timeout / 2:
        return Finding(ok=None, what=said, remedy=f"timeout: {target.timeout:g}s leaves it little; a longer one")
    return Finding(ok=True, what=said)
