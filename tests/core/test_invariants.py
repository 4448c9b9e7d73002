"""What is true of every state and of every way through the engine, whatever happens to it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial, reduce
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.core.examples import (
    ALIVE,
    AT_ONCE,
    BLUE,
    CANARY,
    ERROR_RATE,
    GREEN,
    ON_CALL,
    QUEUE,
    READY,
    SERVICE,
    SHOP,
    WRITABLE,
    configured,
    deployment_of,
    environment,
    polled,
)
from tests.core.world import World
from watchdog.core import disarm, invariants, verdict
from watchdog.core.effects import (
    CutRoute,
    DrainCandidate,
    ObserveTraffic,
    Prepare,
    Prove,
    PullBrake,
    Recheck,
    ReleaseBrake,
    RunHook,
    RunRehearsal,
    SetTraffic,
)
from watchdog.core.engine import effects_of, evolve, wake_at
from watchdog.core.events import (
    Abort,
    Acknowledge,
    Adopt,
    BrakeOutcome,
    Configured,
    Did,
    Disarm,
    DivertRoute,
    DrainedOutcome,
    Event,
    Forgive,
    HoldAt,
    HookOutcome,
    NotDurable,
    NotifiedOutcome,
    Observed,
    Pause,
    PreparedOutcome,
    Probed,
    Promote,
    ProofOutcome,
    RecheckedOutcome,
    Rehearse,
    RehearsedOutcome,
    Resume,
    Rollback,
    StopTheLine,
    Submit,
    TrafficOutcome,
    TrafficSeen,
    Waive,
)
from watchdog.core.invariants import BrokenInvariantError, check_invariants
from watchdog.core.model import BrakeKind, Data, Level, Missing, Schema
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    DeploymentBegun,
    DivertOrdered,
    EffectsTakenUp,
    Record,
    RollbackOrdered,
    RollbackWanted,
    SplitOrdered,
    TrialOrdered,
)
from watchdog.core.settings import AnyOf, Budget, Escalation, Service
from watchdog.core.state import State
from watchdog.journal.codec import VERSION, Checkpoint, ClockMark, decode_checkpoint, encode_checkpoint

Action: TypeAlias = Callable[[World], object]
Way: TypeAlias = Sequence[tuple[float, Action]]
"""What happens, each after so many seconds."""

ENVIRONMENTS = {
    "as it was": environment(),
    "with all": environment(READY, escalation=(ON_CALL, Escalation(level=3, after=20.0, repeat=15.0, contacts=("c",)))),
    "stricter": environment(replace(SERVICE, rules=(replace(ERROR_RATE, warm_up=1.0), ALIVE, WRITABLE, QUEUE))),
    "without a rule": environment(replace(SERVICE, rules=(ERROR_RATE, WRITABLE))),
    "by hand": environment(replace(SERVICE, divert=False, resume_by_human=True)),
    "both must fire": environment(replace(SERVICE, policy=AnyOf(all_=True))),
    "always": environment(replace(SERVICE, rules=(ERROR_RATE, replace(ALIVE, always=True), WRITABLE))),
    "in shadow": environment(replace(SERVICE, shadow=True)),
    "per colour": environment(replace(SERVICE, data=Data.PER_COLOUR)),
    "once a minute": environment(replace(SERVICE, budget=Budget(rollbacks=1, within=60.0), cool_down=5.0)),
    "with itself": environment(replace(SERVICE, rollback_with=(SHOP, "nobody"))),
    "no shop": environment(replace(SERVICE, name="other")),
}


class Watcher:
    """Looks at every step of a world and knows what went before."""

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.at = 0.0
        self.rolled_back: set[str] = set()
        self.wanted: RollbackWanted | None = None

    def __call__(self, before: State, records: Sequence[Record], world: World) -> None:
        state = before
        for record in records:
            assert record.seq == state.seq + 1
            assert record.at >= self.at
            self.at = record.at
            self.look(state, record, world)
            state = evolve(state, record)
        assert state == replace(world.state, now=state.now)
        check_invariants(world.state)
        at = wake_at(world.state, world.now)
        assert at is None or at > world.now

    def look(self, state: State, record: Record, world: World) -> None:
        body = record.body
        if not isinstance(body, EffectsTakenUp) and not record.ephemeral:
            fresh = [effect.id for effect in effects_of([record])]
            assert not self.ids & set(fresh)
            self.ids |= set(fresh)
        if isinstance(body, DeploymentBegun):
            self.wanted = None
            self.rolled_back.discard(body.deployment)  # these commands use a name again, the daemon's are always new
        elif isinstance(body, RollbackWanted):
            self.wanted = body
            self.justified(state, body, world)
        elif isinstance(body, RollbackOrdered):
            assert self.wanted is not None
            self.rolled_back.add(deployment_of(state).id)
            self.allowed(state, record, body.by)
        elif isinstance(body, DivertOrdered) and body.rules:
            self.allowed(state, record, "")
        elif isinstance(body, SplitOrdered):
            self.split(state, body)
        elif isinstance(body, TrialOrdered):
            assert deployment_of(state).id not in self.rolled_back

    def allowed(self, state: State, record: Record, by: str) -> None:
        """Nothing is done by itself that an interlock forbids."""
        service, settings = state.services[SHOP], settings_of(state)
        if by or (self.wanted is not None and self.wanted.anyway):
            return
        assert not state.stopped_by
        assert not settings.shadow
        assert not disarm.on(service, record.at)
        assert not verdict.maintained(service)
        assert settings.data is Data.SHARED or deployment_of(state).wrote is None
        spent = settings.budget and sum(at > record.at - settings.budget.within for at in service.rolled_back_at)
        assert not spent or spent < settings.budget.rollbacks  # type: ignore[union-attr]  # spent only where there is one

    def justified(self, state: State, body: RollbackWanted, world: World) -> None:
        """Only proof, a human, or a brake that a rollback left behind asks for a rollback."""
        if body.by:
            return
        if body.reason is Reason.RESTARTED:
            assert world.brake is BrakeKind.ROLLBACK
            return
        assert body.reason is Reason.RULES_PROVED
        candidate = deployment_of(state).candidate
        assert body.rules
        for rule in body.rules:
            assert state.services[SHOP].instances[f"{rule}@{candidate}"].level is Level.FIRING

    def split(self, state: State, body: SplitOrdered) -> None:
        """The declared split is the plan's next step, a promotion, or a rollback; a rollback is absorbing."""
        deployment = deployment_of(state)
        if body.rollback:
            assert deployment.id in self.rolled_back
            assert body.split.weight == 0.0
            return
        assert deployment.id not in self.rolled_back
        seen = state.services[SHOP].seen
        less = body.held and seen is not None and seen.split is not None and body.split.weight <= seen.split.weight
        assert state.services[SHOP].adopted or less
        if body.split.promoted:
            assert deployment.phase is Phase.PROMOTED
            assert not deployment.routes_cut
        elif body.step == deployment.confirmed_step:
            own = deployment.plan.steps[body.step].weight
            assert (body.held and body.split.weight < own) or body.split.weight == own
        else:
            assert body.step == deployment.confirmed_step + 1
            assert body.split.weight == deployment.plan.steps[body.step].weight


