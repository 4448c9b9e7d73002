"""A service's rules in the scenes of its plan."""

from dataclasses import replace

import pytest

from tests.core.outlook.examples import PLAN, PROBE, canary, never_waiting, ratio, rule, service
from watchdog.core.conditions import Bound, Spike, Threshold, Trend
from watchdog.core.model import OnFire
from watchdog.core.outlook.service import (
    by_share,
    judged,
    needed_rate,
    of_rule,
    of_service,
    rhythm,
    scene,
    warm_up,
)
from watchdog.core.outlook.values import LEVEL_1_S, NEVER, Asks, Caveat, Piece, Rhythm

BEYOND = Bound(op=">", limit=2.0)
GAUGE = Threshold(value="p95", when=BEYOND, clear=BEYOND, for_=15.0, interval=15.0)
SPIKE = Spike(
    value="cpu", floor=0.8, deviations=6.0, for_=30.0, clear_for=0.0, baseline=600.0, min_readings=20, interval=5.0
)
LEAK = Trend(value="heap", limit=BEYOND, horizon=3600.0, over=600.0, for_=0.0, clear_for=0.0, interval=5.0)


def test_a_step_gives_the_candidate_its_part() -> None:
    """The weight scales the traffic of both colours."""
    found = scene(30.0, 0.1, 0.5)
    assert (3.0, 27.0, 0.5) == (round(found.rate, 9), round(found.stable_rate, 9), found.share)


def test_every_kind_has_an_outlook() -> None:
    """In the service's order, each with a decision; traffic away only where the rule rolls back."""
    rules = (
        rule(ratio()),
        rule(canary(), "worse"),
        rule(PROBE, "health", "health"),
        rule(GAUGE, "p95", "metrics", OnFire.OBSERVE),
        rule(SPIKE, "cpu", "metrics", OnFire.FREEZE),
        rule(LEAK, "heap", "metrics", OnFire.FREEZE),
    )
    found = of_service(service(*rules), PLAN, scene(100.0, 0.1, 0.5))
    assert ["errors", "worse", "health", "p95", "cpu", "heap"] == [each.rule for each in found]
    assert all(each.decided.typical > 0.0 for each in found)
    assert [True, True, True, False, False, False] == [each.away is not None for each in found]
    assert [10.0, 10.0, 0.0, 0.0, 0.0, 0.0] == [each.at_step for each in found]
    assert [True, True, True, False, False, False] == [by_share(each) for each in rules]


def test_the_rhythm_is_the_sources_and_the_conditions() -> None:
    """A condition whose readings are further apart than the polls is read by somebody else's scrape."""
    subject = service()
    assert Rhythm(poll=5.0, reading=15.0, timeout=5.0) == rhythm(subject, rule(GAUGE, source="metrics"))
    assert Rhythm(poll=2.0, reading=2.0, timeout=1.0) == rhythm(subject, rule(PROBE, source="health"), 1.0)


def test_a_divert_is_sooner_than_the_proof() -> None:
    """Where suspicion diverts the users are off from it on; elsewhere from the decision on, one switch later."""
    subject, faulty = rule(ratio()), scene(100.0, 0.1, 0.5)
    waiting = of_rule(service(), PLAN, subject, faulty)
    diverting = of_rule(service(divert=True), PLAN, subject, faulty)
    assert waiting.suspected is None
    assert waiting.away is not None
    assert round(waiting.decided.typical + 0.02, 9) == round(waiting.away.typical, 9)
    assert Piece.SWITCH is waiting.away.parts[-1].piece
    assert diverting.suspected is not None
    assert diverting.away is not None
    assert round(diverting.suspected.typical + 0.02, 9) == round(diverting.away.typical, 9)
    assert diverting.away.typical < waiting.away.typical
    assert diverting.decided == waiting.decided


def test_only_rollback_rules_of_one_colour_divert() -> None:
    """A freeze moves nobody, and a rule on a shared database says nothing of one colour."""
    faulty = scene(100.0, 0.1, 0.5)
    freezing = of_rule(service(divert=True), PLAN, rule(ratio(), on_fire=OnFire.FREEZE), faulty)
    shared = of_rule(service(divert=True), PLAN, replace(rule(ratio()), per_colour=False), faulty)
    assert (None, None, None) == (freezing.suspected, freezing.away, shared.suspected)


def test_a_probes_timeout_is_the_sources() -> None:
    """As given, else as long as one poll."""
    subject, faulty = rule(PROBE, "health", "health"), scene(100.0, 0.1, 1.0)
    assert 7.0 == of_rule(service(), PLAN, subject, faulty, {"health": Asks(timeout=1.0)}).decided.worst
    assert 8.0 == of_rule(service(), PLAN, subject, faulty).decided.worst


