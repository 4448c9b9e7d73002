"""One request at the balancer."""

from dataclasses import FrozenInstanceError

import pytest

from tests.core.examples import BLUE, GREEN, SHOP
from watchdog.core.edge import EdgeLine, ProbeMark


def test_a_line_is_a_value() -> None:
    """It has nothing of the client, is a user's unless marked, and never changes."""
    line = EdgeLine(
        service=SHOP,
        colour=GREEN,
        answered_by=BLUE,
        started=1.0,
        ended=1.2,
        status=200,
        first_status=502,
        header_time=None,
        upstream_time=0.1,
        route="",
        write=False,
        mark=ProbeMark(0),
        connection=7,
        connection_requests=1,
    )

    assert (ProbeMark.USER, False) == (line.mark, line.stale_connection)
    assert (1, 2) == (ProbeMark.CANDIDATE_PROBE, ProbeMark.DRAWN_PROBE)
    with pytest.raises(FrozenInstanceError):
        line.status = 500  # type: ignore[misc]  # that is the point
