"""A value beyond a limit, for a time or in N of the last M readings. No false-alarm guarantee.

Law of the module: time counts only between two consecutive known readings that lie at most `GAP_POLLS` polls apart; no
tick and no clock can make a threshold fire. With `clear` equal to `when` and `no_data` OK, `for_` and `clear_for` mean
what Prometheus' `for` and `keep_firing_for` mean (prometheus/rules/alerting.go, AlertingRule.Eval): fire at the first
reading beyond with `at - first_beyond >= for_`, end at the first not beyond with `at - first_not_beyond >= clear_for`.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, assert_never

from watchdog.core.model import Level, Missing, NoData, Seconds, Value
from watchdog.core.rules.values import Evidence, Last, Sample
from watchdog.core.settings import Rule, Threshold

GAP_POLLS = 3.0
"""A longer silence ends pending: what held before it says nothing about what held during it."""

CLOCK_GRAIN_S = 1e-6
"""Engine seconds are floats: 0.7 - 0.4 must count as 0.3. Far below any poll, far above rounding."""

Counts: TypeAlias = tuple[Seconds, Seconds, float, float]
"""One reading of a share: start, end, bad, total."""

_BAD = (Level.FIRING, Level.RECOVERING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdState:
    """Level, the time held in it, and the readings that still count.

    Invariants: `held` is 0 unless PENDING or RECOVERING; `beyond_when` and `beyond_clear` are equally long, at most
    `out_of`; `onset` is None exactly when the level is INACTIVE.
    """

    kind: Literal["threshold"] = "threshold"
    level: Level = Level.INACTIVE
    held: Seconds = 0.0
    """Known time in PENDING or RECOVERING."""
    known_at: Seconds | None = None
    """End of the last known reading."""
    contiguous: bool = False
    """No reading was missing since `known_at`."""
    known: bool = False
    """The last reading was known; for a share: there were events enough."""
    beyond_when: tuple[bool, ...] = ()
    beyond_clear: tuple[bool, ...] = ()
    window: tuple[Counts, ...] = ()
    """The readings of the last `over` seconds, where the rule judges a share."""
    onset: Seconds | None = None
    last_value: float | None = None


def check(condition: Threshold) -> None:
    """Refuse a condition that could never fire, never end, or never know its value."""
    if not 1 <= condition.matches <= condition.out_of:
        raise ValueError(f"{condition.matches} of {condition.out_of} readings can never match")
    if condition.total is not None and condition.over <= 0.0:
        raise ValueError("a share of counts needs a window: set over")
    if _upward(condition.when.op) is not _upward(condition.clear.op):
        raise ValueError(f"when is {condition.when.op} and clear is {condition.clear.op}: they must look the same way")
    eased = condition.when.limit - condition.clear.limit
    if (eased if _upward(condition.when.op) else -eased) < 0.0:
        raise ValueError("clear must not be stricter than when: the rule would end while it still fires")


def observe(rule: Rule, condition: Threshold, state: ThresholdState, sample: Sample) -> ThresholdState:
    """The state after one reading."""
    value: Value | None = sample.value(condition.value)
    if condition.total is not None:
        state, value = _share(condition, state, sample, condition.total)
    if value is None:
        return _hold(condition, replace(state, known=False), sample.end)
    if isinstance(value, float) and math.isnan(value):
        value = Missing.NAN
    if not isinstance(value, Missing):
        verdicts = condition.when.beyond(value), condition.clear.beyond(value)
        last = value if math.isfinite(value) else None
        return _judge(condition, replace(state, last_value=last, known=True), sample, verdicts)
    answer = rule.on_missing(value)
    match answer:
        case NoData.HOLD:
            return _hold(condition, state, sample.end)
        case NoData.FIRE:
            return _judge(condition, state, sample, (True, True))
        case NoData.OK:
            return _judge(condition, state, sample, (False, False))
        case _:
            assert_never(answer)


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


def _hold(condition: Threshold, state: ThresholdState, end: Seconds) -> ThresholdState:
    """Keep the state and let no time pass; pending does not outlive a long gap, firing does."""
    state = replace(state, contiguous=False)
    return _forget(state) if _gap(condition, state, end) else state


def _gap(condition: Threshold, state: ThresholdState, end: Seconds) -> bool:
    """Whether the last known reading is too old to reach over; an interval of 0 means that the rhythm is unknown."""
    if state.known_at is None or condition.interval <= 0.0:
        return False
    return end - state.known_at > GAP_POLLS * condition.interval + CLOCK_GRAIN_S


def _forget(state: ThresholdState) -> ThresholdState:
    """What is left of a state after a long gap."""
    if state.level in _BAD:
        return state
    return replace(state, level=Level.INACTIVE, held=0.0, onset=None, beyond_when=(), beyond_clear=())


def _judge(condition: Threshold, state: ThresholdState, sample: Sample, verdicts: tuple[bool, bool]) -> ThresholdState:
    """The state after a known reading that is, or is not, beyond `when` and `clear`."""
    gap = _gap(condition, state, sample.end)
    state = _forget(state) if gap else state
    step = 0.0
    if state.known_at is not None and state.contiguous and not gap:
        step = sample.end - state.known_at
    earlier = 1 - condition.out_of  # 0 when only this reading counts
    beyond_when = (*(state.beyond_when[earlier:] if earlier else ()), verdicts[0])
    beyond_clear = (*(state.beyond_clear[earlier:] if earlier else ()), verdicts[1])
    state = replace(state, known_at=sample.end, contiguous=True, beyond_when=beyond_when, beyond_clear=beyond_clear)
    relevant = beyond_clear if state.level in _BAD else beyond_when
    return _step(condition, state, sample.start, step=step, beyond=sum(relevant) >= condition.matches)


def _step(
    condition: Threshold, state: ThresholdState, start: Seconds, *, step: Seconds, beyond: bool
) -> ThresholdState:
    """The hysteresis: one level's answer to one known reading."""
    if state.level in _BAD:
        if beyond:
            return replace(state, level=Level.FIRING, held=0.0)
        held = state.held + step if state.level == Level.RECOVERING else 0.0
        if held >= condition.clear_for - CLOCK_GRAIN_S:
            return replace(state, level=Level.INACTIVE, held=0.0, onset=None)
        return replace(state, level=Level.RECOVERING, held=held)
    if not beyond:
        return replace(state, level=Level.INACTIVE, held=0.0, onset=None)
    held = state.held + step if state.level == Level.PENDING else 0.0
    onset = start if state.onset is None else state.onset
    if held >= condition.for_ - CLOCK_GRAIN_S:
        return replace(state, level=Level.FIRING, held=0.0, onset=onset)
    return replace(state, level=Level.PENDING, held=held, onset=onset)


def _upward(op: str) -> bool:
    return op in (">", ">=")
