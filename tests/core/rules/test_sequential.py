"""What all sequential kinds promise alike: ride-out from any history, suspicion, trial, onset, a state that lasts."""

import json
import math
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.core.rules.examples import changed, count, ratio, relative, rule
from watchdog.core.conditions import Sequential
from watchdog.core.model import Level, Missing, Value
from watchdog.core.rules import api
from watchdog.core.rules.mixture import CALM, constants_of, polls_to_fire
from watchdog.core.rules.sequential import SequentialState

CONDITIONS: dict[str, Sequential] = {
    "ratio": ratio(),
    "per poll": ratio(dependence="per_poll"),
    "ratio in bunches": ratio(design_effect=4.0),
    "per poll in bunches": ratio(dependence="per_poll", design_effect=2.0),
    "against stable": relative(),
    "against stable with a margin": relative(margin=2.0, min_ratio=3.0, design_effect=3.0),
    "count": count(),
    "count in bunches": count(limit=0.01, design_effect=5.0),
}
each_kind = pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)

Reading = tuple[float, float, float, float]
"""Bad, total, the other colour's bad, its total."""

IDLE: Reading = (0.0, 0.0, 0.0, 0.0)
HEALTHY: Reading = (0.0, 5.0, 0.0, 45.0)
NOISY: Reading = (0.0, 20.0, 2.0, 180.0)
SHARED: Reading = (5.0, 20.0, 45.0, 180.0)

HISTORIES: dict[str, list[Reading]] = {
    "from the start": [],
    "after a healthy half hour": [HEALTHY] * 7200,
    "after an idle half hour": [IDLE] * 7200,
    "after two idle hours": [IDLE] * 28_800,
    "after noise on stable": [HEALTHY, NOISY] * 1200,
    "after a disturbance that is forgotten": [HEALTHY] * 2400 + [(3.0, 5.0, 0.0, 45.0)] * 12 + [HEALTHY] * 7200,
}

WORST: tuple[Reading, ...] = ((1e6, 1e6, 0.0, 1e6), (60.0, 100.0, 0.0, 900.0), (4.0, 4.0, 0.0, 50.0))


def sample(start: float, length: float, reading: Reading) -> api.Sample:
    own, other = reading[:2], reading[2:]
    return api.Sample(
        start=start,
        end=start + length,
        own={"errors": own[0], "requests": own[1]},
        other={"errors": other[0], "requests": other[1]},
    )


def after(condition: Sequential, history: Iterable[Reading], state: SequentialState | None = None) -> Any:
    """The state after a history in the rule's own rhythm."""
    subject = rule(condition)
    found: Any = state or api.initial(subject)
    begin = found.reached or 0.0
    for i, reading in enumerate(history):
        found = api.observe(subject, found, sample(begin + i * condition.interval, condition.interval, reading))
    return found


def frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
@each_kind
def test_no_shorter_row_of_polls_than_promised_fires(condition: Sequential, history: list[Reading]) -> None:
    """Whatever was before and however bad they are: m - 1 polls of a calm rule never fire, and a longer row does."""
    before = after(condition, history)
    assert before.proof_e <= CALM
    for reading in WORST:
        assert not after(condition, [reading] * (polls_to_fire(condition) - 1), before).fired
    assert after(condition, [WORST[0]] * 60, before).fired


@given(
    lengths=st.lists(st.floats(0.01, 40.0), min_size=1, max_size=60),
    begin=st.floats(0.0, 20.0),
    bad=st.integers(0, 1000),
    condition=st.sampled_from(list(CONDITIONS.values())),
)
def test_uneven_readings_ride_out_the_same_disturbance(
    lengths: list[float], begin: float, bad: int, condition: Sequential
) -> None:
    """Readings of any length that touch 3 bad seconds never fire: no delta over missed polls, no row of slivers."""
    subject = rule(condition)
    state, now = api.initial(subject), 0.0
    for length in [*lengths, 30.0]:
        touched = now < begin + 3.0 and now + length > begin
        reading = (float(bad) if touched else 0.0, 1000.0, 0.0, 9000.0)
        state = api.observe(subject, state, sample(now, length, reading))
        now += length
        assert Level.FIRING is not api.level(state)


@each_kind
def test_suspicion_comes_at_once_and_goes_when_the_trouble_is_over(condition: Sequential) -> None:
    """It is pending without ride-out, never above its ceiling, and a healthy half hour ends both it and the onset."""
    subject = rule(condition)
    bad = after(condition, [WORST[0]] * 14, after(condition, [HEALTHY] * 100))
    assert Level.PENDING is api.level(bad)
    assert api.suspicious(subject, bad)
    assert pytest.approx(constants_of(condition).ceiling) == bad.suspicion_e
    assert not api.recovered(subject, bad)
    well = after(condition, [HEALTHY] * 7200, bad)
    assert Level.INACTIVE is api.level(well)
    assert api.recovered(subject, well)
    assert well.proof_e < bad.proof_e


