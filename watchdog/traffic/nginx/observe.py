"""What is in force: what a service's file says, and whether nginx's workers have read it.

What lives here: reading. What must not: changing anything.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchdog.core.model import Colour, Split
from watchdog.traffic import files
from watchdog.traffic.base import InForce
from watchdog.traffic.nginx import render, workers
from watchdog.traffic.nginx.brake import Brake

# A worker's start is known to 10 ms, and so is the boot-time clock; a reload comes at least a test after the rename.
_TOLERANCE_SECONDS: Final = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A service's file and its standing with nginx."""

    text: str | None
    split: Split | None
    loaded: bool | None
    """None when nginx's processes cannot be seen."""
    detail: str = ""
    gone: bool = False
    """nginx's processes were seen before and are not there now: nothing can be reloaded."""


class Observer:
    """Reads one service's file; remembers which workers are known to have loaded which text."""

    def __init__(self, service: str, live: Path, pid: Path, wall: Callable[[], float]) -> None:
        self._service = service
        self._live = live
        self._pid = pid
        self._wall = wall
        self._had_workers = False
        self._known: tuple[str, frozenset[tuple[int, float]]] = ("", frozenset())

    def remember(self, text: str, loaders: frozenset[tuple[int, float]]) -> None:
        """These workers were seen to start with this text: no clock and no later file can make that untrue."""
        self._known = (text, loaders)

    def read_since(self, modified: float) -> bool | None:
        """Whether all workers began after a file was modified (wall clock); None when none is to be seen."""
        active = workers.active(self._pid)
        return self._younger(active, modified) if active else None

    def _younger(self, active: frozenset[tuple[int, float]], modified: float) -> bool:
        changed = workers.uptime() - (self._wall() - modified)
        return all(started >= changed - _TOLERANCE_SECONDS for _, started in active)

    def seen(self) -> Seen:
        """Read the file, its first line and the workers' ages. Never raises."""
        try:
            text = files.read(self._live)
            modified = self._live.stat().st_mtime if text is not None else 0.0
        except (OSError, ValueError) as error:
            return Seen(text=None, split=None, loaded=None, detail=f"{self._live} cannot be read: {error}")
        if text is None:
            return Seen(text=None, split=None, loaded=None, detail=f"{self._live} is not there: run nginx write")
        try:
            header = render.read_header(text)
        except ValueError as error:
            return Seen(text=text, split=None, loaded=None, detail=f"{self._live}: {error}")
        if header.service != self._service:
            return Seen(text=text, split=None, loaded=None, detail=f"{self._live} is of service {header.service}")
        return self._with_workers(text, modified, header.split)

    def _with_workers(self, text: str, modified: float, split: Split) -> Seen:
        active = workers.active(self._pid)
        if not active:
            detail = f"no worker of nginx is to be seen by {self._pid}: the file is believed"
            return Seen(text=text, split=split, loaded=None, detail=detail, gone=self._had_workers)
        self._had_workers = True
        known_text, known_workers = self._known
        # The switch sets the modification at the rename; the inode's change also moves when it gets a second name.
        loaded = known_text == text if known_workers & active else self._younger(active, modified)
        if loaded:
            return Seen(text=text, split=split, loaded=True)
        detail = f"{self._live} was changed after nginx's workers started: nginx works by an older one until a reload"
        return Seen(text=text, split=split, loaded=False, detail=detail)


def in_force(seen: Seen, brake: Brake) -> InForce:
    """What the router says to the outside: a file that nginx has not read is not in force."""
    split = seen.split if seen.loaded is not False else None
    kinds = {colour: kind for colour in Colour if (kind := brake.kind(colour)) is not None}
    # nginx looks for the candidate's flag alone; the other one has no effect now and is only told about.
    effective = kinds.get(seen.split.candidate) if seen.split else None
    colour = seen.split.candidate if seen.split and effective else None
    details = [seen.detail] if seen.detail else []
    if seen.split is None and kinds:
        colour, effective = next(iter(kinds.items()))
    elif seen.split and seen.split.stable in kinds:
        flag = brake.flag(seen.split.stable)
        details.append(f"{flag} is there and has no effect while {seen.split.stable} is stable")
    return InForce(split=split, braked=effective, braked_colour=colour, detail="; ".join(details))
