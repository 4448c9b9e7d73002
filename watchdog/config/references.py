"""Checks across sections: names that must exist, and what a service needs to be guarded at all.

What lives here: the checks between entries. They read names from the tree, so that one wrong value in an entry does
not hide a wrong name beside it. What must not: checks within one entry (its model), values of the core (`compile`).
"""

from collections.abc import Iterator
from typing import TypeAlias

from watchdog.config.errors import Problem, WrongValueError, shown, unknown
from watchdog.config.forms import Policy, Signal
from watchdog.config.loaded import Sections
from watchdog.config.schema.base import Place
from watchdog.config.schema.rules import Rule
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources import KINDS
from watchdog.config.tree import Listing, Mapping, Node, Scalar, child, locate, names
from watchdog.core.model import OnFire

Kinds: TypeAlias = dict[str, str]
"""The kind of each source by its name; empty when it is not known."""

_SIGNAL_KEYS = {"sequential_ratio": ("bad", "total"), "probe": ("signal",), "threshold": ("value", "total")}


def check(tree: Mapping, sections: Sections) -> Iterator[Problem]:
    """Every mistake between the entries. A section that is no mapping has its own message and is not asked."""
    for name in names(child(tree, "rules")):
        yield from _rule(tree, sections, name)
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
    """The access log that counts the service's users: its rules', or the only one there is."""
    of_rules = [source for source in used_sources(service, sections) if kind_of.get(source) == "access_log"]
    candidates = of_rules or [name for name, kind in kind_of.items() if kind == "access_log"]
    return candidates[0] if len(candidates) == 1 else None


def _kinds_written(tree: Mapping) -> dict[str, str]:
    """The kind of each source by its key alone, so that a wrong value in one does not hide what a service lacks."""
    section = child(tree, "sources")
    written = {name: names(child(section, name)) for name in names(section)}
    return {name: next((key for key in keys if key in KINDS), "") for name, keys in written.items()}


def _at(tree: Mapping, path: Place, message: str) -> Problem:
    spot = locate(tree, path)
    return spot.origin.problem(spot.key, message)


def _text(node: Node | None) -> str | None:
    return node.value if isinstance(node, Scalar) else None


def _inside(tree: Mapping, path: Place) -> Node | None:
    node: Node | None = tree
    for part in path:
        node = child(node, part)
    return node


def _name(tree: Mapping, section: str, name: str | None, what: str) -> Iterator[str]:
    """A name that its section does not have. A section of another form has its own message."""
    written = child(tree, section)
    if name is not None and (written is None or isinstance(written, Mapping)) and name not in names(written):
        yield unknown(name, what, names(written))


def _rule(tree: Mapping, sections: Sections, name: str) -> Iterator[Problem]:
    """A rule's signals exist, are of the kind that the rule needs, and may order what it asks for."""
    wrong = False
    for kind, keys in _SIGNAL_KEYS.items():
        body: Place = ("rules", name, kind)
        has_total = _inside(tree, (*body, "total")) is not None
        for key in keys:
            try:
                signal = Signal.parse(_text(_inside(tree, (*body, key))))
            except WrongValueError:
                continue  # its model has said so, or it is not there
            wanted = {"sequential_ratio": "count", "probe": "probe"}.get(kind, "count" if has_total else "duration")
            for message in _signal(tree, signal, wanted):
                wrong = True
                yield _at(tree, (*body, key), message)
    rule = sections.rules.get(name)
    if rule is not None and not wrong:
        yield from _rule_as_a_whole(tree, sections, name, rule)


def _signal(tree: Mapping, signal: Signal, wanted: str) -> Iterator[str]:
    yield from _name(tree, "sources", signal.source, "a source")
    written = _kinds_written(tree).get(signal.source)
    if not written:
        return
    kind = KINDS[written]
    if signal.signal not in kind.signals:
        yield unknown(signal.signal, f"a signal of {signal.source}", list(kind.signals))
    elif kind.signals[signal.signal] != wanted:
        yield _wrong_kind(signal, kind.signals[signal.signal], wanted)
    if signal.route is not None:
        yield from _route(tree, signal, has_routes=kind.routes)


def _wrong_kind(signal: Signal, is_: str, wanted: str) -> str:
    cures = {
        ("count", "duration"): "wanted total too (and over), for a threshold judges shares of counts",
        ("count", "probe"): "wanted a probe's result, such as health.up; for counts use sequential_ratio",
        ("probe", "duration"): "wanted a gauge, such as health.seconds; for a probe's result use probe",
        ("probe", "count"): "wanted a count, such as edge.errors; for a probe's result use probe",
    }
    return f"{signal} is a {is_}, {cures.get((is_, wanted), f'wanted a {wanted}')}"


def _route(tree: Mapping, signal: Signal, *, has_routes: bool) -> Iterator[str]:
    routes = names(_inside(tree, ("sources", signal.source, "access_log", "routes")))
    if not has_routes:
        yield f"{signal.source} does not tell routes apart; wanted {signal.source}.{signal.signal}"
    elif signal.route not in routes:
        yield unknown(signal.route or "", f"a route of {signal.source}", routes)


