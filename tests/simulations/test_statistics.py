"""The benchmark of the statistics: its yardstick, its traffic, the rules beside ours, and its short form."""

import json
import random

import pytest

from simulations.bench import statistics
from simulations.bench.arrivals import Course, poisson, readings
from simulations.bench.window_rules import fires_at
from watchdog.core.model import Level, OnFire
from watchdog.core.rules import api
from watchdog.core.settings import Rule


@pytest.mark.parametrize(
    ("rate", "share", "seconds"),
    [(1.0, 0.1, 406.4), (1.0, 0.2, 72.4), (1.0, 0.5, 14.2), (10.0, 0.1, 50.7), (10.0, 0.2, 8.8), (0.1, 0.2, 575.7)],
)
def test_the_limit_is_the_published_one(rate: float, share: float, seconds: float) -> None:
    """What no rule undercuts, for a change at any time of half an hour and a limit of 5 %."""
    assert pytest.approx(seconds, abs=0.06) == statistics.limit_s(rate, share)


@pytest.mark.parametrize("mean", [0.0, 0.3, 40.0, 5000.0])
def test_draws_have_the_mean_and_the_spread_of_poisson(mean: float) -> None:
    """Whichever way they are drawn."""
    rng = random.Random(1)
    drawn = [poisson(rng, mean) for _ in range(4000)]
    found = sum(drawn) / len(drawn)
    assert pytest.approx(mean, abs=5.0 * (mean / 4000.0) ** 0.5 + 1e-9) == found
    assert pytest.approx(mean, rel=0.12) == sum((each - found) ** 2 for each in drawn) / len(drawn)


def test_a_course_changes_within_a_reading() -> None:
    """A reading that touches the change with a part of it has that part of the failures."""
    course = Course(rate=1e6, share=0.0, then=1.0, changes=2.5, until=4.0)
    shares = [bad / total for bad, total in readings(random.Random(1), course, 1.0, 6.0)]
    assert pytest.approx([0.0, 0.0, 0.5, 1.0, 0.0, 0.0], abs=0.01) == shares


def test_correlated_failures_keep_their_mean_and_swing_from_reading_to_reading() -> None:
    """rho is the part of the variance that a whole reading has in common."""
    course = Course(rate=1000.0, share=0.01, rho=0.02)
    shares = [bad / total for bad, total in readings(random.Random(1), course, 5.0, 20_000.0)]
    mean = sum(shares) / len(shares)
    assert pytest.approx(0.01, rel=0.1) == mean
    assert pytest.approx(0.02 * 0.01 * 0.99, rel=0.25) == sum((each - mean) ** 2 for each in shares) / len(shares)


def test_fixed_windows_fire_when_they_say() -> None:
    """10 % from the thirteenth poll on: a minute is above 5 % after more than half of it, and `for` waits longer."""
    polls = [(0.0, 100.0)] * 12 + [(10.0, 100.0)] * 60
    found = fires_at(polls)
    assert 12 + 7 == found["rate[1m] > 5%"]
    assert 12 + 7 + 3 == found["rate[1m] > 5%, for 15s"]
    assert 12 + 7 + 6 == found["rate[1m] > 5%, for 30s"]
    assert 12 + 7 + 2 == found["rate[1m] > 5%, 3 of 5"]
    assert 12 + 13 == found["rate[5m] > 5%"]
    assert set(fires_at([(0.0, 100.0)] * 100).values()) == {None}
    assert fires_at([(1.0, 1.0)])["rate[1m] > 5%, min 20"] is None
    assert fires_at([(1.0, 1.0)])["Wilson 99.9 of 1m"] == 1


@pytest.mark.parametrize("rhythm", statistics.RHYTHMS)
def test_empty_readings_that_are_handed_in_together_change_nothing(rhythm: str) -> None:
    """The bench's short cut fires at the very reading at which the rule itself does."""
    condition = statistics.RHYTHMS[rhythm]
    subject = Rule(name="all", source="edge", condition=condition, on_fire=OnFire.ROLLBACK, warm_up=0.0)
    course = Course(rate=0.7, share=0.01, then=0.6, changes=300.0)
    counts = list(readings(random.Random(4), course, condition.interval, 900.0))
    state, fired = api.initial(subject), None
    for i, (bad, total) in enumerate(counts):
        start, end = i * condition.interval, (i + 1) * condition.interval
        own = {"errors": bad, "requests": total}
        state = api.observe(subject, state, api.Sample(start=start, end=end, own=own))
        if api.level(state) is Level.FIRING:
            fired = end
            break
    assert fired is not None
    assert fired == statistics.fires(rhythm, counts)


def test_the_short_form_keeps_the_promises_and_ends_with_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A few windows of every cell, always the same."""
    assert 0 == statistics.main(["--quick", "--jobs", "2"])

    told = capsys.readouterr().out.splitlines()
    report = json.loads(told[-1])
    assert {0.0} == set(report["false_rollback"].values())
    assert 50 == len(report["false_rollback"])
    assert 1.0 == report["not_promised"]["polls_blip_1000"]
    assert {"slices_20%_10", "polls_20%_10", "per_poll_50%_1"} <= set(report["delay_s"])
    assert set(report["delay_s"]) == set(report["delay_ratio"])
    assert any(line.startswith("rate[1m] > 5%, for 15s") for line in told)
    assert any(line.startswith("polls (not promised)") for line in told)
