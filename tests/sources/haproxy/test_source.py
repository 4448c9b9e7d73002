"""Readings of HAProxy's statistics, from a socket that answers what a test says."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.sources.haproxy.answers import answer, app, line
from watchdog.core.model import Colour, Missing, Reading, Value
from watchdog.sources.base import Finding
from watchdog.sources.haproxy.source import SIGNALS, HaproxySource, Pool

POOLS = {colour: Pool(backend="app", servers=(colour.value,)) for colour in Colour}


async def _polled(folder: Path, answers: tuple[str | None, ...], source: HaproxySource) -> list[tuple[Reading, ...]]:
    """A poll per answer; None: there is no socket then."""
    polls: list[tuple[Reading, ...]] = []
    for said in answers:
        text = said or ""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str = text) -> None:
            assert b"show info;show stat -1 6 -1\n" == await reader.readline()
            writer.write(text.encode())
            await writer.drain()
            writer.close()

        (folder / "s").unlink(missing_ok=True)
        server = None if said is None else await asyncio.start_unix_server(talk, folder / "s")
        polls.append(await source.poll())
        if server is not None:
            server.close()
            await asyncio.sleep(0)
    await source.close()
    return polls


def made(folder: Path, pools: Mapping[Colour, Pool] = POOLS) -> HaproxySource:
    """A source whose clock goes a second per poll."""
    times = iter(range(10, 1000))
    return HaproxySource(
        name="lb", interval=1.0, timeout=2.0, address=str(folder / "s"), pools=pools, now=lambda: float(next(times))
    )


def polled(
    folder: Path, *answers: str | None, pools: Mapping[Colour, Pool] = POOLS
) -> list[Mapping[tuple[str, Colour | None], Reading]]:
    polls = asyncio.run(_polled(folder, answers, made(folder, pools)))
    return [{(each.signal, each.colour): each for each in poll} for poll in polls]


def green(readings: Mapping[tuple[str, Colour | None], Reading]) -> dict[str, Value]:
    return {signal: readings[signal, Colour.GREEN].value for signal in SIGNALS}


def test_each_colour_has_its_own_counts(tmp_path: Path) -> None:
    """Events since the last poll, with their own interval; gauges as they are now."""
    first = app({"stot": 10, "hrsp_2xx": 10}, {"stot": 90, "hrsp_2xx": 90})
    then = app(
        {"stot": 16, "hrsp_2xx": 12, "hrsp_5xx": 1, "econ": 1, "eresp": 1, "scur": 1, "qcur": 2, "rtime": 250},
        {"stot": 100, "hrsp_2xx": 100},
    )
    begin, now = polled(tmp_path, first, then)

    assert {(signal, colour) for signal in SIGNALS for colour in Colour} == set(begin) == set(now)
    assert Missing.EMPTY is begin["requests", Colour.GREEN].value
    assert {
        "requests": 5.0,
        "errors": 3.0,
        "connect_errors": 1.0,
        "response_errors": 1.0,
        "retries": 0.0,
        "sessions": 1.0,
        "queue": 2.0,
        "response_time": 0.25,
        "server_up": 1.0,
    } == green(now)
    assert (10.0, 0.0) == (now["requests", Colour.BLUE].value, now["errors", Colour.BLUE].value)
    assert {(10.0, 11.0)} == {now[signal, Colour.GREEN].over for signal in ("requests", "errors", "retries")}
    assert None is now["sessions", Colour.GREEN].over


def test_a_response_time_without_a_response_is_none(tmp_path: Path) -> None:
    """HAProxy's average stays as it was."""
    same = app({"stot": 10, "hrsp_2xx": 10, "rtime": 250})
    _, now = polled(tmp_path, same, same)

    assert (0.0, Missing.EMPTY) == (green(now)["requests"], green(now)["response_time"])


def test_a_socket_that_is_gone_loses_nothing(tmp_path: Path) -> None:
    """Missing while it is gone; the next count reaches over it."""
    first, then = app({"stot": 10, "hrsp_2xx": 10}), app({"stot": 14, "hrsp_2xx": 14})
    _, gone, now = polled(tmp_path, first, None, then)

    assert {Missing.ERROR} == {each.value for each in gone.values()}
    assert "there is no socket" in gone["errors", Colour.GREEN].detail
    assert (4.0, (10.0, 12.0)) == (now["requests", Colour.GREEN].value, now["requests", Colour.GREEN].over)


def test_a_reload_counts_in_full(tmp_path: Path) -> None:
    """Another process begins with counters at zero."""
    first, then = app({"stot": 10, "hrsp_2xx": 10}), app({"stot": 12, "hrsp_2xx": 12}, pid=101)
    _, now = polled(tmp_path, first, then)

    assert 12.0 == green(now)["requests"]


def test_a_server_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """With the names that are; the other colour has its readings."""
    said = answer(line("app", "blue"), line("app", "gren"), line("app", "BACKEND"))
    (now,) = polled(tmp_path, said)

    assert {Missing.EMPTY} == set(green(now).values())
    assert "backend app has no server green; it has: blue, gren" == now["errors", Colour.GREEN].detail
    assert 1.0 == now["server_up", Colour.BLUE].value


