"""Counters, gauges and alerts as an operator writes them."""

import pytest

from watchdog.config.errors import WrongValueError
from watchdog.config.prometheus_forms import AlertMatcher, CounterQuery, GaugeQuery


@pytest.mark.parametrize(
    "written", ['http_requests_total{color="$colour"}', {"histogram": 'http_seconds{color="$colour"}', "above": "2s"}]
)
def test_a_counter_is_written_back_as_it_was(written: object) -> None:
    """The canonical text is read again to the same configuration."""
    assert written == CounterQuery.parse(written).written()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("rate(x_total[5m])", '"rate(x_total[5m])" holds rate(): counts are made of the raw counter'),
        ('x_total{color="blue"}', 'names blue literally in "x_total{color="blue"}"'),
        (["x"], "found a list, wanted a raw counter such as"),
        ("", 'found "", wanted a raw counter'),
        ({"histogram": "x"}, "found keys and values, wanted a raw counter"),
        ({"histogram": "x", "over": "2s"}, '"over" is not a key of a histogram'),
        ({"histogram": "x_bucket", "above": "2s"}, "wanted its name without _bucket, such as x"),
        ({"histogram": 'x{le="2"}', "above": "2s"}, "has a condition on le, which follows from above"),
        ({"histogram": "sum(x)", "above": "2s"}, "holds sum()"),
        ({"histogram": "x", "above": "2"}, 'found "2", wanted a duration with its unit'),
        ({"histogram": "x", "above": "0s"}, 'found "0s", wanted a duration above 0s'),
    ],
)
def test_a_counter_that_could_not_be_counted_is_refused(value: object, message: str) -> None:
    """With what was found and what would be right."""
    with pytest.raises(WrongValueError) as caught:
        CounterQuery.parse(value)
    assert message in str(caught.value)


@pytest.mark.parametrize("written", ['max(cpu{color="$colour"})', {"query": "max(cpu)", "unit": "share"}])
def test_a_gauge_is_written_back_as_it_was(written: object) -> None:
    """As with counters."""
    assert written == GaugeQuery.parse(written).written()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('max(cpu{color="green"})', "names green literally"),
        ("max(cpu", "lacks ')' at its end"),
        ({"query": "cpu", "unit": "percent"}, '"percent" is not a unit'),
        ({"query": "cpu", "units": "share"}, '"units" is not a key of a gauge; did you mean "unit"?'),
        ({"unit": "share"}, "found nothing, wanted a PromQL expression"),
    ],
)
def test_a_gauge_that_could_not_be_asked_is_refused(value: object, message: str) -> None:
    """With what was found and what would be right."""
    with pytest.raises(WrongValueError) as caught:
        GaugeQuery.parse(value)
    assert message in str(caught.value)


def test_both_colours_in_one_query_are_no_mistake() -> None:
    """It tells no colours apart, which is for the rules on it to say."""
    assert "any" == GaugeQuery.parse('max(cpu{color=~"blue|green"})').unit


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("alertname=HighErrorRate", 'alertname="HighErrorRate"'),
        ('severity =~ "critical|page"', 'severity=~"critical|page"'),
        ('color!="$colour"', 'color!="$colour"'),
        ('note="say \\"no\\""', 'note="say \\"no\\""'),
    ],
)
def test_an_alert_s_label(written: str, expected: str) -> None:
    """As Alertmanager's filter takes it; quotes may be left out."""
    assert expected == str(AlertMatcher.parse(written))


@pytest.mark.parametrize("value", ["HighErrorRate", 'a="b', 'a="b"c"', 7, "color=green"])
def test_what_is_no_condition_on_a_label_is_refused(value: object) -> None:
    """A name alone, quotes that do not match, a colour by its name."""
    with pytest.raises(WrongValueError):
        AlertMatcher.parse(value)
