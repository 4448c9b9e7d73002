"""How often a healthy release is rolled back: the `sequential_ratio` rule on made-up traffic, window after window.

One window is half an hour of 250 ms slices with Poisson arrivals, of which 1 % fail; `healthy` is that alone, `blip`
adds one 3 s disturbance of 60 % errors at a random time. Two profiles are judged. Without divert the ride-out must keep
the blip from proving anything. With divert suspicion cuts the candidate off for 10 s (then 20 s), a trial of 3 s
without ride-out follows, and a third divert leaves it cut, which is no rollback. The promise is no false rollback in at
least 1000 windows at any rate. The last line of the output is one JSON object.

    script/bench false_rollback [--quick | --windows N] [--seed S] [--jobs J]
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import sys
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TypeAlias

from watchdog.core.conditions import SequentialRatio
from watchdog.core.model import OnFire
from watchdog.core.rules import api
from watchdog.core.settings import Rule

RATES = (1, 5, 10, 20, 25, 30, 50, 100, 500)
"""Requests/s at the candidate. 20 to 50 are where caps on single polls let blips through."""
KINDS = ("healthy", "blip")

SLICE = 0.25
WINDOW = 1800.0
HEALTHY = 0.01
BLIP = 0.60
BLIP_FOR = 3.0
DIVERT_FOR = 10.0
TRIAL = 3.0
DIVERTS = 3
"""The last of them is not ended by a trial but by a human."""

QUICK_WINDOWS = 6
LONG_WINDOWS = 1000

CONDITION = SequentialRatio(
    bad="errors",
    total="requests",
    limit=0.05,
    alpha=0.001,
    ride_out=3.0,
    interval=SLICE,
    window=WINDOW,
    min_effect=0.08,
)
RULE = Rule(name="error-rate", source="edge", condition=CONDITION, on_fire=OnFire.ROLLBACK, warm_up=0.0)

Counts: TypeAlias = tuple[float, float]
"""Bad and total of one slice."""


@dataclass(frozen=True)
class Outcome:
    """What one window came to, in both profiles."""

    kind: str
    rate: int
    plain: bool
    """A false rollback without divert."""
    diverting: bool
    """A false rollback with divert."""
    diverts: int


@dataclass
class Tally:
    """Windows and false rollbacks of one kind at one rate."""

    windows: int = 0
    plain: int = 0
    diverting: int = 0
    either: int = 0
    diverts: int = 0
    left_cut: int = 0

    def add(self, outcome: Outcome) -> None:
        self.windows += 1
        self.plain += outcome.plain
        self.diverting += outcome.diverting
        self.either += outcome.plain or outcome.diverting
        self.diverts += outcome.diverts
        self.left_cut += outcome.diverts == DIVERTS


@dataclass
class Tallies:
    """All that was counted so far."""

    cells: dict[tuple[str, int], Tally] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.cells.setdefault((outcome.kind, outcome.rate), Tally()).add(outcome)

    def by_rate(self, kind: str, figure: Callable[[Tally], float]) -> dict[str, float]:
        return {str(rate): figure(self.cells[kind, rate]) for rate in RATES}


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when no window had a false rollback."""
    parser = argparse.ArgumentParser(prog="script/bench false_rollback", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_WINDOWS} windows per rate")
    parser.add_argument("--windows", type=int, help=f"windows per rate and kind (default {LONG_WINDOWS})")
    parser.add_argument("--seed", default="1", help="another seed is another set of windows")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")
    options = parser.parse_args(argv)
    windows = options.windows or (QUICK_WINDOWS if options.quick else LONG_WINDOWS)
    started = time.monotonic()
    tallies = _run(windows, options.seed, options.jobs)
    took = time.monotonic() - started
    print(
        f"{windows} windows of {WINDOW:g} s per rate and kind, seed {options.seed}, {took:.0f} s on {options.jobs} jobs"
    )
    _print_table(tallies)
    report = _report(tallies, windows)
    print(json.dumps(report))
    return 1 if any(tally.either for tally in tallies.cells.values()) else 0


def _run(windows: int, seed: str, jobs: int) -> Tallies:
    """Every window of every cell, on all processes; the outcome does not depend on their number."""
    tasks = [(kind, rate, f"{seed}/{kind}/{rate}/{i}") for i in range(windows) for rate in RATES for kind in KINDS]
    tallies = Tallies()
    told = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for done, outcome in enumerate(pool.imap_unordered(_window, tasks, chunksize=len(RATES)), start=1):
            tallies.add(outcome)
            if outcome.plain or outcome.diverting:
                print(f"false rollback: {outcome}", file=sys.stderr, flush=True)
            if time.monotonic() - told > 10.0 or done == len(tasks):
                told = time.monotonic()
                print(f"{done} of {len(tasks)} windows", file=sys.stderr, flush=True)
    return tallies


