"""PostgreSQL in plain values."""

from pathlib import Path

from tests.config.helpers import compiled
from watchdog.config.sources.postgres import PostgresSettings
from watchdog.core.model import Colour

TEXT = """
sources:
  db:
    postgres:
      dsn: host={host} dbname=app user=watchdog
      {secret}
      timeout: 1s
      queries: {{jobs: select count(*) from jobs, own: "select count(*) from sessions where app = '$colour'"}}
rules:
  db: {{probe: {{signal: db.writable}}, on_fire: freeze}}
services: {{app: {{rules: [errors, health, db]}}}}
"""


def settings(folder: Path, host: str, secret: str = "password: for-$colour") -> PostgresSettings:
    (service,) = compiled(folder, TEXT.format(host=host, secret=secret)).services
    (found,) = [each for each in service.sources if isinstance(each, PostgresSettings)]
    return found


def test_a_door_for_each_colour(tmp_path: Path) -> None:
    """With the colour filled in, and its own query alone."""
    found = settings(tmp_path, "$colour-db")
    blue, green = found.doors

    assert (1.0, 5.0, True, None) == (found.timeout, found.poll, found.shared, found.passfile)
    assert (Colour.BLUE, Colour.GREEN) == (blue.colour, green.colour)
    assert (("host", "green-db"), ("dbname", "app"), ("user", "watchdog")) == green.conninfo
    assert "for-green" == (green.password and green.password.literal)
    assert [
        ("jobs", None, "select count(*) from jobs"),
        ("own", Colour.GREEN, "select count(*) from sessions where app = 'green'"),
    ] == [(query.signal, query.colour, query.sql) for query in green.queries]


def test_one_door_for_both(tmp_path: Path) -> None:
    """A query that names the colour is asked twice."""
    found = settings(tmp_path, "db", "passfile: /etc/rollback-watchdog/pgpass")
    (door,) = found.doors

    assert (None, None, "/etc/rollback-watchdog/pgpass") == (door.colour, door.password, found.passfile)
    assert [None, Colour.BLUE, Colour.GREEN] == [query.colour for query in door.queries]


def test_the_password_is_in_no_text(tmp_path: Path) -> None:
    """Neither in the effective file nor in a value's own text."""
    text = TEXT.format(host="db", secret="password: marker-9")
    whole = compiled(tmp_path, text)

    assert "marker" not in whole.text
    assert "marker" not in repr(whole)
