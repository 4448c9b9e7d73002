"""Failures in a row: health checks, database connections, commands.

Law of the module: a probe's refusal, timeout or TLS error is a failure (0.0), decided at the source; Missing means that
the prober itself could not run and says nothing about the target.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal, assert_never

from watchdog.core.conditions import Probe
from watchdog.core.model import Level, Missing, NoData, Seconds
from watchdog.core.rules.values import Evidence, Last, Sample
from watchdog.core.settings import Rule

PASS_FROM = 0.5
"""A value below it is a failure; probes yield 1.0 and 0.0, and an average of several is judged by majority."""

SUSPICION_FALL = 3
"""Shorter rows are no suspicion: with `fall` 2, one lost packet would divert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeState:
    """The present row of failures or successes.

    Invariants: at most one of `fails` and `passes` is above 0; PENDING means 1 <= fails < fall; RECOVERING means
    1 <= passes < rise; `onset` is None exactly when the level is INACTIVE.
    """

    kind: Literal["probe"] = "probe"
    level: Level = Level.INACTIVE
    fails: int = 0
    passes: int = 0
    onset: Seconds | None = None
    bad: int = 0
    """Failures since the onset."""
    total: int = 0
    """Probes since the onset."""
    last_value: float | None = None
    detail: str = ""
    """Error class of the last failure."""


def check(condition: Probe) -> None:
    """Refuse rows that no probe could complete."""
    if condition.fall < 1 or condition.rise < 1:
        raise ValueError(f"fall {condition.fall} and rise {condition.rise} are numbers of probes, at least 1")


def observe(rule: Rule, condition: Probe, state: ProbeState, sample: Sample) -> ProbeState:
    """The state after one probe; a missing one is held, failed or passed as the rule says."""
    value = sample.value(condition.signal)
    if isinstance(value, float) and math.isnan(value):
        value = Missing.NAN
    if isinstance(value, Missing):
        answer = rule.on_missing(value)
        match answer:
            case NoData.HOLD:
                return state
            case NoData.FIRE:
                return _failed(condition, state, sample.start, 0.0, f"no data: {value}")
            case NoData.OK:
                return _passed(condition, state, 1.0)
            case _:
                assert_never(answer)
    if value < PASS_FROM:
        return _failed(condition, state, sample.start, value, sample.details.get(condition.signal, ""))
    return _passed(condition, state, value)


def suspicious(condition: Probe, state: ProbeState) -> bool:
    """One failure short of firing, where the row is long enough to mean something."""
    return condition.fall >= SUSPICION_FALL and state.level == Level.PENDING and state.fails == condition.fall - 1


def evidence(state: ProbeState) -> Evidence:
    """The row and the error, for people."""
    last = Last(value=state.last_value, in_a_row=state.fails, detail=state.detail)
    return Evidence(onset=state.onset, bad=state.bad, total=state.total, last=last)


def _failed(condition: Probe, state: ProbeState, start: Seconds, value: float, detail: str) -> ProbeState:
    fails = state.fails + 1
    fires = state.level in (Level.FIRING, Level.RECOVERING) or fails >= condition.fall
    return ProbeState(
        level=Level.FIRING if fires else Level.PENDING,
        fails=fails,
        onset=start if state.onset is None else state.onset,
        bad=state.bad + 1,
        total=state.total + 1,
        last_value=value if math.isfinite(value) else 0.0,
        detail=detail,
    )


def _passed(condition: Probe, state: ProbeState, value: float) -> ProbeState:
    value = value if math.isfinite(value) else 1.0
    passes = state.passes + 1
    if state.level not in (Level.FIRING, Level.RECOVERING) or passes >= condition.rise:
        return ProbeState(passes=passes, last_value=value, detail=state.detail)
    return replace(state, level=Level.RECOVERING, fails=0, passes=passes, total=state.total + 1, last_value=value)
