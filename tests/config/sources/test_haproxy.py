"""HAProxy's statistics in plain values."""

from pathlib import Path

from tests.config.helpers import compiled
from watchdog.config.sources.haproxy import HaproxyPool, HaproxySettings
from watchdog.core.model import Colour

TEXT = """
sources:
  lb: {{haproxy: {{socket: /run/haproxy.sock, {more}}}}}
rules:
  lb: {{sequential_ratio: {{bad: lb.errors, total: lb.requests, limit: 5%}}, on_fire: rollback}}
services: {{app: {{rules: [errors, health, lb]}}}}
"""


def settings(folder: Path, more: str) -> HaproxySettings:
    (service,) = compiled(folder, TEXT.format(more=more)).services
    (found,) = [each for each in service.sources if isinstance(each, HaproxySettings)]
    return found


def test_a_server_for_each_colour(tmp_path: Path) -> None:
    """Named by the colour unless the file says otherwise."""
    found = settings(tmp_path, "backend: app")

    assert ("lb", "app", 1.0, 1.0, "/run/haproxy.sock") == (
        found.name,
        found.service,
        found.poll,
        found.timeout,
        found.socket,
    )
    assert (
        HaproxyPool(colour=Colour.BLUE, backend="app", servers=("blue",)),
        HaproxyPool(colour=Colour.GREEN, backend="app", servers=("green",)),
    ) == found.pools


def test_several_servers_and_a_backend_for_each_colour(tmp_path: Path) -> None:
    """With the colour filled in."""
    _, green = settings(tmp_path, 'backend: app, server: ["$colour-1", "$colour-2"]').pools
    assert ("green-1", "green-2") == green.servers

    _, green = settings(tmp_path, "backend: app-$colour").pools
    assert ("app-green", ()) == (green.backend, green.servers)
