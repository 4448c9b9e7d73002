"""A value beyond a limit, for a time or in N of the last M readings. No false-alarm guarantee.

Law of the module: it says whether one reading is beyond `when` and beyond `clear`; what follows from that over time is
`core/rules/hysteresis`. With `clear` equal to `when` and `no_data` OK, `for_` and `clear_for` mean what Prometheus'
`for` and `keep_firing_for` mean.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from watchdog.core.conditions import Threshold
from watchdog.core.model import Missing, Seconds, Value
from watchdog.core.rules.hysteresis import CLOCK_GRAIN_S, Held, Timing, hold, judge, missed
from watchdog.core.rules.values import Evidence, Last, Sample
from watchdog.core.settings import Rule

Counts: TypeAlias = tuple[Seconds, Seconds, float, float]
"""One reading of a share: start, end, bad, total."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdState(Held):
    """What is held, and the readings that still count. `known`, for a share: there were events enough."""

    kind: Literal["threshold"] = "threshold"
    window: tuple[Counts, ...] = ()
    """The readings of the last `over` seconds, where the rule judges a share."""


def check(condition: Threshold) -> None:
    """Refuse a condition that could never fire, never end, or never know its value."""
    if not 1 <= condition.matches <= condition.out_of:
        raise ValueError(f"{condition.matches} of {condition.out_of} readings can never match")
    if condition.total is not None and condition.over <= 0.0:
        raise ValueError("a share of counts needs a window: set over")
    if condition.when.upward is not condition.clear.upward:
        raise ValueError(f"when is {condition.when.op} and clear is {condition.clear.op}: they must look the same way")
    eased = condition.when.limit - condition.clear.limit
    if (eased if condition.when.upward else -eased) < 0.0:
        raise ValueError("clear must not be stricter than when: the rule would end while it still fires")


def observe(rule: Rule, condition: Threshold, state: ThresholdState, sample: Sample) -> ThresholdState:
    """The state after one reading."""
    timing = Timing(
        for_=condition.for_,
        clear_for=condition.clear_for,
        interval=condition.interval * sample.pace,
        matches=condition.matches,
        out_of=condition.out_of,
    )
    value: Value | None = sample.value(condition.value)
    if condition.total is not None:
        state, value = _share(condition, state, sample, condition.total)
    if value is None:
        return hold(timing, replace(state, known=False), sample.end)
    if isinstance(value, float) and math.isnan(value):
        value = Missing.NAN
    if isinstance(value, Missing):
        return missed(rule, timing, state, sample, value)
    last = value if math.isfinite(value) else None
    state = replace(state, last_value=last, known=True)
    return judge(timing, state, sample, when=condition.when.beyond(value), clear=condition.clear.beyond(value))


def evidence(state: ThresholdState) -> Evidence:
    """The last value, and for a share the counts behind it."""
    return Evidence(
        onset=state.onset,
        bad=sum(counts[2] for counts in state.window),
        total=sum(counts[3] for counts in state.window),
        last=Last(value=state.last_value),
    )


def _share(
    condition: Threshold, state: ThresholdState, sample: Sample, total: str
) -> tuple[ThresholdState, Value | None]:
    """The share over the last `over` seconds; None with too few events, the reason when the reading is missing."""
    bad, events = sample.value(condition.value), sample.value(total)
    if isinstance(bad, Missing):
        return state, bad
    if isinstance(events, Missing):
        return state, events
    if not (bad >= 0.0 and 0.0 <= events < math.inf):
        return state, Missing.NAN
    since = sample.end - condition.over - CLOCK_GRAIN_S
    window = (
        *(counts for counts in state.window if counts[0] >= since),
        (
            sample.start,
            sample.end,
            min(bad, events),
            events,
        ),
    )
    state = replace(state, window=window)
    seen = sum(counts[3] for counts in window)
    if seen <= 0.0 or seen < condition.min_events:
        return state, None
    return state, sum(counts[2] for counts in window) / seen
