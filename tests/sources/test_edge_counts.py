"""What counts as bad, slow and written, and the slice's sums."""

from typing import Any

import pytest

from tests.sources.edge_lines import edge_line
from watchdog.core.edge import ProbeMark
from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.edge_counts import SliceCounts, is_accepted_write, is_also_bad, is_bad, is_shielded, is_slow

LEFT = {"status": 499, "first_status": None, "header_time": None}


@pytest.mark.parametrize(
    ("changes", "bad"),
    [
        pytest.param({}, False, id="good"),
        pytest.param({"first_status": 500, "status": 200}, True, id="hidden by the balancer"),
        pytest.param({"first_status": 502, "header_time": None}, True, id="refused"),
        pytest.param({"first_status": 504, "header_time": None, "status": 504}, True, id="timeout"),
        pytest.param({"first_status": 404, "status": 404}, False, id="the client's fault"),
        pytest.param({"stale_connection": True}, False, id="stale connection, then good"),
        pytest.param({"stale_connection": True, "first_status": 502, "header_time": None}, True, id="stale, then gone"),
        pytest.param({**LEFT, "upstream_time": 0.3}, False, id="left early"),
        pytest.param({**LEFT, "upstream_time": 2.0}, True, id="gave up"),
        pytest.param({**LEFT, "upstream_time": None}, False, id="left, nothing known"),
        pytest.param({**LEFT, "status": 408, "upstream_time": 9.0}, False, id="the client's own slowness"),
        pytest.param({"first_status": 200, "status": 500}, False, id="the balancer's own failure"),
    ],
)
def test_bad_is_what_the_first_try_failed(changes: dict[str, Any], *, bad: bool) -> None:
    """A 5xx, a refusal, a timeout and a user who gave up are bad; what the client did is not."""
    assert bad is is_bad(edge_line(**changes))


@pytest.mark.parametrize(
    ("changes", "bad"),
    [
        pytest.param({}, False, id="good"),
        pytest.param({"first_status": 500}, True, id="bad by itself"),
        pytest.param({"first_status": 404, "status": 404}, True, id="listed"),
        pytest.param({"first_status": 403, "status": 403}, False, id="not listed"),
        pytest.param({"first_status": 404, "status": 200}, True, id="hidden by the balancer"),
        pytest.param({"first_status": 200, "status": 404}, False, id="the balancer's own"),
        pytest.param({**LEFT, "upstream_time": 2.0}, True, id="gave up"),
        pytest.param({**LEFT, "upstream_time": 0.3}, False, id="left early"),
    ],
)
def test_a_route_may_declare_more_as_bad(changes: dict[str, Any], *, bad: bool) -> None:
    """The errors, and the statuses that it lists, as the application answered at the first try."""
    assert bad is is_also_bad(edge_line(**changes), frozenset({401, 404}))


@pytest.mark.parametrize(
    ("changes", "slow"),
    [
        pytest.param({"header_time": 2.0}, False, id="at the limit"),
        pytest.param({"header_time": 2.001}, True, id="over it"),
        pytest.param({"header_time": 0.01, "upstream_time": 600.0}, False, id="event stream"),
        pytest.param({"first_status": 101, "header_time": 9.0}, False, id="upgraded"),
        pytest.param({"first_status": 504, "header_time": None, "upstream_time": 5.0}, True, id="timeout"),
        pytest.param({"first_status": 502, "header_time": None, "upstream_time": 0.0}, False, id="refused"),
        pytest.param({**LEFT, "upstream_time": 2.5}, True, id="gave up"),
        pytest.param({**LEFT, "upstream_time": None}, False, id="nothing known"),
    ],
)
def test_slow_is_a_late_header(changes: dict[str, Any], *, slow: bool) -> None:
    """The time to the header decides; without one, the time that was waited for it."""
    assert slow is is_slow(edge_line(**changes), 2.0)


@pytest.mark.parametrize(
    ("changes", "wrote"),
    [
        ({}, False),
        ({"write": True}, True),
        ({"write": True, "status": 302}, True),
        ({"write": True, "status": 400}, False),
    ],
)
def test_a_write_is_accepted_below_400(changes: dict[str, Any], *, wrote: bool) -> None:
    """Only a writing method that was answered below 400 is an accepted write."""
    assert wrote is is_accepted_write(edge_line(**changes))


def values(readings: tuple[Reading, ...]) -> dict[tuple[str, str], Any]:
    return {(reading.signal, str(reading.colour)): reading.value for reading in readings if reading.value}


def test_a_slice_counts_each_colour_and_route() -> None:
    """Requests, errors, slow ones and writes are summed per colour, in all and per named route."""
    counts = SliceCounts(slow=2.0, routes=["login"])
    counts.add(edge_line(route="login", first_status=500, header_time=3.0))
    counts.add(edge_line(route="elsewhere"))
    counts.add(edge_line(colour=Colour.BLUE, answered_by=Colour.BLUE, write=True))

    expected = {
        ("requests", "green"): 2.0,
        ("errors", "green"): 1.0,
        ("slow", "green"): 1.0,
        ("requests[login]", "green"): 1.0,
        ("errors[login]", "green"): 1.0,
        ("slow[login]", "green"): 1.0,
        ("requests", "blue"): 1.0,
        ("writes", "blue"): 1.0,
    }
    assert expected == values(counts.take())


