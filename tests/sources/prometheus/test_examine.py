"""What a look at the server shows that a file cannot."""

import pytest

from watchdog.core.model import Colour, Missing, Reading
from watchdog.sources.prometheus.counting import Counted
from watchdog.sources.prometheus.examine import Examination, examined
from watchdog.sources.prometheus.queries import Counter, Gauge, Made
from watchdog.sources.prometheus.selectors import Selector

SLOW = Counter(signal="slow", colour=Colour.BLUE, selector=Selector(metric="seconds"), above=2.0)
PLUS = Selector(metric="seconds_bucket", matchers=(("le", "=", "+Inf"),))


def look(
    gauge: tuple[Gauge, Reading] | None = None,
    made: Made | None = None,
    counted: Counted | None = None,
    scrapes: float = 0,
) -> list[tuple[bool | None, str, str]]:
    seen = Examination(
        scrape=15.0,
        gauges=[] if gauge is None else [gauge],
        made=[] if made is None else [made],
        counted=[] if counted is None else [counted],
        intervals=[scrapes] if scrapes else [],
        trouble="",
    )
    return [(finding.ok, finding.what, finding.remedy) for finding in examined(seen)]


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("histogram_quantile(0.95, sum by (le) (rate(x_bucket[1m])))", []),
        ("histogram_quantile(0.95, x_bucket)", ["p95 has no rate(): it is the quantile since the process began"]),
        ("histogram_quantile(0.95, rate(x_bucket[1m]))", ["p95 does not sum by (le)"]),
        ("max(x)", []),
    ],
)
def test_the_usual_mistakes_with_quantiles(query: str, what: list[str]) -> None:
    """They work, and are probably not what is meant."""
    reading = Reading(signal="p95", colour=None, value=1.5)
    first, *others = look((Gauge(signal="p95", colour=None, query=query), reading))
    assert (True, "p95 is 1.5", "") == first
    assert [(None, each) for each in what] == [(ok, said) for ok, said, _ in others]


@pytest.mark.parametrize("kind", list(Missing))
def test_a_gauge_without_a_value_is_told_with_its_reason(kind: Missing) -> None:
    """Each kind of nothing."""
    reading = Reading(signal="cpu", colour=Colour.BLUE, value=kind, detail="why")
    ((ok, what, _),) = look((Gauge(signal="cpu", colour=Colour.BLUE, query="cpu"), reading))
    assert (None if kind is Missing.NAN else False, "cpu of blue: why") == (ok, what)


def test_a_counter_that_counts_from_the_next_bound_says_what_is_lost() -> None:
    """The guarantee stands, sensitivity is less."""
    made = Made(counter=SLOW, plus=PLUS, root=PLUS, bound=2.5)
    counted, loss = look(made=made, counted=Counted(value=0.0))
    assert (True, "slow of blue is counted: seconds above 2.5 s", "") == counted
    assert (
        None,
        "slow of blue counts what took over 2.5 s, the next bound above 2 s",
        'give the histogram a bound at le="2"; until then slower faults are found later',
    ) == loss
    assert 1 == len(look(made=Made(counter=SLOW, plus=PLUS, root=PLUS, bound=2.0), counted=Counted(value=0.0)))


def test_a_counter_that_shows_nothing_says_how_that_may_be() -> None:
    """A counter that appears only with its first event is the usual cause."""
    made = Made(counter=SLOW, plus=PLUS, root=PLUS)
    ((ok, what, remedy),) = look(made=made, counted=Counted(value=Missing.EMPTY, detail="no series matches x"))
    assert (False, "slow of blue: no series matches x", True) == (ok, what, "needs the total" in remedy)


@pytest.mark.parametrize(
    ("scrapes", "ok", "words"),
    [(15.0, True, ""), (14.0, True, ""), (60.0, None, "count as stale too soon"), (1.0, None, "is noticed late")],
)
def test_the_scrape_interval_of_the_file_is_compared_with_the_real_one(
    scrapes: float, *, ok: bool | None, words: str
) -> None:
    """Either way of being wrong costs something."""
    ((found, _, remedy),) = look(scrapes=scrapes)
    assert (ok, True) == (found, words in remedy)


@pytest.mark.parametrize(("scrapes", "written"), [(0.25, "scrape: 250ms"), (1.0, "scrape: 1s"), (60.0, "scrape: 60s")])
def test_what_would_be_right_can_be_written_into_the_file(scrapes: float, written: str) -> None:
    """As a duration of the language."""
    ((_, _, remedy),) = look(scrapes=scrapes)
    assert f"wanted {written}, or" in remedy
