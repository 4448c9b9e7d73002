"""The detection budget: how long each rule takes from a fault to its decision, as `check` shows it.

What lives here: which scenes are shown, the table, and what would help a rule that is slower than level 1's 30 s. What
must not: estimates (`watchdog.core.outlook`), words that `status` uses, too (`watchdog.text.outlook`).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from watchdog.config.adapters import Compiled
from watchdog.config.sources.health import HealthSettings
from watchdog.config.sources.synthetic import SyntheticSettings
from watchdog.config.sources.translate import SourceSettings
from watchdog.control.outlook import finite
from watchdog.core.conditions import Probe
from watchdog.core.model import OnFire
from watchdog.core.outlook.service import ROUTE_PART, by_share, needed_rate, of_rule, scene
from watchdog.core.outlook.values import LEVEL_1_S, NEVER, Asks, Caveat, Delay, RuleOutlook
from watchdog.core.settings import Plan, Rule, Service
from watchdog.deploy.terminal import wrap
from watchdog.text import outlook as words
from watchdog.text.quantities import duration, number, per_second, weight

TRAFFIC: Final = (3.0, 30.0, 300.0)
"""Requests per second in all that are shown where the operator names none."""

SHARES: Final = (1.0, 0.5, 0.2, 0.1)

AIM: Final = 0.2
"""A rollback rule should decide a fault of this size within level 1's 30 s."""

WIDTH: Final = 100
NAME: Final = 20
CELL: Final = 18

Asking: TypeAlias = Mapping[str, Asks]
"""By the source's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One rule under one amount of traffic."""

    traffic: float
    weight: float
    rule: Rule
    cells: tuple[RuleOutlook, ...]
    """One for each of `SHARES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One service under its usual plan."""

    service: Service
    plan: Plan
    rows: tuple[Row, ...]
    asks: Asking

    def depends(self, rule: Rule) -> bool:
        """Whether it matters to the rule how many users there are."""
        own = self.asks.get(rule.source, Asks()).rate is not None
        return by_share(rule) and not isinstance(rule.condition, Probe) and not own


def budgets(compiled: Compiled, traffic: float | None) -> list[Budget]:
    """Every service. With a `traffic` given each step of the plan, else the first step at several amounts."""
    found = []
    for service in compiled.environment.services:
        plan = compiled.environment.plan(service.plan)
        assert plan is not None  # `config.references` refuses a service without one
        asks = _asks(compiled, service)
        rows = tuple(
            Row(
                traffic=total,
                weight=share,
                rule=rule,
                cells=tuple(of_rule(service, plan, rule, scene(total, share, part), asks) for part in SHARES),
            )
            for total, share in _scenes(plan, traffic)
            for rule in service.rules
        )
        found.append(Budget(service=service, plan=plan, rows=rows, asks=asks))
    return found


def _scenes(plan: Plan, traffic: float | None) -> list[tuple[float, float]]:
    first = plan.steps[0].weight
    return [(total, first) for total in TRAFFIC] if traffic is None else [(traffic, step.weight) for step in plan.steps]


def _asks(compiled: Compiled, service: Service) -> Asking:
    """What the sources that ask by themselves wait for, and how often they ask."""
    sources = next(each.sources for each in compiled.services if each.name == service.name)
    return {each.name: _ask(each) for each in sources}


def _ask(source: SourceSettings) -> Asks:
    match source:
        case SyntheticSettings():
            named = len(source.targets[0].servers) / source.every
            return Asks(timeout=source.timeout, rate=named * len(source.targets[0].requests), named_rate=named)
        case HealthSettings():
            return Asks(timeout=source.timeout)
        case _:
            return Asks()


def plain(found: Sequence[Budget]) -> list[dict[str, Any]]:
    """The same for programs; a time that is not within the deployment is null."""
    return [
        {
            "service": budget.service.name,
            "plan": budget.plan.name,
            "rule": row.rule.name,
            "on_fire": str(row.rule.on_fire),
            "traffic": row.traffic,
            "weight": row.weight,
            "rate": cell.rate,
            "share": share,
            "decided": delay_of(cell.decided),
            "suspected": None if cell.suspected is None else delay_of(cell.suspected),
            "away": None if cell.away is None else delay_of(cell.away),
            "later_at_the_first_step": cell.at_step,
            "caveats": [str(each) for each in cell.caveats],
            "within_level_1": cell.decided.worst <= LEVEL_1_S,
        }
        for budget in found
        for row in budget.rows
        for share, cell in zip(SHARES, row.cells, strict=True)
    ]


def delay_of(delay: Delay) -> dict[str, Any]:
    """A delay as the words and programs take it."""
    return {
        "typical": finite(delay.typical),
        "worst": finite(delay.worst),
        "parts": [
            {"piece": str(part.piece), "typical": finite(part.typical), "worst": finite(part.worst)}
            for part in delay.parts
        ],
    }


def lines(found: Sequence[Budget]) -> Iterator[str]:
    """The tables, then what would help."""
    for budget in found:
        yield from wrap(
            f"{budget.service.name}, plan {budget.plan.name}: from a fault to the decision, typical / in the worst of "
            f"20 cases. {words.TOO_LATE} is beyond level 1's {LEVEL_1_S:.0f} s.",
            WIDTH,
        )
        yield _line("", [f"{100 * share:.0f} %" for share in SHARES])
        yield from _steady(budget)
        yield from _by_traffic(budget)
        yield from (line for text in _remarks(budget) for line in wrap(f"  {text}", WIDTH, "    "))
        yield ""