def _report(tallies: Tallies, windows: int) -> dict[str, object]:
    either = {kind: tallies.by_rate(kind, lambda tally: tally.either) for kind in KINDS}
    cells = list(tallies.cells.values())
    return {
        **either,
        "windows": windows,
        "diverts": tallies.by_rate("blip", lambda tally: tally.diverts / tally.windows),
        "diverts_healthy": tallies.by_rate("healthy", lambda tally: tally.diverts / tally.windows),
        "without_divert": sum(tally.plain for tally in cells),
        "with_divert": sum(tally.diverting for tally in cells),
        "left_cut": sum(tally.left_cut for tally in cells),
    }


def _print_table(tallies: Tallies) -> None:
    print(f"{'kind':8} {'rate':>5} {'windows':>8} {'false rollbacks':>24} {'diverts/window':>15} {'left cut':>9}")
    for (kind, rate), tally in sorted(tallies.cells.items()):
        rollbacks = f"{tally.plain} plain, {tally.diverting} diverting"
        mean = tally.diverts / tally.windows
        print(f"{kind:8} {rate:5} {tally.windows:8} {rollbacks:>24} {mean:15.4f} {tally.left_cut:9}")


def _window(task: tuple[str, int, str]) -> Outcome:
    """One window: both profiles are one until the first suspicion, and part only then."""
    kind, rate, seed = task
    traffic = list(_traffic(random.Random(seed), rate, blip=kind == "blip"))
    state = api.initial(RULE)
    for i, counts in enumerate(traffic):
        state = _observe(state, i, counts)
        if api.suspicious(RULE, state):
            rollback, diverts = _diverting(state, traffic, i + 1)
            return Outcome(kind, rate, _plain(state, traffic, i + 1), rollback, diverts)
    return Outcome(kind, rate, plain=False, diverting=False, diverts=0)


def _plain(state: api.RuleState, traffic: list[Counts], first: int) -> bool:
    for i in range(first, len(traffic)):
        if _fired(state):
            return True
        state = _observe(state, i, traffic[i])
    return _fired(state)


def _diverting(state: api.RuleState, traffic: list[Counts], first: int) -> tuple[bool, int]:
    """A suspicion has just been met: divert, try, and go on, to the window's end or the last divert."""
    i, diverts = first, 1
    trial = 0
    while not _fired(state):
        if api.suspicious(RULE, state) and not trial:
            if diverts == DIVERTS:
                return False, diverts
            i += round(DIVERT_FOR * 2 ** (diverts - 1) / SLICE)
            state, trial = api.begin_trial(RULE, state), round(TRIAL / SLICE)
        if i >= len(traffic):
            return False, diverts
        state = _observe(state, i, traffic[i])
        i += 1
        was_trial, trial = trial, max(trial - 1, 0)
        if was_trial and not trial:
            state = api.end_trial(RULE, state)
        diverts += api.suspicious(RULE, state) and not trial
    return True, diverts


def _fired(state: api.RuleState) -> bool:
    return api.level(state) == "firing"


def _observe(state: api.RuleState, i: int, counts: Counts) -> api.RuleState:
    own = {"errors": counts[0], "requests": counts[1]}
    return api.observe(RULE, state, api.Sample(start=i * SLICE, end=(i + 1) * SLICE, own=own))


def _traffic(rng: random.Random, rate: int, *, blip: bool) -> Iterator[Counts]:
    """Slice by slice; bad and good requests are independent Poisson streams, which is a Poisson stream thinned."""
    begin = rng.uniform(0.0, WINDOW - BLIP_FOR) if blip else WINDOW
    usual = _poisson(rate * SLICE * HEALTHY), _poisson(rate * SLICE * (1.0 - HEALTHY))
    for i in range(round(WINDOW / SLICE)):
        start = i * SLICE
        inside = max(min(start + SLICE, begin + BLIP_FOR) - max(start, begin), 0.0) / SLICE
        share = HEALTHY + inside * (BLIP - HEALTHY)
        bad, good = (_poisson(rate * SLICE * share), _poisson(rate * SLICE * (1.0 - share))) if inside else usual
        failed = bad(rng)
        yield float(failed), float(failed + good(rng))


def _poisson(mean: float) -> Callable[[random.Random], int]:
    """Draws by inversion of the tabulated distribution function."""
    top = math.ceil(mean + 12.0 * math.sqrt(mean) + 12.0)
    table = list(accumulate(math.exp(k * math.log(mean) - mean - math.lgamma(k + 1)) for k in range(top)))
    return lambda rng: bisect_right(table, rng.random())
