"""Whether a rule's signals are there, of the kind that the rule wants, and may order what the rule asks for.

What lives here: the checks between a rule and the sources, alike for every kind of rule: what a kind wants its model
says (`schema/rules`), what a signal is its source says (`schema/sources`). What must not: names of services and plans.
"""

from collections.abc import Iterator
from dataclasses import replace

from watchdog.config.errors import Problem, WrongValueError, unknown
from watchdog.config.forms import Signal
from watchdog.config.loaded import Sections
from watchdog.config.places import at, inside, kinds_written, named, text_of
from watchdog.config.schema.rules.gauges import Spike, Trend
from watchdog.config.schema.rules.rule import KINDS as RULE_KINDS
from watchdog.config.schema.rules.rule import Rule
from watchdog.config.schema.rules.threshold import Threshold
from watchdog.config.schema.services import Service
from watchdog.config.schema.sources.base import SignalSpec
from watchdog.config.schema.sources.source import KINDS
from watchdog.config.tree import Mapping, names
from watchdog.config.units import Comparison, Quantity
from watchdog.core.model import OnFire

CANARY_VS_STABLE = "canary_vs_stable"


def check(tree: Mapping, sections: Sections, name: str) -> Iterator[Problem]:
    """A rule's signals exist, are of the kind that the rule needs, and may order what it asks for."""
    wrong = False
    for kind, model in RULE_KINDS.items():
        body = ("rules", name, kind)
        for key, wanted in model.wanted(names(inside(tree, body))).items():
            try:
                signal = Signal.parse(text_of(inside(tree, (*body, key))))
            except WrongValueError:
                continue  # its model has said so, or it is not there
            for message in _signal(tree, sections, signal, wanted, kind):
                wrong = True
                yield at(tree, (*body, key), message)
    rule = sections.rules.get(name)
    if rule is not None and not wrong:
        yield from _as_a_whole(tree, sections, name, rule)


def check_for(tree: Mapping, sections: Sections, service_name: str, name: str) -> Iterator[Problem]:
    """What a rule may not order for one service, whose colours share their data."""
    rule, service = sections.rules[name], sections.services[service_name]
    if not all(spec.per_colour for spec in specs_of(rule, sections)) or tells_colours(rule, service, sections):
        return
    shares = f"{rule.source} speaks of the data, which both colours of {service_name} share (data: shared)"
    yield from _blind_to_colours(tree, name, rule, shares)


def specs_of(rule: Rule, sections: Sections) -> list[SignalSpec]:
    """What is known of a rule's signals, in its own order; empty when the source has mistakes."""
    source = sections.sources.get(rule.source)
    specs = {} if source is None else source.model.signals()
    return [specs[signal.signal] for _, signal in rule.signals if signal.signal in specs]


def tells_colours(rule: Rule, service: Service, sections: Sections) -> bool:
    """Whether the rule has an instance for each colour of a service."""
    shared = service.data == "shared"
    return all(spec.per_colour and not (spec.of_data and shared) for spec in specs_of(rule, sections))


def _signal(tree: Mapping, sections: Sections, signal: Signal, wanted: str, kind: str) -> Iterator[str]:
    yield from named(tree, "sources", signal.source, "a source")
    specs, complete = _specs(tree, sections, signal.source)
    spec = specs.get(signal.signal)
    if spec is None:
        if complete:
            yield unknown(signal.signal, f"a signal of {signal.source}", list(specs))
        return
    if spec.kind != wanted:
        yield _wrong_kind(signal, "duration" if spec.unit == "duration" else spec.kind, wanted)
    elif spec.relative and kind != CANARY_VS_STABLE:
        yield f"{signal} is judged against stable only (wrong passwords are no fault); wanted {CANARY_VS_STABLE}"
    if spec.names is not None:
        yield f"{signal} asks about {spec.names} only, and would judge it for both; wanted $colour in its place"
    yield from _member(signal, spec, "route" if kinds_written(tree).get(signal.source) == "access_log" else "part")


def _specs(tree: Mapping, sections: Sections, name: str) -> tuple[dict[str, SignalSpec], bool]:
    """A source's signals, and whether these are all of them: of one with mistakes only its kind is known."""
    source = sections.sources.get(name)
    if source is not None:
        return dict(source.model.signals()), True
    model = KINDS.get(kinds_written(tree).get(name, ""))
    if model is None:
        return {}, False
    specs = {each: replace(spec, any_member=spec.members is not None) for each, spec in model.CATALOGUE.items()}
    return specs, not model.OWN


