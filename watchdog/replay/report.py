"""What a person reads after scenarios were run: one line each, and for a failure everything that explains it.

What lives here: text. What must not: judging.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from watchdog.core.conditions import CanaryVsStable, SequentialRatio
from watchdog.core.events import Observed
from watchdog.core.model import Colour, Missing, Seconds
from watchdog.core.records import (
    DivertOrdered,
    HoldSet,
    Record,
    RollbackBlocked,
    RollbackOrdered,
    SplitOrdered,
    TrialBegun,
)
from watchdog.core.settings import Rule
from watchdog.replay.expectations import Mismatch
from watchdog.replay.plot import Mark, plot
from watchdog.replay.scenario import Ran, colours
from watchdog.replay.schema import Side
from watchdog.replay.transcript import line, told

AROUND_S = 15.0
"""Decisions so far from the moment in question are shown."""

MOST_LINES = 24
COLUMNS = 60

_LETTERS = {
    SplitOrdered: "s", HoldSet: "h", DivertOrdered: "D", TrialBegun: "t", RollbackBlocked: "B", RollbackOrdered: "R",
}  # fmt: skip
LEGEND = "s step, h hold, D divert, t trial, B rollback blocked, R rollback, * several, ? nothing known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A scenario and what it did not meet."""

    ran: Ran
    mismatches: tuple[Mismatch, ...]
    took: float
    """Real seconds."""


def summary(verdicts: Sequence[Verdict]) -> str:
    """The last line."""
    failed = sum(bool(verdict.mismatches) for verdict in verdicts)
    simulated = sum(float(verdict.ran.ready.model.lasts) for verdict in verdicts)
    took = sum(verdict.took for verdict in verdicts)
    ended = "all as expected" if not failed else f"{failed} not as expected"
    count = f"{len(verdicts)} scenario{'' if len(verdicts) == 1 else 's'}"
    return f"{count}, {ended}; {simulated:.0f} s of traffic in {took:.1f} s"


def lines(verdict: Verdict) -> Iterator[str]:
    """One line, and for a failure what explains it."""
    ready = verdict.ran.ready
    word = "not as expected" if verdict.mismatches else "ok"
    yield f"{ready.path}:{ready.line}: {ready.name}: {word}"
    if not verdict.mismatches:
        return
    yield f"    {ready.model.says}"
    for mismatch in verdict.mismatches:
        yield from _mismatch(mismatch)
    at = next((mismatch.at for mismatch in verdict.mismatches if mismatch.at is not None), None)
    yield from _decisions(verdict.ran, at)
    yield from _picture(verdict.ran, at)


def _mismatch(mismatch: Mismatch) -> Iterator[str]:
    yield f"    {mismatch.key}"
    yield f"        expected  {mismatch.expected}"
    first, *more = mismatch.happened.splitlines() or [""]
    yield f"        happened  {first}"
    yield from (f"                  {each}" for each in more)


def _decisions(ran: Ran, at: Seconds | None) -> Iterator[str]:
    found = [record for record in ran.simulation.transcript if told(record) and _near(record, at)]
    shown = found[-MOST_LINES:] if at is None else _nearest(found, at)
    yield "    decisions" + ("" if at is None else f" around {at:.3f}s")
    yield from (f"    {line(record)}" for record in shown)


def _near(record: Record, at: Seconds | None) -> bool:
    return at is None or abs(record.at - at) <= AROUND_S


def _nearest(found: list[Record], at: Seconds) -> list[Record]:
    kept = sorted(found, key=lambda record: abs(record.at - at))[:MOST_LINES]
    return sorted(kept, key=lambda record: record.seq)


def _picture(ran: Ran, at: Seconds | None) -> Iterator[str]:
    """The share that the first rule on a share judges, on the candidate."""
    rule = _rule_to_show(ran)
    if rule is None or not isinstance(rule.condition, SequentialRatio | CanaryVsStable):
        return
    lasts = float(ran.ready.model.lasts)
    start, end = (0.0, lasts) if at is None else (max(0.0, at - AROUND_S), min(lasts, at + AROUND_S))
    width = max((end - start) / COLUMNS, 0.25)
    (candidate,) = colours(ran.ready, Side.CANDIDATE)
    values = _shares(ran, rule, candidate, start, width)
    marks = [
        Mark(at=record.at, letter=letter)
        for record in ran.simulation.transcript
        if (letter := _LETTERS.get(type(record.body))) is not None
    ]
    yield f"    {rule.name} on {candidate}: {rule.condition.bad} of {rule.condition.total}"
    limit = rule.condition.limit if isinstance(rule.condition, SequentialRatio) else None
    for row in plot(values, start=start, width=width, limit=limit, marks=marks):
        yield f"    {row}"
    yield f"    {LEGEND}"


def _rule_to_show(ran: Ran) -> Rule | None:
    """A rule that asked for something, or else the first on a share."""
    ratios = [rule for rule in ran.ready.service.rules if isinstance(rule.condition, SequentialRatio | CanaryVsStable)]
    named = [
        name
        for record in ran.simulation.transcript
        if isinstance(record.body, (RollbackOrdered, DivertOrdered))
        for name in record.body.rules
    ]
    return next((rule for rule in ratios if rule.name in named), ratios[0] if ratios else None)


def _shares(ran: Ran, rule: Rule, colour: Colour, start: Seconds, width: Seconds) -> list[float | None]:
    assert isinstance(rule.condition, SequentialRatio | CanaryVsStable)
    bad, total = [0.0] * COLUMNS, [0.0] * COLUMNS
    for record in ran.simulation.transcript:
        body = record.body
        if not isinstance(body, Observed) or body.source != rule.source:
            continue
        column = int((body.end - start) / width)
        if not 0 <= column < COLUMNS:
            continue
        for reading in body.readings:
            if reading.colour is colour and not isinstance(reading.value, Missing):
                bad[column] += reading.value if reading.signal == rule.condition.bad else 0.0
                total[column] += reading.value if reading.signal == rule.condition.total else 0.0
    return [failed / every if every else None for failed, every in zip(bad, total, strict=True)]
