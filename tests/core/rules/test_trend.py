"""A gauge whose line reaches a limit within the horizon."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from statistics import median
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.core.rules.examples import rule
from tests.core.rules.trend_figures import FLAT, share
from watchdog.core.conditions import Bound, Trend
from watchdog.core.model import Judgement, Level, Missing, NoData, Value
from watchdog.core.rules import api, trend
from watchdog.core.rules.trend import BINS, MOST_IN_BIN, TrendState, line_of

LEAK = Trend(
    value="heap",
    limit=Bound(op=">", limit=2000.0),
    horizon=3600.0,
    over=600.0,
    for_=30.0,
    clear_for=30.0,
    interval=5.0,
)


def watched(values: Iterable[Value], condition: Trend = LEAK, *, every: float = 5.0, **no_data: NoData) -> TrendState:
    """The state after these readings, one a poll."""
    subject = rule(condition, **no_data)
    state = api.initial(subject)
    for index, value in enumerate(values):
        end = every * index
        state = api.observe(subject, state, api.Sample(start=end, end=end, own={"heap": value}))
    assert isinstance(state, TrendState)
    return state


def along(begin: float, per_s: float, number: int = 121, *, every: float = 5.0) -> list[float]:
    return [begin + per_s * every * index for index in range(number)]


def test_a_leak_fires_before_it_hurts() -> None:
    """1,000 and 0.4 a second more: 2,000 is reached in 2,500 s, and the readings are far below it."""
    state = watched(along(1000.0, 0.4, 70))
    seen = api.evidence(rule(LEAK), state)

    assert (Level.FIRING, Judgement.KNOWN) == (state.level, api.judgement(rule(LEAK), state))
    assert seen.gauged is not None
    assert seen.gauged.slope == pytest.approx(0.4)
    assert seen.gauged.reached_at == pytest.approx(2500.0)
    assert seen.gauged.usual == pytest.approx(1000.0 + 0.4 * 345.0)
    assert seen.last.value == pytest.approx(1000.0 + 0.4 * 345.0)


@pytest.mark.parametrize(
    ("begin", "per_s", "fires"),
    [(1000.0, 0.1, False), (1000.0, 0.25, True), (1000.0, 0.0, False), (1900.0, -0.5, False), (2100.0, 0.0, True)],
    ids=["beyond the horizon", "within the horizon", "flat", "falling", "at the limit already"],
)
def test_only_what_reaches_the_limit_within_the_horizon_fires(
    begin: float,
    per_s: float,
    fires: bool,  # noqa: FBT001 - parameter
) -> None:
    """One hour ahead."""
    assert fires is (watched(along(begin, per_s)).level is Level.FIRING)


def test_a_limit_below_is_reached_by_falling() -> None:
    """Free disk space: the same line, seen from above."""
    disk = replace(LEAK, limit=Bound(op="<", limit=100.0))
    state = watched(along(1000.0, -0.4), disk)
    gauged = api.evidence(rule(disk), state).gauged

    assert Level.FIRING is state.level
    assert gauged is not None
    assert gauged.reached_at == pytest.approx(2250.0)
    assert Level.INACTIVE is watched(along(1000.0, 0.4), disk).level


def test_a_line_away_from_the_limit_never_reaches_it() -> None:
    """It is told as a slope without an end; a limit that is reached is reached now."""
    falling = api.evidence(rule(LEAK), watched(along(1900.0, -0.5))).gauged
    there = api.evidence(rule(LEAK), watched(along(2100.0, 0.0))).gauged

    assert falling is not None
    assert there is not None
    assert falling.slope == pytest.approx(-0.5)
    assert falling.reached_at is None
    assert (None, 600.0) == (there.slope, there.reached_at)


def test_nothing_is_said_before_the_window_is_half_full() -> None:
    """Insufficient, not healthy; and a missing reading means nothing yet, whatever `no_data` says."""
    steep = along(1000.0, 1.0, 58)

    state = watched([*steep, Missing.ERROR], error=NoData.FIRE)

    assert (Level.INACTIVE, Judgement.INSUFFICIENT) == (state.level, api.judgement(rule(LEAK), state))
    seen = api.evidence(rule(LEAK), state)
    assert (steep[-1], None) == (seen.last.value, seen.gauged and seen.gauged.usual)
    assert Judgement.KNOWN is api.judgement(rule(LEAK), watched(along(1000.0, 1.0, 66)))


@pytest.mark.parametrize(
    ("answer", "level"), [(NoData.HOLD, Level.INACTIVE), (NoData.FIRE, Level.FIRING), (NoData.OK, Level.INACTIVE)]
)
def test_a_missing_reading_is_what_the_rule_says(answer: NoData, level: Level) -> None:
    """NaN and the infinite are no points of a line."""
    for missing in (Missing.NAN, math.nan, math.inf):
        state = watched([*along(1000.0, 0.0), *[missing] * 8], nan=answer)
        assert level is state.level
        assert 1000.0 == state.last_value


def test_a_step_of_traffic_begins_a_new_window() -> None:
    """A step changes memory: no reading from before it counts; a proof in a shared incident is forgotten, too."""
    state = watched(along(1000.0, 0.4))

    assert TrendState() == api.cut(rule(LEAK), state) == api.discard(rule(LEAK), state)
    assert not api.recovered(rule(LEAK), state)
    assert not api.suspicious(rule(LEAK), state)


def test_a_long_silence_leaves_too_few_points() -> None:
    """After it the window fills anew."""
    state = watched(along(1000.0, 0.4))
    subject = rule(LEAK)

    late = api.observe(subject, state, api.Sample(start=1500.0, end=1500.0, own={"heap": 1400.0}))

    assert isinstance(late, TrendState)
    assert (Level.FIRING, False) == (late.level, late.known)
    assert late.points == ()


def test_a_late_reading_does_not_turn_the_time_round() -> None:
    """Points stay in the order of time."""
    state = watched(along(1000.0, 0.4, 7))
    subject = rule(LEAK)

    late = api.observe(subject, state, api.Sample(start=10.0, end=10.0, own={"heap": 1000.0}))

    assert isinstance(late, TrendState)
    assert (state.open_from, state.open_to) == (late.open_from, late.open_to)


@pytest.mark.parametrize("interval", [5.0, 4.3, 3.1, 2.9])
def test_a_window_of_odd_length_is_half_full_after_half_of_it(interval: float) -> None:
    """Sub-windows are of whole polls: 24 to 41 readings in two minutes make as many points as they can."""
    condition = replace(LEAK, over=120.0, interval=interval)
    number = int(60.0 / interval) + 3

    assert watched(along(1000.0, 2.0, number, every=interval), condition, every=interval).known
    full = watched(along(1000.0, 2.0, 100, every=interval), condition, every=interval)
    assert BINS <= len(full.points) <= 2 * BINS
    assert full.open_to - full.points[0][0] >= 100.0


@pytest.mark.parametrize("interval", [0.25, 0.0])
def test_quick_polls_are_thinned_out(interval: float) -> None:
    """However many readings come, the state is small; the slope is the same."""
    state = watched(along(1000.0, 0.4, 2400, every=0.25), replace(LEAK, interval=interval), every=0.25)

    assert len(state.points) <= 2 * BINS
    assert 1 <= len(state.open) <= MOST_IN_BIN
    line = line_of(LEAK, state)
    assert line is not None
    assert line.slope == pytest.approx(0.4, rel=0.05)


@pytest.mark.parametrize(
    ("different", "told"),
    [
        ({"over": 95.0}, "over 95 s holds 19 readings, wanted at least 20"),
        ({"horizon": 0.0}, "a horizon of 0 s is a threshold: set horizon, or use threshold"),
    ],
)
def test_a_condition_that_says_nothing_is_refused(different: dict[str, Any], told: str) -> None:
    """With what would be right."""
    api.check(LEAK)
    with pytest.raises(ValueError, match=f"^{told}$"):
        api.check(replace(LEAK, **different))


@pytest.mark.parametrize("name", FLAT)
def test_what_goes_nowhere_does_not_fire(name: str) -> None:
    """White noise, drifts and saw-teeth, watched for half an hour (the figures in the module have 1,000 runs each)."""
    noise, limit = FLAT[name]

    assert 0 == len(share(noise, limit, 12))


@pytest.mark.parametrize("name", ["white noise", "saw-tooth 120 s"])
def test_a_leak_is_found_through_noise_and_collections(name: str) -> None:
    """One that is full in ten minutes is found in seven."""
    noise, limit = FLAT[name]
    found = share(noise, limit, 6, slope=limit / 600.0, watched=900.0)

    assert 6 == len(found)
    assert median(found) <= 480.0


def dumb(points: list[tuple[float, float]]) -> float:
    """Theil and Sen's slope, the long way."""
    slopes = sorted(
        (points[j][1] - points[i][1]) / (points[j][0] - points[i][0])
        for i in range(len(points))
        for j in range(len(points))
        if points[i][0] < points[j][0]
    )
    half = len(slopes) // 2
    return slopes[half] if len(slopes) % 2 else (slopes[half - 1] + slopes[half]) / 2.0


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=22, max_size=60))
def test_the_slope_is_the_median_of_all_slopes(values: list[float]) -> None:
    """Against a second implementation; one reading a sub-window, so that points are readings."""
    condition = replace(LEAK, over=20.0 * 30.0, interval=30.0)
    state = watched(values, condition, every=30.0)

    line = line_of(condition, state)

    assert line is not None
    points = [*state.points, (state.open_from, state.open[0])]
    assert line.slope == pytest.approx(dumb(points), abs=1e-6)
    assert abs(line.least) <= abs(line.slope) + 1e-9
    assert line.least * line.slope >= 0.0


