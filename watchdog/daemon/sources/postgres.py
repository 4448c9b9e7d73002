"""PostgreSQL servers, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.postgres` does.
"""

from collections.abc import Callable

from watchdog.config.sources.postgres import PostgresDoor, PostgresSettings
from watchdog.config.words import Secret
from watchdog.core.model import Seconds

try:
    from watchdog.sources.postgres.door import DoorSetup
    from watchdog.sources.postgres.measures import Query
    from watchdog.sources.postgres.source import PostgresSource
except ImportError as error:  # psycopg says so when the system's library is not there
    raise OSError(f"a postgres source needs the library libpq (Debian: libpq5): {error}") from error


def postgres(settings: PostgresSettings, now: Callable[[], Seconds], reveal: Callable[[Secret], str]) -> PostgresSource:
    """A PostgreSQL source. OSError when a password's file cannot be read, or the environment would interfere."""
    return PostgresSource(
        name=settings.name,
        interval=settings.poll,
        timeout=settings.timeout,
        shared=settings.shared,
        doors=[_door(settings, door, reveal) for door in settings.doors],
        now=now,
    )


def _door(settings: PostgresSettings, door: PostgresDoor, reveal: Callable[[Secret], str]) -> DoorSetup:
    passfile = {} if settings.passfile is None else {"passfile": settings.passfile}
    return DoorSetup(
        colour=door.colour,
        conninfo={**dict(door.conninfo), **passfile},
        password="" if door.password is None else reveal(door.password),
        queries=tuple(Query(signal=query.signal, sql=query.sql, colour=query.colour) for query in door.queries),
    )
