"""One question for all gauges, and what their answers mean."""

from typing import Any

import pytest

from tests.sources.prometheus.fakes import FakeClient, refused
from watchdog.core.model import Colour, Missing
from watchdog.sources.prometheus import instant
from watchdog.sources.prometheus.client import AskError
from watchdog.sources.prometheus.queries import Counter, Gauge
from watchdog.sources.prometheus.selectors import Selector

CPU = Gauge(signal="cpu", colour=Colour.BLUE, query="max(cpu)", selectors=("cpu",))
SLOW = Counter(signal="slow", colour=None, selector=Selector(metric="seconds"), above=2.0)


def asked(client: FakeClient, *gauges: Gauge) -> instant.Answers:
    return instant.ask(client, instant.queries(gauges, ()), frozenset())


def test_everything_is_asked_in_one_question_and_equal_queries_once() -> None:
    """Gauges, the age of their samples, the bounds of histograms, the time."""
    same = Gauge(signal="again", colour=Colour.BLUE, query="max(cpu)", selectors=("cpu",))
    client = FakeClient({"max(cpu)": [({}, "0.5")], "max(timestamp(cpu))": [({}, "97")]})
    wanted = instant.queries([CPU, same], [SLOW, SLOW])
    answers = instant.ask(client, wanted, frozenset())

    assert ("max(cpu)", "max(timestamp(cpu))", "count by (le) (seconds_bucket)") == wanted
    assert (1, 100.0) == (len(client.asked), answers.at)
    assert [0.5] == [found.value for found in answers.of("max(cpu)")]
    assert [] == list(answers.of("count by (le) (seconds_bucket)"))


@pytest.mark.parametrize(
    ("answer", "age", "value", "detail"),
    [
        ([({}, "0.5")], 3.0, 0.5, ""),
        ([], None, Missing.EMPTY, "the query gives no series"),
        ([({"a": "1"}, "1"), ({}, "2")], 3.0, Missing.ERROR, "gives 2 series, wanted one number: sum or max over them"),
        ([({}, "NaN")], 3.0, Missing.NAN, "NaN: a share of nothing"),
        ([({}, "+Inf")], 3.0, Missing.NAN, "+Inf is no number to compare"),
        ([({}, "-Inf")], 3.0, Missing.NAN, "-Inf is no number to compare"),
        ([({}, "0.5")], 15.0, 0.5, ""),
        ([({}, "0.5")], 16.0, Missing.STALE, "the newest sample is 16 s old, more than 3 scrapes"),
        ([({}, "0.5")], None, Missing.STALE, "none of the query's series has a current sample"),
        (refused(), 3.0, Missing.ERROR, "status 400: parse error"),
        (
            refused('... in call to function "label_replace", got scalar'),
            3.0,
            Missing.ERROR,
            "the query gives a scalar, wanted a series: put vector() round it",
        ),
    ],
)
def test_what_a_gauge_s_answer_means(answer: Any, age: float | None, value: float | Missing, detail: str) -> None:
    """Nothing, too much, no number, a number of old: each by its name, and none of them zero."""
    ages: list[Any] = [] if age is None else [({}, str(100.0 - age))]
    answers = asked(FakeClient({"max(cpu)": answer, "max(timestamp(cpu))": ages}), CPU)
    reading = instant.reading(CPU, answers, 5.0, lambda time: time + 1000.0)

    assert (value, detail in reading.detail) == (reading.value, True)
    expected = None if isinstance(value, Missing) or age is None else (1100.0 - age, 1100.0)
    assert expected == reading.over


def test_the_oldest_of_several_selectors_decides() -> None:
    """Half of a share that is gone makes the share worthless."""
    gauge = Gauge(signal="share", colour=None, query="a / b", selectors=("a", "b"))
    client = FakeClient({"a / b": [({}, "0.5")], "max(timestamp(a))": [({}, "99")], "max(timestamp(b))": [({}, "60")]})
    assert Missing.STALE is instant.reading(gauge, asked(client, gauge), 5.0, float).value


def test_an_expression_without_series_has_no_age() -> None:
    """It is of the moment at which it was asked."""
    gauge = Gauge(signal="hour", colour=None, query="hour()")
    reading = instant.reading(gauge, asked(FakeClient({"hour()": [({}, "3")]}), gauge), 5.0, float)
    assert (3.0, (100.0, 100.0)) == (reading.value, reading.over)


def test_a_query_that_is_refused_costs_no_other_and_is_asked_apart_until_it_works() -> None:
    """Each by itself once, to find the culprit; from then on only that one."""
    client = FakeClient({"bad": refused(), "good": [({}, "1")], "better": [({}, "2")]})
    first = instant.ask(client, ("good", "bad", "better"), frozenset())
    assert [[1.0], [2.0]] == [[each.value for each in first.of(query)] for query in ("good", "better")]
    with pytest.raises(AskError):
        first.of("bad")
    assert (5, frozenset({"bad"})) == (len(client.asked), first.apart)

    client.asked.clear()
    second = instant.ask(client, ("good", "bad", "better"), first.apart)
    assert (2, frozenset({"bad"})) == (len(client.asked), second.apart)

    client.answers["bad"] = [({}, "3")]
    third = instant.ask(client, ("good", "bad", "better"), second.apart)
    assert ([3.0], frozenset()) == ([each.value for each in third.of("bad")], third.apart)


def test_a_server_that_is_down_is_not_asked_query_by_query() -> None:
    """Neither at first nor when it dies in between."""
    client = FakeClient({"a": refused()})
    client.broken = AskError(Missing.ERROR, "Connection refused")
    with pytest.raises(AskError, match="Connection refused"):
        instant.ask(client, ("a",), frozenset())
    assert 1 == len(client.asked)

    client.broken = None
    client.answers["a"] = AskError(Missing.TIMEOUT, "late")
    with pytest.raises(AskError, match="late"):
        instant.ask(client, ("a",), frozenset({"a"}))


@pytest.mark.parametrize(
    "garbage",
    [
        [],
        [1],
        [{"metric": {}}],
        [{"metric": {"rwd": "now"}, "value": []}],
        [{"metric": {"rwd": "x"}, "value": [1, "1"]}],
    ],
)
def test_an_answer_of_another_shape_is_an_error(garbage: list[Any]) -> None:
    """Whatever JSON holds."""

    class Liar(FakeClient):
        def ask(self, query: str, at: float | None = None) -> list[Any]:
            return garbage

    with pytest.raises(AskError, match="not the one that Prometheus' API promises"):
        instant.ask(Liar(), ("a",), frozenset())
