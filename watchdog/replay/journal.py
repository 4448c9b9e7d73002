"""A journal in memory that keeps what the real one keeps, fails when it is told to, and gives back after a crash.

What lives here: what is durable at a moment. What must not: files, text, the engine's decisions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from watchdog.core.engine import evolve
from watchdog.core.events import Observed, Probed, TrafficSeen
from watchdog.core.model import Seconds
from watchdog.core.records import Record
from watchdog.core.state import Parachute, ServiceState, State

CHECKPOINT_EVERY_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """What a crash left: the state before it, the state that the journal gives back, and where they differ."""

    at: Seconds
    before: State
    after: State
    differences: tuple[str, ...]
    """Paths of fields; empty when the journal gave everything back bit for bit."""


class Journal:
    """Records and checkpoints; while it fails they wait and are lost by a crash."""

    def __init__(self, failing: Sequence[tuple[Seconds, Seconds]] = ()) -> None:
        self._failing = tuple(failing)
        self._records: list[Record] = []
        self._checkpoint = State()
        self._pending: list[tuple[tuple[Record, ...], State | None]] = []
        self._saved: Seconds = float("-inf")

    def works(self, now: Seconds) -> bool:
        """Whether the disk takes anything now."""
        return not any(start <= now < end for start, end in self._failing)

    def append(self, records: Sequence[Record], state: State, now: Seconds) -> bool | None:
        """Keep what must be kept: whether that worked, None when nothing had to be kept."""
        kept = tuple(record for record in records if not record.ephemeral)
        checkpoint = self._due(records, now)
        if not kept and not checkpoint:
            return None
        self._pending.append((kept, state if checkpoint else None))
        return self.flush(now)

    def flush(self, now: Seconds) -> bool:
        """Write what waits, if the disk works."""
        if not self.works(now):
            return False
        for records, state in self._pending:
            self._records += records
            if state is not None:
                self._checkpoint = state
                self._records.clear()
        self._pending.clear()
        return True

    def crash(self) -> State:
        """What comes back after everything that was not written is gone: the checkpoint and the records after it."""
        self._pending.clear()
        self._saved = float("-inf")
        state = self._checkpoint
        for record in self._records:
            state = evolve(state, record)
        return state

    def _due(self, records: Sequence[Record], now: Seconds) -> bool:
        """As the daemon's loop: with every decision, and every ten seconds."""
        decided = any(
            not record.ephemeral and not isinstance(record.body, (Observed, Probed, TrafficSeen)) for record in records
        )
        if not decided and now - self._saved < CHECKPOINT_EVERY_S:
            return False
        self._saved = now
        return True


_NOT_KEPT = frozenset({"seq", "now", "seen", "seen_at"})
"""What the router says is asked anew after a start; numbers and times of records that are not kept may be lost."""


def differences(before: State, after: State) -> tuple[str, ...]:
    """Where two states differ in anything that a crash must not lose."""
    return tuple(_different(before, after, ""))


def _different(before: Any, after: Any, path: str) -> list[str]:
    if is_dataclass(before) and type(before) is type(after):
        return [
            found
            for each in fields(before)
            if each.name not in _NOT_KEPT
            for found in _different(getattr(before, each.name), getattr(after, each.name), f"{path}.{each.name}")
            if not _lost_by_design(before, each.name)
        ]
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            found
            for key in dict.fromkeys((*before, *after))
            for found in _different(before.get(key), after.get(key), f"{path}[{key}]")
        ]
    # repr: bit for bit, and NaN equals itself.
    return [] if repr(before) == repr(after) else [path.removeprefix(".")]


def _lost_by_design(value: object, name: str) -> bool:
    """Outside of a deployment up to ten seconds of evidence may be lost; questions to the router are asked anew."""
    if isinstance(value, Parachute):
        return name != "lost"  # looks are not kept, what follows from several is
    if not isinstance(value, ServiceState):
        return False
    idle = value.deployment is None or value.deployment.ended
    evidence = {"instances", "beats", "probes", "rates", "bad_rate", "stable_served_at"}
    return (idle and name in evidence) or name == "waiting"
