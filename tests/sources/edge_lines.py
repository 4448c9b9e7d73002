"""Lines to build tests from."""

from typing import Any

from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Colour

PLAIN = {
    "service": "app",
    "colour": Colour.GREEN,
    "answered_by": Colour.GREEN,
    "started": 99.9,
    "ended": 100.0,
    "status": 200,
    "first_status": 200,
    "header_time": 0.01,
    "upstream_time": 0.02,
    "route": "other",
    "write": False,
    "mark": ProbeMark.USER,
    "connection": 1,
    "connection_requests": 1,
}


def edge_line(**changes: Any) -> EdgeLine:
    """A user's good, fast read on green, with changes."""
    return EdgeLine(**{**PLAIN, **changes})
