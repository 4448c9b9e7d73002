"""Values of every class that the journal keeps, made from the classes' own annotations."""

import dataclasses
from collections.abc import Mapping
from enum import Enum
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from watchdog.core.conditions import Bound, Condition, Probe, SequentialRatio, Threshold
from watchdog.core.events import Observed
from watchdog.core.model import Colour, OnFire, Reading, Split
from watchdog.core.records import Body, Record
from watchdog.core.rules import api
from watchdog.core.settings import AnyOf, Environment, Rule, Service, Source
from watchdog.core.state import Instance, ServiceState, State
from watchdog.journal.codec import Checkpoint, ClockMark

FEW = 2  # elements of a tuple or mapping: one is no order, three show nothing more


@st.composite
def splits(draw: st.DrawFn) -> Split:
    """A split that a router could carry out."""
    stable, promoted = draw(st.sampled_from(Colour)), draw(st.booleans())
    weight = 1.0 if promoted else draw(st.floats(0.0, 1.0))
    return Split(
        stable=stable, candidate=stable.other, weight=weight, salt=draw(st.text(max_size=5)), promoted=promoted
    )


SCALARS: dict[Any, st.SearchStrategy[Any]] = {
    Split: splits(),
    bool: st.booleans(),
    int: st.integers(),
    float: st.floats(allow_nan=False),  # NaN is not equal to itself; it has a test of its own
    str: st.text(max_size=5),
    type(None): st.none(),
}


def values(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of that annotation."""
    if kind in SCALARS:
        return SCALARS[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        SCALARS[kind] = st.deferred(lambda: SCALARS[kind])  # a policy's parts are policies
        fields = {field.name: values(hints[field.name]) for field in dataclasses.fields(kind)}
        SCALARS[kind] = st.builds(kind, **fields)
        return SCALARS[kind]
    return composed(get_origin(kind), get_args(kind))


def composed(origin: Any, parts: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin in (Union, UnionType):
        return st.one_of([values(part) for part in parts])
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is frozenset:
        return st.frozensets(values(parts[0]), max_size=1)  # one element: its repr has one order
    if origin is tuple and parts[1:] == (...,):
        return st.lists(values(parts[0]), max_size=FEW).map(tuple)
    if origin is tuple:
        return st.tuples(*(values(part) for part in parts))
    if origin is Mapping:
        return st.dictionaries(values(parts[0]), values(parts[1]), max_size=FEW)
    raise NotImplementedError(f"no values for {origin} of {parts}")


def observed(seq: int, *, service: str = "shop", ephemeral: bool = False) -> Record:
    """One slice of the access log, as a deployment has four each second."""
    readings = tuple(
        Reading(signal=signal, colour=colour, value=float(seq % 7))
        for colour in Colour
        for signal in ("requests", "errors", "slow")
    )
    body = Observed(service=service, source="edge", start=seq / 4, end=(seq + 1) / 4, readings=readings)
    return Record(seq=seq, at=(seq + 1) / 4, body=body, ephemeral=ephemeral)


def record(seq: int, body: Body) -> Record:
    return Record(seq=seq, at=float(seq), body=body)


def checkpoint(seq: int, state: State | None = None) -> Checkpoint:
    return Checkpoint(
        state=state or State(seq=seq, now=float(seq)),
        digest="d1",
        clock=ClockMark(boot_id="b", boottime=1.0, wall=1_700_000_000.0, engine=float(seq)),
    )


def large_state() -> State:
    """What a daemon with three services of twenty rules has in memory during three deployments."""
    conditions: list[Condition] = [
        SequentialRatio(
            bad="errors",
            total="requests",
            limit=0.05,
            alpha=0.0001,
            ride_out=3.0,
            interval=0.25,
            window=3600.0,
            min_effect=0.06,
        ),
        Probe(signal="up", fall=3, rise=2),
        Threshold(value="p95", when=Bound(op=">", limit=2.0), clear=Bound(op=">", limit=1.5), for_=15.0),
    ]
    rules = tuple(
        Rule(
            name=f"rule-{number}",
            source=f"source-{number % 5}",
            condition=conditions[number % 3],
            on_fire=OnFire.ROLLBACK,
            warm_up=10.0,
        )
        for number in range(20)
    )
    sources = tuple(Source(name=f"source-{n}", kind="access_log", interval=0.25, required=True) for n in range(5))
    services = tuple(
        Service(
            name=f"service-{n}",
            first_stable=Colour.BLUE,
            rules=rules,
            sources=sources,
            policy=AnyOf(),
            plan="canary",
            divert=True,
        )
        for n in range(3)
    )
    instances = {
        f"{rule.name}@{colour}": Instance(rule=rule, state=api.initial(rule), since=0.1 * n)
        for n, rule in enumerate(rules)
        for colour in Colour
    }
    return State(
        seq=70_000,
        now=1_700_000_000.123,
        environment=Environment(name="production", services=services, plans=(), digest="d1"),
        services={s.name: ServiceState(name=s.name, stable=Colour.BLUE, instances=instances) for s in services},
    )
