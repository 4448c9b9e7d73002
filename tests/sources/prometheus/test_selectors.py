"""Which series fit, and how few requests fetch them all."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.sources.prometheus.selectors import Matcher, Selector, fetches, literal


def selector(metric: str, *matchers: Matcher) -> Selector:
    return Selector(metric=metric, matchers=matchers)


BLUE, GREEN = ("color", "=", "blue"), ("color", "=", "green")
FAILED = ("status", "=~", "5..")


def test_totals_failures_and_buckets_of_both_colours_come_in_one_request() -> None:
    """The failures are among the total's series, and `le` is empty wherever it is not a bucket's."""
    bound: Matcher = ("le", "=~", r"2|2\.0|\+Inf")
    wanted = [
        each
        for colour in (BLUE, GREEN)
        for each in (
            selector("requests", colour),
            selector("requests", colour, FAILED),
            selector("s_bucket", colour, bound),
        )
    ]
    (fetch,) = fetches(wanted)
    assert r'{__name__=~"requests|s_bucket",color=~"blue|green",le=~"|(?:2|2\\.0|\\+Inf)"}' == fetch.text
    assert set(wanted) == set(fetch.wanted)


def test_a_selector_alone_is_asked_for_as_it_is() -> None:
    """Nothing is added to it."""
    assert ['requests{color="blue"}'] == [each.text for each in fetches([selector("requests", BLUE)])]


def test_other_metrics_under_other_labels_are_asked_for_apart() -> None:
    """Together they would fetch every series of both."""
    wanted = [selector("a", BLUE), selector("b", ("job", "=", "x")), selector("c", BLUE)]
    assert ['{__name__=~"a|c",color="blue",le=""}', 'b{job="x"}'] == [each.text for each in fetches(wanted)]


def test_a_condition_that_cannot_be_said_in_one_is_left_to_us() -> None:
    """What is fetched too much does not fit."""
    wanted = [selector("a", BLUE, ("status", "!=", "200")), selector("a", BLUE, ("status", "=", "500"))]
    (fetch,) = fetches(wanted)
    assert 'a{color="blue",le=""}' == fetch.text


def test_an_expression_of_another_dialect_is_left_to_the_server() -> None:
    """Its request fetches what it means, and nothing else."""
    odd = selector("a", ("path", "=~", r"\pL+"))
    posix = selector("a", ("path", "=~", "[[:alpha:]]"))
    assert [(None, None), 2] == [(odd.fits(), posix.fits()), len(fetches([odd, posix]))]


@pytest.mark.parametrize(
    ("matcher", "value", "fits"),
    [
        (("status", "=~", "5.."), "503", True),
        (("status", "=~", "5."), "503", False),
        (("status", "!~", "5.."), "503", False),
        (("status", "=", "503"), "503", True),
        (("status", "!=", "503"), "503", False),
        (("other", "=", ""), "503", True),
        (("other", "!=", ""), "503", False),
    ],
)
def test_conditions_hold_for_whole_values_and_absent_is_empty(matcher: Matcher, value: str, *, fits: bool) -> None:
    """As Prometheus has it."""
    test = selector("a", matcher).fits()
    assert test is not None
    assert fits is test({"__name__": "a", "status": value})
    assert not test({"__name__": "b", "status": value})


def test_the_broader_selector_covers_the_narrower() -> None:
    """Same metric, no condition that the other lacks."""
    assert selector("a", BLUE).covers(selector("a", BLUE, FAILED))
    assert not selector("a", BLUE, FAILED).covers(selector("a", BLUE))
    assert not selector("b").covers(selector("a", BLUE))


@given(value=st.text(max_size=8))
def test_a_literal_fits_itself_alone(value: str) -> None:
    """Whatever signs are in it."""
    assert re.fullmatch(literal(value), value)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b_bucket"]),
            st.lists(
                st.tuples(
                    st.sampled_from(["x", "y", "le"]),
                    st.sampled_from(["=", "!=", "=~", "!~"]),
                    st.sampled_from(["", "1", "2", "1|2"]),
                ),
                max_size=3,
            ),
        ),
        min_size=1,
        max_size=5,
    ),
    st.fixed_dictionaries({}, optional={"x": st.sampled_from("12"), "y": st.sampled_from("12")}),
    st.sampled_from(["a", "b_bucket"]),
)
def test_no_series_that_is_wanted_is_left_out(
    written: list[tuple[str, list[Matcher]]], labels: dict[str, str], metric: str
) -> None:
    """Against the selectors one by one: what one of them fits, one of the requests fetches."""
    wanted = [selector(name, *matchers) for name, matchers in written]
    series = {"__name__": metric, **labels}
    for each in wanted:
        fits = each.fits()
        assert fits is not None
        holding = [fetch for fetch in fetches(wanted) if each in fetch.wanted]
        assert 1 == len(holding)
        if fits(series):
            assert _fetched(holding[0].text, series)


def _fetched(text: str, series: dict[str, str]) -> bool:
    """Whether the selector of a request, read by another reader, fits the series."""
    metric, _, inside = text.partition("{")
    conditions = re.findall(r'(\w+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"', inside)
    matchers = [(label, op, re.sub(r"\\(.)", r"\1", value)) for label, op, value in conditions]
    for label, op, value in [*matchers, *([("__name__", "=", metric)] if metric else [])]:
        has = series.get(label, "")
        holds = has == value if op in ("=", "!=") else re.fullmatch(value, has) is not None
        if holds is not (op in ("=", "=~")):
            return False
    return True
