"""Rules on values against what was usual, and on where they are going.

What lives here: their keys. What must not: the formulas (`core/rules/spike`, `core/rules/trend`).
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.forms import Signal
from watchdog.config.schema.base import Complaint
from watchdog.config.schema.rules.base import Condition
from watchdog.config.schema.sources.base import SignalKind
from watchdog.config.units import Comparison, Duration, Factor, Quantity
from watchdog.config.words import Readings


class Spike(Condition):
    """Fires when a value lies above `floor` and far above what was usual before the deployment, for a time. What was
    usual is the middle of stable's readings and how far they scatter; without enough of them the rule does not apply.
    """

    SIGNALS: ClassVar[Mapping[str, SignalKind]] = {"value": "gauge"}

    value: Signal = Field(description="The value, such as `metrics.cpu`.")
    floor: Quantity = Field(
        description="Nothing below it is a spike, however calm it was before; in the value's unit, such as `80%`, "
        "`1.5GiB` or `200`."
    )
    deviations: Factor = Field(
        default=Factor(6.0),
        description="How many times the usual scatter above the usual value, at least 1. 6: ordinary noise does not "
        "get there.",
    )
    for_: Duration = Field(
        default=Duration(30.0),
        alias="for",
        description="How long it must be so to fire. 30s: longer than one garbage collection or a start-up. 0s: at "
        "once.",
    )
    clear_for: Duration = Field(default=Duration(60.0), description="How long it must be over to end; 0s: at once.")
    baseline: Duration = Field(
        default=Duration(3600.0),
        description="The time before the deployment that tells what is usual. 1h: the present load, not the night's.",
    )
    min_readings: Readings = Field(
        default=30, description="Fewer readings in `baseline` tell nothing; 10 to 10000. Polls are rarer before it."
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges."""
        if self.baseline <= 0.0:
            yield ("baseline",), found(self.baseline, "a duration above 0s")


class Trend(Condition):
    """Fires when a value goes steadily towards `limit` and would reach it within `horizon`: a leak, before it hurts."""

    SIGNALS: ClassVar[Mapping[str, SignalKind]] = {"value": "gauge"}

    value: Signal = Field(description="The value, such as `app.heap`.")
    limit: Comparison = Field(
        description='What must not be reached, in quotes and in the value\'s unit: "> 1.5GiB", "< 10%".'
    )
    horizon: Duration = Field(
        default=Duration(3600.0),
        description="How far ahead it looks. 1h: time for a human; a slower leak is for working hours.",
    )
    over: Duration = Field(
        default=Duration(600.0),
        description="The readings of this time make the slope; at least 20 polls. 10m: long enough for several garbage "
        "collections. It says nothing before half of it is full.",
    )
    for_: Duration = Field(default=Duration(60.0), alias="for", description="How long it must be so to fire.")
    clear_for: Duration = Field(default=Duration(300.0), description="How long it must be over to end; 0s: at once.")

    def complaints(self) -> Iterator[Complaint]:
        """Ranges."""
        for key, value in (("horizon", self.horizon), ("over", self.over)):
            if value <= 0.0:
                yield (key,), found(value, "a duration above 0s")
