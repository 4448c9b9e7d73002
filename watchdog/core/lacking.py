"""What a step still wants before the next: requests or passes, a rule that has measured, no route left behind.

What lives here: the gate's question and its answer in the operator's words. What must not: counting (`gate`), going on
(`rollout`).
"""

from watchdog.core import verdict
from watchdog.core.effects import CutRoute
from watchdog.core.model import OnFire
from watchdog.core.phases import Phase
from watchdog.core.settings import Gate, Service
from watchdog.core.state import Deployment, ServiceState

KEPT_FROM = "users are kept from"


def lacks(settings: Service, service: ServiceState) -> tuple[str, ...]:
    """What the present step's gate still wants, in the operator's words; empty when it is satisfied."""
    deployment = service.deployment
    if deployment is None:
        return ()
    unmeasured = () if _measured(service) else ("no rollback rule has measured anything yet",)
    baking = deployment.phase is Phase.BAKING
    if baking:
        # The other colour is on its way out: a route that still leads there must not be forgotten.
        unmeasured = (*unmeasured, *(f"{route}: {KEPT_FROM} {deployment.candidate}" for route in _cut(service)))
    if deployment.gate_passed:
        return unmeasured
    step = deployment.plan.steps[deployment.step]
    gate = Gate(requests=deployment.plan.bake.requests, per_critical_route=0) if baking else step.gate
    missing = []
    if settings.traffic_source is not None and deployment.requests < gate.requests:
        missing.append(f"{deployment.requests} of {gate.requests} requests on {deployment.candidate}")
    missing += [lack for route in settings.critical_routes if (lack := _route_lacks(gate, deployment, route))]
    return (*missing, *unmeasured)


def _cut(service: ServiceState) -> list[str]:
    """Routes that are kept from the candidate, or of which nobody knows yet."""
    cut = service.deployment.routes_cut if service.deployment else frozenset()
    return sorted({*cut, *moving(service)})


def moving(service: ServiceState) -> list[str]:
    """Routes whose order has no outcome yet."""
    return [effect.route for effect in service.waiting.values() if isinstance(effect, CutRoute)]


def _route_lacks(gate: Gate, deployment: Deployment, route: str) -> str:
    """What one critical route still wants: users' requests, or passes of our own where something sends them."""
    if route in deployment.routes_cut:
        return "" if deployment.phase is Phase.BAKING else f"{route}: {KEPT_FROM} {deployment.candidate}"
    seen, wanted = deployment.route_requests.get(route, 0), gate.per_critical_route
    if seen >= wanted:
        return ""
    passes, enough = deployment.route_passes.get(route), gate.passes_per_critical_route
    if passes is None or enough == 0:
        return f"{route}: {seen} of {wanted} requests"
    return "" if passes >= enough else f"{route}: {seen} of {wanted} requests or {passes} of {enough} passing probes"


def _measured(service: ServiceState) -> bool:
    return any(
        instance.measured and instance.rule.on_fire is OnFire.ROLLBACK for instance, _ in verdict.candidates(service)
    )
