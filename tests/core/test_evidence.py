"""What observations do to rules, beats, exposure and soak."""

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.core.examples import (
    ALIVE,
    BLUE,
    EDGE,
    ERROR_RATE,
    GREEN,
    HEALTH,
    SERVICE,
    SHOP,
    WORSE,
    WRITABLE,
    bodies,
    deployment_of,
    edge,
    environment,
    health,
    polled,
    shop,
)
from tests.core.world import World
from watchdog.core import verdict
from watchdog.core.conditions import (
    Bound,
    CanaryVsStable,
    Condition,
    Sequential,
    SequentialCount,
    Threshold,
    Trend,
)
from watchdog.core.engine import evolve, step
from watchdog.core.events import Observed
from watchdog.core.model import Colour, Judgement, Level, Missing, NoData, OnFire, Reading, Value
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import EvidenceDiscarded, HoldSet, Record
from watchdog.core.rules import api
from watchdog.core.settings import Rule, Service, Source
from watchdog.core.state import Instance, ServiceState, State

GAUGE = Rule(
    name="p95",
    source="edge",
    condition=Threshold(value="p95", when=Bound(op=">", limit=2.0), clear=Bound(op=">", limit=2.0), interval=1.0),
    on_fire=OnFire.OBSERVE,
    warm_up=10.0,
)
SHARE = Rule(
    name="share",
    source="edge",
    condition=Threshold(
        value="errors",
        total="requests",
        when=Bound(op=">", limit=0.5),
        clear=Bound(op=">", limit=0.5),
        over=30.0,
        interval=1.0,
    ),
    on_fire=OnFire.OBSERVE,
    warm_up=0.0,
)


def soaking(service: Service = SERVICE, at: float = 2.0) -> World:
    """A release whose first step came into force at 1.1 s."""
    world = World(environment=environment(service)).begin().submit()
    world.silent = {"edge", "health", "db"}
    world.run(at - 1.0)
    assert world.deployment.step_at == pytest.approx(1.1)
    return world


def after(world: World, *observed: Observed) -> State:
    state = world.state
    for each in observed:
        state = step(state, each, max(each.end, state.now)).state
    return state


def instance(state: State, name: str) -> Instance:
    return shop(state).instances[name]


def test_a_reading_changes_its_own_rules_only() -> None:
    """A rule is evaluated by its own source's events; the other rules' states stand."""
    world = soaking()

    state = after(world, health(12.0, green=0.0))

    assert Level.PENDING is instance(state, "alive@green").level
    assert Level.INACTIVE is instance(state, "alive@blue").level
    assert world.shop.instances["error-rate@green"] == instance(state, "error-rate@green")


def test_an_unknown_source_changes_nothing() -> None:
    """A poll that was under way when a reload took its source away."""
    world = soaking()

    polled_anyway = polled("gone", 12.0, ("up", GREEN, 0.0))
    state = evolve(world.state, Record(seq=world.state.seq + 1, at=12.0, body=polled_anyway))

    assert world.shop == shop(state)


def seen(state: State, rule: str = "error-rate") -> float:
    known = instance(state, f"{rule}@green").state
    assert isinstance(known, api.SequentialRatioState)
    return known.seen


@pytest.mark.parametrize(("start", "counted"), [(11.0, 0.0), (11.2, 100.0)])
def test_ratio_readings_of_the_warm_up_are_dropped(start: float, counted: float) -> None:
    """Ten seconds from the first step on; stable has no warm-up."""
    state = after(soaking(), edge(start + 1.0, (50.0, 100.0)))

    assert counted == seen(state)
    known = instance(state, "error-rate@blue").state
    assert isinstance(known, api.SequentialRatioState)
    assert 100.0 == known.seen


def test_the_warm_up_of_a_step_that_hangs_begins_with_its_order() -> None:
    """The candidate may have users long before the order's outcome: after the warm-up the rules watch."""
    world = World(lost=lambda effect: effect.kind == "set_traffic").begin().submit()
    world.run(0.2)
    assert world.is_in(Phase.SHIFTING)

    early, late = after(world, edge(11.0, (0.0, 100.0))), after(world, edge(12.5, (0.0, 100.0)))

    assert (0.0, 100.0) == (seen(early), seen(late))