_CURES = {
    ("count", "gauge"): "wanted a gauge, such as health.seconds; a threshold judges a share of counts, with total too",
    ("count", "probe"): "wanted a probe's result, such as health.up; for counts use sequential_ratio",
    ("probe", "gauge"): "wanted a gauge, such as health.seconds; for a probe's result use probe",
    ("probe", "count"): "wanted a count, such as edge.errors; for a probe's result use probe",
    ("gauge", "probe"): "wanted a probe's result, such as health.up; for a gauge use threshold",
    ("gauge", "count"): "wanted a count, such as edge.errors; for a gauge use threshold, spike or trend",
}


def _wrong_kind(signal: Signal, is_: str, wanted: str) -> str:
    cure = _CURES.get((is_.replace("duration", "gauge"), wanted), f"wanted a {wanted}")
    return f"{signal} is a {is_}, {cure}"


def _member(signal: Signal, spec: SignalSpec, what: str) -> Iterator[str]:
    """What stands in brackets is there, and something stands there if it must."""
    if signal.route is None:
        if not spec.bare:
            such = f"one of: {', '.join(sorted(spec.members))}" if spec.members else f"such as {signal}[NAME]"
            yield f"{signal} exists by {what} only; wanted it in brackets, {such}"
    elif spec.any_member:
        return
    elif spec.members is None:
        yield f"{signal.source}.{signal.signal} has no {what}s; wanted it without brackets"
    elif signal.route not in spec.members:
        of = f"{signal.source} with {signal.signal}" if not spec.bare else signal.source
        yield unknown(signal.route, f"a {what} of {of}", sorted(spec.members))


def _as_a_whole(tree: Mapping, sections: Sections, name: str, rule: Rule) -> Iterator[Problem]:
    known, _ = _specs(tree, sections, rule.source)
    specs = [known[signal.signal] for _, signal in rule.signals if signal.signal in known]
    if not all(spec.per_colour for spec in specs):
        yield from _blind_to_colours(tree, name, rule, f"{rule.source} does not tell the colours apart")
    (first, one), *others = rule.signals
    for key, other in others:
        if (other.source, other.route) != (one.source, one.route):
            message = f"is {other}, {first} is {one}; wanted both of one source and one route"
            yield at(tree, ("rules", name, rule.kind, key), message)
    for key, limit in _limits(rule):
        for message in _unit(limit, specs[0] if specs else SignalSpec(kind="gauge")):
            yield at(tree, ("rules", name, rule.kind, key), message)


def _blind_to_colours(tree: Mapping, name: str, rule: Rule, why: str) -> Iterator[Problem]:
    """A rule that speaks of both colours at once cannot compare them, nor send users from one to the other."""
    cure = "so it proves nothing about one; wanted freeze, escalate or observe"
    if rule.canary_vs_stable is not None:
        yield at(tree, ("rules", name, CANARY_VS_STABLE, "bad"), f"{why}, so there is nothing to compare")
    elif rule.on_fire is OnFire.ROLLBACK:
        yield at(tree, ("rules", name, "on_fire"), f"{why}, {cure}")
    elif rule.instead_of is OnFire.ROLLBACK:
        yield at(tree, ("rules", name, "instead_of"), f"{why}, {cure.replace(' or observe', '').replace(', ', ' or ')}")


def _limits(rule: Rule) -> Iterator[tuple[str, Comparison | Quantity]]:
    """What a rule on a gauge compares it with, by its key."""
    match rule.condition:
        case Threshold(total=None) as threshold:
            yield "when", threshold.when
        case Spike() as spike:
            yield "floor", spike.floor
        case Trend() as trend:
            yield "limit", trend.limit


_SUCH = {"duration": "2s", "share": "80%", "size": "1.5GiB", "number": "100"}


def _unit(limit: Comparison | Quantity, spec: SignalSpec) -> Iterator[str]:
    """A limit is written in its gauge's unit."""
    if spec.unit in ("any", limit.unit):
        return
    if isinstance(limit, Quantity):
        yield f'found "{limit}", wanted a {spec.unit} such as {_SUCH[spec.unit]}'
    else:
        yield f'found "{limit}", wanted a comparison with a {spec.unit} such as "{limit.op} {_SUCH[spec.unit]}"'
