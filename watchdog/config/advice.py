"""What is allowed and yet probably not meant: few warnings, each with its reason.

What lives here: the warnings. What must not: anything that stops a file from being loaded.
"""

from collections.abc import Iterator

from watchdog.config.errors import Problem
from watchdog.config.loaded import Sections
from watchdog.config.schema.base import Place
from watchdog.config.schema.environment import Top
from watchdog.config.schema.plans import Plan
from watchdog.config.schema.rules import Rule
from watchdog.config.schema.services import Service
from watchdog.config.tree import Mapping, locate
from watchdog.config.units import duration_text, number_text
from watchdog.core.model import OnFire

SOAK_DEADLINE = 4.0
"""After this many times its soak a step that lacks evidence is said to be late."""

IMPOSSIBLE_RATE = 1000.0
"""Requests per second that hardly any service on plain hosts has; a gate that needs more will not open."""


def warnings(tree: Mapping, top: Top, sections: Sections) -> Iterator[Problem]:
    """Everything worth a look."""
    if not top.escalation:
        yield _at(tree, ("escalation",), "is missing: nobody is told when a rollback is blocked or fails")
    for name in dict.fromkeys(rule for service in sections.services.values() for rule in service.rules):
        yield from _rule(tree, sections, name, sections.rules[name])
    for name, plan in sections.plans.items():
        yield from _gates(tree, name, plan)
    for name, service in sections.services.items():
        yield from _soaks(tree, sections, name, service)


def _at(tree: Mapping, path: Place, message: str) -> Problem:
    spot = locate(tree, path)
    key = spot.key or str(path[0])
    return spot.origin.problem(key, message)


def _rule(tree: Mapping, sections: Sections, name: str, rule: Rule) -> Iterator[Problem]:
    interval = sections.sources[rule.source].interval
    ratio, threshold, probe = rule.sequential_ratio, rule.threshold, rule.probe
    rolls_back = rule.on_fire is OnFire.ROLLBACK
    if threshold is not None and 0.0 < threshold.for_ < interval:
        message = f"{threshold.for_} is shorter than the {duration_text(interval)} from one reading to the next, so it "
        yield _at(tree, ("rules", name, "threshold", "for"), message + "waits for the second bad reading")
    if ratio is not None and rolls_back and (ratio.ride_out < interval or ratio.ride_out <= 0.0):
        message = f"{ratio.ride_out} is shorter than one reading of {rule.source} ({duration_text(interval)}): a blip "
        yield _at(tree, ("rules", name, "sequential_ratio", "ride_out"), message + "inside one reading rolls back")
    if probe is not None and rolls_back and probe.fall == 1:
        yield _at(tree, ("rules", name, "probe", "fall"), "1: a single lost packet rolls back")


def _gates(tree: Mapping, name: str, plan: Plan) -> Iterator[Problem]:
    for index, step in enumerate(plan.steps):
        soak = float(step.soak or 0.0)
        if soak <= 0.0:
            continue
        rate = step.gate.requests / (step.weight * SOAK_DEADLINE * soak)
        if rate > IMPOSSIBLE_RATE:
            message = (
                f"{step.gate.requests} requests at {step.weight} within {SOAK_DEADLINE:.0f} soaks need "
                f"{number_text(round(rate))} requests/s in all: the step will wait"
            )
            yield _at(tree, ("plans", name, "steps", index), message)


def _soaks(tree: Mapping, sections: Sections, name: str, service: Service) -> Iterator[Problem]:
    """A step that ends before a rule could prove anything shows nothing."""
    rules = [sections.rules[rule] for rule in service.rules]
    ratios = [rule for rule in rules if rule.sequential_ratio is not None and rule.on_fire is OnFire.ROLLBACK]
    for index, step in enumerate(sections.plans[service.plan].steps[:-1]):
        blind = max(
            (
                rule.sequential_ratio.ride_out + (rule.warm_up if index == 0 or rule.is_slow else 0.0)
                for rule in ratios
                if rule.sequential_ratio is not None
            ),
            default=0.0,
        )
        soak = float(step.soak or 0.0)
        if soak < blind:
            message = (
                f"{duration_text(soak)} of soak is shorter than the {duration_text(blind)} of warm-up and ride-out of "
                f"{name}'s rules: the step ends before they can decide"
            )
            yield _at(tree, ("plans", service.plan, "steps", index), message)
