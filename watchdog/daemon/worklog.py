"""The daemon's log: one structured line per decision and per effect.

What lives here: which records are worth a line, and what is in it. What must not: how lines look (`logs`).
"""

from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, Final

from structlog.typing import FilteringBoundLogger

from watchdog.core.effects import Effect, ObserveTraffic, ProbeColour
from watchdog.core.events import Configured, Observed, Probed, TrafficSeen
from watchdog.core.records import ProbeOrdered, Record, TrafficAsked

QUIET: Final = (Observed, Probed, TrafficSeen, TrafficAsked, ProbeOrdered)
"""Facts that come many times a minute; the journal has them."""

SIMPLE: Final = (str, int, float, bool, Enum)


class WorkLog:
    """Writes what the engine decided and what became of it."""

    def __init__(self, log: FilteringBoundLogger) -> None:
        self._log = log

    def decided(self, records: tuple[Record, ...]) -> None:
        """One line per record that a person may look for."""
        for record in records:
            body = record.body
            if isinstance(body, QUIET):
                continue
            if isinstance(body, Configured):
                self._log.info("Configured", seq=record.seq, digest=body.environment.digest)
                continue
            self._log.info(type(body).__name__, seq=record.seq, **_flat(body))

    def effect_started(self, effect: Effect) -> None:
        """An effect begins."""
        if not isinstance(effect, (ProbeColour, ObserveTraffic)):
            self._log.debug("effect", kind=effect.kind, effect=effect.id, service=effect.service)

    def effect_failed(self, effect: Effect, error: BaseException) -> None:
        """An adapter raised or did not end in time."""
        self._log.warning(
            "effect failed", kind=effect.kind, effect=effect.id, service=effect.service, error=repr(error)
        )

    def poll_failed(self, source: str, what: str) -> None:
        """A source could not be asked."""
        self._log.warning("poll failed", source=source, error=what)


def _flat(body: object) -> Mapping[str, Any]:
    """The plain fields of a record; nested values are in the journal."""
    found = {}
    for field in fields(body):  # type: ignore[arg-type]  # every body of a record is a dataclass
        value = getattr(body, field.name)
        if isinstance(value, tuple) and all(isinstance(part, str) for part in value):
            value = ", ".join(value)
        if isinstance(value, SIMPLE) and value != "":
            found[field.name] = str(value) if isinstance(value, Enum) else value
    return found
