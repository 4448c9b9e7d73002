"""Values beyond a limit: hysteresis, N of M, shares, missing readings, and Prometheus' own meaning of `for`."""

import json
import math
from typing import Literal, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import as_json, changed, rule
from watchdog.core.conditions import Bound, Threshold
from watchdog.core.model import Judgement, Level, Missing, NoData, Value
from watchdog.core.rules import api
from watchdog.core.rules.threshold import ThresholdState
from watchdog.core.settings import Rule

FRESH = ThresholdState()
LETTERS: dict[str, Value] = {"x": 3.0, "m": 1.5, "o": 1.0, "?": Missing.ERROR}
"""Beyond 2; between the limits; below 1.2; missing."""
Op: TypeAlias = Literal[">", ">=", "<", "<="]


def gauge(
    *,
    clear: float = 2.0,
    for_: float = 0.0,
    clear_for: float = 0.0,
    matches: int = 1,
    out_of: int = 1,
    interval: float = 5.0,
) -> Threshold:
    return Threshold(
        value="p95",
        when=Bound(op=">", limit=2.0),
        clear=Bound(op=">", limit=clear),
        for_=for_,
        clear_for=clear_for,
        matches=matches,
        out_of=out_of,
        interval=interval,
    )


def share(*, over: float = 10.0, min_events: int = 20, for_: float = 0.0) -> Threshold:
    return Threshold(
        value="errors",
        total="requests",
        when=Bound(op=">", limit=0.05),
        clear=Bound(op=">", limit=0.05),
        for_=for_,
        over=over,
        min_events=min_events,
        interval=5.0,
    )


def read(subject: Rule, state: api.RuleState, end: float, value: Value) -> api.RuleState:
    return api.observe(subject, state, api.Sample(start=end - 5.0, end=end, own={"p95": value}))


def count(subject: Rule, state: api.RuleState, end: float, bad: Value, total: Value) -> ThresholdState:
    own = {"errors": bad, "requests": total}
    state = api.observe(subject, state, api.Sample(start=end - 5.0, end=end, own=own))
    assert isinstance(state, ThresholdState)
    return state


def run(subject: Rule, values: str) -> list[api.RuleState]:
    """The states after a row of readings, one every 5 s."""
    state = api.initial(subject)
    states = []
    for i, letter in enumerate(values):
        state = read(subject, state, 5.0 * (i + 1), LETTERS[letter])
        states.append(state)
    return states


def levels(subject: Rule, values: str) -> str:
    return "".join(api.level(state)[0] for state in run(subject, values))


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (gauge(), "oxo", "ifi"),
        (gauge(for_=10.0), "xxxxo", "ppffi"),
        (gauge(for_=10.0), "xxoxxx", "ppippf"),
        (gauge(for_=1.0), "xx", "pf"),
        (gauge(clear_for=10.0), "xooo", "frri"),
        (gauge(clear_for=10.0), "xooxooo", "frrfrri"),
        (gauge(clear=1.2), "xmmo", "fffi"),
        (gauge(clear=1.2, for_=10.0), "xxmxxx", "ppippf"),
        (gauge(clear=1.2, clear_for=5.0), "xomoo", "frfri"),
        (gauge(clear=1.2, for_=10.0, clear_for=5.0), "xxxomoo", "ppfrfri"),
    ],
)
def test_hysteresis(condition: Threshold, values: str, expected: str) -> None:
    """Pending ends at the first reading not beyond `when`; `clear` matters only while firing; no new `for` after it."""
    assert expected == levels(rule(condition), values)


@pytest.mark.parametrize(
    ("condition", "values", "expected"),
    [
        (gauge(for_=10.0), "xx?xxx", "ppppff"),
        (gauge(for_=10.0), "x????xxx", "ppppippf"),
        (gauge(), "x???????", "ffffffff"),
        (gauge(clear_for=10.0), "xo?ooo", "frrrri"),
        (gauge(clear_for=10.0), "xo????ooo", "frrrrrrri"),
        (gauge(for_=10.0), "?x??xxx", "ipppppf"),
    ],
)
def test_hold_keeps_the_state_and_counts_no_time(condition: Threshold, values: str, expected: str) -> None:
    """Time counts only between two known readings in a row; pending does not outlive a gap of more than 3 polls."""
    assert expected == levels(rule(condition), values)