@pytest.mark.parametrize(("slow", "counted"), [(True, 0.0), (False, 100.0)])
def test_rules_on_latency_have_a_warm_up_at_every_step(slow: bool, counted: float) -> None:  # noqa: FBT001 - parameter
    """Caches are cold at every step; other ratios need none after the first."""
    world = World(environment=environment(replace(SERVICE, rules=(replace(ERROR_RATE, slow=slow), ALIVE)))).begin()
    world.submit()
    world.run(60.0, lambda world: world.deployment.phase is Phase.BAKING)
    before = seen(world.state)

    state = after(world, edge(world.now + 5.0, (0.0, 100.0)))

    assert counted == seen(state) - before


def test_a_reading_that_began_before_a_step_does_not_count_after_it() -> None:
    """It mixes two splits."""
    world = World().begin().submit()
    world.run(60.0, lambda world: world.deployment.phase is Phase.BAKING)
    before = seen(world.state)

    state = after(world, edge(world.now + 0.5, (0.0, 100.0)))

    assert before == seen(state)


@pytest.mark.parametrize("colour", [GREEN, BLUE])
@pytest.mark.parametrize(("lookback", "level"), [(2.0, Level.FIRING), (60.0, Level.INACTIVE)])
def test_a_gauge_that_looks_back_over_the_step_does_not_count(lookback: float, level: Level, colour: Colour) -> None:
    """It has no warm-up; its interval is what it looks back on. Stable's changes with its share, too."""
    world = soaking(replace(SERVICE, rules=(GAUGE, ALIVE)))

    state = after(world, polled("edge", 5.0, ("p95", colour, 3.0), length=lookback))

    assert level is instance(state, f"p95@{colour}").level


@pytest.mark.parametrize(("idle_factor", "level"), [(5.0, Level.FIRING), (1.0, Level.PENDING)])
def test_polls_that_are_rarer_while_nothing_is_deployed_leave_no_gap(idle_factor: float, level: Level) -> None:
    """`for` runs on between them; a source that should have spoken five times leaves one."""
    above = Bound(op=">", limit=2.0)
    condition = Threshold(value="p95", when=above, clear=above, for_=10.0, interval=1.0)
    rule = replace(GAUGE, source="db", condition=condition, always=True, per_colour=False)
    source = replace(EDGE, name="db", interval=1.0, idle_factor=idle_factor)
    world = World(
        environment=environment(replace(SERVICE, rules=(rule, ALIVE), sources=(EDGE, HEALTH, source)))
    ).begin()
    world.silent = {"edge", "health", "db"}

    polls = [polled("db", world.now + at, ("p95", None, 3.0), length=0.1) for at in (5.0, 10.0, 15.0)]
    state = after(world, *polls)

    assert level is instance(state, "p95").level


def test_a_verified_step_cuts_windows_and_keeps_sequential_evidence() -> None:
    """What a window holds is of another split; the version is the same."""
    world = World(environment=environment(replace(SERVICE, rules=(SHARE, ERROR_RATE, ALIVE)))).begin().submit()
    world.run(60.0, lambda world: world.deployment.phase is Phase.SHIFTING and world.deployment.step == 1)
    window = world.shop.instances["share@green"].state
    assert isinstance(window, api.ThresholdState)
    assert window.window

    world.run(1.0, lambda world: world.deployment.phase is Phase.BAKING)

    cut = world.shop.instances["share@green"].state
    assert isinstance(cut, api.ThresholdState)
    assert () == cut.window
    assert seen(world.state) > 0.0


NO_DATA = tuple((missing, NoData.FIRE) for missing in Missing)


@pytest.mark.parametrize(
    ("rule", "value", "expected"),
    [
        (ALIVE, Missing.TIMEOUT, (Judgement.UNKNOWN, Level.INACTIVE)),
        (replace(ALIVE, no_data=NO_DATA), Missing.TIMEOUT, (Judgement.KNOWN, Level.FIRING)),
        (ALIVE, 1.0, (Judgement.KNOWN, Level.INACTIVE)),
    ],
    ids=["hold", "fire", "a value"],
)
def test_three_missing_readings_are_unknown_unless_the_rule_says_what_they_mean(
    rule: Rule, value: Value, expected: tuple[Judgement, Level]
) -> None:
    """`no_data: fire` fires; without it a missing reading is neither good nor bad."""
    settings = replace(SERVICE, rules=(rule, ERROR_RATE))
    world = soaking(settings)
    state = after(world, health(10.0), *(health(10.0 + 2.0 * i, green=value) for i in (1, 2, 3)))
    service = shop(state)

    judged = verdict.judgement(settings, service, service.instances["alive@green"], GREEN, 16.0)
    assert expected == (judged, service.instances["alive@green"].level)


