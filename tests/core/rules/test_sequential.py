"""What all sequential kinds promise alike: ride-out from any history, suspicion, trial, onset, a state that lasts."""

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from tests.core.rules.examples import changed, count, ratio, relative, rule
from watchdog.core.conditions import Sequential
from watchdog.core.model import Level, Missing, Value
from watchdog.core.rules import api
from watchdog.core.rules.mixture import CALM, constants_of, polls_to_fire
from watchdog.core.rules.sequential import SequentialState

CONDITIONS: dict[str, Sequential] = {
    "ratio": ratio(),
    "per poll": ratio(dependence="per_poll"),
    "ratio in bunches": ratio(design_effect=4.0),
    "per poll in bunches": ratio(dependence="per_poll", design_effect=2.0),
    "against stable": relative(),
    "against stable with a margin": relative(margin=2.0, min_ratio=3.0, design_effect=3.0),
    "count": count(),
    "count in bunches": count(limit=0.01, design_effect=5.0),
}
each_kind = pytest.mark.parametrize("condition", CONDITIONS.values(), ids=CONDITIONS)

Reading = tuple[float, float, float, float]
"""Bad, total, the other colour's bad, its total."""

IDLE: Reading = (0.0, 0.0, 0.0, 0.0)
HEALTHY: Reading = (0.0, 5.0, 0.0, 45.0)
NOISY: Reading = (0.0, 20.0, 2.0, 180.0)
SHARED: Reading = (5.0, 20.0, 45.0, 180.0)

HISTORIES: dict[str, list[Reading]] = {
    "from the start": [],
    "after a healthy half hour": [HEALTHY] * 7200,
    "after an idle half hour": [IDLE] * 7200,
    "after two idle hours": [IDLE] * 28_800,
    "after noise on stable": [HEALTHY, NOISY] * 1200,
    "after a disturbance that is forgotten": [HEALTHY] * 2400 + [(3.0, 5.0, 0.0, 45.0)] * 12 + [HEALTHY] * 7200,
}

WORST: tuple[Reading, ...] = ((1e6, 1e6, 0.0, 1e6), (60.0, 100.0, 0.0, 900.0), (4.0, 4.0, 0.0, 50.0))


def sample(start: float, length: float, reading: Reading) -> api.Sample:
    own, other = reading[:2], reading[2:]
    return api.Sample(
        start=start,
        end=start + length,
        own={"errors": own[0], "requests": own[1]},
        other={"errors": other[0], "requests": other[1]},
    )


def after(condition: Sequential, history: Iterable[Reading], state: SequentialState | None = None) -> Any:
    """The state after a history in the rule's own rhythm."""
    subject = rule(condition)
    found: Any = state or api.initial(subject)
    begin = found.reached or 0.0
    for i, reading in enumerate(history):
        found = api.observe(subject, found, sample(begin + i * condition.interval, condition.interval, reading))
    return found


def frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
@each_kind
def test_no_shorter_row_of_polls_than_promised_fires(condition: Sequential, history: list[Reading]) -> None:
    """Whatever was before and however bad they are: m - 1 polls of a calm rule never fire, and a longer row does."""
    before = after(condition, history)
    assert before.proof_e <= CALM
    for reading in WORST:
        assert not after(condition, [reading] * (polls_to_fire(condition) - 1), before).fired
    assert after(condition, [WORST[0]] * 60, before).fired


@given(
    lengths=st.lists(st.floats(0.01, 40.0), min_size=1, max_size=60),
    begin=st.floats(0.0, 20.0),
    bad=st.integers(0, 1000),
    condition=st.sampled_from(list(CONDITIONS.values())),
)
def test_uneven_readings_ride_out_the_same_disturbance(
    lengths: list[float], begin: float, bad: int, condition: Sequential
) -> None:
    """Readings of any length that touch 3 bad seconds never fire: no delta over missed polls, no row of slivers."""
    subject = rule(condition)
    state, now = api.initial(subject), 0.0
    for length in [*lengths, 30.0]:
        touched = now < begin + 3.0 and now + length > begin
        reading = (float(bad) if touched else 0.0, 1000.0, 0.0, 9000.0)
        state = api.observe(subject, state, sample(now, length, reading))
        now += length
        assert Level.FIRING is not api.level(state)


