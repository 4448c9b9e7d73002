"""From rule instances to one verdict: precedence, belief, policy."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.examples import (
    ALIVE,
    BLUE,
    EDGE,
    ERROR_RATE,
    GREEN,
    HEALTH,
    QUEUE,
    SERVICE,
    WORSE,
    WRITABLE,
    environment,
)
from tests.core.world import World
from watchdog.core import verdict
from watchdog.core.model import Colour, Judgement, Level, OnFire, Verdict
from watchdog.core.rules.api import CanaryVsStableState
from watchdog.core.settings import AnyOf, Rule, Service
from watchdog.core.state import Beat, Divert, Instance, ServiceState

OBSERVED = replace(ALIVE, name="watched", on_fire=OnFire.OBSERVE)
ALL = replace(SERVICE, rules=(ERROR_RATE, ALIVE, WRITABLE, QUEUE, OBSERVED))
NOW = 15.0


def service(levels: Mapping[str, Level], settings: Service = ALL, *, unknown: tuple[str, ...] = ()) -> ServiceState:
    """A release at 10 % whose instances have these levels."""
    world = World(environment=environment(settings)).begin().submit()
    world.run(14.0)
    instances = dict(world.shop.instances)
    for name, level in levels.items():
        instances[name] = replace(instances[name], level=level)
    for name in unknown:
        instances[name] = replace(instances[name], missed=3)
    return replace(world.shop, instances=instances)


def read(levels: Mapping[str, Level], settings: Service = ALL, *, unknown: tuple[str, ...] = ()) -> verdict.Reading:
    return verdict.read(settings, service(levels, settings, unknown=unknown), NOW)


FIRING, PENDING, RECOVERING = Level.FIRING, Level.PENDING, Level.RECOVERING


@pytest.mark.parametrize(
    ("levels", "unknown", "expected"),
    [
        ({}, (), Verdict.HEALTHY),
        ({"alive@green": PENDING}, (), Verdict.SUSPECT),
        ({"alive@green": RECOVERING}, (), Verdict.SUSPECT),
        ({"writable": FIRING}, (), Verdict.SUSPECT),
        ({"writable": PENDING}, (), Verdict.SUSPECT),
        ({"alive@green": PENDING}, ("error-rate@green",), Verdict.BLIND),
        ({"alive@green": FIRING}, ("error-rate@green",), Verdict.FAILING),
        ({"alive@green": FIRING}, ("alive@green",), Verdict.BLIND),
        ({"alive@blue": FIRING}, ("error-rate@blue",), Verdict.HEALTHY),
        ({"queue": FIRING, "watched@green": FIRING}, (), Verdict.HEALTHY),
        ({}, ("watched@green",), Verdict.HEALTHY),
        ({"writable": FIRING}, ("writable",), Verdict.HEALTHY),
    ],
    ids=[
        "quiet",
        "pending",
        "recovering",
        "freeze rule fires",
        "freeze rule pending",
        "blind before suspect",
        "failing before blind",
        "an unknown rule does not fire",
        "stable's instances do not count",
        "escalating and observing rules do not count",
        "an observing rule makes nobody blind",
        "an advisory source makes nobody blind",
    ],
)
def test_the_strongest_says_the_verdict(
    levels: Mapping[str, Level], unknown: tuple[str, ...], expected: Verdict
) -> None:
    """Failing, blind, suspect, healthy: in this order, of the candidate's rollback and freeze rules."""
    assert expected is read(levels, unknown=unknown).verdict


def test_the_rules_behind_each_part_are_named() -> None:
    """People want to know which."""
    reading = read(
        {"error-rate@green": FIRING, "alive@green": PENDING, "writable": FIRING, "queue": FIRING},
        unknown=("alive@green",),
    )

    assert ("error-rate",) == reading.firing
    assert ("writable",) == reading.freezing
    assert ("queue",) == reading.escalating
    assert ("error-rate", "writable") == reading.suspect
    assert ("alive",) == reading.blind