def test_half_a_reading_is_no_reading_for_a_ratio() -> None:
    """Errors without requests say nothing, whatever `no_data` says."""
    rule = replace(ERROR_RATE, no_data=NO_DATA)
    world = soaking(replace(SERVICE, rules=(rule, ALIVE)))
    half = polled("edge", 20.0, ("errors", GREEN, 5.0), ("requests", GREEN, Missing.STALE))

    assert 1 == instance(after(world, half), "error-rate@green").missed


@pytest.mark.parametrize(("requests", "measured"), [(0.0, False), (1.0, True)])
def test_a_share_of_nothing_measures_nothing(requests: float, measured: bool) -> None:  # noqa: FBT001 - parameter
    """A balancer that counts no requests has not measured the release."""
    state = after(soaking(), edge(20.0, (0.0, requests)))

    assert measured is instance(state, "error-rate@green").measured


def test_a_probing_source_shows_whether_a_colour_answers() -> None:
    """Its `up` is a direct probe; a refusal is told apart from silence, and missing says nothing."""
    world = soaking()

    state = after(world, health(12.0, blue=1.0, green=0.0, detail="refused: connection refused"))
    missing = after(world, health(12.0, blue=Missing.ERROR))
    extra = after(world, polled("health", 12.0, ("disk", BLUE, 0.0), ("up", None, 0.0)))

    blue, green = shop(state).probes[BLUE], shop(state).probes[GREEN]
    assert (11.9, False) == (blue.ok_started, blue.refused)
    assert (11.9, True) == (green.failed_started, green.refused)
    assert BLUE not in shop(missing).probes
    assert {} == shop(extra).probes


def test_exposure_is_smoothed_over_ten_seconds() -> None:
    """Requests per second of both colours and the candidate's failures, for people."""
    state = after(soaking(), *(edge(12.0 + i, (5.0, 20.0), (0.0, 180.0)) for i in range(40)))

    assert (20.0, 180.0) == pytest.approx(shop(state).rates, rel=0.05)
    assert 5.0 == pytest.approx(shop(state).bad_rate, rel=0.05)


@pytest.mark.parametrize("value", [math.nan, math.inf, -5.0, Missing.STALE])
def test_what_is_no_count_counts_nothing(value: Value) -> None:
    """Whatever a source delivers, nothing is counted and nothing breaks, even a slice that ends before it begins."""
    world = soaking()
    strange = polled("edge", 12.0, ("requests", GREEN, value), ("errors", GREEN, value), length=-3.0)

    state = after(world, strange)

    assert 0 == deployment_of(state).requests
    assert (0.0, 0.0) == shop(state).rates


def test_the_gate_counts_requests_of_the_candidate_since_the_step() -> None:
    """In all, and on each critical route."""
    world = soaking(replace(SERVICE, critical_routes=("login",)))
    readings = (("requests", GREEN, 7.0), ("requests[login]", GREEN, 2.0), ("requests", BLUE, 90.0))

    state = after(
        world, polled("edge", 1.05, *readings), polled("edge", 12.0, *readings), polled("edge", 13.0, *readings)
    )

    assert 14 == deployment_of(state).requests
    assert {"login": 4} == deployment_of(state).route_requests


def test_the_gate_counts_our_own_requests_that_passed_since_the_step() -> None:
    """Only those of a source that sends them, and only while a release is watched and a step is in force."""
    sending = (EDGE, HEALTH, Source(name="db", kind="synthetic", interval=5.0, required=False, probing=True))
    service = replace(SERVICE, critical_routes=("login",), sources=sending)
    readings = (("requests[login]", GREEN, 4.0), ("failures[login]", GREEN, 1.0))
    state = after(soaking(service), polled("db", 1.05, *readings), polled("db", 12.0, *readings))

    assert {"login": 3} == deployment_of(state).route_passes
    assert {} == deployment_of(after(soaking(service), polled("edge", 12.0, *readings))).route_passes
    idle = World(environment=environment(service)).begin()
    assert shop(after(idle, polled("db", 12.0, *readings))).deployment is None
    submitted = idle.submit()
    assert {} == deployment_of(after(submitted, polled("db", 12.0, *readings))).route_passes
    submitted.run(0.08)
    assert (Phase.SHIFTING, None) == (submitted.deployment.phase, submitted.deployment.step_at)
    assert {} == deployment_of(after(submitted, polled("db", 12.0, *readings))).route_passes


