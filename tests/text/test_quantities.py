"""One format for every quantity."""

from datetime import UTC

import pytest

from tests.text.views import NOW, ZONE
from watchdog.text import quantities


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0"),
        (0.04, "0"),
        (0.7, "0.7"),
        (4.0, "4"),
        (9.94, "9.9"),
        (9.96, "10"),
        (12.4, "12"),
        (20_000.0, "20,000"),
    ],
)
def test_number(value: float, told: str) -> None:
    """A number has one decimal below ten, none from ten on, and commas in its thousands."""
    assert told == quantities.number(value)


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (0.0, "0 %"),
        (0.0001, "under 0.1 %"),
        (0.007, "0.7 %"),
        (0.05, "5 %"),
        (0.31, "31 %"),
        (0.9995, "over 99 %"),
        (1.0, "100 %"),
    ],
)
def test_percent(share: float, told: str) -> None:
    """A measured share that is neither nothing nor everything never reads as 0 % or 100 %."""
    assert told == quantities.percent(share)


@pytest.mark.parametrize(("share", "told"), [(0.1, "10 %"), (0.125, "12.5 %"), (0.0001, "0.01 %"), (1.0, "100 %")])
def test_weight(share: float, told: str) -> None:
    """An ordered share is told exactly."""
    assert told == quantities.weight(share)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-1.0, "0 ms"),
        (0.008, "8 ms"),
        (0.4, "0.4 s"),
        (3.7, "3.7 s"),
        (9.96, "10 s"),
        (46.0, "46 s"),
        (600.0, "10 min"),
        (3 * 3_600.0, "3 h"),
        (12 * 86_400.0, "12 d"),
    ],
)
def test_duration(seconds: float, told: str) -> None:
    """A span is told in the unit that a person would choose."""
    assert told == quantities.duration(seconds)


@pytest.mark.parametrize(("seconds", "told"), [(0.0, "0:00"), (400.9, "6:40"), (3_723.0, "1:02:03")])
def test_stopwatch(seconds: float, told: str) -> None:
    """A soak counts in minutes and seconds, with hours when there are any."""
    assert told == quantities.stopwatch(seconds)


def test_a_time_is_told_in_the_zone_with_utc_beside_it() -> None:
    """The reader's zone comes first, UTC in brackets; a zone that is UTC is told once."""
    assert "09:15:00 (08:15:00 UTC)" == quantities.moment(NOW, ZONE, now=NOW)
    assert "08:15:00 UTC" == quantities.moment(NOW, UTC)


def test_another_day_is_named() -> None:
    """A time of yesterday carries its date, so that nobody takes it for today's."""
    assert "2027-01-14 09:15:00" == quantities.clock(NOW - 86_400, ZONE, now=NOW)
    assert "09:15:00" == quantities.clock(NOW - 86_400, ZONE)


def test_counts_have_their_noun() -> None:
    """One is singular, everything else plural."""
    assert ["1 time", "0 times", "2,000 times"] == [quantities.count(number, "time") for number in (1, 0, 2_000)]
    assert "2 buses" == quantities.count(2, "bus", "buses")


@pytest.mark.parametrize(
    ("value", "told"),
    [(0.0, "0 B"), (900.0, "900 B"), (2.0**31, "2 GiB"), (1.6 * 2**30, "1.6 GiB"), (-(2.0**20), "-1 MiB")],
)
def test_size(value: float, told: str) -> None:
    """Bytes in the largest unit of which they are at least one."""
    assert told == quantities.size(value)


@pytest.mark.parametrize(
    ("per_s", "told"),
    [
        (5.0, "5 errors per second"),
        (1.0, "1 error per second"),
        (2 / 60, "2 errors per minute"),
        (1 / 60, "1 error per minute"),
        (3 / 3600, "3 errors per hour"),
        (1 / 86_400, "1 error per day"),
        (0.5 / 86_400, "0.5 errors per day"),
    ],
)
def test_rate(per_s: float, told: str) -> None:
    """Rare events in the unit in which there is at least one of them."""
    assert told == quantities.rate(per_s, "errors")


@pytest.mark.parametrize(
    ("unit", "told"), [("number", "0.5"), ("duration", "0.5 s"), ("share", "50 %"), ("size", "0.5 B")]
)
def test_quantity(unit: str, told: str) -> None:
    """A gauge's value in its own unit."""
    assert told == quantities.quantity(0.5, unit)
