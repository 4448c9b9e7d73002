"""Requests of our own to each server of each colour, at a set rate.

What lives here: their keys. What must not: how they are sent (`watchdog.sources.synthetic`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchdog.config.errors import found, shown
from watchdog.config.schema.base import Complaint, Model, listed
from watchdog.config.schema.sources.base import PolledModel, SignalSpec
from watchdog.config.schema.sources.health import Tls
from watchdog.config.synthetic_forms import JsonKeys, Status
from watchdog.config.units import Duration
from watchdog.config.words import Flag, HeaderName, HeaderValue, Name, RequestPath, Secret

REQUESTS_AT_MOST = 32
"""As many as there may be routes; each is a signal of its own per colour."""

SHORTEST_EVERY_S = 0.05
"""More often it would be a load test."""

WAITING_AT_MOST = 64
"""Requests that may wait at one server; the source sends no more beside them (sources/synthetic)."""

READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""What changes nothing; the balancer's log counts every other method as a write."""


class Expected(Model):
    """What a good answer looks like."""

    status: Annotated[tuple[Status, ...], listed, Field(min_length=1)] = Field(
        default=(200,), description="A status code, or a list of them. Redirects are not followed."
    )
    json_: JsonKeys | None = Field(
        default=None,
        alias="json",
        description="Keys of the JSON answer with their values, such as `{status: UP}`. Left out: the status decides.",
    )


class Request(Model):
    """One request under the name of what it shows to work, such as login."""

    method: Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"] = Field(
        default="GET", description="How it is asked. From `POST` on with `allow_writes: true` only."
    )
    path: RequestPath = Field(description="What is asked for, perhaps with a query; `$colour` is the colour.")
    headers: dict[HeaderName, HeaderValue] = Field(
        default={},
        description="Request headers: a text, `{credential: NAME}` or `{file: /PATH}`. Never shown. A body without "
        "`Content-Type` is application/json.",
    )
    body: Secret | None = Field(
        default=None,
        description="What is sent: a text, `{credential: NAME}` or `{file: /PATH}`. Never shown. Left out: nothing.",
    )
    expect: Expected = Field(default=Expected(), description="A good answer; any other one is a failure.")
    allow_writes: Flag = Field(
        default=False,
        description="The request may change something, again and again: use a test account and what may be repeated.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """What a method allows."""
        reads = self.method in READING_METHODS
        if not reads and not self.allow_writes:
            wanted = (
                f"a method that only reads, or allow_writes: true: {self.method} makes records, at every server of "
            )
            yield ("method",), found(self.method, f"{wanted}both colours, each time that it is sent")
        if reads and self.allow_writes:
            yield ("allow_writes",), f"has no meaning with {self.method}, which only reads; wanted it left out"
        if reads and self.body is not None:
            yield ("body",), f"has no meaning with {self.method}; wanted method: POST, or no body"
        if self.method == "HEAD" and self.expect.json_ is not None:
            yield ("expect", "json"), "has no meaning with HEAD, whose answer has no body; wanted method: GET"


class Synthetic(PolledModel):
    """Requests of our own to each server of each colour, not through the balancer, so that idle services and hanging
    requests are seen. They are not counted as users. Signals: requests, failures, seconds (the longest that one took or
    has waited so far); each also per request.
    """

    PROBING: ClassVar[bool] = True
    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "requests": SignalSpec(kind="count", members=frozenset()),
        "failures": SignalSpec(kind="count", members=frozenset()),
        "seconds": SignalSpec(kind="gauge", unit="duration", members=frozenset()),
    }

    requests: Annotated[dict[Name, Request], Field(min_length=1, max_length=REQUESTS_AT_MOST)] = Field(
        description=f"What is asked, by name, at most {REQUESTS_AT_MOST}. Passes of one with the name of a critical "
        "route count for that route's gate."
    )
    every: Duration = Field(
        default=Duration(0.5),
        description="From one start of a request to its next, at each server; at least 50ms and at most `poll`. "
        "Without a deployment as many times rarer as `idle_poll` is rarer than `poll`.",
    )
    poll: Duration = Field(default=Duration(1.0), description="How often what has ended is counted; at least 100ms.")
    timeout: Duration = Field(
        default=Duration(2.0), description="Without a complete answer by then a request has failed."
    )
    scheme: Literal["http", "https"] = Field(default="http", description="How the servers are spoken to.")
    tls: Tls | None = Field(default=None, description="Trust, for `scheme: https`. Left out: checked as usual.")

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, what would hold each other up, and trust that nothing uses."""
        yield from self.rhythm_complaints()
        if self.timeout <= 0.0:
            yield ("timeout",), found(self.timeout, "a duration above 0s")
        if not SHORTEST_EVERY_S <= self.every <= self.poll:
            yield ("every",), found(self.every, f"a duration of at least 50ms and at most poll ({self.poll})")
        elif (waiting := len(self.requests) * self.timeout / self.every) > WAITING_AT_MOST:
            message = f"{shown(self.every)} lets up to {waiting:.0f} requests wait at a server that hangs for timeout "
            message += f"({self.timeout}); wanted at most {WAITING_AT_MOST}: a longer every or fewer requests"
            yield ("every",), message
        if self.tls is not None and self.scheme == "http":
            yield ("tls",), "has no meaning with scheme http; wanted scheme: https, or no tls"

    def signals(self) -> Mapping[str, SignalSpec]:
        """Every signal exists per request too."""
        return {name: replace(spec, members=frozenset(self.requests)) for name, spec in self.CATALOGUE.items()}
