"""From Alertmanager's plain settings to the live source: what reaches it."""

import asyncio
import ssl
from dataclasses import replace

import pytest

from watchdog.config.sources.alertmanager import AlertmanagerSettings
from watchdog.config.sources.asked import HttpSettings
from watchdog.config.words import Secret
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.alertmanager import AlertmanagerSource, AlertmanagerTarget

HTTP = HttpSettings(url="http://alerts", timeout=2.0, headers=(), token=Secret(file="/t"), verify=True, ca=None)
SETTINGS = AlertmanagerSettings(
    name="alerts", http=HTTP, poll=5.0, filters=((Colour.BLUE, ('a="b"',)),), heartbeat=('alertname="Watchdog"',)
)


def test_conditions_and_heartbeat_reach_the_source() -> None:
    """With the credentials revealed."""
    source = build.source(SETTINGS, lambda: 0.0, lambda secret: f"<{secret.file}>")
    assert isinstance(source, AlertmanagerSource)
    assert (
        AlertmanagerTarget(
            url="http://alerts",
            timeout=2.0,
            filters={Colour.BLUE: ('a="b"',)},
            heartbeat=('alertname="Watchdog"',),
            headers={"Authorization": "Bearer </t>"},
        )
        == source._target
    )
    assert (5.0, 3.0) == (source.interval, source.deadline)
    asyncio.run(source.close())


def test_an_authority_that_cannot_be_read_is_told_at_the_start() -> None:
    """Before anything is asked."""
    https = replace(HTTP, url="https://alerts", ca="/nowhere.pem")
    with pytest.raises((OSError, ssl.SSLError)):
        build.source(replace(SETTINGS, http=https), lambda: 0.0, str)
    anyone = build.source(replace(SETTINGS, http=replace(https, verify=False)), lambda: 0.0, str)
    asyncio.run(anyone.close())
