"""What a step still wants before the next, in the operator's words."""

from dataclasses import replace

from tests.core.examples import READY, SERVICE, configured, environment, shop
from tests.core.world import World
from watchdog.core.effects import CutRoute
from watchdog.core.lacking import lacks
from watchdog.core.model import Colour
from watchdog.core.phases import Phase
from watchdog.core.state import ServiceState

CRITICAL = replace(READY, divert=False, critical_routes=("lab",))


def soaking() -> World:
    world = World(environment=environment(CRITICAL)).begin().submit()
    world.run(14.0)
    return world


def with_routes_cut(service: ServiceState, *routes: str, phase: Phase = Phase.SOAKING) -> ServiceState:
    assert service.deployment is not None
    return replace(service, deployment=replace(service.deployment, phase=phase, routes_cut=frozenset(routes)))


def test_without_a_deployment_nothing_is_lacking() -> None:
    """There is no gate."""
    assert () == lacks(SERVICE, shop(configured()))


def test_a_critical_route_that_is_cut_is_lacking_at_a_step() -> None:
    """Another route is not asked about."""
    world = soaking()

    assert () == lacks(CRITICAL, with_routes_cut(world.shop, "login"))
    assert ("lab: users are kept from green",) == lacks(CRITICAL, with_routes_cut(world.shop, "lab"))


def test_every_route_that_is_cut_or_moving_is_lacking_in_the_bake_whoever_passes_the_gate() -> None:
    """Once each."""
    world = soaking()
    service = with_routes_cut(world.shop, "lab", phase=Phase.BAKING)
    effect = CutRoute(id="d1/9/0", service="shop", epoch=1, colour=Colour.GREEN, route="login", cut=False)
    service = replace(service, waiting={effect.id: effect})
    assert service.deployment is not None
    passed = replace(service, deployment=replace(service.deployment, gate_passed=True))

    wanted = ("lab: users are kept from green", "login: users are kept from green")
    assert wanted == lacks(CRITICAL, service) == lacks(CRITICAL, passed)
