"""The balancer's access log: what users got, request by request.

What lives here: its keys. What must not: how lines are read (`watchdog.sources.access_log`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.schema.sources.base import SignalSpec, SourceModel
from watchdog.config.units import Duration
from watchdog.config.words import ClientError, Flag, Name, RoutePath
from watchdog.core.model import Seconds

ROUTES_AT_MOST = 32
"""Each route is a signal of its own per colour and slice."""

SLICE_S = 0.25
"""The access log's counts come once per slice (sources/access_log)."""


class Route(Model):
    """A group of paths under one name."""

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
    also_bad: Annotated[tuple[ClientError, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="Statuses among 400 to 499 that may be the release's fault here, such as `[401, 403, 404]`. The "
        "signal `also_bad` then counts them and the errors; clients cause them too, so it is judged against stable "
        "only (`canary_vs_stable`). Left out: none.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Repetitions."""
        if self.also_bad is not None and len(set(self.also_bad)) < len(self.also_bad):
            yield ("also_bad",), "names a status twice"


class AccessLog(SourceModel):
    """What the balancer sees of every request, sent to the daemon as it happens. Signals: requests, errors, slow,
    writes, shielded; each also per route. And also_bad, for the routes that say which statuses those are.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"maintenance", "slice"})
    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "requests": SignalSpec(kind="count", members=frozenset()),
        "errors": SignalSpec(kind="count", members=frozenset()),
        "slow": SignalSpec(kind="count", members=frozenset()),
        "writes": SignalSpec(kind="count", members=frozenset()),
        "shielded": SignalSpec(kind="count", members=frozenset()),
        "also_bad": SignalSpec(kind="count", members=frozenset(), bare=False, relative=True),
    }

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

    def signals(self) -> Mapping[str, SignalSpec]:
        """Every signal exists per route too, and also_bad for the routes that have such statuses."""
        declared = frozenset(name for name, route in self.routes.items() if route.also_bad)
        members = {"also_bad": declared}
        return {
            name: replace(spec, members=members.get(name, frozenset(self.routes)))
            for name, spec in self.CATALOGUE.items()
        }

    @property
    def interval(self) -> Seconds:
        """One slice."""
        return SLICE_S