def change(attribute: str, key: object, value: object) -> Action:
    def turn(world: World) -> None:
        getattr(world, attribute)[key] = value

    return turn


def turn_to(attribute: str, value: object) -> Action:
    return lambda world: setattr(world, attribute, value)


def settings_of(state: State) -> Service:
    known = state.environment.service(SHOP) if state.environment else None
    assert known is not None
    return known


def toggle(attribute: str, member: object) -> Action:
    def turn(world: World) -> None:
        members = getattr(world, attribute)
        (members.discard if member in members else members.add)(member)

    return turn


def put(event: Event) -> Action:
    return lambda world: world.put(event)


def let_time_pass(seconds: float) -> Action:
    return lambda world: world.run(seconds)


def reconfigure(name: str) -> Action:
    def turn(world: World) -> None:
        known = ENVIRONMENTS[name]
        world.put(Configured(environment=known, id="reload", forced=name == "both must fire"))
        assert world.state.environment is not None
        if world.state.environment.service(SHOP) is None:
            world.put(Configured(environment=world.environment))
        world.environment = world.state.environment

    return turn


def restart(*, rebooted: bool, down: float, folded: bool) -> Action:
    def turn(world: World) -> None:
        if folded:
            world.restart(rebooted=rebooted, down=down)
        else:
            world.start_from(kept_and_read(world.state), rebooted=rebooted, down=down)

    return turn


