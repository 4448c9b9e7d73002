"""What is allowed and yet probably not meant: few warnings, each with its reason.

What lives here: the warnings. What must not: anything that stops a file from being loaded.
"""

import ipaddress
import math
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from watchdog.config import conditions
from watchdog.config.errors import Problem
from watchdog.config.loaded import Sections
from watchdog.config.schema.base import Place
from watchdog.config.schema.environment import Top
from watchdog.config.schema.plans import Plan
from watchdog.config.schema.rules.rule import Rule
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.access_log import SLICE_S
from watchdog.config.schema.sources.asked import AskedModel
from watchdog.config.schema.sources.source import Source
from watchdog.config.tree import Mapping, locate
from watchdog.config.units import duration_text, number_text
from watchdog.core import settings as core
from watchdog.core.conditions import Probe, Spike, Threshold, Trend
from watchdog.core.model import Missing, NoData, OnFire
from watchdog.core.outlook.service import judged, warm_up
from watchdog.core.outlook.values import NEVER, Rhythm, Scene
from watchdog.core.rules import mixture
from watchdog.core.verdict import COUNTED

SOAK_DEADLINE = 4.0
"""After this many times its soak a step that lacks evidence is said to be late."""

IMPOSSIBLE_RATE = 1000.0
"""Requests per second that hardly any service on plain hosts has; a gate that needs more will not open."""

SLICE: Final = duration_text(SLICE_S)


def warnings(tree: Mapping, top: Top, sections: Sections) -> Iterator[Problem]:
    """Everything worth a look."""
    if not top.escalation:
        yield _at(tree, ("escalation",), "is missing: nobody is told when a rollback is blocked or fails")
    for name in sections.sources:
        yield from _in_the_clear(tree, sections, name)
    for name in dict.fromkeys(rule for service in sections.services.values() for rule in service.rules):
        service = next(each for each in sections.services.values() if name in each.rules)
        yield from _rule(tree, sections, name, service)
    for name, plan in sections.plans.items():
        yield from _gates(tree, name, plan)
    for name, service in sections.services.items():
        yield from _soaks(tree, sections, name, service)
        yield from _unheard(tree, sections, name, service)
        if (top.shadow or service.shadow) and not top.chat:
            place: Place = ("shadow",) if top.shadow else ("services", name, "shadow")
            yield _at(tree, place, "is told to chat, which is missing: nobody hears what would have been done")


def _at(tree: Mapping, path: Place, message: str) -> Problem:
    spot = locate(tree, path)
    key = spot.key or str(path[0])
    return spot.origin.problem(key, message)


def _rule(tree: Mapping, sections: Sections, name: str, service: Service) -> Iterator[Problem]:
    """Times of a rule that do not go together with the rhythm of its source."""
    rule = sections.rules[name]
    condition, source = conditions.condition(rule, service, sections), sections.sources[rule.source]
    place: Place = ("rules", name, condition.kind)
    each = f"{rule.source} ({duration_text(source.rhythm)} each)"
    yield from _quiet(tree, sections, name, rule)
    match condition:
        case Probe():
            if rule.orders is OnFire.ROLLBACK and condition.fall == 1:
                yield _at(tree, (*place, "fall"), "1: a single lost packet rolls back")
        case Threshold() | Spike() | Trend():
            yield from (_at(tree, (*place, key), text) for key, text in _of_value(condition, each))
            if isinstance(condition, Spike):
                yield from (_at(tree, (*place, "baseline"), text) for text in _baseline(condition, source))
        case _:
            if rule.orders is OnFire.ROLLBACK and mixture.polls_to_fire(condition) == 1:
                text = f"{duration_text(condition.ride_out)} is shorter than one reading of {each}: a blip inside one "
                way = "" if source.kind == "access_log" else f"; the access log has a reading every {SLICE}"
                yield _at(tree, (*place, "ride_out"), f"{text}rolls back{way}")


def _baseline(condition: Spike, source: Source) -> Iterator[str]:
    """A baseline is collected before a deployment, when polls are rarer."""
    rare = max(source.interval * source.model.idle_factor, source.rhythm)
    held = math.floor(condition.baseline / rare)
    if held < condition.min_readings:
        enough = duration_text(math.ceil(condition.min_readings * rare))
        yield (
            f"{duration_text(condition.baseline)} holds {held} readings, one each {duration_text(rare)} before a "
            f"deployment, fewer than min_readings ({condition.min_readings}): the rule would never apply; wanted at "
            f"least {enough}, or a shorter idle_poll"
        )


