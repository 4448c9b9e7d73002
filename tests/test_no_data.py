"""Every cell of docs/no-data.md is what the rules do."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, get_args

import pytest

from tests.core.rules.examples import count, ratio, relative, rule
from watchdog.core import deltas, evidence
from watchdog.core.conditions import Bound, Condition, Probe, Sequential, Spike, Threshold, Trend
from watchdog.core.deltas import Counters, Raw
from watchdog.core.model import Level, Missing, NoData, Value
from watchdog.core.rules import api
from watchdog.core.rules.baseline import Baseline
from watchdog.core.rules.spike import SpikeState
from watchdog.core.settings import Rule
from watchdog.core.state import Instance

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "no-data.md"
OVER_10 = Bound(op=">", limit=10.0)
CALM = Baseline(points=tuple((float(at), 1.0 + at % 3, 1) for at in range(30)), own_since=0.0)

CONDITIONS: Mapping[str, Condition] = {
    "sequential_ratio": ratio(interval=1.0),
    "canary_vs_stable": relative(interval=1.0),
    "sequential_count": count(interval=1.0),
    "probe": Probe(signal="value", fall=1, rise=1),
    "threshold": Threshold(value="value", when=OVER_10, clear=OVER_10, interval=1.0),
    "threshold of a share": Threshold(
        value="errors",
        total="requests",
        when=Bound(op=">", limit=0.5),
        clear=Bound(op=">", limit=0.5),
        over=1.0,
        interval=1.0,
    ),
    "spike": Spike(
        value="value",
        floor=10.0,
        deviations=6.0,
        for_=0.0,
        clear_for=0.0,
        baseline=60.0,
        min_readings=10,
        interval=1.0,
    ),
    "trend": Trend(
        value="value",
        limit=Bound(op=">", limit=1000.0),
        horizon=3600.0,
        over=40.0,
        for_=0.0,
        clear_for=0.0,
        interval=1.0,
    ),
}
COUNTING = frozenset({"sequential_ratio", "canary_vs_stable", "sequential_count", "threshold of a share"})

Cell: TypeAlias = tuple[str, str, str, str]
"""Heading of the section, row, column, text."""


def sample(kind: str, at: float, value: Value, *, bad: Value | None = None) -> api.Sample:
    """One reading: `value` of a gauge, or `bad` of `value` requests, with stable's beside it."""
    own: dict[str, Value] = {"value": value}
    if kind in COUNTING:
        own = {"requests": value, "errors": value if bad is None else bad}
    return api.Sample(start=at - 1.0, end=at, own=own, other={"requests": 20.0, "errors": 1.0})


def troubled(kind: str, subject: Rule) -> tuple[api.RuleState, float]:
    """A state in the midst of trouble, and its time: firing where single readings can make it so."""
    state = api.initial(subject)
    if isinstance(state, SpikeState):
        state = replace(state, baseline=CALM)
    history = range(1, 41) if kind == "trend" else range(1, 4)
    for second in history:
        value = {"trend": 900.0 + second, "probe": 0.0}.get(kind, 20.0)
        state = api.observe(subject, state, sample(kind, float(second), value))
    return state, float(history[-1])


def calm(kind: str, subject: Rule) -> tuple[api.RuleState, float]:
    """A state that judges and has nothing to say."""
    state = api.initial(subject)
    if isinstance(state, SpikeState):
        state = replace(state, baseline=CALM)
    history = range(1, 41) if kind == "trend" else range(1, 4)
    for second in history:
        value = {"probe": 1.0, "threshold of a share": 20.0}.get(kind, 1.0)
        state = api.observe(subject, state, sample(kind, float(second), value, bad=0.0))
    return state, float(history[-1])


def held(kind: str, missing: Missing, **no_data: NoData) -> None:
    """State and evidence stay, and three in a row are unknown."""
    subject = rule(CONDITIONS[kind], **no_data)
    state, at = troubled(kind, subject)
    after = api.observe(subject, state, sample(kind, at + 1.0, missing))

    assert api.level(after) is api.level(state)
    assert api.evidence(subject, after) == api.evidence(subject, state)
    instance = Instance(rule=subject, state=state, level=api.level(state))
    for later in range(1, 4):
        instance = evidence._after(instance, sample(kind, at + later, missing), at + later)
        assert later == instance.missed


def held_always(kind: str, column: str) -> None:
    """Whatever the rule was told about missing readings."""
    held(kind, Missing(column))
    held(kind, Missing(column), **{column: NoData.FIRE})


def as_told(kind: str, column: str) -> None:
    """Hold, fire or ok, and only for the kind of missing reading that was named."""
    missing = Missing(column)
    held(kind, missing)
    held(kind, missing, **{str(other): NoData.FIRE for other in Missing if other is not missing})
    fires, ends = (rule(CONDITIONS[kind], **{column: answer}) for answer in (NoData.FIRE, NoData.OK))
    state, at = calm(kind, fires)
    assert Level.INACTIVE is api.level(state)
    assert Level.FIRING is api.level(api.observe(fires, state, sample(kind, at + 1.0, missing)))
    assert 0 == evidence._after(Instance(rule=fires, state=state), sample(kind, at + 1.0, missing), at + 1.0).missed
    state, at = troubled(kind, ends)
    assert Level.FIRING is api.level(state)
    assert Level.INACTIVE is api.level(api.observe(ends, state, sample(kind, at + 1.0, missing)))


def counted(*scrapes: Mapping[str, float], started: Mapping[str, float] | None = None) -> list[Value]:
    """The counts of one counter, scrape by scrape, a second apart."""
    counters, values = Counters(), []
    for at, series in enumerate(scrapes, start=1):
        raws = [Raw(series=name, value=value, started=(started or {}).get(name)) for name, value in series.items()]
        counters, value = deltas.advance(counters, float(at), raws)
        values.append(value)
    return values