def soak(world: World, events: Sequence[Observed]) -> float:
    return deployment_of(after(world, *events)).soaked


def both(*times: float) -> list[Observed]:
    """Both required sources speak at these times."""
    return [event for time in times for event in (health(time), edge(time, (0.0, 20.0)))]


def test_soak_is_the_time_between_healthy_events_of_every_required_source() -> None:
    """The advisory source does not matter; the slowest required one says how far it is."""
    assert 4.0 == soak(soaking(), both(12.0, 13.0, 14.0, 15.0, 16.0))
    assert 2.0 == soak(soaking(), [*both(12.0, 13.0, 14.0), edge(15.0, (0.0, 20.0)), edge(16.0, (0.0, 20.0))])


def test_a_gap_counts_nothing() -> None:
    """More than three polls of a required source apart: nobody watched in between."""
    assert 3.0 == soak(soaking(), both(12.0, 15.0))
    assert 0.0 == soak(soaking(), both(12.0, 15.1))
    assert 2.0 == soak(soaking(), both(12.0, 13.0, 20.0, 21.0))


def test_a_gap_makes_the_healthy_time_begin_anew() -> None:
    """Five healthy minutes are five watched minutes."""
    state = after(soaking(), *both(12.0, 13.0, 50.0, 51.0))

    assert 50.0 == deployment_of(state).healthy_since


def test_a_gap_of_the_only_source_counts_nothing() -> None:
    """Nothing was there to notice the silence while it lasted."""
    alone = replace(SERVICE, sources=(EDGE,), rules=(ERROR_RATE,))
    events = [edge(time, (0.0, 20.0)) for time in (12.0, 13.0, 50.0, 51.0)]

    assert 2.0 == soak(soaking(alone), events)
    assert 50.0 == deployment_of(after(soaking(alone), *events)).healthy_since


def test_a_suspect_moment_counts_nothing_and_takes_nothing_away() -> None:
    """From the last healthy event to the next healthy one nothing is soaked."""
    bad = health(14.0, green=0.0)
    events = [*both(12.0, 13.0), bad, edge(14.0, (0.0, 20.0)), *both(15.0, 16.0, 17.0)]

    assert 3.0 == soak(soaking(), events)


def test_a_required_source_that_never_spoke_stops_the_soak() -> None:
    """Half a view is no watch."""
    assert 0.0 == soak(soaking(), [edge(12.0 + i, (0.0, 20.0)) for i in range(5)])


def test_without_required_sources_nothing_is_soaked() -> None:
    """Nobody is watching then."""
    loose = tuple(replace(source, required=False) for source in SERVICE.sources)

    assert 0.0 == soak(soaking(replace(SERVICE, sources=loose)), both(12.0, 13.0, 14.0))


def test_a_human_hold_lets_the_soak_go_on() -> None:
    """Progression stands still, the watch does not; a brake by hand takes the users away, so it does."""
    world = soaking()
    for reason, expected in ((Reason.HUMAN, 2.0), (Reason.BRAKE_BY_HAND, 0.0)):
        held = HoldSet(service=SHOP, hold=Hold.HUMAN, reason=reason)
        state = evolve(world.state, Record(seq=world.state.seq + 1, at=world.now, body=held))
        for each in both(12.0, 13.0, 14.0):
            state = step(state, each, each.end).state

        assert expected == deployment_of(state).soaked


def test_discarded_evidence_is_gone_on_both_colours() -> None:
    """Only that of the named rules."""
    world = soaking()
    state = after(world, health(12.0, green=0.0, blue=0.0), edge(20.0, (0.0, 100.0)))
    gone = EvidenceDiscarded(service=SHOP, rules=("alive",), reason=Reason.SHARED_INCIDENT)

    after_it = evolve(state, Record(seq=state.seq + 1, at=30.0, body=gone))

    for colour in (BLUE, GREEN):
        known = instance(after_it, f"alive@{colour}")
        assert (Level.INACTIVE, Judgement.INSUFFICIENT, api.ProbeState()) == (known.level, known.judgement, known.state)
    assert instance(state, "error-rate@green") == instance(after_it, "error-rate@green")


