"""What a scenario expects against what happened.

What lives here: comparing, one function per key of `expect`. What must not: running, printing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from watchdog.core import verdict
from watchdog.core.events import BrakeOutcome, Command, TrafficOutcome
from watchdog.core.model import Judgement, Seconds
from watchdog.core.phases import Phase
from watchdog.core.records import DivertOrdered, IncidentOpened, PhaseChanged, Refused, RollbackOrdered
from watchdog.core.state import Deployment, Instance, ServiceState
from watchdog.replay import schema
from watchdog.replay.files import BY_STABLE
from watchdog.replay.scenario import Ran, Snapshot, colours
from watchdog.replay.transcript import lines

WAIVED = "waived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """One expectation that was not met."""

    key: str
    expected: str
    happened: str
    at: Seconds | None = None
    """The moment to look at."""


def judge(ran: Ran) -> tuple[Mismatch, ...]:
    """Every expectation that was not met."""
    expect = ran.ready.model.expect
    found = [
        *_recovered(ran),
        *_rolled_back(ran, expect.rolled_back),
        *_count("diverts", expect.diverts, [at for at, body in _bodies(ran) if isinstance(body, DivertOrdered)]),
        *_refused(ran, expect.refused),
        *_incidents(ran, expect.incidents),
        *_harmed(ran, expect.harmed),
    ]
    for time, moment in expect.at.items():
        found += _moment(ran, moment, ran.moments[float(time)], f"at {time}")
    if expect.finally_ is not None:
        found += _moment(ran, expect.finally_, ran.moments[float(ran.ready.model.lasts)], "finally")
    return (*found, *_transcript(ran))


def _bodies(ran: Ran) -> Iterator[tuple[Seconds, object]]:
    return ((record.at, record.body) for record in ran.simulation.transcript)


def _service(ran: Ran, snapshot: Snapshot) -> ServiceState:
    return snapshot.state.services[ran.ready.service.name]


def _recovered(ran: Ran) -> Iterator[Mismatch]:
    """After every crash the journal gives back what the daemon knew."""
    for recovery in ran.simulation.recoveries:
        if recovery.differences and not ran.ready.model.disk_full and not _lost_a_record(ran):
            happened = f"lost: {', '.join(recovery.differences)}"
            yield Mismatch(key="recovery", expected="the state of before the crash", happened=happened, at=recovery.at)


def _lost_a_record(ran: Ran) -> bool:
    return any(kill.when == "unrecorded" for kill in ran.ready.model.kills)


def _rolled_back(ran: Ran, wanted: schema.RolledBack | str | None) -> Iterator[Mismatch]:
    ordered = [(at, body) for at, body in _bodies(ran) if isinstance(body, RollbackOrdered)]
    if wanted == "never" and ordered:
        at, body = ordered[0]
        yield Mismatch(key="rolled_back", expected="never", happened=_order_text(at, body), at=at)
    if not isinstance(wanted, schema.RolledBack):
        return
    if not ordered:
        yield Mismatch(
            key="rolled_back",
            expected=f"within {wanted.within} of {wanted.after}",
            happened="never",
            at=float(wanted.after),
        )
        return
    at, body = ordered[0]
    if at < wanted.after or body.reason is not wanted.reason:
        yield Mismatch(
            key="rolled_back", expected=f"after {wanted.after}, {wanted.reason}", happened=_order_text(at, body), at=at
        )
    if wanted.rules is not None and set(body.rules) != set(wanted.rules):
        yield Mismatch(key="rolled_back.rules", expected=_names(wanted.rules), happened=_names(body.rules), at=at)
    yield from _in_time(ran, wanted, at)


def _in_time(ran: Ran, wanted: schema.RolledBack, ordered: Seconds) -> Iterator[Mismatch]:
    braked = [
        body.braked_at for _, body in _bodies(ran) if isinstance(body, TrafficOutcome) and body.braked_at is not None
    ]
    proved = [at for at, body in _bodies(ran) if isinstance(body, PhaseChanged) and body.to is Phase.ROLLED_BACK]
    cut = [at for at in (*braked, *_cuts(ran)) if at >= wanted.after]
    limits = [
        ("within", wanted.within, braked),
        ("cut_within", wanted.cut_within, sorted(cut)),
        ("proved_within", wanted.proved_within, proved),
    ]
    for key, within, times in limits:
        if within is None:
            continue
        took = times[0] - wanted.after if times else None
        if took is None or took > within:
            happened = "never" if took is None else f"{took:.3f}s"
            yield Mismatch(key=f"rolled_back.{key}", expected=f"at most {within}", happened=happened, at=ordered)


def _cuts(ran: Ran) -> Iterator[Seconds]:
    """When a divert's brake was on."""
    pulled = {body.order.id for _, body in _bodies(ran) if isinstance(body, DivertOrdered)}
    for at, body in _bodies(ran):
        if isinstance(body, BrakeOutcome) and body.ok and body.effect in pulled:
            yield at if body.at is None else body.at


