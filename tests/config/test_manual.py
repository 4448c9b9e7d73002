from pathlib import Path

import pytest
import yaml

from watchdog.config.manual import BEGIN, END, renewed, tables

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_document_has_the_tables_of_the_schema() -> None:
    """`python -m watchdog.config.manual docs/configuration.md` writes them anew."""
    document = DOCUMENT.read_text()

    assert renewed(document) == document


def test_every_key_is_in_the_tables() -> None:
    """With its form, its default and its meaning."""
    text = tables()

    assert "| `blind_after` | duration | `2m` | People are told when" in text
    assert "| `for` | duration | `0s` |" in text
    assert "### `services.NAME.router.nginx.entry`" in text
    assert "### `plans.NAME.steps[N].gate`" in text
    assert "### `sources.NAME.access_log.routes.NAME`" in text
    assert "| `data` | `shared` or `per_colour` | required |" in text
    assert "### `services.NAME.hooks.after_rollback.NAME`" in text
    assert "| `rollbacks` | number or `none` | `3` |" in text
    assert "| `on_fire` | `rollback` or `freeze` or `escalate` or `observe` | required |" in text


def test_a_document_without_a_place_for_the_tables_is_refused() -> None:
    """Nothing is written over."""
    for document in ("", BEGIN, END):
        with pytest.raises(ValueError, match="lacks the line"):
            renewed(document)


def test_the_examples_of_the_document_are_yaml() -> None:
    """What is indented and looks like a key can be copied."""
    examples = [line.strip() for line in DOCUMENT.read_text().splitlines() if line.startswith("    ") and ": " in line]

    assert examples
    assert all(isinstance(yaml.safe_load(example), dict) for example in examples)
