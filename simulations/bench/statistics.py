"""False rollbacks and delays of `sequential_ratio` beside the rules over fixed windows, on made-up traffic.

A window is half an hour in which a release must not be rolled back: it fails 1 %, or exactly the limit of 5 %; or 1 %
with one disturbance of 3 s and 60 %; or 1 % on average with failures that hang together within each reading (rho =
0.02). A delay counts from the moment at which a release that failed 1 % for ten minutes goes bad to the decision, and
is set beside what no rule can be faster than: requests d with d I = ln(m (1-alpha) / (alpha d)), m requests in a
window, I the information per request, or the source's poll where that is longer.

What is judged are the rule's defaults, in three rhythms: `slices` (the access log: 250 ms, rides 3 s out), `polls` (a
source of 5 s, which cannot ride 3 s out: a blip inside one reading does roll back, and is not promised) and `per_poll`
(the same with `dependence: per_poll`, which needs no independence within a reading). `draw` of `arrivals` is the same
for all, and beside the polls the fixed windows of `window_rules` see the same counts.

    script/bench statistics [--quick] [--seed S] [--jobs J]

The last line is one JSON object: `{"false_rollback": {CASE: p}, "delay_ratio": {CASE: r}, "delay_s": {CASE: s}}`; a
case is `slices_5%_10` or `polls_20%_10`: the rhythm, the share or disturbance, the requests per second.
"""

import argparse
import json
import math
import multiprocessing
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from simulations.bench import window_rules
from simulations.bench.arrivals import Counts, Course, readings
from simulations.bench.window_rules import POLL
from watchdog.core.conditions import SequentialRatio
from watchdog.core.model import Level, OnFire
from watchdog.core.rules import api
from watchdog.core.rules.mixture import CALM
from watchdog.core.settings import Rule

WINDOW: Final = 1800.0
SLICE: Final = 0.25
ALPHA: Final = 0.001
LIMIT: Final = 0.05
HEALTHY: Final = 0.01
BAD_AFTER: Final = 600.0

RATES: Final = (0.1, 1.0, 10.0, 100.0, 1000.0)
FAULTS: Final = (0.1, 0.2, 0.5, 1.0)

SLICES = SequentialRatio(
    bad="errors",
    total="requests",
    limit=LIMIT,
    alpha=ALPHA,
    ride_out=3.0,
    interval=SLICE,
    window=WINDOW,
    min_effect=1.6 * LIMIT,
)
RHYTHMS: Final = {
    "slices": SLICES,
    "polls": replace(SLICES, interval=POLL),
    "per_poll": replace(SLICES, interval=POLL, dependence="per_poll"),
}

PROMISED: Final = {
    "slices": ("1%", "5%", "blip", "rho"),
    "polls": ("1%", "5%"),
    "per_poll": ("1%", "5%", "blip", "rho"),
}
"""What each rhythm promises; the rest is shown, and stands in the JSON line under `not_promised`."""

AT_MOST: Final = 0.001
RATIOS: Final = {"10%": 1.55, "20%": 1.55, "50%": 2.1}
"""Largest ratio of the mean delay to the limit at one request per second."""

TWENTY_AT_TEN_S: Final = 20.0

LONG: Final = {"slices": 800, "polls": 2000, "delays": 600}
QUICK: Final = {"slices": 1, "polls": 4, "delays": 2}
"""Runs per cell; at the limit itself, where a false rollback may come, there are `AT_LIMIT` times as many."""

AT_LIMIT: Final = {"slices": 2, "polls": 3, "delays": 1}

Task: TypeAlias = tuple[str, str, float, str]
"""What is measured (`slices`, `polls`, `delays`), the kind of window or fault, requests/s, seed."""

Found: TypeAlias = dict[str, float | None]
"""By rule: seconds after which it fired; None where it did not."""


@dataclass
class Tally:
    """One cell: how often a rule fired, how often before the fault, and after how long."""

    runs: int = 0
    fired: int = 0
    early: int = 0
    delays: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return self.fired / self.runs

    @property
    def error(self) -> float:
        """Standard error of the share; with nothing seen, of one that was seen once."""
        share = max(self.fired, 1) / self.runs
        return math.sqrt(share * (1.0 - share) / self.runs)

    @property
    def mean(self) -> float:
        return sum(self.delays) / len(self.delays) if self.delays else math.inf


