"""Random alerting rules on random series, as our rule answers them, as files for `promtool test rules`.

Prometheus' side: one alerting rule per case on a series of its own. Our side: `threshold` is fed what an instant query
at the evaluation's time returns (the last sample of the last five minutes, nothing after a staleness marker), with
`clear` equal to `when` and `no_data: ok`.
"""

import json
import math
import random
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from watchdog.core.conditions import Bound, Threshold
from watchdog.core.model import Level, Missing, NoData, OnFire, Value
from watchdog.core.rules import api
from watchdog.core.settings import Rule

LOOKBACK_MS: Final = 300_000
"""Prometheus' lookback delta: so long a sample stands for its series, unless a staleness marker follows."""

EVALUATIONS: Final = 60
LIMIT: Final = 2.0

Op: TypeAlias = Literal[">", ">=", "<", "<="]
Sample: TypeAlias = float | Literal["stale"] | None
"""One scrape: a value, a staleness marker, or no sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One alerting rule, its series, and how both are timed. Times are whole milliseconds."""

    name: str
    every: int
    """From one evaluation to the next; the same for all cases of a file."""
    scrape: int
    """From one sample to the next; the same for all cases of a file."""
    op: Op
    for_: int
    keep: int
    """keep_firing_for, our `clear_for`."""
    samples: tuple[Sample, ...]

    @property
    def times(self) -> Iterator[int]:
        """When the rule is evaluated."""
        return (self.every * number for number in range(EVALUATIONS))


def version(promtool: str) -> tuple[int, int]:
    """Major and minor version of the tool."""
    told = subprocess.run([promtool, "--version"], capture_output=True, text=True, check=True, timeout=10)
    found = re.search(r"version (\d+)\.(\d+)", told.stdout + told.stderr)
    assert found is not None, told
    return int(found[1]), int(found[2])


def cases(rng: random.Random, files: int, per_file: int) -> Iterator[list[Case]]:
    """Files of cases: a file has one evaluation interval and one scrape interval."""
    for file in range(files):
        every = rng.choice((1_000, 5_000, 10_000, 15_000, 30_000, 60_000, rng.randrange(500, 90_000)))
        scrape = rng.choice((every, 1_000, 5_000, 15_000, 30_000, 60_000, rng.randrange(700, 120_000)))
        yield [_case(rng, f"c{file}x{number}", every, scrape) for number in range(per_file)]


