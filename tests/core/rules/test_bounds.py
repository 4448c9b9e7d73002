"""The lower bound of the reports, against numerical integration."""

import math

import pytest

from watchdog.core.rules.bounds import log_e, lower_bound


def integrated(bad: int, total: int, null: float, steps: int = 4000) -> float:
    """E by its definition: the mean likelihood ratio over a uniform prior on [null, 1], by Simpson's rule."""

    def log_ratio(share: float) -> float:
        good = total - bad
        if share >= 1.0 and good:
            return -math.inf
        rest = good * (math.log1p(-share) - math.log1p(-null)) if good else 0.0
        return bad * (math.log(share) - math.log(null)) + rest

    width = (1.0 - null) / steps
    weights = [1 if i in (0, steps) else 4 if i % 2 else 2 for i in range(steps + 1)]
    terms = [weight * math.exp(log_ratio(null + i * width)) for i, weight in enumerate(weights)]
    return math.fsum(terms) * width / 3.0 / (1.0 - null)


@pytest.mark.parametrize(("bad", "total"), [(1, 1), (1, 20), (10, 100), (40, 500), (20, 50), (46, 210), (7, 7)])
@pytest.mark.parametrize("part", [0.2, 0.6, 1.0])
def test_the_closed_form_equals_the_integral(bad: int, total: int, part: float) -> None:
    """The formula with a Beta function and a binomial tail is the mixture that it claims to be."""
    null = min(part * bad / total, 0.97)
    assert pytest.approx(math.log(integrated(bad, total, null)), abs=1e-6) == log_e(bad, total, null)


@pytest.mark.parametrize(
    ("bad", "total", "alpha", "bound"),
    [
        (46, 210, 0.001, 0.1136234),
        (780, 1300, 0.001, 0.5399792),
        (3, 3, 0.001, 0.0644093),
        (6_000, 100_000, 0.001, 0.0562291),
        (46, 210, 0.05, 0.1350667),
    ],
)
def test_frozen_bounds(bad: int, total: int, alpha: float, bound: float) -> None:
    """Values that were found by bisection on the integral."""
    assert pytest.approx(bound, abs=2e-6) == lower_bound(bad, total, alpha)


def test_nothing_bad_bounds_nothing() -> None:
    """No failure, and no request at all, refute no share."""
    assert lower_bound(0, 500, 0.001) == 0.0
    assert lower_bound(0, 0, 0.001) == 0.0


def test_parts_of_requests_only_lower_the_bound() -> None:
    """Weighted counts are rounded to the release's favour."""
    assert lower_bound(46, 211, 0.001) == lower_bound(46.9, 210.1, 0.001)


@pytest.mark.parametrize(("bad", "total", "alpha"), [(2, 1, 0.001), (-1, 1, 0.001), (1, 2, 0.0), (1, 2, 1.0)])
def test_what_is_no_share_is_refused(bad: float, total: float, alpha: float) -> None:
    """More failures than requests, or no confidence level, have no bound."""
    with pytest.raises(ValueError, match=r"alpha|share"):
        lower_bound(bad, total, alpha)