def test_a_backend_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """With the names that are."""
    (now,) = polled(tmp_path, answer(line("web", "blue")))

    assert "there is no backend app; HAProxy has: web" == now["errors", Colour.GREEN].detail


@pytest.mark.parametrize("said", ["", "Permission denied\n", app({})[:-1], app({"econ": "x"})])
def test_what_is_no_table_is_an_error(tmp_path: Path, said: str) -> None:
    """Never zero."""
    (now,) = polled(tmp_path, said)

    assert {Missing.ERROR} == {each.value for each in now.values()}


def test_mode_tcp_has_no_requests(tmp_path: Path) -> None:
    """HAProxy sees none there; sessions and the check it does see."""
    said = app({"mode": "tcp", "stot": 5, "scur": 2}, {"mode": "tcp"})
    _, now = polled(tmp_path, said, said)

    assert {Missing.EMPTY} == {green(now)[signal] for signal in ("requests", "errors", "retries", "response_time")}
    assert "wanted mode http" in now["errors", Colour.GREEN].detail
    assert (2.0, 1.0) == (green(now)["sessions"], green(now)["server_up"])


@pytest.mark.parametrize(
    ("values", "value", "detail"),
    [
        ({"status": "UP"}, 1.0, ""),
        ({"status": "UP 1/3"}, 1.0, ""),
        ({"status": "DRAIN"}, 1.0, ""),
        ({"status": "NOLB"}, 1.0, ""),
        ({"status": "UP", "check_status": "INI"}, Missing.EMPTY, "no check has ended yet"),
        (
            {"status": "DOWN", "check_status": "* L4CON", "last_chk": "Connection refused"},
            0.0,
            "DOWN: L4CON Connection refused",
        ),
        ({"status": "DOWN 1/2", "check_status": "L7STS"}, 0.0, "DOWN 1/2: L7STS"),
        ({"status": "DOWN (agent)", "check_status": ""}, 0.0, "DOWN (agent)"),
        ({"status": "MAINT (resolution)", "check_status": ""}, 0.0, "MAINT (resolution)"),
        ({"status": "MAINT"}, Missing.EMPTY, "MAINT: by order, and not checked"),
        ({"status": "no check"}, Missing.EMPTY, "HAProxy does not check it; add `check` to its server line"),
        ({"status": "ODD"}, Missing.ERROR, "its status is 'ODD'"),
    ],
)
def test_a_server_is_up_as_haproxy_sees_it(
    tmp_path: Path, values: Mapping[str, str], value: Value, detail: str
) -> None:
    """A server that HAProxy does not check is not known, neither up nor down."""
    (now,) = polled(tmp_path, app(values))

    reading = now["server_up", Colour.GREEN]
    assert (value, detail) == (reading.value, reading.detail)


def two(first: Mapping[str, object], second: Mapping[str, object]) -> str:
    """A backend per colour with two servers each."""
    lines = [
        line(f"app-{colour}", server, **values)
        for colour in Colour
        for server, values in (("one", first), ("two", second))
    ]
    return answer(*lines)


def test_a_colour_with_several_servers(tmp_path: Path) -> None:
    """Counts, sessions and queue are sums; the slowest time counts; one that is down is enough."""
    pools = {colour: Pool(backend=f"app-{colour}") for colour in Colour}
    served = {"stot": 4, "hrsp_2xx": 4, "scur": 2, "qcur": 1}
    now = polled(
        tmp_path,
        two({}, {}),
        two({**served, "rtime": 100, "scur": 0}, {**served, "rtime": 300, "scur": 0, "status": "DOWN"}),
        pools=pools,
    )[1]

    assert (8.0, 2.0, 0.3, 0.0) == tuple(
        green(now)[signal] for signal in ("requests", "queue", "response_time", "server_up")
    )
    assert "two: DOWN: L7OK" == now["server_up", Colour.GREEN].detail


def test_the_answer_to_no_poll_names_every_signal(tmp_path: Path) -> None:
    """And the deadline leaves the question time to end by itself."""
    source = made(tmp_path)

    assert {(signal, colour, Missing.TIMEOUT) for signal in SIGNALS for colour in Colour} == {
        (each.signal, each.colour, each.value) for each in source.missing()
    }
    assert source.deadline > 2.0


def test_a_look_at_no_haproxy(tmp_path: Path) -> None:
    """What is wrong with the socket, and with what it says."""

    async def main() -> tuple[Finding, ...]:
        source = made(tmp_path)
        return await source.examine()

    (found,) = asyncio.run(main())
    assert (False, "is HAProxy running, and is this its `stats socket`?") == (found.ok, found.remedy)


def test_a_look_at_what_is_no_table(tmp_path: Path) -> None:
    """The master's socket answers, too, and has no statistics."""

    async def main() -> tuple[Finding, ...]:
        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(b"Unknown command\n")
            await writer.drain()
            writer.close()

        server = await asyncio.start_unix_server(talk, tmp_path / "s")
        try:
            return await made(tmp_path).examine()
        finally:
            server.close()
            await asyncio.sleep(0)

    (found,) = asyncio.run(main())
    assert (False, "wanted the `stats socket` of a HAProxy, not its master's") == (found.ok, found.remedy)
