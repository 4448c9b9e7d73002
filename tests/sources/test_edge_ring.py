"""The memory of recent lines and the estimate of lost ones."""

from tests.sources.edge_lines import edge_line
from watchdog.sources.edge_ring import EdgeRing, LossEstimate
from watchdog.traffic.base import EdgeLog


def ring(*spans: tuple[float, float], keep_seconds: float = 60.0, keep_lines: int = 100) -> EdgeRing:
    kept = EdgeRing(keep_seconds=keep_seconds, keep_lines=keep_lines)
    for started, ended in spans:
        kept.add(edge_line(started=started, ended=ended))
    return kept


def test_lines_are_found_by_start_and_by_end() -> None:
    """A request that began before and ended after a moment is found by its end only."""
    kept = ring((0, 1), (1, 12), (11, 12), (10, 13))

    assert [(11, 12), (10, 13)] == [(line.started, line.ended) for line in kept.started_since("app", 10)]
    assert [(1, 12), (11, 12), (10, 13)] == [(line.started, line.ended) for line in kept.ended_since("app", 10)]
    assert [] == kept.started_since("other", 0)


def test_a_line_out_of_order_is_found() -> None:
    """Workers write in any order: an older line in between hides nothing behind it."""
    kept = ring((10, 10.4), (9, 9.8), (10, 10.5))

    assert 2 == len(kept.started_since("app", 10))


def test_the_ring_is_bounded_by_time_and_number() -> None:
    """Lines older than the time kept go, and so do the oldest beyond the number kept."""
    assert [70] == [line.ended for line in ring((0, 1), (0, 9), (69, 70)).ended_since("app", 0)]
    assert [3, 4] == [line.ended for line in ring((0, 1), (1, 2), (2, 3), (3, 4), keep_lines=2).ended_since("app", 0)]


def test_lines_from_before_the_clock_was_set_back_go() -> None:
    """They bear times that have not come yet, and a proof would take them for requests after the brake."""
    kept = ring((3600, 3601), (3601, 3602))
    kept.add(edge_line(started=1, ended=2), 2.1)

    assert [(1, 2)] == [(line.started, line.ended) for line in kept.started_since("app", 1)]


def lost(*seen: tuple[int, int], keep: int = 10) -> int:
    estimate = LossEstimate(keep_connections=keep)
    for connection, number in seen:
        estimate.saw(connection, number)
    return estimate.lost


def test_gaps_in_a_connection_are_lost_lines() -> None:
    """Each number that is passed over is a line that never came; connections do not mix."""
    assert 0 == lost((1, 1), (2, 1), (1, 2), (2, 2))
    assert 3 == lost((1, 1), (2, 1), (1, 3), (2, 4))


def test_what_was_before_us_is_not_lost() -> None:
    """A connection that is first seen in its middle, and one that begins anew after a restart, lose nothing."""
    assert 0 == lost((1, 57), (1, 58), (1, 1), (1, 2))
    assert 1 == lost((1, 1), (1, 3), (1, 1), (1, 2))


def test_a_request_that_ends_late_is_taken_off() -> None:
    """Requests side by side on one connection end in any order."""
    assert 0 == lost((1, 1), (1, 3), (1, 2), (1, 4))


def test_the_estimate_forgets_the_connection_unused_for_longest() -> None:
    """Memory is bounded; a forgotten connection starts afresh and invents no loss."""
    estimate = LossEstimate(keep_connections=2)
    for connection, number in [(1, 1), (2, 1), (1, 2), (3, 1), (2, 9), (1, 4)]:
        estimate.saw(connection, number)

    assert (0, 2) == (estimate.lost, len(estimate._next))


def proof(log: EdgeLog) -> tuple[int, int]:
    """What a router asks of the log."""
    return len(log.started_since("app", 1)), len(log.ended_since("app", 2))


def test_the_ring_fits_the_routers_port() -> None:
    """What a proof asks of the balancer's log is what the ring answers."""
    assert (1, 1) == proof(ring((1, 2)))
