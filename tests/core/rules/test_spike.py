"""A gauge far above what is usual for it."""

from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import rule
from watchdog.core.conditions import Spike
from watchdog.core.model import Judgement, Level, Missing, NoData, Value
from watchdog.core.rules import api, spike
from watchdog.core.rules.spike import SMALLEST_SHARE, SpikeState

CPU = Spike(
    value="cpu",
    floor=0.8,
    deviations=6.0,
    for_=10.0,
    clear_for=10.0,
    baseline=3600.0,
    min_readings=30,
    interval=5.0,
)
CALM = [0.30, 0.32, 0.28, 0.31, 0.29] * 8


def sample(end: float, value: Value) -> api.Sample:
    return api.Sample(start=end, end=end, own={"cpu": value})


def collected(values: list[float], condition: Spike = CPU) -> SpikeState:
    """A state with a baseline of these readings, 30 s apart."""
    state = SpikeState()
    for index, value in enumerate(values):
        state = spike.collect(condition, state, sample(30.0 * index, value))
    return state


def watched(values: list[Value], state: SpikeState, condition: Spike = CPU, **no_data: NoData) -> SpikeState:
    """The state after these readings of a deployment, one a poll."""
    subject: api.RuleState = state
    for index, value in enumerate(values):
        subject = api.observe(rule(condition, **no_data), subject, sample(10_000.0 + 5.0 * index, value))
    assert isinstance(subject, SpikeState)
    return subject


def test_far_above_what_is_usual_fires_after_its_time() -> None:
    """From the first bad reading on, at the first one that lies `for` after it."""
    state = collected(CALM)

    assert Level.PENDING is watched([0.95, 0.95], state).level
    fired = watched([0.31, 0.95, 0.95, 0.95], state)
    assert (Level.FIRING, 10_005.0) == (fired.level, fired.onset)
    assert Level.RECOVERING is watched([0.95, 0.95, 0.95, 0.3, 0.3], state).level
    assert Level.INACTIVE is watched([0.95, 0.95, 0.95, 0.3, 0.3, 0.3], state).level


@pytest.mark.parametrize(
    ("value", "floor", "baseline", "bad"),
    [
        (0.79, 0.8, CALM, False),
        (0.81, 0.8, CALM, True),
        (0.81, 0.8, [0.7, 0.8, 0.6, 0.75, 0.65] * 8, False),
        (1.2, 0.8, [0.7, 0.8, 0.6, 0.75, 0.65] * 8, True),
    ],
    ids=["below the floor", "above both", "usual for a busy machine", "above a busy machine's usual"],
)
def test_both_the_floor_and_the_baseline_must_be_passed(
    value: float,
    floor: float,
    baseline: list[float],
    bad: bool,  # noqa: FBT001 - parameter
) -> None:
    """A calm machine below the floor is no spike, nor is a busy one at what is usual for it."""
    condition = replace(CPU, floor=floor, for_=0.0)

    fires = watched([value], collected(baseline, condition), condition).level is Level.FIRING

    assert bad is fires


@pytest.mark.parametrize(("value", "level"), [(111.9, Level.INACTIVE), (112.1, Level.FIRING)])
def test_a_gauge_that_never_moved_does_not_fire_on_a_flicker(value: float, level: Level) -> None:
    """Its smallest deviation is 2 % of its size, six of them 12 %."""
    condition = replace(CPU, floor=20.0, for_=0.0)

    assert SMALLEST_SHARE * 6.0 == pytest.approx(0.12)
    assert level is watched([value], collected([100.0] * 40, condition), condition).level


def test_without_a_baseline_the_rule_does_not_apply() -> None:
    """Whatever the gauge shows, and whatever `no_data` says."""
    few = collected(CALM[:29])
    subject = rule(CPU, stale=NoData.FIRE)

    state = watched([5.0, 5.0, 5.0, Missing.STALE, Missing.STALE, Missing.STALE], few, stale=NoData.FIRE)

    assert (Level.INACTIVE, Judgement.NOT_APPLICABLE) == (state.level, api.judgement(subject, state))
    seen = api.evidence(subject, state)
    assert (5.0, 29, None) == (seen.last.value, seen.gauged and seen.gauged.readings, seen.gauged and seen.gauged.usual)
    assert Judgement.INSUFFICIENT is api.judgement(subject, collected(CALM[:30]))
    assert Judgement.KNOWN is api.judgement(subject, watched([0.3], collected(CALM[:30])))


