"""One route's users are kept from the candidate: ordered by a human, carried out by the router, believed by rules."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, CANARY, ERROR_RATE, GREEN, READY, SHOP, WORSE, environment
from tests.core.world import World
from watchdog.core import verdict
from watchdog.core.conditions import CanaryVsStable, SequentialRatio
from watchdog.core.effects import Audience, CutRoute, SetTraffic
from watchdog.core.events import DivertRoute, Promote, Resume, Rollback
from watchdog.core.model import Judgement, Level, Verdict
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import Refused, RouteCutOrdered
from watchdog.core.settings import Bake, Environment, Rule, Service, Step
from watchdog.core.state import Incident

WITHOUT_DIVERT = replace(READY, divert=False)


def on_lab(rule: Rule) -> Rule:
    assert isinstance(rule.condition, SequentialRatio | CanaryVsStable)
    condition = replace(rule.condition, bad="errors[lab]", total="requests[lab]")
    return replace(rule, name=f"lab-{rule.name}", condition=condition)


LAB = replace(WITHOUT_DIVERT, rules=(*READY.rules, on_lab(ERROR_RATE), on_lab(WORSE)))


def divert(route: str = "lab", *, release: bool = False) -> DivertRoute:
    return DivertRoute(id="d", by="ada", because="lab results fail", service=SHOP, route=route, release=release)


def soaking(service: Service = WITHOUT_DIVERT, known: Environment | None = None) -> World:
    world = World(environment=known or environment(service)).begin().submit()
    world.run(14.0)
    return world


def cut(service: Service = WITHOUT_DIVERT) -> World:
    world = soaking(service)
    world.put(divert())
    world.run(1.0)
    return world


def told(world: World) -> list[Incident]:
    return [each for each in world.shop.incidents.values() if each.reason is Reason.EVIDENCE_WANTING]


def refusal(world: World, command: DivertRoute) -> Reason:
    world.put(command)
    (refused,) = world.bodies(Refused)[-1:]
    assert isinstance(refused, Refused)
    return refused.reason


def test_a_route_is_cut_when_the_router_says_so() -> None:
    """Not before; everything else goes on."""
    world = soaking()
    world.put(divert())
    assert frozenset() == world.deployment.routes_cut

    world.run(1.0)
    assert ({"lab"}, {"lab"}) == (world.routes_cut, set(world.deployment.routes_cut))
    (order,) = world.bodies(RouteCutOrdered)
    assert isinstance(order, RouteCutOrdered)
    assert ("lab", True, "ada", "lab results fail") == (order.route, order.cut, order.by, order.because)
    assert ({}, Phase.SOAKING) == (world.deployment.holds, world.deployment.phase)


def test_a_route_is_given_back_by_command() -> None:
    """Its rules then apply again."""
    world = cut()
    world.put(divert(release=True))
    world.run(1.0)

    assert (set(), frozenset()) == (world.routes_cut, world.deployment.routes_cut)


def test_what_cannot_be_cut_is_refused() -> None:
    """By a router without routes, an unknown route, twice, at the wrong time."""
    world = soaking(replace(WITHOUT_DIVERT, cuts_routes=False))
    assert Reason.NOT_SUPPORTED is refusal(world, divert())
    world = World(environment=environment(WITHOUT_DIVERT)).begin()
    assert Reason.NO_DEPLOYMENT is refusal(world, divert())
    world.submit()
    assert Reason.WRONG_PHASE is refusal(world, divert())
    world.run(14.0)
    assert Reason.NO_SUCH_ROUTE is refusal(world, divert("attic"))
    assert Reason.ALREADY is refusal(world, divert(release=True))
    world.put(divert())
    assert Reason.ONE_AT_A_TIME is refusal(world, divert(release=True))
    world.run(1.0)
    assert Reason.ALREADY is refusal(world, divert())
    world.restart()
    assert Reason.NOT_ADOPTED is refusal(world, divert(release=True))


def judged(world: World, name: str, rule: Rule) -> Judgement:
    service = world.shop
    colour = GREEN if name.endswith(GREEN) else BLUE
    instance = replace(service.instances[name], judgement=Judgement.KNOWN, missed=0)
    assert instance.rule.name == rule.name
    return verdict.judgement(LAB, service, instance, colour, world.now)


def test_rules_on_a_cut_route_do_not_apply_to_the_candidate_and_the_others_do() -> None:
    """A comparison does not apply to either colour; stable's own rule on the route goes on."""
    world = cut(LAB)
    own, compares = on_lab(ERROR_RATE), on_lab(WORSE)

    assert Judgement.NOT_APPLICABLE is judged(world, "lab-error-rate@green", own)
    assert Judgement.KNOWN is judged(world, "lab-error-rate@blue", own)
    assert Judgement.NOT_APPLICABLE is judged(world, "lab-worse-than-stable@green", compares)
    assert Judgement.NOT_APPLICABLE is judged(world, "lab-worse-than-stable@blue", compares)
    assert Judgement.KNOWN is judged(world, "error-rate@green", ERROR_RATE)
    assert not verdict.on_cut_route(LAB, world.deployment, replace(own, source="health"))
    world.put(divert("login"))
    world.run(1.0)
    assert {"lab", "login"} == world.routes_cut


