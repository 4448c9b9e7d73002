"""Alertmanager in plain values."""

from pathlib import Path

import pytest

from tests.config.helpers import compiled
from watchdog.config.sources.alertmanager import AlertmanagerSettings
from watchdog.core.model import Colour

TEXT = """
sources:
  alerts:
    alertmanager:
      url: http://127.0.0.1:9093/
      matchers: [severity=critical, {of}]
      heartbeat: alertname=Watchdog
      token: {{credential: alerts-token}}
rules:
  alerts: {{probe: {{signal: alerts.clear}}, on_fire: freeze}}
services: {{app: {{rules: [errors, health, alerts]}}}}
"""


@pytest.mark.parametrize(
    ("of", "filters"),
    [
        (
            """'color="$colour"'""",
            (
                (Colour.BLUE, ('severity="critical"', 'color="blue"')),
                (Colour.GREEN, ('severity="critical"', 'color="green"')),
            ),
        ),
        ("team=web", ((None, ('severity="critical"', 'team="web"')),)),
    ],
)
def test_what_is_asked_for_each_colour(tmp_path: Path, of: str, filters: object) -> None:
    """Once for both where no condition tells them apart."""
    (service,) = compiled(tmp_path, TEXT.format(of=of)).services
    (settings,) = [each for each in service.sources if isinstance(each, AlertmanagerSettings)]
    assert (filters, ('alertname="Watchdog"',)) == (settings.filters, settings.heartbeat)
    assert ("http://127.0.0.1:9093", "{'credential': 'alerts-token'}") == (settings.http.url, str(settings.http.token))
