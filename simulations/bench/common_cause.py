"""How often an incident that both colours share rolls a healthy release back, through the whole engine.

A release gets its share of the traffic and fails 1 %, like stable, with `error-rate` (`sequential_ratio`, 5 %) and
`worse-than-stable` (`canary_vs_stable`) on. `shared`: for 60 s at a random time 20 % of both colours' requests fail; a
rollback is a false one. `drag`: the release fails 20 % and drags stable along to 6 %; it must be rolled back. `after`:
a shared incident, and two minutes later the release alone goes to 20 %; it must be rolled back, and not before.

    script/bench common_cause [--quick | --windows N] [--seed S] [--jobs J]

The last line is one JSON object: `shared`, `drag` and `after` with the share of windows that were rolled back by
`WEIGHT_RATE` (the release's share in per cent, requests per second of both), `blocked` (windows of `shared` in which
the interlock stood in the way), `discarded` (in which the evidence was thrown away afterwards) and `seconds` (mean
delay of `drag` and `after`).
"""

import argparse
import json
import multiprocessing
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from simulations.bench.arrivals import poisson
from watchdog.core.conditions import CanaryVsStable, Probe, SequentialRatio
from watchdog.core.events import Observed, Submit
from watchdog.core.model import Colour, OnFire, Reading, Seconds
from watchdog.core.records import EvidenceDiscarded, RollbackBlocked, RollbackOrdered
from watchdog.core.settings import AnyOf, Bake, Environment, Escalation, Gate, Plan, Rule, Service, Source, Step
from watchdog.replay.behaviour import Curve
from watchdog.replay.feeds import EDGE, HEALTH, Feeds
from watchdog.replay.simulator import Simulation
from watchdog.replay.traffic import Traffic
from watchdog.replay.world import World

WEIGHTS: Final = (0.1, 0.5, 0.9)
RATES: Final = (1, 10, 100, 1000)
KINDS: Final = ("shared", "drag", "after")

SLICE: Final = 0.25
HEALTHY: Final = 0.01
INCIDENT: Final = 0.2
DRAGGED: Final = 0.06
INCIDENT_S: Final = 60.0
BEGINS: Final = (30.0, 300.0)
CALM_S: Final = 120.0
WAITED_S: Final = {"shared": 30.0, "drag": 600.0, "after": 900.0}
"""How long a window goes on after the fault; a drag or a relapse must be found within it."""

DIVERTING: Final = False

Task: TypeAlias = tuple[str, float, int, str]


@dataclass(frozen=True, slots=True)
class Faults:
    """Shares of failures by time: candidate and stable."""

    kind: str
    begins: Seconds

    def shares(self, at: Seconds) -> tuple[float, float]:
        """The candidate's and stable's."""
        since = at - self.begins
        if since < 0.0:
            return HEALTHY, HEALTHY
        if self.kind == "drag":
            return INCIDENT, DRAGGED
        if since < INCIDENT_S:
            return INCIDENT, INCIDENT
        relapsed = self.kind == "after" and since >= INCIDENT_S + CALM_S
        return INCIDENT if relapsed else HEALTHY, HEALTHY

    @property
    def bad_from(self) -> Seconds:
        """When the release itself goes bad."""
        return self.begins + (INCIDENT_S + CALM_S if self.kind == "after" else 0.0)


class Counted(Feeds):
    """The balancer's slices with drawn counts in place of requests one by one."""

    def __init__(self, settings: Service, world: World, faults: Faults, rate: float, rng: random.Random) -> None:
        super().__init__(settings=settings, world=world)
        self._world = world
        self._faults = faults
        self._rate = rate
        self._rng = rng

    def edge(self, source: Source, start: Seconds, end: Seconds) -> Observed | None:
        """One slice."""
        router = self._world.router
        split = router.split
        weight = 0.0 if split.candidate in router.brakes else split.weight
        readings = []
        shares = self._faults.shares(start)
        for colour, part, share in ((split.candidate, weight, shares[0]), (split.stable, 1.0 - weight, shares[1])):
            mean = self._rate * part * (end - start)
            bad = poisson(self._rng, mean * share)
            for name, value in (("errors", bad), ("requests", bad + poisson(self._rng, mean * (1.0 - share)))):
                readings.append(Reading(signal=name, colour=colour, value=float(value)))
        return Observed(service=self.settings.name, source=source.name, start=start, end=end, readings=tuple(readings))


