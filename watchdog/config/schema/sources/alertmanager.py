"""An Alertmanager: which alerts fire now.

What lives here: its keys. What must not: how it is asked (`watchdog.sources.alertmanager`).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.prometheus_forms import AlertMatcher
from watchdog.config.schema.base import Complaint, listed
from watchdog.config.schema.sources.base import PolledModel, SignalSpec
from watchdog.config.schema.sources.prometheus import SHORTEST_TIMEOUT_S, Trust, http_complaints
from watchdog.config.sources.colour import tells_colours
from watchdog.config.units import Duration
from watchdog.config.words import HeaderName, HeaderValue, Url


class Alertmanager(PolledModel):
    """An Alertmanager: how many alerts with these labels are active, neither silenced nor inhibited. Signals: firing,
    clear.
    """

    REQUIRED: ClassVar[bool] = False
    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "firing": SignalSpec(kind="gauge", unit="number"),
        "clear": SignalSpec(kind="probe"),
    }

    url: Url = Field(description="Its address, such as `http://alerts.example:9093`. Redirects are not followed.")
    matchers: Annotated[tuple[AlertMatcher, ...], listed, Field(min_length=1)] = Field(
        description="Which alerts are meant: conditions on labels that must all hold, such as "
        '`[severity=critical, color="$colour"]`. `$colour` in one of them makes the signals per colour.',
    )
    heartbeat: Annotated[tuple[AlertMatcher, ...], listed] = Field(
        default=(),
        description="Labels of an alert that always fires. While it does not, nobody evaluates alerts, and the "
        "readings are stale. Left out: silence counts as clear.",
    )
    timeout: Duration = Field(
        default=Duration(3.0), description="An answer that is not complete by then is missing; at least 100ms."
    )
    token: HeaderValue | None = Field(
        default=None, description="Sent as `Authorization: Bearer`. Never shown. Left out: nothing is sent."
    )
    headers: dict[HeaderName, HeaderValue] = Field(
        default={}, description="Request headers: a text, `{credential: NAME}` or `{file: /PATH}`. Never shown."
    )
    tls: Trust | None = Field(default=None, description="Trust, for an https address. Left out: checked as usual.")

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and what nothing uses."""
        yield from self.rhythm_complaints()
        if self.timeout < SHORTEST_TIMEOUT_S:
            yield ("timeout",), found(self.timeout, "a duration of at least 100ms")
        if any(tells_colours(str(matcher)) for matcher in self.heartbeat):
            yield ("heartbeat",), "has $colour, but one alert tells that alerts are evaluated; wanted it without"
        yield from http_complaints(self.url, self.tls, self.token, self.headers)

    def signals(self) -> Mapping[str, SignalSpec]:
        """Per colour when the conditions are."""
        told = any(tells_colours(str(matcher)) for matcher in self.matchers)
        return {
            "firing": SignalSpec(kind="gauge", unit="number", per_colour=told),
            "clear": SignalSpec(kind="probe", per_colour=told),
        }
