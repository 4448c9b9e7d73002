"""What is usual passes from one deployment to the next."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.core.examples import BLUE, GREEN, SERVICE, SHOP, environment, polled
from tests.core.world import World
from watchdog.core import handover
from watchdog.core.conditions import Spike
from watchdog.core.engine import evolve
from watchdog.core.events import Configured, Rollback
from watchdog.core.model import Judgement, Level, Missing, OnFire
from watchdog.core.phases import Phase
from watchdog.core.records import DeploymentBegun, RollbackBlocked
from watchdog.core.rules.api import SpikeState
from watchdog.core.rules.baseline import Baseline, usual
from watchdog.core.settings import Rule, Service, Source
from watchdog.core.state import State

HOST = Source(name="host", kind="host", interval=1.0, required=False)
CPU = Rule(
    name="cpu",
    source="host",
    condition=Spike(
        value="cpu",
        floor=0.6,
        deviations=6.0,
        for_=2.0,
        clear_for=2.0,
        baseline=60.0,
        min_readings=10,
        interval=1.0,
    ),
    on_fire=OnFire.FREEZE,
    warm_up=0.0,
)


def guarded(rule: Rule = CPU) -> Service:
    return replace(SERVICE, rules=(*SERVICE.rules, rule), sources=(*SERVICE.sources, HOST))


def idle(seconds: float = 30.0, rule: Rule = CPU) -> World:
    """A service that nobody deploys to, for a while."""
    world = World(environment=environment(guarded(rule))).begin()
    world.run(seconds)
    return world


def baseline(world: World, name: str = "cpu@blue") -> Baseline:
    state = world.shop.instances[name].state
    assert isinstance(state, SpikeState)
    return state.baseline


def level(world: World, name: str) -> Level:
    return world.shop.instances[name].level


def test_stable_collects_outside_of_deployments_without_always() -> None:
    """And judges nothing: a machine under full load between releases is nobody's business."""
    world = idle()
    world.cpu[BLUE] = 0.99
    world.run(10.0)

    assert 38 <= baseline(world).readings <= 41
    assert Level.INACTIVE is level(world, "cpu@blue")
    assert Baseline() == baseline(world, "cpu@green")


def test_a_deployment_takes_the_baseline_along_for_both_colours() -> None:
    """It is frozen from the first moment on, long before a user is moved."""
    world = idle()
    before = baseline(world)

    world.submit()
    world.cpu = {BLUE: 0.5, GREEN: 0.5}
    world.run(20.0)

    (begun,) = world.bodies(DeploymentBegun)
    assert isinstance(begun, DeploymentBegun)
    assert (("cpu", before),) == begun.baselines
    assert before == baseline(world) == baseline(world, "cpu@green")
    assert Judgement.KNOWN is world.shop.instances["cpu@green"].judgement


def test_a_spike_on_the_candidate_freezes() -> None:
    """0.7 is above the floor and far above the 0.3 that stable had before."""
    world = idle().submit()
    world.run(5.0)
    world.cpu[GREEN] = 0.7

    assert world.run(10.0, lambda world: bool(world.deployment.holds))
    assert {"rule": "cpu"} == {str(hold): detail for hold, detail in world.deployment.held_details.items()}
    assert Level.FIRING is level(world, "cpu@green")
    assert Level.INACTIVE is level(world, "cpu@blue")


def test_a_spike_on_both_colours_is_no_reason_to_roll_back() -> None:
    """Both are compared with one baseline, so the interlock sees a common cause."""
    world = idle(rule=replace(CPU, on_fire=OnFire.ROLLBACK)).submit()
    world.run(5.0)
    world.cpu = {BLUE: 0.9, GREEN: 0.9}
    world.run(10.0)

    assert ["common_cause"] == [str(body.reason) for body in world.bodies(RollbackBlocked)]  # type: ignore[union-attr]  # of that class


def test_without_a_baseline_nothing_is_judged_and_nothing_counts_as_measured() -> None:
    """A release right after the start."""
    world = World(environment=environment(guarded())).begin().submit()
    world.cpu[GREEN] = 0.99
    world.run(15.0)

    instance = world.shop.instances["cpu@green"]
    assert (Level.INACTIVE, Judgement.NOT_APPLICABLE, False) == (instance.level, instance.judgement, instance.measured)


def test_a_failed_release_leaves_no_trace() -> None:
    """After it stable goes on with what it had."""
    world = idle().submit()
    before = baseline(world)
    world.cpu = {BLUE: 0.5, GREEN: 0.95}
    world.run(15.0)
    world.put(Rollback(id="back", by="ada", service=SHOP))
    assert world.run(30.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)
    assert before == baseline(world)

    world.run(5.0)
    assert before.readings < baseline(world).readings
    assert {0.3, 0.5} == {value for _, value, _ in baseline(world).points}
    assert before == baseline(world, "cpu@green")


def test_a_reading_that_began_in_the_deployment_is_not_collected() -> None:
    """Nor one that looks back into it."""
    world = idle().submit()
    world.run(5.0)
    world.put(Rollback(id="back", by="ada", service=SHOP))
    assert world.run(30.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)
    world.silent = {"host"}
    before = baseline(world)
    world.run(3.0)
    ended = world.deployment.ended_at
    assert ended is not None

    world.put(polled("host", ended + 1.0, ("cpu", BLUE, 0.9), length=1.1))
    assert before == baseline(world)
    world.put(polled("host", ended + 1.2, ("cpu", BLUE, 0.9), length=1.1))
    assert before != baseline(world)


