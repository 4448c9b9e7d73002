"""What the journal keeps: facts that came in, and decisions that were taken.

A fact is an event as it came (`events`). A decision is one of the classes here; it is never decided again. `evolve`
folds both into the state; `effects_of` says what a decision orders. What must not live here: deciding.
"""

from dataclasses import dataclass
from typing import TypeAlias

from watchdog.core.effects import Audience, Effect
from watchdog.core.events import Event
from watchdog.core.model import Colour, OnFire, Schema, Seconds, Split
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.rules.baseline import Baseline
from watchdog.core.settings import Escalation, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A command was not carried out, and why."""

    command: str
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A command was carried out; what it changed stands in the records after it."""

    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentBegun:
    """A deployment exists, with everything that stays as submitted whatever the configuration becomes."""

    service: str
    deployment: str
    release: str
    plan: Plan
    stable: Colour
    candidate: Colour
    schema: Schema
    watched_by: str
    alpha: float
    """Each sequential rule's share of the budget for false rollbacks."""
    by: str
    baselines: tuple[tuple[str, Baseline], ...] = ()
    """What is usual for the gauges of rules that compare with it, by rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseChanged:
    """The deployment's phase is another."""

    service: str
    to: Phase
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparationOrdered:
    """The parachute is to be packed."""

    service: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOrdered:
    """A new declared split, under a new epoch: a step forward, a promotion, or all to stable (`rollback`)."""

    service: str
    epoch: int
    step: int
    split: Split
    order: Effect
    rollback: bool = False
    held: bool = False
    """A human wants less than the step's share for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitAbandoned:
    """A step was not put in force; the declared split is the one before it."""

    service: str
    split: Split
    step: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSet:
    """Progression stands still, for this reason too."""

    service: str
    hold: Hold
    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldLifted:
    """One reason less to stand still."""

    service: str
    hold: Hold
    reason: Reason


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
class IncidentOpened:
    """Something that a human must know."""

    service: str
    incident: str
    reason: Reason
    audience: Audience
    rules: tuple[str, ...] = ()
    detail: str = ""
    needs_decision: bool = False
    """The program may not act: it is repeated until somebody acknowledges or it is resolved."""
    repeat: Seconds = 0.0
    contacts: tuple[str, ...] = ()
    """Whom it is told first, as the chain stood when the incident opened."""
    levels: tuple[Escalation, ...] = ()
    """Who is told after them, and when, as the chain stood when the incident opened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageOrdered:
    """People are told, for the first time or again."""

    service: str
    incident: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved:
    """Nothing is left to be told."""

    service: str
    incident: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """A human took an incident over: its messages stop."""

    service: str
    incident: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePassed:
    """A human passed the present step's evidence gate."""

    service: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWaived:
    """A human took a rule out of the deployment: until then it goes on measuring and counts for nothing."""

    service: str
    rule: str
    until: Seconds
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiverEnded:
    """A waived rule counts again: its time was over, or a human said so."""

    service: str
    rule: str
    reason: Reason
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarmed:
    """A human silenced automatic rollbacks and diverts of a service until then."""

    service: str
    until: Seconds
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedAgain:
    """Automatic rollbacks and diverts are back: the time was over, or a human said so."""

    service: str
    reason: Reason
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteCutOrdered:
    """One route's users are kept from the candidate, or let go there again."""

    service: str
    route: str
    cut: bool
    order: Effect
    by: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckOrdered:
    """The parachute is looked at again."""

    service: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class ParachuteLost:
    """Several looks in a row say that a rollback would not work as prepared."""

    service: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParachuteRegained:
    """A rollback would work again."""

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalOrdered:
    """Somebody wants to see that a rollback would work."""

    service: str
    drill: bool
    by: str
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
class DoneByHand:
    """A human says that a prepared task was carried out."""

    service: str
    task: str
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldHaveAsked:
    """A rule that only observes began to fire on the candidate; once for each time it does."""

    service: str
    rule: str
    ask: OnFire
    """What it would have asked for if it were armed."""
    onset: Seconds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineStopped:
    """No automatic action in the whole environment until it is released."""

    by: str
    because: str
    until: Seconds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineReleased:
    """Automatic actions go on."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseForgiven:
    """A release is no longer known bad."""

    service: str
    release: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StableChanged:
    """The service's stable colour is another from here on."""

    service: str
    stable: Colour
    release: str
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftNoted:
    """The router and the journal disagree (or agree again)."""

    service: str
    detail: str
    """What each says; empty when they agree again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficAsked:
    """The router is asked what is in force."""

    service: str
    order: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectsTakenUp:
    """After a restart: effects without an outcome are ordered again under their old ids."""

    service: str
    orders: tuple[Effect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeGivenUp:
    """Nobody waits for an effect's outcome any more: it will never be known. What still applies is ordered anew."""

    service: str
    effect: str


Decision: TypeAlias = (
    Refused
    | Accepted
    | DeploymentBegun
    | PhaseChanged
    | PreparationOrdered
    | SplitOrdered
    | SplitAbandoned
    | HoldSet
    | HoldLifted
    | RollbackWanted
    | RollbackBlocked
    | BlockCleared
    | RollbackOrdered
    | ProofOrdered
    | DivertWanted
    | DivertDropped
    | DivertBlocked
    | DivertOrdered
    | TrialOrdered
    | TrialBegun
    | TrialEnded
    | EvidenceDiscarded
    | ProbeOrdered
    | IncidentOpened
    | MessageOrdered
    | IncidentResolved
    | Acknowledged
    | GatePassed
    | RuleWaived
    | WaiverEnded
    | Disarmed
    | ArmedAgain
    | RouteCutOrdered
    | RecheckOrdered
    | ParachuteLost
    | ParachuteRegained
    | RehearsalOrdered
    | HookOrdered
    | DrainOrdered
    | DoneByHand
    | WouldHaveAsked
    | LineStopped
    | LineReleased
    | ReleaseForgiven
    | StableChanged
    | DriftNoted
    | TrafficAsked
    | EffectsTakenUp
    | OutcomeGivenUp
)

Body: TypeAlias = Event | Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry of the journal: a fact or a decision with its number and its engine time."""

    seq: int
    at: Seconds
    body: Body
    ephemeral: bool = False
    """Not worth keeping: an observation outside any deployment."""
