"""Rules: conditions on one source's signals, and what follows when they are met.

What lives here: the keys of `rules`. What must not: whether the signals exist (`config.references`), any formula.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field

from watchdog.config.errors import found
from watchdog.config.forms import Signal
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.units import Comparison, Duration, Matches, Positive, Share
from watchdog.config.words import Count, Flag, Row
from watchdog.core.model import Missing, NoData, OnFire

LARGEST_MIN_EFFECT = 0.59
"""The test's alternatives reach up to 0.6 (core/rules/mixture), so the smallest one must lie below."""

USUAL_EFFECT = 1.6
"""min_effect in units of the limit: finds 10 % against a 5 % limit soonest, and gives 6 % up at low traffic."""


class SequentialRatio(Model):
    """Fires when the counts prove that the share `bad` of `total` is above `limit`; by mistake in at most `alpha` of
    deployments, at any traffic.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"dependence", "design_effect", "acceptable", "also_bad", "alpha"})

    bad: Signal = Field(description="The count of bad events, such as `edge.errors`.")
    total: Signal = Field(description="The count of all events, such as `edge.requests`.")
    limit: Positive = Field(description="The largest acceptable share; above 0 and at most 50%.")
    ride_out: Duration = Field(
        default=Duration(3.0),
        description="No disturbance shorter than this can fire the rule. 0s turns it off: one bad slice can then "
        "roll back.",
    )
    window: Duration | None = Field(
        default=None,
        description="How long the promise about mistakes must hold. Left out: the plan's soaks and bake together.",
    )
    min_effect: Share | None = Field(
        default=None,
        description="The smallest share that must be found soon, above `limit` and below 60%. "
        "Left out: 1.6 times the limit, at most 59%.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges between keys."""
        if self.bad == self.total:
            yield ("total",), "counts the same as bad: the share would always be 100%"
        if self.window is not None and self.window <= 0.0:
            yield ("window",), found(self.window, "a duration above 0s")
        if self.min_effect is not None and not self.limit < self.min_effect <= LARGEST_MIN_EFFECT:
            yield ("min_effect",), found(self.min_effect, f"a share above limit ({self.limit}) and at most 59%")

    @property
    def effect(self) -> float:
        """The smallest share to find soon."""
        return min(USUAL_EFFECT * self.limit, LARGEST_MIN_EFFECT) if self.min_effect is None else float(self.min_effect)


class Probe(Model):
    """Fires after `fall` failures in a row, and is healthy again after `rise` successes in a row."""

    signal: Signal = Field(description="The probe's result, such as `health.up`.")
    fall: Row = Field(
        default=3,
        description="Failures in a row that fire, 1 to 1000. From 3 on the last but one is suspicion enough to divert.",
    )
    rise: Row = Field(default=2, description="Successes in a row that end it, 1 to 1000.")


class Threshold(Model):
    """Fires when a value lies beyond `when`. There is no promise about false alarms: use it to freeze or to observe,
    and `sequential_ratio` to roll back.
    """

    value: Signal = Field(description="The value: a gauge such as `health.seconds`, or a count when `total` is given.")
    total: Signal | None = Field(
        default=None,
        description="Makes the value the share `value` / `total` of the counts within `over`. Left out: no share.",
    )
    when: Comparison = Field(description='Beyond it the value is bad, in quotes: "> 2s", "> 5%", ">= 5".')
    clear: Comparison | None = Field(
        default=None,
        description="While firing the value is bad beyond this; the same direction, not stricter than `when`. "
        "Left out: as `when`.",
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

    def complaints(self) -> Iterator[Complaint]:
        """Keys that need each other, and keys that exclude each other."""
        if self.total is not None:
            yield from self._share_complaints()
        elif self.over is not None or self.min_events:
            key = "over" if self.over is not None else "min_events"
            yield (key,), "has a meaning only with total; wanted total too, or no " + key
        if self.matches is not None and self.for_ > 0.0:
            yield ("matches",), "and for are two ways to wait; wanted one of them"
        if self.clear is not None and self.clear.unit != self.when.unit:
            yield ("clear",), found(self.clear, f'the same unit as when ("{self.when}")')

    def _share_complaints(self) -> Iterator[Complaint]:
        if self.over is None or self.over <= 0.0:
            yield ("total",), "needs the window of the share; wanted over, such as over: 30s"
        if self.when.unit == "duration" or not 0.0 <= self.when.limit <= 1.0:
            yield ("when",), found(self.when, 'a comparison with a share, such as "> 5%", since total is given')


def _no_data(value: Any) -> Any:
    """One word stands for every kind of missing reading."""
    return dict.fromkeys(Missing, value) if isinstance(value, str) else value


class Rule(Model):
    """One rule: its kind with the kind's keys, and what it asks for."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("sequential_ratio", "probe", "threshold")
    LATER: ClassVar[frozenset[str]] = frozenset(
        {"canary_vs_stable", "sequential_count", "spike", "trend", "also_bad", "shadow", "burn_rate"}
    )

    sequential_ratio: SequentialRatio | None = Field(
        default=None, description="A share of counts is proved to be above a limit. The default for errors and latency."
    )
    probe: Probe | None = Field(default=None, description="Failures in a row.")
    threshold: Threshold | None = Field(default=None, description="A value beyond a limit.")
    on_fire: OnFire = Field(
        description="What a firing rule asks for: `rollback`, `freeze` (hold the split and call a human), `escalate` "
        "(call a human) or `observe` (show it)."
    )
    warm_up: Duration = Field(
        default=Duration(10.0),
        description="Ratio readings that begin within this time after the first step are dropped (cold caches); rules "
        "on `slow` drop them after every step. 0s: none.",
    )
    no_data: Annotated[dict[Missing, NoData], BeforeValidator(_no_data)] = Field(
        default={},
        description="What a missing reading means: `hold` (the state stays), `fire` or `ok`; one word for all, or one "
        "for each of empty, nan, error, timeout, stale. Left out: hold. A `sequential_ratio` always holds.",
    )
    always: Flag = Field(
        default=False, description="Judge outside deployments too; a firing rule then tells people about stable."
    )
    slow: Flag | None = Field(
        default=None,
        description="The rule judges latency, so `warm_up` applies after every step. Left out: true for rules on "
        "`slow` and `seconds`.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """What the kind makes meaningless."""
        wrong = next((word for word in self.no_data.values() if word is not NoData.HOLD), None)
        if self.sequential_ratio is not None and wrong is not None:
            yield ("no_data",), found(wrong, "hold: without a reading a sequential_ratio has no requests to judge")

    @property
    def condition(self) -> SequentialRatio | Probe | Threshold | None:
        """The kind that was given."""
        return self.sequential_ratio or self.probe or self.threshold

    @property
    def kind(self) -> str:
        """The key that was given of `ONE_OF`."""
        return next(key for key in self.ONE_OF if getattr(self, key) is not None)

    @property
    def signals(self) -> tuple[tuple[str, Signal], ...]:
        """The signals by their key."""
        match self.condition:
            case SequentialRatio() as ratio:
                return ("bad", ratio.bad), ("total", ratio.total)
            case Probe() as probe:
                return (("signal", probe.signal),)
            case Threshold() as threshold:
                total = () if threshold.total is None else (("total", threshold.total),)
                return ("value", threshold.value), *total
        return ()

    @property
    def source(self) -> str:
        """The one source that the rule uses."""
        return self.signals[0][1].source

    @property
    def is_slow(self) -> bool:
        """What the file says, or what the signals are."""
        if self.slow is not None:
            return self.slow
        return any(signal.signal in {"slow", "seconds"} for _, signal in self.signals)
