"""The keys of HAProxy's statistics."""

from pathlib import Path
from typing import Any

import pytest

from tests.config.helpers import changed
from watchdog.config.schema.sources.haproxy import Haproxy


@pytest.mark.parametrize(
    ("written", "servers"),
    [
        ({"backend": "app"}, ("$colour",)),
        ({"backend": "app-$colour"}, ()),
        ({"backend": "app-${colour}", "server": "one"}, ("one",)),
        ({"backend": "app", "server": ["$colour-1", "$colour-2"]}, ("$colour-1", "$colour-2")),
    ],
)
def test_which_servers_are_a_colour_s(written: dict[str, Any], servers: tuple[str, ...]) -> None:
    """By name, or all of its own backend."""
    assert servers == Haproxy.model_validate({"socket": "/s", **written}).servers


@pytest.mark.parametrize("socket", ["/run/haproxy/admin.sock", "127.0.0.1:9999", "[::1]:9999", "lb.internal:9999"])
def test_its_socket_is_a_path_or_an_address(tmp_path: Path, socket: str) -> None:
    """Both are HAProxy's `stats socket`."""
    text = f'sources: {{lb: {{haproxy: {{socket: "{socket}", backend: app}}}}}}'
    model = changed(tmp_path, text).sections.sources["lb"].model

    assert isinstance(model, Haproxy)
    assert socket == model.socket


def test_it_is_required_and_no_probe_of_a_colour() -> None:
    """`server_up` is the balancer's opinion, and not named `up`."""
    assert (True, False) == (Haproxy.REQUIRED, Haproxy.PROBING)
    assert "up" not in Haproxy.CATALOGUE
    assert all(spec.per_colour for spec in Haproxy.CATALOGUE.values())