def test_a_gauge_that_looks_back_into_the_deployment_is_not_collected() -> None:
    """A range of ten seconds needs ten seconds after the end."""
    assert isinstance(CPU.condition, Spike)
    world = idle(rule=replace(CPU, condition=replace(CPU.condition, lookback=10.0))).submit()
    world.run(5.0)
    world.put(Rollback(id="back", by="ada", service=SHOP))
    assert world.run(30.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)
    before = baseline(world)

    world.run(10.0)
    assert before == baseline(world)
    world.run(3.0)
    assert before != baseline(world)


def test_after_a_promotion_the_new_version_learns_what_is_usual_for_it() -> None:
    """The old version's baseline stands in until there are enough readings, and then goes at once."""
    world = idle().submit()
    world.cpu = {BLUE: 0.1, GREEN: 0.5}
    assert world.run(200.0, lambda world: world.deployment.phase is Phase.PROMOTED)
    assert 0.3 == usual(baseline(world, "cpu@green")).middle

    world.run(9.0)
    assert 0.3 == usual(baseline(world, "cpu@green")).middle
    world.run(3.0)
    assert {0.5} == {value for _, value, _ in baseline(world, "cpu@green").points}

    world.submit("3.0", deployment="d2")
    assert 0.5 == usual(baseline(world, "cpu@blue")).middle


def test_a_release_that_is_taken_back_after_its_promotion_leaves_no_trace() -> None:
    """Its readings were collected on its own colour; stable's baseline is the one from before."""
    world = idle().submit()
    world.cpu[GREEN] = 0.5
    assert world.run(200.0, lambda world: world.deployment.phase is Phase.PROMOTED)
    world.run(30.0)
    world.put(Rollback(id="back", by="ada", service=SHOP))
    assert world.run(30.0, lambda world: world.deployment.phase is Phase.ROLLED_BACK)
    world.run(5.0)

    assert (BLUE, {0.3}) == (world.shop.stable, {value for _, value, _ in baseline(world).points})


def test_always_judges_stable_against_its_own_baseline() -> None:
    """And goes on collecting, so that a lasting change becomes the usual."""
    world = idle(rule=replace(CPU, always=True))
    world.cpu[BLUE] = 0.99
    world.run(5.0)
    assert Level.FIRING is level(world, "cpu@blue")
    world.run(120.0)
    assert Level.INACTIVE is level(world, "cpu@blue")


def test_a_rule_without_a_colour_collects_and_keeps_its_own() -> None:
    """The host under both colours."""
    world = idle(rule=replace(CPU, per_colour=False))
    world.silent = {"host"}
    for _ in range(20):
        world.run(1.0)
        world.put(polled("host", world.now, ("cpu", None, 0.4)))
    before = baseline(world, "cpu")
    world.submit()

    assert 20 == before.readings
    assert before == baseline(world, "cpu")


def reconfigured(world: World, rule: Rule) -> World:
    world.put(Configured(environment=environment(guarded(rule)), forced=True))
    return world


def test_a_tuned_rule_keeps_its_baseline() -> None:
    """An hour of collecting is not lost to another `deviations`; on another gauge it would be wrong."""
    assert isinstance(CPU.condition, Spike)
    world = idle()
    before = baseline(world)

    tuned = replace(CPU, condition=replace(CPU.condition, deviations=8.0))
    assert before == baseline(reconfigured(world.copy(), tuned))
    other = replace(CPU, condition=replace(CPU.condition, value="memory"))
    assert Baseline() == baseline(reconfigured(world.copy(), other))


def test_a_missing_reading_collects_nothing() -> None:
    """Nor does the other colour's stand in for it."""
    world = idle()
    before = baseline(world)
    world.cpu[BLUE] = Missing.STALE
    world.run(5.0)

    assert before == baseline(world)


def test_what_needs_no_baseline_is_left_alone() -> None:
    """Rules of other kinds have none to give or take."""
    world = World().begin()
    instance = world.shop.instances["alive@blue"]

    assert () == handover.gathered(world.shop)
    assert {"alive@blue": instance} == handover.given({"alive@blue": instance}, (("alive", Baseline()),))
    assert instance == handover.collected(instance, Any)  # type: ignore[arg-type]  # never looked at


def under_way(world: World) -> bool:
    deployment = world.shop.deployment
    return deployment is not None and not deployment.ended


@settings(max_examples=30)
@given(moves=st.lists(st.sampled_from(["submit", "back", "wait", "hot", "cold"]), min_size=4, max_size=12))
def test_whoever_folds_the_journal_again_has_the_same_baselines(moves: list[str]) -> None:
    """From a checkpoint before a deployment, and its records: the same state at every moment of it. And nothing of a
    deployment's time is ever in a baseline.
    """
    world = idle(15.0)
    before, kept = world.state, len(world.kept)
    deployed: list[tuple[float, float]] = []
    for number, move in enumerate(moves):
        if move == "submit" and not under_way(world):
            before, kept = world.state, len(world.kept)
            world.submit(f"{number}", deployment=f"d{number}")
        elif move == "back" and under_way(world):
            world.put(Rollback(id="back", by="ada", service=SHOP))
        elif move in ("hot", "cold"):
            world.cpu = dict.fromkeys(world.cpu, 0.9 if move == "hot" else 0.2)
        began, was = world.now, under_way(world)
        world.run(7.0)
        if was and under_way(world):
            deployed.append((began, world.now))
            assert world.shop.instances == folded(before, world, kept).services[SHOP].instances
    for name, instance in world.shop.instances.items():
        if isinstance(instance.state, SpikeState):
            times = [point[0] for point in instance.state.baseline.points]
            assert not [at for at in times for begin, end in deployed if begin < at < end], name


def folded(state: State, world: World, kept: int) -> State:
    for record in world.kept[kept:]:
        state = evolve(state, record)
    return state
