"""Synthetic requests, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.synthetic` does.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from watchdog.config.sources.synthetic import SyntheticRequest, SyntheticSettings, SyntheticTarget
from watchdog.config.words import Secret
from watchdog.core.model import Seconds
from watchdog.daemon.sources.headers import carried
from watchdog.sources.http_probe import HttpTarget, Tls
from watchdog.sources.synthetic import SyntheticSource


def synthetic(
    settings: SyntheticSettings, now: Callable[[], Seconds], reveal: Callable[[Secret], str]
) -> SyntheticSource:
    """A live source. OSError or ssl.SSLError when a credential or certificate file cannot be read."""
    return SyntheticSource(
        name=settings.name,
        interval=settings.poll,
        every=settings.every,
        targets={
            target.colour: tuple(_server(settings, target, server, reveal) for server in target.servers)
            for target in settings.targets
        },
        now=now,
    )


def _server(
    settings: SyntheticSettings, target: SyntheticTarget, server: str, reveal: Callable[[Secret], str]
) -> Mapping[str, HttpTarget]:
    tls = Tls(
        verify=settings.verify,
        ca=None if settings.ca is None else Path(settings.ca),
        server_name=target.server_name or "",
    )
    return {each.name: _request(settings, each, f"{server}{each.path}", tls, reveal) for each in target.requests}


def _request(
    settings: SyntheticSettings, request: SyntheticRequest, url: str, tls: Tls, reveal: Callable[[Secret], str]
) -> HttpTarget:
    headers = {name: carried(value, reveal) for name, value in request.headers}
    if request.body is not None and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/json"
    return HttpTarget(
        url=url,
        method=request.method,
        content=None if request.body is None else reveal(request.body).encode(),
        timeout=settings.timeout,
        statuses=request.statuses,
        expect=dict(request.expect),
        headers=headers,
        tls=tls,
    )
