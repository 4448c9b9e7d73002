"""PostgreSQL's keys."""

from pathlib import Path

import pytest

from tests.config.helpers import changed
from watchdog.config.schema.sources.postgres import Postgres

TEXT = """
sources:
  db:
    postgres:
      dsn: host={host} dbname=app user=watchdog
      queries: {{jobs: select count(*) from jobs, own: "select 1 where '$colour' = 'x'"}}
"""


@pytest.mark.parametrize(("host", "told"), [("db", False), ("$colour-db", True)])
def test_what_tells_colours_apart(tmp_path: Path, host: str, *, told: bool) -> None:
    """The server by its place, and a query by its words; only the latter speaks of a colour at a shared database."""
    signals = changed(tmp_path, TEXT.format(host=host)).sections.sources["db"].model.signals()
    per_colour = {name for name, spec in signals.items() if spec.per_colour}

    assert (set(signals) if told else {"own"}) == per_colour
    assert set(signals) - {"own"} == {name for name, spec in signals.items() if spec.of_data}


def test_it_is_required_and_no_probe_of_a_colour() -> None:
    """A database that answers does not show that the application does."""
    assert (True, False) == (Postgres.REQUIRED, Postgres.PROBING)
    assert "up" not in Postgres.CATALOGUE
