"""One entry of `rules`: its kind with the kind's keys, and what follows when it fires.

What lives here: the choice of the kind and the keys that all kinds share. What must not: the keys of any kind.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, get_args

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.forms import Signal
from watchdog.config.schema.base import Complaint, Model, Short
from watchdog.config.schema.rules.base import Condition, Sequential
from watchdog.config.schema.rules.counts import Probe, SequentialCount
from watchdog.config.schema.rules.gauges import Spike, Trend
from watchdog.config.schema.rules.ratios import CanaryVsStable, SequentialRatio
from watchdog.config.schema.rules.threshold import Threshold
from watchdog.config.units import Duration
from watchdog.config.words import Flag
from watchdog.core.model import Missing, NoData, OnFire

_LATENCY = frozenset({"slow", "seconds"})
"""Signals that speak of latency."""


def _no_data(value: Any) -> Any:
    """One word stands for every kind of missing reading."""
    return dict.fromkeys(Missing, value) if isinstance(value, str) else value


class Rule(Model):
    """One rule: its kind with the kind's keys, and what it asks for."""

    ONE_OF: ClassVar[tuple[str, ...]] = (
        "sequential_ratio", "canary_vs_stable", "sequential_count", "probe", "threshold", "spike", "trend",
    )  # fmt: skip
    LATER: ClassVar[frozenset[str]] = frozenset({"also_bad", "burn_rate"})

    sequential_ratio: SequentialRatio | None = Field(
        default=None, description="A share of counts is proved to be above a limit. The default for errors and latency."
    )
    canary_vs_stable: CanaryVsStable | None = Field(
        default=None, description="The candidate is proved to be worse than stable at the same time."
    )
    sequential_count: SequentialCount | None = Field(
        default=None, description="Events without a denominator are proved to come faster than a limit."
    )
    probe: Probe | None = Field(default=None, description="Failures in a row.")
    threshold: Threshold | None = Field(default=None, description="A value beyond a limit.")
    spike: Spike | None = Field(default=None, description="A value far above what was usual before the deployment.")
    trend: Trend | None = Field(default=None, description="A value on its way to a limit: a leak.")
    on_fire: OnFire = Field(
        description="What a firing rule asks for: `rollback`, `freeze` (hold the split and call a human), `escalate` "
        "(call a human) or `observe` (show it)."
    )
    instead_of: OnFire | None = Field(
        default=None,
        description="With `on_fire: observe`: what the rule would ask for once it is trusted (`rollback`, `freeze` or "
        "`escalate`), so that it is told when it would have. Left out: rollback, or freeze where that is impossible.",
    )
    shadow: Flag = Field(
        default=False,
        description="`true`: it only observes for now, and what it would have asked for by `on_fire` is told.",
    )
    warm_up: Duration = Field(
        default=Duration(10.0),
        description="Ratio readings that begin within this time after the first step are dropped (cold caches); rules "
        "on `slow` drop them after every step. 0s: none.",
    )
    no_data: Annotated[dict[Missing, NoData], Short(_no_data, NoData)] = Field(
        default={},
        description="What a missing reading means: `hold` (the state stays), `fire` or `ok`; one word for all, or one "
        "for each of empty, nan, error, timeout, stale. Left out: hold. The sequential kinds and canary_vs_stable "
        "always hold.",
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
        """What the kind, or `on_fire`, makes meaningless."""
        wrong = next((word for word in self.no_data.values() if word is not NoData.HOLD), None)
        if isinstance(self.condition, Sequential) and wrong is not None:
            yield ("no_data",), found(wrong, f"hold: without a reading a {self.kind} has nothing to count")
        if self.shadow and self.on_fire is OnFire.OBSERVE:
            yield ("shadow",), "has no meaning with on_fire: observe, which does nothing by itself anyway"
        if self.instead_of is None:
            return
        if self.on_fire is not OnFire.OBSERVE:
            yield ("instead_of",), f"has a meaning only with on_fire: observe, found on_fire: {self.on_fire.value}"
        elif self.instead_of is OnFire.OBSERVE:
            yield ("instead_of",), found(self.instead_of.value, "rollback, freeze or escalate")

    @property
    def orders(self) -> OnFire:
        """What a firing rule leads to, shadow taken into account."""
        return OnFire.OBSERVE if self.shadow else self.on_fire

    @property
    def condition(self) -> Condition | None:
        """The kind that was given; None when there is none, or several, which `validate` refuses."""
        given = [value for key in self.ONE_OF if (value := getattr(self, key)) is not None]
        return given[0] if len(given) == 1 else None

    @property
    def kind(self) -> str:
        """The key that was given of `ONE_OF`."""
        return next(key for key in self.ONE_OF if getattr(self, key) is not None)

    @property
    def signals(self) -> tuple[tuple[str, Signal], ...]:
        """The signals by their key."""
        return () if self.condition is None else self.condition.signals

    @property
    def source(self) -> str:
        """The one source that the rule uses."""
        return self.signals[0][1].source

    @property
    def is_slow(self) -> bool:
        """What the file says, or what the signals are."""
        if self.slow is not None:
            return self.slow
        return any(signal.signal in _LATENCY for _, signal in self.signals)


def _model_of(kind: str) -> type[Condition]:
    annotation = Rule.model_fields[kind].annotation
    return next(each for each in get_args(annotation) if isinstance(each, type) and issubclass(each, Condition))


KINDS: Mapping[str, type[Condition]] = {kind: _model_of(kind) for kind in Rule.ONE_OF}
"""The model of each kind."""
