"""Going forward: preparation, steps, soak, gate, bake, promotion; and what holds it up."""

from dataclasses import replace

import pytest

from tests.core.examples import BLUE, CANARY, GREEN, SERVICE, SHOP, environment
from tests.core.world import World
from watchdog.core.effects import Prepare, SetTraffic
from watchdog.core.events import Abort, Pause, PreparedOutcome, Promote, Resume, StopTheLine
from watchdog.core.lacking import lacks
from watchdog.core.model import Split
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import GatePassed, HoldLifted, PhaseChanged, SplitAbandoned, SplitOrdered
from watchdog.core.settings import Bake, Environment, Gate, Service


def phases(world: World) -> list[Phase]:
    return [body.to for body in world.bodies(PhaseChanged) if isinstance(body, PhaseChanged)]


def steps(world: World) -> list[SetTraffic]:
    return [effect for effect in world.effects if isinstance(effect, SetTraffic)]


def promoted(world: World) -> bool:
    return world.deployment.phase is Phase.PROMOTED


def with_gate(gate: Gate, bake: Bake = CANARY.bake, service: Service = SERVICE) -> Environment:
    first, last = CANARY.steps
    plan = replace(CANARY, steps=(replace(first, gate=gate), last), bake=bake)
    return environment(service, plans=(plan,))


def test_a_healthy_release_goes_all_the_way() -> None:
    """Prepared, 10 %, soaked, 100 %, baked, promoted: users follow the plan, and stable is then the new release."""
    world = World().begin().submit()
    assert world.run(120.0, lambda world: world.split.promoted)

    assert [
        Phase.PREPARING,
        Phase.SHIFTING,
        Phase.SOAKING,
        Phase.SHIFTING,
        Phase.BAKING,
        Phase.PROMOTED,
    ] == phases(world)
    assert [(0.1, False), (1.0, False), (1.0, True)] == [(e.split.weight, e.split.promoted) for e in steps(world)]
    assert [1, 2, 3] == [e.epoch for e in steps(world)]
    assert (GREEN, "2.0") == (world.shop.stable, world.shop.stable_release)
    assert [] == world.sent


def test_the_next_release_goes_the_other_way() -> None:
    """After a promotion the roles are swapped."""
    world = World().begin().submit()
    world.run(120.0, lambda world: world.split.promoted)
    world.run(15.0)

    world.submit("3.0", deployment="d2")
    assert world.run(120.0, lambda world: world.split.promoted and world.split.candidate is BLUE)
    assert (BLUE, "3.0") == (world.shop.stable, world.shop.stable_release)


def test_everything_that_the_plan_needs_is_prepared_ahead() -> None:
    """Stable at 100 % first, then each step, then the promotion."""
    world = World().begin().submit()
    (order,) = [effect for effect in world.effects if isinstance(effect, Prepare)]

    home = Split(stable=BLUE, candidate=GREEN, weight=0.0, salt="d1")
    full = replace(home, weight=1.0)
    assert (home, replace(home, weight=0.1), full, replace(full, promoted=True)) == order.splits


def test_a_preparation_that_failed_ends_before_anything_happened() -> None:
    """No user was moved; the next submission may come."""
    world = World(failing={Prepare}).begin().submit()
    world.run(1.0)

    assert world.is_in(Phase.ABORTED)
    assert [] == steps(world)
    world.failing.clear()
    world.submit(deployment="d2")
    world.run(1.0)
    assert world.is_in(Phase.SOAKING)


def test_the_answer_to_an_aborted_preparation_does_not_start_the_next_one() -> None:
    """Each preparation's answer is its own."""
    world = World(lost=lambda effect: isinstance(effect, Prepare)).begin().submit()
    (order,) = [effect for effect in world.effects if isinstance(effect, Prepare)]
    world.put(Pause(id="p", service=SHOP))
    assert order.id in world.shop.waiting
    world.put(Abort(id="a", service=SHOP))
    world.submit(deployment="d2")

    world.put(PreparedOutcome(effect=order.id, ok=True))

    assert world.is_in(Phase.PREPARING)


def test_a_step_that_failed_is_taken_back_and_tried_again_after_five_minutes() -> None:
    """The old split stays declared, hold interlock is on, the on-call hears of it; the hold lifts itself."""
    world = World().begin().submit()
    world.run(5.0)
    world.failing.add(SetTraffic)
    world.run(60.0)

    (abandoned,) = world.bodies(SplitAbandoned)
    assert isinstance(abandoned, SplitAbandoned)
    assert (0, 0.1) == (abandoned.step, abandoned.split.weight)
    assert world.is_in(Phase.SOAKING)
    assert {Hold.INTERLOCK: Reason.STEP_FAILED} == world.deployment.holds
    assert [("on-call",)] == [message.contacts for message in world.sent]

    world.failing.clear()
    assert world.run(200.0, promoted) is False
    assert world.run(200.0, promoted)
    assert all(incident.resolved_at for incident in world.shop.incidents.values())


