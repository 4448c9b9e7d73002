"""An application's own view in plain values."""

from pathlib import Path

from tests.config.helpers import compiled
from watchdog.config.sources.actuator import ActuatorMetric, ActuatorSettings
from watchdog.core.model import Colour

TEXT = """
sources:
  app:
    actuator:
      path: /manage
      {more}
      token: for-$colour
      metrics:
        pool: {{metric: hikaricp.connections.active, tags: {{pool: main}}, across: sum, unit: number}}
        errors: {{metric: http.server.requests, statistic: COUNT, tags: {{status: "500"}}, absent: zero}}
rules:
  db: {{probe: {{signal: "app.health[db]"}}, on_fire: rollback}}
  disk: {{probe: {{signal: "app.health[diskSpace]"}}, on_fire: freeze}}
  pool: {{threshold: {{value: app.pool, when: "> 9"}}, on_fire: observe}}
  unused: {{probe: {{signal: "app.health[redis]"}}, on_fire: freeze}}
services: {{app: {{rules: [errors, health, db, disk, pool]}}}}
"""


def settings(folder: Path, more: str = "timeout: 1s") -> ActuatorSettings:
    (service,) = compiled(folder, TEXT.format(more=more)).services
    (found,) = [each for each in service.sources if isinstance(each, ActuatorSettings)]
    return found


def test_every_server_of_a_colour_is_asked(tmp_path: Path) -> None:
    """At the service's servers, with the colour filled in."""
    found = settings(tmp_path)
    blue, green = found.targets

    assert (2.0, 1.0, True, None) == (found.poll, found.timeout, found.verify, found.ca)
    assert (Colour.BLUE, ("http://127.0.0.1:8081/manage",)) == (blue.colour, blue.urls)
    assert (Colour.GREEN, ("http://127.0.0.1:8082/manage",)) == (green.colour, green.urls)
    assert "for-green" == (green.token and green.token.literal)


def test_servers_of_its_own_win(tmp_path: Path) -> None:
    """And https has its trust."""
    more = (
        'servers: {blue: "b:9001", green: ["g:9001", "h:9001"]}\n      scheme: https\n'
        "      tls: {ca: /ca.pem, server_name: $colour.app}"
    )
    found = settings(tmp_path, more)
    blue, green = found.targets

    assert (("https://b:9001/manage",), "blue.app") == (blue.urls, blue.server_name)
    assert ("https://g:9001/manage", "https://h:9001/manage") == green.urls
    assert (True, "/ca.pem") == (found.verify, found.ca)


def test_only_components_of_the_service_s_rules_are_read(tmp_path: Path) -> None:
    """Each once."""
    assert ("db", "diskSpace") == settings(tmp_path).components


def test_meters_keep_what_was_said_of_them(tmp_path: Path) -> None:
    """With the defaults filled in."""
    assert (
        ActuatorMetric(
            name="pool",
            meter="hikaricp.connections.active",
            statistic="VALUE",
            tags=(("pool", "main"),),
            counter=False,
            absent_is_zero=False,
            across="sum",
            unit="number",
        ),
        ActuatorMetric(
            name="errors",
            meter="http.server.requests",
            statistic="COUNT",
            tags=(("status", "500"),),
            counter=True,
            absent_is_zero=True,
            across="max",
            unit="any",
        ),
    ) == settings(tmp_path).metrics


def test_the_token_is_in_no_text(tmp_path: Path) -> None:
    """Neither in the effective file nor in a value's own text."""
    whole = compiled(tmp_path, TEXT.format(more="").replace("for-$colour", "marker-9"))

    assert "marker" not in whole.text
    assert "marker" not in repr(whole)
