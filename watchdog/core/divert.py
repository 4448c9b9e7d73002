"""Protect first, decide with proof: suspicion cuts the candidate off for a while, a trial follows.

What lives here: wanting a divert, its interlocks, the brake, the trial and its end. What must not: rolling back; only
proof does that (`rollback`). A blip so costs seconds of the candidate's time, and a real fault is off users at once.
"""

from watchdog.core import interlocks, verdict
from watchdog.core.draft import Draft
from watchdog.core.effects import PullBrake, ReleaseBrake
from watchdog.core.interlocks import Answer
from watchdog.core.model import Seconds
from watchdog.core.phases import Hold
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    DivertBlocked,
    DivertDropped,
    DivertOrdered,
    DivertWanted,
    HoldLifted,
    HoldSet,
    TrialBegun,
    TrialEnded,
    TrialOrdered,
)
from watchdog.core.rollback import PROBE_EVERY_S, onset, probe_both, question
from watchdog.core.settings import Service
from watchdog.core.state import Deployment, Divert, Wanted

SEEN_WITHIN_S = 1.0
"""A trial's end that is looked at later than this was missed: the daemon stood still, or was blind."""

MOST_DIVERTS = 3
"""The last one leaves the candidate cut off and asks a human."""


def suspect(draft: Draft, name: str) -> None:
    """From suspicion to a divert: stable is asked for a sign of life from the first moment on."""
    deployment = draft.deployment(name)
    settings = draft.settings(name)
    if deployment is None or not _may(settings, deployment, draft.now):
        return
    rules = verdict.suspicious(settings, draft.service(name), draft.now)
    if deployment.divert_wanted is None:
        if rules:
            draft.emit(DivertWanted(service=name, rules=rules, onset=onset(draft, name, rules)))
    elif not rules and deployment.divert_wanted.reason is Reason.RULE_SUSPICIOUS:
        draft.emit(DivertDropped(service=name, reason=Reason.HEALTHY_AGAIN))
    wanted = draft.under_way(name).divert_wanted
    if wanted is not None:
        _ask(draft, name, wanted)


def _may(settings: Service, deployment: Deployment, now: Seconds) -> bool:
    """Whether this deployment can be diverted at all at this moment."""
    idle = deployment.divert is None and deployment.wanted is None and deployment.rollback is None
    exposed = deployment.watched and deployment.in_force.weight > 0.0
    if deployment.holds.get(Hold.INTERLOCK) is Reason.BRAKE_FAILED:
        return False  # the brake does not work: it is not tried again until that hold is gone
    if deployment.divert_wanted is not None and deployment.divert_wanted.reason is Reason.REBOOTED:
        return idle and exposed
    return settings.divert and idle and exposed and _stable_is_warm(settings, deployment, now)


def _stable_is_warm(settings: Service, deployment: Deployment, now: Seconds) -> bool:
    """Stable has ordered traffic, or had it not long ago."""
    if deployment.in_force.weight < 1.0:
        return True
    return deployment.step_at is not None and now - deployment.step_at <= settings.stable_warm


def _ask(draft: Draft, name: str, wanted: Wanted) -> None:
    said = interlocks.ask(question(draft, name, wanted))[-1]
    match said.answer:
        case Answer.PASS:
            order(draft, name, wanted.rules, for_good=wanted.reason is Reason.REBOOTED)
        case Answer.WAIT:
            probe_both(draft, name, PROBE_EVERY_S)
        case _:
            if wanted.blocked is not said.interlock:
                draft.emit(DivertBlocked(service=name, reason=said.interlock, detail=said.detail))
            probe_both(draft, name, PROBE_EVERY_S)


def order(draft: Draft, name: str, rules: tuple[str, ...], *, for_good: bool = False) -> None:
    """Cut the candidate off; the last divert of a deployment (or `for_good`) until a human decides."""
    deployment = draft.under_way(name)
    number = deployment.diverts + (0 if for_good else 1)
    last = for_good or number >= MOST_DIVERTS
    until = None if last else draft.now + draft.settings(name).divert_for * 2 ** (number - 1)
    epoch = deployment.epoch + 1
    effect = PullBrake(id=draft.effect_id(name), service=name, epoch=epoch, colour=deployment.candidate)
    draft.emit(DivertOrdered(service=name, epoch=epoch, number=number, until=until, rules=rules, order=effect))
    if not last:
        draft.emit(HoldSet(service=name, hold=Hold.DIVERT, reason=Reason.RULE_SUSPICIOUS))
    elif not for_good:
        draft.emit(HoldSet(service=name, hold=Hold.HUMAN, reason=Reason.THIRD_DIVERT))


