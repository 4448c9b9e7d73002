"""Decisions on the way forward: phases, splits, holds, and what the router and the parachute are found to be.

What lives here: frozen values. What must not: deciding.
"""

from dataclasses import dataclass

from watchdog.core.effects import Effect
from watchdog.core.model import Colour, Schema, Split
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.rules.baseline import Baseline
from watchdog.core.settings import Plan


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
class GatePassed:
    """A human passed the present step's evidence gate."""

    service: str
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
class EffectsTakenUp:
    """After a restart: effects without an outcome are ordered again under their old ids."""

    service: str
    orders: tuple[Effect, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeGivenUp:
    """Nobody waits for an effect's outcome any more: it will never be known. What still applies is ordered anew."""

    service: str
    effect: str
