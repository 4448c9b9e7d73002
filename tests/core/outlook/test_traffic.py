"""What is found at the traffic that there is."""

from dataclasses import replace

import pytest

from tests.core.outlook.examples import PLAN, PROBE, canary, ratio, rule, service
from watchdog.core.model import OnFire
from watchdog.core.outlook.traffic import AtTraffic, at_traffic, rounded
from watchdog.core.outlook.values import NEVER
from watchdog.core.settings import Rule


def found(rate: float, *rules: Rule) -> AtTraffic | None:
    subject = service(*rules)
    return at_traffic(subject, PLAN, subject.rules, rate, 9.0 * rate)


def test_the_sentence_of_the_statistics() -> None:
    """At 3 requests/s: half broken in seconds, a fifth in 40 s, a tenth in 4 min, 6 % not at all."""
    told = found(3.0)
    assert told is not None
    assert [(0.5, 9), (0.2, 40), (0.1, 236)] == [(each.share, round(each.typical)) for each in told.findings[:3]]
    assert (0.06, NEVER, NEVER, "errors") == (
        told.findings[3].share,
        told.findings[3].typical,
        told.findings[3].worst,
        told.findings[3].rule,
    )
    assert told.needed is not None
    assert 7.0 < told.needed < 9.0


def test_the_first_rule_counts() -> None:
    """Of several rules the one that proves it first; enough traffic needs no more."""
    subject = service(rule(ratio()), rule(canary(), "worse"))
    crowded, alone = (at_traffic(subject, PLAN, subject.rules, 30.0, stable) for stable in (270.0, 0.3))
    assert crowded is not None
    assert alone is not None
    assert ["worse"] * 4 == [each.rule for each in crowded.findings]
    assert ["errors"] * 3 == [each.rule for each in alone.findings[:3]]
    assert (None, None) == (crowded.needed, alone.needed)


@pytest.mark.parametrize(
    "other",
    [
        rule(PROBE, "health", "health"),
        rule(ratio(), on_fire=OnFire.FREEZE),
        replace(rule(ratio()), slow=True),
        rule(replace(ratio(), bad="errors[login]", total="requests[login]")),
        rule(ratio(), source="probes"),
    ],
)
def test_only_rules_on_all_failing_requests_count(other: Rule) -> None:
    """Not probes, not what does not roll back, not slowness, not one route, not requests of our own."""
    assert found(3.0, other) is None


def test_without_traffic_there_is_no_outlook() -> None:
    """Nothing can be said before there is any."""
    assert found(0.0) is None


def test_no_traffic_may_be_enough() -> None:
    """With readings that are too far apart."""
    told = found(3.0, rule(ratio(30.0)))
    assert told is not None
    assert NEVER == told.needed


@pytest.mark.parametrize(("rate", "expected"), [(3.14159, 3.1), (0.02718, 0.027), (1234.0, 1200.0), (0.0, 0.0)])
def test_rates_are_rounded(rate: float, expected: float) -> None:
    """To what can be known of them."""
    assert expected == rounded(rate)
