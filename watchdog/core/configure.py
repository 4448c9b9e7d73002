"""A new configuration comes into force, or is refused as a whole.

What lives here: what a reload may not take away in mid-deployment. What must not: any check of the configuration
itself (it came validated) and its folding (`evolve_service`).
"""

from watchdog.core.draft import Draft
from watchdog.core.events import Configured
from watchdog.core.model import Level
from watchdog.core.reasons import Reason
from watchdog.core.records import Accepted, Refused
from watchdog.core.state import ServiceState


def take(draft: Draft, event: Configured) -> None:
    """Keep the configuration as a fact and so put it in force, or refuse it and change nothing."""
    for name, service in draft.state.services.items():
        refusal = _refused(event, name, service)
        if refusal is not None:
            reason, detail = refusal
            draft.emit(Refused(command=event.id, reason=reason, detail=detail))
            return
    draft.emit(event)
    if event.id:
        draft.emit(Accepted(command=event.id))


def _refused(event: Configured, name: str, service: ServiceState) -> tuple[Reason, str] | None:
    deployment = service.deployment
    if deployment is None or (deployment.ended and deployment.wanted is None):
        return None
    settings = event.environment.service(name)
    if settings is None:
        return Reason.ONE_AT_A_TIME, f"{name} cannot go: {deployment.release} is {deployment.phase}"
    gone = sorted(
        {
            instance.rule.name
            for instance in service.instances.values()
            if instance.level is Level.FIRING and settings.rule(instance.rule.name) is None
        }
    )
    if gone and not event.forced:
        return Reason.RULE_FIRING, f"{name}: {', '.join(gone)} fires and cannot go without --force"
    return None
