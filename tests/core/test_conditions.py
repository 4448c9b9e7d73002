"""What a rule watches for, whatever its kind."""

from typing import Literal

import pytest

from watchdog.core.conditions import (
    Bound,
    CanaryVsStable,
    Condition,
    Probe,
    SequentialCount,
    SequentialRatio,
    Spike,
    Threshold,
    Trend,
    is_gauge,
)

ABOVE = Bound(op=">", limit=2.0)
RATIO = SequentialRatio(
    bad="errors", total="requests", limit=0.05, alpha=0.001, ride_out=3.0, interval=0.25, window=60.0, min_effect=0.08
)
CANARY = CanaryVsStable(
    bad="errors", total="requests", margin=1.0, min_ratio=2.0, alpha=0.001, ride_out=3.0, interval=0.25, window=60.0
)
COUNT = SequentialCount(
    events="restarts", limit=0.1, alpha=0.001, ride_out=3.0, interval=5.0, window=60.0, min_ratio=2.0
)
PROBE = Probe(signal="up", fall=3, rise=2)
GAUGE = Threshold(value="seconds", when=ABOVE, clear=ABOVE)
SHARE = Threshold(value="errors", total="requests", when=ABOVE, clear=ABOVE, over=60.0)
SPIKE = Spike(
    value="cpu", floor=0.8, deviations=6.0, for_=30.0, clear_for=60.0, baseline=3600.0, min_readings=30, interval=5.0
)
TREND = Trend(value="heap", limit=ABOVE, horizon=3600.0, over=600.0, for_=60.0, clear_for=300.0, interval=5.0)


@pytest.mark.parametrize(
    ("condition", "signals"),
    [
        (RATIO, ("errors", "requests")),
        (CANARY, ("errors", "requests")),
        (COUNT, ("restarts",)),
        (PROBE, ("up",)),
        (GAUGE, ("seconds",)),
        (SHARE, ("errors", "requests")),
        (SPIKE, ("cpu",)),
        (TREND, ("heap",)),
    ],
)
def test_a_condition_names_what_it_reads(condition: Condition, signals: tuple[str, ...]) -> None:
    """Each signal of its source, by its local name."""
    assert signals == condition.signals


def test_single_values_are_told_from_counts() -> None:
    """Only what judges one value may look back over a traffic step."""
    kinds: list[Condition] = [RATIO, CANARY, COUNT, PROBE, GAUGE, SHARE, SPIKE, TREND]

    assert [GAUGE, SPIKE, TREND] == [kind for kind in kinds if is_gauge(kind)]


@pytest.mark.parametrize(("op", "upward"), [(">", True), (">=", True), ("<", False), ("<=", False)])
def test_a_bound_looks_one_way(op: Literal[">", ">=", "<", "<="], upward: bool) -> None:  # noqa: FBT001 (a parameter)
    """Larger or smaller values are the bad ones."""
    assert upward == Bound(op=op, limit=1.0).upward
