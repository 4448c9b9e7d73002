"""From a file that was found right to the values of the core and the settings of the adapters.

What lives here: the translation, shared by daemon and replay. What must not: defaults (the schema has them), checks of
single keys. `refusals` finds what only the core can judge, so that `load` reports it with its line.
"""

from collections.abc import Iterator
from dataclasses import replace

from watchdog.config import conditions, effective
from watchdog.config.adapters import Compiled, ContactSettings, HookSettings, ServiceSettings
from watchdog.config.errors import Problem
from watchdog.config.loaded import Loaded, Sections
from watchdog.config.references import edge_source, health_source, kinds, traffic_source, used_sources
from watchdog.config.routing import fallback_settings, router_settings, session_drain
from watchdog.config.schema.budget import Budget
from watchdog.config.schema.hooks import STOP, HookCommand
from watchdog.config.schema.plans import Plan as PlanModel
from watchdog.config.schema.plans import Step as StepModel
from watchdog.config.schema.rules.rule import Rule as RuleModel
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.access_log import AccessLog
from watchdog.config.signals import tells_colours
from watchdog.config.sources import translate
from watchdog.config.sources.access_log import edge_settings
from watchdog.config.tree import Mapping, locate
from watchdog.core import settings
from watchdog.core.conditions import Sequential
from watchdog.core.model import AfterRollback, Colour, Data, OnFire, Sessions
from watchdog.core.rules import api

USUAL_TRIAL_S = 3.0
"""A trial lasts as long as a disturbance may, so this is the usual ride_out; used where no rule has one."""

PARACHUTE_EVERY_S = 10.0
"""So often it is proved again that a rollback would work. It costs a request and a look at files."""

DRAIN_S = 60.0
"""For routers that have no key for it."""


def compile_(loaded: Loaded) -> Compiled:
    """The core's environment and the adapters' settings."""
    sections, top = loaded.sections, loaded.top
    canonical = effective.text(loaded)
    environment = settings.Environment(
        name=top.environment,
        services=tuple(
            _service(name, service, sections, shadow=top.shadow) for name, service in sections.services.items()
        ),
        plans=tuple(_plan(name, plan) for name, plan in sections.plans.items()),
        escalation=tuple(
            settings.Escalation(level=int(level.level), after=level.begins, repeat=level.every, contacts=level.contacts)
            for level in top.escalation
        ),
        budget=_budget(top.budget),
        chat=top.chat,
        blind_after=float(top.blind_after),
        digest=effective.digest(canonical),
    )
    return Compiled(
        environment=environment,
        text=canonical,
        services=tuple(_adapters(name, service, sections) for name, service in sections.services.items()),
        contacts=tuple(ContactSettings(name=n, url=contact.apprise) for n, contact in sections.contacts.items()),
        state=top.state,
        control_socket=top.control.socket,
        operators=top.control.operators,
        viewers=top.control.viewers,
        edge_socket=top.edge_socket,
        edge_group=top.edge.group,
    )


def refusals(tree: Mapping, sections: Sections) -> Iterator[Problem]:
    """What the core refuses, rule by rule, at the rule's place. Rules that have other mistakes are left out."""
    for service in sections.services.values():
        for name in service.rules if service.plan in sections.plans else ():
            rule = sections.rules.get(name)
            if rule is None or any(other not in sections.rules for other in service.rules):
                continue
            if rule.source not in sections.sources:
                continue
            compiled = _in_plan(_rule(name, service, sections), sections.plans[service.plan].watched)
            try:
                api.check(compiled.condition)
                api.initial(compiled)
            except ValueError as error:
                spot = locate(tree, ("rules", name, compiled.condition.kind))
                yield spot.origin.problem(spot.key, str(error))


def _in_plan(rule: settings.Rule, watched: float) -> settings.Rule:
    """The rule as a deployment under the service's usual plan will have it."""
    condition = rule.condition
    if not isinstance(condition, Sequential) or condition.window:
        return rule
    return replace(rule, condition=replace(condition, window=watched))


def _service(name: str, service: Service, sections: Sections, *, shadow: bool) -> settings.Service:
    edge, direct = _edge(service, sections), _direct(service, sections)
    routes = {} if edge is None else _access_log(edge, sections).routes
    counting = traffic_source(service, sections, kinds(sections))
    sources = dict.fromkeys([*used_sources(service, sections), *(() if counting is None else (counting,)), direct])
    return settings.Service(
        name=name,
        first_stable=Colour(service.stable),
        rules=tuple(_rule(rule, service, sections) for rule in service.rules),
        sources=tuple(_source(source, sections) for source in sources),
        policy=service.policy.condition,
        plan=service.plan,
        divert=service.diverts and service.router.can_divert,
        divert_for=float(service.divert_for),
        trial=_trial(service, sections),
        stable_warm=float(service.stable_warm),
        keep_stable=float(service.keep_stable),
        resume_by_human=service.resume == "human",
        traffic_source=counting,
        critical_routes=tuple(route for route, settings_ in routes.items() if settings_.critical),
        alpha=float(service.alpha),
        shadow=shadow or service.shadow,
        data=Data(service.data),
        writes_may_be_lost=service.writes_may_be_lost,
        sessions=Sessions(service.sessions),
        session_drain=session_drain(service) if service.sessions == "in_memory" else 0.0,
        cool_down=float(service.cool_down),
        budget=_budget(service.budget),
        rollback_with=service.rollback_with,
        parachute_every=PARACHUTE_EVERY_S,
        after_rollback=tuple(_hook(hook) for hook in _after_rollback(service)),
        candidate_after_rollback=AfterRollback(service.candidate_after_rollback),
        stop_candidate=next((_hook(hook) for hook in _stop(service)), None),
        drain=_drain(service),
        tasks=tuple(settings.Task(name=task, command=command) for task, command in service.by_hand.items()),
        cuts_routes=service.router.nginx is not None,
        routes=tuple(routes),
    )