def test_a_first_step_that_failed_is_tried_again_too() -> None:
    """Nothing is measured before it, so the hold's own age counts."""
    world = World(failing={SetTraffic}).begin().submit()
    world.run(60.0)
    assert (Phase.SHIFTING, -1) == (world.deployment.phase, world.deployment.step)
    assert 1 == len(steps(world))

    world.failing.clear()
    world.run(301.0)

    assert Phase.SOAKING is world.deployment.phase or world.deployment.confirmed_step >= 0
    assert [HoldLifted(service=SHOP, hold=Hold.INTERLOCK, reason=Reason.HEALTHY_AGAIN)] == world.bodies(HoldLifted)


def test_only_a_human_resumes_where_the_file_says_so() -> None:
    """`resume: human`: no hold lifts itself."""
    world = World(environment=environment(replace(SERVICE, resume_by_human=True))).begin().submit()
    world.run(5.0)
    world.failing.add(SetTraffic)
    world.run(60.0)
    world.failing.clear()
    world.run(600.0)
    assert {Hold.INTERLOCK: Reason.STEP_FAILED} == world.deployment.holds

    world.put(Resume(id="r", by="ada", service=SHOP))
    assert world.run(60.0, promoted)


def test_a_freeze_rule_holds_until_five_healthy_minutes_have_passed() -> None:
    """The five minutes begin when the rule is quiet; what nobody watched does not count."""
    world = World().begin().submit()
    world.run(5.0)
    world.writable = 0.0
    world.run(30.0)
    assert {Hold.RULE: Reason.RULE_FREEZES} == world.deployment.holds
    assert {Hold.RULE: "writable"} == world.deployment.held_details
    world.writable = 1.0
    world.run(200.0)
    world.silent.update({"edge", "health", "db"})
    world.run(60.0)
    world.silent.clear()

    assert world.run(290.0, lambda world: not world.deployment.holds) is False
    assert world.run(20.0, lambda world: not world.deployment.holds)


def test_the_gate_says_what_is_missing_and_waits() -> None:
    """Too few requests: waiting, with the counts; enough: on."""
    world = World(environment=with_gate(Gate(requests=1000))).begin().submit()
    assert world.run(60.0, lambda world: world.deployment.phase is Phase.WAITING)

    waiting = [b for b in world.bodies(PhaseChanged) if isinstance(b, PhaseChanged)][-1]
    assert Reason.EVIDENCE_WANTING is waiting.reason
    assert "of 1000 requests on green" in waiting.detail
    assert world.run(60.0, promoted)


def test_a_critical_route_has_its_own_minimum() -> None:
    """A route without requests is not lost in the average."""
    service = replace(SERVICE, critical_routes=("login",))
    world = World(environment=with_gate(Gate(requests=0), service=service)).begin().submit()
    assert world.run(60.0, lambda world: world.deployment.phase is Phase.WAITING)

    assert ("login: 0 of 20 requests",) == lacks(service, world.shop)
    enough = replace(world.deployment, route_requests={"login": 20})
    assert () == lacks(service, replace(world.shop, deployment=enough))
    assert () == lacks(service, replace(world.shop, deployment=None))


@pytest.mark.parametrize(
    ("requests", "passes", "lacking"),
    [
        (4, 3, ("login: 4 of 20 requests or 3 of 10 passing probes",)),
        (4, 10, ()),
        (20, 0, ()),
        (4, None, ("login: 4 of 20 requests",)),
    ],
)
def test_passes_of_our_own_stand_for_requests_on_a_critical_route(
    requests: int, passes: int | None, lacking: tuple[str, ...]
) -> None:
    """Either is enough; where nothing asks the route for us nobody is told of probes."""
    service = replace(SERVICE, critical_routes=("login",))
    world = World(environment=with_gate(Gate(requests=0), service=service)).begin().submit()
    world.run(60.0, lambda world: world.deployment.phase is Phase.WAITING)
    counted = {} if passes is None else {"login": passes}
    deployment = replace(world.deployment, route_requests={"login": requests}, route_passes=counted)

    assert lacking == lacks(service, replace(world.shop, deployment=deployment))


def test_a_gate_may_want_users_alone() -> None:
    """`passes_per_critical_route: 0`: no number of passes does."""
    service = replace(SERVICE, critical_routes=("login",))
    users = Gate(requests=0, passes_per_critical_route=0)
    world = World(environment=with_gate(users, service=service)).begin().submit()
    world.run(60.0, lambda world: world.deployment.phase is Phase.WAITING)
    deployment = replace(world.deployment, route_passes={"login": 1000})

    assert ("login: 0 of 20 requests",) == lacks(service, replace(world.shop, deployment=deployment))