@each_kind
def test_suspicion_comes_at_once_and_goes_when_the_trouble_is_over(condition: Sequential) -> None:
    """It is pending without ride-out, never above its ceiling, and a healthy half hour ends both it and the onset."""
    subject = rule(condition)
    bad = after(condition, [WORST[0]] * 14, after(condition, [HEALTHY] * 100))
    assert Level.PENDING is api.level(bad)
    assert api.suspicious(subject, bad)
    assert pytest.approx(constants_of(condition).ceiling) == bad.suspicion_e
    assert not api.recovered(subject, bad)
    well = after(condition, [HEALTHY] * 7200, bad)
    assert Level.INACTIVE is api.level(well)
    assert api.recovered(subject, well)
    assert well.proof_e < bad.proof_e


@each_kind
def test_a_trial_takes_suspicion_afresh_and_proof_without_pace(condition: Sequential) -> None:
    """After a divert the proof is kept and may come at once; at the end of the trial the pace is on again."""
    subject = rule(condition)
    diverted = after(condition, [WORST[1]] * 8, after(condition, [HEALTHY] * 100))
    trial = api.begin_trial(subject, diverted)
    allowed = {"trial", *(f"suspicion_{part}" for part in ("start", "change", "time", "e"))}
    assert changed(diverted, trial) <= allowed
    assert not api.suspicious(subject, trial)
    assert isinstance(trial, SequentialState)
    assert after(condition, [WORST[0]] * 12, trial).fired
    ended = api.end_trial(subject, trial)
    assert isinstance(ended, SequentialState)
    assert (trial.proof_e, False) == (ended.proof_e, ended.trial)
    assert not after(condition, [WORST[0]], ended).fired


@each_kind
def test_proof_stands_still_until_it_is_discarded(condition: Sequential) -> None:
    """Firing does not recover by itself; what the interlocks count goes on."""
    subject = rule(condition)
    fired = after(condition, [WORST[0]] * 40)
    well = after(condition, [HEALTHY] * 1000, fired)
    assert Level.FIRING is api.level(well)
    assert fired.proof_e == well.proof_e
    assert api.initial(subject) == api.discard(subject, well)


@each_kind
def test_the_onset_is_the_first_bad_reading_and_counts_go_from_there(condition: Sequential) -> None:
    """Both colours are counted since then, for people and for the common-cause interlock."""
    subject = rule(condition)
    state = after(condition, [HEALTHY] * 40)
    for i in range(3):
        state = api.observe(subject, state, sample(10.0 + 0.25 * i, 0.25, (5.0, 10.0, 1.0, 90.0)))
    found = api.evidence(subject, state)
    totals = (0.0, 0.0) if condition.kind == "sequential_count" else (30.0, 270.0)
    assert (10.0, 15.0, 3.0, *totals) == (found.onset, found.bad, found.other_bad, found.total, found.other_total)
    assert found.log_e is not None
    assert found.log_e_suspicion is not None
    assert found.last.value is not None


@each_kind
def test_a_missing_reading_changes_nothing(condition: Sequential) -> None:
    """Nothing was counted, whatever `no_data` says; the next delta carries it."""
    subject, state = rule(condition), after(condition, [WORST[2]] * 3)
    for missing in Missing:
        own: dict[str, Value] = {"errors": missing, "requests": 5.0}
        assert state is api.observe(subject, state, api.Sample(start=1.0, end=1.25, own=own, other={}))
    assert state is api.observe(subject, state, sample(1.0, 0.25, (math.nan, 5.0, 0.0, 5.0)))
    assert state is api.observe(subject, state, sample(1.0, 0.25, (-1.0, 5.0, 0.0, 5.0)))


@each_kind
def test_a_million_requests_per_poll_are_numbers(condition: Sequential) -> None:
    """Overwhelming readings, good or bad, neither overflow nor turn a healthy release bad."""
    million = 1e6
    assert not api.suspicious(rule(condition), after(condition, [(0.0, million, 9000.0, million)] * 10))
    state = after(condition, [(million, million, 0.0, million)] * 100)
    begun: Any = api.begin_trial(rule(condition), after(condition, []))
    for trial in (state, begun):
        state = after(condition, [(million, million, 0.0, million)] * 100, trial)
        assert all(math.isfinite(each) for each in (state.proof_e, state.suspicion_e, *state.proof_change))


counted = st.floats(0.0, 1e9)


