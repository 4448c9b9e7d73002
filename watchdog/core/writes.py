"""What users wrote on the candidate, where each colour keeps its own data: going back to stable would lose it.

What lives here: folding that somebody wrote, or may have while nobody looked, and reading it. What must not: what
follows from it (`interlocks.losses`). What is not known counts as possible.
"""

from collections.abc import Mapping
from dataclasses import replace

from watchdog.core import gate, verdict
from watchdog.core.model import Data, Missing, Seconds, Value
from watchdog.core.settings import Service
from watchdog.core.state import Deployment, ServiceState, Wrote

SIGNAL = "writes"
"""The traffic source's count of users' requests that changed something and were answered well."""


def matter(settings: Service) -> bool:
    """Whether going back after a write needs a human."""
    return settings.data is Data.PER_COLOUR and not settings.writes_may_be_lost


def noted(settings: Service, deployment: Deployment, own: Mapping[str, Value], at: Seconds) -> Deployment:
    """The deployment after one slice of the candidate's traffic."""
    if settings.data is not Data.PER_COLOUR or not _has_users(deployment):
        return deployment
    value = own.get(SIGNAL)
    if value is None or isinstance(value, Missing):
        return unseen(settings, deployment, at)
    if gate.count(value) > 0.0 and not (deployment.wrote and deployment.wrote.seen):
        return replace(deployment, wrote=Wrote(at=at, seen=True))
    return deployment


def unseen(settings: Service | None, deployment: Deployment, at: Seconds) -> Deployment:
    """The deployment after a time in which nobody could see what the candidate's users did."""
    kept = settings is None or settings.data is not Data.PER_COLOUR
    if kept or deployment.wrote is not None or not _has_users(deployment):
        return deployment
    return replace(deployment, wrote=Wrote(at=at, seen=False))


def _has_users(deployment: Deployment) -> bool:
    """Whether users are ordered to the candidate; while they are cut off what was open goes on."""
    return deployment.rollback is None and max(deployment.declared.weight, deployment.in_force.weight) > 0.0


def would_be_lost(settings: Service, service: ServiceState, now: Seconds) -> str | None:
    """How it is known that users wrote on the candidate; None when they did not, or when that does not matter."""
    deployment = service.deployment
    if deployment is None or not matter(settings):
        return None
    if deployment.wrote is not None:
        return "seen in the balancer's log" if deployment.wrote.seen else "possibly: the log was not read all the time"
    if _has_users(deployment) and _nobody_looks(settings, service, now):
        return "possibly: the log says nothing"
    return None


def _nobody_looks(settings: Service, service: ServiceState, now: Seconds) -> bool:
    source = settings.traffic_source
    return source is None or verdict.silent(settings, service, source, now)


def kept(settings: Service) -> str:
    """Why nothing would be lost, in a word or two."""
    if settings.data is Data.SHARED:
        return "data is shared"
    return "they may be lost" if settings.writes_may_be_lost else "none so far"
