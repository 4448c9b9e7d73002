"""Readings whose intervals overlap: several targets of a colour that are scraped at different moments.

Each reading covers the time since its own target's last scrape, so that consecutive ones share most of their time. What
was counted is each time something else; the time itself must not pass twice.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import count, ratio, relative, rule
from watchdog.core.conditions import Sequential
from watchdog.core.model import Level
from watchdog.core.rules import api

KINDS: dict[str, Sequential] = {
    "ratio": ratio(interval=1.0),
    "against stable": relative(interval=1.0),
    "count": count(interval=1.0),
}
each_kind = pytest.mark.parametrize("condition", KINDS.values(), ids=KINDS)

TARGETS = 4
SCRAPE = 1.0
"""As long as the rules' interval; the four targets' scrapes are spread over it, and each is polled at once."""


def sample(start: float, end: float, bad: float = 0.0, total: float = 25.0, *, other: bool = True) -> api.Sample:
    """One target's reading; the other colour's is as long and as healthy."""
    return api.Sample(
        start=start,
        end=end,
        own={"errors": bad, "requests": total},
        other={"errors": 0.0, "requests": 25.0},
        other_over=(start, end) if other else (end, end),
    )


def spread(seconds: float, *, begin: float = 0.0) -> Iterator[tuple[float, float]]:
    """The intervals of all targets' readings, in the order of their scrapes."""
    step = SCRAPE / TARGETS
    for number in range(round(seconds / step)):
        end = begin + (number + 1) * step
        yield max(end - SCRAPE, begin), end


@each_kind
def test_time_that_was_counted_passes_once(condition: Sequential) -> None:
    """The prior is spread per second, and alpha with it, however many readings a second shows."""
    subject = rule(condition)
    state: Any = api.initial(subject)
    for start, end in spread(60.0):
        state = api.observe(subject, state, sample(start, end))

    assert pytest.approx(60.0) == state.proof_time
    assert pytest.approx(60.0) == state.suspicion_time


@each_kind
def test_many_targets_do_not_shorten_the_ride_out(condition: Sequential) -> None:
    """A blip of 2.9 s that every target shows in every scrape proves nothing; one that lasts does."""
    subject = rule(condition)

    def after(blip: float) -> Any:
        state: Any = api.initial(subject)
        for start, end in spread(120.0):
            bad = 25.0 if start < 60.0 + blip and end > 60.0 else 0.0
            state = api.observe(subject, state, sample(start, end, bad))
        return state

    assert not after(2.9).fired
    assert after(30.0).fired


@given(
    lengths=st.lists(st.floats(0.01, SCRAPE), min_size=1, max_size=40),
    steps=st.lists(st.floats(0.0, 2.0), min_size=40, max_size=40),
    begin=st.floats(0.0, 20.0),
    bad=st.integers(0, 1000),
    condition=st.sampled_from(list(KINDS.values())),
)
def test_a_disturbance_shorter_than_the_ride_out_never_fires(
    lengths: list[float], steps: list[float], begin: float, bad: int, condition: Sequential
) -> None:
    """Readings up to a scrape long, that end in any rhythm and overlap in any way."""
    subject = rule(condition)
    state, end = api.initial(subject), 0.0
    for length, step in zip(lengths, steps, strict=False):
        end += step
        start = end - length
        touched = start < begin + 3.0 and end > begin
        state = api.observe(subject, state, sample(start, end, float(bad) if touched else 0.0, 1000.0))
        assert Level.FIRING is not api.level(state)


@each_kind
def test_a_reading_of_no_new_time_still_counts(condition: Sequential) -> None:
    """A second target whose scrape ended a moment before the first one's had requests of its own."""
    subject = rule(condition)
    before: Any = api.observe(subject, api.initial(subject), sample(0.0, 15.0, 5.0))
    both: Any = api.observe(subject, before, sample(-0.1, 14.9, 5.0))

    assert (10.0, 15.0) == (both.bad, both.proof_time)
    assert both.suspicion_e > before.suspicion_e


def test_a_burst_at_one_of_several_targets_is_judged_by_its_own_time() -> None:
    """Six events in 15 s are not six in the moment that this reading ends after the other target's."""
    subject = rule(count(limit=2.0 / 60.0, interval=15.0))
    state: Any = api.initial(subject)
    for number in range(40):
        end = 15.0 * (number + 1)
        state = api.observe(subject, state, sample(end - 15.0, end))
        state = api.observe(subject, state, sample(end - 14.999, end + 0.001, 6.0 if number == 30 else 0.0))

    assert pytest.approx(600.001) == state.proof_time
    assert not state.fired


def test_counts_that_wait_for_the_other_colour_take_no_time_twice() -> None:
    """Each colour's target is scraped at another moment: together they pass once, and no count is lost."""
    subject = rule(relative(interval=15.0))
    state: Any = api.initial(subject)
    for number in range(4):
        end = 15.0 * (number + 1)
        own = api.Sample(
            start=end - 15.0,
            end=end,
            own={"errors": 1.0, "requests": 10.0},
            other={"errors": 0.0, "requests": 0.0},
            other_over=(end - 8.0, end - 8.0),
        )
        other = api.Sample(
            start=end,
            end=end,
            own={"errors": 0.0, "requests": 0.0},
            other={"errors": 0.0, "requests": 90.0},
            other_over=(end - 8.0, end + 7.0),
        )
        state = api.observe(subject, api.observe(subject, state, own), other)

    assert (40.0, 360.0, 4.0) == (state.seen, state.other_seen, state.bad_seen)
    assert pytest.approx(60.0) == state.proof_time
    assert (0.0, 0.0) == state.waiting_for
