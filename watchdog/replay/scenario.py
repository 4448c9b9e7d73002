"""Running a scenario: its model becomes a simulation, its moments are looked at, its end is judged.

What lives here: the translation from the file's words to the simulation's. What must not: the keys (`schema`), judging
(`expectations`).
"""

from dataclasses import dataclass
from math import inf
from typing import TypeAlias

from watchdog.core import events
from watchdog.core.model import BrakeKind, Colour, Seconds
from watchdog.core.state import State
from watchdog.replay import schema, world
from watchdog.replay.behaviour import Behaviour, Conduct, Curve, Fault
from watchdog.replay.feeds import DEAD_UNNOTICED_S, Feeds, Outage
from watchdog.replay.files import Ready
from watchdog.replay.journal import Journal
from watchdog.replay.schema import Side
from watchdog.replay.series import Series, parse
from watchdog.replay.simulator import Kill, Simulation
from watchdog.replay.traffic import Traffic
from watchdog.replay.world import World

_Plain: TypeAlias = events.Pause | events.Resume | events.Promote | events.Abort | events.Acknowledge | events.Adopt


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """How things stood at one moment."""

    at: Seconds
    state: State
    weight: float
    """The candidate's share in the router's file."""
    braked: BrakeKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A scenario that was run to its end."""

    ready: Ready
    simulation: Simulation
    moments: dict[Seconds, Snapshot]
    """At the times that are expected, and at the end."""


def run(ready: Ready) -> Ran:
    """Play a scenario."""
    simulation = build(ready)
    model = ready.model
    moments: dict[Seconds, Snapshot] = {}
    for time in sorted({*(float(at) for at in model.expect.at), float(model.lasts)}):
        simulation.run(time)
        moments[time] = _snapshot(simulation, ready, time)
    return Ran(ready=ready, simulation=simulation, moments=moments)


def build(ready: Ready) -> Simulation:
    """The simulation of a scenario, with everything that will happen in it."""
    model, service = ready.model, ready.service
    simulated = World(
        service=service.name,
        first_stable=service.first_stable,
        traffic=_traffic(model),
        behaviour=_behaviour(ready),
        failures=[_failure(each) for each in model.failures],
        seed=model.seed,
    )
    feeds = Feeds(
        settings=service,
        world=simulated,
        outages=[_outage(each) for each in model.outages],
        series=_series(ready),
        sources=ready.sources,
        signals=model.signals,
        seed=model.seed,
    )
    simulation = Simulation(
        environment=ready.environment,
        worlds={service.name: simulated},
        feeds={service.name: feeds},
        journal=Journal([(float(span.from_), _end(span)) for span in model.disk_full]),
        kills=[Kill(deed=k.effect, when=k.when, number=k.number, down=float(k.down)) for k in model.kills],
    )
    for index, event in enumerate(model.events, start=1):
        _schedule(simulation, ready, event, str(index))
    return simulation


def colours(ready: Ready, side: Side) -> frozenset[Colour]:
    """Which colours a side is when the scenario begins."""
    stable = ready.service.first_stable
    match side:
        case Side.BOTH:
            return frozenset(Colour)
        case Side.STABLE:
            return frozenset({stable})
        case Side.CANDIDATE:
            return frozenset({stable.other})
        case _:
            return frozenset({Colour(side)})


def _snapshot(simulation: Simulation, ready: Ready, at: Seconds) -> Snapshot:
    router = simulation.worlds[ready.service.name].router
    split = router.split
    return Snapshot(at=at, state=simulation.state, weight=split.weight, braked=router.brakes.get(split.candidate))


def _end(span: schema.Span) -> Seconds:
    return inf if span.to is None else float(span.to)


def _traffic(model: schema.Scenario) -> Traffic:
    given = model.traffic or schema.Traffic()
    return Traffic(
        rate=Curve(points=tuple((float(point.at), point.rate) for point in given.rate)),
        routes={name: float(share) for name, share in given.routes.items()},
        users=given.users,
    )


def _behaviour(ready: Ready) -> Behaviour:
    usual = ready.model.traffic or schema.Traffic()
    return Behaviour(
        usual=Conduct(errors=float(usual.errors), slow=float(usual.slow)),
        faults=tuple(
            Fault(
                colours=colours(ready, fault.side),
                start=float(fault.from_),
                end=_end(fault),
                route=fault.route,
                errors=fault.errors,
                slow=fault.slow,
                hang=fault.hang,
                health=fault.health,
                signals=fault.signals,
            )
            for fault in ready.model.faults
        ),
    )


def _failure(given: schema.Failure) -> world.Failure:
    return world.Failure(
        deed=given.effect,
        times=given.times,
        start=float(given.from_),
        takes=None if given.takes is None else float(given.takes),
        behind_brake=given.behind_brake,
        detail=given.detail,
    )


def _outage(given: schema.Outage) -> Outage:
    return Outage(
        source=given.source,
        missing=schema.missing_of(given.missing),
        start=float(given.from_),
        end=_end(given),
        unnoticed=DEAD_UNNOTICED_S if given.missing is schema.Gone.DEAD else 0.0,
    )


def _series(ready: Ready) -> dict[tuple[str, str, Colour | None], tuple[Series, ...]]:
    found: dict[tuple[str, str, Colour | None], tuple[Series, ...]] = {}
    for key, given in ready.model.series.items():
        source, _, rest = key.partition(".")
        signal, _, colour = rest.rpartition(".")
        interval = ready.service.source(source).interval
        series = Series(start=float(given.from_), interval=interval, values=parse(given.values))
        found[source, signal, None if colour == "both" else Colour(colour)] = (series,)
    return found


def _schedule(simulation: Simulation, ready: Ready, event: schema.Event, number: str) -> None:
    at, service = float(event.at), ready.service.name
    if event.restart is not None:
        simulation.restart_at(at, down=float(event.restart.down))
    elif event.reboot is not None:
        simulation.restart_at(at, down=float(event.reboot.down), rebooted=True)
    elif event.stand_still is not None:
        simulation.freeze_at(at, float(event.stand_still.for_))
    elif event.brake is not None:
        for colour in colours(ready, event.brake.side):
            simulation.brake_at(at, service, colour, on=event.brake.on)
    else:
        simulation.at(at, _command(event, service, number))


def _command(event: schema.Event, service: str, number: str) -> events.AnyCommand:
    by = event.by
    for order in (event.hold, event.divert, event.disarm, event.drill, event.did):
        if order is not None:
            return order.command(number, by, service)
    if (deploy := event.deploy) is not None:
        return events.Submit(
            id=number,
            by=by,
            service=service,
            release=deploy.release,
            deployment=f"d{number}",
            plan=deploy.plan,
            schema=deploy.schema_,
            watched_by=deploy.watched_by or "",
        )
    if (stop := event.stop_the_line) is not None:
        for_ = None if stop.for_ is None else float(stop.for_)
        return events.StopTheLine(id=number, by=by, because=stop.because or "", for_=for_)
    if event.release_the_line is not None:
        return events.StopTheLine(id=number, by=by, release=True)
    if (forgive := event.forgive) is not None:
        return events.Forgive(id=number, by=by, because=forgive.because or "", service=service, release=forgive.release)
    if (back := event.rollback) is not None:
        return events.Rollback(id=number, by=by, because=back.because or "", service=service, anyway=back.anyway)
    if (waive := event.waive) is not None:
        because, for_ = waive.because or "", float(waive.for_)
        return events.Waive(id=number, by=by, because=because, service=service, rule=waive.rule, for_=for_)
    return _plain_command(event, service, number)


def _plain_command(event: schema.Event, service: str, number: str) -> events.AnyCommand:
    """Commands that have nothing but a reason."""
    plain: tuple[tuple[type[_Plain], schema.Said | None], ...] = (
        (events.Pause, event.pause),
        (events.Resume, event.resume),
        (events.Promote, event.promote),
        (events.Abort, event.abort),
        (events.Acknowledge, event.acknowledge),
        (events.Adopt, event.adopt),
    )
    kind, said = next((kind, said) for kind, said in plain if said is not None)
    return kind(id=number, by=event.by, because=said.because or "", service=service)