@pytest.mark.parametrize(
    ("answer", "values", "expected"),
    [
        (NoData.FIRE, "x??", "ppf"),
        (NoData.FIRE, "o???", "ippf"),
        (NoData.OK, "xx?xxx", "ppippf"),
        (NoData.OK, "xxx?", "ppfi"),
    ],
)
def test_missing_counts_as_the_rule_says(answer: NoData, values: str, expected: str) -> None:
    """As beyond both limits, or as beyond none."""
    assert expected == levels(rule(gauge(for_=10.0), error=answer), values)


def test_a_stopped_daemon_does_not_fire_a_rule() -> None:
    """After a silence, even without any missing reading, pending begins anew; a shorter pause counts."""
    subject = rule(gauge(for_=10.0))
    pending = read(subject, FRESH, 5.0, 3.0)
    assert Level.PENDING is api.level(read(subject, pending, 20.1, 3.0))
    assert Level.FIRING is api.level(read(subject, pending, 20.0, 3.0))


def test_without_a_known_rhythm_there_is_no_gap() -> None:
    """An interval of 0 says that the source has none."""
    subject = rule(gauge(for_=10.0, interval=0.0))
    pending = read(subject, FRESH, 5.0, 3.0)
    assert Level.FIRING is api.level(read(subject, pending, 500.0, 3.0))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("xoxox", "iiiif"),
        ("x?o?x?o?x", "iiiiiiiif"),
        ("xoxoxooo", "iiiifiii"),
        ("xx????????x", "iiiiiiiiiii"),
        ("xxx??????ooo", "iifffffffffi"),
    ],
)
def test_n_of_m_counts_known_readings_only(values: str, expected: str) -> None:
    """3 of the last 5: missing ones have no place among them, and a long gap forgets them unless it fires."""
    assert expected == levels(rule(gauge(matches=3, out_of=5)), values)


def test_rounding_does_not_delay_a_rule() -> None:
    """0.1 s polls reach 0.3 s after three of them, though floats add up to a little less or more."""
    subject = rule(gauge(for_=0.3, interval=0.1))
    state: api.RuleState = FRESH
    found = ""
    for i in range(4):
        state = read(subject, state, 0.4 + 0.1 * i, 3.0)
        found += api.level(state)[0]
    assert "pppf" == found


class PrometheusAlert:
    """One alert as Prometheus' AlertingRule.Eval keeps it (rules/alerting.go), in whole seconds; a test oracle."""

    def __init__(self, hold: int, keep: int) -> None:
        self.hold, self.keep = hold, keep
        self.state = "inactive"
        self.active_at = 0
        self.keep_firing_since: int | None = None

    def evaluate(self, at: int, in_vector: object) -> str:
        if in_vector and self.state == "inactive":
            self.state, self.active_at, self.keep_firing_since = "pending", at, None
        if in_vector:
            self.keep_firing_since = None
        elif not self._kept(at):
            self.state = "inactive"
        if self.state == "pending" and at - self.active_at >= self.hold:
            self.state = "firing"
        return self.state

    def _kept(self, at: int) -> bool:
        if self.state != "firing" or self.keep <= 0:
            return False
        if self.keep_firing_since is None:
            self.keep_firing_since = at
        return at - self.keep_firing_since < self.keep


@given(
    values=st.text("xo?", max_size=40),
    hold=st.integers(0, 20),
    keep=st.integers(0, 20),
    gaps=st.lists(st.integers(1, 15), min_size=40, max_size=40),
)
def test_for_and_clear_for_mean_what_prometheus_means(values: str, hold: int, keep: int, gaps: list[int]) -> None:
    """With `clear` equal to `when` and no_data ok; Prometheus has no recovering, it says firing meanwhile."""
    every = {kind.value: NoData.OK for kind in Missing}
    subject = rule(gauge(for_=float(hold), clear_for=float(keep)), **every)
    alert = PrometheusAlert(hold, keep)
    state: api.RuleState = FRESH
    at = 1_700_000_000
    for letter, gap in zip(values, gaps, strict=False):
        at += gap
        state = read(subject, state, float(at), LETTERS[letter])
        level = api.level(state)
        shown = Level.FIRING if level is Level.RECOVERING else level
        assert alert.evaluate(at, letter == "x") == shown


