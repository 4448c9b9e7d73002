"""PostgreSQL without a server: what errors mean, what findings say, doors that hang, two doors together.

The real thing: tests/acceptance/test_sources_postgres.py.
"""

import asyncio
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from watchdog.core.model import Colour, Missing
from watchdog.sources.postgres import findings as meaning
from watchdog.sources.postgres.door import SLACK, Door, DoorSetup
from watchdog.sources.postgres.facts import Facts
from watchdog.sources.postgres.measures import SIGNALS, Query, Standing
from watchdog.sources.postgres.source import PostgresSource
from watchdog.sources.postgres.trouble import of_connection, of_server
from watchdog.sources.postgres.wire import connection_text

WHERE = {"host": "127.0.0.1", "user": "watchdog", "dbname": "app"}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            'connection to server at "db" (10.0.0.1), port 5432 failed: Connection refused\n\tIs the server running?',
            "refused: Connection refused",
        ),
        (
            'connection to server on socket "/x/.s" failed: No such file or directory\n\tIs the server running?',
            "refused: No such file or directory",
        ),
        (
            'connection to server at "db" (10.0.0.1), port 5432 failed: No route to host\n\tIs the server running?',
            "unreachable: No route to host",
        ),
        (
            'connection to server at "db", port 5 failed: FATAL:  53300: sorry, too many clients already\nLOCATION:  x',
            "too many connections: sorry, too many clients already",
        ),
        (
            'connection to server at "db", port 5 failed: FATAL:  28P01: Passwort-Authentifizierung fehlgeschlagen\n',
            "authentication: Passwort-Authentifizierung fehlgeschlagen",
        ),
        (
            'connection to server at "db", port 5 failed: fe_sendauth: no password supplied',
            "authentication: fe_sendauth: no password supplied",
        ),
        (
            'connection to server at "db", port 5 failed: SSL error: certificate verify failed',
            "tls: SSL error: certificate verify failed",
        ),
        (
            'connection to server at "db", port 5 failed: session is read-only',
            "read-only: session is read-only",
        ),
        ("could not create socket: Too many open files", "prober: could not create socket: Too many open files"),
        ("server closed the connection\n\tThis probably means", "reset: server closed the connection"),
        ("something new", "error: something new"),
        ("", "error: no reason given"),
    ],
)  # fmt: skip
def test_what_libpq_says_has_a_class(message: str, expected: str) -> None:
    """By SQLSTATE where the server spoke, in whatever language; else by libpq's own words."""
    assert expected == str(of_connection(message))


@pytest.mark.parametrize(
    ("state", "words", "expected"),
    [
        ("3D000", "x", "no such database"),
        ("57P03", "the database system is starting up", "starting up"),
        ("57P03", "the database system is shutting down", "shutting down"),
        ("57P01", "x", "shutting down"),
        ("57014", "x", "timeout"),
        ("42501", "x", "permission"),
        ("42P01", "x", "query"),
        ("25006", "x", "read-only"),
        ("53200", "x", "error"),
        ("XX000", "x", "error"),
    ],
)
def test_what_the_server_says_has_a_class(state: str, words: str, expected: str) -> None:
    """The longest code that fits decides."""
    assert expected == of_server(state, words).kind


def test_nothing_but_the_file_decides_where_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every keyword that libpq would take from the environment or the home directory has a value of ours."""
    for name in ("PGPASSWORD", "PGOPTIONS", "PGPORT", "PGSSLROOTCERT"):
        monkeypatch.setenv(name, "leaked")
    text = connection_text(WHERE)

    assert "leaked" not in text
    assert "passfile=/dev/null/none" in text
    assert "port=5432" in text


def test_a_service_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """libpq would read its file whatever it is told."""
    monkeypatch.setenv("PGSERVICE", "other")

    with pytest.raises(OSError, match="unset it"):
        connection_text(WHERE)


@contextmanager
def answering(answer: bytes | None) -> Iterator[int]:
    """A port that accepts, and answers each first message with that; None: never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                held.append(connection)
                if answer is not None:
                    connection.recv(4096)
                    connection.sendall(answer)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        for connection in held:
            connection.close()


def error_response(state: str, words: str) -> bytes:
    fields = b"".join(kind + value.encode() + b"\0" for kind, value in ((b"S", "FATALE"), (b"C", state), (b"M", words)))
    return b"E" + struct.pack("!I", len(fields) + 5) + fields + b"\0"