def test_a_taken_slice_begins_anew_and_names_every_signal() -> None:
    """After a taking every signal of both colours is zero, and none is left out."""
    counts = SliceCounts(slow=2.0, routes=["login"])
    counts.add(edge_line())
    counts.take()
    counts.add(edge_line(mark=ProbeMark.CANDIDATE_PROBE))
    again = counts.take()

    assert 20 == len(again)
    assert {0.0} == {reading.value for reading in again}


def test_probes_are_not_users() -> None:
    """Marked requests are not counted, whatever became of them."""
    counts = SliceCounts(slow=2.0)
    for mark in (ProbeMark.CANDIDATE_PROBE, ProbeMark.DRAWN_PROBE):
        counts.add(edge_line(mark=mark, first_status=500))

    assert {} == values(counts.take())


def test_a_long_route_is_never_slow() -> None:
    """A route marked long counts in everything but slow."""
    counts = SliceCounts(slow=2.0, long_routes=["reports"])
    counts.add(edge_line(route="reports", header_time=30.0))

    assert {("requests", "green"): 1.0, ("requests[reports]", "green"): 1.0} == values(counts.take())


@pytest.mark.parametrize(
    ("changes", "shielded"),
    [
        pytest.param({"first_status": 500, "answered_elsewhere": True}, True, id="stable answered"),
        pytest.param({"first_status": 500, "answered_elsewhere": True, "status": 404}, True, id="below 500"),
        pytest.param({"first_status": 500, "answered_elsewhere": True, "status": 500}, False, id="stable failed too"),
        pytest.param({"first_status": 500, "status": 500}, False, id="a user saw it"),
        pytest.param({"first_status": 502, "status": 200}, False, id="a page of the balancer's instead"),
        pytest.param({"answered_elsewhere": True}, False, id="the first try was good"),
    ],
)
def test_shielded_is_a_failure_that_no_user_saw(changes: dict[str, Any], *, shielded: bool) -> None:
    """Another server of the service answered below 500; the first try's failure counts as an error all the same."""
    assert shielded is is_shielded(edge_line(**changes))


def test_the_shielded_are_the_candidates_errors_too() -> None:
    """The counts of the colour that failed, in total and on the route; the one that answered has nothing of it."""
    counts = SliceCounts(slow=2.0, routes=["login"], also_bad={"login": frozenset({401})})
    counts.add(edge_line(first_status=500, answered_by=Colour.BLUE, answered_elsewhere=True, route="login"))

    names = ("requests", "errors", "shielded")
    both = {(f"{name}{route}", "green"): 1.0 for name in names for route in ("", "[login]")}
    assert {**both, ("also_bad[login]", "green"): 1.0} == values(counts.take())


def test_a_write_belongs_to_who_answered() -> None:
    """A write that the candidate refused and stable took is the candidate's error and stable's write."""
    counts = SliceCounts(slow=2.0)
    counts.add(edge_line(first_status=502, header_time=None, upstream_time=0.0, write=True, answered_by=Colour.BLUE))

    assert {
        ("requests", "green"): 1.0,
        ("errors", "green"): 1.0,
        ("writes", "blue"): 1.0,
    } == values(counts.take())


def test_a_missing_slice_keeps_nothing() -> None:
    """Counts of an interval that cannot be believed are thrown away; every signal says why."""
    counts = SliceCounts(slow=2.0)
    counts.add(edge_line())
    missing = counts.take_missing(Missing.STALE, "not seen")

    assert {(Missing.STALE, "not seen")} == {(reading.value, reading.detail) for reading in missing}
    assert 10 == len(missing)
    assert {} == values(counts.take())


def test_what_a_route_declares_is_counted_there_alone() -> None:
    """`also_bad[login]` is there for login, has the errors in it, and leaves every other count as it was."""
    counts = SliceCounts(slow=2.0, routes=["login", "labs"], also_bad={"login": frozenset({401})})
    for route in ("login", "labs"):
        counts.add(edge_line(route=route, first_status=401, status=401))
        counts.add(edge_line(route=route, first_status=500, status=500))
        counts.add(edge_line(route=route, colour=Colour.BLUE))
    taken = counts.take()

    assert {("also_bad[login]", "green"): 2.0} == {
        key: value for key, value in values(taken).items() if key[0].startswith("also_bad")
    }
    assert {"errors": 2.0, "errors[login]": 1.0, "errors[labs]": 1.0} == {
        signal: value for (signal, _), value in values(taken).items() if signal.startswith("errors")
    }
    names = {reading.signal for reading in taken}
    assert ("also_bad[login]" in names, "also_bad" in names, "also_bad[labs]" in names) == (True, False, False)
    assert names == {reading.signal for reading in counts.take_missing(Missing.STALE, "not seen")}
    assert {} == values(counts.take())