def _order_text(at: Seconds, body: RollbackOrdered) -> str:
    return f"ordered at {at:.3f}s: {body.reason} {_names(body.rules)}"


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(sorted(names)) or "none"


def _count(key: str, wanted: int | None, times: list[Seconds]) -> Iterator[Mismatch]:
    if wanted is not None and len(times) != wanted:
        happened = f"{len(times)}" + (f" (at {', '.join(f'{at:.3f}s' for at in times)})" if times else "")
        yield Mismatch(key=key, expected=str(wanted), happened=happened, at=times[-1] if times else None)


def _refused(ran: Ran, wanted: tuple[schema.Refusal, ...]) -> Iterator[Mismatch]:
    given = {body.id: at for at, body in _bodies(ran) if isinstance(body, Command)}
    refused = [(given.get(body.command, at), body) for at, body in _bodies(ran) if isinstance(body, Refused)]
    fits = len(refused) == len(wanted) and all(
        body.reason is each.reason and (each.at is None or abs(at - each.at) < 1.0)
        for (at, body), each in zip(refused, wanted, strict=True)
    )
    if not fits:
        expected = "; ".join(f"{each.reason}{f' at {each.at}' if each.at is not None else ''}" for each in wanted)
        happened = "; ".join(f"{body.reason} at {at:g}s ({body.detail})" for at, body in refused)
        yield Mismatch(
            key="refused",
            expected=expected or "none",
            happened=happened or "none",
            at=refused[0][0] if refused else None,
        )


def _incidents(ran: Ran, wanted: tuple[schema.Incident, ...] | None) -> Iterator[Mismatch]:
    if wanted is None:
        return
    opened = [(at, body) for at, body in _bodies(ran) if isinstance(body, IncidentOpened)]
    reasons = [str(body.reason) for _, body in opened]
    if reasons != [str(each.reason) for each in wanted]:
        expected = ", ".join(str(each.reason) for each in wanted) or "none"
        happened = ", ".join(f"{body.reason} ({at:.3f}s)" for at, body in opened) or "none"
        yield Mismatch(key="incidents", expected=expected, happened=happened, at=opened[-1][0] if opened else None)
        return
    for (at, body), each in zip(opened, wanted, strict=True):
        for key, expects, happened_ in _incident(ran, body, each):
            if expects is not None and expects != happened_:
                yield Mismatch(
                    key=f"incidents.{each.reason}.{key}", expected=str(expects), happened=str(happened_), at=at
                )


def _incident(ran: Ran, body: IncidentOpened, wanted: schema.Incident) -> Iterator[tuple[str, object, object]]:
    last = ran.moments[float(ran.ready.model.lasts)]
    incident = _service(ran, last).incidents.get(body.incident)
    yield "audience", wanted.audience, body.audience
    yield "needs_decision", wanted.needs_decision, body.needs_decision
    yield "messages", wanted.messages, incident.told if incident is not None else None
    yield "open", wanted.open, incident is not None and incident.resolved_at is None


def _harmed(ran: Ran, wanted: schema.Harmed | None) -> Iterator[Mismatch]:
    if wanted is None:
        return
    world = ran.simulation.worlds[ran.ready.service.name]
    harmed = sum(world.failed[colour] for colour in colours(ran.ready, schema.Side.CANDIDATE))
    if harmed > wanted.at_most:
        yield Mismatch(key="harmed", expected=f"at most {wanted.at_most}", happened=str(harmed))