def pull_by_hand(kind: BrakeKind | None) -> Action:
    def turn(world: World) -> None:
        if world.brake is not BrakeKind.ROLLBACK:
            world.brake, world.braked = kind, None if kind is None else world.split.candidate

    return turn


def move_by_hand(weight: float) -> Action:
    def turn(world: World) -> None:
        world.split = replace(world.split, weight=weight, promoted=False)

    return turn


def submit(number: int, plan: str | None, schema: Schema) -> Event:
    return Submit(
        id="s",
        service=SHOP,
        release=f"{number}.0",
        deployment=f"d{number}",
        plan=plan,
        schema=schema,
        watched_by="ada",
    )


COMMANDS = [
    *(submit(number, plan, Schema.UNCHANGED) for number in (2, 3) for plan in (None, "all-at-once", "nonsense")),
    submit(4, None, Schema.INCOMPATIBLE),
    *(kind(id="c", by="ada", because="of it", service=SHOP) for kind in (Pause, Resume, Promote, Abort, Adopt)),
    *(Rollback(id="r", by="ada", because="so", service=SHOP, anyway=anyway) for anyway in (True, False)),
    *(
        StopTheLine(id="l", by="ada", because="so", for_=for_, release=off)
        for for_, off in ((30.0, False), (None, True))
    ),
    *(Disarm(id="x", by="ada", because="so", service=SHOP, for_=for_) for for_ in (40.0, 0.0)),
    Forgive(id="f", service=SHOP, release="2.0", because="it was not its fault"),
    Acknowledge(id="a", service=SHOP),
    *(
        Waive(id="w", by="ada", because="so", service=SHOP, rule=rule, for_=for_)
        for rule, for_ in (("error-rate", 20.0), ("error-rate", 0.0), ("alive", 60.0), ("nothing", 5.0))
    ),
    Resume(id="n", service="nobody"),
    *(HoldAt(id="h", by="ada", service=SHOP, weight=weight) for weight in (0.0, 0.05, 0.5, 1.0)),
    *(DivertRoute(id="d", by="ada", service=SHOP, route="lab", release=release) for release in (False, True)),
    *(Rehearse(id="z", by="ada", service=SHOP, drill=drill) for drill in (False, True)),
    Did(id="t", by="ada", service=SHOP, task="repair"),
]
JUNK = [
    PreparedOutcome(effect="none", ok=True),
    TrafficOutcome(effect="none", ok=True),
    BrakeOutcome(effect="none", ok=True),
    ProofOutcome(effect="none", ok=False),
    NotifiedOutcome(effect="none", ok=True),
    RecheckedOutcome(effect="none", ok=True),
    RehearsedOutcome(effect="none", ok=True),
    HookOutcome(effect="none", ok=True),
    DrainedOutcome(effect="none", ok=True),
    polled("nothing", 5.0, ("up", GREEN, 1.0)),
    Observed(service="nobody", source="edge", start=0.0, end=1.0, readings=()),
    Probed(service="nobody", colour=BLUE, started=0.0, ended=0.0, ok=True),
    TrafficSeen(service="nobody", split=None),
    TrafficSeen(service=SHOP, split=None, effect="an old one"),
    NotDurable(detail="the disk is full"),
    NotDurable(detail=""),
]
KINDS = (
    Prepare,
    SetTraffic,
    PullBrake,
    ReleaseBrake,
    CutRoute,
    Prove,
    ObserveTraffic,
    Recheck,
    RunRehearsal,
    RunHook,
    DrainCandidate,
)

ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.builds(put, st.sampled_from(COMMANDS)),
    st.builds(put, st.sampled_from(JUNK)),
    st.builds(partial(change, "share_bad"), st.just(GREEN), st.sampled_from([0.0, 0.04, 0.3, 1.0])),
    st.builds(partial(change, "share_bad"), st.just(BLUE), st.sampled_from([0.0, 0.3])),
    st.builds(partial(change, "alive"), st.sampled_from([GREEN, GREEN, BLUE]), st.booleans()),
    st.builds(partial(toggle, "refusing"), st.sampled_from([GREEN, BLUE])),
    st.builds(partial(toggle, "silent"), st.sampled_from(["edge", "health", "db"])),
    st.builds(partial(toggle, "failing"), st.sampled_from(KINDS)),
    st.builds(reconfigure, st.sampled_from(sorted(ENVIRONMENTS))),
    st.builds(restart, rebooted=st.booleans(), down=st.sampled_from([0.0, 0.0, 5.0, 400.0]), folded=st.booleans()),
    st.builds(pull_by_hand, st.sampled_from([BrakeKind.HAND, None])),
    st.builds(partial(turn_to, "maintenance"), st.booleans()),
    st.builds(partial(turn_to, "writes"), st.sampled_from([0.0, 2.0, Missing.STALE])),
    st.builds(move_by_hand, st.sampled_from([0.0, 0.1, 1.0])),
)


