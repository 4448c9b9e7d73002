"""A Prometheus server: raw counters and gauges that it has scraped.

What lives here: its keys. What must not: how it is asked (`watchdog.sources.prometheus`), PromQL (`config.promql`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, cast

from pydantic import Field

from watchdog.config import promql
from watchdog.config.errors import found
from watchdog.config.prometheus_forms import CounterQuery, GaugeQuery
from watchdog.config.schema.base import Complaint
from watchdog.config.schema.sources.asked import AskedModel
from watchdog.config.schema.sources.base import SignalSpec
from watchdog.config.sources.colour import tells_colours
from watchdog.config.units import Duration
from watchdog.config.words import Name
from watchdog.core.model import Seconds


class Prometheus(AskedModel):
    """A Prometheus server. Counters are read raw, scrape by scrape; a gauge is any expression that gives one number.
    What the server does not know, or knows only from of old, is missing and no reason to roll back.
    """

    OWN: ClassVar[str] = "count: each name of `counters`; gauge: each name of `gauges`"

    poll: Duration = Field(
        default=Duration(5.0),
        description="Time from one poll to the next; at least 100ms. More often than `scrape` finds a scrape sooner.",
    )
    scrape: Duration = Field(
        default=Duration(15.0),
        description="Time between two scrapes of the targets, or two evaluations of a recording rule. A sample older "
        "than three of them is stale.",
    )
    gauges: dict[Name, GaugeQuery] = Field(
        default={},
        description="Expressions that give one number each, by the name that rules use. `$colour` makes one per "
        "colour. With `{query: EXPRESSION, unit: UNIT}` a comparison must be written in the unit: duration, share, "
        "size or number.",
    )
    counters: dict[Name, CounterQuery] = Field(
        default={},
        description="Raw counters by the name that rules use: one metric with its labels, without functions; or "
        "`{histogram: NAME{...}, above: 2s}`, the observations above a limit.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, names that are given twice, and what nothing uses."""
        yield from self.server_complaints()
        if self.scrape <= 0.0:
            yield ("scrape",), found(self.scrape, "a duration above 0s")
        if not self.gauges and not self.counters:
            yield (), "asks for nothing; wanted gauges, counters or both"
        for name in self.gauges:
            if name in self.counters:
                yield ("gauges", name), f'"{name}" is a counter too; choose another name'

    def signals(self) -> Mapping[str, SignalSpec]:
        """Each gauge and each counter by its name."""
        gauges = {
            name: SignalSpec(
                kind="gauge",
                unit=cast("Any", gauge.unit),  # the form knows the words
                per_colour=tells_colours(gauge.query),
                lookback=promql.lookback(gauge.query),
            )
            for name, gauge in self.gauges.items()
        }
        counters = {
            name: SignalSpec(kind="count", per_colour=tells_colours(str(counter.selector)))
            for name, counter in self.counters.items()
        }
        return {**gauges, **counters}

    @property
    def rhythm(self) -> Seconds:
        """A poll between two scrapes finds nothing new."""
        return max(float(self.poll), float(self.scrape))
