"""What rules on gauges saw, in words."""

import pytest

from tests.text.views import GIB, spike, threshold, trend
from watchdog.text import gauges, rules


@pytest.mark.parametrize(
    ("rule", "line"),
    [
        (threshold(), "1.2, fires when > 2 for 15 s"),
        (threshold(unit="duration"), "1.2 s, fires when > 2.0 s for 15 s"),
        (threshold(unit="share", limit=0.05, last_value=0.12, bad=12.0, total=100.0, over=30.0, **{"for": 0.0}),
         "12 % (12 of 100 in the last 30 s), fires when > 5 %"),
        (threshold(matches=3, out_of=5, **{"for": 0.0}), "1.2, fires when > 2 in 3 of 5 readings"),
        (threshold(last_value=None), "no value yet, fires when > 2 for 15 s"),
        (spike(), "35 %, usually 31 %, fires when > 80 % for 30 s"),
        (spike(beyond=0.92), "35 %, usually 31 %, fires when > 92 % for 30 s"),
        (
            spike(usual=None, beyond=None, readings=12, judgement="not_applicable"),
            "35 %; what is usual is not known: 12 of 30 readings before the deployment",
        ),
        (trend(), "1.6 GiB, grows by 37 MiB per minute, reaches 2 GiB in about 14 min"),
        (trend(slope=0.1 * GIB / 3600.0, reaches_in=14_400.0),
         "1.6 GiB, grows by 102 MiB per hour, reaches 2 GiB in about 4 h"),
        (trend(slope=None, reaches_in=None), "1.6 GiB, no clear slope, limit 2 GiB"),
        (trend(slope=None, reaches_in=0.0), "1.6 GiB, is at 2 GiB now"),
        (trend(slope=-0.1 * GIB / 3600.0, reaches_in=None),
         "1.6 GiB, falls by 102 MiB per hour, away from 2 GiB"),
        (trend(usual=None, slope=None, reaches_in=None, judgement="insufficient"),
         "1.6 GiB, too few readings for a slope, limit 2 GiB"),
        (trend(unit="number", limit=100.0, last_value=40.0, slope=0.0005),
         "40, grows by 0.03 per minute, reaches 100 in about 14 min"),
        (trend(unit="number", limit=100.0, last_value=40.0, slope=0.05),
         "40, grows by 3 per minute, reaches 100 in about 14 min"),
    ],
)  # fmt: skip
def test_line(rule: rules.Rule, line: str) -> None:
    """A value in its unit, what it is compared with, what would fire."""
    assert line == rules.line(rule, required=True, silent_for=None)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (threshold(level="firing", last_value=3.2), "p95 on green is 3.2, limit 2"),
        (threshold(level="firing", last_value=None), "rule p95 on green fires"),
        (spike(level="firing", last_value=0.96), "cpu on green is 96 %, usually 31 %"),
        (spike(level="firing", last_value=0.96, colour=None), "cpu is 96 %, usually 31 %"),
        (spike(level="firing", last_value=0.96, usual=None, beyond=None), "cpu on green is 96 %, limit 80 %"),
        (trend(level="firing"), "memory on green reaches 2 GiB in about 14 min"),
        (trend(level="recovering", slope=None, reaches_in=None), "memory on green is 1.6 GiB, limit 2 GiB"),
    ],
)
def test_trouble(rule: rules.Rule, told: str) -> None:
    """One clause, for the first line of a message."""
    assert told == rules.trouble(rule)


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (threshold(last_value=3.2), "p95: 3.2 on green, fires when > 2 for 15 s."),
        (
            spike(last_value=0.96),
            ("cpu: 96 % on green, usually 31 % (middle of 412 readings before the deployment), fires when > 80 % for "
            "30 s."),
        ),
        (
            spike(usual=None, beyond=None, readings=1),
            "cpu: 35 % on green; what is usual is not known: 1 of 30 readings before the deployment.",
        ),
        (
            trend(),
            ("memory: 1.6 GiB on green, grows by 37 MiB per minute, reaches 2 GiB in about 14 min; fires when it "
            "reaches 2 GiB within 60 min for 60 s."),
        ),
        (trend(colour=None, slope=None, reaches_in=None),
         "memory: 1.6 GiB, no clear slope, limit 2 GiB; fires when it reaches 2 GiB within 60 min for 60 s."),
    ],
)  # fmt: skip
def test_evidence(rule: rules.Rule, told: str) -> None:
    """A sentence for messages and `explain`, with what it is compared with."""
    assert told == rules.evidence(rule)


def test_a_definition_alone_says_when_it_fires() -> None:
    """`explain` has the rule as it was, not always what was usual then."""
    rule = spike()
    del rule["beyond"]

    assert "> 80 % for 30 s" == gauges.when(rule)
