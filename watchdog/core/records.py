"""What the journal keeps: facts that came in, and decisions that were taken.

A fact is an event as it came (`events`). A decision is one of the classes here; it is never decided again. `evolve`
folds both into the state; `effects_of` says what a decision orders. What must not live here: deciding.
"""

from dataclasses import dataclass
from typing import TypeAlias

from watchdog.core.decisions.people import (
    Accepted,
    Acknowledged,
    ArmedAgain,
    Disarmed,
    DoneByHand,
    IncidentOpened,
    IncidentResolved,
    LineReleased,
    LineStopped,
    MessageOrdered,
    Refused,
    RehearsalOrdered,
    ReleaseForgiven,
    RouteCutOrdered,
    RuleWaived,
    WaiverEnded,
)
from watchdog.core.decisions.progress import (
    DeploymentBegun,
    DriftNoted,
    EffectsTakenUp,
    GatePassed,
    HoldLifted,
    HoldSet,
    OutcomeGivenUp,
    ParachuteLost,
    ParachuteRegained,
    PhaseChanged,
    PreparationOrdered,
    RecheckOrdered,
    SplitAbandoned,
    SplitOrdered,
    StableChanged,
    TrafficAsked,
)
from watchdog.core.decisions.rollback import (
    BlockCleared,
    DivertBlocked,
    DivertDropped,
    DivertOrdered,
    DivertWanted,
    DrainOrdered,
    EvidenceDiscarded,
    HookOrdered,
    ProbeOrdered,
    ProofOrdered,
    RollbackBlocked,
    RollbackOrdered,
    RollbackWanted,
    TrialBegun,
    TrialEnded,
    TrialOrdered,
    WouldHaveAsked,
)
from watchdog.core.events import Event
from watchdog.core.model import Seconds

__all__ = [
    "Accepted",
    "Acknowledged",
    "ArmedAgain",
    "BlockCleared",
    "Body",
    "Decision",
    "DeploymentBegun",
    "Disarmed",
    "DivertBlocked",
    "DivertDropped",
    "DivertOrdered",
    "DivertWanted",
    "DoneByHand",
    "DrainOrdered",
    "DriftNoted",
    "EffectsTakenUp",
    "EvidenceDiscarded",
    "GatePassed",
    "HoldLifted",
    "HoldSet",
    "HookOrdered",
    "IncidentOpened",
    "IncidentResolved",
    "LineReleased",
    "LineStopped",
    "MessageOrdered",
    "OutcomeGivenUp",
    "ParachuteLost",
    "ParachuteRegained",
    "PhaseChanged",
    "PreparationOrdered",
    "ProbeOrdered",
    "ProofOrdered",
    "RecheckOrdered",
    "Record",
    "Refused",
    "RehearsalOrdered",
    "ReleaseForgiven",
    "RollbackBlocked",
    "RollbackOrdered",
    "RollbackWanted",
    "RouteCutOrdered",
    "RuleWaived",
    "SplitAbandoned",
    "SplitOrdered",
    "StableChanged",
    "TrafficAsked",
    "TrialBegun",
    "TrialEnded",
    "TrialOrdered",
    "WaiverEnded",
    "WouldHaveAsked",
]

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