def test_the_evidence_says_what_is_usual_and_from_where_on_it_is_a_spike() -> None:
    """For people."""
    gauged = api.evidence(rule(CPU), collected([0.7, 0.8, 0.6, 0.75, 0.65] * 8)).gauged

    assert gauged is not None
    assert 40 == gauged.readings
    assert gauged.usual == pytest.approx(0.7)
    assert gauged.beyond == pytest.approx(0.7 + 6.0 * 1.4826 * 0.05)


@pytest.mark.parametrize(
    ("answer", "level"), [(NoData.HOLD, Level.PENDING), (NoData.FIRE, Level.FIRING), (NoData.OK, Level.INACTIVE)]
)
def test_a_missing_reading_is_what_the_rule_says(answer: NoData, level: Level) -> None:
    """NaN is one, too."""
    state = collected(CALM)

    for missing in (Missing.NAN, float("nan")):
        assert level is watched([0.95, 0.95, missing], state, nan=answer).level


def test_an_infinite_value_is_a_spike_that_no_journal_could_carry() -> None:
    """It is judged, and not remembered as a number."""
    state = watched([float("inf")] * 3, collected(CALM))

    assert (Level.FIRING, None) == (state.level, state.last_value)


def test_a_deployments_readings_never_become_usual() -> None:
    """Judging does not grow the baseline; collecting does not judge, and a missing reading adds nothing."""
    state = collected(CALM)

    assert state.baseline == watched([0.95] * 100, state).baseline
    assert state == spike.collect(CPU, state, sample(10_000.0, Missing.TIMEOUT))
    assert Level.INACTIVE is collected([5.0] * 40).level


def test_a_step_and_discarded_evidence_leave_the_baseline() -> None:
    """What was judged is gone; a baseline is no evidence."""
    state = watched([0.95] * 3, collected(CALM))
    subject = rule(CPU)

    for fresh in (api.cut(subject, state), api.discard(subject, state)):
        assert SpikeState(baseline=state.baseline) == fresh
    assert not api.recovered(subject, state)
    assert not api.suspicious(subject, state)


def test_evidence_of_another_kinds_state_is_refused() -> None:
    """A mix-up is a bug."""
    with pytest.raises(TypeError, match="the-rule is a spike, its state a trend"):
        api.evidence(rule(CPU), api.TrendState())


@pytest.mark.parametrize(
    ("different", "told"),
    [
        ({"min_readings": 9}, "min_readings 9 tell no spread, wanted at least 10"),
        ({"deviations": 0.0}, "deviations 0 would call half of all readings a spike"),
        ({"baseline": 100.0}, "a baseline of 100 s holds 20 readings, fewer than min_readings (30)"),
    ],
)
def test_a_condition_that_could_not_judge_is_refused(different: dict[str, Any], told: str) -> None:
    """With what would be right."""
    api.check(CPU)
    with pytest.raises(ValueError, match=r"^" + told.replace("(", r"\(").replace(")", r"\)") + "$"):
        api.check(replace(CPU, **different))


def test_ordinary_noise_fires_in_none_of_a_thousand_watches() -> None:
    """Half an hour each, normal noise as before the deployment, no floor and half the usual `for`."""
    rng = Random(11)
    condition = replace(CPU, floor=0.0, for_=5.0)
    fired = 0
    for _ in range(40):
        state = collected([rng.gauss(50.0, 5.0) for _ in range(120)], condition)
        bad = spike.beyond(condition, state)
        for _ in range(25):
            values = [rng.gauss(50.0, 5.0) > bad for _ in range(360)]
            fired += any(first and second for first, second in pairwise(values))

    assert 0 == fired


@given(
    baseline=st.lists(st.floats(0.0, 1e6), min_size=30, max_size=150),
    floor=st.floats(0.0, 1e6),
    deviations=st.floats(1.0, 20.0),
    value=st.floats(0.0, 1e7),
)
def test_a_spike_lies_above_the_floor_and_above_everything_usual(
    baseline: list[float], floor: float, deviations: float, value: float
) -> None:
    """Whatever was collected: what fires is above the floor and above the median, and a larger value fires too."""
    condition = replace(CPU, floor=floor, deviations=deviations, for_=0.0)
    state = collected(baseline, condition)

    fires = watched([value], state, condition).level is Level.FIRING

    gauged = api.evidence(rule(condition), state).gauged
    assert gauged is not None
    assert gauged.usual is not None
    if fires:
        assert value > floor
        assert value > gauged.usual
        assert Level.FIRING is watched([value * 2.0], state, condition).level
