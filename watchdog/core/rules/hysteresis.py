"""From "this reading is bad" to a level: `for`, `clear_for`, gaps, missing readings; for the kinds that judge values.

Law of the module: time counts only between two consecutive known readings that lie at most `GAP_POLLS` polls apart; no
tick and no clock can make a rule fire. What makes a reading bad is the kind's own business (`threshold`, `spike`,
`trend`). The meaning of `for` and `clear_for` is Prometheus' own (prometheus/rules/alerting.go, AlertingRule.Eval):
fire at the first reading beyond with `at - first_beyond >= for`, end at the first not beyond with
`at - first_not_beyond >= clear_for`.
"""

from dataclasses import dataclass, replace
from typing import TypeVar, assert_never

from watchdog.core.model import Level, Missing, NoData, Seconds
from watchdog.core.rules.values import Sample
from watchdog.core.settings import Rule

GAP_POLLS = 3.0
"""A longer silence ends pending: what held before it says nothing about what held during it."""

CLOCK_GRAIN_S = 1e-6
"""Engine seconds are floats: 0.7 - 0.4 must count as 0.3. Far below any poll, far above rounding."""

_BAD = (Level.FIRING, Level.RECOVERING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long bad must last, how long good, and in which rhythm readings come."""

    for_: Seconds
    clear_for: Seconds
    interval: Seconds
    """0: the rhythm is unknown, and no silence is a gap."""
    matches: int = 1
    """N of the last `out_of` known readings decide."""
    out_of: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Level, the time held in it, and the verdicts that still count: the part of a state that this module folds.

    Invariants: `held` is 0 unless PENDING or RECOVERING; `beyond_when` and `beyond_clear` are equally long, at most
    `out_of`; `onset` is None exactly when the level is INACTIVE.
    """

    level: Level = Level.INACTIVE
    held: Seconds = 0.0
    """Known time in PENDING or RECOVERING."""
    known_at: Seconds | None = None
    """End of the last known reading."""
    contiguous: bool = False
    """No reading was missing since `known_at`."""
    known: bool = False
    """The last reading was one that the kind could judge."""
    beyond_when: tuple[bool, ...] = ()
    beyond_clear: tuple[bool, ...] = ()
    onset: Seconds | None = None
    """Start of the first bad reading of the present trouble."""
    last_value: float | None = None


State = TypeVar("State", bound=Held)


def missed(rule: Rule, timing: Timing, state: State, sample: Sample, missing: Missing) -> State:
    """The state after a missing reading: held, bad or good, as the rule's `no_data` says."""
    answer = rule.on_missing(missing)
    match answer:
        case NoData.HOLD:
            return hold(timing, state, sample.end)
        case NoData.FIRE:
            return judge(timing, state, sample, when=True, clear=True)
        case NoData.OK:
            return judge(timing, state, sample, when=False, clear=False)
        case _:
            assert_never(answer)


def hold(timing: Timing, state: State, end: Seconds) -> State:
    """Keep the state and let no time pass; pending does not outlive a long gap, firing does."""
    state = replace(state, contiguous=False)
    return _forget(state) if _gap(timing, state, end) else state


def judge(timing: Timing, state: State, sample: Sample, *, when: bool, clear: bool) -> State:
    """The state after a known reading that is, or is not, beyond what fires and beyond what keeps firing."""
    gap = _gap(timing, state, sample.end)
    state = _forget(state) if gap else state
    step = 0.0
    if state.known_at is not None and state.contiguous and not gap:
        step = sample.end - state.known_at
    earlier = 1 - timing.out_of  # 0 when only this reading counts
    beyond_when = (*(state.beyond_when[earlier:] if earlier else ()), when)
    beyond_clear = (*(state.beyond_clear[earlier:] if earlier else ()), clear)
    state = replace(state, known_at=sample.end, contiguous=True, beyond_when=beyond_when, beyond_clear=beyond_clear)
    relevant = beyond_clear if state.level in _BAD else beyond_when
    return _step(timing, state, sample.start, step=step, beyond=sum(relevant) >= timing.matches)


def _gap(timing: Timing, state: Held, end: Seconds) -> bool:
    """Whether the last known reading is too old to reach over."""
    if state.known_at is None or timing.interval <= 0.0:
        return False
    return end - state.known_at > GAP_POLLS * timing.interval + CLOCK_GRAIN_S


def _forget(state: State) -> State:
    """What is left of a state after a long gap."""
    if state.level in _BAD:
        return state
    return replace(state, level=Level.INACTIVE, held=0.0, onset=None, beyond_when=(), beyond_clear=())


def _step(timing: Timing, state: State, start: Seconds, *, step: Seconds, beyond: bool) -> State:
    """One level's answer to one known reading."""
    if state.level in _BAD:
        if beyond:
            return replace(state, level=Level.FIRING, held=0.0)
        held = state.held + step if state.level == Level.RECOVERING else 0.0
        if held >= timing.clear_for - CLOCK_GRAIN_S:
            return replace(state, level=Level.INACTIVE, held=0.0, onset=None)
        return replace(state, level=Level.RECOVERING, held=held)
    if not beyond:
        return replace(state, level=Level.INACTIVE, held=0.0, onset=None)
    held = state.held + step if state.level == Level.PENDING else 0.0
    onset = start if state.onset is None else state.onset
    if held >= timing.for_ - CLOCK_GRAIN_S:
        return replace(state, level=Level.FIRING, held=0.0, onset=onset)
    return replace(state, level=Level.PENDING, held=held, onset=onset)