@each_kind
def test_a_trial_takes_suspicion_afresh_and_proof_without_pace(condition: Sequential) -> None:
    """After a divert the proof is kept and may come at once; at the end of the trial the pace is on again."""
    subject = rule(condition)
    diverted = after(condition, [WORST[1]] * 8, after(condition, [HEALTHY] * 100))
    trial = api.begin_trial(subject, diverted)
    allowed = {"trial", *(f"suspicion_{part}" for part in ("start", "change", "time", "e"))}
    assert changed(diverted, trial) <= allowed
    assert not api.suspicious(subject, trial)
    assert isinstance(trial, SequentialState)
    assert after(condition, [WORST[0]] * 12, trial).fired
    ended = api.end_trial(subject, trial)
    assert isinstance(ended, SequentialState)
    assert (trial.proof_e, False) == (ended.proof_e, ended.trial)
    assert not after(condition, [WORST[0]], ended).fired


@each_kind
def test_proof_stands_still_until_it_is_discarded(condition: Sequential) -> None:
    """Firing does not recover by itself; what the interlocks count goes on."""
    subject = rule(condition)
    fired = after(condition, [WORST[0]] * 40)
    well = after(condition, [HEALTHY] * 1000, fired)
    assert Level.FIRING is api.level(well)
    assert fired.proof_e == well.proof_e
    assert api.initial(subject) == api.discard(subject, well)


@each_kind
def test_the_onset_is_the_first_bad_reading_and_counts_go_from_there(condition: Sequential) -> None:
    """Both colours are counted since then, for people and for the common-cause interlock."""
    subject = rule(condition)
    state = after(condition, [HEALTHY] * 40)
    for i in range(3):
        state = api.observe(subject, state, sample(10.0 + 0.25 * i, 0.25, (5.0, 10.0, 1.0, 90.0)))
    found = api.evidence(subject, state)
    totals = (0.0, 0.0) if condition.kind == "sequential_count" else (30.0, 270.0)
    assert (10.0, 15.0, 3.0, *totals) == (found.onset, found.bad, found.other_bad, found.total, found.other_total)
    assert found.log_e is not None
    assert found.log_e_suspicion is not None
    assert found.last.value is not None


@each_kind
def test_a_missing_reading_changes_nothing(condition: Sequential) -> None:
    """Nothing was counted, whatever `no_data` says; the next delta carries it."""
    subject, state = rule(condition), after(condition, [WORST[2]] * 3)
    for missing in Missing:
        own: dict[str, Value] = {"errors": missing, "requests": 5.0}
        assert state is api.observe(subject, state, api.Sample(start=1.0, end=1.25, own=own, other={}))
    assert state is api.observe(subject, state, sample(1.0, 0.25, (math.nan, 5.0, 0.0, 5.0)))
    assert state is api.observe(subject, state, sample(1.0, 0.25, (-1.0, 5.0, 0.0, 5.0)))


@each_kind
def test_a_million_requests_per_poll_are_numbers(condition: Sequential) -> None:
    """Overwhelming readings, good or bad, neither overflow nor turn a healthy release bad."""
    million = 1e6
    assert not api.suspicious(rule(condition), after(condition, [(0.0, million, 9000.0, million)] * 10))
    state = after(condition, [(million, million, 0.0, million)] * 100)
    begun: Any = api.begin_trial(rule(condition), after(condition, []))
    for trial in (state, begun):
        state = after(condition, [(million, million, 0.0, million)] * 100, trial)
        assert all(math.isfinite(each) for each in (state.proof_e, state.suspicion_e, *state.proof_change))


counted = st.floats(0.0, 1e9)


@given(
    readings=st.lists(st.tuples(counted, counted, counted, counted, st.floats(0.0, 100.0)), max_size=20),
    condition=st.sampled_from(list(CONDITIONS.values())),
    trial=st.booleans(),
)
def test_invariants_and_json(
    readings: list[tuple[float, float, float, float, float]], condition: Sequential, *, trial: bool
) -> None:
    """What the state's docstring promises, whatever is counted; and the journal gives back the very state."""
    subject = rule(condition)
    state: Any = api.begin_trial(subject, api.initial(subject)) if trial else api.initial(subject)
    now = 0.0
    for *reading, length in readings:
        state = api.observe(subject, state, sample(now, length, tuple(reading)))  # type: ignore[arg-type]  # of four
        now += length
        assert state.fired == (state.proof_e >= 1000.0)
        assert (state.onset is None) == (state.cusum == 0.0)
        assert state.suspicion_e <= constants_of(condition).ceiling
        assert condition.kind == "sequential_count" or state.bad <= state.total
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    back = json.loads(json.dumps(values, allow_nan=False))
    assert state == type(state)(**{name: frozen(value) for name, value in back.items()})
    codec: TypeAdapter[api.RuleState] = TypeAdapter(api.RuleState)
    assert state == codec.validate_json(codec.dump_json(state))
