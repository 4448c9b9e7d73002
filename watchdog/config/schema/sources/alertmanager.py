"""An Alertmanager: which alerts fire now.

What lives here: its keys. What must not: how it is asked (`watchdog.sources.alertmanager`).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from watchdog.config.prometheus_forms import AlertMatcher
from watchdog.config.schema.base import Complaint, listed
from watchdog.config.schema.sources.asked import AskedModel
from watchdog.config.schema.sources.base import SignalSpec
from watchdog.config.sources.colour import tells_colours


class Alertmanager(AskedModel):
    """An Alertmanager: how many alerts with these labels are active, neither silenced nor inhibited. Signals: firing,
    clear.
    """

    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "firing": SignalSpec(kind="gauge", unit="number"),
        "clear": SignalSpec(kind="probe"),
    }

    matchers: Annotated[tuple[AlertMatcher, ...], listed, Field(min_length=1)] = Field(
        description="Which alerts are meant: conditions on labels that must all hold, such as "
        '`[severity=critical, color="$colour"]`. `$colour` in one of them makes the signals per colour.',
    )
    heartbeat: Annotated[tuple[AlertMatcher, ...], listed] = Field(
        default=(),
        description="Labels of an alert that always fires. While it does not, nobody evaluates alerts, and the "
        "readings are stale. Left out: silence counts as clear.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and what nothing uses."""
        yield from self.server_complaints()
        if any(tells_colours(str(matcher)) for matcher in self.heartbeat):
            yield ("heartbeat",), "has $colour, but one alert tells that alerts are evaluated; wanted it without"

    def signals(self) -> Mapping[str, SignalSpec]:
        """Per colour when the conditions are."""
        told = any(tells_colours(str(matcher)) for matcher in self.matchers)
        return {
            "firing": SignalSpec(kind="gauge", unit="number", per_colour=told),
            "clear": SignalSpec(kind="probe", per_colour=told),
        }