def ways(longest: int) -> st.SearchStrategy[list[tuple[float, Action]]]:
    return st.lists(st.tuples(st.sampled_from([0.03, 0.3, 3.0, 14.0, 45.0]), ACTIONS), min_size=3, max_size=longest)


QUICK: dict[str, Any] = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large],
}


def kept_and_read(state: State) -> State:
    """The state as a checkpoint gives it back."""
    mark = ClockMark(boot_id="b", boottime=0.0, wall=0.0, engine=state.now)
    return decode_checkpoint(encode_checkpoint(Checkpoint(state=state, digest="", clock=mark)), VERSION).state


def folded(kept: Sequence[Record]) -> State:
    return reduce(evolve, kept, State())


def same_deployment(left: State, right: State) -> None:
    """What a live deployment rests on is the same, bit for bit."""
    one, other = left.services[SHOP], right.services[SHOP]
    assert one.deployment == other.deployment
    assert one.incidents == other.incidents
    assert one.known_bad == other.known_bad
    if one.deployment is not None and one.deployment.watched:
        assert one.instances == other.instances
        assert one.beats == other.beats
        assert one.probes == other.probes
        asked = {key for key, effect in one.waiting.items() if not isinstance(effect, (ObserveTraffic, Recheck))}
        assert asked <= set(other.waiting)


def play(way: Way) -> World:
    """A world in which a release is on its way and these things happen, watched at every step."""
    world = World(after=Watcher(), environment=ENVIRONMENTS["with all"]).begin().submit()
    for seconds, act in way:
        world.run(seconds)
        act(world)
    world.run(1.0)
    return world


def anything_may_happen(way: Way) -> State:
    world = play(way)

    same_deployment(world.state, folded(world.kept))
    return world.state


