"""The one door to the kinds of rule: dispatch by the type of a rule's condition.

What lives here: the dispatch. What must not: any formula (each kind has its module) and any meaning of several rules
together (`core/verdict`). The engine adds the judgements UNKNOWN and NOT_APPLICABLE, which no rule can know itself.
"""

from typing import TypeAlias, assert_never

from watchdog.core.model import Judgement, Level
from watchdog.core.rules import probe, sequential_ratio, threshold
from watchdog.core.rules.probe import ProbeState
from watchdog.core.rules.sequential_ratio import SequentialRatioState
from watchdog.core.rules.threshold import ThresholdState
from watchdog.core.rules.values import Evidence, Last, Sample
from watchdog.core.settings import Condition, Probe, Rule, SequentialRatio, Threshold

__all__ = [
    "Evidence",
    "Last",
    "ProbeState",
    "RuleState",
    "Sample",
    "SequentialRatioState",
    "ThresholdState",
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

RuleState: TypeAlias = SequentialRatioState | ProbeState | ThresholdState
"""What one instance of a rule remembers: flat values only, so that the journal gives it back bit for bit."""


def check(condition: Condition) -> None:
    """Refuse a condition that its kind cannot judge: ValueError, worded for the operator's file."""
    match condition:
        case SequentialRatio():
            sequential_ratio.check(condition)
        case Probe():
            probe.check(condition)
        case Threshold():
            threshold.check(condition)
        case _:
            assert_never(condition)


def initial(rule: Rule) -> RuleState:
    """The state before any reading."""
    match rule.condition:
        case SequentialRatio():
            return sequential_ratio.initial(rule.condition)
        case Probe():
            return ProbeState()
        case Threshold():
            return ThresholdState()
        case _:
            assert_never(rule.condition)


def observe(rule: Rule, state: RuleState, sample: Sample) -> RuleState:
    """The state after one poll of the rule's source."""
    match rule.condition, state:
        case SequentialRatio() as ratio, SequentialRatioState():
            return sequential_ratio.observe(ratio, state, sample)
        case Probe(), ProbeState():
            return probe.observe(rule, rule.condition, state, sample)
        case Threshold(), ThresholdState():
            return threshold.observe(rule, rule.condition, state, sample)
        case _:
            raise _mismatch(rule, state)


def level(state: RuleState) -> Level:
    """The rule state that people and the verdict see."""
    match state:
        case SequentialRatioState():
            return sequential_ratio.level(state)
        case ProbeState() | ThresholdState():
            return state.level
        case _:
            assert_never(state)


def suspicious(rule: Rule, state: RuleState) -> bool:
    """Whether there is suspicion enough to divert; a threshold is never suspicion, since it promises nothing."""
    match rule.condition, state:
        case SequentialRatio(), SequentialRatioState():
            return sequential_ratio.suspicious(state)
        case Probe() as condition, ProbeState():
            return probe.suspicious(condition, state)
        case Threshold(), ThresholdState():
            return False
        case _:
            raise _mismatch(rule, state)


def begin_trial(rule: Rule, state: RuleState) -> RuleState:
    """The state when the candidate is let in again after a divert: suspicion afresh, proof kept and not capped."""
    match rule.condition, state:
        case SequentialRatio(), SequentialRatioState():
            return sequential_ratio.begin_trial(state)
        case _:
            return state


def end_trial(rule: Rule, state: RuleState) -> RuleState:
    """The state when a trial has ended without proof: the cap is on again."""
    match rule.condition, state:
        case SequentialRatio() as condition, SequentialRatioState():
            return sequential_ratio.end_trial(condition, state)
        case _:
            return state


def discard(rule: Rule, _state: RuleState) -> RuleState:
    """The state when the evidence was thrown away, for it was taken in a shared incident."""
    return initial(rule)


def cut(_rule: Rule, state: RuleState) -> RuleState:
    """The state after a verified traffic step: no earlier reading of a windowed rule counts.

    Sequential rules keep their evidence (their hypothesis is about the version), probes never mixed two splits.
    """
    match state:
        case ThresholdState():
            return ThresholdState()
        case _:
            return state


def recovered(_rule: Rule, state: RuleState) -> bool:
    """Whether the trouble is over: nothing of it is left in what the rule counts."""
    match state:
        case SequentialRatioState():
            return sequential_ratio.recovered(state)
        case ProbeState() | ThresholdState():
            return state.level == Level.INACTIVE
        case _:
            assert_never(state)


def judgement(_rule: Rule, state: RuleState) -> Judgement:
    """KNOWN or INSUFFICIENT, from the rule's own data."""
    return Judgement.KNOWN if _known(state) else Judgement.INSUFFICIENT


def evidence(_rule: Rule, state: RuleState) -> Evidence:
    """What speaks for the rule's state, for people and for the interlocks."""
    match state:
        case SequentialRatioState():
            return sequential_ratio.evidence(state)
        case ProbeState():
            return probe.evidence(state)
        case ThresholdState():
            return threshold.evidence(state)
        case _:
            assert_never(state)


def _known(state: RuleState) -> bool:
    match state:
        case SequentialRatioState():
            return sequential_ratio.known(state)
        case ProbeState():
            return state.last_value is not None
        case ThresholdState():
            return state.known
        case _:
            assert_never(state)


def _mismatch(rule: Rule, state: RuleState) -> TypeError:
    return TypeError(f"rule {rule.name} is a {rule.condition.kind}, its state a {state.kind}")
