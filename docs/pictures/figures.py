"""The figures of docs/statistics.md that no other command prints, made by the rules themselves with fixed seeds.

    .venv/bin/python docs/pictures/figures.py

What lives here: computing, and plain tables. What must not: drawing (`draw.py`), formulas of the rules. The rule is the
benchmark's (`script/bench statistics`): `sequential_ratio` with its defaults on the access log, limit 5 %, an alpha of
0.001 of its own, half an hour.
"""

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from simulations.bench import window_rules
from simulations.bench.arrivals import Counts, Course, poisson, readings
from simulations.bench.statistics import ALPHA, BAD_AFTER, HEALTHY, RHYTHMS, SLICE, SLICES, WINDOW, fires, limit_s
from simulations.bench.window_rules import POLL
from watchdog.core.conditions import SequentialRatio
from watchdog.core.model import Level, OnFire
from watchdog.core.outlook import sequential
from watchdog.core.outlook.values import Delay, Rhythm, Scene
from watchdog.core.rules import api
from watchdog.core.rules.bounds import lower_bound
from watchdog.core.settings import Rule
from watchdog.text.outlook import NEVER, span
from watchdog.text.quantities import duration, number, percent

RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
SHARES = (1.0, 0.5, 0.2, 0.1, 0.06)

CHOICES = {
    "the defaults": SLICES,
    "limit 2 %": replace(SLICES, limit=0.02, min_effect=0.032),
    "limit 10 %": replace(SLICES, limit=0.1, min_effect=0.16),
    "one of 18 rules": replace(SLICES, alpha=ALPHA / 18),
    "ride_out 10s": replace(SLICES, ride_out=10.0),
    "design_effect 4": replace(SLICES, design_effect=4.0),
    "per_poll": replace(SLICES, dependence="per_poll"),
    "per_poll, readings of 5 s": RHYTHMS["per_poll"],
}
"""Others than the benchmark's rule: one key different each."""

FALLS = (2, 3, 4, 5)
FLAKES = (0.001, 0.01, 0.02, 0.05)
PROBES = 1800
"""An hour of health checks, one every two seconds."""

BUNCH = 4
BUNCHED_WINDOWS = 300
BUNCHED_RATES = (1.0, 10.0)

OURS = "sequential_ratio"
BETTING = "sequential_ratio, per_poll"

KINDS = ("even", "blip", "rho")
WINDOW_RATES = (0.1, 1.0, 10.0, 100.0, 1000.0)
WINDOWS = 400
SLICED = 60
RUNS = 100
"""Windows per cell; of slices, which are twenty times as many, fewer; faults per cell."""

SEED = "1"


def delay(condition: SequentialRatio, rate: float, share: float) -> Delay:
    """From the fault to the proof, at so many requests per second on the candidate: `check`'s own estimate."""
    rhythm = Rhythm(poll=condition.interval, reading=condition.interval)
    return sequential.judged(condition, rhythm, Scene(rate=rate, stable_rate=0.0, share=share)).decided


def told(found: Delay) -> str:
    """Typical and worst of 20, as `check` writes them."""
    typical, worst = (None if each == float("inf") else each for each in (found.typical, found.worst))
    return span({"typical": typical, "worst": worst}) if typical is not None else NEVER


def course_of(kind: str, rate: float, rng: random.Random) -> Course:
    """A healthy half hour: `even`, with one `blip` of 3 s and 60 %, or `rho`: failures of a reading hang together."""
    course = Course(rate=rate, share=HEALTHY, rho=0.02 if kind == "rho" else 0.0)
    begin = rng.uniform(0.0, WINDOW - 3.0)
    return replace(course, then=0.6, changes=begin, until=begin + 3.0) if kind == "blip" else course


def rolled_back(kind: str, rate: float, windows: int) -> dict[str, int]:
    """Of so many healthy half hours, read every 5 s, how many each rule rolled back."""
    found = dict.fromkeys((*window_rules.RULES, OURS, BETTING), 0)
    for i in range(windows):
        rng = random.Random(f"{SEED}/{kind}/{rate}/{i}")
        polls = list(readings(rng, course_of(kind, rate, rng), POLL, WINDOW))
        ours = {OURS: fires("polls", polls), BETTING: fires("per_poll", polls)}
        for name, at in (*window_rules.fires_at(polls).items(), *ours.items()):
            found[name] += at is not None
    return found


def on_slices(kind: str, rate: float, windows: int) -> int:
    """The same for ours on the access log's slices."""
    fired = 0
    for i in range(windows):
        rng = random.Random(f"{SEED}/slices/{kind}/{rate}/{i}")
        fired += fires("slices", list(readings(rng, course_of(kind, rate, rng), SLICE, WINDOW))) is not None
    return fired


def found_after(rate: float, share: float, runs: int) -> dict[str, list[float]]:
    """Seconds from a fault after ten healthy minutes to each rule's decision, where it had not decided before."""
    found: dict[str, list[float]] = {name: [] for name in (*window_rules.RULES, OURS)}
    per = round(POLL / SLICE)
    for i in range(runs):
        rng = random.Random(f"{SEED}/delay/{share}/{rate}/{i}")
        bad_at = BAD_AFTER + rng.uniform(0.0, POLL)
        lasts = BAD_AFTER + max(300.0, POLL * math.ceil(8.0 * limit_s(rate, share) / POLL))
        course = Course(rate=rate, share=HEALTHY, then=share, changes=bad_at)
        slices = list(readings(rng, course, SLICE, lasts))
        polls = [
            (sum(bad for bad, _ in slices[j : j + per]), sum(total for _, total in slices[j : j + per]))
            for j in range(0, len(slices), per)
        ]
        at = {name: None if poll is None else poll * POLL for name, poll in window_rules.fires_at(polls).items()}
        at[OURS] = fires("slices", slices)
        for name, after in at.items():
            if after is not None and after >= bad_at:
                found[name].append(after - bad_at)
    return found


