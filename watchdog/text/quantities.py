"""Numbers, shares, durations and times as people read them: one format everywhere.

What lives here: pure functions from numbers to text. What must not: sentences, clocks (the zone and "now" are handed
in), anything of the project's own values.
"""

from datetime import UTC, datetime, tzinfo
from typing import Final

MINUTE_S: Final = 60
HOUR_S: Final = 3_600
DAY_S: Final = 86_400

SIZES: Final = (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10))
SPANS: Final = (("second", 1), ("minute", MINUTE_S), ("hour", HOUR_S), ("day", DAY_S))
LEAST_COUNT: Final = 0.95
"""So that one, with a rounding below it, is told as one and not as sixty."""

WHOLE_FROM: Final = 10
"""From here on numbers have no decimals."""
MILLISECONDS_BELOW_S: Final = 0.0995
"""Below a tenth of a second a duration is told in milliseconds."""
SECONDS_BELOW_S: Final = 119.5
MINUTES_BELOW_S: Final = 2 * HOUR_S
HOURS_BELOW_S: Final = 2 * DAY_S


def number(value: float) -> str:
    """A quantity: whole from 10 on, one decimal below, thousands with commas."""
    if abs(value) >= WHOLE_FROM - 0.05:
        return f"{value:,.0f}"
    return f"{value:.1f}".removesuffix(".0")


def count(value: float, one: str, many: str | None = None) -> str:
    """A count with its noun: `1 request`, `412 requests`."""
    return f"{value:,.0f} {one if round(value) == 1 else many or one + 's'}"


def percent(share: float) -> str:
    """A measured share; what is neither nothing nor everything never reads as 0 % or 100 %."""
    value = 100.0 * share
    if 0.0 < value < 0.05:  # noqa: PLR2004 - half of the last digit shown
        return "under 0.1 %"
    if 99.5 <= value < 100.0:  # noqa: PLR2004 - as above
        return "over 99 %"
    return f"{number(value)} %"


def weight(share: float) -> str:
    """An ordered share, exact to a hundredth of a percent."""
    return f"{round(100.0 * share, 2):g} %"


def per_second(rate: float, noun: str) -> str:
    """A rate: `12 requests/s`."""
    return f"{number(rate)} {noun}/s"


def rate(per_s: float, noun: str) -> str:
    """A rate of rare events, in the unit that makes it at least 1: `2 errors per minute`."""
    unit, span = next((each for each in SPANS if per_s * each[1] >= LEAST_COUNT), SPANS[-1])
    counted = per_s * span
    return f"{number(counted)} {noun.removesuffix('s') if number(counted) == '1' else noun} per {unit}"


def size(value: float) -> str:
    """A number of bytes: `1.6 GiB`."""
    unit, most = next((each for each in SIZES if abs(value) >= each[1]), ("B", 1))
    return f"{number(value / most)} {unit}"


def quantity(value: float, unit: str) -> str:
    """A gauge's value; `unit` is number, duration, share or size."""
    tell = {"duration": duration, "share": percent, "size": size}.get(unit, number)
    return tell(value)


def duration(seconds: float) -> str:
    """A time span in the unit that a person would choose."""
    if seconds < MILLISECONDS_BELOW_S:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < WHOLE_FROM - 0.05:
        return f"{seconds:.1f} s"
    if seconds < SECONDS_BELOW_S:
        return f"{seconds:.0f} s"
    if seconds < MINUTES_BELOW_S:
        return f"{seconds / MINUTE_S:.0f} min"
    if seconds < HOURS_BELOW_S:
        return f"{seconds / HOUR_S:.0f} h"
    return f"{seconds / DAY_S:.0f} d"


def stopwatch(seconds: float) -> str:
    """A span that is counted up or down: `6:40`, `1:02:03`."""
    whole = int(max(0.0, seconds))
    hours, rest = divmod(whole, HOUR_S)
    minutes, left = divmod(rest, MINUTE_S)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def clock(at: float, zone: tzinfo | None = None, *, now: float | None = None) -> str:
    """A time of day in the zone (None: the host's); with the date when `now` lies on another day."""
    local = _local(at, zone)
    if now is not None and _local(now, zone).date() != local.date():
        return f"{local:%Y-%m-%d %H:%M:%S}"
    return f"{local:%H:%M:%S}"


def moment(at: float, zone: tzinfo | None = None, *, now: float | None = None) -> str:
    """A time in the zone with UTC in brackets: `02:14:09 (01:14:09 UTC)`."""
    local = _local(at, zone)
    told = clock(at, zone, now=now)
    if not local.utcoffset():
        return f"{told} UTC"
    return f"{told} ({local.astimezone(UTC):%H:%M:%S} UTC)"


def _local(at: float, zone: tzinfo | None) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(zone)
