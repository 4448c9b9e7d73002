"""Rules, samples and histories that the tests of this folder share."""

from collections.abc import Iterable, Mapping
from dataclasses import fields

from watchdog.core.model import Missing, NoData, OnFire, Value
from watchdog.core.rules import api
from watchdog.core.settings import Condition, Rule, SequentialRatio


def rule(condition: Condition, **no_data: NoData) -> Rule:
    """A rule on the condition; `no_data` by kind of Missing: `error=NoData.FIRE`."""
    return Rule(
        name="the-rule",
        source="edge",
        condition=condition,
        on_fire=OnFire.ROLLBACK,
        warm_up=10.0,
        no_data=tuple((Missing(kind), answer) for kind, answer in no_data.items()),
    )


def ratio(
    *,
    limit: float = 0.05,
    alpha: float = 0.001,
    ride_out: float = 3.0,
    interval: float = 0.25,
    window: float = 1800.0,
    min_effect: float = 0.08,
) -> SequentialRatio:
    """The rule that the default access log source gets."""
    return SequentialRatio(
        bad="errors",
        total="requests",
        limit=limit,
        alpha=alpha,
        ride_out=ride_out,
        interval=interval,
        window=window,
        min_effect=min_effect,
    )


def counts(
    start: float, length: float, bad: Value, total: Value, other: Mapping[str, Value] | None = None
) -> api.Sample:
    """One reading of errors and requests."""
    own = {"errors": bad, "requests": total}
    return api.Sample(start=start, end=start + length, own=own, other=other or {})


def fold(
    subject: Rule, state: api.RuleState, history: Iterable[tuple[float, float]], start: float = 0.0
) -> list[api.RuleState]:
    """The states after each (bad, total) of a history in the rule's own rhythm."""
    assert isinstance(subject.condition, SequentialRatio)
    length = subject.condition.interval
    states = []
    for i, (bad, total) in enumerate(history):
        state = api.observe(subject, state, counts(start + i * length, length, bad, total))
        states.append(state)
    return states


def as_json(state: api.RuleState) -> dict[str, object]:
    """The fields of a state, as a codec would write them."""
    return {field.name: getattr(state, field.name) for field in fields(state)}


def changed(before: api.RuleState, after: api.RuleState) -> set[str]:
    """Names of the fields that differ."""
    left, right = as_json(before), as_json(after)
    return {name for name, value in left.items() if right[name] != value}
