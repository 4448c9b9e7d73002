"""From rule instances to one verdict per service.

What lives here: how far an instance can be believed at a moment, the policy over the rollback rules, the precedence
failing, blind, suspect, healthy. What must not: acting on it. Only the candidate's instances (and those of rules that
cannot tell colours apart) count.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from watchdog.core.conditions import CanaryVsStable
from watchdog.core.model import Colour, Judgement, Level, OnFire, Seconds, Verdict
from watchdog.core.phases import Phase
from watchdog.core.rules import api
from watchdog.core.settings import AnyOf, Rule, Service, Source
from watchdog.core.state import Deployment, Instance, ServiceState

POLLS_TO_UNKNOWN = 3
"""So many polls without anything trustworthy make a judgement unknown."""


STABLE_SETTLES_S = 600.0
"""So long after a proved rollback stable is watched like a release: it has every user from one second to the next, and
caches, pools and queues that are too small for them show within minutes."""


COUNTED = frozenset({OnFire.ROLLBACK, OnFire.FREEZE})
"""Only these rules make a verdict; an escalating rule tells, an observing one is looked at."""


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
    """Rules of required sources that are unknown, and required sources without a rule that are silent."""


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


def on_cut_route(settings: Service, deployment: Deployment, rule: Rule) -> bool:
    """Whether a rule judges users of one route whom a human keeps from the candidate."""
    if not deployment.routes_cut or rule.source != settings.traffic_source:
        return False
    return any(signal.endswith(f"[{route}]") for route in deployment.routes_cut for signal in rule.condition.signals)


def judgement(
    settings: Service, service: ServiceState, instance: Instance, colour: Colour | None, now: Seconds
) -> Judgement:
    """How far an instance can be believed at `now`: its source's silence and the colour's traffic count, too."""
    rule = instance.rule
    deployment = service.deployment
    if colour is not None and maintained(service):
        return Judgement.NOT_APPLICABLE
    if colour is not None and deployment is not None:
        compares = isinstance(rule.condition, CanaryVsStable)
        needed = tuple(Colour) if compares else (colour,) if rule.source == settings.traffic_source else ()
        if not all(applicable(deployment, each) for each in needed):
            return Judgement.NOT_APPLICABLE
        if deployment.candidate in needed and on_cut_route(settings, deployment, rule):
            return Judgement.NOT_APPLICABLE
    if instance.missed >= POLLS_TO_UNKNOWN or silent(settings, service, rule.source, now):
        return Judgement.UNKNOWN
    return instance.judgement


def silent(settings: Service, service: ServiceState, source: str, now: Seconds) -> bool:
    """Whether a source has said nothing for three of its polls, which are rarer while nothing is deployed."""
    beat, deployment, own = service.beats.get(source), service.deployment, settings.source(source)
    began = deployment.began if deployment is not None else now
    last = beat.last if beat is not None else began
    return now - last > POLLS_TO_UNKNOWN * own.interval * (own.idle_factor if idle(deployment, now) else 1.0)


def idle(deployment: Deployment | None, now: Seconds) -> bool:
    """Whether no deployment is under way and none was rolled back just now, so that sources are asked less often."""
    return deployment is None or (deployment.ended and not settling(deployment, now))


def settling(deployment: Deployment | None, now: Seconds) -> bool:
    """Whether a proved rollback gave stable its full load so short a time ago that it is watched like a release."""
    if deployment is None or deployment.phase is not Phase.ROLLED_BACK or deployment.ended_at is None:
        return False
    return now < deployment.ended_at + STABLE_SETTLES_S


def waived(service: ServiceState, rule: str, now: Seconds) -> bool:
    """Whether a human took the rule out of the deployment under way, for a time that is not over."""
    deployment = service.deployment
    if deployment is None or deployment.ended:
        return False
    waiver = deployment.waived.get(rule)
    return waiver is not None and now < waiver.until


def maintained(service: ServiceState) -> bool:
    """Whether the operator's maintenance page is in force: no user reaches either colour."""
    return service.seen is not None and service.seen.maintenance


def left_out(service: ServiceState, rule: Rule, now: Seconds) -> bool:
    """Whether the rule counts for nothing at the moment, whatever it sees: it is waived, or nobody reaches a colour."""
    return (rule.per_colour and maintained(service)) or waived(service, rule.name, now)


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
    known: list[Instance] = []
    blind: list[str] = []
    for instance, colour in candidates(service):
        if left_out(service, instance.rule, now):
            continue
        if judgement(settings, service, instance, colour, now) is not Judgement.UNKNOWN:
            known.append(instance)
        elif instance.rule.on_fire in COUNTED and settings.source(instance.rule.source).required:
            blind.append(instance.rule.name)
    blind.extend(_silent_without_rule(settings, service, now))
    firing = _firing(known, OnFire.ROLLBACK)
    counted = [each for each in known if each.rule.on_fire in COUNTED and not _stuck(settings, service, each)]
    suspect = tuple(each.rule.name for each in counted if each.level is not Level.INACTIVE)
    verdict = _precedence(holds(settings, settings.policy, firing), blind=bool(blind), suspect=bool(suspect))
    return Reading(
        verdict=verdict,
        firing=firing,
        freezing=_firing(known, OnFire.FREEZE),
        escalating=_firing(known, OnFire.ESCALATE),
        suspect=suspect,
        blind=tuple(blind),
    )