def setup(port: int, colour: Colour | None = None, **changed: str) -> DoorSetup:
    return DoorSetup(
        colour=colour,
        conninfo={**WHERE, "sslmode": "disable", "gssencmode": "disable", "port": str(port), **changed},
        password="marker",
        queries=(Query(signal="jobs", sql="select 1"),),
    )


def source(*doors: DoorSetup, shared: bool = True) -> PostgresSource:
    return PostgresSource(name="db", interval=1.0, timeout=0.2, shared=shared, doors=doors, now=time.monotonic)


async def polled(asked: PostgresSource) -> dict[tuple[str, Colour | None], tuple[float | Missing, str]]:
    readings = await asked.poll()
    await asked.close()
    return {(each.signal, each.colour): (each.value, each.detail) for each in readings}


def test_a_server_that_accepts_and_says_nothing_is_a_timeout() -> None:
    """Every signal has a reading; the probes are 0, the gauges missing."""
    with answering(None) as port:
        seen = asyncio.run(polled(source(setup(port))))

    assert {(name, None) for name in (*SIGNALS, "jobs")} == set(seen)
    assert {(0.0, "timeout: no connection in time")} == {seen["connects", None], seen["writable", None]}
    assert {(Missing.TIMEOUT, "timeout: no connection in time")} == {seen["jobs", None], seen["lag", None]}


def test_a_server_that_speaks_another_language_is_understood() -> None:
    """The SQLSTATE tells, and what it says is shown without our password."""
    with answering(error_response("53300", "trop de clients, marker")) as port:
        seen = asyncio.run(polled(source(setup(port))))

    assert (0.0, "too many connections: trop de clients, ***") == seen["connects", None]
    assert (Missing.ERROR, "too many connections: trop de clients, ***") == seen["active", None]


def test_something_else_on_the_port_is_no_database() -> None:
    """A web server, for instance."""
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        value, detail = asyncio.run(polled(source(setup(port))))["connects", None]

    assert 0.0 == value
    assert detail.startswith("protocol: ")


def test_a_door_that_hangs_beyond_its_deadline_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name's lookup cannot be ended: the poll ends all the same, and the next one does not wait for it."""
    hang = threading.Event()

    async def main() -> list[tuple[float | Missing, str]]:
        door = Door("db", setup(1), 0.1, time.monotonic)
        monkeypatch.setattr(door, "_ask", lambda: hang.wait(10))  # a lookup that hangs
        began = time.monotonic()
        first = await door.ask()
        assert time.monotonic() - began < 0.2 + SLACK + 0.3
        second = await door.ask()
        hang.set()
        door.close()
        return [first["connects", None], second["connects", None], second["jobs", None]]

    assert [
        (0.0, "timeout: no connection in time; perhaps the name is still looked up"),
        (0.0, "timeout: the last attempt to connect still hangs"),
        (Missing.TIMEOUT, "timeout: the last attempt to connect still hangs"),
    ] == asyncio.run(main())


def test_a_daemon_that_stood_still_knows_nothing_of_the_server() -> None:
    """Stopped and continued in the midst of a connection, or with a thread that did not come back."""

    async def main(patience: float) -> tuple[Missing | float, str]:
        began = time.monotonic()
        with answering(None) as port:
            door = Door("db", setup(port), patience, lambda: 0.0 if time.monotonic() - began < 0.05 else 10.0)
            if not patience:
                door._ask = lambda: time.sleep(1.0)  # type: ignore[assignment,method-assign,return-value]
            said = (await door.ask())["connects", None]
            door.close()
            return said

    for patience in (0.2, 0.0):
        assert (Missing.ERROR, "prober: the daemon stood still") == asyncio.run(main(patience))


def test_a_name_that_is_looked_up_for_too_long_is_a_timeout() -> None:
    """Not the daemon's own standstill: the name is part of the way to the server."""
    times = iter([0.0, 0.0, 5.0])

    with answering(None) as port:
        door = Door("db", setup(port), 0.2, lambda: next(times, 5.0))
        assert (0.0, "timeout: the name was looked up for too long") == asyncio.run(door.ask())["connects", None]
        door.close()


def test_a_keyword_that_libpq_does_not_know_is_said_before_the_first_poll() -> None:
    """An older library lacks some; without the password in the words."""
    with pytest.raises(OSError, match=r'^dsn: invalid connection option "sslnews" of this machine') as why:
        connection_text({**WHERE, "sslnews": "x", "password": "hunter2"})
    assert "hunter2" not in str(why.value)