def judges(kind: str, counts: list[Value], expected: list[Value]) -> None:
    """These counts came out, and the rule takes them for what they are."""
    assert expected == counts
    subject = rule(CONDITIONS[kind])
    states = [api.initial(subject), api.initial(subject)]
    for at, (own, by_hand) in enumerate(zip(counts, expected, strict=True), start=1):
        states[0] = api.observe(subject, states[0], sample(kind, float(at), own))
        states[1] = api.observe(subject, states[1], sample(kind, float(at), by_hand))
    quiet = api.initial(subject)
    assert states[0] == states[1]
    assert (states[0] == quiet) is (all(isinstance(value, Missing) for value in counts))


def since_reset(kind: str, _column: str) -> None:
    judges(kind, counted({"a": 100.0}, {"a": 107.0}, {"a": 3.0}), [Missing.EMPTY, 7.0, 3.0])


def at_first_sight(kind: str, _column: str) -> None:
    old = counted({"a": 100.0}, {"a": 101.0, "b": 50.0}, {"a": 101.0, "b": 52.0})
    judges(kind, old, [Missing.EMPTY, 1.0, 2.0])
    young = counted({"a": 100.0}, {"a": 101.0, "b": 5.0}, started={"b": 1.5})
    judges(kind, young, [Missing.EMPTY, 6.0])


def while_away(kind: str, _column: str) -> None:
    judges(
        kind,
        counted({"a": 100.0, "b": 5.0}, {"a": 101.0}, {"a": 101.0, "b": 9.0}, {}),
        [Missing.EMPTY, 1.0, 4.0, Missing.EMPTY],
    )


def as_it_is(kind: str, _column: str) -> None:
    """One good number ends what fires, one bad number fires."""
    subject = rule(CONDITIONS[kind])
    good, bad = (1.0, 0.0) if kind == "probe" else (1.0, 99.0)
    state, at = troubled(kind, subject)
    assert Level.INACTIVE is api.level(api.observe(subject, state, sample(kind, at + 1.0, good)))
    state, at = calm(kind, subject)
    assert Level.FIRING is api.level(api.observe(subject, state, sample(kind, at + 1.0, bad)))


def among_others(kind: str, _column: str) -> None:
    """One number far off changes nothing, either way."""
    subject = rule(CONDITIONS[kind])
    for before, value in ((troubled, 1.0), (calm, 900.0)):
        state, at = before(kind, subject)
        assert api.level(state) is api.level(api.observe(subject, state, sample(kind, at + 1.0, value)))


def none_left(kind: str, _column: str) -> None:
    """A query over nothing answers with nothing."""
    held(kind, Missing.EMPTY)


CHECKS: Mapping[str, Callable[[str, str], None]] = {
    "held": held_always,
    "as `no_data` says": as_told,
    "what it shows since": since_reset,
    "nothing at first, or all since its start": at_first_sight,
    "nothing, and what it missed when it is back": while_away,
    "as it is": as_it_is,
    "one reading among the others": among_others,
    "`empty` when it was the last": none_left,
}


def cells() -> Iterator[Cell]:
    """Every cell of the document's tables."""
    heading, columns = "", list[str]()
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith("## "):
            heading, columns = line[3:], []
        elif line.startswith("| ") and not line.startswith("| ---"):
            first, *rest = (part.strip() for part in line.strip("|").split(" | "))
            if not columns:
                columns = rest
                continue
            yield from (
                (heading, first.replace("`", ""), column, text) for column, text in zip(columns, rest, strict=True)
            )


@pytest.mark.parametrize(("heading", "kind", "column", "text"), list(cells()))
def test_a_cell_is_what_the_rule_does(heading: str, kind: str, column: str, text: str) -> None:
    """Held, told, counted or judged as the document says."""
    CHECKS[text](kind, column)


def test_the_tables_are_whole() -> None:
    """Every kind of rule and every kind of missing reading has its cell; no rule that counts is called a gauge."""
    tables: dict[str, set[tuple[str, str]]] = {}
    for heading, kind, column, _ in cells():
        tables.setdefault(heading, set()).add((kind, column))
    changes = ("reset", "new series", "vanished series")

    assert {
        "A reading without a value": {(kind, str(missing)) for kind in CONDITIONS for missing in Missing},
        "Counters": {(kind, change) for kind in COUNTING for change in changes},
        "Gauges and probes": {(kind, change) for kind in set(CONDITIONS) - COUNTING for change in changes},
    } == tables
    assert {type(condition) for condition in CONDITIONS.values()} == set(get_args(Condition))
    assert {kind for kind, each in CONDITIONS.items() if isinstance(each, Sequential)} < COUNTING


@pytest.mark.parametrize("kind", ["spike", "trend"])
def test_what_cannot_judge_yet_is_not_told_by_missing_readings(kind: str) -> None:
    """Without a baseline, or with a window that is not half full, `fire` does not fire."""
    subject = rule(CONDITIONS[kind], empty=NoData.FIRE)
    state = api.observe(subject, api.initial(subject), sample(kind, 1.0, 1.0))

    assert Level.INACTIVE is api.level(api.observe(subject, state, sample(kind, 2.0, Missing.EMPTY)))


def test_the_document_explains_every_word_of_its_tables() -> None:
    """Each text of a cell that is no plain sentence stands in italics below its table."""
    document = DOCUMENT.read_text()

    assert set(CHECKS) == {text for *_, text in cells()}
    assert [] == [word for word in ("held", "as it is", "one reading among the others") if f"*{word}*" not in document]
    assert re.search(r"\*as `no_data` says\*", document)