def test_outside_of_deployments_only_stables_rules_that_are_always_on_are_judged() -> None:
    """Nothing else is worth the work."""
    rules = (replace(ALIVE, always=True), ERROR_RATE, replace(WRITABLE, always=True))
    world = World(environment=environment(replace(SERVICE, rules=rules))).begin()
    world.run(12.0)

    measured = {name for name, each in world.shop.instances.items() if each.measured}

    assert {"alive@blue", "writable"} == measured


def test_observations_outside_of_deployments_are_not_kept() -> None:
    """In a deployment every one is a record."""
    world = World().begin()
    world.run(10.0)
    assert [] == world.bodies(Observed)

    world.submit()
    world.run(10.0)
    assert [] != bodies(world.kept, Observed)


def test_a_reading_of_no_colour_belongs_to_the_rule_that_has_none() -> None:
    """And only to it."""
    world = soaking()
    alone = Observed(
        service=SHOP,
        source="db",
        start=12.0,
        end=12.1,
        readings=(
            Reading(signal="writable", colour=None, value=0.0),
            Reading(signal="writable", colour=GREEN, value=1.0),
        ),
    )

    assert Level.PENDING is instance(after(world, alone), "writable").level


def test_a_service_that_the_configuration_lost_is_left_alone() -> None:
    """A fold never needs the configuration to be right."""
    world = soaking()
    state = replace(world.state, environment=None)

    folded = evolve(state, Record(seq=state.seq + 1, at=12.0, body=health(12.0)))

    service: ServiceState = folded.services[SHOP]
    assert world.shop == service


def over(signal: str, value: Value, start: float, end: float) -> Reading:
    """A reading of the candidate with an interval of its own, as a scrape has it."""
    return Reading(signal=signal, colour=GREEN, value=value, over=(start, end))


def scraped(poll: float, *readings: Reading, source: str = "edge") -> Observed:
    """One poll that ended at `poll` and asked for what was scraped before."""
    return Observed(service=SHOP, source=source, start=poll - 0.1, end=poll, readings=readings)


def test_a_rules_sample_spans_the_intervals_of_its_own_signals() -> None:
    """Those of both its signals together, and of no other signal of the poll."""
    world = soaking()
    poll = scraped(
        40.0,
        over("errors", 30.0, 21.0, 30.0),
        over("requests", 40.0, 20.0, 31.0),
        over("slow", 1.0, 2.0, 39.0),
    )
    state = after(world, poll)

    known = instance(state, "error-rate@green").state
    assert isinstance(known, api.SequentialRatioState)
    assert (20.0, 40.0, 11.0) == (known.onset, known.seen, known.proof_time)


def test_without_its_signals_a_sample_is_the_polls() -> None:
    """Nothing else is known of its time."""
    world = soaking(replace(SERVICE, rules=(GAUGE,)))
    state = after(world, scraped(12.0, over("p95", 3.0, 9.0, 11.0)), scraped(13.0, over("other", 1.0, 2.0, 3.0)))

    known = instance(state, "p95@green").state
    assert isinstance(known, api.ThresholdState)
    assert (9.0, 11.0, False) == (known.onset, known.known_at, known.contiguous)


@pytest.mark.parametrize(
    ("rule", "signal", "bad"),
    [(ERROR_RATE, "errors", 30.0), (GAUGE, "p95", 9.0), (SHARE, "errors", 30.0)],
    ids=["sequential", "gauge", "share"],
)
@pytest.mark.parametrize("late", [1.0, 14.0])
def test_a_late_scrape_from_before_a_step_says_nothing_of_it(rule: Rule, signal: str, bad: float, late: float) -> None:
    """The poll came after the step, what it brings was counted before: it is dropped however late it is."""
    world = soaking(replace(SERVICE, rules=(replace(rule, warm_up=0.0),)))
    step_at = world.deployment.step_at
    assert step_at is not None
    before = over(signal, bad, step_at - 0.5, step_at + 0.4)
    total = over("requests", 40.0, step_at - 0.5, step_at + 0.4)
    name = f"{rule.name}@green"

    state = after(world, scraped(step_at + late, before, total))
    assert instance(world.state, name).state == instance(state, name).state

    fresh = over(signal, bad, step_at + 0.4, step_at + 0.9)
    state = after(world, scraped(step_at + late, fresh, over("requests", 40.0, step_at + 0.4, step_at + 0.9)))
    assert instance(world.state, name).state != instance(state, name).state


