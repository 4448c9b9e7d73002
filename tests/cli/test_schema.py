"""`rollback-watchdog schema`."""

import json
from pathlib import Path

import pytest

from tests.cli.helpers import call
from watchdog.cli.main import main

PUBLISHED = Path(__file__).parents[2] / "rules" / "schema.json"


def test_the_schema_is_printed_as_it_is_published(capsys: pytest.CaptureFixture[str]) -> None:
    """Into a file it is the one beside the rule files."""
    assert 0 == call(main, "schema")

    out = capsys.readouterr().out
    assert PUBLISHED.read_text() == out
    assert "services" in json.loads(out)["properties"]
