"""Synthetic requests in plain values.

What lives here: their values and the translation. What must not: sending.
"""

from dataclasses import dataclass
from typing import Any

from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.synthetic import Request, Synthetic
from watchdog.config.sources.colour import coloured, coloured_secret
from watchdog.config.words import Secret
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticRequest:
    """One request as one colour gets it."""

    name: str
    method: str
    path: str
    headers: tuple[tuple[str, Secret], ...]
    body: Secret | None
    statuses: tuple[int, ...]
    expect: tuple[tuple[str, Any], ...]
    """JSON keys with their values; nested ones are mappings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticTarget:
    """One colour's servers and what they are asked."""

    colour: Colour
    servers: tuple[str, ...]
    """As `http://host:port`."""
    requests: tuple[SyntheticRequest, ...]
    server_name: str | None
    """The name that the certificate must bear; None: the server's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticSettings:
    """One source of synthetic requests of one service."""

    name: str
    service: str
    poll: float
    every: float
    timeout: float
    verify: bool
    ca: str | None
    """None: the system's certificates."""
    targets: tuple[SyntheticTarget, SyntheticTarget]
    """Blue, green."""


def synthetic_settings(name: str, service_name: str, synthetic: Synthetic, service: Service) -> SyntheticSettings:
    """The source of that name, for one service."""
    tls = synthetic.tls
    return SyntheticSettings(
        name=name,
        service=service_name,
        poll=float(synthetic.poll),
        every=float(synthetic.every),
        timeout=float(synthetic.timeout),
        verify=tls is None or tls.verify,
        ca=None if tls is None else tls.ca,
        targets=(
            _target(Colour.BLUE, service.colours.blue.server, synthetic),
            _target(Colour.GREEN, service.colours.green.server, synthetic),
        ),
    )


def _target(colour: Colour, servers: tuple[str, ...], synthetic: Synthetic) -> SyntheticTarget:
    server_name = None if synthetic.tls is None else synthetic.tls.server_name
    return SyntheticTarget(
        colour=colour,
        servers=tuple(f"{synthetic.scheme}://{server}" for server in servers),
        requests=tuple(_request(name, request, colour) for name, request in synthetic.requests.items()),
        server_name=None if server_name is None else coloured(server_name, colour),
    )


def _request(name: str, request: Request, colour: Colour) -> SyntheticRequest:
    keys = request.expect.json_
    return SyntheticRequest(
        name=name,
        method=request.method,
        path=coloured(request.path, colour),
        headers=tuple((header, coloured_secret(value, colour)) for header, value in request.headers.items()),
        body=None if request.body is None else coloured_secret(request.body, colour),
        statuses=request.expect.status,
        expect=() if keys is None else tuple(keys.wanted().items()),
    )