COUNTS = (
    ERROR_RATE.condition,
    SHARE.condition,
    CanaryVsStable(
        bad="errors", total="requests", margin=1.2, min_ratio=1.5, alpha=0.001, ride_out=3.0, interval=1.0, window=60.0
    ),
    SequentialCount(events="errors", limit=0.1, alpha=0.001, ride_out=3.0, interval=1.0, window=60.0, min_ratio=2.0),
)


@pytest.mark.parametrize("condition", COUNTS, ids=lambda each: str(each.kind))
def test_a_count_over_no_time_says_alive_and_nothing_new(condition: Condition) -> None:
    """A poll between two scrapes: neither the level nor what was counted changes, and the rule is not blind."""
    rule = replace(ERROR_RATE, name="counted", condition=condition, warm_up=0.0)
    world = soaking(replace(SERVICE, rules=(rule,)))
    both = tuple(
        Reading(signal=signal, colour=colour, value=value, over=(20.0, 30.0))
        for colour in Colour
        for signal, value in (("errors", 9.0), ("requests", 100.0))
    )
    state = after(world, scraped(30.0, *both))
    nothing = tuple(replace(reading, value=0.0, over=(30.0, 30.0)) for reading in both)

    later = after_state(state, *(scraped(31.0 + index, *nothing) for index in range(5)))

    before, now = instance(state, "counted@green"), instance(later, "counted@green")
    assert (before.level, before.judgement, 0) == (now.level, now.judgement, now.missed)
    first, last = api.evidence(before.rule, before.state), api.evidence(now.rule, now.state)
    assert (first.onset, first.bad, first.total, first.other_bad) == (last.onset, last.bad, last.total, last.other_bad)
    if first.log_e is not None and last.log_e is not None:
        assert last.log_e == pytest.approx(first.log_e)


def after_state(state: State, *observed: Observed) -> State:
    for each in observed:
        state = step(state, each, max(each.end, state.now)).state
    return state


COMPARING = replace(SERVICE, rules=(WORSE, ERROR_RATE, ALIVE))


def compared(state: State, colour: str = "green") -> tuple[float, float]:
    known = instance(state, f"worse-than-stable@{colour}").state
    assert isinstance(known, api.CanaryVsStableState)
    return known.seen, known.other_seen


def test_a_comparing_rule_reads_both_colours() -> None:
    """Its instance on stable sees the same counts from the other side."""
    state = after(soaking(COMPARING), edge(20.0, (1.0, 10.0), (2.0, 90.0)))

    assert ((10.0, 90.0), (90.0, 10.0)) == (compared(state), compared(state, "blue"))


@pytest.mark.parametrize("start", [11.0, 11.2])
def test_the_warm_up_of_the_candidate_is_none_of_a_comparisons_business(start: float) -> None:
    """Stable's instance reads the candidate's counts, too."""
    state = after(soaking(COMPARING), edge(start + 1.0, (1.0, 10.0), (2.0, 90.0)))

    counted = (90.0, 10.0) if start > 11.1 else (0.0, 0.0)
    assert counted == compared(state, "blue")


def read_in_turn(green: tuple[float, float] | None, blue: tuple[float, float] | None) -> Observed:
    """A poll of a source whose two targets are scraped at different moments: (start, end) of what is new."""
    readings = [
        Reading(signal=signal, colour=colour, value=count if over else 0.0, over=over or (40.0, 40.0))
        for colour, over, counts in ((GREEN, green, (1.0, 10.0)), (BLUE, blue, (2.0, 90.0)))
        for signal, count in zip(("errors", "requests"), counts, strict=True)
    ]
    return Observed(service=SHOP, source="edge", start=39.0, end=40.0, readings=tuple(readings))


