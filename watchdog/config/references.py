"""Checks across sections: names that must exist, and what a service needs to be guarded at all.

What lives here: the checks between entries. They read names from the tree, so that one wrong value in an entry does
not hide a wrong name beside it. What must not: checks within one entry (its model), values of the core (`compile`).
"""

from collections.abc import Iterator
from typing import TypeAlias

from watchdog.config import signals
from watchdog.config.errors import Problem, WrongValueError, shown, unknown
from watchdog.config.loaded import Sections
from watchdog.config.places import at, inside, kinds_written, named, text_of
from watchdog.config.policies import Policy
from watchdog.config.schema.base import Place
from watchdog.config.schema.services import Service
from watchdog.config.tree import Listing, Mapping, child, locate, names
from watchdog.core.model import OnFire

Kinds: TypeAlias = dict[str, str]
"""The kind of each source by its name; empty when it is not known."""


def check(tree: Mapping, sections: Sections) -> Iterator[Problem]:
    """Every mistake between the entries. A section that is no mapping has its own message and is not asked."""
    for name in names(child(tree, "rules")):
        yield from signals.check(tree, sections, name)
    for name in names(child(tree, "services")):
        yield from _service(tree, sections, name)
    yield from _servers(tree, sections)
    yield from _cookies(tree, sections)
    yield from _contacts(tree)


def kinds(sections: Sections) -> dict[str, str]:
    """The kind of each source."""
    return {name: source.kind for name, source in sections.sources.items()}


def used_sources(service: Service, sections: Sections) -> list[str]:
    """The sources of the service's rules, each once, in the rules' order."""
    return list(dict.fromkeys(sections.rules[rule].source for rule in service.rules))


def health_source(service: Service, sections: Sections, kind_of: Kinds) -> str | None:
    """The source that asks stable before a rollback; None when that is not clear."""
    if service.health is not None:
        return service.health
    of_rules = [source for source in used_sources(service, sections) if kind_of.get(source) == "health"]
    return of_rules[0] if len(of_rules) == 1 else None


def edge_source(service: Service, sections: Sections, kind_of: Kinds) -> str | None:
    """The access log that counts the service's users: its rules', or with nginx the only one there is."""
    return _only("access_log", service, sections, kind_of, or_any=service.router.nginx is not None)


def traffic_source(service: Service, sections: Sections, kind_of: Kinds) -> str | None:
    """What counts the service's users: its access log, else HAProxy's statistics; None: nothing does."""
    or_any = service.router.haproxy is not None
    edge = edge_source(service, sections, kind_of)
    return edge or _only("haproxy", service, sections, kind_of, or_any=or_any)


def _only(kind: str, service: Service, sections: Sections, kind_of: Kinds, *, or_any: bool) -> str | None:
    """The one source of a kind: its rules', or the only one there is; None when that is not clear."""
    of_rules = [source for source in used_sources(service, sections) if kind_of.get(source) == kind]
    candidates = of_rules or [name for name, known in kind_of.items() if or_any and known == kind]
    return candidates[0] if len(candidates) == 1 else None


def _service(tree: Mapping, sections: Sections, name: str) -> Iterator[Problem]:
    path: Place = ("services", name)
    given = inside(tree, (*path, "rules"))
    texts = [text_of(item) for item in given.items] if isinstance(given, Listing) else []
    for text in texts:
        yield from (at(tree, (*path, "rules"), message) for message in named(tree, "rules", text, "a rule"))
    plan = text_of(inside(tree, (*path, "plan")))
    yield from (at(tree, (*path, "plan"), message) for message in named(tree, "plans", plan, "a plan"))
    yield from _together(tree, path, name)
    yield from _policy(tree, sections, path, [text for text in texts if text is not None])
    yield from _health(tree, sections, path)
    service = sections.services.get(name)
    if service is not None and all(text in sections.rules for text in texts):
        yield from _guarded(tree, sections, path, service)
        for rule in service.rules:
            yield from signals.check_for(tree, sections, name, rule)


def _together(tree: Mapping, path: Place, name: str) -> Iterator[Problem]:
    """The services that are rolled back with this one."""
    given = inside(tree, (*path, "rollback_with"))
    for item in given.items if isinstance(given, Listing) else []:
        text = text_of(item)
        if text == name:
            yield at(tree, (*path, "rollback_with"), f"{shown(text)} is this service itself; wanted other services")
            continue
        for message in named(tree, "services", text, "a service"):
            yield at(tree, (*path, "rollback_with"), message)


def _policy(tree: Mapping, sections: Sections, path: Place, rules: list[str]) -> Iterator[Problem]:
    try:
        policy = Policy.parse(text_of(inside(tree, (*path, "policy"))))
    except WrongValueError:
        return
    place = f"in {shown(policy)}: " if policy.parts else ""
    for rule in dict.fromkeys(policy.names):
        model = sections.rules.get(rule)
        if rule not in rules:
            yield at(tree, (*path, "policy"), place + unknown(rule, "a rule of this service", rules))
        elif model is not None and model.on_fire is not OnFire.ROLLBACK:
            message = f"{shown(rule)} has on_fire: {model.on_fire.value}; the policy is about rules with rollback"
            yield at(tree, (*path, "policy"), place + message)


