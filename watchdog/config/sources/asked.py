"""How a monitoring server is spoken to, in plain values.

What lives here: the values that its kinds share, and their translation. What must not: what such a server is asked.
"""

from dataclasses import dataclass

from watchdog.config.schema.sources.asked import AskedModel
from watchdog.config.words import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSettings:
    """One server."""

    url: str
    timeout: float
    headers: tuple[tuple[str, Secret], ...]
    token: Secret | None
    verify: bool
    ca: str | None
    """None: the system's certificates."""


def http_settings(model: AskedModel) -> HttpSettings:
    """The server that a source names."""
    return HttpSettings(
        url=model.url.rstrip("/"),
        timeout=float(model.timeout),
        headers=tuple(model.headers.items()),
        token=model.token,
        verify=model.tls is None or model.tls.verify,
        ca=None if model.tls is None else model.tls.ca,
    )
