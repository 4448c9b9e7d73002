"""Sources: where readings come from, and which signals each kind yields.

What lives here: the keys of `sources` and the catalogue of signals. What must not: rules that use them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, TypeAlias

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.forms import Expect
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.units import Duration
from watchdog.config.words import AbsolutePath, Flag, HeaderName, Name, RequestPath, RoutePath, Secret, Text

ROUTES_AT_MOST = 32
"""Each route is a signal of its own per colour and slice."""

SLICE_S = 0.25
"""The access log's counts come once per slice (sources/access_log)."""

SHORTEST_POLL_S = 0.1
"""More often would load the target and tell nothing more."""

SignalKind: TypeAlias = Literal["count", "probe", "duration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What the rest of the configuration must know of one kind of source."""

    signals: Mapping[str, SignalKind]
    routes: bool
    """Every signal exists per route too."""
    required: bool
    """Unless the file says otherwise a service that cannot see by it is blind."""
    probing: bool
    """It asks the colours themselves."""
    per_colour: bool = True
    """It tells the colours apart."""


KINDS: Mapping[str, Kind] = {
    "access_log": Kind(
        signals={"requests": "count", "errors": "count", "slow": "count", "writes": "count"},
        routes=True,
        required=True,
        probing=False,
    ),
    "health": Kind(signals={"up": "probe", "seconds": "duration"}, routes=False, required=True, probing=True),
}


class Route(Model):
    """A group of paths under one name."""

    LATER: ClassVar[frozenset[str]] = frozenset({"also_bad"})

    path: RoutePath = Field(
        description="Which requests belong to it: the beginning of their path (`/labs` is itself and what is below "
        "it), or `~` and a regular expression."
    )
    critical: Flag = Field(
        default=False,
        description="Every step waits for evidence on this route by itself (the gate's `per_critical_route`).",
    )
    long: Flag = Field(
        default=False,
        description="Its answers take long by design: left out of `slow`, never out of `errors`.",
    )


class AccessLog(Model):
    """What the balancer sees of every request, sent to the daemon as it happens. Signals: requests, errors, slow,
    writes; each also per route.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"also_bad", "maintenance", "slice"})

    slow: Duration = Field(
        default=Duration(2.0),
        description="A request counts as slow when the first try's answer header took longer.",
    )
    routes: Annotated[dict[Name, Route], Field(max_length=ROUTES_AT_MOST)] = Field(
        default={},
        description=f"Names for groups of paths, at most {ROUTES_AT_MOST}. Every signal exists per route too, such as "
        "`edge.errors[login]`. Left out: none.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and the one name that is taken."""
        if self.slow <= 0.0:
            yield ("slow",), found(self.slow, "a duration above 0s")
        if "other" in self.routes:
            yield ("routes", "other"), '"other" is the name of everything without a route; choose another'


class Tls(Model):
    """How the health check trusts an https target."""

    verify: Flag = Field(default=True, description="Check the certificate. `false` accepts any.")
    ca: AbsolutePath | None = Field(
        default=None, description="File with the certificates to trust. Left out: the system's."
    )
    server_name: Text | None = Field(
        default=None, description="Name that the certificate must bear. Left out: the server's own."
    )


class Health(Model):
    """A request to each server of each colour; no or a wrong answer is a failure. Signals: up, seconds."""

    LATER: ClassVar[frozenset[str]] = frozenset({"idle_poll", "method", "body", "token"})

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
    headers: dict[HeaderName, Secret] = Field(
        default={},
        description="Request headers: a text, `{credential: NAME}` or `{file: /PATH}`. Never shown.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and trust that nothing uses."""
        if self.poll < SHORTEST_POLL_S:
            yield ("poll",), found(self.poll, "a duration of at least 100ms")
        if self.timeout <= 0.0:
            yield ("timeout",), found(self.timeout, "a duration above 0s")
        if self.tls is not None and self.scheme == "http":
            yield ("tls",), "has no meaning with scheme http; wanted scheme: https, or no tls"


class Source(Model):
    """One source: its kind with the kind's keys, and whether a service may do without it."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("access_log", "health")
    LATER: ClassVar[frozenset[str]] = frozenset(
        {"prometheus", "postgres", "host", "actuator", "haproxy", "command", "synthetic", "alertmanager"}
    )

    access_log: AccessLog | None = Field(default=None, description="What the balancer sees of every request.")
    health: Health | None = Field(default=None, description="A health check of each server.")
    required: Flag | None = Field(
        default=None,
        description="`true`: without it the service is blind: nothing advances, and people are told. "
        "`false`: advisory. Left out: true for access_log and health.",
    )

    @property
    def kind(self) -> str:
        """The key that was given of `ONE_OF`."""
        return "access_log" if self.access_log is not None else "health"

    @property
    def interval(self) -> float:
        """Seconds between two readings."""
        if self.access_log is not None:
            return SLICE_S
        return float(self.health.poll) if self.health is not None else 0.0

    @property
    def is_required(self) -> bool:
        """What the file says, or what the kind is."""
        return KINDS[self.kind].required if self.required is None else self.required
