"""Folding observations: rule instances, the beat of the sources, exposure, soak.

What lives here: everything that `evolve` computes from an `Observed` under the configuration in force. What must not:
deciding. Soak advances only by time that every required source watched without a gap and in which the verdict was
healthy at both ends.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import exp

from watchdog.core import gate, handover, users, verdict, writes
from watchdog.core.conditions import CanaryVsStable, Probe, Sequential, is_gauge
from watchdog.core.events import Observed
from watchdog.core.model import Colour, Judgement, Level, Missing, NoData, Reading, Seconds, Value, Verdict
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import EvidenceDiscarded
from watchdog.core.rules import api
from watchdog.core.settings import Rule, Service
from watchdog.core.state import Beat, Deployment, Instance, ServiceState, StableProbe, State

EXPOSURE_MEMORY_S = 3.0
"""Time constant of the smoothed request and failure rates that people are shown. A message about a fault goes out some
4 s after it began: a longer memory would tell of a third of it."""

SHORTEST_SLICE_S = 1e-6
"""A slice that seems shorter than this is taken as so long, so that no rate is infinite."""

POLLS_TO_GAP = 3
"""Two events of a source further apart than this many polls leave unwatched time between them."""

SOAKING = frozenset({Phase.SOAKING, Phase.WAITING, Phase.BAKING})


def observed(state: State, service: ServiceState, body: Observed, at: Seconds) -> ServiceState:
    """The service after one poll or slice of one source."""
    settings = state.settings(service.name)
    if settings is None or not any(source.name == body.source for source in settings.sources):
        return service
    service = replace(service, beats={**service.beats, body.source: _beat(settings, service, body)})
    service = replace(service, instances=_instances(service, body, _pace(settings, service, body)))
    if settings.source(body.source).probing:
        service = replace(service, probes=_probes(service, body))
    if settings.source(body.source).sends_requests:
        service = _passes(settings, service, body)
    if body.source == settings.traffic_source:
        service = _traffic(settings, users.counted(service, body), body, at)
    return _soaked(settings, service, at)


def _beat(settings: Service, service: ServiceState, body: Observed) -> Beat:
    old = service.beats.get(body.source)
    longest = POLLS_TO_GAP * settings.source(body.source).interval * _pace(settings, service, body)
    if old is None or body.end - old.last > longest:
        return Beat(last=body.end, continuous_since=body.end)
    return Beat(last=max(body.end, old.last), continuous_since=old.continuous_since)


def _pace(settings: Service, service: ServiceState, body: Observed) -> float:
    """How many times less often than usual the source polls at present."""
    return settings.source(body.source).idle_factor if verdict.idle(service.deployment, body.end) else 1.0


def _instances(service: ServiceState, body: Observed, pace: float) -> Mapping[str, Instance]:
    changed = dict(service.instances)
    for name, instance in service.instances.items():
        if instance.rule.source != body.source:
            continue
        colour = _colour_of(name) if instance.rule.per_colour else None
        sample = replace(_sample(instance.rule, colour, body), pace=pace)
        if colour is not None and verdict.maintained(service):
            continue  # nobody reaches the colours: what their copies do now says nothing of the release
        start = min(sample.start, sample.other_over[0]) if sample.other_over else sample.start
        if _evaluated(service, instance, name, body.end) and not _warming(
            service.deployment, instance.rule, colour, start
        ):
            changed[name] = _after(instance, sample, body.end)
        if handover.collects(service, instance, name, sample):
            changed[name] = handover.collected(changed[name], sample)
    return changed


def _sample(rule: Rule, colour: Colour | None, body: Observed) -> api.Sample:
    """The poll as an instance sees it, over the interval of its own signals where that is not the poll's."""
    own = {reading.signal: reading for reading in body.readings if reading.colour is colour}
    others = {reading.signal: reading for reading in body.readings if colour and reading.colour is colour.other}
    start, end = _span(rule, own, body)
    return api.Sample(
        start=start,
        end=end,
        own={name: reading.value for name, reading in own.items()},
        other={name: reading.value for name, reading in others.items()},
        other_over=_span(rule, others, body) if isinstance(rule.condition, CanaryVsStable) else None,
        details={name: reading.detail for name, reading in own.items() if reading.detail},
    )


