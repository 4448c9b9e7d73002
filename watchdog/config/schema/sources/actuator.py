"""What a Spring Boot application says of itself.

What lives here: the keys. What must not: how it is asked (`watchdog.sources.actuator`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from watchdog.config.errors import found, wrong
from watchdog.config.parsed import spelled
from watchdog.config.schema.base import Complaint, Model, listed
from watchdog.config.schema.sources.base import PolledModel, SignalSpec
from watchdog.config.schema.sources.health import Tls
from watchdog.config.sources.colour import tells_colours
from watchdog.config.units import Duration
from watchdog.config.words import Flag, HeaderValue, HostPort, Name, RequestPath, Text

_METER = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,199}")
_TAG = re.compile(r"[A-Za-z_][A-Za-z0-9._-]{0,99}")

COUNTERS = frozenset({"COUNT", "TOTAL_TIME", "TOTAL"})
"""Statistics that only grow while the process runs."""


def meter_name(value: object) -> str:
    """A meter's name as Micrometer has it."""
    if not isinstance(value, str) or not _METER.fullmatch(value):
        raise wrong(value, "a meter's name as /metrics lists it, such as hikaricp.connections.active")
    return value


def tag_name(value: object) -> str:
    """The key of a tag."""
    if not isinstance(value, str) or not _TAG.fullmatch(value):
        raise wrong(value, "a tag's key, such as pool")
    return value


MeterName = Annotated[
    str,
    PlainValidator(meter_name),
    WithJsonSchema(spelled(_METER.pattern, "a meter's name as /metrics lists it", "hikaricp.connections.active")),
]
TagName = Annotated[str, PlainValidator(tag_name), WithJsonSchema(spelled(_TAG.pattern, "a tag's key", "pool"))]


class Metric(Model):
    """One statistic of one meter."""

    metric: MeterName = Field(description="The meter's name as /metrics lists it, such as hikaricp.connections.active.")
    statistic: Literal["VALUE", "COUNT", "TOTAL_TIME", "TOTAL", "MAX", "ACTIVE_TASKS", "DURATION"] = Field(
        default="VALUE", description="Which of its numbers. COUNT, TOTAL_TIME and TOTAL are counters."
    )
    tags: dict[TagName, Text] = Field(
        default={},
        description="Only meters with these tags; several that fit are added up by the application. Left out: all "
        "of the name.",
    )
    counter: Flag | None = Field(
        default=None,
        description="`true`: the number only grows, and its increase counts (a count). `false`: it is taken as it is "
        "(a gauge). Left out: as the statistic is.",
    )
    absent: Literal["empty", "zero"] = Field(
        default="empty",
        description="A counter that the application does not have yet, for it makes one with its first event: no "
        "reading, or `zero` events.",
    )
    across: Literal["max", "sum", "mean"] | None = Field(
        default=None,
        description="A gauge of several servers: the largest, the sum or the mean. Left out: max. Counts are sums.",
    )
    unit: Literal["duration", "share", "size", "number"] | None = Field(
        default=None,
        description="What a gauge is compared with: seconds as a duration, bytes as a size. Left out: any.",
    )

    @property
    def is_counter(self) -> bool:
        """What the file says, or what the statistic is."""
        return self.statistic in COUNTERS if self.counter is None else self.counter

    @property
    def spec(self) -> SignalSpec:
        """The signal."""
        return SignalSpec(kind="count") if self.is_counter else SignalSpec(kind="gauge", unit=self.unit or "any")

    def complaints(self) -> Iterator[Complaint]:
        """Words that have no meaning together."""
        if self.counter and self.statistic in ("MAX", "ACTIVE_TASKS", "DURATION"):
            yield ("counter",), f"has no meaning with {self.statistic}, which falls, too"
        for key, given in (("across", self.across), ("unit", self.unit)):
            if given is not None and self.is_counter:
                yield (key,), "has no meaning for a count; wanted it for gauges only"
        for tag, value in self.tags.items():
            if tells_colours(value):
                yield ("tags", tag), "has no $colour: each colour is asked by itself"
        if self.absent == "zero" and not self.is_counter:
            yield ("absent",), "has no meaning for a gauge; one that is not there is not zero"


class Servers(Model):
    """Where the actuator listens, when it has a port of its own."""

    blue: Annotated[tuple[HostPort, ...], listed, Field(min_length=1)] = Field(
        description="`host:port` of each of blue's servers."
    )
    green: Annotated[tuple[HostPort, ...], listed, Field(min_length=1)] = Field(
        description="`host:port` of each of green's servers."
    )

    def complaints(self) -> Iterator[Complaint]:
        """The colours must be two."""
        for index, server in enumerate(self.green):
            if server in self.blue:
                yield ("green", index), found(server, "a server that is not blue's too")


class Actuator(PolledModel):
    """A Spring Boot application's own view of each server of each colour. Signals: health, which also exists by
    component (`health[db]`, inside another `health[db_primary]`), and each of `metrics`.
    """

    REQUIRED: ClassVar[bool] = False
    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {"health": SignalSpec(kind="probe", any_member=True)}
    OWN: ClassVar[str] = "gauge or count: each name of `metrics`"

    path: RequestPath = Field(default="/actuator", description="Where the actuator's pages begin.")
    servers: Servers | None = Field(
        default=None, description="Where it listens (management.server.port). Left out: the service's own servers."
    )
    poll: Duration = Field(default=Duration(2.0), description="Time from one poll to the next; at least 100ms.")
    timeout: Duration = Field(default=Duration(2.0), description="For all questions of a poll to one server together.")
    token: HeaderValue | None = Field(
        default=None,
        description="Sent as a bearer token: `{credential: NAME}`, `{file: /PATH}` or a text. Never shown. Left out: "
        "none.",
    )
    scheme: Literal["http", "https"] = Field(default="http", description="How the servers are spoken to.")
    tls: Tls | None = Field(default=None, description="Trust, for `scheme: https`. Left out: checked as usual.")
    metrics: dict[Name, Metric] = Field(default={}, description="Your own signals by name. Left out: health alone.")

    def signals(self) -> Mapping[str, SignalSpec]:
        """Its health, and the operator's."""
        return {**self.CATALOGUE, **{name: metric.spec for name, metric in self.metrics.items()}}

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, trust that nothing uses, and a name that is taken."""
        yield from self.rhythm_complaints()
        if self.timeout <= 0.0:
            yield ("timeout",), found(self.timeout, "a duration above 0s")
        if "?" in self.path:
            yield ("path",), found(self.path, "a path without a query, such as /actuator")
        if self.tls is not None and self.scheme == "http":
            yield ("tls",), "has no meaning with scheme http; wanted scheme: https, or no tls"
        if "health" in self.metrics:
            yield ("metrics", "health"), '"health" is a signal that the source has already; wanted another name'
