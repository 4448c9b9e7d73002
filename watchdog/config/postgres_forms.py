"""What an operator writes about a PostgreSQL server: where it is, and what to ask it.

What lives here: parsing and the canonical spelling of both. What must not: keys, connections. A message never repeats
a text that may hold a password.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from watchdog.config.errors import WrongValueError, unknown, wrong
from watchdog.config.parsed import Parsed

ELSEWHERE = {
    "password": "a password does not belong there; wanted password: {credential: NAME} beside dsn, or passfile",
    "passfile": "wanted passfile: /PATH beside dsn",
    "sslpassword": "a password does not belong there; wanted a key file without one, readable by the daemon alone",
    "connect_timeout": "wanted timeout: beside dsn",
    "service": "wanted host, dbname and user themselves, so that no other file changes what is asked",
    "servicefile": "wanted host, dbname and user themselves, so that no other file changes what is asked",
    "options": "the session's settings are the daemon's, so that it changes nothing",
    "application_name": "it is always rollback-watchdog",
    "fallback_application_name": "it is always rollback-watchdog",
    "client_encoding": "it is always UTF8",
    "replication": "wanted a connection for queries",
}
"""Keywords of libpq that have no place in a `dsn`, each with what is right."""

KEYWORDS = (
    "host", "hostaddr", "port", "dbname", "user", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "sslcrldir",
    "sslsni", "ssl_min_protocol_version", "ssl_max_protocol_version", "channel_binding", "requirepeer", "gssencmode",
    "krbsrvname", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
    "target_session_attrs",
)  # fmt: skip

SSLMODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")

_PAIR = re.compile(r"\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s'\\]|\\.)*))(?=\s|\Z)", re.DOTALL)
_LARGEST_PORT = 65_535
_BEGINS = ("select", "with", "values", "table", "show")
_WRITES = (
    "insert", "update", "delete", "merge", "truncate", "into", "nextval", "setval", "set_config",
    "pg_terminate_backend",
    "pg_cancel_backend", "pg_reload_conf", "lo_import", "lo_export", "dblink", "dblink_exec", "pg_advisory_lock",
)  # fmt: skip
"""Words of SQL that can change something; more than a read-only transaction refuses. No promise: rights are."""

_IN_QUOTES = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$([A-Za-z_]*)\$.*?\$\1\$", re.DOTALL)
_LONGEST_SQL = 4_000


@dataclass(frozen=True, slots=True)
class Dsn(Parsed):
    """Where a database is, in libpq's keywords, without any secret."""

    pairs: tuple[tuple[str, str], ...]

    WANTED: ClassVar[str] = '"host=HOST dbname=DATABASE user=USER", perhaps with port, sslmode and their like'

    @classmethod
    def parse(cls, value: object) -> Self:
        """The keywords with their values. No message repeats a value, since one may be a password."""
        if not isinstance(value, str):
            raise wrong(value, cls.WANTED)
        if re.match(r"\s*\w+://", value):
            raise WrongValueError(f"is an address, which may hold a password; wanted {cls.WANTED}")
        pairs = tuple(_pairs(value, cls.WANTED))
        for message in _complaints(pairs):
            raise WrongValueError(message)
        return cls(pairs)

    def get(self, keyword: str) -> str | None:
        """A keyword's value."""
        return dict(self.pairs).get(keyword)

    def __str__(self) -> str:
        """As an operator would write it."""
        return " ".join(f"{keyword}={_quoted(value)}" for keyword, value in self.pairs)


def _pairs(text: str, wanted: str) -> Iterator[tuple[str, str]]:
    at = 0
    text = text.rstrip()
    while at < len(text):
        matched = _PAIR.match(text, at)
        if matched is None:
            raise WrongValueError(f"is not made of KEYWORD=VALUE, each set apart by a blank; wanted {wanted}")
        value = matched[2] if matched[2] is not None else matched[3]
        yield matched[1], re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
        at = matched.end()


def _complaints(pairs: tuple[tuple[str, str], ...]) -> Iterator[str]:
    names = [keyword for keyword, _ in pairs]
    values = dict(pairs)
    for keyword in names:
        if keyword in ELSEWHERE:
            yield f"holds {keyword}: {ELSEWHERE[keyword]}"
        elif keyword not in KEYWORDS:
            yield unknown(keyword, "a keyword of dsn", KEYWORDS)
        elif names.count(keyword) > 1:
            yield f"holds {keyword} twice; wanted it once"
        elif not values[keyword].isprintable():
            yield f"holds characters in {keyword} that cannot be printed; wanted one line of text"
    for keyword in ("dbname", "user"):
        if not values.get(keyword):
            yield f"has no {keyword}; wanted one, so that neither the daemon's user nor its environment decides"
    if not values.get("host") and not values.get("hostaddr"):
        yield "has no host; wanted one, or the folder of a Unix socket such as host=/run/postgresql"
    yield from _tls_complaints(values)
    ports = values.get("port", "5432").split(",")
    if not all(re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= _LARGEST_PORT for port in ports):
        yield "has a port that is none; wanted a number from 1 to 65535"


def _tls_complaints(values: dict[str, str]) -> Iterator[str]:
    mode = values.get("sslmode", "prefer")
    if mode not in SSLMODES:
        yield unknown(mode, "an sslmode", SSLMODES)
    if mode.startswith("verify-") and not values.get("sslrootcert"):
        yield f"has sslmode={mode} without sslrootcert; wanted sslrootcert=/PATH with the certificates to trust"


def _quoted(value: str) -> str:
    if value and not re.search(r"[\s'\\]", value):
        return value
    escaped = re.sub(r"(['\\])", r"\\\1", value)
    return f"'{escaped}'"


@dataclass(frozen=True, slots=True)
class Sql(Parsed):
    """One query that reads one number."""

    text: str

    WANTED: ClassVar[str] = "one query that gives one number and changes nothing, such as select count(*) from jobs"

    @classmethod
    def parse(cls, value: object) -> Self:
        """The query, without a semicolon at its end. What obviously changes something is refused."""
        if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_SQL or "\0" in value:
            raise wrong(value, cls.WANTED)
        text = value.strip().rstrip(";").rstrip()
        bare = _IN_QUOTES.sub(" '' ", text).lower()
        words = re.findall(r"[a-z_]+", bare)
        if ";" in bare:
            raise WrongValueError(f"holds several statements; wanted {cls.WANTED}")
        if not words or words[0] not in _BEGINS:
            raise WrongValueError(f"begins with {words[0] if words else 'no word'}; wanted {cls.WANTED}")
        changing = next((word for word in words if word in _WRITES), None)
        if changing is not None:
            raise WrongValueError(f'holds "{changing}", which can change something; wanted {cls.WANTED}')
        return cls(text)

    def written(self) -> str | dict[str, Any]:
        """The query."""
        return self.text

    def __str__(self) -> str:
        """The query."""
        return self.text
