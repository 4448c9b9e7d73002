"""What counters and histograms are made of."""

import pytest

from watchdog.core.model import Colour, Missing
from watchdog.sources.prometheus.queries import Counter, histogram, plain
from watchdog.sources.prometheus.selectors import Selector

BLUE = ("color", "=", "blue")
SLOW = Counter(signal="slow", colour=Colour.BLUE, selector=Selector(metric="seconds", matchers=(BLUE,)), above=2.0)


def counter(signal: str, *matchers: tuple[str, str, str], colour: Colour | None = Colour.BLUE) -> Counter:
    return Counter(signal=signal, colour=colour, selector=Selector(metric="requests", matchers=matchers))


def test_a_counter_s_root_is_the_broadest_of_its_colour() -> None:
    """The other colour's life says nothing about this one's."""
    total, failed = counter("requests", BLUE), counter("errors", BLUE, ("status", "=~", "5.."))
    everything = counter("all", colour=None)
    roots = [made.root for made in plain([failed, total, everything, SLOW])]
    assert [total.selector, total.selector, everything.selector] == roots


@pytest.mark.parametrize(
    ("counts", "plus", "minus", "bound"),
    [
        ({"1": 3, "2": 3, "2.5": 3, "+Inf": 3}, 'le="+Inf"', 'le="2"', 2.0),
        ({"1.0": 3, "2.5": 3, "5.0": 3, "+Inf": 3}, 'le="+Inf"', 'le="2.5"', 2.5),
        ({"2": 1, "2.0": 2, "+Inf": 3}, 'le="+Inf"', r'le=~"2|2\\.0"', 2.0),
        ({"2": 1, "5": 3, "+Inf": 3}, 'le="+Inf"', 'le="5"', 5.0),
    ],
)
def test_a_histogram_is_cut_at_the_next_bound_that_every_series_has(
    counts: dict[str, float], plus: str, minus: str, bound: float
) -> None:
    """However the library writes it; a bound that some series lack would make all their requests slow."""
    made = histogram(SLOW, counts)
    selectors = tuple(f'seconds_bucket{{color="blue",{le}}}' for le in (plus, minus))
    assert (selectors, bound) == (tuple(map(str, made.selectors)), made.bound)


@pytest.mark.parametrize(
    ("counts", "missing", "detail"),
    [
        ({}, Missing.EMPTY, 'no series matches seconds_bucket{color="blue"}'),
        (
            {"0.5": 2, "1": 2, "2": 1, "+Inf": 2, "x": 2},
            Missing.ERROR,
            'seconds_bucket{color="blue"} has no bucket bound at 2 or above in every series; its bounds are 0.5, 1, 2',
        ),
        (
            {"2": 2},
            Missing.ERROR,
            'seconds_bucket{color="blue"} has no bucket bound at 2 or above in every series; its bounds are 2',
        ),
    ],
)
def test_a_histogram_that_cannot_be_cut_says_so(counts: dict[str, float], missing: Missing, detail: str) -> None:
    """With the bounds that there are."""
    made = histogram(SLOW, counts)
    assert (missing, detail, ()) == (made.missing, made.detail, made.selectors)


def test_cut_elsewhere_a_histogram_is_another_family() -> None:
    """What is counted from one bound is not the difference to another."""
    before, after = histogram(SLOW, {"2.5": 1, "+Inf": 1}), histogram(SLOW, {"2": 1, "+Inf": 1})
    assert before.family != after.family
