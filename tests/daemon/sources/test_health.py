"""From a health check's plain settings to the live one: what reaches it."""

import asyncio
from pathlib import Path

from tests.daemon.helpers import ENVIRONMENT, environment
from watchdog.config.words import Secret
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.health import HealthSource


def reveal(secret: Secret) -> str:
    return f"<{secret.credential}>"


def test_every_server_of_a_colour_is_asked_for_its_health(tmp_path: Path) -> None:
    """With the credentials revealed."""
    text = ENVIRONMENT.replace('{{server: "127.0.0.1:8082"}}', '{{server: ["127.0.0.1:8082", "127.0.0.1:8083"]}}')
    text = text.replace("poll: 500ms", "poll: 500ms, headers: {{X-Key: {{credential: key}}}}")
    (service,) = environment(tmp_path, text).services
    source = build.source(service.sources[0], lambda: 0.0, reveal)
    assert isinstance(source, HealthSource)
    pages = source._pages[Colour.GREEN]

    assert ["http://127.0.0.1:8082/health", "http://127.0.0.1:8083/health"] == [each.target.url for each in pages]
    assert [{"X-Key": "<key>"}] * 2 == [each.target.headers for each in pages]
    assert 0.5 == source.interval
    asyncio.run(source.close())
