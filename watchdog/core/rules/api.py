"""The one door to the kinds of rule: dispatch by the type of a rule's condition.

What lives here: the dispatch. What must not: any formula (each kind has its module) and any meaning of several rules
together (`core/verdict`). The engine adds the judgements UNKNOWN and NOT_APPLICABLE, which no rule can know itself.
"""

from typing import TypeAlias, assert_never

from watchdog.core.conditions import (
    CanaryVsStable,
    Condition,
    Probe,
    SequentialCount,
    SequentialRatio,
    Spike,
    Threshold,
    Trend,
)
from watchdog.core.model import Judgement, Level
from watchdog.core.rules import (
    canary_vs_stable,
    probe,
    sequential,
    sequential_count,
    sequential_ratio,
    spike,
    threshold,
    trend,
)
from watchdog.core.rules.canary_vs_stable import CanaryVsStableState
from watchdog.core.rules.hysteresis import Held
from watchdog.core.rules.probe import ProbeState
from watchdog.core.rules.sequential import SequentialState
from watchdog.core.rules.sequential_count import SequentialCountState
from watchdog.core.rules.sequential_ratio import SequentialRatioState
from watchdog.core.rules.spike import SpikeState
from watchdog.core.rules.threshold import ThresholdState
from watchdog.core.rules.trend import TrendState
from watchdog.core.rules.values import Evidence, Gauged, Last, Sample
from watchdog.core.settings import Rule

__all__ = [
    "CanaryVsStableState",
    "Evidence",
    "Gauged",
    "Last",
    "ProbeState",
    "RuleState",
    "Sample",
    "SequentialCountState",
    "SequentialRatioState",
    "SequentialState",
    "SpikeState",
    "ThresholdState",
    "TrendState",
    "begin_trial",
    "check",
    "cut",
    "discard",
    "end_trial",
    "evidence",
    "initial",
    "judgement",
    "level",
    "observe",
    "recovered",
    "suspicious",
]

RuleState: TypeAlias = (
    SequentialRatioState
    | CanaryVsStableState
    | SequentialCountState
    | ProbeState
    | ThresholdState
    | SpikeState
    | TrendState
)
"""What one instance of a rule remembers: plain values only, so that the journal gives it back bit for bit."""


def check(condition: Condition) -> None:
    """Refuse a condition that its kind cannot judge: ValueError, worded for the operator's file."""
    match condition:
        case SequentialRatio():
            sequential_ratio.check(condition)
        case CanaryVsStable():
            canary_vs_stable.check(condition)
        case SequentialCount():
            sequential_count.check(condition)
        case Probe():
            probe.check(condition)
        case Threshold():
            threshold.check(condition)
        case Spike():
            spike.check(condition)
        case Trend():
            trend.check(condition)
        case _:
            assert_never(condition)


def initial(rule: Rule) -> RuleState:
    """The state before any reading."""
    match rule.condition:
        case SequentialRatio():
            return sequential_ratio.initial(rule.condition)
        case CanaryVsStable():
            return canary_vs_stable.initial(rule.condition)
        case SequentialCount():
            return sequential_count.initial(rule.condition)
        case Probe():
            return ProbeState()
        case Threshold():
            return ThresholdState()
        case Spike():
            return SpikeState()
        case Trend():
            return TrendState()
        case _:
            assert_never(rule.condition)


def observe(rule: Rule, state: RuleState, sample: Sample) -> RuleState:
    """The state after one poll of the rule's source."""
    match rule.condition, state:
        case SequentialRatio() as ratio, SequentialRatioState():
            return sequential_ratio.observe(ratio, state, sample)
        case CanaryVsStable() as relative, CanaryVsStableState():
            return canary_vs_stable.observe(relative, state, sample)
        case SequentialCount() as count, SequentialCountState():
            return sequential_count.observe(count, state, sample)
        case Probe(), ProbeState():
            return probe.observe(rule, rule.condition, state, sample)
        case Threshold(), ThresholdState():
            return threshold.observe(rule, rule.condition, state, sample)
        case Spike(), SpikeState():
            return spike.observe(rule, rule.condition, state, sample)
        case Trend(), TrendState():
            return trend.observe(rule, rule.condition, state, sample)
        case _:
            raise _mismatch(rule, state)


