"""What the sequential kinds have in common: proof, suspicion and onset of one rule instance.

Law of the module: it moves an instance from reading to reading by `core/rules/mixture` and knows no kind's formula. The
proof is held to the ride-out's pace and rolls back; the suspicion is not, and may divert; the onset's CUSUM tells since
when, and over which counts, people and interlocks should look.
"""

import math
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from watchdog.core.conditions import Sequential
from watchdog.core.model import Level, Missing, Seconds, Value
from watchdog.core.rules import mixture
from watchdog.core.rules.mixture import CALM, FRESH, SUSPICION, Constants, Likelihoods, Masses, Process, constants_of
from watchdog.core.rules.values import Evidence, Last

CUSUM_CEILING = math.log(1000.0)
"""Bounds the onset's CUSUM: it is back at 0 within about 130 healthy requests, however long the fault lasted."""

SMALLEST_E = 5e-324
"""The smallest float stands for evidence that has underflowed to 0, whose logarithm JSON could not carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialState:
    """The proof, the suspicion beside it, and what was counted since the onset.

    Invariants: every number is finite and at least 0; `fired` means proof_e >= 1/alpha, and the proof then stands
    still; `onset` is None exactly when `cusum` is 0.
    """

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
    """What the judgement counts: requests, or seconds, since the beginning of the evidence."""
    last_value: float | None = None
    reached: Seconds | None = None
    """Up to here time was counted: the latest end of a reading. What a reading shares with earlier ones passes once."""


State = TypeVar("State", bound=SequentialState)


class Counts(NamedTuple):
    """Both colours' counts of one reading; `total` stays 0 where events have no denominator."""

    bad: float
    total: float
    other_bad: float
    other_total: float


NOTHING = Counts(0.0, 0.0, 0.0, 0.0)


class Bet(NamedTuple):
    """One reading as the game sees it: a tuple, because one is made for every poll and rule."""

    likelihoods: Likelihoods
    quiet: bool
    """Nothing happened in it."""
    start: Seconds
    length: Seconds
    cusum: float
    """What it adds to the onset's CUSUM."""
    counts: Counts
    seen: float
    last: float | None
    """The reading's own value, where it has one."""


def count_of(value: Value) -> float | None:
    """A reading as a number of events; None for one that is missing, negative or no finite number."""
    return None if isinstance(value, Missing) or not 0.0 <= value < math.inf else value


def advance(constants: Constants, state: State, bet: Bet) -> State:
    """The state after one reading. Fields that a kind adds begin anew: the kind sets them."""
    end = bet.start + bet.length
    since = bet.start if state.reached is None else max(bet.start, state.reached)
    passed = max(end - since, 0.0)
    proof, polls = _prove(constants, state, bet, passed)
    suspicion = Process(state.suspicion_start, state.suspicion_change, state.suspicion_time, state.suspicion_e)
    suspicion = mixture.advance(constants, suspicion, bet.likelihoods, passed, quiet=bet.quiet)
    suspicion = mixture.bounded(constants, suspicion, constants.ceiling)
    cusum = min(max(state.cusum + bet.cusum, 0.0), CUSUM_CEILING)
    counts = bet.counts if cusum else NOTHING
    onset = bet.start if state.onset is None else state.onset
    return type(state)(
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
        bad=state.bad + counts.bad if cusum else 0.0,
        total=state.total + counts.total if cusum else 0.0,
        other_bad=state.other_bad + counts.other_bad if cusum else 0.0,
        other_total=state.other_total + counts.other_total if cusum else 0.0,
        seen=state.seen + bet.seen,
        last_value=state.last_value if bet.last is None else bet.last,
        reached=max(end, since),
    )


def _prove(constants: Constants, state: SequentialState, bet: Bet, passed: Seconds) -> tuple[Process, float]:
    """The proof after one reading, and its granted polls. It stands still once it has fired."""
    proof = Process(state.proof_start, state.proof_change, state.proof_time, state.proof_e)
    if state.fired:
        return proof, state.polls
    proof = mixture.advance(constants, proof, bet.likelihoods, passed, quiet=bet.quiet)
    if state.trial or constants.growth == math.inf:
        return proof, 0.0
    return mixture.ride_out(constants, proof, state.polls, passed)


def calmed(constants: Constants, state: State) -> State:
    """The state when the trouble is over by the kind's own sign: nothing is left of it but a proof that has fired."""
    proof = Process(state.proof_start, state.proof_change, state.proof_time, state.proof_e)
    if not state.fired:
        proof = mixture.bounded(constants, proof, CALM)
    suspicion = Process(state.suspicion_start, state.suspicion_change, state.suspicion_time, state.suspicion_e)
    suspicion = mixture.bounded(constants, suspicion, CALM)
    return replace(
        state,
        proof_start=proof.start,
        proof_change=proof.change,
        proof_e=proof.value,
        polls=state.polls if state.fired else 0.0,
        suspicion_start=suspicion.start,
        suspicion_change=suspicion.change,
        suspicion_e=suspicion.value,
        cusum=0.0,
        onset=None,
        bad=0.0,
        total=0.0,
        other_bad=0.0,
        other_total=0.0,
    )


def level(state: SequentialState) -> Level:
    """FIRING once proved, until the evidence is discarded; PENDING under suspicion; never recovering."""
    if state.fired:
        return Level.FIRING
    return Level.PENDING if suspicious(state) else Level.INACTIVE


def suspicious(state: SequentialState) -> bool:
    """Whether the evidence without ride-out has reached `SUSPICION`."""
    return state.suspicion_e >= SUSPICION


def begin_trial(state: State) -> State:
    """Suspicion afresh; the proof goes on without ride-out, for the divert has ridden the disturbance out."""
    fresh = mixture.fresh(len(state.suspicion_start))
    return replace(
        state,
        trial=True,
        suspicion_start=fresh.start,
        suspicion_change=fresh.change,
        suspicion_time=fresh.elapsed,
        suspicion_e=fresh.value,
    )


def end_trial(condition: Sequential, state: State) -> State:
    """The ride-out is on again and goes on from the evidence that there is."""
    constants = constants_of(condition)
    return replace(state, trial=False, polls=mixture.polls_needed(constants, state.proof_e))


def recovered(state: SequentialState) -> bool:
    """Whether the onset's CUSUM is back at 0."""
    return state.onset is None


def evidence(state: SequentialState) -> Evidence:
    """Counts since the onset, and both e-values."""
    return Evidence(
        onset=state.onset,
        bad=state.bad,
        total=state.total,
        other_bad=state.other_bad,
        other_total=state.other_total,
        log_e=math.log(max(state.proof_e, SMALLEST_E)),
        log_e_suspicion=math.log(max(state.suspicion_e, SMALLEST_E)),
        last=Last(value=state.last_value),
    )
