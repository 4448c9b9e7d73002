"""From rule instances to one verdict per service.

What lives here: how far an instance can be believed at a moment, the policy over the rollback rules, the precedence
failing, blind, suspect, healthy. What must not: acting on it. Only the candidate's instances (and those of rules that
cannot tell colours apart) count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchdog.core.model import Colour, Judgement, Level, OnFire, Seconds, Verdict
from watchdog.core.rules import api
from watchdog.core.settings import AnyOf, Rule, Service
from watchdog.core.state import Deployment, Instance, ServiceState

POLLS_TO_UNKNOWN = 3
"""So many polls without anything trustworthy make a judgement unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The verdict with the rules behind each part of it."""

    verdict: Verdict
    firing: tuple[str, ...] = ()
    """Rollback rules that fire on the candidate and are believed."""
    freezing: tuple[str, ...] = ()
    escalating: tuple[str, ...] = ()
    suspect: tuple[str, ...] = ()
    blind: tuple[str, ...] = ()


def key(rule: Rule, colour: Colour | None) -> str:
    """The name of a rule's instance on a colour."""
    return f"{rule.name}@{colour}" if rule.per_colour and colour is not None else rule.name


def applicable(deployment: Deployment, colour: Colour) -> bool:
    """Whether the colour has ordered traffic at the moment."""
    if colour is deployment.stable:
        return deployment.in_force.weight < 1.0 or cut(deployment)
    return deployment.in_force.weight > 0.0 and not cut(deployment)


def cut(deployment: Deployment) -> bool:
    """Whether a divert keeps the candidate from its users now."""
    return deployment.divert is not None and deployment.divert.cut


def judgement(
    settings: Service, service: ServiceState, instance: Instance, colour: Colour | None, now: Seconds
) -> Judgement:
    """How far an instance can be believed at `now`: its source's silence and the colour's traffic count, too."""
    rule = instance.rule
    deployment = service.deployment
    if colour is not None and deployment is not None and rule.source == settings.traffic_source:
        known = applicable(deployment, colour)
        if not known:
            return Judgement.NOT_APPLICABLE
    if instance.missed >= POLLS_TO_UNKNOWN or silent(settings, service, rule.source, now):
        return Judgement.UNKNOWN
    return instance.judgement


def silent(settings: Service, service: ServiceState, source: str, now: Seconds) -> bool:
    """Whether a source has said nothing for three of its polls."""
    beat = service.beats.get(source)
    began = service.deployment.began if service.deployment is not None else now
    last = beat.last if beat is not None else began
    return now - last > POLLS_TO_UNKNOWN * settings.source(source).interval


def candidates(service: ServiceState) -> Iterator[tuple[Instance, Colour | None]]:
    """The instances that count: the candidate's, and those of rules that cannot tell colours apart."""
    deployment = service.deployment
    if deployment is None:
        return
    for name, instance in service.instances.items():
        if not instance.rule.per_colour:
            yield instance, None
        elif name == key(instance.rule, deployment.candidate):
            yield instance, deployment.candidate


def read(settings: Service, service: ServiceState, now: Seconds) -> Reading:
    """The verdict at `now`. Unknown counts as not firing and orders nothing new."""
    firing: list[str] = []
    freezing: list[str] = []
    escalating: list[str] = []
    suspect: list[str] = []
    blind: list[str] = []
    by_ask = {OnFire.ROLLBACK: firing, OnFire.FREEZE: freezing, OnFire.ESCALATE: escalating}
    for instance, colour in candidates(service):
        rule = instance.rule
        believed = judgement(settings, service, instance, colour, now)
        if believed is Judgement.UNKNOWN:
            if settings.source(rule.source).required:
                blind.append(rule.name)
            continue
        if rule.on_fire is OnFire.OBSERVE:
            continue
        if instance.level is Level.FIRING:
            by_ask[rule.on_fire].append(rule.name)
        if instance.level is not Level.INACTIVE and rule.on_fire is not OnFire.ESCALATE:
            suspect.append(rule.name)
    verdict = _precedence(holds(settings, settings.policy, firing), blind=bool(blind), suspect=bool(suspect))
    return Reading(
        verdict=verdict,
        firing=tuple(firing),
        freezing=tuple(freezing),
        escalating=tuple(escalating),
        suspect=tuple(suspect),
        blind=tuple(blind),
    )


def _precedence(failing: bool, *, blind: bool, suspect: bool) -> Verdict:  # noqa: FBT001 - read in one place only
    if failing:
        return Verdict.FAILING
    if blind:
        return Verdict.BLIND
    return Verdict.SUSPECT if suspect else Verdict.HEALTHY


def holds(settings: Service, policy: AnyOf, firing: list[str]) -> bool:
    """Whether the policy is true of the firing rollback rules."""
    rollback_rules = [rule.name for rule in settings.rules if rule.on_fire is OnFire.ROLLBACK]
    ranged = policy.rules or tuple(rollback_rules)
    count = sum(name in firing for name in ranged)
    wanted = len(ranged) if policy.all_ else policy.at_least
    return bool(ranged) and count >= wanted


def suspicious(settings: Service, service: ServiceState, now: Seconds) -> tuple[str, ...]:
    """The rollback rules whose suspicion of the candidate may divert."""
    return tuple(
        instance.rule.name
        for instance, colour in candidates(service)
        if instance.rule.on_fire is OnFire.ROLLBACK
        and judgement(settings, service, instance, colour, now) is not Judgement.UNKNOWN
        and api.suspicious(instance.rule, instance.state)
    )
