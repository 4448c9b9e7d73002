"""Decisions on the way back: wanting, blocking, ordering, proving, diverting, and what follows a rollback.

What lives here: frozen values. What must not: deciding.
"""

from dataclasses import dataclass

from watchdog.core.effects import Effect
from watchdog.core.model import OnFire, Seconds
from watchdog.core.reasons import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackWanted:
    """Proof or a human asks for a rollback; the interlocks have their say next."""

    service: str
    reason: Reason
    rules: tuple[str, ...] = ()
    onset: Seconds | None = None
    by: str = ""
    because: str = ""
    anyway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackBlocked:
    """An interlock turned the rollback into a freeze."""

    service: str
    reason: Reason
    rules: tuple[str, ...]
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockCleared:
    """What blocked a rollback is gone."""

    service: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackOrdered:
    """All traffic to stable. The interlocks' answers stand beside it."""

    service: str
    reason: Reason
    rules: tuple[str, ...]
    interlocks: tuple[tuple[str, str], ...]
    onset: Seconds | None = None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOrdered:
    """Live traffic is to show that stable alone answers."""

    service: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertWanted:
    """Suspicion asks to cut the candidate off; stable must first be shown to answer."""

    service: str
    rules: tuple[str, ...]
    onset: Seconds | None
    reason: Reason = Reason.RULE_SUSPICIOUS


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertDropped:
    """A wanted divert is not carried out."""

    service: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertBlocked:
    """An interlock keeps the candidate where it is, though it is suspected."""

    service: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertOrdered:
    """The candidate is cut off, for now."""

    service: str
    epoch: int
    number: int
    until: Seconds | None
    """When it is let in again; None when only a human may."""
    rules: tuple[str, ...]
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialOrdered:
    """The candidate gets its share again, watched without a ride-out."""

    service: str
    epoch: int
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBegun:
    """The brake is released; the trial's time runs."""

    service: str
    until: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnded:
    """The trial found nothing (or gave way to a divert or a rollback)."""

    service: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceDiscarded:
    """What these rules had measured is thrown away, for both colours."""

    service: str
    rules: tuple[str, ...]
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOrdered:
    """One colour is asked directly whether it answers now."""

    service: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class HookOrdered:
    """An operator's command is to be run."""

    service: str
    hook: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainOrdered:
    """What is open on the candidate is to end."""

    service: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldHaveAsked:
    """A rule that only observes began to fire on the candidate; once for each time it does."""

    service: str
    rule: str
    ask: OnFire
    """What it would have asked for if it were armed."""
    onset: Seconds | None