def level(state: RuleState) -> Level:
    """The rule state that people and the verdict see."""
    match state:
        case SequentialState():
            return sequential.level(state)
        case ProbeState() | Held():
            return state.level
        case _:
            assert_never(state)


def suspicious(rule: Rule, state: RuleState) -> bool:
    """Whether there is suspicion enough to divert; a gauge's rule is never suspicion, since it promises nothing."""
    match rule.condition, state:
        case ((SequentialRatio() | CanaryVsStable() | SequentialCount()), SequentialState()) if _same(rule, state):
            return sequential.suspicious(state)
        case Probe() as condition, ProbeState():
            return probe.suspicious(condition, state)
        case (Threshold(), ThresholdState()) | (Spike(), SpikeState()) | (Trend(), TrendState()):
            return False
        case _:
            raise _mismatch(rule, state)


def begin_trial(_rule: Rule, state: RuleState) -> RuleState:
    """The state when the candidate is let in again after a divert: suspicion afresh, proof kept and not capped."""
    return sequential.begin_trial(state) if isinstance(state, SequentialState) else state


def end_trial(rule: Rule, state: RuleState) -> RuleState:
    """The state when a trial has ended without proof: the cap is on again."""
    match rule.condition, state:
        case (SequentialRatio() | CanaryVsStable() | SequentialCount()) as condition, SequentialState():
            return sequential.end_trial(condition, state)
        case _:
            return state


def discard(rule: Rule, state: RuleState) -> RuleState:
    """The state when the evidence was thrown away, for it was taken in a shared incident. A baseline is no evidence."""
    return spike.afresh(state) if isinstance(state, SpikeState) else initial(rule)


def cut(_rule: Rule, state: RuleState) -> RuleState:
    """The state after a verified traffic step: no earlier reading of a windowed rule counts.

    Sequential rules keep their evidence (their hypothesis is about the version), probes never mixed two splits.
    """
    match state:
        case ThresholdState():
            return ThresholdState()
        case TrendState():
            return TrendState()
        case SpikeState():
            return spike.afresh(state)
        case CanaryVsStableState():
            return canary_vs_stable.cut(state)
        case _:
            return state


def recovered(_rule: Rule, state: RuleState) -> bool:
    """Whether the trouble is over: nothing of it is left in what the rule counts."""
    match state:
        case SequentialState():
            return sequential.recovered(state)
        case ProbeState() | Held():
            return state.level == Level.INACTIVE
        case _:
            assert_never(state)


def judgement(rule: Rule, state: RuleState) -> Judgement:
    """KNOWN or INSUFFICIENT, from the rule's own data; NOT_APPLICABLE for a spike without a baseline."""
    if isinstance(rule.condition, Spike) and isinstance(state, SpikeState):
        return spike.judgement(rule.condition, state)
    return Judgement.KNOWN if _known(state) else Judgement.INSUFFICIENT


def evidence(rule: Rule, state: RuleState) -> Evidence:
    """What speaks for the rule's state, for people and for the interlocks."""
    match rule.condition, state:
        case _, SequentialState():
            return sequential.evidence(state)
        case _, ProbeState():
            return probe.evidence(state)
        case _, ThresholdState():
            return threshold.evidence(state)
        case Spike() as condition, SpikeState():
            return spike.evidence(condition, state)
        case Trend() as condition, TrendState():
            return trend.evidence(condition, state)
        case _:
            raise _mismatch(rule, state)


def _known(state: RuleState) -> bool:
    match state:
        case SequentialRatioState():
            return sequential_ratio.known(state)
        case CanaryVsStableState():
            return canary_vs_stable.known(state)
        case SequentialCountState():
            return sequential_count.known(state)
        case ProbeState():
            return state.last_value is not None
        case Held():
            return state.known
        case _:
            assert_never(state)


def _same(rule: Rule, state: RuleState) -> bool:
    return rule.condition.kind == state.kind


def _mismatch(rule: Rule, state: RuleState) -> TypeError:
    return TypeError(f"rule {rule.name} is a {rule.condition.kind}, its state a {state.kind}")