def _span(rule: Rule, readings: Mapping[str, Reading], body: Observed) -> tuple[Seconds, Seconds]:
    """The interval of the rule's signals among one colour's readings."""
    intervals = [readings[name].over or (body.start, body.end) for name in rule.condition.signals if name in readings]
    return (
        min((start for start, _ in intervals), default=body.start),
        max((end for _, end in intervals), default=body.end),
    )


def _colour_of(name: str) -> Colour:
    return Colour(name.rpartition("@")[2])


def _named(readings: tuple[Reading, ...], colour: Colour | None) -> Mapping[str, Value]:
    return {reading.signal: reading.value for reading in readings if reading.colour is colour}


def _evaluated(service: ServiceState, instance: Instance, name: str, at: Seconds) -> bool:
    """During a watched deployment every instance; otherwise only stable's, of rules that are always on.

    For a while after a rollback stable's of every rule: it has every user again.
    """
    if service.deployment is not None and service.deployment.watched:
        return True
    stable = not instance.rule.per_colour or name == verdict.key(instance.rule, service.stable)
    return stable and (instance.rule.always or verdict.settling(service.deployment, at))


def _warming(deployment: Deployment | None, rule: Rule, colour: Colour | None, start: Seconds) -> bool:
    """Whether a reading begins before a step, or so soon after it that it says more of the step than of the release.

    A step counts from its order until it is confirmed: an order that hangs must not blind the rules for longer. A gauge
    has no warm-up, but one that looks back over the step is not of this split. Probes never mix two splits.
    """
    # Stable's instance of a comparing rule reads the candidate's counts; a gauge of stable's changes with its share.
    both = isinstance(rule.condition, CanaryVsStable) or (is_gauge(rule.condition) and colour is not None)
    if deployment is None or isinstance(rule.condition, Probe) or not (both or colour is deployment.candidate):
        return False
    ordered = deployment.phase_since if deployment.phase is Phase.SHIFTING else None
    step = deployment.step_at if ordered is None else ordered
    first = deployment.first_step_at if deployment.first_step_at is not None else ordered
    if is_gauge(rule.condition):
        return step is not None and start - rule.condition.lookback < step
    warm_up = rule.warm_up if rule.slow else 0.0
    return (step is not None and start < step + warm_up) or (first is not None and start < first + rule.warm_up)


def _after(instance: Instance, sample: api.Sample, at: Seconds) -> Instance:
    state = api.observe(instance.rule, instance.state, sample)
    level = api.level(state)
    trusted = _trusted(instance.rule, sample)
    judged = api.judgement(instance.rule, state)
    applies = judged is not Judgement.NOT_APPLICABLE
    return replace(
        instance,
        state=state,
        level=level,
        judgement=judged,
        missed=0 if trusted else instance.missed + 1,
        since=instance.since if level is instance.level else at,
        measured=instance.measured or (trusted and applies and _measures(instance.rule, sample)),
        noted=instance.noted and level is not Level.INACTIVE,
    )


def _trusted(rule: Rule, sample: api.Sample) -> bool:
    """Whether the poll said something: every signal has a value, or the rule itself says what its absence means."""
    values = [sample.value(name) for name in rule.condition.signals]
    if isinstance(rule.condition, CanaryVsStable):
        values += [sample.other.get(name, Missing.EMPTY) for name in rule.condition.signals]
    missing = [value for value in values if isinstance(value, Missing)]
    if isinstance(rule.condition, Sequential):
        return not missing  # without counts it has nothing to judge, whatever `no_data` says
    return all(rule.on_missing(each) is not NoData.HOLD for each in missing)


def _measures(rule: Rule, sample: api.Sample) -> bool:
    """Whether there was anything to measure: a share of no requests is none, and a comparison needs two."""
    condition = rule.condition
    total = getattr(condition, "total", None)
    if isinstance(condition, CanaryVsStable) and not sample.count(condition.total):
        return False
    return total is None or gate.count(sample.value(total)) > 0.0


def _probes(service: ServiceState, body: Observed) -> Mapping[Colour, StableProbe]:
    """A probing source's readings are direct probes, too."""
    probes = dict(service.probes)
    for reading in body.readings:
        if reading.signal != "up" or reading.colour is None or isinstance(reading.value, Missing):
            continue
        old = probes.get(reading.colour, StableProbe())
        if reading.value >= 0.5:  # noqa: PLR2004 - a probe's value is 1.0 or 0.0
            probes[reading.colour] = old.answered(body.start)
        else:
            probes[reading.colour] = old.failed(body.start, refused=reading.detail.startswith("refused"))
    return probes