def bunched(rng: random.Random, bunch: int, rate: float, length: float) -> Iterator[Counts]:
    """A healthy half hour in readings of so many seconds, its failures `bunch` at once."""
    for _ in range(round(WINDOW / length)):
        bad = float(bunch * poisson(rng, rate * length * HEALTHY / bunch))
        yield bad, bad + poisson(rng, rate * length * (1.0 - HEALTHY))


def judged(condition: SequentialRatio, counts: Iterable[Counts]) -> tuple[bool, bool]:
    """Whether the rule became suspicious (a divert), and whether it fired (a rollback)."""
    rule = Rule(name="errors", source="edge", condition=condition, on_fire=OnFire.ROLLBACK, warm_up=0.0)
    state, suspicious = api.initial(rule), False
    for i, (bad, total) in enumerate(counts):
        start = i * condition.interval
        own = {condition.bad: bad, condition.total: total}
        state = api.observe(rule, state, api.Sample(start=start, end=start + condition.interval, own=own))
        suspicious = suspicious or api.suspicious(rule, state)
        if api.level(state) is Level.FIRING:
            return suspicious, True
    return suspicious, False


def in_bunches(condition: SequentialRatio, bunch: int, rate: float, windows: int) -> tuple[int, int]:
    """Of so many healthy half hours with failures in bunches: in how many it was suspicious, in how many it fired."""
    seeds = (f"{SEED}/{bunch} at once/{rate}/{i}" for i in range(windows))
    found = [judged(condition, bunched(random.Random(seed), bunch, rate, condition.interval)) for seed in seeds]
    return sum(suspicious for suspicious, _ in found), sum(fired for _, fired in found)


def flaky(fall: int, flake: float, probes: int = PROBES) -> float:
    """How likely a row of `fall` failures is among so many probes of which each fails by itself."""
    rows, fired = [1.0] + [0.0] * (fall - 1), 0.0
    for _ in range(probes):
        fired += rows[-1] * flake
        rows = [sum(rows) * (1.0 - flake), *(each * flake for each in rows[:-1])]
    return fired


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """As the page has it."""
    for row in (head, ["---"] * len(head), *rows):
        print(f"| {' | '.join(row)} |")
    print()


def main() -> None:
    """All of them; the bunches take some minutes."""
    print("From a fault to the proof, typical / in the worst of 20 cases, by requests/s on the candidate\n")
    table(
        ("requests/s", *(percent(share) for share in SHARES)),
        ((number(rate), *(told(delay(SLICES, rate, share)) for share in SHARES)) for rate in RATES),
    )
    print("6 % by min_effect\n")
    table(
        ("min_effect", *(f"{number(rate)}/s" for rate in RATES)),
        (
            (percent(effect), *(told(delay(replace(SLICES, min_effect=effect), rate, 0.06)) for rate in RATES))
            for effect in (0.06, 0.065, 0.08)
        ),
    )
    print("What a choice costs, at 10/s\n")
    table(
        ("choice", *(percent(share) for share in SHARES)),
        ((name, *(told(delay(choice, 10.0, share)) for share in SHARES)) for name, choice in CHOICES.items()),
    )
    print(f"By chance {FALLS} failures in a row, among {PROBES} probes of which each fails by itself\n")
    table(
        ("fall", *(percent(flake) for flake in FLAKES)),
        ((str(fall), *(percent(flaky(fall, flake)) for flake in FLAKES)) for fall in FALLS),
    )
    print(f"46 of 210: at least {percent(lower_bound(46, 210, ALPHA))}\n")
    _windows()
    _bunches()


def _windows() -> None:
    for kind in KINDS:
        print(f"Of {WINDOWS} healthy half hours ({kind}) rolled back, read every 5 s; of {SLICED} in slices\n")
        cells = {rate: rolled_back(kind, rate, WINDOWS) for rate in WINDOW_RATES}
        rows = [(name, *(_part(cells[rate][name], WINDOWS) for rate in WINDOW_RATES)) for name in cells[1.0]]
        rows.append((f"{OURS}, slices", *(_part(on_slices(kind, rate, SLICED), SLICED) for rate in WINDOW_RATES)))
        table(("rule", *(f"{number(rate)}/s" for rate in WINDOW_RATES)), rows)
    for share in (0.5, 0.2):
        print(f"Mean seconds from a fault of {percent(share)} to the decision, {RUNS} faults\n")
        delays = {rate: found_after(rate, share, RUNS) for rate in WINDOW_RATES[1:]}
        rows = [(name, *(_mean(delays[rate][name]) for rate in delays)) for name in delays[1.0]]
        table(("rule", *(f"{number(rate)}/s" for rate in delays)), rows)


def _bunches() -> None:
    print(f"Of {BUNCHED_WINDOWS} healthy half hours: suspicious, rolled back")
    for rhythm in ("slices", "polls"):
        for bunch, effect in ((1, 1), (BUNCH, 1), (BUNCH, BUNCH)):
            for rate in BUNCHED_RATES:
                condition = replace(RHYTHMS[rhythm], design_effect=float(effect))
                suspicious, fired = in_bunches(condition, bunch, rate, BUNCHED_WINDOWS)
                said = f"{rhythm}, failures {bunch} at once, design_effect {effect}, {number(rate)}/s"
                print(f"{said}: {suspicious}, {fired}", flush=True)


def _part(fired: int, windows: int) -> str:
    return percent(fired / windows) if fired else f"0 of {windows}"


def _mean(delays: Sequence[float]) -> str:
    return duration(sum(delays) / len(delays)) if delays else NEVER


if __name__ == "__main__":
    main()
