"""Rules on shares of counts: against a limit, and against stable.

What lives here: their keys. What must not: the tests (`core/rules/sequential_ratio`, `core/rules/canary_vs_stable`).
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.forms import Signal
from watchdog.config.schema.base import Complaint
from watchdog.config.schema.rules.base import Sequential, share_complaints
from watchdog.config.schema.sources.base import SignalKind
from watchdog.config.units import Factor, Positive, Share, number_text

LARGEST_MIN_EFFECT = 0.59
"""The test's alternatives reach up to 0.6 (core/rules/sequential_ratio), so the smallest one must lie below."""

USUAL_EFFECT = 1.6
"""min_effect in units of the limit: finds 10 % against a 5 % limit soonest, and gives 6 % up at low traffic."""

LARGEST_MIN_RATIO = 39.0
"""The test's alternatives reach up to 40 (core/rules/canary_vs_stable), so the smallest one must lie below."""

USUAL_RATIO = 2.0
"""min_ratio in units of the margin: a candidate that is bad twice as often as stable is found soonest."""


class SequentialRatio(Sequential):
    """Fires when the counts prove that the share `bad` of `total` is above `limit`; by mistake in at most `alpha` of
    deployments, at any traffic.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"acceptable", "also_bad", "alpha"})
    SIGNALS: ClassVar[Mapping[str, SignalKind]] = {"bad": "count", "total": "count"}

    bad: Signal = Field(description="The count of bad events, such as `edge.errors`.")
    total: Signal = Field(description="The count of all events, such as `edge.requests`.")
    limit: Positive = Field(description="The largest acceptable share; above 0 and at most 50%.")
    min_effect: Share | None = Field(
        default=None,
        description="The smallest share that must be found soon, above `limit` and below 60%. "
        "Left out: 1.6 times the limit, at most 59%.",
    )
    dependence: Literal["independent", "per_poll"] = Field(
        default="independent",
        description="How the failures of one reading hang together. `independent`: not, or in bunches of at most "
        "`design_effect`. `per_poll`: in any way (a batch job, a queue that fails as a whole); slower, and a reading "
        "counts as one observation.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges between keys."""
        yield from share_complaints(self.bad, self.total)
        yield from self.sequential_complaints()
        if self.min_effect is None:
            return
        if self.dependence == "per_poll":
            yield ("min_effect",), "has no meaning with dependence: per_poll, which bets on no size; wanted one of them"
        elif not self.limit < self.min_effect <= LARGEST_MIN_EFFECT:
            yield ("min_effect",), found(self.min_effect, f"a share above limit ({self.limit}) and at most 59%")

    @property
    def effect(self) -> float:
        """The smallest share to find soon."""
        return min(USUAL_EFFECT * self.limit, LARGEST_MIN_EFFECT) if self.min_effect is None else float(self.min_effect)


class CanaryVsStable(Sequential):
    """Fires when the counts prove that the candidate's share `bad` of `total` is above `margin` times stable's over
    the same readings; by mistake in at most `alpha` of deployments. What hits both colours does not fire it. It says
    nothing while one of them has no users.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"alpha"})
    SIGNALS: ClassVar[Mapping[str, SignalKind]] = {"bad": "count", "total": "count"}

    bad: Signal = Field(description="The count of bad events, such as `edge.errors`; any count will do.")
    total: Signal = Field(description="The count of all events, such as `edge.requests`.")
    margin: Factor = Field(
        default=Factor(1.0),
        description="How many times stable's share is still acceptable. 1: not worse than stable; a candidate with a "
        "cold cache may want 1.5.",
    )
    min_ratio: Factor | None = Field(
        default=None,
        description="How many times stable's share must be found soon; above `margin`, at most 39. Left out: twice "
        "`margin`.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges between keys."""
        yield from share_complaints(self.bad, self.total)
        yield from self.sequential_complaints()
        if self.min_ratio is not None and not self.margin < self.min_ratio <= LARGEST_MIN_RATIO:
            yield ("min_ratio",), found(self.min_ratio, f"a number above margin ({self.margin}) and at most 39")
        if self.min_ratio is None and self.ratio > LARGEST_MIN_RATIO:
            yield ("margin",), found(self.margin, f"at most {number_text(LARGEST_MIN_RATIO / USUAL_RATIO)}")

    @property
    def ratio(self) -> float:
        """The smallest multiple of stable's share to find soon."""
        return USUAL_RATIO * self.margin if self.min_ratio is None else float(self.min_ratio)
