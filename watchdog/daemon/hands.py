"""What effects are carried out with: the shapes of the adapters, and one service's set of them.

What lives here: Protocols and plain values. What must not: carrying anything out (`deeds`), making adapters (`wiring`).
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from watchdog.core.effects import Notify
from watchdog.core.model import Check, Colour, Seconds
from watchdog.traffic.base import Router


class ProbeUnknownError(Exception):
    """The prober itself could not run: the probe says nothing about the colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectAnswer:
    """How one direct probe of a colour ended."""

    ok: bool
    refused: bool
    detail: str


class Clock(Protocol):
    """Engine time and its place on the wall clock."""

    def now(self) -> Seconds:
        """Engine time."""
        ...

    def to_wall(self, at: Seconds) -> float:
        """The wall-clock Unix seconds of an engine instant."""
        ...

    def from_wall(self, wall: float) -> Seconds:
        """The engine instant of a wall-clock time."""
        ...


class Messenger(Protocol):
    """Tells people."""

    async def check(self) -> Check:
        """Whether contacts parse and the sender starts; nothing is sent."""
        ...

    async def send(self, effect: Notify) -> tuple[bool, str]:
        """Hand a message over to every contact; whether all took it, and what went wrong."""
        ...

    async def rehearse(self, service: str, contacts: Sequence[str]) -> Check:
        """Hand a message that says that it is a drill over to these contacts; whether one took it, and how long."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRan:
    """How an operator's command ended."""

    status: int | None
    """None: it was ended, or could not be started; `detail` says which."""
    detail: str


async def no_hook(name: str) -> HookRan:
    """For services without commands: what is asked for is not in the configuration any more."""
    raise LookupError(f"there is no command {name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """One service's adapters."""

    router: Router
    probe: Callable[[Colour], Awaitable[DirectAnswer]]
    """May raise ProbeUnknownError."""
    hook: Callable[[str], Awaitable[HookRan]] = no_hook
    """Runs an operator's command within its own deadline."""
    maintenance: Callable[[], bool] = bool
    """Whether the operator's maintenance page is in force now."""
