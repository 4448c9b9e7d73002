"""What a rule watches for: one frozen value per kind of rule, with everything that its formulas need.

What lives here: the values, without optional meaning (every default has been applied), and what all kinds can be asked
alike. What must not: formulas and states (`core/rules`), units as text. Durations are seconds, shares are 0 to 1,
rates are events per second.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeGuard

from watchdog.core.model import Seconds

Unit: TypeAlias = Literal["number", "duration", "share", "size"]
"""What a gauge's numbers are, for people: as they are, seconds, 0 to 1, bytes."""

Dependence: TypeAlias = Literal["independent", "per_poll"]
"""How the failures of one reading hang together: not at all (or in bunches of `design_effect`), or in any way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRatio:
    """An anytime-valid test on counts: the share `bad` of `total` is above `limit`.

    False rollbacks at most `alpha` for each watched `window`, at any traffic. Formulas: `core/rules/sequential_ratio`.
    """

    kind: Literal["sequential_ratio"] = "sequential_ratio"
    bad: str
    total: str
    limit: float
    alpha: float
    """This rule's own share of the deployment's budget for false rollbacks."""
    ride_out: Seconds
    """No disturbance shorter than this can fire the rule."""
    interval: Seconds
    """The source's time between two readings."""
    window: Seconds
    """How long a deployment is watched; 0 means soaks and bake of the deployment's own plan together."""
    min_effect: float
    """The smallest share that the rule is tuned to find, above `limit`."""
    dependence: Dependence = "independent"
    design_effect: float = 1.0
    """Failures come in bunches of up to so many requests (retries); at least 1."""

    @property
    def signals(self) -> tuple[str, ...]:
        """What it reads of its source."""
        return self.bad, self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryVsStable:
    """An anytime-valid two-sample test: the candidate's share of bad events is above `margin` times stable's.

    Immune to incidents that both colours share. Formulas: `core/rules/canary_vs_stable`.
    """

    kind: Literal["canary_vs_stable"] = "canary_vs_stable"
    bad: str
    total: str
    margin: float
    """psi0: the largest acceptable ratio of the two shares; at least 1."""
    min_ratio: float
    """The smallest ratio that the rule is tuned to find, above `margin`."""
    alpha: float
    ride_out: Seconds
    interval: Seconds
    window: Seconds
    design_effect: float = 1.0

    @property
    def signals(self) -> tuple[str, ...]:
        """What it reads of its source."""
        return self.bad, self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialCount:
    """An anytime-valid test on events without a denominator: they come more often than `limit` a second.

    Formulas: `core/rules/sequential_count`.
    """

    kind: Literal["sequential_count"] = "sequential_count"
    events: str
    limit: float
    """The largest acceptable rate, events per second."""
    alpha: float
    ride_out: Seconds
    interval: Seconds
    window: Seconds
    min_ratio: float
    """The smallest multiple of `limit` that the rule is tuned to find, above 1."""
    design_effect: float = 1.0

    @property
    def signals(self) -> tuple[str, ...]:
        """What it reads of its source."""
        return (self.events,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """`fall` failures in a row fire; `rise` successes in a row make it healthy again."""

    kind: Literal["probe"] = "probe"
    signal: str
    fall: int
    rise: int

    @property
    def signals(self) -> tuple[str, ...]:
        """What it reads of its source."""
        return (self.signal,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One side of a threshold: `value OP limit`."""

    op: Literal[">", ">=", "<", "<="]
    limit: float
    unit: Unit = "number"

    @property
    def upward(self) -> bool:
        """Whether larger values are the bad ones."""
        return self.op in (">", ">=")

    def beyond(self, value: float) -> bool:
        """Whether the value lies on the bad side."""
        match self.op:
            case ">":
                return value > self.limit
            case ">=":
                return value >= self.limit
            case "<":
                return value < self.limit
            case _:
                return value <= self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A value beyond `when`, for a time or in N of the last M known readings; no false-alarm guarantee.

    With `total` set the value is the share `value`/`total` of the counts within the last `over` seconds, known only
    with at least `min_events` of `total`.
    """

    kind: Literal["threshold"] = "threshold"
    value: str
    total: str | None = None
    when: Bound
    clear: Bound
    """Beyond it a firing rule is still bad (Schmitt trigger); equal to `when` unless the file says otherwise."""
    for_: Seconds = 0.0
    clear_for: Seconds = 0.0
    matches: int = 1
    """N of the last `out_of` readings; 1 of 1 when the file does not say."""
    out_of: int = 1
    over: Seconds = 0.0
    min_events: int = 0
    interval: Seconds = 0.0
    lookback: Seconds = 0.0
    """How far back beyond its reading a gauge looks (the range of its query)."""

    @property
    def signals(self) -> tuple[str, ...]:
        """What it reads of its source."""
        return (self.value,) if self.total is None else (self.value, self.total)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spike:
    """A gauge above `floor` and above its own baseline by `deviations` robust deviations, for `for_`.

    The baseline is stable's median and scaled MAD over the last `baseline` seconds before the deployment. Formulas:
    `core/rules/spike`.
    """

    kind: Literal["spike"] = "spike"
    value: str
    floor: float
    """Below it nothing is a spike, however calm the baseline was."""
    deviations: float
    for_: Seconds
    clear_for: Seconds
    baseline: Seconds
    """Length of the window before the deployment."""
    min_readings: int
    """With fewer readings in it there is no baseline, and the rule does not apply."""
    interval: Seconds
    lookback: Seconds = 0.0
    unit: Unit = "number"

    @property
    def signals(self) -> tuple[str, ...]:
        """What it reads of its source."""
        return (self.value,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A gauge whose robust slope over the last `over` seconds reaches `limit` within `horizon`: a leak.

    Formulas: `core/rules/trend`.
    """

    kind: Literal["trend"] = "trend"
    value: str
    limit: Bound
    """What must not be reached; its direction says which way is bad."""
    horizon: Seconds
    over: Seconds
    """The window of the slope; the rule says nothing before it is half full."""
    for_: Seconds
    clear_for: Seconds
    interval: Seconds
    lookback: Seconds = 0.0

    @property
    def signals(self) -> tuple[str, ...]:
        """What it reads of its source."""
        return (self.value,)


Sequential: TypeAlias = SequentialRatio | CanaryVsStable | SequentialCount
"""The kinds that share the deployment's budget for false rollbacks."""

Condition: TypeAlias = Sequential | Probe | Threshold | Spike | Trend


Gauge: TypeAlias = Threshold | Spike | Trend
"""The kinds that can judge a single value, which may look back over a traffic step."""


def is_gauge(condition: Condition) -> TypeGuard[Gauge]:
    """Whether it judges single values and not counts."""
    return isinstance(condition, Spike | Trend) or (isinstance(condition, Threshold) and condition.total is None)
