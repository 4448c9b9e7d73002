"""How often a trend fires on gauges that go nowhere, and how soon on leaks: `python -m tests.core.rules.trend_figures`.

The figures stand in the docstring of `watchdog/core/rules/trend.py`; the tests run a short form.
"""

import math
import sys
from collections.abc import Callable, Mapping
from random import Random
from statistics import median
from typing import TypeAlias

from watchdog.core.conditions import Bound, Trend
from watchdog.core.model import Level, OnFire
from watchdog.core.rules.trend import TrendState, observe
from watchdog.core.rules.values import Sample
from watchdog.core.settings import Rule

POLL_S = 5.0
OVER_S = 600.0
HORIZON_S = 3600.0
FOR_S = 60.0
WATCHED_S = 1800.0

Noise: TypeAlias = Callable[[Random, int], list[float]]


def white(rng: Random, number: int) -> list[float]:
    """Independent readings, standard deviation 1."""
    return [rng.gauss(0.0, 1.0) for _ in range(number)]


def drifting(phi: float) -> Noise:
    """AR(1), standard deviation 1, correlation `phi` from poll to poll."""

    def made(rng: Random, number: int) -> list[float]:
        value, values = rng.gauss(0.0, 1.0), []
        for _ in range(number):
            values.append(value)
            value = phi * value + math.sqrt(1.0 - phi * phi) * rng.gauss(0.0, 1.0)
        return values

    return made


def sawtooth(period: float) -> Noise:
    """A heap between collections: teeth of height 1 that last `period` seconds, more or less a fifth."""

    def made(rng: Random, number: int) -> list[float]:
        begin = -rng.random() * period
        length, values = period, []
        for index in range(number):
            at = index * POLL_S
            while at >= begin + length:
                begin, length = begin + length, period * rng.uniform(0.8, 1.2)
            values.append((at - begin) / period + rng.gauss(0.0, 0.02))
        return values

    return made


FLAT: Mapping[str, tuple[Noise, float]] = {
    "white noise": (white, 10.0),
    "AR(1) 0.9": (drifting(0.9), 10.0),
    "AR(1) 0.98": (drifting(0.98), 10.0),
    "saw-tooth 30 s": (sawtooth(30.0), 3.0),
    "saw-tooth 120 s": (sawtooth(120.0), 3.0),
    "saw-tooth 300 s": (sawtooth(300.0), 3.0),
}
"""Each with the limit's distance."""


def fires_after(noise: Noise, limit: float, slope: float, rng: Random, watched: float) -> float | None:
    """Seconds from the first reading until the rule fires; None when it does not."""
    condition = Trend(
        value="memory",
        limit=Bound(op=">", limit=limit),
        horizon=HORIZON_S,
        over=OVER_S,
        for_=FOR_S,
        clear_for=FOR_S,
        interval=POLL_S,
    )
    rule = Rule(name="leak", source="host", condition=condition, on_fire=OnFire.FREEZE, warm_up=0.0)
    state = TrendState()
    for index, value in enumerate(noise(rng, int(watched / POLL_S))):
        end = index * POLL_S
        state = observe(rule, condition, state, Sample(start=end, end=end, own={"memory": value + slope * end}))
        if state.level is Level.FIRING:
            return end
    return None


def share(noise: Noise, limit: float, trials: int, *, slope: float = 0.0, watched: float = WATCHED_S) -> list[float]:
    """When it fired, of those trials in which it did."""
    fired = [fires_after(noise, limit, slope, Random(seed), watched) for seed in range(trials)]
    return [at for at in fired if at is not None]


def main(trials: int) -> None:
    """Print the table."""
    for name, (noise, limit) in FLAT.items():
        fired = share(noise, limit, trials)
        sys.stdout.write(f"{name}: fires in {len(fired)} of {trials}\n")
        for minutes in (40.0, 10.0):
            slope, watched = limit / (60.0 * minutes), 3600.0
            found = share(noise, limit, trials // 10, slope=slope, watched=watched)
            typical = f", typically after {median(found) / 60.0:.0f} min" if found else ""
            sys.stdout.write(f"  full in {minutes:.0f} min: found {len(found)} of {trials // 10}{typical}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
