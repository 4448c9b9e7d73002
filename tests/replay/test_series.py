"""Series notation."""

import pytest

from watchdog.core.model import Missing
from watchdog.replay.series import Series, SeriesError, parse


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1 2.5 -3", (1.0, 2.5, -3.0)),
        ("1x3", (1.0, 1.0, 1.0, 1.0)),
        ("0+2x3", (0.0, 2.0, 4.0, 6.0)),
        ("5-1x2", (5.0, 4.0, 3.0)),
        ("1 _ _x2 stale", (1.0, Missing.EMPTY, Missing.EMPTY, Missing.EMPTY, Missing.STALE)),
        ("timeout", (Missing.TIMEOUT,)),
    ],
)
def test_values(text: str, values: tuple[object, ...]) -> None:
    """Each word of the notation gives promtool's values."""
    assert values == parse(text)


@pytest.mark.parametrize("text", ["", "abc", "1x", "x3", "1xx3", "0x2000000"])
def test_no_series(text: str) -> None:
    """What is no series is refused."""
    with pytest.raises(SeriesError):
        parse(text)


def test_a_series_speaks_in_its_own_time_only() -> None:
    """Before its start and after its end a series has no value, between them one per poll."""
    series = Series(start=10.0, interval=2.0, values=(1.0, 2.0))

    assert [None, 1.0, 2.0, None] == [series.at(t) for t in (8.0, 10.0, 12.001, 14.0)]
