"""What a request at the balancer counts for: bad, slow, an accepted write; and the counts of one slice.

What lives here: pure judgement and addition. What must not: parsing, sockets, clocks.

Only users' requests are counted. A request belongs to the colour whose upstream was tried first: a failure that the
balancer hid by asking stable is the candidate's failure all the same, and counts as `errors` and as `shielded`. A write
belongs to the colour that answered it.

A request counts when it ends. So one that hangs counts late, in the slice of its end, for the colour that it hung at:
as bad (the balancer's timeout, or a user who gave up), however long ago it began.
"""

from collections.abc import Iterable, Mapping

from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Colour, Missing, Reading, Seconds

GAVE_UP_AFTER: Seconds = 2.0
"""A user who leaves after this much upstream time without a header has met a fault; before that, just left."""

SIGNALS = ("requests", "errors", "slow", "writes", "shielded")
"""The signals of each slice and colour, each also per route as in `errors[login]`."""

ALSO_BAD = "also_bad"
"""Only per route, and only of routes that declare statuses: the errors and the requests with those statuses."""

_CLIENT_LEFT = 499
_SWITCHING_PROTOCOLS = 101
_SERVER_ERROR = 500
_CLIENT_ERROR = 400


def is_bad(line: EdgeLine) -> bool:
    """Whether the first try failed: 5xx (the balancer's own 502 and 504 for refusal and timeout included) or given up.

    Tries on stale kept-alive connections have been passed over by the parser.
    """
    if line.first_status is not None:
        return line.first_status >= _SERVER_ERROR
    return line.status == _CLIENT_LEFT and line.upstream_time is not None and line.upstream_time >= GAVE_UP_AFTER


def is_shielded(line: EdgeLine) -> bool:
    """Whether no user saw that the first try failed: another server of the service answered below 500 in its place."""
    return is_bad(line) and line.answered_elsewhere and line.status < _SERVER_ERROR


def is_slow(line: EdgeLine, limit: Seconds) -> bool:
    """Whether the first try's answer took longer than `limit` to begin.

    A try without a header (timeout, reset, user gone) has waited for one as long as it lasted: over `limit` it is slow,
    or else a version that hangs would look fast. An upgraded connection is left out; an event stream is
    judged by when it begins, and one that begins late is a matter for a route marked long.
    """
    if line.first_status == _SWITCHING_PROTOCOLS:
        return False
    waited = line.header_time if line.header_time is not None else line.upstream_time
    return waited is not None and waited > limit


def is_accepted_write(line: EdgeLine) -> bool:
    """Whether the answering colour took a write: a method other than GET, HEAD, OPTIONS, answered below 400."""
    return line.write and line.status < _CLIENT_ERROR


def is_also_bad(line: EdgeLine, statuses: frozenset[int]) -> bool:
    """Whether it is bad, or its first try was answered with one of these statuses."""
    return is_bad(line) or (line.status if line.first_status is None else line.first_status) in statuses


class SliceCounts:
    """Adds up one service's lines, and gives them out as readings of both colours."""

    def __init__(
        self,
        *,
        slow: Seconds,
        routes: Iterable[str] = (),
        long_routes: Iterable[str] = (),
        also_bad: Mapping[str, frozenset[int]] | None = None,
    ) -> None:
        """`slow`: seconds to the header. `long_routes` never count as slow. Other routes count in the total only.

        `also_bad`: the statuses that a route declares.
        """
        self._slow = slow
        self._long = frozenset(long_routes)
        self._also_bad = {} if also_bad is None else dict(also_bad)
        self._routes = (None, *sorted({*routes, *self._long, *self._also_bad}))
        self._labels = [(colour, self._signals(route)) for route in self._routes for colour in Colour]
        self._cells = [[0] * len(signals) for _, signals in self._labels]
        cells = iter(self._cells)
        self._by_route = {route: {colour: next(cells) for colour in Colour} for route in self._routes}
        self._touched = False
        self._zeros = self._make()

    def _signals(self, route: str | None) -> tuple[str, ...]:
        if route is None:
            return SIGNALS
        signals = (*SIGNALS, ALSO_BAD) if route in self._also_bad else SIGNALS
        return tuple(f"{signal}[{route}]" for signal in signals)

    def add(self, line: EdgeLine) -> None:
        """Count a user's request; anything else is ignored."""
        if line.mark is not ProbeMark.USER:
            return
        self._touched = True
        own, colour = line.route, line.colour
        bad = is_bad(line)
        shielded = bad and is_shielded(line)
        slow = own not in self._long and is_slow(line, self._slow)
        wrote = is_accepted_write(line)
        for route in (None, own):
            cells = self._by_route.get(route)
            if cells is None:
                continue
            cell = cells[colour]
            cell[0] += 1
            cell[1] += bad
            cell[2] += slow
            cell[4] += shielded
            if wrote:
                cells[line.answered_by][3] += 1
        if own in self._also_bad and is_also_bad(line, self._also_bad[own]):
            self._by_route[own][colour][len(SIGNALS)] += 1

    def take(self) -> tuple[Reading, ...]:
        """The counts since the last taking, zeros included, and begin anew."""
        if not self._touched:
            return self._zeros
        readings = self._make()
        self._clear()
        return readings

    def take_missing(self, missing: Missing, detail: str) -> tuple[Reading, ...]:
        """Throw the counts away and say of every signal why it has no value."""
        self._clear()
        return tuple(
            Reading(signal=signal, colour=colour, value=missing, detail=detail)
            for colour, signals in self._labels
            for signal in signals
        )

    def _make(self) -> tuple[Reading, ...]:
        return tuple(
            Reading(signal=signal, colour=colour, value=float(count))
            for (colour, signals), cell in zip(self._labels, self._cells, strict=True)
            for signal, count in zip(signals, cell, strict=True)
        )

    def _clear(self) -> None:
        for cell in self._cells:
            cell[:] = [0] * len(cell)
        self._touched = False
