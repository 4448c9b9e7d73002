"""A monitoring server that is asked over HTTP: what Prometheus and Alertmanager have in common.

What lives here: how such a server is reached and trusted. What must not: what it is asked.
"""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.schema.sources.base import PolledModel
from watchdog.config.units import Duration
from watchdog.config.words import AbsolutePath, Flag, HeaderName, HeaderValue, Url

SHORTEST_TIMEOUT_S = 0.1
"""A shorter one would judge the scheduler and not the server."""


class Trust(Model):
    """How an https server is trusted."""

    verify: Flag = Field(default=True, description="Check the certificate. `false` accepts any.")
    ca: AbsolutePath | None = Field(
        default=None, description="File with the certificates to trust. Left out: the system's."
    )


class AskedModel(PolledModel):
    """The keys of a monitoring server. A kind may refuse more; its `complaints` includes `server_complaints`."""

    REQUIRED: ClassVar[bool] = False

    url: Url = Field(description="Its address, such as `http://metrics.example:9090`. Redirects are not followed.")
    timeout: Duration = Field(
        default=Duration(3.0), description="A poll whose answers are not complete by then is missing; at least 100ms."
    )
    token: HeaderValue | None = Field(
        default=None, description="Sent as `Authorization: Bearer`. Never shown. Left out: nothing is sent."
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default={}, description="Request headers: a text, `{credential: NAME}` or `{file: /PATH}`. Never shown."
    )
    tls: Trust | None = Field(default=None, description="Trust, for an https address. Left out: checked as usual.")

    def server_complaints(self) -> Iterator[Complaint]:
        """Ranges, and what contradicts itself in how the server is spoken to."""
        yield from self.rhythm_complaints()
        if self.timeout < SHORTEST_TIMEOUT_S:
            yield ("timeout",), found(self.timeout, "a duration of at least 100ms")
        if "?" in self.url or "#" in self.url:
            yield ("url",), found(self.url, "an address without a query, such as http://metrics.example:9090")
        if self.tls is not None and not self.url.startswith("https:"):
            yield ("tls",), "has no meaning with an http address; wanted https://..., or no tls"
        if self.token is not None and any(name.lower() == "authorization" for name in self.headers):
            yield ("token",), "is given, and so is the header Authorization; wanted one of them"
