"""The balancer's line in every case that was seen on a real one, and what is no line at all."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.core.edge import EdgeLine, ProbeMark
from watchdog.core.model import Colour
from watchdog.sources.edge_line import LineParser, Unattributed, Upstream

A, B = "127.0.0.1:18082", "127.0.0.1:18081"
UPSTREAMS = {
    A: Upstream(service="app", colour=Colour.GREEN),
    B: Upstream(service="app", colour=Colour.BLUE),
    "rwd-app-blue": Upstream(service="app", colour=Colour.BLUE),
    "rwd-app-green": Upstream(service="app", colour=Colour.GREEN),
}
PREFIX = "<190>Nov 24 09:00:00 rwd: "


def datagram(
    status: str, address: str, header: str, time: str = "0.001", *, prefix: str = PREFIX, answered: int = 200
) -> bytes:
    lists = f'"{status}" "{address}" "{header}" "{time}"'
    return f"{prefix}rwd1 1764000000.250 0.125 {answered} 12 3 0 r login {lists}".encode()


def parse(data: bytes) -> EdgeLine | Unattributed | None:
    return LineParser(UPSTREAMS).parse(data)


def line(data: bytes) -> EdgeLine:
    found = parse(data)
    assert isinstance(found, EdgeLine)
    return found


def test_every_field_of_a_plain_line_is_read() -> None:
    """A line of one try is read completely; the start is the end minus the request's time."""
    expected = EdgeLine(
        service="app",
        colour=Colour.GREEN,
        answered_by=Colour.GREEN,
        started=1764000000.125,
        ended=1764000000.25,
        status=200,
        first_status=200,
        header_time=0.004,
        upstream_time=0.005,
        route="login",
        write=False,
        mark=ProbeMark.USER,
        connection=12,
        connection_requests=3,
    )

    assert expected == parse(datagram("200", A, "0.004", "0.005"))


@pytest.mark.parametrize(
    ("status", "address", "header", "time", "expected"),
    [
        pytest.param(
            "500, 200", f"{A}, {B}", "0.000, 0.001", "0.000, 0.001", (500, 0.0, "green", "blue", False), id="retried"
        ),
        pytest.param(
            "502, 200", f"{A}, {B}", "-, 0.001", "0.000, 0.001", (502, None, "green", "blue", False), id="refused"
        ),
        pytest.param(
            "502, 200", f"{A}, {A}", "-, 0.002", "0.000, 0.002", (200, 0.002, "green", "green", True), id="stale"
        ),
        pytest.param(
            "502, 502, 200",
            f"{A}, {A}, {B}",
            "-, -, 0.001",
            "0.000, 0.000, 0.001",
            (502, None, "green", "blue", True),
            id="stale, then really gone",
        ),
        pytest.param(
            "502, 502, 200",
            f"{A}, {A}, {A}",
            "-, -, 0.002",
            "0.000, 0.000, 0.002",
            (200, 0.002, "green", "green", True),
            id="stale twice",
        ),
        pytest.param(
            "502, 200",
            f"{A}, {A}",
            "0.001, 0.002",
            "0.001, 0.002",
            (502, 0.001, "green", "green", False),
            id="the application's own 502",
        ),
        pytest.param(
            "502, 502", f"{A}, rwd-app-blue", "-, -", "0.0, 0.0", (502, None, "green", "blue", False), id="pool's name"
        ),
        pytest.param("502", "rwd-app-green", "-", "0.000", (502, None, "green", "green", False), id="only a pool"),
        pytest.param("-", A, "-", "0.300", (None, None, "green", "green", False), id="499 before the header"),
        pytest.param("504", A, "-", "2.001", (504, None, "green", "green", False), id="timeout"),
        pytest.param(
            "200 : 200", f"{A} : {A}", "0.000 : 0.001", "0.0 : 0.0", (200, 0.0, "green", "green", False), id="X-Accel"
        ),
        pytest.param(
            "502, 200 : 200",
            f"{A}, {B} : {A}",
            "-, 0.1 : 0.2",
            "0.0, 0.1 : 0.2",
            (502, None, "green", "green", False),
            id="retried, then redirected",
        ),
        pytest.param("200 : ", f"{A} : ", "0.001 : ", "0.1 : ", (200, 0.001, "green", "green", False), id="half"),
    ],
)
def test_the_first_try_that_says_something_decides(
    status: str, address: str, header: str, time: str, expected: tuple[Any, ...]
) -> None:
    """Status, header time and colour are the deciding try's; a stale connection's try is passed over."""
    found = line(datagram(status, address, header, time))

    assert expected == (
        found.first_status,
        found.header_time,
        found.colour,
        found.answered_by,
        found.stale_connection,
    )