Cells: TypeAlias = dict[tuple[str, str, float], Tally]
"""By rule, kind and rate."""


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when every promise was kept."""
    parser = argparse.ArgumentParser(
        prog="script/bench statistics", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few windows per cell: the promises are not judged")
    parser.add_argument("--seed", default="1", help="another seed is another set of windows")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (default: all cores)")
    options = parser.parse_args(argv)
    sizes = QUICK if options.quick else LONG
    started = time.monotonic()
    false, delays = _run(list(_tasks(sizes, options.seed)), options.jobs)
    print(f"{sizes} runs per cell, seed {options.seed}, {time.monotonic() - started:.0f} s on {options.jobs} jobs")
    _print_false(false)
    _print_delays(delays)
    report = _report(false, delays)
    broken = [] if options.quick else list(_broken(report))
    for line in broken:
        print(f"not met: {line}", file=sys.stderr)
    print(json.dumps(report))
    return 1 if broken else 0


def limit_s(rate: float, share: float) -> float:
    """The mean delay that no rule undercuts, the change coming at any time of the window (STATS 2a)."""
    information = share * math.log(share / LIMIT)
    information += (1.0 - share) * math.log((1.0 - share) / (1.0 - LIMIT)) if share < 1.0 else 0.0
    requests = math.log(1.0 / ALPHA) / information
    for _ in range(50):
        unknown = math.log(max(rate * WINDOW * (1.0 - ALPHA) / (ALPHA * requests), 1.0 / ALPHA)) / information
        requests = (requests + unknown) / 2.0
    return requests / rate


def _tasks(sizes: dict[str, int], seed: str) -> Iterable[Task]:
    for what, kinds in (("slices", PROMISED["slices"]), ("polls", PROMISED["slices"]), ("delays", FAULTS)):
        for rate in RATES:
            for kind in kinds:
                name = kind if isinstance(kind, str) else f"{kind:.0%}"
                if what != "delays" or limit_s(rate, float(name.rstrip("%")) / 100.0) < BAD_AFTER:
                    runs = sizes[what] * (AT_LIMIT[what] if name == "5%" else 1)
                    yield from ((what, name, rate, f"{seed}/{what}/{name}/{rate}/{i}") for i in range(runs))


def _run(tasks: list[Task], jobs: int) -> tuple[Cells, Cells]:
    """Every window and every fault, on all processes; the outcome does not depend on their number."""
    false: Cells = defaultdict(Tally)
    delays: Cells = defaultdict(Tally)
    random.Random(0).shuffle(tasks)  # the slow ones are spread
    told = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for done, ((what, kind, rate), found) in enumerate(pool.imap_unordered(_one, tasks, chunksize=16), start=1):
            for rule, after in found.items():
                tally = (delays if what == "delays" else false)[rule, kind, rate]
                tally.runs += 1
                tally.early += after is not None and after < 0.0
                tally.fired += after is not None
                if after is not None and after >= 0.0:
                    tally.delays.append(after)
            if time.monotonic() - told > 30.0:
                told = time.monotonic()
                print(f"{done} of {len(tasks)}", file=sys.stderr, flush=True)
    return false, delays


def _one(task: Task) -> tuple[tuple[str, str, float], Found]:
    what, kind, rate, seed = task
    rng = random.Random(seed)
    if what == "delays":
        return (what, kind, rate), _delays(rng, rate, float(kind.rstrip("%")) / 100.0)
    course = Course(rate=rate, share=LIMIT if kind == "5%" else HEALTHY, rho=0.02 if kind == "rho" else 0.0)
    if kind == "blip":
        begin = rng.uniform(0.0, WINDOW - 3.0)
        course = replace(course, then=0.6, changes=begin, until=begin + 3.0)
    if what == "slices":
        return (what, kind, rate), {"slices": fires("slices", list(readings(rng, course, SLICE, WINDOW)))}
    polls = list(readings(rng, course, POLL, WINDOW))
    return (what, kind, rate), _polled(polls)


def _polled(polls: Sequence[Counts]) -> Found:
    """All that judge 5 s polls."""
    fixed = {name: None if at is None else at * POLL for name, at in window_rules.fires_at(polls).items()}
    return {**fixed, "polls": fires("polls", polls), "per_poll": fires("per_poll", polls)}


def _delays(rng: random.Random, rate: float, share: float) -> Found:
    """Seconds from the fault to each rule's decision; negative where it had decided before."""
    bad_at = BAD_AFTER + rng.uniform(0.0, POLL)
    lasts = BAD_AFTER + max(300.0, POLL * math.ceil(8.0 * limit_s(rate, share) / POLL))
    course = Course(rate=rate, share=HEALTHY, then=share, changes=bad_at)
    slices = list(readings(rng, course, SLICE, lasts))
    per = round(POLL / SLICE)
    polls = [
        (sum(bad for bad, _ in slices[i : i + per]), sum(total for _, total in slices[i : i + per]))
        for i in range(0, len(slices), per)
    ]
    found = {"slices": fires("slices", slices), **_polled(polls)}
    return {rule: None if at is None else at - bad_at for rule, at in found.items()}


def fires(rhythm: str, counts: Sequence[Counts]) -> float | None:
    """Seconds after which the rule fires.

    Readings without requests are handed in together while the rule is calm, which changes nothing: its prior is spread
    over time, and its ride-out grants polls only above `CALM`.
    """
    condition = RHYTHMS[rhythm]
    rule = Rule(name=rhythm, source="edge", condition=condition, on_fire=OnFire.ROLLBACK, warm_up=0.0)
    state = api.initial(rule)
    since = 0.0
    for i, (bad, total) in enumerate(counts, start=1):
        end = i * condition.interval
        assert isinstance(state, api.SequentialRatioState)
        if not total and state.proof_e <= CALM:
            continue
        if end - since > 1.5 * condition.interval:
            state = _observe(rule, state, since, end - condition.interval, (0.0, 0.0))
        state = _observe(rule, state, end - condition.interval, end, (bad, total))
        since = end
        if api.level(state) is Level.FIRING:
            return end
    return None