def _rule_as_a_whole(tree: Mapping, sections: Sections, name: str, rule: Rule) -> Iterator[Problem]:
    source = sections.sources.get(rule.source)
    if source is not None and rule.on_fire is OnFire.ROLLBACK and not KINDS[source.kind].per_colour:
        message = f"{rule.source} does not tell the colours apart, so it proves nothing about one; wanted freeze, "
        yield _at(tree, ("rules", name, "on_fire"), message + "escalate or observe")
    (first, one), *others = rule.signals
    for key, other in others:
        if (other.source, other.route) != (one.source, one.route):
            message = f"is {other}, {first} is {one}; wanted both of one source and one route"
            yield _at(tree, ("rules", name, rule.kind, key), message)
    threshold = rule.threshold
    if threshold is not None and threshold.total is None and threshold.when.unit != "duration":
        message = f'found "{threshold.when}", wanted a comparison with a duration such as "> 2s"'
        yield _at(tree, ("rules", name, "threshold", "when"), message)


def _service(tree: Mapping, sections: Sections, name: str) -> Iterator[Problem]:
    path: Place = ("services", name)
    given = _inside(tree, (*path, "rules"))
    texts = [_text(item) for item in given.items] if isinstance(given, Listing) else []
    for text in texts:
        yield from (_at(tree, (*path, "rules"), message) for message in _name(tree, "rules", text, "a rule"))
    plan = _text(_inside(tree, (*path, "plan")))
    yield from (_at(tree, (*path, "plan"), message) for message in _name(tree, "plans", plan, "a plan"))
    yield from _policy(tree, sections, path, [text for text in texts if text is not None])
    yield from _health(tree, sections, path)
    service = sections.services.get(name)
    if service is not None and all(text in sections.rules for text in texts):
        yield from _guarded(tree, sections, path, service)


def _policy(tree: Mapping, sections: Sections, path: Place, rules: list[str]) -> Iterator[Problem]:
    try:
        policy = Policy.parse(_text(_inside(tree, (*path, "policy"))))
    except WrongValueError:
        return
    for rule in policy.rules:
        model = sections.rules.get(rule)
        if rule not in rules:
            yield _at(tree, (*path, "policy"), unknown(rule, "a rule of this service", rules))
        elif model is not None and model.on_fire is not OnFire.ROLLBACK:
            message = f"{shown(rule)} has on_fire: {model.on_fire.value}; the policy is about rules with rollback"
            yield _at(tree, (*path, "policy"), message)


def _health(tree: Mapping, sections: Sections, path: Place) -> Iterator[Problem]:
    health = _text(_inside(tree, (*path, "health")))
    yield from (_at(tree, (*path, "health"), message) for message in _name(tree, "sources", health, "a source"))
    source = None if health is None else sections.sources.get(health)
    if source is not None and source.kind != "health":
        yield _at(tree, (*path, "health"), f"{shown(health)} is of kind {source.kind}; wanted a source of kind health")


def _guarded(tree: Mapping, sections: Sections, path: Place, service: Service) -> Iterator[Problem]:
    """A service can be watched, and its rollback can be shown to be safe and proved."""
    kind_of = _kinds_written(tree)
    sources = {name: kind_of.get(name, "") for name in used_sources(service, sections)}
    if "" in sources.values():
        return  # an unknown source, or one whose kind is misspelt, has its own message
    edges = [name for name, kind in sources.items() if kind == "access_log"]
    if len(edges) > 1:
        message = f"use {len(edges)} access logs ({', '.join(edges)}); one counts every user once, wanted rules on one"
        yield _at(tree, (*path, "rules"), message)
    elif edge_source(service, sections, kind_of) is None:
        message = (
            "use no access log; nginx proves a rollback by it, so wanted one source such as edge: {access_log: {}}"
        )
        yield _at(tree, (*path, "rules"), message)
    health = [name for name, kind in sources.items() if kind == "health"]
    if edges and not health:
        message = "use an access log without a health check: a hanging request is logged only when it ends; wanted a "
        yield _at(tree, (*path, "rules"), message + "rule on a health source too, such as probe: {signal: health.up}")
    elif not health and service.health is None:
        message = "use no health source; stable must be shown to answer before a rollback, wanted a rule on one"
        yield _at(tree, (*path, "rules"), message)
    elif len(health) > 1 and service.health is None:
        message = f"is missing; wanted which of {', '.join(health)} asks stable before a rollback"
        spot = locate(tree, path, missing="health")
        yield spot.origin.problem(spot.key, message)
    if not any(sections.rules[rule].on_fire is OnFire.ROLLBACK for rule in service.rules):
        yield _at(tree, (*path, "rules"), "none has on_fire: rollback, so nothing would ever be rolled back")


def _servers(tree: Mapping, sections: Sections) -> Iterator[Problem]:
    """The balancer's lines name a server, and the server names the service: no two services may share one."""
    owners: dict[str, str] = {}
    for name, service in sections.services.items():
        for colour in ("blue", "green"):
            for server in getattr(service.colours, colour).server:
                owner = owners.setdefault(server, name)
                if owner != name:
                    message = f"{shown(server)} is a server of {owner} too; wanted each server in one service"
                    yield _at(tree, ("services", name, "colours", colour, "server"), message)


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
        listing = _inside(tree, place)
        for item in listing.items if isinstance(listing, Listing) else []:
            for message in _name(tree, "contacts", _text(item), "a contact"):
                yield _at(tree, place, message)
    seen = [_text(_inside(tree, ("escalation", index, "level"))) for index in range(count)]
    for index, level in enumerate(seen):
        if level is not None and level in seen[:index]:
            yield _at(tree, ("escalation", index, "level"), f"{level} is given twice; wanted each level once")
