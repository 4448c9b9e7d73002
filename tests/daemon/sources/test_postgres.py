"""From a PostgreSQL source's plain settings to the live one: what reaches it."""

import asyncio
import subprocess
import sys

import pytest

from watchdog.config.sources.postgres import PostgresDoor, PostgresQuery, PostgresSettings
from watchdog.config.words import Secret
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.postgres.source import PostgresSource

SETTINGS = PostgresSettings(
    name="db",
    service="shop",
    poll=2.0,
    timeout=1.5,
    passfile=None,
    shared=False,
    doors=tuple(
        PostgresDoor(
            colour=colour,
            conninfo=(("host", f"{colour}-db"), ("dbname", "app"), ("user", "w")),
            password=Secret(credential="db"),
            queries=(PostgresQuery(signal="jobs", sql="select 1", colour=colour),),
        )
        for colour in Colour
    ),
)


def test_every_door_has_its_password_and_queries() -> None:
    """The password comes from where it is kept, and is shown nowhere."""
    source = build.source(SETTINGS, lambda: 0.0, lambda secret: f"<{secret.credential}>")
    assert isinstance(source, PostgresSource)
    setups = [door.setup for door in source._doors]

    assert ("db", 2.0, 4.0) == (source.name, source.interval, source.deadline)
    assert ["blue-db", "green-db"] == [setup.conninfo["host"] for setup in setups]
    assert ["<db>", "<db>"] == [setup.password for setup in setups]
    assert [("jobs", Colour.GREEN)] == [(query.signal, query.colour) for query in setups[1].queries]
    assert "<db>" not in repr(setups)
    asyncio.run(source.close())


def test_a_password_that_is_not_there_is_an_error() -> None:
    """Said at the start, not at the first poll."""

    def reveal(_: Secret) -> str:
        raise FileNotFoundError("db")

    with pytest.raises(FileNotFoundError):
        build.source(SETTINGS, lambda: 0.0, reveal)


def run(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False, env=environment
    )
    return done.stdout + done.stderr


def test_the_client_is_loaded_only_when_it_is_needed() -> None:
    """An idle daemon without such a source does not pay for it."""
    program = "import sys, watchdog.daemon.sources.build; print('psycopg' in sys.modules, 'psutil' in sys.modules)"

    assert "False False\n" == run(program)


def test_without_the_system_s_library_the_package_is_named() -> None:
    """psycopg alone would speak of its own implementations."""
    program = (
        "import ctypes.util; ctypes.util.find_library = lambda name: None\n"
        "try: import watchdog.daemon.sources.postgres\n"
        "except OSError as error: print(str(error).partition(':')[0], str(error).count('libpq5'))\n"
    )

    assert "a postgres source needs the library libpq (Debian 1\n" == run(program)
