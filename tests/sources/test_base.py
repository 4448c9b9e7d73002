"""The port, and that the sources fit it."""

import asyncio

from watchdog.core.model import Colour, Reading
from watchdog.sources.base import PollSource
from watchdog.sources.health import HealthSource
from watchdog.sources.http_probe import HttpTarget


async def names(source: PollSource) -> set[tuple[str, Colour | None]]:
    """Signals and colours of an answer; every one of them is also in `missing()`."""

    def named(readings: tuple[Reading, ...]) -> set[tuple[str, Colour | None]]:
        return {(reading.signal, reading.colour) for reading in readings}

    answered = named(await source.poll())
    assert answered == named(source.missing())
    await source.close()
    return answered


def test_the_health_source_fits_the_port() -> None:
    """It answers and misses the same signals of the same colours."""
    target = HttpTarget(url="http://127.0.0.1:1/", timeout=1.0)
    source = HealthSource(name="health", interval=2.0, targets={Colour.GREEN: [target]}, now=lambda: 0.0)

    assert {("up", Colour.GREEN), ("seconds", Colour.GREEN)} == asyncio.run(names(source))