def test_a_suspicion_on_a_cut_route_holds_nothing_up() -> None:
    """It can neither grow nor fade."""
    world = soaking(LAB)
    service = world.shop
    name = "lab-error-rate@green"
    heard = {key: replace(each, missed=0) for key, each in service.instances.items()}
    suspected = replace(service, instances={**heard, name: replace(heard[name], level=Level.PENDING)})
    assert Verdict.SUSPECT is verdict.read(LAB, suspected, world.now).verdict

    deployment = replace(world.deployment, routes_cut=frozenset({"lab"}))
    suspected = replace(suspected, deployment=deployment)
    assert Verdict.HEALTHY is verdict.read(LAB, suspected, world.now).verdict


@pytest.mark.parametrize("release", [False, True])
def test_a_cut_that_does_not_work_holds_and_is_told(release: bool) -> None:  # noqa: FBT001 - the parameter of a test
    """The human who wanted it must know; the brake of the whole colour is not called broken for it."""
    world = cut() if release else soaking()
    world.failing.add(CutRoute)
    world.put(divert(release=release))
    world.run(1.0)

    assert (frozenset({"lab"}) if release else frozenset()) == world.deployment.routes_cut
    assert {Hold.HUMAN: Reason.BRAKE_FAILED} == world.deployment.holds
    assert [Reason.BRAKE_FAILED] == [incident.reason for incident in world.shop.incidents.values()]
    what = "given back to" if release else "kept from"
    assert f"route lab could not be {what} green: no space" == world.deployment.held_details[Hold.HUMAN]
    world.put(Resume(id="r", service=SHOP, by="ada"))
    assert all(incident.resolved_at for incident in world.shop.incidents.values())


def test_a_cut_that_does_not_work_is_told_although_a_human_holds_already() -> None:
    """Their hold keeps its reason."""
    world = soaking()
    world.failing.add(CutRoute)
    for route in ("lab", "login"):
        world.put(divert(route))
        world.run(1.0)

    assert [Reason.BRAKE_FAILED] == [incident.reason for incident in world.shop.incidents.values()]
    world.put(divert())
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(20.0)
    assert Phase.ROLLED_BACK is world.deployment.phase


def test_a_failed_cut_of_a_deployment_that_is_on_its_way_back_is_of_no_meaning() -> None:
    """The order to give everything to stable took its meaning away."""
    world = soaking()
    world.lost = lambda effect: isinstance(effect, (CutRoute, SetTraffic))
    world.put(divert())
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(1.0)

    assert Phase.ROLLING_BACK is world.deployment.phase
    assert not any(isinstance(effect, CutRoute) for effect in world.shop.waiting.values())


def test_a_critical_route_that_is_cut_is_lacking_until_a_human_passes_the_gate() -> None:
    """Nothing is known of it at this share."""
    world = soaking(replace(WITHOUT_DIVERT, critical_routes=("lab",)))
    world.put(divert())
    world.run(30.0)

    assert Phase.WAITING is world.deployment.phase
    world.put(Promote(id="p", by="ada", because="lab is repaired tomorrow", service=SHOP))
    assert world.run(5.0, lambda world: world.is_in(Phase.BAKING))