def test_colours_that_are_scraped_in_turn_are_compared_when_both_have_come() -> None:
    """Each colour's counts keep their own interval."""
    waiting = after(soaking(COMPARING), read_in_turn((20.0, 35.0), None))
    assert (0.0, 0.0) == compared(waiting)

    both = after(soaking(COMPARING), read_in_turn((20.0, 35.0), None), read_in_turn(None, (25.0, 40.0)))
    assert (10.0, 90.0) == compared(both)


def test_a_reading_of_stable_that_began_before_the_step_is_not_compared() -> None:
    """It mixes two splits, wherever the candidate's reading begins."""
    state = after(soaking(COMPARING), read_in_turn((20.0, 35.0), (0.5, 40.0)))

    assert (0.0, 0.0) == compared(state)


def test_a_comparison_needs_both_colours_to_be_trusted_and_to_measure() -> None:
    """Half a reading is none, and a share of no requests measures nothing."""
    half = polled("edge", 20.0, ("errors", GREEN, 1.0), ("requests", GREEN, 9.0), ("errors", BLUE, 1.0))
    idle = edge(20.0, (1.0, 10.0), (0.0, 0.0))

    missed = instance(after(soaking(COMPARING), half), "worse-than-stable@green")
    assert (1, False) == (missed.missed, missed.measured)
    unmeasured = instance(after(soaking(COMPARING), idle), "worse-than-stable@green")
    assert (0, False) == (unmeasured.missed, unmeasured.measured)
    measured = instance(after(soaking(COMPARING), edge(20.0, (0.0, 10.0))), "worse-than-stable@green")
    assert (0, True) == (measured.missed, measured.measured)


def test_every_sequential_rule_gets_its_share_of_alpha_and_the_watched_time() -> None:
    """The promise is per deployment, whatever the kind."""
    restarts = replace(
        WORSE,
        name="restarts",
        condition=SequentialCount(
            events="errors", limit=0.01, min_ratio=2.0, alpha=0.01, ride_out=3.0, interval=1.0, window=0.0
        ),
    )
    world = soaking(replace(SERVICE, rules=(WORSE, restarts, ERROR_RATE)))

    for name in ("worse-than-stable", "restarts", "error-rate"):
        condition = world.shop.instances[f"{name}@green"].rule.condition
        assert isinstance(condition, Sequential)
        assert pytest.approx(0.001 / 3) == condition.alpha
        assert evidence_window(world) == condition.window


def evidence_window(world: World) -> float:
    return max(world.deployment.plan.watched(), 60.0)


LEAK = Rule(
    name="leak",
    source="host",
    condition=Trend(
        value="cpu", limit=Bound(op=">", limit=2.0), horizon=600.0, over=20.0, for_=2.0, clear_for=2.0, interval=1.0
    ),
    on_fire=OnFire.FREEZE,
    warm_up=0.0,
)


def leaking() -> World:
    """A release whose processor grows by a hundredth a second, and what a trend on it says."""
    host = Source(name="host", kind="host", interval=1.0, required=False)
    service = replace(SERVICE, rules=(*SERVICE.rules, LEAK), sources=(*SERVICE.sources, host))
    return World(environment=environment(service)).begin().submit()


def grow(world: World, seconds: int) -> None:
    for _ in range(seconds):
        now = world.cpu[GREEN]
        assert isinstance(now, float)
        world.cpu[GREEN] = now + 0.01
        world.run(1.0)


def test_a_trend_on_the_candidate_freezes() -> None:
    """As soon as its window is half full; stable's is flat."""
    world = leaking()
    grow(world, 16)

    assert {Hold.RULE: "leak"} == dict(world.deployment.held_details)
    assert (Level.FIRING, Level.INACTIVE) == (
        instance(world.state, "leak@green").level,
        instance(world.state, "leak@blue").level,
    )


def test_a_verified_step_cuts_the_window_of_a_trend() -> None:
    """More users take more memory, which is no leak."""
    world = leaking()
    world.cpu[GREEN] = 0.3
    assert world.run(60.0, lambda world: world.deployment.step_at is not None and world.deployment.step == 1)
    assert world.run(5.0, lambda world: world.deployment.confirmed_step == 1)

    for colour in Colour:
        known = instance(world.state, f"leak@{colour}")
        assert api.TrendState() == known.state
        assert Judgement.INSUFFICIENT is api.judgement(known.rule, known.state)
