"""Which records make an incident, and which put an end to one: two tables.

What lives here: the tables. What must not: opening, telling, resolving (`incidents`), and what time alone makes worth
telling.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from watchdog.core.effects import Audience
from watchdog.core.events import NotDurable, TrafficSeen
from watchdog.core.interlocks import DECIDED_BEFORE
from watchdog.core.model import Seconds
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    ArmedAgain,
    BlockCleared,
    DivertOrdered,
    DriftNoted,
    HoldLifted,
    HoldSet,
    LineReleased,
    LineStopped,
    PhaseChanged,
    RollbackBlocked,
    TrialEnded,
)
from watchdog.core.rollout import STAYS_HELD

LINE_REPEAT_S = 3600.0
"""A line that is stopped without an end is told about so often: it is easily forgotten."""

STAYS_OPEN: Final = frozenset(
    {Reason.DRIFT, Reason.LINE_STILL_STOPPED, Reason.NOT_DURABLE, Reason.PUT_BACK, Reason.RULE_ESCALATES},
)
"""Incidents that are not a deployment's, and so do not end with one."""

BLOCKS: Final = (
    DECIDED_BEFORE
    | STAYS_HELD
    | {
        Reason.STOP_THE_LINE,
        Reason.SCHEMA,
        Reason.WRITES_ON_CANDIDATE,
        Reason.STABLE_DOWN,
        Reason.COMMON_CAUSE,
        Reason.KNOWN_BAD,
    }
)
"""The interlocks' own incidents."""

LIFTED: Final[Mapping[Hold, frozenset[Reason]]] = MappingProxyType(
    {
        Hold.RULE: frozenset({Reason.RULE_FREEZES}),
        Hold.HUMAN: frozenset({Reason.THIRD_DIVERT, Reason.BRAKE_FAILED}),
        Hold.RESTART: frozenset({Reason.REBOOTED}),
        Hold.INTERLOCK: frozenset({Reason.STEP_FAILED, Reason.BRAKE_FAILED}) | STAYS_HELD,
    }
)
"""What ends with a hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What an incident is about."""

    reason: Reason
    rules: tuple[str, ...] = ()
    detail: str = ""
    needs_decision: bool = False
    audience: Audience = Audience.ON_CALL
    everybody: bool = False
    """Every level is told at once."""
    repeat: Seconds | None = None
    """Time between messages; None: the escalation's own when a decision is needed, otherwise never."""


def opens(body: object) -> Cause | None:
    """What a human must know of a record, if anything."""
    match body:
        case RollbackBlocked() | PhaseChanged() | HoldSet():
            return _of_deployment(body)
        case DivertOrdered(until=float()):
            return Cause(reason=Reason.RULE_SUSPICIOUS, rules=body.rules, audience=Audience.CHAT)
        case LineStopped(until=None):
            told = f"{body.by}: {body.because}"
            cause = Reason.LINE_STILL_STOPPED
            return Cause(reason=cause, detail=told, audience=Audience.CHAT, repeat=LINE_REPEAT_S)
        case DriftNoted(detail=detail) if detail:
            return Cause(reason=Reason.DRIFT, detail=detail)
        case TrafficSeen(put_back=lost) if lost:
            return Cause(reason=Reason.PUT_BACK, detail=lost, audience=Audience.CHAT)
        case NotDurable(detail=detail) if detail:
            return Cause(reason=Reason.NOT_DURABLE, detail=body.detail)
        case _:
            return None


def _of_deployment(body: RollbackBlocked | PhaseChanged | HoldSet) -> Cause | None:
    match body:
        case RollbackBlocked() if body.reason in DECIDED_BEFORE:  # chat hears what would have been done
            return Cause(reason=body.reason, rules=body.rules, detail=body.detail, audience=Audience.CHAT)
        case RollbackBlocked():
            return Cause(reason=body.reason, rules=body.rules, detail=body.detail, needs_decision=True)
        case PhaseChanged(to=Phase.ROLLED_BACK):
            return Cause(reason=Reason.PROVED_BY_TRAFFIC, detail=body.detail)
        case PhaseChanged(to=Phase.ROLLBACK_FAILED):
            return Cause(reason=body.reason, detail=body.detail, needs_decision=True, everybody=True)
        case HoldSet(hold=Hold.RULE):
            return Cause(reason=body.reason, rules=tuple(body.detail.split(", ")), needs_decision=True)
        case HoldSet(reason=Reason.THIRD_DIVERT | Reason.REBOOTED):
            return Cause(reason=body.reason, detail=body.detail, needs_decision=True)
        case HoldSet(reason=Reason.STEP_FAILED | Reason.BRAKE_FAILED):
            return Cause(reason=body.reason, detail=body.detail)
        case _:
            return None


def resolves(body: object) -> frozenset[Reason]:
    """Which open incidents a record puts an end to."""
    match body:
        case PhaseChanged() | RollbackBlocked() | BlockCleared():
            return _ended_with(body)
        case HoldLifted():
            return LIFTED.get(body.hold, frozenset())
        case ArmedAgain():
            return frozenset({Reason.DISARMED})
        case LineReleased() | LineStopped(until=float()):
            return frozenset({Reason.LINE_STILL_STOPPED})
        case TrialEnded(reason=Reason.TRIAL_PASSED):
            return frozenset({Reason.RULE_SUSPICIOUS})
        case TrafficSeen(put_back=""):  # what is lost again at every look is told once
            return frozenset({Reason.PUT_BACK})
        case DriftNoted(detail=""):
            return frozenset({Reason.DRIFT})
        case _:
            return frozenset()


def _ended_with(body: PhaseChanged | RollbackBlocked | BlockCleared) -> frozenset[Reason]:
    match body:
        case PhaseChanged(to=Phase.ROLLED_BACK | Phase.PROMOTED | Phase.ABORTED):
            return frozenset(Reason) - STAYS_OPEN
        case PhaseChanged(to=Phase.ROLLING_BACK):
            return BLOCKS
        case BlockCleared():
            return BLOCKS - STAYS_HELD  # a human was called for these, and lifts the hold
        case RollbackBlocked() if body.reason in DECIDED_BEFORE:
            return BLOCKS - {body.reason}
        case _:
            return frozenset()
