"""Rows of probes, values beyond a limit, slopes."""

import random
from dataclasses import replace
from statistics import fmean

import pytest

from tests.core.outlook.examples import PROBE, WATCHED, rule
from watchdog.core.conditions import Bound, Spike, Threshold, Trend
from watchdog.core.model import Level
from watchdog.core.outlook import direct
from watchdog.core.outlook.values import NEVER, Caveat, Delay, Piece, Rhythm, Scene
from watchdog.core.rules import api

POLLS = Rhythm(poll=2.0, reading=2.0, timeout=2.0)
SCRAPES = Rhythm(poll=5.0, reading=15.0)
BEYOND = Bound(op=">", limit=2.0)
GAUGE = Threshold(value="p95", when=BEYOND, clear=BEYOND, for_=15.0, interval=15.0, lookback=60.0)
SHARE = Threshold(
    value="errors",
    total="requests",
    when=Bound(op=">", limit=0.05),
    clear=Bound(op=">", limit=0.05),
    over=60.0,
    min_events=20,
    interval=5.0,
)


def scene(share: float, rate: float = 100.0) -> Scene:
    return Scene(rate=rate, stable_rate=0.0, share=share)


def parts(delay: Delay) -> dict[Piece, tuple[float, float]]:
    return {part.piece: (part.typical, part.worst) for part in delay.parts}


def test_a_row_of_failures() -> None:
    """fall - 1 polls after the first; what hangs is given up one timeout later; the last but one is suspicion."""
    found = direct.probe(PROBE, POLLS, scene(1.0), WATCHED)
    assert {Piece.POLL: (1.0, 2.0), Piece.ROW: (4.0, 4.0), Piece.TIMEOUT: (0.0, 2.0)} == parts(found.decided)
    assert found.suspected is not None
    assert (2.0, 2.0) == parts(found.suspected)[Piece.ROW]
    assert direct.probe(replace(PROBE, fall=2), POLLS, scene(1.0), WATCHED).suspected is None


def test_a_row_while_only_some_fail() -> None:
    """As long as a simulated row takes, in the mean and in 95 of 100 cases."""
    rng, delays = random.Random("rows"), []
    for _ in range(4_000):
        probes, row = 0, 0
        while row < 3:
            probes, row = probes + 1, row + 1 if rng.random() < 0.5 else 0
        delays.append((probes - 1) * 2.0)
    typical, worst = parts(direct.probe(PROBE, POLLS, scene(0.5), WATCHED).decided)[Piece.ROW]
    assert abs(typical / fmean(delays) - 1.0) < 0.05
    assert 0.03 < sum(delay > worst for delay in delays) / len(delays) < 0.07


def test_a_row_that_does_not_come() -> None:
    """One in ten fails: three in a row come typically in 37 min and may come too late; without failures never."""
    rare = direct.probe(PROBE, POLLS, scene(0.1), WATCHED).decided
    assert (2218.0, NEVER) == tuple(round(each, 3) for each in parts(rare)[Piece.ROW])
    assert NEVER == direct.probe(PROBE, POLLS, scene(0.0), WATCHED).decided.typical
    assert NEVER == direct.probe(PROBE, POLLS, scene(0.1), 600.0).decided.typical


def test_a_gauge_takes_scrape_window_poll_and_for() -> None:
    """It begins when the value is beyond, and says so; `for` ends at a reading."""
    found = direct.threshold(GAUGE, SCRAPES, scene(0.2))
    assert {
        Piece.SCRAPE: (7.5, 15.0),
        Piece.POLL: (2.5, 5.0),
        Piece.WINDOW: (30.0, 60.0),
        Piece.FOR: (15.0, 15.0),
    } == parts(found.decided)
    assert (Caveat.VALUE,) == found.caveats
    longer = direct.threshold(replace(GAUGE, for_=16.0, lookback=0.0), SCRAPES, scene(0.2))
    assert (30.0, 30.0) == parts(longer.decided)[Piece.FOR]


def test_n_of_m_wants_n_readings() -> None:
    """Two more after the first, with 3 of 5."""
    found = direct.threshold(replace(GAUGE, for_=0.0, lookback=0.0, matches=3, out_of=5), SCRAPES, scene(1.0))
    assert (30.0, 30.0) == parts(found.decided)[Piece.ROW]


@pytest.mark.parametrize(("share", "expected"), [(1.0, 60 * 0.04 / 0.99), (0.2, 60 * 0.04 / 0.19)])
def test_a_share_has_to_fill_its_window(share: float, expected: float) -> None:
    """over * (limit - p0) / (q - p0): the slower the longer the window and the smaller the fault."""
    typical, worst = parts(direct.threshold(SHARE, POLLS, scene(share)).decided)[Piece.WINDOW]
    assert round(expected, 6) == round(typical, 6)
    assert typical < worst < 60.0


def test_the_window_as_the_rule_counts_it() -> None:
    """The rule itself, on the mean, crosses in that second."""
    subject, state, at = rule(replace(SHARE, interval=1.0)), api.initial(rule(SHARE)), 0.0
    while api.level(state) is not Level.FIRING:
        bad = 1.0 if at < 60.0 else 20.0
        state = api.observe(subject, state, api.Sample(start=at, end=at + 1.0, own={"errors": bad, "requests": 100.0}))
        at += 1.0
    typical, _ = parts(direct.threshold(SHARE, POLLS, scene(0.2)).decided)[Piece.WINDOW]
    assert at - 60.0 - 1.0 <= typical <= at - 60.0


def test_a_share_that_never_crosses() -> None:
    """A fault below the limit, one at it, one that chance may hide for ever, and traffic below min_events."""
    for share in (0.005, 0.05):
        found = direct.threshold(SHARE, POLLS, scene(share))
        assert (NEVER, (Caveat.TOO_SMALL,)) == (found.decided.typical, found.caveats)
    near = direct.threshold(SHARE, POLLS, scene(0.06, rate=1.0)).decided
    assert (True, NEVER) == (near.typical < 60.0, near.worst)
    few = direct.threshold(SHARE, POLLS, scene(1.0, rate=0.3))
    assert (NEVER, (Caveat.TOO_FEW,)) == (few.decided.typical, few.caveats)


def test_a_spike_and_a_leak_begin_when_the_value_does() -> None:
    """Both say that they do not know what a share of failures does to a gauge."""
    spike = Spike(
        value="cpu", floor=0.8, deviations=6.0, for_=30.0, clear_for=0.0, baseline=600.0, min_readings=20, interval=5.0
    )
    found = direct.spike(spike, POLLS)
    assert ({Piece.POLL: (1.0, 2.0), Piece.FOR: (30.0, 30.0)}, (Caveat.VALUE,)) == (parts(found.decided), found.caveats)
    leak = Trend(
        value="heap", limit=BEYOND, horizon=3600.0, over=600.0, for_=0.0, clear_for=0.0, interval=5.0, lookback=0.0
    )
    slow = direct.trend(leak, POLLS)
    assert ((300.0, 600.0), (Caveat.LEAK,)) == (parts(slow.decided)[Piece.WINDOW], slow.caveats)
