"""Settings, states and events that the tests of the core share."""

from collections.abc import Iterable
from dataclasses import replace

from watchdog.core.conditions import Bound, CanaryVsStable, Probe, SequentialRatio, Threshold
from watchdog.core.engine import Stepped, step
from watchdog.core.events import Configured, Event, Observed, TrafficSeen
from watchdog.core.model import AfterRollback, BrakeKind, Colour, Missing, OnFire, Reading, Split, Value
from watchdog.core.records import Body, Record
from watchdog.core.settings import (
    AnyOf,
    Bake,
    Environment,
    Escalation,
    Gate,
    Hook,
    Plan,
    Rule,
    Service,
    Source,
    Step,
    Task,
)
from watchdog.core.state import Deployment, ServiceState, State

BLUE, GREEN = Colour.BLUE, Colour.GREEN
SHOP = "shop"

EDGE = Source(name="edge", kind="access_log", interval=1.0, required=True)
HEALTH = Source(name="health", kind="health", interval=2.0, required=True, probing=True, idle_factor=5.0)
DATABASE = Source(name="db", kind="postgres", interval=5.0, required=False)

ERROR_RATE = Rule(
    name="error-rate",
    source="edge",
    condition=SequentialRatio(
        bad="errors",
        total="requests",
        limit=0.05,
        alpha=0.001,
        ride_out=3.0,
        interval=1.0,
        window=0.0,
        min_effect=0.08,
    ),
    on_fire=OnFire.ROLLBACK,
    warm_up=10.0,
)
WORSE = Rule(
    name="worse-than-stable",
    source="edge",
    condition=CanaryVsStable(
        bad="errors",
        total="requests",
        margin=1.0,
        min_ratio=2.0,
        alpha=0.001,
        ride_out=3.0,
        interval=1.0,
        window=0.0,
    ),
    on_fire=OnFire.ROLLBACK,
    warm_up=10.0,
)
ALIVE = Rule(
    name="alive",
    source="health",
    condition=Probe(signal="up", fall=3, rise=2),
    on_fire=OnFire.ROLLBACK,
    warm_up=0.0,
)
WRITABLE = Rule(
    name="writable",
    source="db",
    condition=Probe(signal="writable", fall=2, rise=1),
    on_fire=OnFire.FREEZE,
    warm_up=0.0,
    per_colour=False,
)

QUEUE = Rule(
    name="queue",
    source="db",
    condition=Threshold(value="queue", when=Bound(op=">", limit=10.0), clear=Bound(op=">", limit=10.0), interval=5.0),
    on_fire=OnFire.ESCALATE,
    warm_up=0.0,
    per_colour=False,
)

CANARY = Plan(
    name="canary",
    steps=(
        Step(weight=0.1, soak=20.0, gate=Gate(requests=50, per_critical_route=0)),
        Step(weight=1.0, soak=0.0, gate=Gate(requests=0, per_critical_route=0)),
    ),
    bake=Bake(at_least=20.0),
)
AT_ONCE = Plan(
    name="all-at-once",
    steps=(Step(weight=1.0, soak=0.0, gate=Gate(requests=0, per_critical_route=0)),),
    bake=Bake(at_least=20.0),
)

SERVICE = Service(
    name=SHOP,
    first_stable=BLUE,
    rules=(ERROR_RATE, ALIVE, WRITABLE),
    sources=(EDGE, HEALTH, DATABASE),
    policy=AnyOf(),
    plan="canary",
    divert=True,
    traffic_source="edge",
)
READY = replace(
    SERVICE,
    parachute_every=10.0,
    after_rollback=(Hook(name="tell-ci"), Hook(name="flush", idempotent=True)),
    candidate_after_rollback=AfterRollback.STOP,
    stop_candidate=Hook(name="stop"),
    drain=30.0,
    tasks=(Task(name="repair", command="flyway repair"),),
    cuts_routes=True,
    routes=("login", "lab"),
)
"""The shop with everything that stands beside a rollback."""

ON_CALL = Escalation(level=2, after=0.0, repeat=60.0, contacts=("on-call",))


def environment(*services: Service, **changes: object) -> Environment:
    """One environment with these services (the shop, when none is given) and both plans."""
    known = Environment(
        name="test", services=services or (SERVICE,), plans=(CANARY, AT_ONCE), escalation=(ON_CALL,), chat=("chat",)
    )
    return replace(known, **changes)  # type: ignore[arg-type]  # fields of the environment, by name


def configured(*services: Service) -> State:
    """The engine under that configuration, before the router was seen."""
    return step(State(), Configured(environment=environment(*services)), 0.0).state


def at_home(stable: Colour = BLUE, service: str = SHOP, effect: str = "") -> TrafficSeen:
    """The router says: everybody is on stable."""
    split = Split(stable=stable, candidate=stable.other, weight=0.0, salt="")
    return TrafficSeen(service=service, split=split, effect=effect)


def seen(state: State, *, braked: BrakeKind | None = None, split: Split | None = None) -> TrafficSeen:
    """The router says what the deployment remembers, and perhaps that a brake is on."""
    return TrafficSeen(service=SHOP, split=split or deployment_of(state).in_force, braked=braked)


def polled(
    source: str, end: float, *readings: tuple[str, Colour | None, Value], length: float = 1.0, detail: str = ""
) -> Observed:
    """One poll of a source, with readings as (signal, colour, value)."""
    return Observed(
        service=SHOP,
        source=source,
        start=end - length,
        end=end,
        readings=tuple(
            Reading(signal=signal, colour=colour, value=value, detail=detail) for signal, colour, value in readings
        ),
    )


def edge(end: float, green: tuple[float, float], blue: tuple[float, float] = (0.0, 100.0)) -> Observed:
    """One second at the balancer: (errors, requests) of the candidate and of stable."""
    return polled(
        "edge",
        end,
        ("errors", GREEN, green[0]),
        ("requests", GREEN, green[1]),
        ("errors", BLUE, blue[0]),
        ("requests", BLUE, blue[1]),
    )


def health(end: float, *, green: Value = 1.0, blue: Value = 1.0, detail: str = "") -> Observed:
    """One health poll of both colours."""
    return polled("health", end, ("up", GREEN, green), ("up", BLUE, blue), length=0.1, detail=detail)


def database(end: float, writable: Value = 1.0, queue: Value = 0.0) -> Observed:
    """One poll of the database that both colours share."""
    return polled("db", end, ("writable", None, writable), ("queue", None, queue), length=0.1)


GONE = Missing.TIMEOUT


def bodies(records: Iterable[Record], *kinds: type[Body]) -> list[Body]:
    """The bodies of these kinds, in order."""
    return [record.body for record in records if isinstance(record.body, kinds)]


def found(stepped: Stepped, kind: type[Body]) -> list[Body]:
    """The bodies of one kind that a step led to."""
    return bodies(stepped.records, kind)


def shop(state: State) -> ServiceState:
    """The shop's state."""
    return state.services[SHOP]


def deployment_of(state: State) -> Deployment:
    """The shop's deployment."""
    deployment = shop(state).deployment
    assert deployment is not None
    return deployment


def each(state: State, *events: tuple[float, Event]) -> tuple[State, list[Record]]:
    """Several events, each at its time: the last state and all records."""
    records: list[Record] = []
    for now, event in events:
        stepped = step(state, event, now)
        state = stepped.state
        records.extend(stepped.records)
    return state, records
