"""From HAProxy's plain settings to the live source: what reaches it."""

import asyncio

from watchdog.config.sources.haproxy import HaproxyPool, HaproxySettings
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.haproxy.source import HaproxySource, Pool


def test_every_colour_has_its_pool() -> None:
    """At the socket that the file names."""
    settings = HaproxySettings(
        name="lb",
        service="shop",
        poll=1.0,
        timeout=0.5,
        socket="/run/haproxy.sock",
        pools=(
            HaproxyPool(colour=Colour.BLUE, backend="app", servers=("blue",)),
            HaproxyPool(colour=Colour.GREEN, backend="app", servers=("green",)),
        ),
    )
    source = build.source(settings, lambda: 0.0, lambda secret: "")
    assert isinstance(source, HaproxySource)

    assert ("lb", 1.0, 1.0, "/run/haproxy.sock") == (
        source.name,
        source.interval,
        source.deadline,
        source._runtime.address,
    )
    assert {colour: Pool(backend="app", servers=(colour.value,)) for colour in Colour} == source._pools
    asyncio.run(source.close())