def _budget(budget: Budget) -> settings.Budget | None:
    if budget.rollbacks.count is None:
        return None
    return settings.Budget(rollbacks=budget.rollbacks.count, within=float(budget.within))


def _hook(hook: HookSettings) -> settings.Hook:
    return settings.Hook(name=hook.name, idempotent=hook.idempotent)


def _after_rollback(service: Service) -> tuple[HookSettings, ...]:
    return tuple(_command(name, hook) for name, hook in service.hooks.after_rollback.items())


def _stop(service: Service) -> tuple[HookSettings, ...]:
    return () if service.hooks.stop is None else (_command(STOP, service.hooks.stop),)


def _command(name: str, hook: HookCommand) -> HookSettings:
    return HookSettings(name=name, argv=hook.argv, deadline=float(hook.deadline), idempotent=hook.idempotent)


def _drain(service: Service) -> float:
    drain = service.router.drain
    return DRAIN_S if drain is None else drain


def _edge(service: Service, sections: Sections) -> str | None:
    """The access log; only nginx's services must have one."""
    return edge_source(service, sections, kinds(sections))


def _direct(service: Service, sections: Sections) -> str:
    direct = health_source(service, sections, kinds(sections))
    assert direct is not None  # `references` refuses a service without one
    return direct


def _access_log(name: str, sections: Sections) -> AccessLog:
    source = sections.sources[name].access_log
    assert source is not None  # `references` has looked at its kind
    return source


def _source(name: str, sections: Sections) -> settings.Source:
    source = sections.sources[name]
    return settings.Source(
        name=name,
        kind=source.kind,
        interval=source.interval,
        required=source.is_required,
        probing=source.model.PROBING,
        idle_factor=source.model.idle_factor,
    )


def _trial(service: Service, sections: Sections) -> float:
    """As long as the longest disturbance that a rule rides out."""
    rules = [sections.rules[name] for name in service.rules]
    return (
        max((conditions.ride_out(rule) for rule in rules if conditions.shares_alpha(rule)), default=0.0)
        or USUAL_TRIAL_S
    )


def _rule(name: str, service: Service, sections: Sections) -> settings.Rule:
    rule = sections.rules[name]
    per_colour = tells_colours(rule, service, sections)
    return settings.Rule(
        name=name,
        source=rule.source,
        condition=conditions.condition(rule, service, sections),
        on_fire=rule.orders,
        instead_of=_instead_of(rule, per_colour=per_colour),
        warm_up=float(rule.warm_up),
        slow=rule.is_slow,
        no_data=tuple(sorted(rule.no_data.items())),
        always=rule.always,
        per_colour=per_colour,
    )


def _instead_of(rule: RuleModel, *, per_colour: bool) -> OnFire:
    """What an observing rule would ask for: in shadow that is written already."""
    if rule.shadow:
        return rule.on_fire
    return rule.instead_of or (OnFire.ROLLBACK if per_colour else OnFire.FREEZE)


def _plan(name: str, plan: PlanModel) -> settings.Plan:
    bake = settings.Bake(at_least=float(plan.bake.at_least), requests=plan.bake.requests)
    return settings.Plan(name=name, steps=tuple(_step(step) for step in plan.steps), bake=bake)


def _step(step: StepModel) -> settings.Step:
    gate = settings.Gate(
        requests=step.gate.requests,
        per_critical_route=step.gate.per_critical_route,
        passes_per_critical_route=step.gate.passes_per_critical_route,
    )
    return settings.Step(weight=float(step.weight), soak=float(step.soak or 0.0), gate=gate)


def _adapters(name: str, service: Service, sections: Sections) -> ServiceSettings:
    edge, direct = _edge(service, sections), _direct(service, sections)
    counting = traffic_source(service, sections, kinds(sections))
    used = dict.fromkeys([*used_sources(service, sections), *(() if counting is None else (counting,)), direct])
    polled = {source: sections.sources[source].model for source in used if source != edge}
    signals = [signal for rule in service.rules for _, signal in sections.rules[rule].signals]
    return ServiceSettings(
        name=name,
        router=router_settings(name, service),
        fallback=fallback_settings(name, service),
        edge=None if edge is None else edge_settings(edge, _access_log(edge, sections)),
        sources=tuple(translate.source(source, name, model, service, signals) for source, model in polled.items()),
        direct=direct,
        hooks=(*_after_rollback(service), *_stop(service)),
        maintenance=service.maintenance,
    )
