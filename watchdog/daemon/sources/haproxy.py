"""HAProxy's statistics, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.haproxy` does.
"""

from collections.abc import Callable

from watchdog.config.sources.haproxy import HaproxySettings
from watchdog.core.model import Seconds
from watchdog.sources.haproxy.source import HaproxySource, Pool


def haproxy(settings: HaproxySettings, now: Callable[[], Seconds]) -> HaproxySource:
    """A HAProxy source."""
    return HaproxySource(
        name=settings.name,
        interval=settings.poll,
        timeout=settings.timeout,
        address=settings.socket,
        pools={pool.colour: Pool(backend=pool.backend, servers=pool.servers) for pool in settings.pools},
        now=now,
    )
