"""A gauge far above what is usual for it: beyond a floor AND beyond k robust deviations over its own baseline.

Law of the module: it compares one reading with a baseline that it is given and never grows while a deployment is under
way (`core/handover`); what follows over time is `core/rules/hysteresis`. Without a baseline it judges nothing.

A reading is bad when it lies above max(floor, median + deviations * max(spread, smallest)), where `smallest` is
`SMALLEST_SHARE` of the larger of median and floor: a gauge that never moved does not fire on the first flicker.
"""

from dataclasses import dataclass, field, replace
from math import isfinite, isnan
from typing import Literal

from watchdog.core.conditions import Spike
from watchdog.core.model import Judgement, Missing
from watchdog.core.rules.baseline import Baseline, collected, usual
from watchdog.core.rules.hysteresis import Held, Timing, hold, judge, missed
from watchdog.core.rules.values import Evidence, Gauged, Last, Sample
from watchdog.core.settings import Rule

SMALLEST_SHARE = 0.02
"""The smallest deviation, as a share of the gauge's own size: six of them are 12 %, less than anybody calls a spike."""

FEWEST_READINGS = 10
"""From fewer readings no spread is known to better than a factor of two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikeState(Held):
    """What is held, and the baseline. `known`: the last reading had one to be compared with."""

    kind: Literal["spike"] = "spike"
    baseline: Baseline = field(default_factory=Baseline)


def check(condition: Spike) -> None:
    """Refuse a condition that could never have a baseline, or whose baseline says nothing."""
    if condition.min_readings < FEWEST_READINGS:
        raise ValueError(f"min_readings {condition.min_readings} tell no spread, wanted at least {FEWEST_READINGS}")
    if not condition.deviations > 0.0:
        raise ValueError(f"deviations {condition.deviations:g} would call half of all readings a spike")
    if condition.baseline < condition.min_readings * condition.interval:
        held = int(condition.baseline / condition.interval)
        raise ValueError(
            f"a baseline of {condition.baseline:g} s holds {held} readings, fewer than min_readings "
            f"({condition.min_readings})"
        )


def observe(rule: Rule, condition: Spike, state: SpikeState, sample: Sample) -> SpikeState:
    """The state after one reading; the baseline stays as it is."""
    timing = Timing(for_=condition.for_, clear_for=condition.clear_for, interval=condition.interval * sample.pace)
    value = sample.value(condition.value)
    if isinstance(value, float) and isnan(value):
        value = Missing.NAN
    if not isinstance(value, Missing):
        state = replace(state, last_value=value if isfinite(value) else None)
    if not applies(condition, state):
        return hold(timing, replace(state, known=False), sample.end)
    if isinstance(value, Missing):
        return missed(rule, timing, state, sample, value)
    bad = value > beyond(condition, state)
    return judge(timing, replace(state, known=True), sample, when=bad, clear=bad)


def applies(condition: Spike, state: SpikeState) -> bool:
    """Whether there is a baseline."""
    return state.baseline.readings >= condition.min_readings


def beyond(condition: Spike, state: SpikeState) -> float:
    """The largest value that is not a spike."""
    known = usual(state.baseline)
    smallest = SMALLEST_SHARE * max(abs(known.middle), abs(condition.floor))
    return max(condition.floor, known.middle + condition.deviations * max(known.spread, smallest))


def judgement(condition: Spike, state: SpikeState) -> Judgement:
    """NOT_APPLICABLE without a baseline."""
    if not applies(condition, state):
        return Judgement.NOT_APPLICABLE
    return Judgement.KNOWN if state.known else Judgement.INSUFFICIENT


def evidence(condition: Spike, state: SpikeState) -> Evidence:
    """The last value, what is usual, and from where on it is a spike."""
    gauged = Gauged(readings=state.baseline.readings)
    if applies(condition, state):
        limit = beyond(condition, state)
        gauged = replace(gauged, usual=usual(state.baseline).middle, beyond=limit)
    return Evidence(onset=state.onset, last=Last(value=state.last_value), gauged=gauged)


def afresh(state: SpikeState) -> SpikeState:
    """Nothing of what was judged; the baseline is no judgement and stays."""
    return SpikeState(baseline=state.baseline)


def collect(condition: Spike, state: SpikeState, sample: Sample) -> SpikeState:
    """The state with one reading more in its baseline; a missing one adds nothing."""
    value = sample.value(condition.value)
    if isinstance(value, Missing):
        return state
    grown = collected(state.baseline, sample.end, value, length=condition.baseline, enough=condition.min_readings)
    return replace(state, baseline=grown)
