"""What is usual for a gauge: a bounded sample of its readings outside deployments, its middle and its spread.

Law of the module: a baseline only ever grows by readings that were handed to it; who may hand it some is the engine's
business (`core/handover`). Sub-windows of equal length are represented by their first reading, not by their median: the
median of many readings is calmer than a single reading, and a spread taken from such medians would call ordinary noise
a spike. A systematic sample has the spread of the readings themselves; with `POINTS` of them it is known to about 10 %.
"""

from dataclasses import dataclass, replace
from math import isfinite
from statistics import fmean, median
from typing import TypeAlias

from watchdog.core.model import Seconds

POINTS = 120
"""Sub-windows of a baseline, and the most points that are kept."""

MAD_TO_SIGMA = 1.4826
"""The median distance from the median of normal noise, times this, is its standard deviation."""

MEAN_TO_SIGMA = 1.2533
"""The same for the mean distance, sqrt(pi / 2): it stands in when more than half of the readings are equal."""

Point: TypeAlias = tuple[Seconds, float, int]
"""One sub-window: when it began, the reading that stands for it, how many readings fell into it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """What was collected. Invariants: at most `POINTS` points, in the order of time, all finite."""

    points: tuple[Point, ...] = ()
    own_since: Seconds = 0.0
    """Points from before are another version's: they are let go once this version has enough of its own."""

    @property
    def readings(self) -> int:
        """How many readings are behind it."""
        return sum(count for _, _, count in self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usual:
    """A baseline in two numbers."""

    middle: float
    """Median."""
    spread: float
    """Robust standard deviation; 0 when all readings are equal."""


def collected(baseline: Baseline, at: Seconds, value: float, *, length: Seconds, enough: int) -> Baseline:
    """The baseline with one reading more.

    `length` seconds are kept; older readings and those of another version stay until `enough` newer ones are there, so
    that a long deployment, a pause or a promotion does not leave the next release without a baseline.
    """
    if not isfinite(value):
        return baseline
    *before, last = baseline.points or ((-float("inf"), 0.0, 0),)
    begin, stands, count = last
    points = (*before, (begin, stands, count + 1))
    if at - begin >= length / POINTS:
        points = (*baseline.points, (at, value, 1))
    since = max(at - length, baseline.own_since)
    newer = tuple(point for point in points if point[0] >= since)
    if sum(point[2] for point in newer) >= enough:
        points = newer
    return replace(baseline, points=points[-POINTS:])


def usual(baseline: Baseline) -> Usual:
    """Middle and spread; StatisticsError of a baseline without points."""
    values = [value for _, value, _ in baseline.points]
    middle = median(values)
    distances = [abs(value - middle) for value in values]
    spread = MAD_TO_SIGMA * median(distances) or MEAN_TO_SIGMA * fmean(distances)
    return Usual(middle=middle, spread=spread)