def _health(tree: Mapping, sections: Sections, path: Place) -> Iterator[Problem]:
    health = text_of(inside(tree, (*path, "health")))
    yield from (at(tree, (*path, "health"), message) for message in named(tree, "sources", health, "a source"))
    source = None if health is None else sections.sources.get(health)
    if source is not None and source.kind != "health":
        yield at(tree, (*path, "health"), f"{shown(health)} is of kind {source.kind}; wanted a source of kind health")


def _guarded(tree: Mapping, sections: Sections, path: Place, service: Service) -> Iterator[Problem]:
    """A service can be watched, and its rollback can be shown to be safe and proved."""
    kind_of = kinds_written(tree)
    sources = {name: kind_of.get(name, "") for name in used_sources(service, sections)}
    if "" in sources.values():
        return  # an unknown source, or one whose kind is misspelt, has its own message
    edges = [name for name, kind in sources.items() if kind == "access_log"]
    if len(edges) > 1:
        message = f"use {len(edges)} access logs ({', '.join(edges)}); one counts every user once, wanted rules on one"
        yield at(tree, (*path, "rules"), message)
    else:
        yield from _counted(tree, sections, path, service, kind_of)
    health = [name for name, kind in sources.items() if kind == "health"]
    if edges and not health:
        message = "use an access log without a health check: a hanging request is logged only when it ends; wanted a "
        yield at(tree, (*path, "rules"), message + "rule on a health source too, such as probe: {signal: health.up}")
    elif not health and service.health is None:
        message = "use no health source; stable must be shown to answer before a rollback, wanted a rule on one"
        yield at(tree, (*path, "rules"), message)
    elif len(health) > 1 and service.health is None:
        message = f"is missing; wanted which of {', '.join(health)} asks stable before a rollback"
        spot = locate(tree, path, missing="health")
        yield spot.origin.problem(spot.key, message)
    if not any(sections.rules[rule].on_fire is OnFire.ROLLBACK for rule in service.rules):
        yield at(tree, (*path, "rules"), "none has on_fire: rollback, so nothing would ever be rolled back")


def _counted(tree: Mapping, sections: Sections, path: Place, service: Service, kind_of: Kinds) -> Iterator[Problem]:
    """Somebody counts the users, as far as the router's proof, the plan's gates and the data need it."""
    edge = edge_source(service, sections, kind_of)
    if edge is None and service.router.nginx is not None:
        message = (
            "use no access log; nginx proves a rollback by it, so wanted one source such as edge: {access_log: {}}"
        )
        yield at(tree, (*path, "rules"), message)
        return
    if edge is None and service.data == "per_colour" and not service.writes_may_be_lost:
        message = "per_colour needs an access log, which alone sees writes; wanted one, or writes_may_be_lost: true"
        yield at(tree, (*path, "data"), message)
    if service.on_suspect == "divert" and not service.router.can_divert:
        message = "divert takes users off for a moment; wanted brake and release commands in the router, or pause"
        yield at(tree, (*path, "on_suspect"), message)
    plan = sections.plans.get(service.plan)
    if plan is None or traffic_source(service, sections, kind_of) is not None:
        return
    gates = [step.gate for step in plan.steps[:-1]]  # after the last step is the bake
    if plan.bake.requests or any(gate.requests or gate.per_critical_route for gate in gates):
        message = (
            f"{shown(service.plan)} waits for requests, and no source counts this service's; wanted a rule on an "
            "access_log or haproxy source, or a plan with gate: {requests: 0, per_critical_route: 0}"
        )
        yield at(tree, (*path, "plan"), message)


def _servers(tree: Mapping, sections: Sections) -> Iterator[Problem]:
    """The balancer's lines name a server, and the server names the service: no two services may share one."""
    owners: dict[str, str] = {}
    for name, service in sections.services.items():
        for colour in ("blue", "green"):
            for server in getattr(service.colours, colour).server:
                owner = owners.setdefault(server, name)
                if owner != name:
                    message = f"{shown(server)} is a server of {owner} too; wanted each server in one service"
                    yield at(tree, ("services", name, "colours", colour, "server"), message)


def _cookies(tree: Mapping, sections: Sections) -> Iterator[Problem]:
    """The cookie is set in a file that all services of one nginx share."""
    first: dict[str, tuple[str, bool]] = {}
    for name, service in sections.services.items():
        nginx = service.router.nginx
        if nginx is None:
            continue
        other, own = first.setdefault(nginx.directory, (name, nginx.own_userid))
        if nginx.own_userid is not own:
            message = f"differs from {other}'s, which has the same directory; wanted the same for both"
            spot = locate(tree, ("services", name, "router", "nginx"), missing="own_userid")
            yield spot.origin.problem(spot.key, message)


def _contacts(tree: Mapping) -> Iterator[Problem]:
    levels = child(tree, "escalation")
    count = len(levels.items) if isinstance(levels, Listing) else 0
    places: list[Place] = [("chat",), *(("escalation", index, "contacts") for index in range(count))]
    for place in places:
        listing = inside(tree, place)
        for item in listing.items if isinstance(listing, Listing) else []:
            for message in named(tree, "contacts", text_of(item), "a contact"):
                yield at(tree, place, message)
