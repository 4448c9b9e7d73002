"""libpq, so that every call ends by its deadline.

What lives here: one connection and its waiting. What must not: what is asked. psycopg's own `connect` waits for two
seconds at least and its cursors for as long as it takes; its asynchronous form looks names up in threads that are
joined at exit. Here libpq's calls that do not wait are driven with a deadline; only a name's lookup can outlive it.

The library is the system's (Debian: libpq5), which the distribution keeps patched.
"""

import ctypes
import os
import select
from collections.abc import Mapping
from typing import Final

from psycopg import Error, conninfo, pq

from watchdog.core.model import Seconds
from watchdog.sources.base import Now
from watchdog.sources.postgres.trouble import Trouble, of_connection, of_server

APPLICATION: Final = "rollback-watchdog"
"""How our sessions are called in pg_stat_activity."""

NOWHERE: Final = "/dev/null/none"
"""A path that no file can have, for what would otherwise be looked for in the home directory."""

STOOD_STILL: Seconds = 1.0
"""A wait that ends so long after its deadline was in a process that did not run: that says nothing of the server."""

_BOOL_OID: Final = 16
_VERBOSE: Final = 2  # PQERRORS_VERBOSE: with the SQLSTATE
_SERVED_FROM_FILES: Final = {"passfile": NOWHERE, "sslcert": NOWHERE, "sslrootcert": NOWHERE}


def connection_text(given: Mapping[str, str]) -> str:
    """The conninfo for these keywords and nothing else: no environment, no files in a home directory.

    OSError when PGSERVICE is set, which libpq reads whatever else it is told, and for a keyword that it does not know.
    """
    if "PGSERVICE" in os.environ:
        raise OSError("PGSERVICE is set in the environment, and libpq would read that service's file; unset it")
    unset = {
        option.keyword.decode(): (option.compiled or b"").decode()
        for option in pq.Conninfo.get_defaults()
        if option.envvar is not None and option.keyword != b"service"
    }
    ours = {"application_name": APPLICATION, "client_encoding": "UTF8"}
    try:
        return conninfo.make_conninfo("", **{**unset, **_SERVED_FROM_FILES, **given, **ours})
    except Error as error:
        said = str(error).strip()
        raise OSError(f"dsn: {said} of this machine's libpq; leave it out, or use a newer libpq") from None


class Session:
    """One connection. Trouble from any call means that it may be unusable; `usable` tells."""

    def __init__(self, text: str, by: Seconds, now: Now) -> None:
        """Connect by then. Trouble when that does not come about."""
        self._now = now
        self._ended: Trouble | None = None
        try:
            self._conn = pq.PGconn.connect_start(text.encode())
            if self._now() > by:
                raise self._end(Trouble("timeout", "the name was looked up for too long"))
            self._tell_states()
            self._connect(by)
        except Error as error:
            raise of_connection(str(error)) from None
        self._conn.nonblocking = 1

    @property
    def usable(self) -> bool:
        """Whether it can be asked again."""
        return self._ended is None and self._conn.status == pq.ConnStatus.OK

    @property
    def process(self) -> int:
        """The server's process for it."""
        return self._conn.backend_pid

    def row(self, sql: str, by: Seconds) -> tuple[str | None, ...]:
        """The one row that the statement gives; booleans as 1 and 0. Trouble, also for none or several rows."""
        result = self._ask(sql, by)
        if result.nfields < 1 or result.ntuples != 1:
            raise Trouble("query", f"{result.ntuples} rows, wanted one")
        return tuple(_text(result, column) for column in range(result.nfields))

    def value(self, sql: str, by: Seconds) -> str | None:
        """The one value that the statement gives; None for NULL or no row. Trouble for several."""
        result = self._ask(sql, by)
        if result.nfields != 1 or result.ntuples > 1:
            raise Trouble("query", f"{result.ntuples} rows of {result.nfields} columns, wanted one number")
        return _text(result, 0) if result.ntuples else None

    def do(self, sql: str, by: Seconds) -> None:
        """A statement without an answer. Trouble."""
        self._ask(sql, by)

    def close(self) -> None:
        """Let go."""
        self._end(Trouble("reset", "the connection was closed"))

    def _end(self, trouble: Trouble) -> Trouble:
        self._ended = self._ended or trouble
        self._conn.finish()
        return trouble

    def _tell_states(self) -> None:
        """Have errors tell their SQLSTATE: the words are in the server's language."""
        pointer: int | None = getattr(self._conn, "pgconn_ptr", None)  # documented for this, and not in the types
        if pq.__impl__ == "python" and pointer is not None:  # then libpq is the system's, as here
            ctypes.CDLL("libpq.so.5").PQsetErrorVerbosity(ctypes.c_void_p(pointer), _VERBOSE)

    def _connect(self, by: Seconds) -> None:
        conn = self._conn
        while conn.status != pq.ConnStatus.BAD:
            match conn.connect_poll():
                case pq.PollingStatus.OK:
                    return
                case pq.PollingStatus.READING:
                    self._wait(select.POLLIN, by, "no connection")
                case pq.PollingStatus.WRITING:
                    self._wait(select.POLLOUT, by, "no connection")
                case _:
                    break
        raise self._end(of_connection(_decoded(conn.error_message)))

    def _ask(self, sql: str, by: Seconds) -> pq.abc.PGresult:
        """The result of one statement: the protocol that is used takes no more than one."""
        if self._ended is not None:
            raise self._ended
        try:
            self._conn.send_query_params(sql.encode(), None)
            while self._conn.flush():
                self._wait(select.POLLIN | select.POLLOUT, by, "no answer")
                self._conn.consume_input()
            results = self._results(by)
        except Error as error:
            raise self._end(of_connection(str(error))) from None
        for result in results:
            if result.status == pq.ExecStatus.FATAL_ERROR:
                state = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
                words = result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or result.error_message
                raise of_server(_decoded(state), _decoded(words)) if state else of_connection(_decoded(words))
        return results[-1]

    def _results(self, by: Seconds) -> list[pq.abc.PGresult]:
        results: list[pq.abc.PGresult] = []
        while True:
            while self._conn.is_busy():
                self._wait(select.POLLIN, by, "no answer")
                self._conn.consume_input()
            if (result := self._conn.get_result()) is None:
                return results
            results.append(result)

    def _wait(self, events: int, by: Seconds, what: str) -> None:
        """Until libpq can go on. Trouble at the deadline; then the connection cannot be used again."""
        poll = select.poll()
        poll.register(self._conn.socket, events)
        left = by - self._now()
        if left <= 0.0 or not poll.poll(left * 1000.0):
            still = self._now() - by > STOOD_STILL
            trouble = Trouble("prober", "the daemon stood still") if still else Trouble("timeout", f"{what} in time")
            raise self._end(trouble)


def _text(result: pq.abc.PGresult, column: int) -> str | None:
    value = result.get_value(0, column)
    if value is None:
        return None
    if result.ftype(column) == _BOOL_OID:
        return "1" if value == b"t" else "0"
    return _decoded(value)


def _decoded(text: bytes) -> str:
    return text.decode(errors="replace").strip()
