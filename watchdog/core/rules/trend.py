"""A gauge whose own line reaches a limit within the horizon: a leak, found before it hurts.

Law of the module: the line is that of medians over `BINS` equal sub-windows of `over`; one reading, one garbage
collection or one restart is never a trend. What follows over time is `core/rules/hysteresis`.

Slope: Theil-Sen, the median of the slopes of all pairs of points. Level: the line's own value now, so half way up a
collector's saw-tooth and not its tip. A reading is bad when the level is beyond the limit, or when even the slope's
lower bound carries the level there within `horizon`. The bound is Sen's, from Kendall's S at `Z`; its variance is
multiplied by (1 + r) / (1 - r), with r the correlation of neighbouring points about the line (corrected for the few
points), since what drifts to and fro looks like a trend for a while.

Measured with the module itself (`python -m tests.core.rules.trend_figures`, 1,000 runs each): over 10 min, polls 5 s,
for 60 s, horizon 60 min, watched 30 min; limit 10 standard deviations away, of a saw-tooth 3 teeth.

    gauge without a trend            fires    leak, full in 40 min   full in 10 min: typically found after
    white noise                      0.000    17 min                  6 min
    AR(1), 0.9 from poll to poll     0.000    39 min                 10 min
    AR(1), 0.98                      0.008    37 min                 10 min
    saw-tooth of 30 s                0.000    10 min                  6 min
    saw-tooth of 120 s               0.000    34 min                  7 min
    saw-tooth of 300 s               0.000    33 min                  9 min

A saw-tooth whose teeth are longer than half of `over` cannot be told from a leak: `over` must hold several collections.
"""

from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from math import ceil, floor, isfinite, sqrt
from statistics import fmean, median
from typing import Literal, TypeAlias

from watchdog.core.conditions import Trend
from watchdog.core.model import Missing, Seconds
from watchdog.core.rules.hysteresis import Held, Timing, hold, judge, missed
from watchdog.core.rules.values import Evidence, Gauged, Last, Sample
from watchdog.core.settings import Rule

BINS = 20
"""Sub-windows of `over`, at least; twice as many at most, of whole polls: 780 pairs, far below a millisecond."""

FEWEST_POINTS = BINS // 2
"""A window that is half full. The fewest points of which Kendall's S can reach `Z` with some to spare are 8."""

MOST_IN_BIN = 16
"""Readings of one sub-window that its median is taken of; more are thinned out evenly."""

Z = 3.3
"""Standard deviations of S that a slope must stand above 0: 0.05 % for one look at independent points."""

MOST_CORRELATION = 0.95

ROUNDING = 1e-9
"""Residuals this small against the values are the last digits of floats, which come in rows, and no drift."""