def _moment(ran: Ran, wanted: schema.Moment, snapshot: Snapshot, key: str) -> Iterator[Mismatch]:
    service = _service(ran, snapshot)
    checks = (
        *_of_traffic(wanted, snapshot),
        *_of_deployment(wanted, service.deployment),
        *_of_service(ran, wanted, snapshot, service),
    )
    for name, expected, happened in checks:
        if expected is not None and expected != happened:
            yield Mismatch(key=f"{key}.{name}", expected=str(expected), happened=str(happened), at=snapshot.at)
    if wanted.soaked is not None:
        soaked = service.deployment.soaked if service.deployment is not None else 0.0
        low, high = wanted.soaked.at_least, wanted.soaked.at_most
        if soaked < low or (high is not None and soaked > high):
            expected = f"{low} to {high if high is not None else 'any'}"
            yield Mismatch(key=f"{key}.soaked", expected=expected, happened=f"{soaked:.3f}s", at=snapshot.at)


def _of_traffic(wanted: schema.Moment, snapshot: Snapshot) -> Iterator[tuple[str, object, object]]:
    yield "weight", None if wanted.weight is None else f"{100 * wanted.weight:g}%", f"{100 * snapshot.weight:g}%"
    yield "braked", None if wanted.braked is None else str(wanted.braked), str(snapshot.braked or "no")


def _of_deployment(wanted: schema.Moment, deployment: Deployment | None) -> Iterator[tuple[str, object, object]]:
    yield "phase", wanted.phase, deployment.phase if deployment else "no deployment"
    yield "step", wanted.step, deployment.step + 1 if deployment else 0
    yield "diverts", wanted.diverts, deployment.diverts if deployment else 0
    if wanted.would_have is not None:
        yield "would_have", _names(wanted.would_have), _names(tuple(deployment.would_have) if deployment else ())
    if wanted.holds is not None:
        holds = tuple(str(hold) for hold in deployment.holds) if deployment else ()
        yield "holds", _names(tuple(str(hold) for hold in wanted.holds)), _names(holds)


def _of_service(
    ran: Ran, wanted: schema.Moment, snapshot: Snapshot, service: ServiceState
) -> Iterator[tuple[str, object, object]]:
    settings = ran.ready.service
    if wanted.stable is not None:
        (stable,) = colours(ran.ready, wanted.stable)
        yield "stable", str(stable), str(service.stable)
    if wanted.known_bad is not None:
        yield "known_bad", _names(wanted.known_bad), _names(tuple(service.known_bad))
    if wanted.verdict is not None:
        yield "verdict", wanted.verdict, verdict.read(settings, service, snapshot.at).verdict
    for rule, word in wanted.rules.items():
        yield f"rules.{rule}", word, _rule(ran, rule, word, snapshot, service)


def _rule(ran: Ran, rule: str, word: str, snapshot: Snapshot, service: ServiceState) -> str:
    """The rule's state, its judgement where a judgement is asked for, or that it is waived where that is asked for."""
    settings = ran.ready.service
    defined = settings.rule(rule.removesuffix(BY_STABLE))
    deployment = service.deployment
    if defined is None or deployment is None:
        return "no deployment"
    colour = deployment.stable if rule.endswith(BY_STABLE) else deployment.candidate
    instance: Instance | None = service.instances.get(verdict.key(defined, colour))
    if instance is None:
        return "not there"
    if word == WAIVED and verdict.waived(service, defined.name, snapshot.at):
        return WAIVED
    if word in tuple(Judgement):
        return str(verdict.judgement(settings, service, instance, colour if defined.per_colour else None, snapshot.at))
    return str(instance.level)


def _transcript(ran: Ran) -> Iterator[Mismatch]:
    wanted = ran.ready.model.transcript
    if wanted is None:
        return
    expected = [line.rstrip() for line in wanted.splitlines() if line.strip()]
    happened = lines(ran.simulation.transcript)
    # A block of YAML loses the indentation that its first line has.
    if [line.strip() for line in expected] != [line.strip() for line in happened]:
        changes = unified_diff(
            [line.strip() for line in expected],
            [line.strip() for line in happened],
            "expected",
            "happened",
            "",
            "",
            1,
            "",
        )
        yield Mismatch(key="transcript", expected="as written", happened="\n".join(changes))
