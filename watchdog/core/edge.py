"""What the balancer says of one request, as far as the decision needs it.

What lives here: the value and its pure judgement (bad, slow, counted). What must not: parsing text, sockets, files.
Times are the balancer's wall clock in Unix seconds, because its log says so; sources and routers convert.
"""

from dataclasses import dataclass
from enum import IntEnum

from watchdog.core.model import Colour


class ProbeMark(IntEnum):
    """Whose request it was."""

    USER = 0
    CANDIDATE_PROBE = 1
    """Sent to the candidate whatever the split says."""
    DRAWN_PROBE = 2
    """Drawn and braked like a user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeLine:
    """One request at the balancer, with the tries that its upstreams saw."""

    service: str
    colour: Colour
    """Of the first upstream that was tried."""
    answered_by: Colour
    """Of the last one."""
    started: float
    ended: float
    status: int
    first_status: int | None
    """Status of the first try that was not stale, with the balancer's own 502 or 504 when the application gave none;
    None only when the log says `-`.
    """
    header_time: float | None
    """Seconds from that try's start to its header."""
    upstream_time: float | None
    """Seconds that that try took in all."""
    route: str
    write: bool
    mark: ProbeMark
    connection: int
    connection_requests: int
    answered_elsewhere: bool = False
    """After that try another server of the service was asked, and the last answer is not from the server of that try.
    """
    stale_connection: bool = False
    """Tries were skipped that died on kept-alive connections which the application had closed; not its fault."""
