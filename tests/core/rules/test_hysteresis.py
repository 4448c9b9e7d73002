"""From bad readings to a level, without any kind's own idea of bad."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import rule
from watchdog.core.conditions import Probe
from watchdog.core.model import Level, Missing, NoData
from watchdog.core.rules.hysteresis import GAP_POLLS, Held, Timing, hold, judge, missed
from watchdog.core.rules.values import Sample

TIMING = Timing(for_=10.0, clear_for=5.0, interval=5.0)


def sample(end: float) -> Sample:
    return Sample(start=end - 1.0, end=end, own={})


def folded(history: str, timing: Timing = TIMING) -> Held:
    """One reading a poll: x is bad, o is good, ? is missing and held."""
    state = Held()
    for index, letter in enumerate(history):
        end = 5.0 * (index + 1)
        bad = letter == "x"
        state = hold(timing, state, end) if letter == "?" else judge(timing, state, sample(end), when=bad, clear=bad)
    return state


@pytest.mark.parametrize(
    ("history", "level"),
    [
        ("o", Level.INACTIVE),
        ("x", Level.PENDING),
        ("xx", Level.PENDING),
        ("xxx", Level.FIRING),
        ("xxo", Level.INACTIVE),
        ("xxxo", Level.RECOVERING),
        ("xxxoo", Level.INACTIVE),
        ("xxxox", Level.FIRING),
        ("x?x?x", Level.PENDING),
        ("x????x", Level.PENDING),
        ("xx????xx", Level.PENDING),
        ("xxx????", Level.FIRING),
        ("xxxo?o", Level.RECOVERING),
    ],
)
def test_levels(history: str, level: Level) -> None:
    """Time counts between two neighbouring readings only; a gap ends pending and not firing."""
    assert level is folded(history).level


def test_the_onset_is_the_start_of_the_first_bad_reading() -> None:
    """It stays through recovering and goes with the trouble."""
    assert 9.0 == folded("oxxx").onset == folded("oxxxo").onset
    assert folded("oxxxoo").onset is None


@pytest.mark.parametrize(
    ("answer", "level"), [(NoData.HOLD, Level.PENDING), (NoData.FIRE, Level.FIRING), (NoData.OK, Level.INACTIVE)]
)
def test_a_missing_reading_is_what_the_rule_says(answer: NoData, level: Level) -> None:
    """Held, bad or good."""
    subject = rule(Probe(signal="up", fall=1, rise=1), stale=answer)

    assert level is missed(subject, TIMING, folded("xx"), sample(15.0), Missing.STALE).level


def test_without_a_rhythm_no_silence_is_a_gap() -> None:
    """A source that pushes when it likes."""
    late = sample(10.0 + 5.0 * GAP_POLLS + 1.0)

    assert Level.PENDING is judge(TIMING, folded("xx"), late, when=True, clear=True).level
    timing = replace(TIMING, interval=0.0)
    assert Level.FIRING is judge(timing, folded("xx", timing), late, when=True, clear=True).level


def dumb(history: list[bool], for_: int, clear_for: int) -> Level:
    """Prometheus' own words, in polls: since when it is bad, since when it is good."""
    firing, bad_since, good_since = False, None, None
    for index, bad in enumerate(history):
        if bad:
            bad_since, good_since = (index if bad_since is None else bad_since), None
            firing = firing or index - bad_since >= for_
        elif firing:
            good_since = index if good_since is None else good_since
            if index - good_since >= clear_for:
                firing, bad_since, good_since = False, None, None
        else:
            bad_since = None
    if firing:
        return Level.FIRING if good_since is None else Level.RECOVERING
    return Level.PENDING if bad_since is not None else Level.INACTIVE


@given(history=st.lists(st.booleans(), min_size=1, max_size=40), for_=st.integers(0, 5), clear_for=st.integers(0, 5))
def test_the_same_as_counting_polls(history: list[bool], for_: int, clear_for: int) -> None:
    """Against a second implementation that counts polls instead of time."""
    timing = Timing(for_=5.0 * for_, clear_for=5.0 * clear_for, interval=5.0)

    assert dumb(history, for_, clear_for) is folded("".join("x" if bad else "o" for bad in history), timing).level