@dataclass
class Tally:
    """One cell."""

    windows: int = 0
    rolled_back: int = 0
    early: int = 0
    blocked: int = 0
    discarded: int = 0
    seconds: float = 0.0


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 when no shared incident rolled back and every bad release was."""
    parser = argparse.ArgumentParser(
        prog="script/bench common_cause", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one window per cell")
    parser.add_argument("--windows", type=int, default=300, help="windows of `shared` per cell; a tenth of the others")
    parser.add_argument("--seed", default="1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(argv)
    windows = 1 if options.quick else options.windows
    started = time.monotonic()
    cells = _run(list(_tasks(windows, options.seed)), options.jobs)
    print(f"{windows} windows, seed {options.seed}, {time.monotonic() - started:.0f} s on {options.jobs} jobs")
    _print(cells)
    print(json.dumps(_report(cells)))
    return 0


def _tasks(windows: int, seed: str) -> Iterator[Task]:
    for kind in KINDS:
        for i in range(windows if kind == "shared" else -(-windows // 10)):
            for weight in WEIGHTS:
                for rate in RATES:
                    yield kind, weight, rate, f"{seed}/{kind}/{weight}/{rate}/{i}"


def _run(tasks: list[Task], jobs: int) -> dict[tuple[str, float, int], Tally]:
    cells: dict[tuple[str, float, int], Tally] = defaultdict(Tally)
    told = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for done, (task, after, blocked, discarded) in enumerate(pool.imap_unordered(window, tasks, 4), start=1):
            tally = cells[task[:3]]
            tally.windows += 1
            tally.rolled_back += after is not None
            tally.early += after is not None and after < 0.0
            tally.blocked += blocked
            tally.discarded += discarded
            tally.seconds += after or 0.0
            if time.monotonic() - told > 30.0:
                told = time.monotonic()
                print(f"{done} of {len(tasks)}", file=sys.stderr, flush=True)
    return cells


def window(task: Task) -> tuple[Task, Seconds | None, bool, bool]:
    """Seconds from the fault to the order, if there was one; whether it was blocked, and evidence thrown away."""
    kind, weight, rate, seed = task
    rng = random.Random(seed)
    faults = Faults(kind, rng.uniform(*BEGINS))
    environment = _environment(weight)
    (service,) = environment.services
    world = World(
        service=service.name, first_stable=Colour.BLUE, traffic=Traffic(rate=Curve(points=((0.0, 0.0),))), seed=seed
    )
    feeds = Counted(service, world, faults, rate, rng)
    made = Simulation(environment=environment, worlds={service.name: world}, feeds={service.name: feeds})
    made.at(1.0, Submit(id="1", by="bench", service=service.name, release="2", deployment="d1"))
    end = faults.begins + INCIDENT_S + WAITED_S[kind]
    while made.now < end and _ordered(made) is None:
        made.run(made.now + 5.0)
    bodies = [record.body for record in made.transcript]
    blocked = any(isinstance(body, RollbackBlocked) for body in bodies)
    discarded = any(isinstance(body, EvidenceDiscarded) for body in bodies)
    at = _ordered(made)
    return task, None if at is None else at - faults.bad_from, blocked, discarded


def _ordered(made: Simulation) -> Seconds | None:
    return next((record.at for record in made.transcript if isinstance(record.body, RollbackOrdered)), None)


def _environment(weight: float) -> Environment:
    free = Gate(requests=0, per_critical_route=0)
    absolute = SequentialRatio(
        bad="errors",
        total="requests",
        limit=0.05,
        min_effect=0.08,
        alpha=0.001,
        ride_out=3.0,
        interval=SLICE,
        window=1800.0,
    )
    relative = CanaryVsStable(
        bad="errors",
        total="requests",
        margin=1.0,
        min_ratio=2.0,
        alpha=0.001,
        ride_out=3.0,
        interval=SLICE,
        window=1800.0,
    )
    rules = (
        Rule(
            name="error-rate",
            source="edge",
            condition=absolute,
            on_fire=OnFire.ROLLBACK,
            warm_up=10.0,
        ),
        Rule(
            name="worse-than-stable",
            source="edge",
            condition=relative,
            on_fire=OnFire.ROLLBACK,
            warm_up=10.0,
        ),
        Rule(
            name="health",
            source="health",
            condition=Probe(signal="up", fall=3, rise=2),
            on_fire=OnFire.ROLLBACK,
            warm_up=0.0,
        ),
    )
    service = Service(
        name="shop",
        first_stable=Colour.BLUE,
        rules=rules,
        sources=(
            Source(name="edge", kind=EDGE, interval=SLICE, required=True),
            Source(name="health", kind=HEALTH, interval=2.0, required=True, probing=True),
        ),
        policy=AnyOf(),
        plan="canary",
        divert=DIVERTING,
        traffic_source="edge",
    )
    steps = (Step(weight=weight, soak=3600.0, gate=free), Step(weight=1.0, soak=0.0, gate=free))
    plan = Plan(name="canary", steps=steps, bake=Bake(at_least=60.0))
    level = Escalation(level=2, after=0.0, repeat=60.0, contacts=("on-call",))
    return Environment(name="bench", services=(service,), plans=(plan,), escalation=(level,), chat=("chat",))


def _report(cells: dict[tuple[str, float, int], Tally]) -> dict[str, dict[str, float]]:
    report: dict[str, dict[str, float]] = defaultdict(dict)
    for (kind, weight, rate), tally in sorted(cells.items()):
        case = f"{weight * 100:g}_{rate}"
        report[kind][case] = tally.rolled_back / tally.windows
        if kind == "shared":
            report["blocked"][case] = tally.blocked / tally.windows
            report["discarded"][case] = tally.discarded / tally.windows
        elif tally.rolled_back:
            report["seconds"][f"{kind}_{case}"] = round(tally.seconds / tally.rolled_back, 1)
    return dict(report)


def _print(cells: dict[tuple[str, float, int], Tally]) -> None:
    print("kind      weight  rate  windows  rolled back  before  blocked  discarded")
    for (kind, weight, rate), tally in sorted(cells.items()):
        counts = f"{tally.windows:9}{tally.rolled_back:13}{tally.early:8}{tally.blocked:9}{tally.discarded:11}"
        mean = f"{tally.seconds / tally.rolled_back:9.1f} s" if tally.rolled_back else ""
        print(f"{kind:8}{weight:8.0%}{rate:6}{counts}{mean}")
