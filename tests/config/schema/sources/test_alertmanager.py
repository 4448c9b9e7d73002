"""Alertmanager's keys."""

from pathlib import Path

import pytest

from tests.config.helpers import changed

TEXT = """
sources:
  alerts: {{alertmanager: {{url: "http://127.0.0.1:9093", matchers: {matchers}}}}}
"""


@pytest.mark.parametrize(
    ("matchers", "per_colour"), [("""[severity=critical, 'color="$colour"']""", True), ("severity=critical", False)]
)
def test_its_signals_are_per_colour_when_its_conditions_are(tmp_path: Path, matchers: str, *, per_colour: bool) -> None:
    """One condition may be written without a list."""
    signals = changed(tmp_path, TEXT.format(matchers=matchers)).sections.sources["alerts"].model.signals()
    assert [("firing", "gauge", per_colour), ("clear", "probe", per_colour)] == [
        (name, spec.kind, spec.per_colour) for name, spec in signals.items()
    ]
