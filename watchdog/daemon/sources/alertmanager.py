"""Alertmanager, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.alertmanager` does.
"""

import ssl
from collections.abc import Callable

from watchdog.config.sources.alertmanager import AlertmanagerSettings
from watchdog.config.sources.asked import HttpSettings
from watchdog.config.words import Secret
from watchdog.daemon.sources.headers import headers
from watchdog.sources.alertmanager import AlertmanagerSource, AlertmanagerTarget, client


def alertmanager(settings: AlertmanagerSettings, reveal: Callable[[Secret], str]) -> AlertmanagerSource:
    """An Alertmanager source. OSError or ssl.SSLError when a credential or certificate file cannot be read."""
    http = settings.http
    target = AlertmanagerTarget(
        url=http.url,
        timeout=http.timeout,
        filters=dict(settings.filters),
        heartbeat=settings.heartbeat,
        headers=headers(http, reveal),
    )
    return AlertmanagerSource(
        name=settings.name,
        interval=settings.poll,
        target=target,
        client=client(verify=_trust(http), timeout=http.timeout),
    )


def _trust(http: HttpSettings) -> ssl.SSLContext | bool:
    if not http.url.startswith("https:") or not http.verify:
        return False
    return ssl.create_default_context(cafile=http.ca)
