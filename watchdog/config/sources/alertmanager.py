"""An Alertmanager in plain values.

What lives here: its values and the translation. What must not: how it is asked.
"""

from dataclasses import dataclass

from watchdog.config.schema.sources.alertmanager import Alertmanager
from watchdog.config.sources.asked import HttpSettings, http_settings
from watchdog.config.sources.colour import coloured, tells_colours
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerSettings:
    """One Alertmanager source."""

    name: str
    http: HttpSettings
    poll: float
    filters: tuple[tuple[Colour | None, tuple[str, ...]], ...]
    """What is asked for: per colour, or once for both, with `$colour` filled in."""
    heartbeat: tuple[str, ...]
    """Of the alert that always fires; empty when there is none."""


def alertmanager_settings(name: str, model: Alertmanager) -> AlertmanagerSettings:
    """The source of that name; the same for every service."""
    texts = [str(matcher) for matcher in model.matchers]
    colours: tuple[Colour | None, ...] = tuple(Colour) if any(map(tells_colours, texts)) else (None,)
    return AlertmanagerSettings(
        name=name,
        http=http_settings(model),
        poll=float(model.poll),
        filters=tuple(
            (colour, tuple(text if colour is None else coloured(text, colour) for text in texts)) for colour in colours
        ),
        heartbeat=tuple(map(str, model.heartbeat)),
    )
