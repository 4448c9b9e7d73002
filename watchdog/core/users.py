"""What became of the candidate's users, from the first step until a rollback is proved.

What lives here: the counts, folded from the balancer's slices. What must not: rates for the screens (`evidence`),
judging. A request counts as failed by its first try, and as shielded when stable answered it in the candidate's place.
"""

from dataclasses import replace

from watchdog.core import gate
from watchdog.core.events import Observed
from watchdog.core.state import ServiceState


def counted(service: ServiceState, body: Observed) -> ServiceState:
    """The service with one slice more of its candidate's users."""
    deployment = service.deployment
    if deployment is None or deployment.ended:
        return service
    own = {reading.signal: reading.value for reading in body.readings if reading.colour is deployment.candidate}
    before = deployment.users
    users = replace(
        before,
        failed=before.failed + int(gate.count(own.get("errors"))),
        shielded=before.shielded + int(gate.count(own.get("shielded"))),
    )
    return replace(service, deployment=replace(deployment, users=users))