def _traffic(settings: Service, service: ServiceState, body: Observed, at: Seconds) -> ServiceState:
    """Exposure for people, and the candidate's requests for the gate."""
    deployment = service.deployment
    if deployment is None or not deployment.watched:
        return service
    own = _named(body.readings, deployment.candidate)
    stable = _named(body.readings, deployment.stable)
    span = max(body.end - body.start, SHORTEST_SLICE_S)
    keep = exp(-span / EXPOSURE_MEMORY_S)
    rates = tuple(
        old * keep + (1 - keep) * gate.count(readings.get("requests")) / span
        for old, readings in zip(service.rates, (own, stable), strict=True)
    )
    bad = service.bad_rate * keep + (1 - keep) * gate.count(own.get("errors")) / span
    if deployment.step_at is not None and body.end > deployment.step_at:
        deployment = gate.requested(settings, deployment, own)
    if _after_a_gap(settings, service, deployment, body):
        deployment = writes.unseen(settings, deployment, at)
    deployment = writes.noted(settings, deployment, own, at)
    return replace(service, rates=(rates[0], rates[1]), bad_rate=bad, deployment=deployment)


def _after_a_gap(settings: Service, service: ServiceState, deployment: Deployment, body: Observed) -> bool:
    """Whether nobody knows what happened before this slice, and it is not the deployment's first."""
    longest = POLLS_TO_GAP * settings.source(body.source).interval
    return service.beats[body.source].continuous_since == body.end and body.end - deployment.began > longest


def _passes(settings: Service, service: ServiceState, body: Observed) -> ServiceState:
    """Our own requests for the gate, once a step is in force."""
    deployment = service.deployment
    if deployment is None or not deployment.watched or deployment.step_at is None:
        return service
    return replace(service, deployment=gate.passed(settings, deployment, body, deployment.step_at))


def _soaked(settings: Service, service: ServiceState, at: Seconds) -> ServiceState:
    """Count watched, healthy time up to the point that every required source has reached."""
    deployment = service.deployment
    if deployment is None or deployment.phase not in SOAKING:
        return service
    needed = [service.beats.get(source.name) for source in verdict.watched_by(settings, service, at)]
    beats = [beat for beat in needed if beat is not None]
    if not _countable(settings, service, deployment, at) or not beats or len(beats) < len(needed):
        return replace(service, deployment=replace(deployment, healthy_since=None))
    since = at if deployment.healthy_since is None else deployment.healthy_since
    since = max(since, *(beat.continuous_since for beat in beats))
    reached = min(beat.last for beat in beats)
    begin = max(deployment.counted_to, since)
    changed = replace(
        deployment,
        healthy_since=since,
        # At less than the step's share the release is watched, and shows nothing of what the step is for.
        soaked=deployment.soaked + (max(0.0, reached - begin) if deployment.held_at is None else 0.0),
        counted_to=max(deployment.counted_to, reached),
    )
    return replace(service, deployment=changed)


def _countable(settings: Service, service: ServiceState, deployment: Deployment, at: Seconds) -> bool:
    """Whether this moment shows the release at its ordered share, and healthy."""
    if verdict.maintained(service):
        return False
    by_hand = deployment.holds.get(Hold.HUMAN) is Reason.BRAKE_BY_HAND
    elsewhere = by_hand or deployment.divert is not None or bool(service.drift)
    return not elsewhere and verdict.read(settings, service, at).verdict is Verdict.HEALTHY


def discarded(_state: State, service: ServiceState, body: EvidenceDiscarded, at: Seconds) -> ServiceState:
    """What these rules had measured is thrown away, on both colours."""
    changed = {
        name: replace(
            instance,
            state=api.discard(instance.rule, instance.state),
            level=Level.INACTIVE,
            judgement=Judgement.INSUFFICIENT,
            since=at,
            noted=False,
        )
        if instance.rule.name in body.rules
        else instance
        for name, instance in service.instances.items()
    }
    return replace(service, instances=changed)
