"""The postgres source against real servers: healthy, stopped, full, frozen, closed to us, standing by."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest

from simulations.lab.processes import run_folder, wait_until
from tests.acceptance.postgres_world import PASSWORD, Server, binary, running
from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.base import Finding
from watchdog.sources.poller import Poller
from watchdog.sources.postgres.door import DoorSetup
from watchdog.sources.postgres.measures import Query
from watchdog.sources.postgres.source import PostgresSource

pytestmark = pytest.mark.acceptance

TIMEOUT = 0.6
ALONE = "select count(*) = 1 from pg_stat_activity where backend_type = 'client backend'"
T = TypeVar("T")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with run_folder() as folder, running(folder, "one", max_connections=8, superuser_reserved_connections=2) as made:
        yield made


@pytest.fixture(autouse=True)
def _alive(server: Server) -> Iterator[None]:
    with server.sql() as talk:  # sessions that a test has closed end a moment later
        wait_until(lambda: talk.execute(ALONE).fetchone() == (True,), what="a server without sessions", timeout=10)
    yield
    server.thaw()
    if not server.answers():
        server.restart()


def source(*doors: DoorSetup, shared: bool = True) -> PostgresSource:
    return PostgresSource(name="db", interval=1.0, timeout=TIMEOUT, shared=shared, doors=doors, now=time.monotonic)


class Watched:
    """A source that keeps its connections between the polls of a test."""

    def __init__(self, runner: asyncio.Runner, asked: PostgresSource) -> None:
        self._runner = runner
        self.source = asked

    def poll(self) -> Mapping[tuple[str, Colour | None], Reading]:
        readings = self._runner.run(self.source.poll())
        return {(reading.signal, reading.colour): reading for reading in readings}

    def get(self, signal: str, colour: Colour | None = None) -> tuple[Any, str]:
        reading = self.poll()[signal, colour]
        return reading.value, reading.detail

    def findings(self) -> Sequence[Finding]:
        return self._runner.run(self.source.examine())


@contextlib.contextmanager
def watching(*doors: DoorSetup, shared: bool = True) -> Iterator[Watched]:
    with asyncio.Runner() as runner:
        watched = Watched(runner, source(*doors, shared=shared))
        yield watched
        runner.run(watched.source.close())


def timed(function: Callable[[], T]) -> tuple[T, float]:
    began = time.monotonic()
    return function(), time.monotonic() - began


def test_a_healthy_server_is_measured(server: Server) -> None:
    """Sessions by state without ours, slots with ours, no replica, and the operator's own number."""
    with watching(server.door(queries=[Query(signal="two", sql="select 1 + 1")])) as db, server.sql() as idle:
        assert idle.info.backend_pid
        wait_until(
            lambda: db.get("idle")[0] == 1.0, what="one session"
        )  # not the one that the server was waited for by
        seen = db.poll()

    assert (1.0, 1.0) == (seen["connects", None].value, seen["writable", None].value)
    assert [0.0, 1.0, 0.0, 0.0] == [
        seen[name, None].value for name in ("active", "idle", "idle_in_transaction", "waiting")
    ]
    assert pytest.approx(2 / 6) == seen["connections", None].value  # of 8 slots 2 are kept for superusers
    assert (Missing.EMPTY, "no replica is connected") == (seen["lag", None].value, seen["lag", None].detail)
    assert 2.0 == seen["two", None].value


def test_sessions_are_told_apart_by_state(server: Server) -> None:
    """One that holds a lock in an open transaction, and one that waits for it."""
    with server.sql() as holder, server.sql() as waiter, watching(server.door()) as db:
        holder.execute("create table if not exists locked (x int)")
        holder.execute("begin")
        holder.execute("lock table locked")
        with asyncio.Runner() as other:
            waiting = other.get_loop().run_in_executor(None, waiter.execute, "select * from locked")
            wait_until(lambda: db.get("waiting")[0] == 1.0, what="a session that waits", timeout=5)
            seen = db.poll()
            holder.execute("commit")
            other.run(_done(waiting))

    assert [1.0, 0.0, 1.0, 1.0] == [
        seen[name, None].value for name in ("active", "idle", "idle_in_transaction", "waiting")
    ]


async def _done(future: "asyncio.Future[Any]") -> None:
    await future


