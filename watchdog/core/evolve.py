"""`evolve(state, record) -> state`: folding facts and decisions, and nothing else.

What lives here: the table from a record's class to the function that folds it, and those functions for decisions and
outcomes; observations are folded in `evidence`. What must not: choosing. A record that says something is believed, so
recovery can fold a journal without the configuration or the code that decided then.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeAlias

from watchdog.core import events, evidence, records
from watchdog.core import evolve_aftermath as on_aftermath
from watchdog.core import evolve_deployment as on_deployment
from watchdog.core import evolve_divert as on_divert
from watchdog.core import evolve_ready as on_ready
from watchdog.core import evolve_rules as on_rules
from watchdog.core import evolve_service as on_service
from watchdog.core.records import Record
from watchdog.core.state import ServiceState, State

FoldService: TypeAlias = Callable[[State, ServiceState, Any, float], ServiceState]
"""Folds a body that names a service into that service's state."""


def evolve(state: State, record: Record) -> State:
    """The state after a record. Total: a body that changes nothing returns the state with its number and time."""
    numbered = replace(state, seq=max(state.seq, record.seq), now=max(state.now, record.at))
    body = record.body
    whole = _WHOLE.get(type(body))
    if whole is not None:
        return whole(numbered, body, record.at)
    fold = _SERVICE.get(type(body))
    if fold is None:
        return numbered
    name = getattr(body, "service", None) or _service_of_effect(numbered, body)
    if name is None or name not in numbered.services:
        return numbered
    changed = fold(numbered, numbered.services[name], body, record.at)
    return replace(numbered, services={**numbered.services, name: changed})


def _service_of_effect(state: State, body: object) -> str | None:
    """Which service waits for the effect that an outcome names, if any does."""
    effect = getattr(body, "effect", "")
    return next((name for name, service in state.services.items() if effect in service.waiting), None)


def _configured(state: State, body: events.Configured, at: float) -> State:
    services = {
        settings.name: on_service.reconfigured(state, state.services.get(settings.name), settings, at)
        for settings in body.environment.services
    }
    return replace(state, environment=body.environment, services=services)


def _started(state: State, _body: events.Started, at: float) -> State:
    services = {name: on_service.restarted(state, service, at) for name, service in state.services.items()}
    return replace(state, services=services)


def _line_stopped(state: State, body: records.LineStopped, _at: float) -> State:
    return replace(state, stopped_by=body.by, stopped_because=body.because, stopped_until=body.until)


def _line_released(state: State, _body: records.LineReleased, _at: float) -> State:
    return replace(state, stopped_by="", stopped_because="", stopped_until=None)


def _not_durable(state: State, body: events.NotDurable, _at: float) -> State:
    return replace(state, not_durable=body.detail)


_WHOLE: Final[Mapping[type, Callable[[State, Any, float], State]]] = {
    events.Configured: _configured,
    events.Started: _started,
    events.NotDurable: _not_durable,
    records.LineStopped: _line_stopped,
    records.LineReleased: _line_released,
}

_SERVICE: Final[Mapping[type, FoldService]] = {
    events.Observed: evidence.observed,
    events.Probed: on_service.probed,
    events.PreparedOutcome: on_deployment.prepared,
    events.TrafficOutcome: on_deployment.traffic_outcome,
    events.BrakeOutcome: on_divert.brake_outcome,
    events.ProofOutcome: on_deployment.proof_outcome,
    events.NotifiedOutcome: on_service.no_longer_waiting,
    events.RecheckedOutcome: on_ready.rechecked,
    events.RehearsedOutcome: on_ready.rehearsed,
    events.HookOutcome: on_aftermath.hook_ended,
    events.DrainedOutcome: on_aftermath.drained,
    events.TrafficSeen: on_service.traffic_seen,
    records.DeploymentBegun: on_deployment.begun,
    records.PhaseChanged: on_deployment.phase_changed,
    records.PreparationOrdered: on_service.ordered,
    records.SplitOrdered: on_deployment.split_ordered,
    records.SplitAbandoned: on_deployment.split_abandoned,
    records.HoldSet: on_deployment.hold_set,
    records.HoldLifted: on_deployment.hold_lifted,
    records.RollbackWanted: on_deployment.rollback_wanted,
    records.RollbackBlocked: on_deployment.rollback_blocked,
    records.BlockCleared: on_deployment.block_cleared,
    records.RollbackOrdered: on_deployment.rollback_ordered,
    records.ProofOrdered: on_service.ordered,
    records.DivertWanted: on_divert.divert_wanted,
    records.DivertDropped: on_divert.divert_dropped,
    records.DivertBlocked: on_divert.divert_blocked,
    records.DivertOrdered: on_divert.divert_ordered,
    records.TrialOrdered: on_divert.trial_ordered,
    records.TrialBegun: on_divert.trial_begun,
    records.TrialEnded: on_divert.trial_ended,
    records.EvidenceDiscarded: evidence.discarded,
    records.ProbeOrdered: on_service.probe_ordered,
    records.IncidentOpened: on_service.incident_opened,
    records.MessageOrdered: on_service.message_ordered,
    records.IncidentResolved: on_service.incident_resolved,
    records.Acknowledged: on_service.acknowledged,
    records.GatePassed: on_rules.gate_passed,
    records.RuleWaived: on_rules.rule_waived,
    records.WaiverEnded: on_rules.waiver_ended,
    records.Disarmed: on_service.disarmed,
    records.ArmedAgain: on_service.armed_again,
    records.WouldHaveAsked: on_rules.would_have_asked,
    records.RouteCutOrdered: on_service.ordered,
    records.RecheckOrdered: on_service.ordered,
    records.ParachuteLost: on_ready.parachute_lost,
    records.ParachuteRegained: on_ready.parachute_regained,
    records.RehearsalOrdered: on_ready.rehearsal_ordered,
    records.HookOrdered: on_aftermath.hook_ordered,
    records.DrainOrdered: on_aftermath.drain_ordered,
    records.DoneByHand: on_aftermath.done_by_hand,
    records.ReleaseForgiven: on_service.forgiven,
    records.StableChanged: on_service.stable_changed,
    records.DriftNoted: on_service.drift_noted,
    records.TrafficAsked: on_service.ordered,
    records.EffectsTakenUp: on_service.taken_up,
    records.OutcomeGivenUp: on_divert.given_up,
}
