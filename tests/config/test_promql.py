"""What a PromQL text tells by itself."""

import pytest

from watchdog.config import promql
from watchdog.config.promql import Matcher, PromqlError, Selector

P95 = 'histogram_quantile(0.95, sum by (le) (rate(http_seconds_bucket{color="$colour"}[1m])))'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up", Selector("up", ())),
        ("up{}", Selector("up", ())),
        ('a:b{x="1", y!~`c|d`,}', Selector("a:b", (Matcher("x", "=", "1"), Matcher("y", "!~", "c|d")))),
        ("${colour}_total{q='it\\'s'}", Selector("${colour}_total", (Matcher("q", "=", "it's"),))),
    ],
)
def test_a_selector_is_one_metric_with_conditions(text: str, expected: Selector) -> None:
    """Quotes of all three kinds, and a comma at the end."""
    assert expected == promql.selector(text)


def test_a_selector_is_written_as_promql_writes_it() -> None:
    """Backslashes and quotes come back as they were meant."""
    text = 'a{x=~"5..|\\\\d",y="say \\"no\\""}'
    assert text == str(promql.selector(text))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rate(http_requests_total[1m])", "holds rate(): counts are made of the raw counter, since overlapping"),
        ("sum(increase(x[5m]))", "holds increase()"),
        ("sum(x)", "holds sum(): counts are made of the raw counter, series by series"),
        ("x[5m]", "holds a range in []"),
        ("x offset 5m", "is no selector"),
        ('x{a="b"} + 1', "is more than a selector"),
        ('{__name__="x"}', "is no selector"),
        ("x{a=}", "has something else than conditions"),
        ('x{a="b" c="d"}', "has 'c' between two conditions"),
        ("x{a=1}", "has something else than conditions"),
        ("x{", "lacks '}'"),
        ("x)", "has ')' at character 2 without its other half"),
        ("x§", "has '§' at character 2"),
        ("", "is no selector"),
    ],
)
def test_what_is_no_selector_is_refused_with_the_reason(text: str, reason: str) -> None:
    """Above all rate() and increase(), whose overlapping windows count one event several times."""
    with pytest.raises(PromqlError) as caught:
        promql.selector(text)
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (P95, ['http_seconds_bucket{color="$colour"}']),
        ("max(a) / on(instance) group_left(b) c{} offset 5m", ["a", "c"]),
        ('sum without (x) (rate({job="app"}[5m])) > bool 3e5', ['{job="app"}']),
        ("a + a - inf", ["a"]),
        ("vector(time())", []),
        ("a # and b\n+ c", ["a", "c"]),
    ],
)
def test_the_selectors_inside_an_expression(text: str, expected: list[str]) -> None:
    """Functions, labels in lists, keywords and comments are none."""
    assert expected == [str(selector) for selector in promql.selectors(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("up", 0.0),
        (P95, 60.0),
        ("rate(a[1h30m])", 5400.0),
        ("max_over_time(rate(a[1m])[5m:30s])", 360.0),
        ("max_over_time(rate(a[1m])[5m:])", 360.0),
        ("rate(a[1m] offset 10m)", 660.0),
        ("rate(a[1m]) + rate(b[250ms])", 60.0),
        ("rate(a[1m]) / rate(b[5m])", 300.0),
        ("a offset -5m", 0.0),
        ("sum(a offset 1d)", 86_400.0),
    ],
)
def test_how_far_an_expression_looks_back(text: str, expected: float) -> None:
    """Nested windows and offsets add up, windows side by side do not."""
    assert expected == promql.lookback(text)


def test_what_no_server_would_take_is_refused() -> None:
    """An expression with brackets that do not match, and none at all."""
    promql.check(P95)
    for text in ("sum(a", "# nothing"):
        with pytest.raises(PromqlError):
            promql.check(text)