def test_a_server_that_is_stopped_refuses_and_comes_back_by_itself(server: Server) -> None:
    """While it is away there are no gauges; afterwards the same source goes on."""
    with watching(server.door()) as db:
        assert (1.0, "") == db.get("connects")
        server.stop()
        gone = db.poll()
        still = db.poll()
        server.start()
        back = db.poll()

    assert (0.0, "refused: Connection refused") == (gone["connects", None].value, gone["connects", None].detail)
    assert (0.0, "refused: Connection refused") == (still["writable", None].value, still["writable", None].detail)
    assert {Missing.ERROR} == {gone["active", None].value, still["connections", None].value, still["lag", None].value}
    assert (1.0, 1.0, 0.0) == tuple(back[name, None].value for name in ("connects", "writable", "active"))


def test_a_socket_that_is_not_there_refuses(server: Server) -> None:
    """The folder exists, and nobody listens in it."""
    with watching(server.door(host=str(server.data))) as db:
        value, detail = db.get("connects")

    assert 0.0 == value
    assert detail.startswith(("refused: ", "unreachable: "))


def test_a_full_server_is_seen_as_full(server: Server) -> None:
    """It takes no new connection, and the kept one still tells who fills it; then it recovers by itself."""
    with watching(server.door()) as db, contextlib.ExitStack() as users:
        assert (1.0, "") == db.get("connects")
        for _ in range(5):  # of 8 slots 2 are kept for superusers, and one is ours
            users.enter_context(server.sql("watchdog"))
        with pytest.raises(psycopg.OperationalError):
            server.sql("watchdog")
        full = db.poll()
        users.close()
        wait_until(lambda: db.get("connections")[0] == pytest.approx(1 / 6), what="free slots", timeout=5)
        after = db.poll()

    value, detail = full["connects", None].value, full["connects", None].detail
    assert (0.0, True) == (value, detail.startswith("too many connections: "))
    assert (0.0, 1.0, 5.0) == tuple(full[name, None].value for name in ("writable", "connections", "idle"))
    assert (1.0, 1.0) == (after["connects", None].value, after["writable", None].value)


def test_a_frozen_server_costs_a_timeout_and_no_more(server: Server) -> None:
    """First its front door alone, so that the kept connection still answers; then all of it. Thawed, it goes on."""
    with watching(server.door()) as db:
        db.poll()
        server.freeze(backends=False)
        front, front_took = timed(db.poll)
        server.freeze(backends=True)
        all_, all_took = timed(db.poll)
        again, again_took = timed(db.poll)
        server.thaw()
        back = db.poll()

    timeout = (0.0, "timeout: no connection in time")
    assert [timeout] * 3 == [
        (seen["connects", None].value, seen["connects", None].detail) for seen in (front, all_, again)
    ]
    assert (0.0, 0.0) == (front["active", None].value, front["writable", None].value)
    assert [Missing.TIMEOUT] * 3 == [all_[name, None].value for name in ("active", "connections", "lag")]
    assert TIMEOUT <= front_took < TIMEOUT + 0.5
    assert 2 * TIMEOUT <= all_took < 2 * TIMEOUT + 0.5
    assert again_took < TIMEOUT + 0.5  # the kept connection is known to be of no use
    assert (1.0, 0.0) == (back["connects", None].value, back["active", None].value)


def test_a_server_that_starts_up_says_so(server: Server) -> None:
    """A server that has crashed and is not consistent yet takes no connection."""
    with watching(server.door()) as db:
        server.stop()
        (server.data / "standby.signal").touch()  # without anybody to follow it never gets there
        server.settings["hot_standby"] = "off"
        try:
            server.start(wait=False)
            wait_until(lambda: "starting" in db.get("connects")[1], what="a server that starts", timeout=10)
            seen = db.get("connects")
        finally:
            (server.data / "standby.signal").unlink()
            del server.settings["hot_standby"]
            server.restart()

    assert 0.0 == seen[0]
    assert seen[1].startswith("starting up: ")


