"""From a rule's keys to the condition that the core judges.

What lives here: one translation per kind of rule. What must not: defaults (the schema has them), the rest of a rule.
"""

from collections.abc import Mapping
from typing import Final, Literal

from watchdog.config.loaded import Sections
from watchdog.config.schema.rules.base import Sequential
from watchdog.config.schema.rules.counts import Probe, SequentialCount
from watchdog.config.schema.rules.gauges import Spike, Trend
from watchdog.config.schema.rules.ratios import CanaryVsStable, SequentialRatio
from watchdog.config.schema.rules.rule import Rule
from watchdog.config.schema.rules.threshold import Threshold
from watchdog.config.schema.services import Service
from watchdog.config.signals import specs_of
from watchdog.config.units import Comparison
from watchdog.core import conditions as core
from watchdog.core.model import OnFire


def shares_alpha(rule: Rule) -> bool:
    """Whether the rule has a part of the service's budget for false rollbacks."""
    return isinstance(rule.condition, Sequential) and rule.orders is OnFire.ROLLBACK


def ride_out(rule: Rule) -> float:
    """The longest disturbance that the rule rides out; 0 for a kind that does not."""
    return float(rule.condition.ride_out) if isinstance(rule.condition, Sequential) else 0.0


def condition(rule: Rule, service: Service, sections: Sections) -> core.Condition:
    """A rule's condition as the core judges it."""
    interval = sections.sources[rule.source].rhythm
    lookback = max((spec.lookback for spec in specs_of(rule, sections)), default=0.0)
    match rule.condition:
        case SequentialRatio() | CanaryVsStable() | SequentialCount() as sequential:
            return _sequential(sequential, float(service.alpha) / _sharing(service, sections), interval)
        case Probe() as probe:
            return core.Probe(signal=probe.signal.local, fall=probe.fall, rise=probe.rise)
        case Threshold() as threshold:
            return _threshold(threshold, interval, lookback)
        case Spike() as spike:
            return _spike(spike, interval, lookback)
        case Trend() as trend:
            return _trend(trend, interval, lookback)
    raise AssertionError(rule)  # `validate` wants exactly one kind


def _sharing(service: Service, sections: Sections) -> int:
    return max(1, sum(shares_alpha(sections.rules[name]) for name in service.rules))


def _window(sequential: Sequential) -> float:
    return 0.0 if sequential.window is None else float(sequential.window)  # 0: the deployment's own plan


def _sequential(
    model: SequentialRatio | CanaryVsStable | SequentialCount, alpha: float, interval: float
) -> core.Sequential:
    match model:
        case SequentialRatio():
            return core.SequentialRatio(
                bad=model.bad.local,
                total=model.total.local,
                limit=float(model.limit),
                alpha=alpha,
                ride_out=float(model.ride_out),
                interval=interval,
                window=_window(model),
                min_effect=model.effect,
                dependence=model.dependence,
                design_effect=float(model.design_effect),
            )
        case CanaryVsStable():
            return core.CanaryVsStable(
                bad=model.bad.local,
                total=model.total.local,
                margin=float(model.margin),
                min_ratio=model.ratio,
                alpha=alpha,
                ride_out=float(model.ride_out),
                interval=interval,
                window=_window(model),
                design_effect=float(model.design_effect),
            )
        case SequentialCount():
            return core.SequentialCount(
                events=model.events.local,
                limit=float(model.limit),
                alpha=alpha,
                ride_out=float(model.ride_out),
                interval=interval,
                window=_window(model),
                min_ratio=float(model.min_ratio),
                design_effect=float(model.design_effect),
            )


def _threshold(threshold: Threshold, interval: float, lookback: float) -> core.Threshold:
    matches = threshold.matches
    return core.Threshold(
        value=threshold.value.local,
        total=None if threshold.total is None else threshold.total.local,
        when=_bound(threshold.when),
        clear=_bound(threshold.when) if threshold.clear is None else _not_within(threshold.clear),
        for_=float(threshold.for_),
        clear_for=float(threshold.clear_for),
        matches=1 if matches is None else matches.matches,
        out_of=1 if matches is None else matches.out_of,
        over=float(threshold.over or 0.0),
        min_events=threshold.min_events,
        interval=interval,
        lookback=lookback,
    )


def _spike(spike: Spike, interval: float, lookback: float) -> core.Spike:
    return core.Spike(
        value=spike.value.local,
        floor=spike.floor.value,
        deviations=float(spike.deviations),
        for_=float(spike.for_),
        clear_for=float(spike.clear_for),
        baseline=float(spike.baseline),
        min_readings=spike.min_readings,
        interval=interval,
        lookback=lookback,
        unit=spike.floor.unit,
    )


def _trend(trend: Trend, interval: float, lookback: float) -> core.Trend:
    return core.Trend(
        value=trend.value.local,
        limit=_bound(trend.limit),
        horizon=float(trend.horizon),
        over=float(trend.over),
        for_=float(trend.for_),
        clear_for=float(trend.clear_for),
        interval=interval,
        lookback=lookback,
    )


_BEYOND: Final[Mapping[str, Literal[">", ">=", "<", "<="]]] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def _not_within(clear: Comparison) -> core.Bound:
    """Where a firing rule is still bad: everywhere but where the file says that it is good again."""
    return core.Bound(op=_BEYOND[clear.op], limit=clear.limit, unit=clear.unit)


def _bound(comparison: Comparison) -> core.Bound:
    return core.Bound(op=comparison.op, limit=comparison.limit, unit=comparison.unit)
