"""What a traffic router must be able to do: one Protocol, the values that it speaks, and its errors.

What lives here: the port. What must not: anything of one router. Times are wall-clock Unix seconds, since routers and
their logs know no other; the daemon converts to engine time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from watchdog.core.edge import EdgeLine
from watchdog.core.model import BrakeKind, Check, Colour, Split


class RouterError(Exception):
    """A router could not do what was asked. The message says what was tried, what came back, and what to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """How the order of a split ended. `ok` means: the split is in force, as read back from the router itself."""

    ok: bool
    in_force: Split | None
    """What is in force now; the previous split when the order failed and was taken back."""
    braked_at: float | None = None
    """Since when a brake keeps new requests from the cut colour."""
    warnings: tuple[str, ...] = ()
    """What did not work though the traffic is right (a failed test behind a working brake, old workers draining)."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What the router itself says, read from its files and its running state."""

    split: Split | None
    """None when the files are missing, foreign or unreadable; `detail` says which."""
    braked: BrakeKind | None = None
    braked_colour: Colour | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Requests that started after the brake, by who answered."""

    ok: bool
    to_stable: int
    to_candidate: int
    stragglers: int
    probes: int
    detail: str = ""


class EdgeLog(Protocol):
    """The balancer's recent lines, as the access-log source keeps them."""

    def started_since(self, service: str, since: float) -> Sequence[EdgeLine]:
        """Lines of requests that started at `since` (wall clock) or later, oldest first."""
        ...

    def ended_since(self, service: str, since: float) -> Sequence[EdgeLine]:
        """Lines of requests that ended at `since` (wall clock) or later, oldest first."""
        ...


class Router(Protocol):
    """One service's way of moving traffic between its colours."""

    async def prepare(self, splits: Sequence[Split]) -> tuple[Check, ...]:
        """Make every split ready and prove that a rollback would work; the checks say what was tried and seen."""
        ...

    async def apply(self, split: Split, *, brake: bool, note: str) -> Applied:
        """Put a split in force. With `brake` cut the candidate off first, by rename alone. Idempotent."""
        ...

    async def pull_brake(self, colour: Colour, kind: BrakeKind, note: str) -> float:
        """Keep new requests from `colour`; the wall-clock time from which that holds. Idempotent. RouterError."""
        ...

    async def release_brake(self, colour: Colour) -> float:
        """Let `colour` have its share again; the wall-clock time from which that holds. Idempotent. RouterError."""
        ...

    async def observe(self) -> InForce:
        """What is in force now."""
        ...

    async def prove(self, stable: Colour, since: float) -> Proof:
        """Show by live traffic, within the router's own deadline, that only `stable` answers since `since`."""
        ...