def test_no_release_is_promoted_with_a_route_that_is_kept_from_it() -> None:
    """The other colour is on its way out, and the route's users would go down with it."""
    world = cut()
    world.run(60.0, lambda world: world.is_in(Phase.BAKING))
    world.put(Promote(id="p", by="ada", because="so", service=SHOP))
    world.run(100.0)
    assert Phase.BAKING is world.deployment.phase

    world.put(divert(release=True))
    assert world.run(10.0, lambda world: world.split.promoted)


def test_a_promotion_that_waits_for_a_cut_route_is_told_to_chat_as_soon_as_the_bake_is_over() -> None:
    """Nothing else holds it, so nobody would find out; it is over when the route's users are let go again."""
    world = cut()
    world.run(60.0, lambda world: world.is_in(Phase.BAKING))
    world.run(15.0)
    assert [] == told(world)
    world.run(10.0)

    (incident,) = told(world)
    assert (Audience.CHAT, "lab: users are kept from green") == (incident.audience, incident.detail)
    world.put(divert(release=True))
    world.run(10.0)
    assert [True] == [each.resolved_at is not None for each in told(world)]


def test_a_promotion_that_waits_for_requests_alone_is_told_as_late_as_a_step() -> None:
    """They may still come: four bakes."""
    bake = Bake(at_least=20.0, requests=1_000_000)
    plan = replace(CANARY, bake=bake)
    world = soaking(known=environment(WITHOUT_DIVERT, plans=(plan,)))
    world.run(60.0, lambda world: world.is_in(Phase.BAKING))
    world.run(75.0)
    assert [] == told(world)
    world.run(10.0)

    assert 1 == len(told(world))


def test_resume_names_the_command_that_ends_a_cut() -> None:
    """Nothing is held, and the promotion waits all the same."""
    world = cut()
    world.put(Resume(id="r", by="ada", service=SHOP))

    (refused,) = world.bodies(Refused)
    assert isinstance(refused, Refused)
    assert (
        "nothing that a human may lift holds it; before the promotion users of lab must be let go to green again: "
        "rollback-watchdog divert shop lab --end"
    ) == refused.detail


def test_a_bake_does_not_end_while_a_route_is_being_cut() -> None:
    """Nobody knows yet which colour has its users."""
    plan = replace(CANARY, steps=(Step(weight=1.0, soak=0.0, gate=CANARY.steps[1].gate),))
    world = soaking(known=environment(WITHOUT_DIVERT, plans=(plan,)))
    world.lost = lambda effect: isinstance(effect, CutRoute)
    world.put(divert())
    world.run(100.0)

    assert Phase.BAKING is world.deployment.phase


def test_cut_routes_end_with_the_deployment() -> None:
    """The router's next preparation clears the flags."""
    world = cut()
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(20.0)

    assert (Phase.ROLLED_BACK, frozenset()) == (world.deployment.phase, world.deployment.routes_cut)


@pytest.mark.parametrize("release", [False, True])
def test_an_order_without_an_outcome_is_given_again_after_a_restart(release: bool) -> None:  # noqa: FBT001 - as above
    """In both directions: while nobody knows, a rule on the route would be blind."""
    world = cut() if release else soaking()
    world.lost = lambda effect: isinstance(effect, CutRoute)
    world.put(divert(release=release))
    world.run(1.0)
    world.lost = lambda _: False
    world.restart()
    world.run(1.0)

    assert (frozenset() if release else frozenset({"lab"})) == world.deployment.routes_cut


def test_an_answer_about_a_route_after_the_end_changes_nothing() -> None:
    """A late answer finds nobody who waits for it."""
    world = soaking()
    world.delay = 30.0
    world.put(divert())
    world.delay = 0.05
    world.put(Rollback(id="b", by="ada", service=SHOP))
    world.run(40.0)

    assert (Phase.ROLLED_BACK, frozenset()) == (world.deployment.phase, world.deployment.routes_cut)
