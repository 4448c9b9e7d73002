"""What a router without files of its own must remember: the last order, and who cut which colour off.

What lives here: one small file per service in the state folder, and its text. What must not: what is in force; only the
balancer knows that. A rollback's text lies ready beside the file, so that remembering one is a rename(2) alone.
"""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from watchdog.core.model import BrakeKind, Colour, Split
from watchdog.traffic import files
from watchdog.traffic.waiting import aside

_FORM: Final = 1
_WRITE_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """The last order."""

    split: Split
    brake: BrakeKind | None = None
    """Who keeps the candidate cut off whatever the split says."""
    note: str = ""
    process: str = ""
    """Which process of the balancer carried it out; empty where that cannot be known."""
    weights: Mapping[str, int] = field(default_factory=dict)
    """What each server was given."""


class Memory:
    """One service's file. What could not be written is remembered as long as this object lives."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._staged = path.with_name(f".{path.name}.rollback")
        self._staged_for: Remembered | None = None
        self._unwritten: Remembered | None = None

    @property
    def last(self) -> Remembered | None:
        """The last order; None when there was none, or the file is gone or not ours."""
        if self._unwritten is not None:
            return self._unwritten
        try:
            text = files.read(self.path)
            return None if text is None else _parsed(text)
        except (OSError, ValueError):
            return None

    def write(self, order: Remembered) -> None:
        """Durable before it returns. OSError leaves the old one."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.stage(self.path, _text(order))

    def stage(self, rollback: Remembered) -> None:
        """Lay a rollback's text ready. OSError."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        files.stage(self._staged, _text(rollback))
        self._staged_for = rollback

    async def keep(self, order: Remembered) -> str:
        """Remember an order; why it could not be written, if so. Never raises, and a stuck disk holds up nothing."""
        self._unwritten = order
        try:
            await aside(lambda: self._store(order), _WRITE_SECONDS)
        except (OSError, ValueError, TimeoutError) as error:
            why = getattr(error, "strerror", None) or str(error) or "the disk does not answer"
            return f"{self.path} could not be written ({why}): a restart would not know this order"
        if self._unwritten is order:
            self._unwritten = None
        return ""

    def _store(self, order: Remembered) -> None:
        if self._is_staged(order):
            files.swap(self._staged, self.path)
        else:
            self.write(order)

    def _is_staged(self, order: Remembered) -> bool:
        """Whether what lies ready says the same, but for what a restart can do without."""
        staged, self._staged_for = self._staged_for, None
        if staged is None or not self._staged.exists():
            return False
        return replace(order, note=staged.note, process=staged.process, weights=staged.weights) == staged


def _text(order: Remembered) -> str:
    return json.dumps({"form": _FORM, **asdict(order)}, indent=1) + "\n"


def _parsed(text: str) -> Remembered | None:
    """None for what this program did not write."""
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        held: dict[str, Any] = json.loads(text)
        if held["form"] != _FORM:
            return None
        split = held["split"]
        return Remembered(
            split=Split(
                stable=Colour(split["stable"]),
                candidate=Colour(split["candidate"]),
                weight=float(split["weight"]),
                salt=str(split["salt"]),
                promoted=bool(split["promoted"]),
            ),
            brake=None if held["brake"] is None else BrakeKind(held["brake"]),
            note=str(held["note"]),
            process=str(held["process"]),
            weights={str(name): int(weight) for name, weight in held["weights"].items()},
        )
    return None
