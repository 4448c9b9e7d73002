"""After a proved rollback stable has every user: whether it bears them.

What lives here: what speaks against stable then. What must not: how long it is watched (`verdict.settling`), telling
(`incidents`).
"""

from watchdog.core import verdict
from watchdog.core.model import Judgement, Level, OnFire, Seconds
from watchdog.core.settings import Service
from watchdog.core.state import ServiceState


def failing(settings: Service, service: ServiceState, now: Seconds) -> tuple[str, ...]:
    """The rollback rules that fire on stable after a rollback."""
    return tuple(
        rule.name
        for rule in settings.rules
        if rule.per_colour and rule.on_fire is OnFire.ROLLBACK and not verdict.left_out(service, rule, now)
        if (instance := service.instances.get(verdict.key(rule, service.stable))) is not None
        and instance.level is Level.FIRING
        and verdict.judgement(settings, service, instance, service.stable, now)
        in (Judgement.KNOWN, Judgement.INSUFFICIENT)
    )


def unanswered(settings: Service, service: ServiceState) -> bool:
    """Whether stable has failed every direct probe of three polls since the rollback.

    Probes that were not sent say nothing: a daemon that stood still for a while finds one failure, not three.
    """
    deployment, probe = service.deployment, service.probes.get(service.stable)
    rhythms = [source.interval for source in settings.sources if source.probing]
    if verdict.maintained(service) or deployment is None or deployment.ended_at is None or probe is None or not rhythms:
        return False
    if probe.failing_since is None or probe.failed_started is None or probe.failures < verdict.POLLS_TO_UNKNOWN:
        return False
    began = max(deployment.ended_at, probe.failing_since)
    return probe.failed_started - began >= (verdict.POLLS_TO_UNKNOWN - 1) * max(rhythms)
