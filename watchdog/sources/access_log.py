"""What the balancer sees: receives its log lines and pushes the counts of both colours every 250 ms.

What lives here: receiving, slicing, and saying when a slice cannot be believed. What must not: the line's grammar
(`edge_line`), what counts as bad (`edge_counts`), the socket's making (`edge_socket`).

A slice says what ended in its interval, so nothing older may count in it: a line that ended over `MAX_AGE` before
it is received, or before the receiver started, goes to the ring only. When the process stood still for over
`MAX_SLICE` the queue has overflowed meanwhile: the queue is emptied, the counts are thrown away, and one slice says
that the interval was not seen (Missing(stale)). So a stopped and continued daemon draws no conclusion from a burst.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from watchdog.core.edge import EdgeLine
from watchdog.core.model import Missing, Seconds
from watchdog.sources.base import Emit, Now
from watchdog.sources.edge_counts import SliceCounts
from watchdog.sources.edge_line import LineParser, Unattributed
from watchdog.sources.edge_ring import EdgeRing, LossEstimate

SLICE: Seconds = 0.25
MAX_SLICE: Seconds = 2.0  # eight slices: a busy loop is late by less, a stopped process by more
MAX_AGE: Seconds = 5.0  # a line comes within milliseconds; a worker that hangs on a disk is late by less
LOG_CLOCK_SLACK: Seconds = 0.02  # the log's times are cut to milliseconds and cached for a turn of the worker's loop
LONGEST_LINE_BYTES = 4096  # nginx cuts a syslog message at 2 KiB
LINES_AT_ONCE = 2000  # then the loop gets its turn; what is left is read in the next one


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeService:
    """One service's share of the log: what its source is called, what its signals need, who takes its slices."""

    service: str
    source: str
    slow: Seconds
    emit: Emit
    routes: tuple[str, ...] = ()
    long_routes: tuple[str, ...] = ()
    also_bad: Mapping[str, frozenset[int]] = field(default_factory=dict)
    """The statuses that a route declares as bad, too."""


@dataclass(slots=True, kw_only=True)
class EdgeStats:
    """Counts since the start, for logs and metrics."""

    received: int = 0
    unreadable: int = 0
    no_upstream: int = 0
    foreign: int = 0
    """The upstream belongs to no service."""
    late: int = 0
    lost: int = 0
    """An estimate (`LossEstimate`)."""


class _Slices:
    """One service's running slice."""

    def __init__(self, settings: EdgeService) -> None:
        self.settings = settings
        self.counts = SliceCounts(
            slow=settings.slow,
            routes=settings.routes,
            long_routes=settings.long_routes,
            also_bad=settings.also_bad,
        )
        self.heard = False
        self.newest = 0.0
        self.blind = ""


class AccessLog:
    """The receiver. `start()` inside the running loop, `close()` at the end."""

    def __init__(
        self,
        *,
        sock: socket.socket,
        parser: LineParser,
        services: Iterable[EdgeService],
        now: Now,
        wall: Callable[[], float],
        ring: EdgeRing | None = None,
    ) -> None:
        """`sock`: non-blocking, owned from here on. `now`: engine clock. `wall`: Unix seconds, as in the lines."""
        self.ring = ring if ring is not None else EdgeRing()
        self._sock = sock
        self._now = now
        self._wall = wall
        self._loss = LossEstimate()
        self._stats = EdgeStats()
        self._slices: dict[str, _Slices] = {}
        self._not_before = 0.0
        self._since: Seconds = 0.0
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.configure(parser, services)

    @property
    def stats(self) -> EdgeStats:
        """The counts since the start."""
        self._stats.lost = self._loss.lost
        return self._stats

    def configure(self, parser: LineParser, services: Iterable[EdgeService]) -> None:
        """Take other upstreams, routes or services; what a running slice had counted is dropped."""
        self._parser = parser
        self._slices = {settings.service: _Slices(settings) for settings in services}

    def start(self) -> None:
        """Begin to receive. What waits in the queue from before is not counted."""
        self._loop = asyncio.get_running_loop()
        self._not_before = self._wall() - LOG_CLOCK_SLACK
        self._since = self._now()
        self._loop.add_reader(self._sock, self._receive)
        self._due = self._loop.time() + SLICE
        self._timer = self._loop.call_at(self._due, self._slice)

    def close(self) -> None:
        """Stop receiving and close the socket. Its file is the business of whoever bound it."""
        if self._timer is not None and self._loop is not None:
            self._timer.cancel()
            self._loop.remove_reader(self._sock)
            self._timer = None
        self._sock.close()

    def newest(self, service: str) -> float:
        """When the last received request of a service ended (wall clock); 0 before the first."""
        slices = self._slices.get(service)
        return slices.newest if slices is not None else 0.0

    def set_blind(self, service: str, detail: str) -> None:
        """The log is known not to arrive: slices are Missing(stale) up to the one in which a line arrives again.

        An empty `detail` takes it back.
        """
        slices = self._slices.get(service)
        if slices is not None:
            slices.blind = detail
            slices.heard = False

    def _receive(self) -> bool:
        """Read until the queue is empty (False) or others must have their turn (True)."""
        wall = self._wall()
        self._not_before = min(self._not_before, wall)  # the wall clock was set back: the start is in the past still
        receive = self._sock.recv
        for _ in range(LINES_AT_ONCE):
            try:
                data = receive(LONGEST_LINE_BYTES)
            except BlockingIOError:
                return False
            self._take(data, wall)
        return True

    def _take(self, data: bytes, wall: float) -> None:
        self._stats.received += 1
        line = self._parser.parse(data)
        if line is None:
            self._stats.unreadable += 1
            return
        self._loss.saw(line.connection, line.connection_requests)
        slices = self._slices.get(line.service) if isinstance(line, EdgeLine) else None
        if isinstance(line, Unattributed) or slices is None:
            if isinstance(line, Unattributed) and not line.address:
                self._stats.no_upstream += 1
            else:
                self._stats.foreign += 1
            return
        self.ring.add(line, wall)
        if line.ended < wall - MAX_AGE or line.ended < self._not_before:
            self._stats.late += 1
            return
        slices.heard = True
        slices.newest = line.ended
        slices.counts.add(line)

    def _slice(self) -> None:
        """End the running slice of every service and begin the next."""
        loop = self._loop
        if loop is None or self._timer is None:
            return
        self._due += SLICE
        if self._due <= loop.time():  # late: keep the rhythm, do not catch up
            self._due = loop.time() + SLICE
        self._timer = loop.call_at(self._due, self._slice)
        stood_still = self._now() - self._since > MAX_SLICE
        while self._receive() and stood_still:
            pass
        start, end = self._since, self._now()
        self._since = end
        for slices in tuple(self._slices.values()):
            self._emit(slices, start, end, stood_still=stood_still)

    def _emit(self, slices: _Slices, start: Seconds, end: Seconds, *, stood_still: bool) -> None:
        settings = slices.settings
        if stood_still:
            detail = f"the daemon stood still for {end - start:.1f} s and did not see these lines"
            readings = slices.counts.take_missing(Missing.STALE, detail)
        elif slices.blind:
            readings = slices.counts.take_missing(Missing.STALE, slices.blind)
        else:
            readings = slices.counts.take()
        if slices.heard:
            slices.blind = ""
        slices.heard = False
        settings.emit(settings.source, start, end, readings)