def test_a_share_is_taken_over_its_window() -> None:
    """The readings that begin within the last `over` seconds, summed before the division."""
    subject = rule(share())
    state = count(subject, FRESH, 5.0, 5.0, 20.0)
    assert (Level.FIRING, 0.25) == (state.level, state.last_value)
    state = count(subject, state, 10.0, 0.0, 80.0)
    assert (Level.INACTIVE, 0.05) == (state.level, state.last_value)
    state = count(subject, state, 15.0, 9.0, 20.0)
    assert (Level.FIRING, 0.09) == (state.level, state.last_value)
    found = api.evidence(subject, state)
    assert (9.0, 100.0, 10.0) == (found.bad, found.total, found.onset)


def test_too_few_events_are_insufficient_and_hold() -> None:
    """A share of three requests says nothing: the level stays, time does not count, and the rule says so."""
    subject = rule(share(for_=5.0), empty=NoData.FIRE)
    state = count(subject, FRESH, 5.0, 3.0, 3.0)
    assert (Level.INACTIVE, Judgement.INSUFFICIENT) == (state.level, api.judgement(subject, state))
    state = count(subject, state, 10.0, 17.0, 17.0)
    assert (Level.PENDING, Judgement.KNOWN) == (state.level, api.judgement(subject, state))
    state = count(subject, state, 20.0, 1.0, 1.0)
    assert (Level.PENDING, Judgement.INSUFFICIENT) == (state.level, api.judgement(subject, state))
    state = count(subject, state, 25.0, 30.0, 30.0)
    assert Level.PENDING is state.level
    assert Level.FIRING is count(subject, state, 30.0, 30.0, 30.0).level


def test_no_requests_are_no_share() -> None:
    """Zero of zero is insufficient even without a minimum."""
    subject = rule(share(min_events=0))
    state = count(subject, FRESH, 5.0, 0.0, 0.0)
    assert (Level.INACTIVE, Judgement.INSUFFICIENT) == (state.level, api.judgement(subject, state))


def test_a_reading_longer_than_the_window_still_counts() -> None:
    """The newest reading is always in the window."""
    assert Level.FIRING is count(rule(share(over=1.0)), FRESH, 5.0, 30.0, 30.0).level


@pytest.mark.parametrize(
    ("bad", "total"),
    [(Missing.ERROR, 30.0), (30.0, Missing.ERROR), (math.nan, 30.0), (30.0, math.nan), (30.0, math.inf), (-1.0, 30.0)],
)
def test_a_share_with_a_missing_part_is_missing(bad: Value, total: Value) -> None:
    """Both counts or none."""
    subject = rule(share(), error=NoData.FIRE, nan=NoData.FIRE)
    state = count(subject, FRESH, 5.0, bad, total)
    assert ((), Level.FIRING) == (state.window, state.level)
    assert Level.INACTIVE is count(rule(share()), FRESH, 5.0, bad, total).level


def test_more_bad_than_total_is_all_bad() -> None:
    """Counters read a moment apart can disagree."""
    assert 1.0 == count(rule(share()), FRESH, 5.0, 40.0, 30.0).last_value


def test_nan_is_missing_and_infinity_is_beyond() -> None:
    """A quantile in the last bucket is infinite and surely bad; it leaves no infinity in the state."""
    subject = rule(gauge())
    assert Level.INACTIVE is api.level(read(subject, FRESH, 5.0, math.nan))
    state = read(subject, FRESH, 5.0, math.inf)
    assert Level.FIRING is api.level(state)
    assert api.evidence(subject, state).last == api.Last()


def test_a_step_cuts_what_was_before() -> None:
    """No reading from before a verified traffic step counts, neither in a window nor for `for`."""
    subject = rule(share(for_=5.0))
    assert FRESH == api.cut(subject, count(subject, FRESH, 5.0, 30.0, 30.0))


def test_a_threshold_is_never_suspicion_and_knows_no_trial() -> None:
    """It promises nothing about false alarms, so it may not cut a candidate off."""
    subject = rule(gauge())
    firing = run(subject, "x")[-1]
    assert not api.suspicious(subject, firing)
    assert firing is api.begin_trial(subject, firing)
    assert firing is api.end_trial(subject, firing)
    assert FRESH == api.discard(subject, firing)


