"""One datagram of the balancer's log, read into an `EdgeLine`.

What lives here: the grammar of the line and which try decides. What must not: sockets, counting, clocks.

The line is what nginx writes for `access_log syslog:server=unix:PATH,nohostname,tag=rwd rwd;` with

    log_format rwd 'rwd1 $msec $request_time $status $connection $connection_requests $rwd_probe $rwd_m $rwd_r '
                   '"$upstream_status" "$upstream_addr" "$upstream_header_time" "$upstream_response_time"';

In the four lists ", " separates the tries of one upstream request and " : " the upstream requests before and after an
internal redirect. A try on a kept-alive connection that the application had closed is followed by a try at the same
address; it says nothing about the version, so the try after it decides. Followed by a backup's address it cannot be
told from a crash: the log has no word for a reused connection (a new one on this host, too, takes 0.000 s), and counts
as a failure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Colour

_LINE = re.compile(
    rb"<\d{1,3}>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:[^ ]+ )?[A-Za-z0-9_]{1,32}: "
    rb"rwd1 (\d+\.\d{3}) (\d+\.\d{3}) (\d{3}) (\d+) (\d+) ([012]) ([rw-]?) ([\w.-]{0,64}) "
    rb'"([^"]*)" "([^"]*)" "([^"]*)" "([^"]*)"\n?'
)
_MARKS = {b"0": ProbeMark.USER, b"1": ProbeMark.CANDIDATE_PROBE, b"2": ProbeMark.DRAWN_PROBE}
_NOTHING = b"-"
_STALE_STATUS = b"502"
_KNOWN_ROUTES = 256  # distinct route names kept; the operator has at most 32 per service
OTHER_ROUTE = "other"
"""The route of a request that no named route claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Which copy an upstream's address, or a pool's name, stands for."""

    service: str
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattributed:
    """A readable line of a request that belongs to no colour: no upstream was asked, or an unknown one."""

    connection: int
    connection_requests: int
    ended: float
    mark: ProbeMark
    address: str
    """The unknown upstream's address; empty when no upstream was asked."""


class LineParser:
    """Reads datagrams; knows which address is which copy."""

    def __init__(self, upstreams: Mapping[str, Upstream]) -> None:
        """`upstreams`: by address as nginx logs it (`127.0.0.1:8081`, `unix:/run/app.sock`) or by pool name."""
        self._upstreams = {address.encode(): upstream for address, upstream in upstreams.items()}
        self._routes: dict[bytes, str] = {}

    def parse(self, data: bytes) -> EdgeLine | Unattributed | None:
        """The line, or None when it is foreign, truncated or garbage. Never raises."""
        match = _LINE.fullmatch(data)
        if match is None:
            return None
        msec, took, status, connection, number, mark, method, route, *lists = match.groups()
        statuses, addresses, headers, times = lists
        ended = float(msec)
        if b", " in addresses or b" : " in addresses:
            decided = _deciding_try(statuses, addresses, headers, times)
            if decided is None:
                return None
            statuses, addresses, headers, times, last, stale = decided
        else:
            last, stale = addresses, False
        first_upstream, last_upstream = self._upstreams.get(addresses), self._upstreams.get(last)
        if first_upstream is None:
            return Unattributed(
                connection=int(connection),
                connection_requests=int(number),
                ended=ended,
                mark=_MARKS[mark],
                address="" if addresses == _NOTHING else addresses.decode(errors="replace"),
            )
        # What is no server of this service (a page of the operator's, say) does not answer in its place.
        own = last_upstream is not None and last_upstream.service == first_upstream.service
        try:
            return EdgeLine(
                service=first_upstream.service,
                colour=first_upstream.colour,
                answered_by=last_upstream.colour if last_upstream is not None and own else first_upstream.colour,
                answered_elsewhere=own and last != addresses,
                started=ended - float(took),
                ended=ended,
                status=int(status),
                first_status=None if statuses == _NOTHING else int(statuses),
                header_time=None if headers == _NOTHING else float(headers),
                upstream_time=None if times == _NOTHING else float(times),
                route=self._route(route),
                write=method != b"r",  # an unknown method counts as a write: the cautious side
                mark=_MARKS[mark],
                connection=int(connection),
                connection_requests=int(number),
                stale_connection=stale,
            )
        except ValueError:  # a list holds something that is no number
            return None

    def _route(self, name: bytes) -> str:
        """One string object per name: the ring keeps many lines."""
        known = self._routes.get(name)
        if known is None:
            known = OTHER_ROUTE if name in (b"", _NOTHING) else name.decode()
            if len(self._routes) < _KNOWN_ROUTES:
                self._routes[name] = known
        return known


def _deciding_try(
    statuses: bytes, addresses: bytes, headers: bytes, times: bytes
) -> tuple[bytes, bytes, bytes, bytes, bytes, bool] | None:
    """Status, address, header time and time of the try that decides; who answered; whether a stale one came before.

    None when the lists do not fit each other.
    """
    tries = [part.split(b", ") for part in _groups(addresses)]
    first = tries[0]
    last = next((group[-1] for group in reversed(tries) if group[-1]), first[-1])
    status, header, time = (_groups(part)[0].split(b", ") for part in (statuses, headers, times))
    if not len(first) == len(status) == len(header) == len(time):
        return None
    index = 0
    while (
        index + 1 < len(first)
        and status[index] == _STALE_STATUS
        and header[index] == _NOTHING
        and first[index + 1] == first[index]
    ):
        index += 1
    return status[index], first[index], header[index], time[index], last, index > 0


def _groups(part: bytes) -> list[bytes]:
    """The upstream requests before and after each internal redirect."""
    return part.split(b" : ")
