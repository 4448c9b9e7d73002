"""PostgreSQL servers in plain values.

What lives here: their values and the translation. What must not: how they are asked.
"""

from dataclasses import dataclass

from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.postgres import Postgres
from watchdog.config.sources.colour import coloured, coloured_secret, tells_colours
from watchdog.config.words import Secret
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresQuery:
    """A number of the operator's own."""

    signal: str
    sql: str
    colour: Colour | None
    """Of which colour it speaks; None: of what its door speaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresDoor:
    """One way to a server."""

    colour: Colour | None
    """None: both colours have the same."""
    conninfo: tuple[tuple[str, str], ...]
    password: Secret | None
    queries: tuple[PostgresQuery, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSettings:
    """One PostgreSQL source of one service."""

    name: str
    service: str
    poll: float
    timeout: float
    passfile: str | None
    shared: bool
    """Both colours keep their data in one database, whatever number of doors leads to it."""
    doors: tuple[PostgresDoor, ...]
    """One, or blue's and green's."""


def postgres_settings(name: str, service_name: str, postgres: Postgres, service: Service) -> PostgresSettings:
    """The source of that name, for one service."""
    colours: tuple[Colour | None, ...] = tuple(Colour) if tells_colours(str(postgres.dsn)) else (None,)
    return PostgresSettings(
        name=name,
        service=service_name,
        poll=float(postgres.poll),
        timeout=float(postgres.timeout),
        passfile=postgres.passfile,
        shared=service.data == "shared",
        doors=tuple(_door(postgres, colour) for colour in colours),
    )


def _door(postgres: Postgres, colour: Colour | None) -> PostgresDoor:
    password = postgres.password
    return PostgresDoor(
        colour=colour,
        conninfo=tuple(
            (key, value if colour is None else coloured(value, colour)) for key, value in postgres.dsn.pairs
        ),
        password=password if password is None or colour is None else coloured_secret(password, colour),
        queries=tuple(
            query for signal, sql in postgres.queries.items() for query in _queries(signal, sql.text, colour)
        ),
    )


def _queries(signal: str, sql: str, colour: Colour | None) -> tuple[PostgresQuery, ...]:
    """A query that names the colour is asked for each colour, at the colour's own door where it has one."""
    if not tells_colours(sql):
        return (PostgresQuery(signal=signal, sql=sql, colour=None),)
    return tuple(
        PostgresQuery(signal=signal, sql=coloured(sql, each), colour=each)
        for each in ((colour,) if colour is not None else tuple(Colour))
    )