@given(
    readings=st.lists(st.tuples(counted, counted, counted, counted, st.floats(0.0, 100.0)), max_size=20),
    condition=st.sampled_from(list(CONDITIONS.values())),
    trial=st.booleans(),
)
def test_invariants_and_json(
    readings: list[tuple[float, float, float, float, float]], condition: Sequential, *, trial: bool
) -> None:
    """What the state's docstring promises, whatever is counted; and the journal gives back the very state."""
    subject = rule(condition)
    state: Any = api.begin_trial(subject, api.initial(subject)) if trial else api.initial(subject)
    now = 0.0
    for *reading, length in readings:
        state = api.observe(subject, state, sample(now, length, tuple(reading)))  # type: ignore[arg-type]  # of four
        now += length
        assert state.fired == (state.proof_e >= 1000.0)
        assert (state.onset is None) == (state.cusum == 0.0)
        assert state.suspicion_e <= constants_of(condition).ceiling
        assert condition.kind == "sequential_count" or state.bad <= state.total
    values = {field.name: getattr(state, field.name) for field in fields(state)}
    back = json.loads(json.dumps(values, allow_nan=False))
    assert state == type(state)(**{name: frozen(value) for name, value in back.items()})
    codec: TypeAdapter[api.RuleState] = TypeAdapter(api.RuleState)
    assert state == codec.validate_json(codec.dump_json(state))


# Readings whose intervals overlap: several targets of a colour that are scraped at different moments.
#
# Each reading covers the time since its own target's last scrape, so that consecutive ones share most of their time.
# What was counted is each time something else; the time itself must not pass twice.

SCRAPED: dict[str, Sequential] = {
    "ratio": ratio(interval=1.0),
    "against stable": relative(interval=1.0),
    "count": count(interval=1.0),
}
each_scraped = pytest.mark.parametrize("condition", SCRAPED.values(), ids=SCRAPED)

TARGETS = 4
SCRAPE = 1.0
"""As long as the rules' interval; the four targets' scrapes are spread over it, and each is polled at once."""


def scraped_sample(
    start: float, end: float, bad: float = 0.0, total: float = 25.0, *, other: bool = True
) -> api.Sample:
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


@each_scraped
def test_time_that_was_counted_passes_once(condition: Sequential) -> None:
    """The prior is spread per second, and alpha with it, however many readings a second shows."""
    subject = rule(condition)
    state: Any = api.initial(subject)
    for start, end in spread(60.0):
        state = api.observe(subject, state, scraped_sample(start, end))

    assert pytest.approx(60.0) == state.proof_time
    assert pytest.approx(60.0) == state.suspicion_time


@each_scraped
def test_many_targets_do_not_shorten_the_ride_out(condition: Sequential) -> None:
    """A blip of 2.9 s that every target shows in every scrape proves nothing; one that lasts does."""
    subject = rule(condition)

    def after(blip: float) -> Any:
        state: Any = api.initial(subject)
        for start, end in spread(120.0):
            bad = 25.0 if start < 60.0 + blip and end > 60.0 else 0.0
            state = api.observe(subject, state, scraped_sample(start, end, bad))
        return state

    assert not after(2.9).fired
    assert after(30.0).fired


@given(
    lengths=st.lists(st.floats(0.01, SCRAPE), min_size=1, max_size=40),
    steps=st.lists(st.floats(0.0, 2.0), min_size=40, max_size=40),
    begin=st.floats(0.0, 20.0),
    bad=st.integers(0, 1000),
    condition=st.sampled_from(list(SCRAPED.values())),
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
        state = api.observe(subject, state, scraped_sample(start, end, float(bad) if touched else 0.0, 1000.0))
        assert Level.FIRING is not api.level(state)


@each_scraped
def test_a_reading_of_no_new_time_still_counts(condition: Sequential) -> None:
    """A second target whose scrape ended a moment before the first one's had requests of its own."""
    subject = rule(condition)
    before: Any = api.observe(subject, api.initial(subject), scraped_sample(0.0, 15.0, 5.0))
    both: Any = api.observe(subject, before, scraped_sample(-0.1, 14.9, 5.0))

    assert (10.0, 15.0) == (both.bad, both.proof_time)
    assert both.suspicion_e > before.suspicion_e


def test_a_burst_at_one_of_several_targets_is_judged_by_its_own_time() -> None:
    """Six events in 15 s are not six in the moment that this reading ends after the other target's."""
    subject = rule(count(limit=2.0 / 60.0, interval=15.0))
    state: Any = api.initial(subject)
    for number in range(40):
        end = 15.0 * (number + 1)
        state = api.observe(subject, state, scraped_sample(end - 15.0, end))
        state = api.observe(subject, state, scraped_sample(end - 14.999, end + 0.001, 6.0 if number == 30 else 0.0))

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