def _observe(rule: Rule, state: api.RuleState, start: float, end: float, counts: Counts) -> api.RuleState:
    own = {"errors": counts[0], "requests": counts[1]}
    return api.observe(rule, state, api.Sample(start=start, end=end, own=own))


def _report(false: Cells, delays: Cells) -> dict[str, dict[str, float]]:
    report: dict[str, dict[str, float]] = defaultdict(dict)
    for (rule, kind, rate), tally in sorted(false.items()):
        if rule in RHYTHMS:
            name = "false_rollback" if kind in PROMISED[rule] else "not_promised"
            report[name][f"{rule}_{kind}_{rate:g}"] = round(tally.share, 6)
            report["standard_error"][f"{rule}_{kind}_{rate:g}"] = round(tally.error, 6)
    for (rule, kind, rate), tally in sorted(delays.items()):
        if rule in RHYTHMS and tally.delays:
            case = f"{rule}_{kind}_{rate:g}"
            report["delay_s"][case] = round(tally.mean, 2)
            report["delay_ratio"][case] = round(tally.mean / _floor(rule, kind, rate), 3)
            report["detected"][case] = round(len(tally.delays) / tally.runs, 4)
    return dict(report)


def _floor(rule: str, kind: str, rate: float) -> float:
    """The limit, or half a poll where that is longer."""
    return max(limit_s(rate, float(kind.rstrip("%")) / 100.0), RHYTHMS[rule].interval / 2.0)


def _broken(report: dict[str, dict[str, float]]) -> Iterable[str]:
    """Promises that the figures do not keep."""
    for case, share in report["false_rollback"].items():
        if share - report["standard_error"][case] > AT_MOST:
            yield f"false_rollback {case} = {share} > {AT_MOST}"
    for rhythm in ("slices", "polls"):
        for kind, most in RATIOS.items():
            ratio = report["delay_ratio"][f"{rhythm}_{kind}_1"]
            if ratio > most:
                yield f"delay_ratio {rhythm}_{kind}_1 = {ratio} > {most}"
        if report["delay_s"][f"{rhythm}_20%_10"] > TWENTY_AT_TEN_S:
            yield f"delay_s {rhythm}_20%_10 = {report['delay_s'][f'{rhythm}_20%_10']} > {TWENTY_AT_TEN_S:g}"


def _print_false(cells: Cells) -> None:
    print("\nFalse rollbacks per window of half an hour, with the standard error of what is not 0")
    kinds = PROMISED["slices"]
    for kind in kinds:
        print(f"\n{kind:26}" + "".join(f"{rate:>17g}/s" for rate in RATES))
        for rule in _rules(cells):
            row = [cells.get((rule, kind, rate)) for rate in RATES]
            mark = "" if rule not in RHYTHMS or kind in PROMISED[rule] else " (not promised)"
            print(f"{rule + mark:26}" + "".join(f"{_probability(each):>19}" for each in row))


def _rules(cells: Cells) -> list[str]:
    found = Counter(rule for rule, _, _ in cells)
    return [rule for rule in (*window_rules.RULES, *RHYTHMS) if rule in found]


def _probability(tally: Tally | None) -> str:
    if tally is None:
        return "-"
    return f"{tally.share:.4f} +- {tally.error:.4f}" if tally.fired else f"0 of {tally.runs}"


def _print_delays(cells: Cells) -> None:
    print(
        "\nMean seconds from fault to decision, after ten healthy minutes (x the limit; P detected; fa: false before)"
    )
    for kind in (f"{share:.0%}" for share in FAULTS):
        rates = [rate for rate in RATES if ("polls", kind, rate) in cells]
        print(f"\n{kind:26}" + "".join(f"{rate:>24g}/s" for rate in rates))
        print(f"{'limit':26}" + "".join(f"{limit_s(rate, float(kind[:-1]) / 100.0):>26.1f}" for rate in rates))
        for rule in _rules(cells):
            print(f"{rule:26}" + "".join(f"{_delay(rule, kind, rate, cells[rule, kind, rate]):>26}" for rate in rates))


def _delay(rule: str, kind: str, rate: float, tally: Tally) -> str:
    if not tally.delays:
        return f"P=0 fa {tally.early / tally.runs:.2f}"
    floor = max(limit_s(rate, float(kind[:-1]) / 100.0), SLICE / 2.0 if rule == "slices" else POLL / 2.0)
    detected = len(tally.delays) / (tally.runs - tally.early)
    text = f"{tally.mean:.1f} ({tally.mean / floor:.2f}x)"
    text += "" if detected > 0.9999 else f" P={detected:.2f}"
    return text + (f" fa {tally.early / tally.runs:.2f}" if tally.early else "")
