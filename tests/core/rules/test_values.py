"""What every kind of rule is given."""

from watchdog.core.model import Missing
from watchdog.core.rules.values import Sample


def test_a_signal_that_is_absent_is_an_empty_reading() -> None:
    """Never zero: nothing was said about it."""
    sample = Sample(start=0.0, end=1.0, own={"errors": 2.0})

    assert 2.0 == sample.value("errors")
    assert Missing.EMPTY is sample.value("requests")


def test_the_other_colour_counts_nothing_where_nothing_was_counted() -> None:
    """A missing, negative or absent count of the other colour adds nothing to what is compared."""
    sample = Sample(start=0.0, end=1.0, own={}, other={"errors": Missing.STALE, "requests": 5.0, "slow": -1.0})

    assert [0.0, 5.0, 0.0, 0.0] == [sample.count(name) for name in ("errors", "requests", "slow", "writes")]