def _line(name: str, cells: Sequence[str]) -> str:
    return "".join([f"    {name:{NAME}}", *(f"{cell:{CELL}}" for cell in cells)]).rstrip()


def _steady(budget: Budget) -> Iterator[str]:
    """Rules to which it does not matter how many users there are: one line each."""
    rows = [row for row in budget.rows if not budget.depends(row.rule)]
    rows = list({row.rule.name: row for row in rows}.values())
    if rows:
        yield "  at any traffic"
    for row in rows:
        if by_share(row.rule):
            yield _line(row.rule.name, [_cell(cell) for cell in row.cells])
            continue
        first = row.cells[0]
        told = f"{words.parts(delay_of(first.decided))}, {words.caveats(map(str, first.caveats))}"
        head = _line(row.rule.name, [_cell(first)])
        yield from wrap(f"{head:{4 + NAME + CELL}}{told}", WIDTH, " " * (4 + NAME + CELL))


def _by_traffic(budget: Budget) -> Iterator[str]:
    rows = [row for row in budget.rows if budget.depends(row.rule)]
    for total, share in dict.fromkeys((row.traffic, row.weight) for row in rows):
        candidate = per_second(total * share, "requests")
        yield f"  {per_second(total, 'requests')} in all, {candidate} on the candidate ({weight(share)})"
        here = [row for row in rows if (row.traffic, row.weight) == (total, share)]
        yield from (_line(row.rule.name, [_cell(cell) for cell in row.cells]) for row in here)
        if any(cell.suspected is not None for row in here for cell in row.cells):
            yield _line("off on suspicion", [_soonest(here, index) for index in range(len(SHARES))])


def _cell(cell: RuleOutlook) -> str:
    told = words.span(delay_of(cell.decided))
    late = cell.on_fire is OnFire.ROLLBACK and cell.decided.worst > LEVEL_1_S
    return f"{told} {words.TOO_LATE}" if late else told


def _soonest(rows: Sequence[Row], index: int) -> str:
    """From the fault until suspicion has taken the users off: the quickest of the rules on all requests."""
    delays = [cell.away for row in rows if (cell := row.cells[index]).suspected is not None and cell.away is not None]
    soonest = min(delays, key=lambda delay: (delay.worst, delay.typical))
    return words.span(delay_of(soonest))


def _remarks(budget: Budget) -> Iterator[str]:
    """Which rollback rules miss level 1's 30 s, what would help, and what the estimates leave out."""
    seen: dict[str, list[str]] = {}
    for rule in budget.service.rules:
        rows = [row for row in budget.rows if row.rule is rule]
        for text in (_too_slow(budget, rows), *_left_out(rows)):
            if text:
                seen.setdefault(text, []).append(rule.name)
    for text, names in seen.items():
        yield f"{', '.join(names)}: {text}."
    routes = [rule.name for rule in budget.service.rules if budget.depends(rule) and "[" in rule.condition.signals[0]]
    if routes:
        yield f"{', '.join(routes)}: a route is taken to have {weight(ROUTE_PART)} of the requests."
    warm = max((cell.at_step for row in budget.rows for cell in row.cells), default=0.0)
    if warm:
        yield f"A fault that is there at the first step is decided up to {duration(warm)} later: warm_up."


def _too_slow(budget: Budget, rows: Sequence[Row]) -> str:
    """Empty for a rule that is quick enough for a fault of `AIM` at all the traffic that is shown."""
    rule = rows[0].rule
    if rule.on_fire is not OnFire.ROLLBACK:
        return ""
    if not budget.depends(rule):
        return _steadily_slow(rows[0])
    aimed = [row.cells[SHARES.index(AIM)].decided for row in rows]
    if all(delay.worst <= LEVEL_1_S for delay in aimed):
        return ""
    needed = needed_rate(budget.service, budget.plan, rule, AIM, weight=rows[0].weight)
    if needed == NEVER:
        return f"{weight(AIM)} broken takes over {LEVEL_1_S:.0f} s at any traffic: {words.way(delay_of(aimed[-1]))}"
    said = f"{weight(AIM)} broken in {LEVEL_1_S:.0f} s takes {number(needed)} requests/s on the candidate"
    return f"{said}: {_first_weight(rows, needed)}, or {words.PROBES}"


def _first_weight(rows: Sequence[Row], needed: float) -> str:
    """What the first weight would have to be, where one amount of traffic is asked about."""
    traffics = {row.traffic for row in rows}
    enough = needed / max(traffics)
    exact = len(traffics) == 1 and enough <= 1.0
    return f"a first weight of {math.ceil(100 * enough)} %" if exact else "a larger first weight"


def _steadily_slow(row: Row) -> str:
    worst = row.cells[0].decided
    if worst.worst <= LEVEL_1_S:
        return ""
    told = delay_of(worst)
    return f"takes {words.parts(told)}, more than level 1's {LEVEL_1_S:.0f} s: {words.way(told)}"


def _left_out(rows: Sequence[Row]) -> Iterator[str]:
    """Caveats that the table does not tell by itself."""
    for caveat in (Caveat.NO_RIDE_OUT, Caveat.SEES_NO_HANG, Caveat.NEEDS_STABLE, Caveat.TOO_FEW):
        if any(caveat in cell.caveats for row in rows for cell in row.cells):
            yield words.CAVEATS[caveat]