@pytest.mark.timeout(240)
@settings(max_examples=120, **QUICK)
@given(ways(12))
def test_whatever_happens_the_invariants_hold(way: list[tuple[float, Action]]) -> None:
    """No order of events, failures, restarts and commands breaks an invariant, and the journal gives back the state."""
    state = anything_may_happen(way)

    assert state == kept_and_read(state)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=4000, **{**QUICK, "derandomize": False})
@given(ways(40))
def test_whatever_happens_for_long_the_invariants_hold(way: list[tuple[float, Action]]) -> None:
    """The same with many more and longer orders."""
    state = anything_may_happen(way)

    assert state == kept_and_read(state)


def heal(world: World) -> None:
    """Everything works again, and people have put the router back to what was ordered."""
    for colour in (BLUE, GREEN):
        world.share_bad[colour], world.alive[colour] = 0.0, True
    world.maintenance, world.writes = False, 0.0
    for troubles in (world.silent, world.failing, world.refusing):
        troubles.clear()
    if world.brake is BrakeKind.HAND:
        world.brake = world.braked = None
    world.environment = ENVIRONMENTS["with all"]
    world.put(Configured(environment=world.environment, forced=True))
    world.put(StopTheLine(id="l", by="ada", release=True))
    world.run(1.0)
    world.run(5.0, lambda world: not any(isinstance(effect, SetTraffic) for effect in world.shop.waiting.values()))
    deployment = world.deployment
    world.split = deployment.in_force
    if deployment.rollback is not None:
        world.brake, world.braked = BrakeKind.ROLLBACK, deployment.candidate
    world.run(30.0, lambda world: world.shop.adopted)
    for route in sorted(world.deployment.routes_cut):
        world.put(DivertRoute(id="d", by="ada", service=SHOP, route=route, release=True))


def healed(way: Way) -> World:
    """A world after some trouble that is over, with everybody who is needed to let a deployment go on."""
    world = play(way)
    if world.shop.deployment is None:
        return world  # the shop was taken away after its deployment had ended, and came back
    heal(world)

    for _ in range(8):
        if world.run(400.0, lambda world: world.deployment.ended):
            break
        assert world.deployment.holds or world.deployment.divert or not world.shop.adopted
        world.put(Resume(id="go", service=SHOP, by="ada"))
    return world


def users_left_behind(world: World) -> float:
    """The share of users who are not on stable although the release was rolled back."""
    deployment = world.shop.deployment
    if deployment is None or deployment.phase is not Phase.ROLLED_BACK:
        return 0.0
    return 1.0 - world.share(deployment.stable)


@pytest.mark.timeout(240)
@settings(max_examples=25, **QUICK)
@given(ways(10))
def test_every_deployment_comes_to_an_end(way: list[tuple[float, Action]]) -> None:
    """When the trouble is over a deployment ends by itself, or a human's `resume` lets it go on."""
    world = healed(way)

    assert world.shop.deployment is None or world.shop.deployment.ended
    assert 0.0 == users_left_behind(world)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=1000, **{**QUICK, "derandomize": False})
@given(ways(25))
def test_every_deployment_comes_to_an_end_for_long(way: list[tuple[float, Action]]) -> None:
    """The same with many more and longer orders."""
    world = healed(way)

    assert world.shop.deployment is None or world.shop.deployment.ended
    assert 0.0 == users_left_behind(world)


def test_a_broken_invariant_is_named() -> None:
    """Everything that is not as it must be is in the error."""
    state = configured()
    broken = replace(state.services[SHOP], adopted=True, drift="somewhere else")

    with pytest.raises(BrokenInvariantError, match="shop: what is adopted has no drift"):
        check_invariants(replace(state, services={SHOP: broken}))


def test_plans_of_the_examples_end_at_full_traffic() -> None:
    """The examples are plans as an operator could write them."""
    assert [1.0, 1.0] == [plan.steps[-1].weight for plan in (CANARY, AT_ONCE)]
    assert invariants.BACKWARDS >= {Phase.ROLLED_BACK}
