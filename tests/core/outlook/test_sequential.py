"""The closed formulas, held against simulations of the rules themselves (fixed seeds)."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.core.outlook.examples import HEALTHY, SLICES, STABLE_TIMES, Fault, canary, counted, ratio
from watchdog.core.conditions import Sequential
from watchdog.core.outlook import sequential
from watchdog.core.outlook.values import NEVER, Caveat, Judged, Piece, Rhythm, Scene

SHARES = (1.0, 0.5, 0.2, 0.1)


def scene(rate: float, share: float, healthy: float = HEALTHY) -> Scene:
    return Scene(rate=rate, stable_rate=STABLE_TIMES * rate, share=share, healthy=healthy)


def judged(condition: Sequential, rate: float, share: float) -> Judged:
    rhythm = Rhythm(poll=condition.interval, reading=condition.interval)
    return sequential.judged(condition, rhythm, scene(rate, share))


@pytest.mark.parametrize("rate", [1.0, 3.0, 10.0, 100.0])
def test_the_typical_delay_is_the_simulated_mean(rate: float) -> None:
    """Over the whole grid of traffic and faults the outlook is within a factor of 1.35 of what the rule really does."""
    fault = Fault(ratio(), rate)
    for share in SHARES:
        outlook = judged(ratio(), rate, share).decided.typical
        simulated, _ = fault.means(share, runs=32)
        assert 1 / 1.35 < outlook / simulated < 1.35, (share, outlook, simulated)


@pytest.mark.parametrize(
    "condition",
    [ratio(5.0), ratio(design_effect=3.0), ratio(5.0, per_poll=True), canary(), canary(5.0), counted()],
    ids=["polls of 5 s", "design effect", "per poll", "canary", "canary, 5 s", "count"],
)
def test_the_other_kinds_and_rhythms(condition: Sequential) -> None:
    """Within a factor of 1.5 at 10 requests/s."""
    fault = Fault(condition, 10.0)
    for share in (0.5, 0.2):
        outlook = judged(condition, 10.0, share).decided.typical
        simulated, _ = fault.means(share, runs=24)
        assert 1 / 1.5 < outlook / simulated < 1.5, (share, outlook, simulated)


def test_suspicion_is_the_simulated_mean_too() -> None:
    """Within a factor of 1.5 at 10 requests/s."""
    fault = Fault(ratio(), 10.0)
    for share in SHARES:
        found = judged(ratio(), 10.0, share).suspected
        assert found is not None
        _, simulated = fault.means(share, runs=24)
        assert 1 / 1.5 < found.typical / simulated < 1.5, (share, found.typical, simulated)


@pytest.mark.long
def test_the_worst_delay_holds_in_95_of_100_cases() -> None:
    """At 3 requests/s the share of slower ones is small."""
    fault = Fault(ratio(), 3.0)
    for share in (1.0, 0.5, 0.2):
        worst = judged(ratio(), 3.0, share).decided.worst
        slower = sum(fault.delays(share, run)[0] > worst for run in range(300))
        assert slower <= 24, (share, slower)


@pytest.mark.parametrize("condition", [ratio(), ratio(per_poll=True), canary(), counted()])
def test_more_traffic_and_larger_faults_are_found_sooner(condition: Sequential) -> None:
    """The delay falls in both; the worst is not below the typical one, suspicion not after proof."""
    for share in SHARES:
        delays = [judged(condition, rate, share) for rate in (1.0, 3.0, 10.0, 100.0)]
        assert all(before.decided.typical >= after.decided.typical for before, after in pairwise(delays))
        for found in delays:
            assert found.suspected is not None
            assert found.suspected.typical <= found.decided.typical <= found.decided.worst
    for rate in (3.0, 100.0):
        by_share = [judged(condition, rate, share).decided.typical for share in SHARES]
        assert sorted(by_share) == by_share


def test_the_parts_add_up() -> None:
    """Where the traffic is large the ride-out is nearly all; a scrape by somebody else comes before everything."""
    found = judged(ratio(), 1_000.0, 1.0).decided
    assert [Piece.POLL, Piece.EVIDENCE, Piece.RIDE_OUT] == [part.piece for part in found.parts]
    assert [0.12, 0.01, 3.5] == [round(part.typical, 2) for part in found.parts]
    assert sum(part.worst for part in found.parts) == found.worst

    scraped = sequential.judged(ratio(15.0), Rhythm(poll=5.0, reading=15.0), scene(1_000.0, 1.0))
    assert [(Piece.SCRAPE, 7.5, 15.0), (Piece.POLL, 2.5, 5.0)] == [
        (part.piece, part.typical, part.worst) for part in scraped.decided.parts[:2]
    ]
    assert Piece.RIDE_OUT not in [part.piece for part in scraped.decided.parts]
    assert (Caveat.NO_RIDE_OUT,) == scraped.caveats


def test_what_the_rule_cannot_find_it_never_finds() -> None:
    """A fault between limit and min_effect, or one that takes longer than the deployment."""
    small = judged(ratio(), 100.0, 0.055)
    assert (NEVER, NEVER, (Caveat.TOO_SMALL,)) == (small.decided.typical, small.decided.worst, small.caveats)
    slow = judged(ratio(), 0.1, 0.1)
    assert (NEVER, NEVER, ()) == (slow.decided.typical, slow.decided.worst, slow.caveats)
    late = judged(ratio(), 0.24, 0.1)
    assert (True, NEVER) == (late.decided.typical < 3600.0, late.decided.worst)
    idle = judged(ratio(), 0.0, 1.0)
    assert (NEVER, ()) == (idle.decided.typical, idle.caveats)


def test_a_comparison_needs_both_colours() -> None:
    """Without users on stable there is nothing to compare; a stable that never fails is as good as one can be."""
    alone = sequential.judged(canary(), SLICES, Scene(rate=10.0, stable_rate=0.0, share=0.5))
    assert (NEVER, (Caveat.NEEDS_STABLE,)) == (alone.decided.typical, alone.caveats)
    flawless = sequential.judged(canary(), SLICES, scene(10.0, 0.5, healthy=0.0))
    assert flawless.decided.typical < judged(canary(), 10.0, 0.5).decided.typical


def test_bets_per_poll_say_nothing_where_readings_are_nearly_empty() -> None:
    """A tenth fails, and hardly a reading has a request: no bet gains. A large reading's share is taken as exact."""
    assert (Caveat.TOO_SMALL,) == judged(ratio(per_poll=True), 1.0, 0.1).caveats
    assert NEVER == judged(ratio(per_poll=True), 0.0, 0.1).decided.typical
    exact, counted_out = (judged(ratio(1.0, per_poll=True), rate, 0.2).decided.typical for rate in (201.0, 199.0))
    assert math.isclose(exact, counted_out, rel_tol=0.02)


def test_no_ride_out_is_said() -> None:
    """Without one, proof needs no more polls than the evidence takes."""
    condition = replace(ratio(), ride_out=0.0)
    found = judged(condition, 1_000.0, 1.0)
    assert (Caveat.NO_RIDE_OUT,) == found.caveats
    assert found.decided.typical < 0.2