def moved(values: list[float], how: Callable[[float], float]) -> list[float]:
    return [how(value) for value in values]


@given(seed=st.integers(0, 2**32), per_s=st.floats(-1.0, 1.0), scale=st.floats(0.01, 100.0), shift=st.floats(-1e4, 1e4))
def test_units_do_not_matter_and_up_is_as_down(seed: int, per_s: float, scale: float, shift: float) -> None:
    """Bytes or GiB, and a gauge turned upside down with its limit: the same level."""
    rng = Random(seed)
    values = [1000.0 + per_s * 5.0 * index + rng.gauss(0.0, 20.0) for index in range(125)]
    line = line_of(LEAK, watched(values))
    assert line is not None
    ahead = line.level + line.least * LEAK.horizon
    assume(abs(ahead - 2000.0) > 1.0)
    assume(abs(line.level - 2000.0) > 1.0)
    expected = watched(values, replace(LEAK, for_=0.0)).level

    scaled = replace(LEAK, for_=0.0, limit=Bound(op=">", limit=2000.0 * scale + shift))
    turned = replace(LEAK, for_=0.0, limit=Bound(op="<", limit=-2000.0))
    assert expected is watched(moved(values, lambda value: value * scale + shift), scaled).level
    assert expected is watched(moved(values, lambda value: -value), turned).level


def test_a_leak_without_any_noise_fires() -> None:
    """What is left of it about its line are the last digits of floats, which are no drift."""
    even = replace(LEAK, limit=Bound(op=">", limit=0.9, unit="share"))

    assert Level.FIRING is watched([0.4 + 0.001 * index for index in range(121)], even).level


def test_points_that_lie_on_a_line_are_not_correlated() -> None:
    """Without residuals nothing spreads."""
    state = watched(along(0.0, 0.5))

    assert 1.0 == trend._inflation(list(state.points), 0.5)