def test_a_server_that_shuts_down_says_so(server: Server) -> None:
    """It waits for its last client, and takes no other."""
    with watching(server.door()) as db, server.sql():
        server.processes()[0].terminate()
        wait_until(lambda: db.get("connects")[0] == 0.0, what="a server that shuts down", timeout=5)
        seen = db.get("connects")
    server.restart()

    assert (0.0, "shutting down: the database system is shutting down") == seen


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"password": "wrong-marker-5511"}, "authentication: "),
        ({"password": ""}, "authentication: "),
        ({"user": "nobody"}, "authentication: "),
        ({"dbname": "nothing"}, "no such database: "),
        ({"sslmode": "require"}, "tls: "),
        ({"sslmode": "verify-full", "sslrootcert": "/nowhere/root.crt"}, "tls: "),
        ({"host": "nowhere.invalid"}, "dns: "),
        ({"port": "1"}, "refused: "),
        ({"host": "", "hostaddr": "2001:db8::1"}, ("unreachable: ", "timeout: ")),
    ],
)
def test_every_failure_has_its_class(
    server: Server, changed: dict[str, Any], expected: str | tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """And no password is in a detail, a finding, a log or a value's text, whatever goes wrong."""
    caplog.set_level(logging.DEBUG)
    door = server.door(**changed)
    told: list[str] = []

    async def polled(asked: PostgresSource) -> None:
        heard = asyncio.Event()

        def emit(*poll: object) -> None:
            told.append(repr(poll))
            heard.set()

        poller = Poller(asked, emit, time.monotonic, failed=lambda *words: told.extend(words))
        poller.start()
        async with asyncio.timeout(5):
            await heard.wait()
        await poller.stop()

    with watching(door) as db:
        value, detail = db.get("connects")
        findings = db.findings()
        asyncio.run(polled(source(door)))

    assert 0.0 == value
    assert detail.startswith(expected)
    said = " ".join([detail, repr(findings), *told, caplog.text, repr(door), repr(vars(db.source))])
    assert not [secret for secret in (PASSWORD, "marker-7Kq", "wrong-marker") if secret in said]


def test_the_environment_and_home_decide_nothing(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """libpq's variables and ~/.pgpass would let us in, or elsewhere; neither is read."""
    (tmp_path / ".pgpass").write_text(f"*:*:*:*:{PASSWORD}\n".replace("'\\", "'\\\\"))
    (tmp_path / ".pgpass").chmod(0o600)
    variables = {
        "PGPASSWORD": PASSWORD,
        "PGHOSTADDR": "240.0.0.1",
        "PGOPTIONS": "-c nonsense=1",
        "PGSSLMODE": "require",
    }
    for name, value in {**variables, "HOME": str(tmp_path), "PGUSER": "nobody", "PGPORT": "1"}.items():
        monkeypatch.setenv(name, value)
    with watching(server.door()) as db, watching(server.door(password="")) as without:
        assert (1.0, "") == db.get("connects")
        assert (0.0, True) == (without.get("connects")[0], without.get("connects")[1].startswith("authentication: "))


def test_a_password_file_is_read_where_the_file_says(server: Server, tmp_path: Path) -> None:
    """libpq's own form of it."""
    file = tmp_path / "passwords"
    file.write_text("*:*:*:*:" + PASSWORD.replace("\\", "\\\\") + "\n")
    file.chmod(0o600)
    with watching(server.door(password="", passfile=str(file))) as db:
        assert (1.0, "") == db.get("connects")


def test_only_the_servers_own_read_only_counts(server: Server) -> None:
    """A role that is read-only by itself says nothing of the server; a database that is does."""
    with server.sql() as talk, watching(server.door()) as db:
        talk.execute("alter role watchdog set default_transaction_read_only = on")
        of_role = db.get("writable")
        talk.execute("alter role watchdog reset default_transaction_read_only")
        talk.execute("alter database app set default_transaction_read_only = on")
        of_database = db.get("writable")
        talk.execute("alter database app reset default_transaction_read_only")

    assert (1.0, "") == of_role
    assert (0.0, "read-only: default_transaction_read_only is on") == of_database


def test_own_queries_read_one_number_and_change_nothing(server: Server) -> None:
    """What is no number has its reason; a slow one is ended by the server, and those after it are still asked."""
    with server.sql(database="app") as talk:
        talk.execute(
            "create or replace function sneak() returns int language sql as 'create table sneaked (); select 1'"
        )
    queries = {
        "truth": "select true", "nothing": "select null", "none": "select 1 where false", "nan": "select 'NaN'::float",
        "text": "select 'x'", "two": "values (1), (2)", "wrong": "select * from nowhere", "writes": "select sneak()",
        "slow": "select 1 from pg_sleep(9)", "last": "select 1.5",
    }  # fmt: skip
    with watching(server.door(queries=[Query(signal=name, sql=sql) for name, sql in queries.items()])) as db:
        seen, took = timed(db.poll)

    values = {name: seen[name, None].value for name in queries}
    assert {
        "truth": 1.0, "nothing": Missing.EMPTY, "none": Missing.EMPTY, "nan": Missing.NAN, "text": Missing.ERROR,
        "two": Missing.ERROR, "wrong": Missing.ERROR, "writes": Missing.ERROR, "slow": Missing.TIMEOUT, "last": 1.5,
    } == values  # fmt: skip
    assert "read-only: cannot execute CREATE TABLE in a read-only transaction" == seen["writes", None].detail
    assert took < 2 * TIMEOUT


def test_a_role_without_rights_is_told_what_it_lacks(server: Server) -> None:
    """States that are hidden are no zeros."""
    with server.sql() as talk:
        talk.execute("drop role if exists blind")
        talk.execute(psycopg.sql.SQL("create role blind login password {}").format(PASSWORD))
    with watching(server.door(user="blind")) as db:
        seen = db.poll()
        findings = db.findings()

    assert 1.0 == seen["connects", None].value
    assert [Missing.ERROR] * 5 == [
        seen[name, None].value for name in ("active", "idle", "idle_in_transaction", "waiting", "connections")
    ]
    assert ["grant pg_read_all_stats to blind"] == [each.remedy for each in findings if not each.ok]


def test_two_doors_to_one_database(server: Server) -> None:
    """Shared: one reading, the worse of both; told so when it was declared otherwise."""
    doors = (server.door(Colour.BLUE), server.door(Colour.GREEN, host=str(server.folder)))
    with watching(*doors) as shared, watching(*doors, shared=False) as apart:
        seen = shared.poll()
        findings, others = shared.findings(), apart.findings()
    with watching(server.door(Colour.BLUE), server.door(Colour.GREEN, port="1")) as broken:
        half = broken.poll()

    assert {None} == {colour for _, colour in seen}
    assert (1.0, 1.0) == (seen["connects", None].value, seen["writable", None].value)
    assert (True, "blue and green have one database") == (findings[-1].ok, findings[-1].what)
    assert (False, "blue and green have one database (app), and data is per_colour") == (others[-1].ok, others[-1].what)
    assert (0.0, "green: refused: Connection refused") == (half["connects", None].value, half["connects", None].detail)
    assert 0.0 == half["active", None].value


def test_two_servers_and_their_standby(server: Server) -> None:
    """Different data is found out; a standby has the same data, takes no writes, and its lag is known at both ends."""
    with run_folder() as folder, running(folder, "other") as other:
        standby = Server(folder, "standby")
        copy = [
            "-D",
            str(standby.data),
            "-h",
            str(other.folder),
            "-p",
            str(other.port),
            "-U",
            "postgres",
            "-R",
            "-c",
            "fast",
        ]
        other.run([binary("pg_basebackup"), "--no-sync", *copy])
        try:
            standby.start()
            with (
                watching(server.door(Colour.BLUE), other.door(Colour.GREEN)) as different,
                watching(other.door(Colour.BLUE), standby.door(Colour.GREEN), shared=False) as same,
            ):
                unlike, alike = different.findings(), same.findings()
                wait_until(lambda: same.get("lag", Colour.BLUE)[0] == 0.0, what="a replica", timeout=10)
                seen = same.poll()
                standby.freeze(backends=True)
                _write(other)
                wait_until(lambda: same.get("lag", Colour.BLUE)[0] > 0.2, what="a lag", timeout=10)
                standby.thaw()
        finally:
            standby.stop()

    assert unlike[-1].what.startswith("blue and green have different databases (app of system ")
    assert unlike[-1].what.endswith("), and data is shared")
    assert (False, "blue and green have one database (app), and data is per_colour") == (alike[-1].ok, alike[-1].what)
    assert (1.0, 1.0) == (seen["connects", Colour.GREEN].value, seen["writable", Colour.BLUE].value)
    assert (0.0, "read-only: the server is a standby") == (
        seen["writable", Colour.GREEN].value,
        seen["writable", Colour.GREEN].detail,
    )
    assert 0.0 == seen["lag", Colour.GREEN].value


def _write(server: Server) -> None:
    with server.sql(database="app") as talk:
        talk.execute("set synchronous_commit = off")
        talk.execute("create table written (x int)")