def brake_failed(draft: Draft, name: str, detail: str) -> None:
    """The brake could not be pulled: the candidate keeps its users and the rules keep watching."""
    draft.emit(DivertDropped(service=name, reason=Reason.BRAKE_FAILED))
    draft.emit(HoldSet(service=name, hold=Hold.INTERLOCK, reason=Reason.BRAKE_FAILED, detail=detail))
    _lift(draft, name, Reason.BRAKE_FAILED)


def not_released(draft: Draft, name: str, detail: str) -> None:
    """The brake could not be released: the candidate stays cut off until a human resumes."""
    draft.emit(HoldSet(service=name, hold=Hold.INTERLOCK, reason=Reason.BRAKE_FAILED, detail=detail))


def advance(draft: Draft, name: str) -> None:
    """Let the candidate in again when its time has come, and end the trial when it is over."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.divert is None or deployment.wanted is not None:
        return
    if verdict.maintained(draft.service(name)):
        return  # a trial without users would show nothing
    divert = deployment.divert
    if divert.trial_until is not None:
        if draft.now >= divert.trial_until:
            _end_trial(draft, name, divert.trial_until)
    elif divert.cut and not divert.releasing and divert.until is not None and draft.now >= divert.until:
        if draft.service(name).adopted and not draft.state.stopped_by:
            let_in(draft, name)
    elif _torn(draft, name, divert):
        released(draft, name)


def _torn(draft: Draft, name: str, divert: Divert) -> bool:
    """Whether the brake is off and the record that begins the trial was lost."""
    return not divert.cut and not divert.releasing and not draft.service(name).waits_for(PullBrake)


def waits_for_a_human(deployment: Deployment) -> bool:
    """Whether the candidate is cut off (or is being cut off) until somebody says otherwise."""
    divert = deployment.divert
    return divert is not None and divert.until is None and divert.trial_until is None and not divert.releasing


def let_in(draft: Draft, name: str) -> None:
    """Release the brake for a trial."""
    deployment = draft.under_way(name)
    epoch = deployment.epoch + 1
    effect = ReleaseBrake(id=draft.effect_id(name), service=name, epoch=epoch, colour=deployment.candidate)
    draft.emit(TrialOrdered(service=name, epoch=epoch, order=effect))


def released(draft: Draft, name: str) -> None:
    """The candidate has its share again: the trial's time begins now."""
    draft.emit(TrialBegun(service=name, until=draft.now + draft.settings(name).trial))


def _end_trial(draft: Draft, name: str, until: Seconds) -> None:
    """Suspicion at a trial's end is the next divert, which `suspect` asks for; otherwise the phase goes on.

    A trial that was not watched from its beginning to its end shows nothing: it begins anew, once there is sight.
    """
    settings, service = draft.settings(name), draft.service(name)
    rules = verdict.suspicious(settings, service, draft.now)
    if not rules:
        if verdict.read(settings, service, draft.now).blind:
            return
        if not _watched(draft, name, until):
            released(draft, name)
            return
    reason = Reason.RULE_SUSPICIOUS if rules else Reason.TRIAL_PASSED
    draft.emit(TrialEnded(service=name, reason=reason))
    _lift(draft, name, reason)


def _watched(draft: Draft, name: str, until: Seconds) -> bool:
    """Whether every required source spoke through the trial without a gap, and its end was seen when it came."""
    settings, service = draft.settings(name), draft.service(name)
    beats = [service.beats.get(source.name) for source in verdict.watched_by(settings, service, draft.now)]
    began = until - settings.trial
    unbroken = all(beat is not None and beat.continuous_since <= began for beat in beats)
    return unbroken and draft.now - until <= SEEN_WITHIN_S


def _lift(draft: Draft, name: str, reason: Reason) -> None:
    deployment = draft.deployment(name)
    if deployment is not None and Hold.DIVERT in deployment.holds:
        draft.emit(HoldLifted(service=name, hold=Hold.DIVERT, reason=reason))
