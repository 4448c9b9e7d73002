"""The share of bad requests is above `limit`: proof, suspicion and onset of one rule instance.

Law of the module: it moves one instance from poll to poll by `core/rules/mixture`, whose formulas it does not know.
The proof is held to the ride-out's pace and rolls back; the suspicion is not, and may divert; the onset's CUSUM tells
since when, and over which requests, people and interlocks should look.
"""

import math
from dataclasses import dataclass, replace
from typing import Literal

from watchdog.core.model import Level, Missing, Seconds
from watchdog.core.rules import mixture
from watchdog.core.rules.mixture import (
    CUSUM_CEILING,
    FRESH,
    SATURATION,
    SUSPICION,
    Constants,
    Likelihoods,
    Masses,
    Process,
    constants_of,
)
from watchdog.core.rules.values import Evidence, Last, Sample
from watchdog.core.settings import SequentialRatio

EVENTS_TO_JUDGE = 20.0
"""Requests below which the rule says "insufficient"."""

SMALLEST_E = 5e-324
"""The smallest float stands for evidence that has underflowed to 0, whose logarithm JSON could not carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialRatioState:
    """The proof, the suspicion beside it, and what was counted since the onset.

    Invariants: every number is finite and at least 0; `fired` means proof_e >= 1/alpha, and the proof then stands
    still; `onset` is None exactly when `cusum` is 0.
    """

    kind: Literal["sequential_ratio"] = "sequential_ratio"
    fired: bool = False
    trial: bool = False
    """The ride-out is off."""
    proof_start: Masses = FRESH.start
    """S0 of the proof."""
    proof_change: Masses = FRESH.change
    """S1 of the proof."""
    proof_time: Seconds = FRESH.elapsed
    proof_e: float = FRESH.value
    polls: float = 0.0
    """Polls of growth that the ride-out has granted; 0 while the proof is calm."""
    suspicion_start: Masses = FRESH.start
    suspicion_change: Masses = FRESH.change
    suspicion_time: Seconds = FRESH.elapsed
    suspicion_e: float = FRESH.value
    cusum: float = 0.0
    """Evidence of the onset's CUSUM, 0 to `CUSUM_CEILING`."""
    onset: Seconds | None = None
    """Start of the first reading after the CUSUM was last 0."""
    bad: float = 0.0
    total: float = 0.0
    other_bad: float = 0.0
    other_total: float = 0.0
    seen: float = 0.0
    """Requests since the beginning of the evidence."""
    last_share: float | None = None


def check(condition: SequentialRatio) -> None:
    """Refuse a condition that the test cannot judge."""
    mixture.check(condition)


def initial(condition: SequentialRatio) -> SequentialRatioState:
    """No evidence. An impossible condition is refused here, not in the middle of a deployment."""
    constants_of(condition)
    return SequentialRatioState()


def observe(condition: SequentialRatio, state: SequentialRatioState, sample: Sample) -> SequentialRatioState:
    """The state after one poll. A missing reading counts nothing, whatever `no_data` says: it has no requests."""
    bad, total = sample.value(condition.bad), sample.value(condition.total)
    if isinstance(bad, Missing) or isinstance(total, Missing) or not (bad >= 0.0 and 0.0 <= total < math.inf):
        return state
    bad = min(bad, total)
    constants = constants_of(condition)
    length = max(sample.end - sample.start, 0.0)
    likelihoods = mixture.likelihoods_of(constants, bad, total)
    proof, polls = _prove(constants, state, likelihoods, length)
    suspicion = _suspect(constants, state, likelihoods, length)
    cusum = _cusum(constants, state.cusum, bad, total)
    counts = _counts(condition, state, sample, (bad, total)) if cusum else (0.0, 0.0, 0.0, 0.0)
    onset = sample.start if state.onset is None else state.onset
    return SequentialRatioState(
        fired=state.fired or proof.value >= constants.enough,
        trial=state.trial,
        proof_start=proof.start,
        proof_change=proof.change,
        proof_time=proof.elapsed,
        proof_e=proof.value,
        polls=polls,
        suspicion_start=suspicion.start,
        suspicion_change=suspicion.change,
        suspicion_time=suspicion.elapsed,
        suspicion_e=suspicion.value,
        cusum=cusum,
        onset=onset if cusum else None,
        bad=counts[0],
        total=counts[1],
        other_bad=counts[2],
        other_total=counts[3],
        seen=state.seen + total,
        last_share=bad / total if total else state.last_share,
    )


