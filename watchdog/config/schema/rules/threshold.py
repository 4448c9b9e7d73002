"""Rules on a value against a limit.

What lives here: their keys. What must not: the states (`core/rules/threshold`).
"""

from collections.abc import Collection, Iterator, Mapping
from typing import ClassVar, Final

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.forms import Signal
from watchdog.config.schema.base import Complaint
from watchdog.config.schema.rules.base import Condition
from watchdog.config.schema.sources.base import SignalKind
from watchdog.config.units import Comparison, Duration, Matches
from watchdog.config.words import Count

OTHER_WAY: Final = {">": "<", ">=": "<", "<": ">", "<=": ">"}
"""The direction in which a value is good again."""


class Threshold(Condition):
    """Fires when a value lies beyond `when`. There is no promise about false alarms: use it to freeze or to observe,
    and `sequential_ratio` to roll back.
    """

    SIGNALS: ClassVar[Mapping[str, SignalKind]] = {"value": "gauge", "total": "count"}

    value: Signal = Field(description="The value: a gauge such as `health.seconds`, or a count when `total` is given.")
    total: Signal | None = Field(
        default=None,
        description="Makes the value the share `value` / `total` of the counts within `over`. Left out: no share.",
    )
    when: Comparison = Field(description='Beyond it the value is bad, in quotes: "> 2s", "> 5%", ">= 5".')
    clear: Comparison | None = Field(
        default=None,
        description='While firing the value is good again only here, so that it does not flutter: "< 1.5s" '
        'with `when: "> 2s"`. The other way round than `when`, and not beyond it. Left out: wherever it is not beyond '
        "`when`.",
    )
    for_: Duration = Field(
        default=Duration(0.0), alias="for", description="How long it must be bad to fire; 0s: at once."
    )
    clear_for: Duration = Field(default=Duration(0.0), description="How long it must be good to end; 0s: at once.")
    matches: Matches | None = Field(
        default=None,
        description="Fires when N of the last M readings are bad: `3 of 5`. Left out: each reading counts.",
    )
    over: Duration | None = Field(default=None, description="The window of a share; wanted with `total`.")
    min_events: Count = Field(default=0, description="A share of fewer events than this is not known. 0: any.")

    @classmethod
    def wanted(cls, given: Collection[str]) -> Mapping[str, SignalKind]:
        """With a total the value is a count, too."""
        return {"value": "count", "total": "count"} if "total" in given else cls.SIGNALS

    def complaints(self) -> Iterator[Complaint]:
        """Keys that need each other, and keys that exclude each other."""
        if self.total is not None:
            yield from self._share_complaints()
        elif self.over is not None or self.min_events:
            key = "over" if self.over is not None else "min_events"
            yield (key,), "has a meaning only with total; wanted total too, or no " + key
        if self.matches is not None and self.for_ > 0.0:
            yield ("matches",), "and for are two ways to wait; wanted one of them"
        if self.clear is not None:
            yield from self._clear_complaints(self.clear)

    def _clear_complaints(self, clear: Comparison) -> Iterator[Complaint]:
        if clear.unit != self.when.unit:
            yield ("clear",), found(clear, f'the same unit as when ("{self.when}")')
        elif clear.op[0] == self.when.op[0]:
            wanted = f'where it is good again, such as "{OTHER_WAY[clear.op]}{str(clear)[len(clear.op) :]}"'
            yield ("clear",), found(clear, wanted)

    def _share_complaints(self) -> Iterator[Complaint]:
        if self.over is None or self.over <= 0.0:
            yield ("total",), "needs the window of the share; wanted over, such as over: 30s"
        if self.when.unit == "duration" or not 0.0 <= self.when.limit <= 1.0:
            yield ("when",), found(self.when, 'a comparison with a share, such as "> 5%", since total is given')