def _quiet(tree: Mapping, sections: Sections, name: str, rule: Rule) -> Iterator[Problem]:
    """A gauge without a value at night makes blind where its source is required."""
    source, specs = sections.sources[rule.source], sections.sources[rule.source].model.signals()
    held = rule.no_data.get(Missing.EMPTY, NoData.HOLD) is NoData.HOLD
    if not (source.is_required and rule.orders in COUNTED and held):
        return
    for key, signal in rule.signals:
        if specs[signal.signal].needs_traffic:
            text = f"{signal} has no value while there is no traffic, and without it the service is blind; "
            message = f"{text}wanted no_data: {{empty: ok}}, or required: false at {rule.source}"
            yield _at(tree, ("rules", name, rule.kind, key), message)


def _of_value(condition: Threshold | Spike | Trend, each: str) -> Iterator[tuple[str, str]]:
    """The key of a rule on values, and what is wrong with it."""
    reading = condition.interval
    if 0.0 < condition.for_ < reading:
        text = f"{duration_text(condition.for_)} is shorter than the {duration_text(reading)} from one reading to the "
        yield "for", f"{text}next, so it waits for the second bad reading"
    if isinstance(condition, Threshold) and condition.total is not None and condition.over < 2.0 * reading:
        text = f"{duration_text(condition.over)} is shorter than two readings of {each}: "
        yield "over", f"{text}when one is lost the window is empty"
    if 0.0 < condition.lookback < 2.0 * reading:
        text = f"its query looks back {duration_text(condition.lookback)}, less than two readings of {each}: "
        yield "value", f"{text}its range may be empty"


def _in_the_clear(tree: Mapping, sections: Sections, name: str) -> Iterator[Problem]:
    """A token that anybody on the way to a monitoring server can read."""
    source = sections.sources[name]
    model = source.model
    if not isinstance(model, AskedModel) or model.token is None:
        return
    address = urlsplit(model.url)
    if address.scheme == "http" and not _is_this_machine(address.hostname or ""):
        message = f"is sent to {address.hostname} for all on the way to read; wanted an https address"
        yield _at(tree, ("sources", name, source.kind, "token"), message)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


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
    plan = sections.plans[service.plan]
    rules = [(name, sections.rules[name]) for name in service.rules if sections.rules[name].orders in COUNTED]
    for index, step in enumerate(plan.steps[:-1]):
        takes = [(_at_best(rule, service, sections, plan, first=index == 0), name) for name, rule in rules]
        slowest, rule_name = max(((time, name) for time, name in takes if time < NEVER), default=(0.0, ""))
        soak = float(step.soak or 0.0)
        if soak < slowest:
            text = f"{duration_text(soak)} of soak is shorter than the {duration_text(math.ceil(slowest))} that "
            message = f"{text}{rule_name} takes at best: the step ends before {name} can be judged by it"
            yield _at(tree, ("plans", service.plan, "steps", index), message)


def _at_best(rule: Rule, service: Service, sections: Sections, plan: Plan, *, first: bool) -> float:
    """Seconds until the rule decides on a release of which everything fails, where there is much traffic."""
    source = sections.sources[rule.source]
    judging = core.Rule(
        name="",
        source=rule.source,
        condition=conditions.condition(rule, service, sections),
        on_fire=rule.orders,
        warm_up=float(rule.warm_up),
    )
    scene = Scene(rate=IMPOSSIBLE_RATE, stable_rate=IMPOSSIBLE_RATE, share=1.0)
    found = judged(judging, Rhythm(poll=source.interval, reading=source.rhythm), scene, plan.watched)
    return found.decided.typical + (warm_up(judging) if first or rule.is_slow else 0.0)


def _unheard(tree: Mapping, sections: Sections, name: str, service: Service) -> Iterator[Problem]:
    """A rule that wants a rollback and is not in the policy is never heard."""
    named = list(service.policy.names)
    for rule in service.rules if named else ():
        if rule not in named and sections.rules[rule].on_fire is OnFire.ROLLBACK:
            text = f"does not name {rule}, which then never rolls back; wanted it here, or on_fire: freeze"
            yield _at(tree, ("services", name, "policy"), text)
    yield from _in_shadow(tree, sections, name, service)


def _in_shadow(tree: Mapping, sections: Sections, name: str, service: Service) -> Iterator[Problem]:
    """Rules that only observe for now count for nothing, whatever the policy wants of them."""
    asking = [rule for rule in service.rules if sections.rules[rule].on_fire is OnFire.ROLLBACK]
    shadow = [rule for rule in asking if sections.rules[rule].shadow]
    if shadow and shadow == asking:
        text = f"every one with on_fire: rollback is in shadow ({', '.join(shadow)}), so nothing is rolled back"
        yield _at(tree, ("services", name, "rules"), text)
        return
    for rule in shadow:
        if rule in service.policy.names:
            text = f"names {rule}, which is in shadow and counts as not firing"
            yield _at(tree, ("services", name, "policy"), text)
