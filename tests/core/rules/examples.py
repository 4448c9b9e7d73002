"""Rules, samples and histories that the tests of this folder share."""

from collections.abc import Iterable, Mapping
from dataclasses import fields

from watchdog.core.conditions import (
    CanaryVsStable,
    Condition,
    Dependence,
    Sequential,
    SequentialCount,
    SequentialRatio,
)
from watchdog.core.model import Missing, NoData, OnFire, Value
from watchdog.core.rules import api
from watchdog.core.settings import Rule


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
    dependence: Dependence = "independent",
    design_effect: float = 1.0,
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
        dependence=dependence,
        design_effect=design_effect,
    )


def relative(
    *,
    margin: float = 1.0,
    min_ratio: float = 2.0,
    alpha: float = 0.001,
    ride_out: float = 3.0,
    interval: float = 0.25,
    window: float = 1800.0,
    design_effect: float = 1.0,
) -> CanaryVsStable:
    """The candidate against stable, on the default access log source."""
    return CanaryVsStable(
        bad="errors",
        total="requests",
        margin=margin,
        min_ratio=min_ratio,
        alpha=alpha,
        ride_out=ride_out,
        interval=interval,
        window=window,
        design_effect=design_effect,
    )


def count(
    *,
    limit: float = 0.1,
    min_ratio: float = 2.0,
    alpha: float = 0.001,
    ride_out: float = 3.0,
    interval: float = 0.25,
    window: float = 1800.0,
    design_effect: float = 1.0,
) -> SequentialCount:
    """Events without a denominator, at most one in ten seconds."""
    return SequentialCount(
        events="errors",
        limit=limit,
        min_ratio=min_ratio,
        alpha=alpha,
        ride_out=ride_out,
        interval=interval,
        window=window,
        design_effect=design_effect,
    )


def counts(
    start: float, length: float, bad: Value, total: Value, other: Mapping[str, Value] | None = None
) -> api.Sample:
    """One reading of errors and requests."""
    own = {"errors": bad, "requests": total}
    return api.Sample(start=start, end=start + length, own=own, other=other or {})


def fold(subject: Rule, state: api.RuleState, history: Iterable[tuple[float, float]]) -> list[api.RuleState]:
    """The states after each (bad, total) of a history in the rule's own rhythm, from where the state stands."""
    assert isinstance(subject.condition, Sequential)
    assert isinstance(state, api.SequentialState)
    length, start = subject.condition.interval, state.reached or 0.0
    states: list[api.RuleState] = []
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