def _stuck(settings: Service, service: ServiceState, instance: Instance) -> bool:
    """Whether a suspicion can neither grow nor fade: its route is cut, or the comparison's partner has no traffic."""
    deployment = service.deployment
    if deployment is None or instance.level is not Level.PENDING:
        return False
    if on_cut_route(settings, deployment, instance.rule):
        return True
    return isinstance(instance.rule.condition, CanaryVsStable) and not applicable(deployment, deployment.stable)


def _firing(known: list[Instance], ask: OnFire) -> tuple[str, ...]:
    return tuple(each.rule.name for each in known if each.rule.on_fire is ask and each.level is Level.FIRING)


def _silent_without_rule(settings: Service, service: ServiceState, now: Seconds) -> Iterator[str]:
    """Required sources that no counted rule uses and that say nothing: soak stands still for them, too."""
    used = {instance.rule.source for instance, _ in candidates(service) if instance.rule.on_fire in COUNTED}
    for source in settings.sources:
        if source.required and source.name not in used and silent(settings, service, source.name, now):
            yield source.name


def always_firing(settings: Service, service: ServiceState, now: Seconds) -> tuple[str, ...]:
    """The rules with `always` that fire on stable, with or without a deployment: a human must know."""
    colour = service.stable
    live = service.deployment is not None and not service.deployment.ended
    return tuple(
        rule.name
        for rule in settings.rules
        if rule.always and rule.on_fire is not OnFire.OBSERVE and (rule.per_colour or not live)
        if not left_out(service, rule, now)
        if (instance := service.instances.get(key(rule, colour))) is not None
        and instance.level is Level.FIRING
        and judgement(settings, service, instance, colour if rule.per_colour else None, now) is not Judgement.UNKNOWN
    )


def _precedence(failing: bool, *, blind: bool, suspect: bool) -> Verdict:  # noqa: FBT001 - read in one place only
    if failing:
        return Verdict.FAILING
    if blind:
        return Verdict.BLIND
    return Verdict.SUSPECT if suspect else Verdict.HEALTHY


def holds(settings: Service, policy: AnyOf, firing: tuple[str, ...]) -> bool:
    """Whether the policy, with every condition within it, is true of the firing rollback rules.

    A waived rule counts as one that does not fire: a waiver can make a rollback rarer, never likelier.
    """
    ranged = policy.rules
    if not ranged and not policy.parts:
        ranged = tuple(rule.name for rule in settings.rules if rule.on_fire is OnFire.ROLLBACK)
    met = [*(name in firing for name in ranged), *(holds(settings, part, firing) for part in policy.parts)]
    wanted = len(met) if policy.all_ else policy.at_least
    return bool(met) and sum(met) >= wanted


def armed(settings: Service, service: ServiceState, now: Seconds, *, without: str = "") -> bool:
    """Whether a rollback could follow from rules at all: the policy is true when all that are not waived fire."""
    able = [rule.name for rule in settings.rules if rule.on_fire is OnFire.ROLLBACK and rule.name != without]
    return holds(settings, settings.policy, tuple(name for name in able if not waived(service, name, now)))


def watched_by(settings: Service, service: ServiceState, now: Seconds) -> tuple[Source, ...]:
    """The required sources that time is watched by: not those of which every rule that counts is waived."""
    rules = [instance.rule for instance, _ in candidates(service) if instance.rule.on_fire in COUNTED]
    left_out = {rule.source for rule in rules} - {r.source for r in rules if not waived(service, r.name, now)}
    return tuple(source for source in settings.sources if source.required and source.name not in left_out)


def suspicious(settings: Service, service: ServiceState, now: Seconds) -> tuple[str, ...]:
    """The rollback rules whose suspicion of the candidate may divert."""
    return tuple(
        instance.rule.name
        for instance, colour in candidates(service)
        if instance.rule.on_fire is OnFire.ROLLBACK
        and not left_out(service, instance.rule, now)
        and judgement(settings, service, instance, colour, now) is not Judgement.UNKNOWN
        and api.suspicious(instance.rule, instance.state)
        and not _stuck(settings, service, instance)
    )