def test_recovered_and_known() -> None:
    """Recovered is inactive; known from the first reading on."""
    subject = rule(gauge(clear_for=10.0))
    assert [False, False, False, True] == [api.recovered(subject, state) for state in run(subject, "xooo")]
    assert Judgement.INSUFFICIENT is api.judgement(subject, FRESH)
    assert Judgement.KNOWN is api.judgement(subject, run(subject, "o")[-1])


@pytest.mark.parametrize(
    ("when", "clear", "change"),
    [
        ((">", 2.0), (">", 3.0), {}),
        (("<", 2.0), ("<", 1.0), {}),
        ((">", 2.0), ("<", 2.0), {}),
        ((">", 2.0), (">", 2.0), {"matches": 3, "out_of": 2}),
        ((">", 2.0), (">", 2.0), {"matches": 0}),
        ((">", 2.0), (">", 2.0), {"total": "requests"}),
    ],
)
def test_an_impossible_condition_is_refused(
    when: tuple[Op, float], clear: tuple[Op, float], change: dict[str, object]
) -> None:
    """It could never fire, never end, or never know its value."""
    fields: dict[str, object] = {
        "value": "p95",
        "when": Bound(op=when[0], limit=when[1]),
        "clear": Bound(op=clear[0], limit=clear[1]),
        **change,
    }
    with pytest.raises(ValueError, match=r"match|window|look the same way|stricter"):
        api.check(Threshold(**fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("when", "clear", "values"),
    [
        ((">", 2.0), (">=", 1.5), (3.0, 1.5, 1.4)),
        (("<", 2.0), ("<=", 2.5), (1.0, 2.5, 2.6)),
        (("<", 2.0), ("<", 2.0), (1.0, 1.9, 2.0)),
    ],
)
def test_an_eased_clear_is_accepted(
    when: tuple[Op, float], clear: tuple[Op, float], values: tuple[float, float, float]
) -> None:
    """Either way of looking: what fires goes on to the eased limit, and ends beyond it."""
    condition = Threshold(
        value="p95",
        when=Bound(op=when[0], limit=when[1]),
        clear=Bound(op=clear[0], limit=clear[1]),
        interval=5.0,
    )
    api.check(condition)
    subject = rule(condition)
    state, seen = api.initial(subject), []
    for i, value in enumerate(values):
        state = read(subject, state, 5.0 * (i + 1), value)
        seen.append(api.level(state))

    assert [Level.FIRING, Level.FIRING, Level.INACTIVE] == seen


@given(values=st.text("xmo?", max_size=30), for_=st.integers(0, 12), matches=st.integers(1, 3))
def test_holding_changes_only_what_is_documented(values: str, for_: int, matches: int) -> None:
    """A missing reading interrupts the counting of time; only a gap takes pending, its row and its onset."""
    subject = rule(gauge(clear=1.2, for_=float(for_), matches=matches, out_of=3))
    states = run(subject, values)
    state = states[-1] if states else FRESH
    soon = read(subject, state, 5.0 * len(values) + 5.0, Missing.TIMEOUT)
    if not values.endswith("?"):
        assert changed(state, soon) <= {"contiguous"}
    late = read(subject, state, 5.0 * len(values) + 60.0, Missing.TIMEOUT)
    assert changed(state, late) <= {"contiguous", "level", "held", "onset", "beyond_when", "beyond_clear"}


@given(values=st.text("xmo?", max_size=40), for_=st.integers(0, 12), clear_for=st.integers(0, 12))
def test_invariants(values: str, for_: int, clear_for: int) -> None:
    """What the state's docstring promises, and that it is JSON."""
    subject = rule(gauge(clear=1.2, for_=float(for_), clear_for=float(clear_for), matches=2, out_of=4))
    for state in run(subject, values):
        assert isinstance(state, ThresholdState)
        assert state.held == 0.0 or state.level in (Level.PENDING, Level.RECOVERING)
        assert len(state.beyond_when) == len(state.beyond_clear) <= 4
        assert (state.onset is None) == (state.level is Level.INACTIVE)
        json.dumps(as_json(state), allow_nan=False)