def test_a_new_step_wants_passes_of_its_own() -> None:
    """What passed in the step before does not open the next gate."""
    service = replace(SERVICE, critical_routes=("login",))
    gate = Gate(requests=0, per_critical_route=20)
    first, last = CANARY.steps
    plan = replace(CANARY, steps=(replace(first, gate=gate), replace(first, weight=0.5, gate=gate), last))
    world = World(environment=environment(service, plans=(plan,))).begin().submit()
    assert world.run(60.0, lambda world: world.deployment.phase is Phase.WAITING)
    own = replace(world.deployment, route_passes={"login": 10})
    world.state = replace(world.state, services={SHOP: replace(world.shop, deployment=own)})

    assert world.run(60.0, lambda world: world.deployment.confirmed_step == 1)
    assert {} == world.deployment.route_passes
    assert world.run(60.0, lambda world: world.deployment.phase is Phase.WAITING)
    assert ("login: 0 of 20 requests",) == lacks(service, world.shop)


def test_promote_passes_a_gate_that_waits() -> None:
    """A human's reason is evidence enough, for this step."""
    world = World(environment=with_gate(Gate(requests=10**9))).begin().submit()
    world.run(60.0, lambda world: world.deployment.phase is Phase.WAITING)

    world.put(Promote(id="p", by="ada", service=SHOP, because="night"))

    assert [GatePassed(service=SHOP, by="ada")] == world.bodies(GatePassed)
    assert world.run(60.0, promoted)


def test_nobody_promotes_what_nothing_has_measured() -> None:
    """Rules that never measured anything are no evidence, with or without a human."""
    quiet = replace(SERVICE, rules=SERVICE.rules[2:])
    world = World(environment=with_gate(Gate(requests=0), service=quiet)).begin().submit()
    world.run(30.0)
    world.put(Promote(id="p", by="ada", service=SHOP, because="night"))
    world.run(60.0)

    assert world.is_in(Phase.WAITING)
    assert ("no rollback rule has measured anything yet",) == lacks(quiet, world.shop)


def test_the_bake_wants_time_and_requests() -> None:
    """`bake: {at_least, requests}`: both."""
    world = World(environment=with_gate(Gate(requests=0), bake=Bake(at_least=5.0, requests=4000))).begin().submit()
    world.run(60.0, lambda world: world.deployment.phase is Phase.BAKING)
    begun = world.now

    assert world.run(60.0, promoted)
    assert 19.0 <= world.now - begun <= 23.0


@pytest.mark.parametrize("plan", ["canary", "all-at-once"])
def test_a_plan_of_any_length_is_baked_at_the_end(plan: str) -> None:
    """`all-at-once` has one step, and its bake is the watch."""
    world = World().begin().submit(plan=plan)

    assert world.run(120.0, promoted)
    assert Phase.BAKING in phases(world)


def test_a_stopped_line_takes_no_step() -> None:
    """Progress is an automatic action, too."""
    world = World().begin().submit()
    world.run(5.0)
    world.put(StopTheLine(id="l", by="ada", because="storm", for_=100.0))
    world.run(99.0)
    assert world.is_in(Phase.SOAKING)

    assert world.run(60.0, promoted)


def test_a_promotion_whose_files_could_not_be_written_is_tried_again() -> None:
    """Every thirty seconds, with one incident: traffic is on the candidate anyway."""
    world = World().begin().submit()
    world.run(100.0, lambda world: world.deployment.phase is Phase.BAKING)
    world.failing.add(SetTraffic)
    assert world.run(60.0, promoted)
    world.run(70.0)

    promotions = [effect for effect in steps(world) if effect.split.promoted]
    assert 3 == len(promotions)
    assert [Reason.PROMOTION_FAILED] == [incident.reason for incident in world.shop.incidents.values()]
    world.failing.clear()
    world.run(31.0)
    assert world.split.promoted
    assert all(incident.resolved_at for incident in world.shop.incidents.values())


def test_a_step_needs_somebody_who_has_said_that_it_is_healthy() -> None:
    """After a restart the soak of before is enough only when the sources have spoken again."""
    world = World().begin().submit()
    world.run(15.0)
    world.put(Pause(id="p", service=SHOP))
    world.run(20.0)
    world.silent = {"edge", "health", "db"}
    world.restart(down=1.0)
    world.put(Resume(id="r", service=SHOP))
    world.run(0.5)

    assert 0 == world.deployment.step
    assert 1 == len([b for b in world.bodies(SplitOrdered) if isinstance(b, SplitOrdered)])
