"""What a source may not say: readings that are no numbers, and counts that are no counts, become missing ones.

What lives here: the one place where readings enter. What must not: what a missing reading means (each rule's own). A
value that nobody can believe is no value: taken as it stands it would leave its rule known, quiet and healthy.
"""

from dataclasses import replace
from math import isfinite, isnan

from watchdog.core.events import Observed
from watchdog.core.model import Missing, Reading
from watchdog.core.settings import Service

COUNTS = ("bad", "total", "events")
"""Where a condition names signals that count."""


def believed(settings: Service | None, event: Observed) -> Observed:
    """The poll with every impossible value replaced: NaN and infinity by `nan`, a negative count by `error`."""
    if not any(_doubtful(reading) for reading in event.readings):
        return event
    counts = _counts(settings, event.source)
    return replace(event, readings=tuple(_believed(reading, counts) for reading in event.readings))


def _doubtful(reading: Reading) -> bool:
    value = reading.value
    return not isinstance(value, Missing) and not (isfinite(value) and value >= 0.0)


def _believed(reading: Reading, counts: frozenset[str]) -> Reading:
    value = reading.value
    if isinstance(value, Missing):
        return reading
    if not isfinite(value):
        said = "NaN" if isnan(value) else f"{'+' if value > 0 else '-'}infinity"
        return _missing(reading, Missing.NAN, f"{said} is no number to compare")
    if value < 0.0 and reading.signal in counts:
        return _missing(reading, Missing.ERROR, f"{value:g} is no count")
    return reading


def _missing(reading: Reading, why: Missing, said: str) -> Reading:
    return replace(reading, value=why, detail=reading.detail or said)


def _counts(settings: Service | None, source: str) -> frozenset[str]:
    """The signals of a source that rules, the gate and the exposure take as counts."""
    if settings is None:
        return frozenset()
    conditions = [rule.condition for rule in settings.rules if rule.source == source]
    named = {getattr(condition, each, None) for condition in conditions for each in COUNTS}
    return frozenset(name for name in named if name)
