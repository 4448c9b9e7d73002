"""The host in plain values."""

from pathlib import Path

import pytest

from tests.config.helpers import compiled
from watchdog.config.sources.host import HostSettings
from watchdog.core.model import Colour

TEXT = """
sources:
  host: {{host: {{{what}, disk: {{data: /srv}}}}}}
rules:
  cpu: {{threshold: {{value: host.cpu, when: "> 90%", for: 30s}}, on_fire: freeze}}
services: {{app: {{rules: [errors, health, cpu]}}}}
"""


@pytest.mark.parametrize(
    ("what", "group", "targets"),
    [
        ("poll: 1s", "machine", ()),
        ("unit: app.service", "unit", ((None, "app.service"),)),
        (
            "pid_file: /run/$colour.pid",
            "pid_file",
            ((Colour.BLUE, "/run/blue.pid"), (Colour.GREEN, "/run/green.pid")),
        ),
    ],
)
def test_what_is_measured(tmp_path: Path, what: str, group: str, targets: object) -> None:
    """Once, or for each colour."""
    (service,) = compiled(tmp_path, TEXT.format(what=what)).services
    (found,) = [each for each in service.sources if isinstance(each, HostSettings)]

    assert (group, targets, (("data", "/srv"),)) == (found.group, found.targets, found.disks)
