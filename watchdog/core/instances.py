"""Which instances of rules there are: one per rule and colour, under the configuration and the deployment in force.

What lives here: making them, and what of an instance outlives a changed definition. What must not: folding readings
(`evidence`), judging.
"""

from collections.abc import Mapping
from dataclasses import replace

from watchdog.core import handover, verdict
from watchdog.core.conditions import Sequential
from watchdog.core.model import Colour, Seconds
from watchdog.core.rules import api
from watchdog.core.settings import Rule, Service
from watchdog.core.state import Deployment, Instance

WINDOW_OUTSIDE_DEPLOYMENTS_S = 1800.0
"""Without a plan to take it from, an always-on rule spreads its prior over half an hour."""

SHORTEST_WINDOW_S = 60.0
"""A plan that watches for less spreads the prior over this long; it only makes the rule a little slower."""


def instances_for(
    settings: Service, deployment: Deployment | None, old: Mapping[str, Instance], at: Seconds
) -> dict[str, Instance]:
    """One instance per rule and colour under these settings; unchanged definitions keep their state."""
    fresh: dict[str, Instance] = {}
    for rule in settings.rules:
        shared = _with_alpha(rule, deployment)
        for colour in Colour if rule.per_colour else (None,):
            name = verdict.key(rule, colour)
            kept = old.get(name)
            if kept is None or kept.rule != shared:
                kept = Instance(rule=shared, state=handover.inherited(shared, api.initial(shared), kept), since=at)
            fresh[name] = kept
    return fresh


def _with_alpha(rule: Rule, deployment: Deployment | None) -> Rule:
    """The rule with the share of alpha and the watched time that were fixed when the deployment was submitted."""
    condition = rule.condition
    if not isinstance(condition, Sequential):
        return rule
    if deployment is None:
        return replace(rule, condition=replace(condition, window=condition.window or WINDOW_OUTSIDE_DEPLOYMENTS_S))
    window = condition.window or max(deployment.plan.watched(), SHORTEST_WINDOW_S)
    return replace(rule, condition=replace(condition, alpha=deployment.alpha, window=window))