Point: TypeAlias = tuple[Seconds, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendState(Held):
    """What is held, the closed sub-windows and the open one. `known`: the window is half full.

    Invariants: at most twice `BINS` points in the order of time; at most `MOST_IN_BIN` values in `open`.
    """

    kind: Literal["trend"] = "trend"
    points: tuple[Point, ...] = ()
    """Middle and median of each closed sub-window."""
    open: tuple[float, ...] = ()
    """Readings of the sub-window that is not over yet."""
    open_from: Seconds = 0.0
    open_to: Seconds = 0.0
    open_count: int = 0
    """How many readings fell into it, thinned out ones included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The line through a window."""

    level: float
    """Its value at the end of the window."""
    slope: float
    """Change per second."""
    least: float
    """What the slope is at least in its own direction, change per second; 0 when it may be nothing."""


def check(condition: Trend) -> None:
    """Refuse a window that could never say anything, and a horizon that looks nowhere."""
    if condition.over < BINS * condition.interval:
        held = int(condition.over / condition.interval)
        raise ValueError(f"over {condition.over:g} s holds {held} readings, wanted at least {BINS}")
    if not condition.horizon > 0.0:
        raise ValueError("a horizon of 0 s is a threshold: set horizon, or use threshold")


def observe(rule: Rule, condition: Trend, state: TrendState, sample: Sample) -> TrendState:
    """The state after one reading."""
    timing = Timing(for_=condition.for_, clear_for=condition.clear_for, interval=condition.interval * sample.pace)
    value = sample.value(condition.value)
    if isinstance(value, float) and not isfinite(value):
        value = Missing.NAN
    if isinstance(value, Missing):
        return missed(rule, timing, state, sample, value) if state.known else hold(timing, state, sample.end)
    state = _taken(condition, replace(state, last_value=value), sample.end, value)
    line = line_of(condition, state)
    if line is None:
        return hold(timing, replace(state, known=False), sample.end)
    bad = _bad(condition, line)
    return judge(timing, replace(state, known=True), sample, when=bad, clear=bad)


def line_of(condition: Trend, state: TrendState) -> Line | None:
    """The line through the window; None before it is half full."""
    points = [*state.points, *_of_open(state)]
    if len(points) < FEWEST_POINTS or state.open_to - points[0][0] < condition.over / 2:
        return None
    slopes = sorted((second[1] - first[1]) / (second[0] - first[0]) for first, second in combinations(points, 2))
    slope = median(slopes)
    level = median(value - slope * (at - state.open_to) for at, value in points)
    return Line(level=level, slope=slope, least=_least(points, slopes, slope))


def evidence(condition: Trend, state: TrendState) -> Evidence:
    """The last value, the line, and when it reaches the limit."""
    line = line_of(condition, state)
    if line is None:
        return Evidence(onset=state.onset, last=Last(value=state.last_value), gauged=Gauged())
    gauged = Gauged(
        readings=len(state.points) + bool(state.open),
        usual=line.level,
        slope=line.slope if line.least else None,
        reached_at=_reached_at(condition, line, state.open_to),
    )
    return Evidence(onset=state.onset, last=Last(value=state.last_value), gauged=gauged)


def _taken(condition: Trend, state: TrendState, at: Seconds, value: float) -> TrendState:
    """The state with one reading more in its window."""
    width = condition.over / BINS
    if condition.interval > 0.0:  # of whole polls, and closed by the poll that is nearest to its end
        width = max(floor(width / condition.interval), 1) * condition.interval - condition.interval / 2
    if state.open_count and at - state.open_from < width:
        every = max(1, ceil(width / condition.interval / MOST_IN_BIN)) if condition.interval > 0.0 else 1
        kept = state.open_count % every == 0 and len(state.open) < MOST_IN_BIN
        values = (*state.open, value) if kept else state.open
        return replace(state, open=values, open_to=max(state.open_to, at), open_count=state.open_count + 1)
    points = (*state.points, *_of_open(state))
    kept_points = tuple(point for point in points if point[0] >= at - condition.over)
    return replace(state, points=kept_points[-2 * BINS :], open=(value,), open_from=at, open_to=at, open_count=1)


def _of_open(state: TrendState) -> tuple[Point, ...]:
    """The open sub-window as a point, when it has readings."""
    return (((state.open_from + state.open_to) / 2, median(state.open)),) if state.open else ()


def _least(points: list[Point], slopes: list[float], slope: float) -> float:
    """The bound of the slope on the side of 0, or 0 when that side is not clear of it."""
    number = len(points)
    spread = sqrt(number * (number - 1) * (2 * number + 5) / 18 * _inflation(points, slope))
    rank = floor((len(slopes) - Z * spread) / 2)
    if rank < 0:
        return 0.0
    return max(slopes[rank], 0.0) if slope > 0.0 else min(slopes[-1 - rank], 0.0)


def _inflation(points: list[Point], slope: float) -> float:
    """How much wider S spreads than for independent points, at least 1."""
    residuals = [value - slope * at for at, value in points]
    middle = fmean(residuals)
    distances = [each - middle for each in residuals]
    squares, number = sum(each * each for each in distances), len(points)
    largest = max(abs(value) for _, value in points)
    if squares <= number * (ROUNDING * largest) ** 2:
        return 1.0
    lagged = sum(first * second for first, second in pairwise(distances)) / squares
    correlation = min(max((lagged * number + 1.0) / (number - 4), 0.0), MOST_CORRELATION)
    return (1.0 + correlation) / (1.0 - correlation)


def _towards(condition: Trend, line: Line) -> bool:
    """Whether the gauge clearly moves to the bad side."""
    return line.least > 0.0 if condition.limit.upward else line.least < 0.0


def _bad(condition: Trend, line: Line) -> bool:
    ahead = line.level + line.least * condition.horizon
    return condition.limit.beyond(line.level) or (_towards(condition, line) and condition.limit.beyond(ahead))


def _reached_at(condition: Trend, line: Line, now: Seconds) -> Seconds | None:
    """When it is at the limit, by the slope itself and not by its bound; None when it does not clearly go there."""
    if condition.limit.beyond(line.level):
        return now
    return now + (condition.limit.limit - line.level) / line.slope if _towards(condition, line) else None
