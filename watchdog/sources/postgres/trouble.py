"""What went wrong with a PostgreSQL server, in a closed set of classes.

What lives here: telling them apart by SQLSTATE, which no language changes, and by libpq's own words where the server
said nothing. What must not: asking anybody.
"""

import re
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal[
    "refused",  # nothing listens there
    "unreachable",  # no way to the host
    "dns",  # the name leads nowhere
    "timeout",  # no answer in time
    "tls",  # no trusted connection
    "reset",  # the connection ended without an answer
    "authentication",  # it does not let us in
    "too many connections",  # every slot that is ours is taken
    "no such database",
    "starting up",
    "shutting down",
    "read-only",  # a standby, or set so
    "permission",  # it does not tell us
    "query",  # the operator's own query is wrong
    "protocol",  # something else than PostgreSQL answers
    "error",  # anything else
    "prober",  # we could not ask
]


class Trouble(Exception):  # noqa: N818 - it is an answer, and seldom our error
    """An answer that is none: its class and some words, without any secret."""

    def __init__(self, kind: Kind, words: str) -> None:
        super().__init__(f"{kind}: {words}")
        self.kind: Kind = kind
        self.words = words


_STATES: tuple[tuple[str, Kind], ...] = (  # the longest that fits
    ("28", "authentication"),
    ("3D000", "no such database"),
    ("53300", "too many connections"),
    ("53", "error"),
    ("55000", "no such database"),  # it takes no connections now
    ("57014", "timeout"),  # statement_timeout
    ("55P03", "timeout"),  # lock_timeout
    ("57P01", "shutting down"),
    ("57P02", "shutting down"),
    ("57P03", "starting up"),
    ("25006", "read-only"),
    ("42501", "permission"),
    ("22", "query"),
    ("42", "query"),
)

_CLIENT: tuple[tuple[str, Kind], ...] = (  # libpq's messages are English: Python sets no language for messages
    (r"too many open files|cannot allocate memory|out of memory|cannot assign requested address", "prober"),
    (r"definition of service", "prober"),
    (r"connection refused|no such file or directory\s+is the server running", "refused"),
    (r"no route to host|network is unreachable|host is (down|unreachable)|permission denied\s+is the", "unreachable"),
    (r"could not translate host name", "dns"),
    (r"timeout expired|connection timed out", "timeout"),
    (r"invalid response|expected authentication request|unsupported frontend protocol", "protocol"),
    (r"does not support ssl|ssl error|certificate|ssl connection|tls|private key", "tls"),
    (r"no password supplied|authentication|channel binding|peer user name", "authentication"),
    (r"session is (not )?read-only|server is (not )?in hot standby", "read-only"),
    (r"closed the connection|connection reset|eof detected|lost synchronization|terminat", "reset"),
)

_PREFIX = re.compile(r'^connection to server (at|on socket) ".*?"( \(.*?\))?(, port \d+)? failed: ')
_VERBOSE = re.compile(r"\w+:  ([0-9A-Z]{5}): ([^\n]*)")


def of_connection(message: str) -> Trouble:
    """What libpq says of a connection that did not come about. `message` has SQLSTATEs where the server spoke."""
    if (said := _VERBOSE.search(message)) is not None:
        return of_server(said[1], said[2])
    words = _last_line(message)
    lowered = message.lower()
    kind = next((kind for pattern, kind in _CLIENT if re.search(pattern, lowered)), None)
    return Trouble(kind or "error", words)


def of_server(state: str, words: str) -> Trouble:
    """What the server says."""
    fitting = [(prefix, kind) for prefix, kind in _STATES if state.startswith(prefix)]
    kind = max(fitting, key=lambda each: len(each[0]), default=("", "error"))[1]
    if kind == "starting up" and "shutting down" in words:  # one SQLSTATE for both
        kind = "shutting down"
    return Trouble(kind, words)


def _last_line(message: str) -> str:
    """The line that says what was wrong: with several addresses the last one's, without libpq's questions."""
    lines = [
        line for line in message.strip().splitlines() if line and not line.startswith(("\t", "LOCATION", "DETAIL"))
    ]
    return _PREFIX.sub("", lines[-1]) if lines else "no reason given"