def _case(rng: random.Random, name: str, every: int, scrape: int) -> Case:
    """`for` and `keep` are often whole evaluations, where `>=` and `>` differ."""
    span = every * (EVALUATIONS - 1)
    return Case(
        name=name,
        every=every,
        scrape=scrape,
        op=rng.choice(get_args(Op)),
        for_=_time(rng, every),
        keep=_time(rng, every),
        samples=tuple(_series(rng, span // scrape + 1)),
    )


def _time(rng: random.Random, every: int) -> int:
    match rng.randrange(4):
        case 0:
            return 0
        case 1:
            return rng.randrange(1, 8) * every
        case 2:
            return rng.randrange(1, 8) * every + rng.choice((-1, 1))
        case _:
            return rng.randrange(1, 10 * every)


def _series(rng: random.Random, length: int) -> Iterator[Sample]:
    """Runs of values on one side of the limit or on it, broken by missing samples and staleness markers."""
    gaps, mean = rng.choice((0.0, 0.1, 0.4)), rng.choice((1.5, 4.0, 12.0))
    kinds: tuple[Sample, ...] = (1.0, 1.0, 3.0, 3.0, LIMIT, math.inf, -math.inf, math.nan, "stale", None)
    value: Sample = 1.0
    for _ in range(length):
        if rng.random() < 1.0 / mean:
            value = rng.choice(kinds)
        lost = rng.random() < gaps
        yield rng.choice((None, None, "stale")) if lost else value


def queried(case: Case, at: int, *, closed: bool) -> Value:
    """What an instant query of the series at `at` returns. `closed`: a sample of exactly five minutes ago counts."""
    for index in range(min(at // case.scrape, len(case.samples) - 1), -1, -1):
        age = at - index * case.scrape
        if age > LOOKBACK_MS or (age == LOOKBACK_MS and not closed):
            break
        sample = case.samples[index]
        if sample is not None:
            return Missing.STALE if isinstance(sample, str) else sample
    return Missing.EMPTY


def levels(case: Case, *, closed: bool) -> list[Level]:
    """Our rule's level at every evaluation; it starts where the daemon's does, with no state."""
    bound = Bound(op=case.op, limit=LIMIT)
    condition = Threshold(
        value="value",
        when=bound,
        clear=bound,
        for_=case.for_ / 1000.0,
        clear_for=case.keep / 1000.0,
        interval=case.every / 1000.0,
    )
    ok = tuple((kind, NoData.OK) for kind in Missing)
    rule = Rule(name=case.name, source="s", condition=condition, on_fire=OnFire.OBSERVE, warm_up=0.0, no_data=ok)
    state, found, before = api.initial(rule), [], 0
    for at in case.times:
        value = queried(case, at, closed=closed)
        sample = api.Sample(start=before / 1000.0, end=at / 1000.0, own={"value": value})
        state, before = api.observe(rule, state, sample), at
        found.append(api.level(state))
    return found


def prometheus_words(level: Level) -> str:
    """Prometheus has no recovering: it goes on firing, which is what `keep_firing_for` means."""
    return {Level.INACTIVE: "", Level.PENDING: "pending"}.get(level, "firing")


def write(folder: Path, number: int, group: list[Case], rng: random.Random, *, closed: bool) -> tuple[Path, int]:
    """One rule file and one test file; the test file's path, and how many states it compares."""
    rules = [_rule(case) for case in group]
    (folder / f"rules{number}.json").write_text(json.dumps({"groups": [{"name": "g", "rules": rules}]}))
    path = folder / f"test{number}.json"
    content = {
        "rule_files": [f"rules{number}.json"],
        "evaluation_interval": f"{group[0].every}ms",
        "tests": [_test(group, rng, closed=closed)],
    }
    path.write_text(json.dumps(content))
    return path, len(group) * EVALUATIONS


def _rule(case: Case) -> dict[str, str]:
    written = {"alert": case.name, "expr": f"v_{case.name} {case.op} {LIMIT:g}", "for": f"{case.for_}ms"}
    return written | ({"keep_firing_for": f"{case.keep}ms"} if case.keep else {})


def _test(group: list[Case], rng: random.Random, *, closed: bool) -> dict[str, object]:
    """Every alert's state at every evaluation by the series ALERTS, and a few by the alerts themselves."""
    ours = {case.name: [prometheus_words(level) for level in levels(case, closed=closed)] for case in group}
    alerts = [
        {
            "eval_time": f"{at}ms",
            "alertname": case.name,
            "exp_alerts": [{"exp_labels": {}}] if ours[case.name][number] == "firing" else [],
        }
        for case in group
        for number, at in rng.sample(list(enumerate(case.times)), 2)
    ]
    states = [
        {
            "expr": "ALERTS",
            "eval_time": f"{at}ms",
            "exp_samples": [
                {"labels": f'ALERTS{{alertname="{name}",alertstate="{said[number]}"}}', "value": 1}
                for name, said in ours.items()
                if said[number]
            ],
        }
        for number, at in enumerate(group[0].times)
    ]
    return {
        "interval": f"{group[0].scrape}ms",
        "input_series": [{"series": f"v_{case.name}", "values": _values(case)} for case in group],
        "alert_rule_test": alerts,
        "promql_expr_test": states,
    }


def _values(case: Case) -> str:
    words = {math.inf: "Inf", -math.inf: "-Inf"}
    return " ".join(
        "_" if sample is None
        else "stale" if isinstance(sample, str)
        else "NaN" if math.isnan(sample)
        else words.get(sample, f"{sample:g}")
        for sample in case.samples
    )  # fmt: skip
