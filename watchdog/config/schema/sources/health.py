"""Health checks: a request to each server of each colour.

What lives here: their keys. What must not: how they are made (`watchdog.sources.health`).
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.forms import Expect
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.schema.sources.base import PolledModel, SignalSpec
from watchdog.config.units import Duration
from watchdog.config.words import AbsolutePath, Flag, HeaderName, HeaderValue, RequestPath, Text


class Tls(Model):
    """How the health check trusts an https target."""

    verify: Flag = Field(default=True, description="Check the certificate. `false` accepts any.")
    ca: AbsolutePath | None = Field(
        default=None, description="File with the certificates to trust. Left out: the system's."
    )
    server_name: Text | None = Field(
        default=None, description="Name that the certificate must bear. Left out: the server's own."
    )


class Health(PolledModel):
    """A request to each server of each colour; no or a wrong answer is a failure. Signals: up, seconds."""

    LATER: ClassVar[frozenset[str]] = frozenset({"method", "body", "token"})
    PROBING: ClassVar[bool] = True
    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "up": SignalSpec(kind="probe"),
        "seconds": SignalSpec(kind="gauge", unit="duration"),
    }

    path: RequestPath = Field(description="What is asked for; `$colour` is the colour. It should touch the database.")
    expect: Expect = Field(
        default=Expect(),
        description="A healthy answer: a status code, or status 200 and JSON keys with their values such as "
        "`{status: UP}`. Redirects are not followed.",
    )
    poll: Duration = Field(default=Duration(2.0), description="Time from one check to the next; at least 100ms.")
    timeout: Duration = Field(default=Duration(2.0), description="An answer that takes longer is a failure.")
    scheme: Literal["http", "https"] = Field(default="http", description="How the servers are spoken to.")
    tls: Tls | None = Field(default=None, description="Trust, for `scheme: https`. Left out: checked as usual.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default={},
        description="Request headers: a text, `{credential: NAME}` or `{file: /PATH}`. Never shown.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and trust that nothing uses."""
        yield from self.rhythm_complaints()
        if self.timeout <= 0.0:
            yield ("timeout",), found(self.timeout, "a duration above 0s")
        if self.tls is not None and self.scheme == "http":
            yield ("tls",), "has no meaning with scheme http; wanted scheme: https, or no tls"