def test_a_route_has_a_part_of_the_traffic() -> None:
    """Nobody knows how much before a deployment; a health page of that name has its own polls."""
    route, faulty = rule(replace(ratio(), bad="errors[login]", total="requests[login]")), scene(100.0, 0.1, 0.5)
    assert 1.0 == round(of_rule(service(), PLAN, route, faulty).rate, 9)
    versus = rule(replace(canary(), bad="errors[login]", total="requests[login]"))
    whole = of_rule(service(), PLAN, rule(canary()), scene(10.0, 0.1, 0.5))
    assert round(whole.decided.typical, 6) == round(of_rule(service(), PLAN, versus, faulty).decided.typical, 6)
    assert 10.0 == of_rule(service(), PLAN, rule(replace(PROBE, signal="up[db]"), "db", "health"), faulty).rate


def test_a_source_that_asks_by_itself_has_its_own_rate() -> None:
    """However many users there are; what hangs is counted when it is given up."""
    asks = {"edge": Asks(timeout=2.0, rate=6.0, named_rate=2.0)}
    named = rule(replace(ratio(), bad="failures[login]", total="requests[login]"))
    few, many = (of_rule(service(divert=True), PLAN, rule(ratio()), scene(n, 0.1, 0.5), asks) for n in (1.0, 900.0))
    assert few == many
    assert (6.0, 2.0) == (few.rate, of_rule(service(), PLAN, named, scene(1.0, 0.1, 0.5), asks).rate)
    users = of_rule(service(divert=True), PLAN, rule(ratio()), scene(60.0, 0.1, 0.5))
    assert few.suspected is not None
    assert users.suspected is not None
    assert (2.0, 2.0) == (
        round(few.decided.worst - users.decided.worst, 9),
        round(few.suspected.worst - users.suspected.worst, 9),
    )
    gauge = rule(GAUGE, "p95", "edge", OnFire.FREEZE)
    assert Piece.TIMEOUT is of_rule(service(), PLAN, gauge, scene(1.0, 0.1, 0.5), asks).decided.parts[-1].piece


def test_the_plan_is_the_window_of_a_rule_without_one() -> None:
    """As a deployment has it: soaks and bake, and a minute at least."""
    faulty = scene(100.0, 0.1, 0.2)
    own, plans = (
        judged(rule(condition), Rhythm(poll=0.25, reading=0.25), faulty, PLAN.watched())
        for condition in (ratio(), never_waiting(ratio()))
    )
    assert own == plans
    short = judged(rule(never_waiting(ratio())), Rhythm(poll=0.25, reading=0.25), faulty, 1.0)
    assert short.decided.typical < own.decided.typical


def test_a_rule_on_slow_requests_sees_no_hang() -> None:
    """They are counted when they end, and it says so."""
    found = of_rule(service(), PLAN, replace(rule(ratio()), slow=True), scene(100.0, 0.1, 0.5))
    assert (Caveat.SEES_NO_HANG,) == found.caveats


def test_warm_up() -> None:
    """What counts is dropped at first; a probe and a gauge are not."""
    assert [10.0, 0.0, 0.0] == [warm_up(rule(condition)) for condition in (ratio(), PROBE, GAUGE)]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.2, 0.1])
def test_the_needed_rate_is_just_enough(share: float) -> None:
    """A little less traffic is too slow."""
    subject, found = rule(ratio()), needed_rate(service(), PLAN, rule(ratio()), share, weight=0.1)
    delays = [of_rule(service(), PLAN, subject, scene(found * part / 0.1, 0.1, share)) for part in (1.001, 0.999)]
    assert [True, False] == [each.decided.worst <= LEVEL_1_S for each in delays]


def test_no_traffic_is_enough() -> None:
    """For a fault below min_effect, and for a rule that waits too long by itself."""
    assert NEVER == needed_rate(service(), PLAN, rule(ratio()), 0.055, weight=0.1)
    assert NEVER == needed_rate(service(), PLAN, rule(GAUGE, source="metrics"), 1.0, weight=0.1)


def test_sessions_that_drain_are_watched_for() -> None:
    """A longer bake spreads the same budget over more time: a decision takes a little longer, never shorter."""
    errors, faulty = rule(replace(ratio(), window=0.0)), scene(100.0, 0.1, 0.2)
    plain = of_rule(service(errors), PLAN, errors, faulty)
    drained = of_rule(replace(service(errors), session_drain=864_000.0), PLAN, errors, faulty)
    assert plain.decided.typical < drained.decided.typical
