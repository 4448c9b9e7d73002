"""The balancer's recent lines, kept for whoever must prove where requests went.

What lives here: a bounded memory (implements `watchdog.traffic.base.EdgeLog`) and the estimate of lost lines. What must
not: sockets, counting for signals. Times are the balancer's wall clock.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable

from watchdog.core.edge import EdgeLine

KEEP_SECONDS = 60.0
KEEP_LINES = 100_000  # about 35 MB when full: 20 s at 5,000 requests/s, twice a proof's deadline
OUT_OF_ORDER_SECONDS = 1.0  # several workers write in any order and cache their clock

AHEAD_SECONDS = 1.0  # the balancer's clock is this host's: a line from later than now is from before the clock was set


class EdgeRing:
    """Recent lines per service: at most `keep_seconds` and `keep_lines` of them."""

    def __init__(self, *, keep_seconds: float = KEEP_SECONDS, keep_lines: int = KEEP_LINES) -> None:
        self._keep_seconds = keep_seconds
        self._keep_lines = keep_lines
        self._lines: dict[str, deque[EdgeLine]] = {}

    def add(self, line: EdgeLine, wall: float | None = None) -> None:
        """Keep a line, and let go of what is too old beside it.

        `wall`: the clock now. When it was set back, the lines of before bear times that have not come yet and would
        pass for requests after any brake: they go.
        """
        lines = self._lines.get(line.service)
        if lines is None:
            lines = self._lines[line.service] = deque(maxlen=self._keep_lines)
        if wall is not None and lines and lines[-1].ended > wall + AHEAD_SECONDS:
            self._lines[line.service] = lines = deque(
                (each for each in lines if each.ended <= wall + AHEAD_SECONDS), maxlen=self._keep_lines
            )
        lines.append(line)
        oldest = line.ended - self._keep_seconds
        while lines[0].ended < oldest:
            lines.popleft()

    def started_since(self, service: str, since: float) -> list[EdgeLine]:
        """Lines of requests that started at `since` or later, in the order in which they ended."""
        return [line for line in self._recent(service, since) if line.started >= since]

    def ended_since(self, service: str, since: float) -> list[EdgeLine]:
        """Lines of requests that ended at `since` or later, in the order in which they ended."""
        return [line for line in self._recent(service, since) if line.ended >= since]

    def _recent(self, service: str, since: float) -> Iterable[EdgeLine]:
        """Lines that may have ended at `since` or later, oldest first."""
        found: list[EdgeLine] = []
        for line in reversed(self._lines.get(service, ())):
            if line.ended < since - OUT_OF_ORDER_SECONDS:
                break
            found.append(line)
        found.reverse()
        return found


class LossEstimate:
    """How many lines never came, by gaps in each connection's request numbers.

    An estimate: a location with `access_log off` makes gaps too, and the end of a connection is not seen.
    """

    def __init__(self, *, keep_connections: int = 4096) -> None:
        self._keep = keep_connections
        self._next: OrderedDict[int, int] = OrderedDict()
        self.lost = 0
        """Lines missing so far. A request that ends after its successors (HTTP/2) is taken off again."""

    def saw(self, connection: int, number: int) -> None:
        """Take note of a line's connection and its request number there."""
        expected = self._next.get(connection)
        if expected is None or number == 1:  # new to us, or the balancer was restarted and counts anew
            self._next[connection] = number + 1
            if len(self._next) > self._keep:
                self._next.popitem(last=False)
        elif number >= expected:
            self.lost += number - expected
            self._next[connection] = number + 1
        elif self.lost:
            self.lost -= 1
        self._next.move_to_end(connection)