def test_without_descriptors_nothing_is_known_of_the_server() -> None:
    """Then it is the prober that could not run."""
    program = (
        "import asyncio, resource, time\n"
        "from tests.sources.test_postgres import polled, setup, source\n"
        "async def main():\n"
        "    asked = source(setup(1))\n"
        "    await asked.poll()\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))\n"
        "    print(*(repr((r.value.value, r.detail)) for r in await asked.poll() if r.signal == 'connects'))\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)

    assert done.stdout.startswith("('error', 'prober: "), done.stderr


def test_two_doors_to_a_shared_database_give_one_reading() -> None:
    """The one that fails is named; each colour has its own when the data is its own."""
    with answering(None) as silent:
        doors = (setup(1, Colour.BLUE), setup(silent, Colour.GREEN))
        shared = asyncio.run(polled(source(*doors)))
        apart = asyncio.run(polled(source(*doors, shared=False)))

    assert (0.0, "refused: Connection refused; timeout: no connection in time") == shared["connects", None]
    assert (0.0, "refused: Connection refused") == apart["connects", Colour.BLUE]
    assert (0.0, "timeout: no connection in time") == apart["connects", Colour.GREEN]


def test_a_query_of_one_colour_speaks_of_that_colour() -> None:
    """Also at a door that both share."""
    queries = tuple(Query(signal="jobs", sql="select 1", colour=colour) for colour in Colour)
    seen = asyncio.run(polled(source(replace(setup(1), queries=queries))))

    assert {Colour.BLUE, Colour.GREEN} == {colour for signal, colour in seen if signal == "jobs"}
    assert {None} == {colour for signal, colour in seen if signal == "connects"}


def test_a_poll_that_did_not_end_has_every_signal() -> None:
    """As the poller wants it."""
    missing = source(setup(1, Colour.BLUE), setup(1, Colour.GREEN), shared=False).missing()

    assert {(name, colour) for name in (*SIGNALS, "jobs") for colour in Colour} == {
        (each.signal, each.colour) for each in missing
    }
    assert {Missing.TIMEOUT} == {each.value for each in missing}


FACTS = Facts(
    version="15.18", version_number=150018, database="app", role="watchdog", identifier="1", started="then",
    standing=Standing(standby=False, read_only=False),
)  # fmt: skip


def said(blue: Facts, green: Facts | None = None, *, shared: bool = True) -> list[tuple[bool | None, str]]:
    looked = [(None, blue)] if green is None else [(Colour.BLUE, blue), (Colour.GREEN, green)]
    return [(each.ok, each.what) for each in meaning.findings(looked, shared=shared)]


def test_a_server_in_order_is_one_good_finding() -> None:
    """Its version, the database and the role."""
    assert [(True, "PostgreSQL 15.18 answers, database app as watchdog")] == said(FACTS)


def test_what_is_wrong_with_a_server_is_found() -> None:
    """Too old, no writes, no rights, too many rights, a query without a number."""
    facts = replace(
        FACTS, version_number=110000, standing=Standing(standby=True, read_only=False), sees_sessions=False,
        superuser=True, queries=(("jobs", "query: no such table"),),
    )  # fmt: skip

    assert [True, False, None, False, None, False] == [ok for ok, _ in said(facts)]
    assert [(False, "tls: x")] == said(Facts(trouble="tls: x"))


@pytest.mark.parametrize(
    ("green", "shared", "ok"),
    [
        (FACTS, True, True),
        (FACTS, False, False),
        (replace(FACTS, identifier="2"), True, False),
        (replace(FACTS, identifier="2"), False, True),
        (replace(FACTS, database="other"), True, False),
        (replace(FACTS, identifier=None), True, True),  # started at the same moment: the same server
        (replace(FACTS, identifier=None, started="later"), True, None),  # perhaps a standby
        (Facts(trouble="refused: x"), True, None),
    ],
)
def test_both_databases_are_compared_with_what_was_declared(green: Facts, shared: bool, ok: bool | None) -> None:  # noqa: FBT001
    """One database for `shared`, two for `per_colour`; no guess where it cannot be known."""
    assert ok is said(FACTS, green, shared=shared)[-1][0]


def test_one_door_is_no_database_of_each_colour() -> None:
    """Without $colour both have the same."""
    assert (False, "blue and green have one database, and data is per_colour") == said(FACTS, shared=False)[-1]
