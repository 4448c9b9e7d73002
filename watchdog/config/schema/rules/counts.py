"""Rules on single events: their rate, and probes that fail in a row.

What lives here: their keys. What must not: the tests (`core/rules/sequential_count`, `core/rules/probe`).
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.forms import Signal
from watchdog.config.schema.base import Complaint
from watchdog.config.schema.rules.base import Condition, Sequential
from watchdog.config.schema.sources.base import SignalKind
from watchdog.config.units import Factor, Rate
from watchdog.config.words import Row

LARGEST_MIN_RATIO = 99.0
"""The test's alternatives reach up to 100 (core/rules/sequential_count), so the smallest one must lie below."""


class SequentialCount(Sequential):
    """Fires when the counts prove that events without a denominator (connection errors, restarts) come more often than
    `limit`; by mistake in at most `alpha` of deployments.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"alpha"})
    SIGNALS: ClassVar[Mapping[str, SignalKind]] = {"events": "count"}

    events: Signal = Field(description="The count of the events, such as `app.restarts`.")
    limit: Rate = Field(description="The largest acceptable rate, such as `2 per minute`; of each colour.")
    min_ratio: Factor = Field(
        default=Factor(2.0),
        description="How many times `limit` must be found soon; above 1, at most 99. Closer to 1 is slower for "
        "everything else.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges."""
        yield from self.sequential_complaints()
        if not 1.0 < self.min_ratio <= LARGEST_MIN_RATIO:
            yield ("min_ratio",), found(self.min_ratio, "a number above 1 and at most 99")


class Probe(Condition):
    """Fires after `fall` failures in a row, and is healthy again after `rise` successes in a row."""

    SIGNALS: ClassVar[Mapping[str, SignalKind]] = {"signal": "probe"}

    signal: Signal = Field(description="The probe's result, such as `health.up`.")
    fall: Row = Field(
        default=3,
        description="Failures in a row that fire, 1 to 1000. From 3 on the last but one is suspicion enough to divert.",
    )
    rise: Row = Field(default=2, description="Successes in a row that end it, 1 to 1000.")
