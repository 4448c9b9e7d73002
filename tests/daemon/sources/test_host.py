"""From a host source's plain settings to the live one: what reaches it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from watchdog.config.sources.host import HostSettings
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.host.groups import CgroupAt, PidFile, Unit
from watchdog.sources.host.source import HostSource


@pytest.mark.parametrize(
    ("group", "where", "expected"),
    [
        ("unit", "app.service", Unit("app.service")),
        ("cgroup", "/app", CgroupAt("/app")),
        ("pid_file", "/run/app.pid", PidFile(Path("/run/app.pid"))),
    ],
)
def test_what_is_measured(group: Any, where: str, expected: object) -> None:
    """By any of the three ways, with the disks."""
    settings = HostSettings(
        name="host", service="shop", poll=2.0, group=group, targets=((Colour.BLUE, where),), disks=(("root", "/"),)
    )
    source = build.source(settings, lambda: 0.0, str)
    assert isinstance(source, HostSource)

    assert ("host", 2.0) == (source.name, source.interval)
    assert [(expected, Colour.BLUE)] == [(each, colour) for each, _, colour in source._groups]
    assert {"root": Path("/")} == source._disks
    asyncio.run(source.close())


def test_without_processes_it_is_the_machine() -> None:
    """Which has no colour."""
    settings = HostSettings(name="host", service="shop", poll=2.0, group="machine", targets=(), disks=())
    source = build.source(settings, lambda: 0.0, str)
    asyncio.run(source.close())

    assert {None} == {each.colour for each in source.missing()}