BOTH = AnyOf(rules=("cpu", "memory"), all_=True)


@pytest.mark.parametrize(
    ("policy", "firing", "expected"),
    [
        (AnyOf(), ("error-rate",), True),
        (AnyOf(), (), False),
        (AnyOf(all_=True), ("error-rate",), False),
        (AnyOf(all_=True), ("error-rate", "alive"), True),
        (AnyOf(at_least=2, rules=("error-rate", "alive")), ("alive",), False),
        (AnyOf(at_least=2, rules=("error-rate", "alive")), ("alive", "error-rate"), True),
        (AnyOf(rules=("error-rate",)), ("alive",), False),
        (AnyOf(rules=("error-rate", "alive"), all_=True), ("alive",), False),
        (AnyOf(rules=("error-rate",), parts=(BOTH,)), ("error-rate",), True),
        (AnyOf(rules=("error-rate",), parts=(BOTH,)), ("cpu",), False),
        (AnyOf(rules=("error-rate",), parts=(BOTH,)), ("cpu", "memory"), True),
        (AnyOf(rules=("error-rate",), parts=(BOTH,), all_=True), ("cpu", "memory"), False),
        (AnyOf(at_least=2, rules=("alive",), parts=(BOTH, AnyOf(rules=("error-rate",)))), ("alive",), False),
        (
            AnyOf(at_least=2, rules=("alive",), parts=(BOTH, AnyOf(rules=("error-rate",)))),
            ("alive", "error-rate"),
            True,
        ),
        (AnyOf(at_least=2, parts=(BOTH, AnyOf(rules=("error-rate",)))), ("cpu", "memory", "error-rate"), True),
        (AnyOf(parts=(BOTH,)), ("error-rate", "alive"), False),
        (AnyOf(all_=True, parts=(AnyOf(), BOTH)), ("error-rate", "cpu", "memory"), True),
    ],
)
def test_the_policy_ranges_over_rollback_rules(policy: AnyOf, firing: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001 - parameter
    """Any, all, or at least so many of the named ones and of the conditions within."""
    assert expected is verdict.holds(ALL, policy, firing)


NAMES = ("error-rate", "alive", "cpu", "memory")
POLICIES = st.recursive(
    st.builds(AnyOf, at_least=st.integers(1, 3), rules=st.lists(st.sampled_from(NAMES)).map(tuple), all_=st.booleans()),
    lambda parts: st.builds(
        AnyOf,
        at_least=st.integers(1, 3),
        rules=st.lists(st.sampled_from(NAMES), max_size=2).map(tuple),
        all_=st.booleans(),
        parts=st.lists(parts, max_size=3).map(tuple),
    ),
    max_leaves=6,
)


@given(policy=POLICIES, firing=st.sets(st.sampled_from(NAMES)), waived=st.sets(st.sampled_from(NAMES)))
def test_a_rule_less_never_makes_a_policy_true(policy: AnyOf, firing: set[str], waived: set[str]) -> None:
    """Whatever is nested in whatever: a waiver can make a rollback rarer, never likelier."""
    if verdict.holds(ALL, policy, tuple(firing - waived)):
        assert verdict.holds(ALL, policy, tuple(firing))


@pytest.mark.parametrize("all_", [True, False])
def test_a_policy_without_rules_is_never_true(all_: bool) -> None:  # noqa: FBT001 - parameter
    """A service without a rollback rule does not roll back."""
    assert not verdict.holds(replace(ALL, rules=(WRITABLE,)), AnyOf(all_=all_), ())


def judged(name: str, colour: Colour | None, state: ServiceState, now: float = NOW) -> Judgement:
    return verdict.judgement(ALL, state, state.instances[name], colour, now)


def test_a_source_that_is_silent_for_three_polls_is_not_believed() -> None:
    """At the third poll it may still come."""
    state = service({})
    last = state.beats["edge"].last

    assert Judgement.KNOWN is judged("error-rate@green", GREEN, state, last + 3.0)
    assert Judgement.UNKNOWN is judged("error-rate@green", GREEN, state, last + 3.1)


def test_three_polls_without_a_word_are_unknown() -> None:
    """The source speaks, and says nothing of this rule's signals."""
    assert Judgement.UNKNOWN is judged("alive@green", GREEN, service({}, unknown=("alive@green",)))


def test_before_its_first_word_a_source_has_three_polls_from_the_beginning() -> None:
    """Nothing is unknown at once."""
    state = replace(service({}), beats={})
    assert state.deployment is not None
    began = state.deployment.began

    assert not verdict.silent(ALL, state, "edge", began + 3.0)
    assert verdict.silent(ALL, state, "edge", began + 3.1)
    assert not verdict.silent(ALL, replace(state, deployment=None), "edge", 1e9)


def test_a_required_source_without_a_rule_makes_blind_when_it_is_silent() -> None:
    """Soak stands still for it, so somebody must hear why."""
    lonely = replace(EDGE, name="synthetic")
    state = service({})

    reading = verdict.read(replace(ALL, sources=(*ALL.sources, lonely)), state, NOW)

    assert (Verdict.BLIND, ("synthetic",)) == (reading.verdict, reading.blind)


@pytest.mark.parametrize(
    ("weight", "cut", "expected"),
    [(0.0, False, (True, False)), (0.1, False, (True, True)), (1.0, False, (False, True)), (1.0, True, (True, False))],
)
def test_a_colour_without_ordered_traffic_is_not_judged_by_it(
    weight: float,
    cut: bool,  # noqa: FBT001 - parameter
    expected: tuple[bool, bool],
) -> None:
    """By the balancer's view; direct probes reach a colour without users, too."""
    state = service({})
    deployment = state.deployment
    assert deployment is not None
    divert = Divert(number=1, cut=True) if cut else None
    deployment = replace(deployment, in_force=replace(deployment.in_force, weight=weight), divert=divert)
    state = replace(state, deployment=deployment)

    assert expected == (verdict.applicable(deployment, BLUE), verdict.applicable(deployment, GREEN))
    for colour, applies in zip((BLUE, GREEN), expected, strict=True):
        assert (judged(f"error-rate@{colour}", colour, state) is not Judgement.NOT_APPLICABLE) is applies
        assert Judgement.KNOWN is judged(f"alive@{colour}", colour, state)


def test_suspicion_comes_from_rollback_rules_that_are_believed() -> None:
    """A probe one failure short is suspicion; an unknown one is not."""
    world = World(environment=environment(ALL)).begin().submit()
    world.run(5.0)
    world.alive[GREEN] = False
    world.run(10.0, lambda world: bool(verdict.suspicious(ALL, world.shop, world.now)))

    assert ("alive",) == verdict.suspicious(ALL, world.shop, world.now)
    assert () == verdict.suspicious(ALL, world.shop, world.now + 60.0)
    assert () == verdict.suspicious(ALL, replace(world.shop, deployment=None), world.now)


@pytest.mark.parametrize(
    ("rule", "live", "expected"),
    [
        (replace(ALIVE, always=True), True, ("alive",)),
        (replace(ALIVE, always=True), False, ("alive",)),
        (ALIVE, True, ()),
        (replace(ALIVE, always=True, on_fire=OnFire.OBSERVE), True, ()),
        (replace(WRITABLE, always=True), False, ("writable",)),
        (replace(WRITABLE, always=True), True, ()),
    ],
    ids=["in a deployment", "outside", "not always", "observed", "shared outside", "shared in a deployment"],
)
def test_rules_that_are_always_on_speak_for_stable(rule: Rule, live: bool, expected: tuple[str, ...]) -> None:  # noqa: FBT001 - parameter
    """Stable's instance escalates; what cannot tell colours apart is the deployment's matter while there is one."""
    settings = replace(ALL, rules=(rule, ERROR_RATE))
    state = service({"alive@blue" if rule.per_colour else "writable": FIRING}, settings)
    if not live:
        state = replace(state, deployment=None)

    assert expected == verdict.always_firing(settings, state, NOW)


def test_without_a_deployment_nothing_counts() -> None:
    """There is no candidate."""
    assert [] == list(verdict.candidates(replace(service({}), deployment=None)))


def test_an_instance_is_named_after_rule_and_colour() -> None:
    """A rule that cannot tell colours apart has one instance, under its own name."""
    assert ("alive@green", "writable", "alive") == (
        verdict.key(ALIVE, GREEN),
        verdict.key(WRITABLE, GREEN),
        verdict.key(ALIVE, None),
    )
    instance = service({}).instances["writable"]
    assert isinstance(instance, Instance)
    assert HEALTH.probing


def test_a_rare_poll_between_deployments_is_no_silence() -> None:
    """Health is asked five times less often without a deployment: three polls of that rhythm make it silent."""
    world = World(environment=environment(ALL)).begin()
    last = 100.0
    kept = replace(world.shop, beats={HEALTH.name: Beat(last=last, continuous_since=last)})

    def silent(after: float) -> bool:
        return verdict.silent(ALL, kept, HEALTH.name, last + after)

    assert [False, False, True] == [silent(7.0), silent(30.0), silent(30.1)]


COMPARING = replace(ALL, rules=(*ALL.rules, WORSE))


def with_traffic(weight: float, *, cut: bool = False, levels: Mapping[str, Level] | None = None) -> ServiceState:
    """The release at that weight, perhaps cut off by a divert."""
    known = service(levels or {}, COMPARING)
    assert known.deployment is not None
    in_force = replace(known.deployment.in_force, weight=weight)
    divert = Divert(number=1, cut=True) if cut else None
    return replace(known, deployment=replace(known.deployment, in_force=in_force, divert=divert))


@pytest.mark.parametrize(
    ("weight", "cut", "applies"), [(0.1, False, True), (1.0, False, False), (0.1, True, False), (1.0, True, False)]
)
def test_a_comparison_applies_while_both_colours_have_traffic(weight: float, cut: bool, applies: bool) -> None:  # noqa: FBT001 - parameters
    """There is nothing to compare with a colour that nobody uses, on either side and on any source."""
    known = with_traffic(weight, cut=cut)
    for settings in (COMPARING, replace(COMPARING, traffic_source=None)):
        for colour in (BLUE, GREEN):
            instance = known.instances[f"worse-than-stable@{colour}"]
            judged = verdict.judgement(settings, known, instance, colour, NOW)
            assert applies is (judged is not Judgement.NOT_APPLICABLE)


@pytest.mark.parametrize(("weight", "cut", "suspect"), [(0.1, False, True), (1.0, False, False), (1.0, True, True)])
def test_a_suspicion_that_cannot_fade_any_more_holds_nobody_up(weight: float, cut: bool, suspect: bool) -> None:  # noqa: FBT001 - parameters
    """Without stable's requests a comparison stands still; what it proved before still counts."""
    known = with_traffic(weight, cut=cut, levels={"worse-than-stable@green": PENDING})
    suspicious = CanaryVsStableState(suspicion_e=50.0)
    name = "worse-than-stable@green"
    known = replace(known, instances={**known.instances, name: replace(known.instances[name], state=suspicious)})

    expected = ("worse-than-stable",) if suspect else ()
    assert expected == verdict.read(COMPARING, known, NOW).suspect
    assert expected == verdict.suspicious(COMPARING, known, NOW)

    fired = with_traffic(1.0, levels={"worse-than-stable@green": FIRING})
    assert Verdict.FAILING is verdict.read(COMPARING, fired, NOW).verdict
