"""Health checks, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.health` does.
"""

from collections.abc import Callable
from pathlib import Path

from watchdog.config.sources.health import HealthSettings
from watchdog.config.sources.health import HealthTarget as TargetSettings
from watchdog.config.words import Secret
from watchdog.core.model import Seconds
from watchdog.daemon.sources.headers import carried
from watchdog.sources.health import HealthSource
from watchdog.sources.http_probe import HttpTarget, Tls


def health(settings: HealthSettings, now: Callable[[], Seconds], reveal: Callable[[Secret], str]) -> HealthSource:
    """A health source. OSError or ssl.SSLError when a credential or certificate file cannot be read."""
    targets = {
        target.colour: tuple(_health_target(settings, target, url, reveal) for url in target.urls)
        for target in settings.targets
    }
    return HealthSource(name=settings.name, interval=settings.poll, targets=targets, now=now)


def _health_target(
    settings: HealthSettings, target: TargetSettings, url: str, reveal: Callable[[Secret], str]
) -> HttpTarget:
    return HttpTarget(
        url=url,
        timeout=settings.timeout,
        statuses=(settings.expect.status,),
        expect=settings.expect.wanted(),
        headers={name: carried(value, reveal) for name, value in target.headers},
        tls=Tls(
            verify=settings.verify,
            ca=None if settings.ca is None else Path(settings.ca),
            server_name=target.server_name or "",
        ),
    )