@pytest.mark.parametrize(
    ("status", "addresses", "header", "elsewhere"),
    [
        pytest.param("500, 200", f"{A}, {B}", "0.001, 0.002", True, id="stable in its place"),
        pytest.param("502 : 200", f"{A} : {B}", "- : 0.002", True, id="stable after a redirect"),
        pytest.param("502, 500, 200", f"{A}, {A}, {B}", "-, 0.001, 0.002", True, id="after a stale connection"),
        pytest.param("502, 200", f"{A}, {A}", "-, 0.002", False, id="a stale connection alone"),
        pytest.param("500 : 200", f"{A} : 10.0.0.9:80", "0.001 : 0.002", False, id="a server of nobody's"),
        pytest.param("500", A, "0.001", False, id="one try"),
    ],
)
def test_who_answered_in_the_place_of_the_first(status: str, addresses: str, header: str, *, elsewhere: bool) -> None:
    """Another server of the service, after the try that decides."""
    found = line(datagram(status, addresses, header, header))

    assert (elsewhere, Colour.GREEN) == (found.answered_elsewhere, found.colour)


def test_a_request_without_upstream_belongs_to_no_colour() -> None:
    """A static file or a cache hit is readable and belongs to nobody, and so does an unknown address."""
    assert Unattributed(
        connection=12, connection_requests=3, ended=1764000000.25, mark=ProbeMark.USER, address=""
    ) == parse(datagram("-", "-", "-", "-"))
    assert Unattributed(
        connection=12, connection_requests=3, ended=1764000000.25, mark=ProbeMark.USER, address="10.0.0.9:80"
    ) == parse(datagram("200", "10.0.0.9:80", "0.1"))


@pytest.mark.parametrize("mark", list(ProbeMark))
def test_probes_are_told_apart(mark: ProbeMark) -> None:
    """The mark is 0 for users, 1 for probes to the candidate, 2 for probes that are drawn."""
    data = datagram("200", A, "0.001").replace(b" 0 r login", f" {mark.value} r login".encode())

    assert mark is line(data).mark


def test_an_unset_method_and_route_are_a_write_elsewhere() -> None:
    """Variables that the balancer never set are empty: the method then counts as a write, the route as other."""
    found = line(datagram("200", A, "0.001").replace(b" 0 r login", b" 0  "))

    assert (True, "other") == (found.write, found.route)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\xfe\x00",
        b"<190>Nov 24 09:00:00 rwd: hello",
        b"<190>Nov 24 09:00:00 rwd: rwd2 1.000 0.1 200",
        datagram("200", A, "0.001")[:-1],
        datagram("200", A, "0.001")[:40],
        datagram("200", A, "0.001") + b" more",
        datagram("200", A, "0.001", prefix="Nov 24 09:00:00 rwd: "),
        datagram("500, 200", f"{A}, {B}", "0.001", "0.001"),
        datagram("500", f"{A}, {B}", "0.001, 0.1", "0.001, 0.1"),
        datagram("2xx", A, "0.001"),
        datagram("200", A, "fast"),
        datagram("200", A, "0.001", "long"),
    ],
)
def test_what_is_no_line_is_none(data: bytes) -> None:
    """Garbage, foreign, truncated and inconsistent lines are unreadable, and never an exception."""
    assert parse(data) is None


@pytest.mark.parametrize("prefix", ["<190>Nov  4 09:00:00 rwd: ", "<14>Feb 29 23:59:59 lb1.example rwd: "])
def test_a_padded_day_and_a_host_name_are_read(prefix: str) -> None:
    """The syslog head may carry a host name and a day of one digit."""
    assert 200 == line(datagram("200", A, "0.001", prefix=prefix)).status


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    """No datagram raises, whatever is in it."""
    assert parse(data) is None


@given(st.text(alphabet="0123456789., -:x", max_size=30), st.text(alphabet="0123456789., -:x", max_size=30))
def test_any_lists_are_survived(statuses: str, times: str) -> None:
    """Lists that do not fit each other never raise."""
    found = parse(datagram(statuses, f"{A}, {B} : {A}", times, times))

    assert found is None or isinstance(found, EdgeLine)


def test_route_names_share_one_object() -> None:
    """Lines of one route keep one string: the ring holds many lines."""
    parser = LineParser(UPSTREAMS)
    first, second = parser.parse(datagram("200", A, "0.001")), parser.parse(datagram("200", B, "0.001"))

    assert isinstance(first, EdgeLine)
    assert isinstance(second, EdgeLine)
    assert first.route is second.route