def level(state: SequentialRatioState) -> Level:
    """FIRING once proved, until the evidence is discarded; PENDING under suspicion; never recovering."""
    if state.fired:
        return Level.FIRING
    return Level.PENDING if suspicious(state) else Level.INACTIVE


def suspicious(state: SequentialRatioState) -> bool:
    """Whether the evidence without ride-out has reached `SUSPICION`."""
    return state.suspicion_e >= SUSPICION


def begin_trial(state: SequentialRatioState) -> SequentialRatioState:
    """Suspicion afresh; the proof goes on without ride-out, for the divert has ridden the disturbance out."""
    return replace(
        state,
        trial=True,
        suspicion_start=FRESH.start,
        suspicion_change=FRESH.change,
        suspicion_time=FRESH.elapsed,
        suspicion_e=FRESH.value,
    )


def end_trial(condition: SequentialRatio, state: SequentialRatioState) -> SequentialRatioState:
    """The ride-out is on again and goes on from the evidence that there is."""
    return replace(state, trial=False, polls=mixture.polls_needed(constants_of(condition), state.proof_e))


def recovered(state: SequentialRatioState) -> bool:
    """Whether the onset's CUSUM is back at 0."""
    return state.onset is None


def known(state: SequentialRatioState) -> bool:
    """Whether there were requests enough to say anything."""
    return state.seen >= EVENTS_TO_JUDGE


def evidence(state: SequentialRatioState) -> Evidence:
    """Counts since the onset, and both e-values."""
    return Evidence(
        onset=state.onset,
        bad=state.bad,
        total=state.total,
        other_bad=state.other_bad,
        other_total=state.other_total,
        log_e=math.log(max(state.proof_e, SMALLEST_E)),
        log_e_suspicion=math.log(max(state.suspicion_e, SMALLEST_E)),
        last=Last(value=state.last_share),
    )


def _prove(
    constants: Constants, state: SequentialRatioState, likelihoods: Likelihoods, length: Seconds
) -> tuple[Process, float]:
    """The proof after one reading, and its granted polls. It stands still once it has fired."""
    proof = Process(state.proof_start, state.proof_change, state.proof_time, state.proof_e)
    if state.fired:
        return proof, state.polls
    proof = mixture.advance(constants, proof, likelihoods, length)
    if state.trial or constants.growth == math.inf:
        return proof, 0.0
    return mixture.ride_out(constants, proof, state.polls, length)


def _suspect(constants: Constants, state: SequentialRatioState, likelihoods: Likelihoods, length: Seconds) -> Process:
    """The suspicion after one reading: without ride-out, and not above `SATURATION`."""
    suspicion = Process(state.suspicion_start, state.suspicion_change, state.suspicion_time, state.suspicion_e)
    suspicion = mixture.advance(constants, suspicion, likelihoods, length)
    return mixture.bounded(constants, suspicion, SATURATION)


def _cusum(constants: Constants, cusum: float, bad: float, total: float) -> float:
    per_bad, per_request = constants.cusum
    return min(max(cusum + bad * per_bad + total * per_request, 0.0), CUSUM_CEILING)


def _counts(
    condition: SequentialRatio, state: SequentialRatioState, sample: Sample, own: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Both colours' counts since the onset."""
    other_total = sample.count(condition.total)
    other_bad = min(sample.count(condition.bad), other_total)
    bad, total = own
    return state.bad + bad, state.total + total, state.other_bad + other_bad, state.other_total + other_total
