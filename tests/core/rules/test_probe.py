"""Failures in a row."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.rules.examples import as_json, rule
from watchdog.core.conditions import Probe
from watchdog.core.model import Judgement, Level, Missing, NoData, Value
from watchdog.core.rules import api
from watchdog.core.rules.probe import ProbeState
from watchdog.core.settings import Rule

HEALTH = rule(Probe(signal="up", fall=3, rise=2))
FRESH = api.initial(HEALTH)


def sample(value: Value, at: float = 0.0, detail: str = "") -> api.Sample:
    return api.Sample(start=at, end=at + 0.5, own={"up": value}, details={"up": detail} if detail else {})


def run(values: str, subject: Rule = HEALTH, state: api.RuleState = FRESH) -> list[api.RuleState]:
    """The states after a row of probes: `+` a success, `-` a failure, `?` a missing one; one every 2 s."""
    readings: dict[str, Value] = {"+": 1.0, "-": 0.0, "?": Missing.ERROR}
    states = []
    for i, value in enumerate(values):
        state = api.observe(subject, state, sample(readings[value], 2.0 * i))
        states.append(state)
    return states


def levels(values: str, subject: Rule = HEALTH) -> str:
    """The levels after each probe, by their first letters."""
    return "".join(api.level(state)[0] for state in run(values, subject))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("++++", "iiii"),
        ("--+-", "ppip"),
        ("---", "ppf"),
        ("-----", "ppfff"),
        ("---++", "ppfri"),
        ("---+-", "ppfrf"),
        ("---+-+-++", "ppfrfrfri"),
        ("---++--", "ppfripp"),
        ("--?-", "pppf"),
        ("---?+?+", "ppffrri"),
    ],
)
def test_rows(values: str, expected: str) -> None:
    """`fall` failures in a row fire, `rise` successes in a row end it, and a missing probe breaks no row."""
    assert expected == levels(values)


def test_a_row_of_one_fires_and_ends_at_once() -> None:
    """fall 1 and rise 1 have neither pending nor recovering."""
    assert "fif" == levels("-+-", rule(Probe(signal="up", fall=1, rise=1)))


@pytest.mark.parametrize(("answer", "expected"), [(NoData.HOLD, "iiii"), (NoData.FIRE, "ppfr"), (NoData.OK, "iiii")])
def test_a_missing_probe_counts_as_the_rule_says(answer: NoData, expected: str) -> None:
    """Held by default; as a failure or a success only when the file says so."""
    assert expected == levels("???+", rule(Probe(signal="up", fall=3, rise=2), error=answer))


def test_no_data_ok_breaks_a_row() -> None:
    """Counted as a success it is one."""
    assert "ppipp" == levels("--?--", rule(Probe(signal="up", fall=3, rise=2), error=NoData.OK))


@pytest.mark.parametrize("missing", Missing)
def test_holding_changes_nothing(missing: Missing) -> None:
    """Not even the facts for people."""
    for state in run("+--"):
        assert state is api.observe(HEALTH, state, sample(missing))
        assert state is api.observe(HEALTH, state, api.Sample(start=0.0, end=1.0, own={}))


def test_nan_is_missing() -> None:
    """A value that is no number is neither success nor failure."""
    assert api.observe(HEALTH, FRESH, sample(math.nan)) is FRESH


@pytest.mark.parametrize(("value", "level"), [(0.49, "p"), (0.5, "i"), (-math.inf, "p"), (math.inf, "i")])
def test_half_passes(value: float, level: str) -> None:
    """Values between are judged by majority, and infinite ones leave no trace in the state."""
    state = api.observe(HEALTH, FRESH, sample(value))
    assert level == api.level(state)[0]
    json.dumps(as_json(state), allow_nan=False)


@pytest.mark.parametrize(
    ("fall", "values", "expected"),
    [(3, "-", False), (3, "--", True), (3, "---", False), (3, "---+", False), (4, "---", True), (2, "-", False)],
)
def test_suspicion_is_one_failure_short_of_a_row_of_three_or_more(fall: int, values: str, expected: object) -> None:
    """With `fall` 2 a single lost packet would divert."""
    subject = rule(Probe(signal="up", fall=fall, rise=2))
    assert expected is api.suspicious(subject, run(values, subject)[-1])


def test_evidence_tells_the_row_and_the_error() -> None:
    """Since the first failure of the row: how many probes failed, and why the last did."""
    state = run("+-")[-1]
    state = api.observe(HEALTH, state, sample(0.0, 4.0, "connection refused"))
    found = api.evidence(HEALTH, state)
    assert (2.0, 2, 2) == (found.onset, found.bad, found.total)
    assert api.Last(value=0.0, in_a_row=2, detail="connection refused") == found.last
    assert (None, None) == (found.log_e, found.log_e_suspicion)


def test_missing_counted_as_failure_is_told_as_such() -> None:
    """People must see that nothing failed but the prober."""
    state = run("?", rule(Probe(signal="up", fall=3, rise=2), error=NoData.FIRE))[-1]
    assert "no data: error" == api.evidence(HEALTH, state).last.detail


def test_known_after_one_probe() -> None:
    """And insufficient before."""
    assert Judgement.INSUFFICIENT is api.judgement(HEALTH, FRESH)
    assert Judgement.KNOWN is api.judgement(HEALTH, run("+")[-1])


def test_steps_and_trials_leave_a_probe_alone() -> None:
    """It never mixed two splits and has no suspicion to start afresh; discarding its evidence resets it."""
    state = run("--")[-1]
    assert state is api.cut(HEALTH, state)
    assert state is api.begin_trial(HEALTH, state)
    assert state is api.end_trial(HEALTH, state)
    assert FRESH == api.discard(HEALTH, state)


def test_recovered_is_inactive() -> None:
    """Pending, firing and recovering are not over."""
    assert [True, False, False, False] == [
        api.recovered(HEALTH, run(values)[-1]) for values in ("+", "-", "---", "---+")
    ]


@pytest.mark.parametrize(("fall", "rise"), [(0, 1), (1, 0)])
def test_an_empty_row_is_refused(fall: int, rise: int) -> None:
    """No probe could complete it."""
    with pytest.raises(ValueError, match="at least 1"):
        api.check(Probe(signal="up", fall=fall, rise=rise))
    api.check(Probe(signal="up", fall=1, rise=1))


def by_looking_back(values: str, fall: int, rise: int) -> str:
    """The level from the whole history: where the last row of failures and the last row of successes stand."""
    firing_since = -1
    for end in range(1, len(values) + 1):
        if end >= fall and set(values[end - fall : end]) == {"-"}:
            firing_since = end
        if firing_since >= 0 and end - firing_since >= rise and set(values[end - rise : end]) == {"+"}:
            firing_since = -1
    if firing_since < 0:
        return "p" if values.endswith("-") else "i"
    return "r" if values.endswith("+") else "f"


@given(values=st.text("+-", min_size=1, max_size=30), fall=st.integers(1, 4), rise=st.integers(1, 4))
def test_equals_a_look_at_the_whole_history(values: str, fall: int, rise: int) -> None:
    """The counters remember exactly what a look back would find, and the invariants hold."""
    subject = rule(Probe(signal="up", fall=fall, rise=rise))
    for i, state in enumerate(run(values, subject), start=1):
        assert isinstance(state, ProbeState)
        assert by_looking_back(values[:i], fall, rise) == api.level(state)[0]
        assert not (state.fails and state.passes)
        assert (state.onset is None) == (state.level is Level.INACTIVE)
        assert state.bad <= state.total
