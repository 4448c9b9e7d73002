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
    put_back: str = ""
    """What the router had lost of our last order, towards stable, and was given again as it was looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Requests that started after the brake, by who answered."""

    ok: bool
    to_stable: int
    to_candidate: int
    stragglers: int
    probes: int
    detail: str = ""
    straggling: tuple[str, ...] = ()
    """The stragglers one by one: route, how long before the brake each began, how long it took."""
    open: int | None = None
    """Connections to the candidate that are still open; None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """Whether anything is open on a colour still."""

    open: int | None
    """Connections; None: this router cannot count them."""
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

    async def recheck(self, stable: Colour) -> tuple[Check, ...]:
        """The cheap part of the checklist once more; nothing that users get is changed, and nothing is reloaded."""
        ...

    async def rehearse(self, splits: Sequence[Split], *, drill: bool) -> tuple[Check, ...]:
        """Every check that needs no change; with `drill` also each step of a rollback in a form that moves no user.

        Every step of a drill says how long it took. The first split is the 100 % stable one. Whatever happens, what is
        in force afterwards is what was in force before.
        """
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

    async def cut_route(self, colour: Colour, route: str, *, cut: bool, note: str) -> float:
        """Keep one route's users from `colour`, or let them go there again; since when that holds. Idempotent.

        RouterError; also where the router knows no routes.
        """
        ...

    async def drain(self, colour: Colour, within: float) -> Drained:
        """Wait, at most `within` seconds, until nothing is open on a braked colour; then end it where that can be done.

        RouterError when the router does not answer.
        """
        ...

    async def observe(self) -> InForce:
        """What is in force now."""
        ...

    async def prove(self, stable: Colour, since: float) -> Proof:
        """Show by live traffic, within the router's own deadline, that only `stable` answers since `since`."""
        ...


class OpenRouter(Router, Protocol):
    """A router that holds connections, as the daemon makes and lets go of them."""

    async def close(self) -> None:
        """Let go of connections."""
        ...
