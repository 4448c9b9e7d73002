"""Proof rolls back: from the verdict over the interlocks to traffic that is proved to be back on stable.

What lives here: wanting, asking the interlocks, ordering, proving, trying again. What must not: suspicion (`divert`)
and the words for people. A rollback, once ordered, is absorbing: no later epoch moves traffic away from stable.
"""

from dataclasses import replace

from watchdog.core import interlocks, maintenance, verdict, waivers
from watchdog.core.draft import Draft
from watchdog.core.effects import ProbeColour, Prove, SetTraffic
from watchdog.core.interlocks import Answer, Question, Said
from watchdog.core.model import Colour, Seconds, Verdict
from watchdog.core.phases import Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import (
    BlockCleared,
    EvidenceDiscarded,
    HoldSet,
    OutcomeGivenUp,
    PhaseChanged,
    ProbeOrdered,
    ProofOrdered,
    RollbackBlocked,
    RollbackOrdered,
    RollbackWanted,
    SplitOrdered,
    StableChanged,
)
from watchdog.core.rules import api
from watchdog.core.state import Deployment, StableProbe, Wanted

PROBE_EVERY_S = 0.25
"""From the first suspicion on stable is asked this often."""

PROBE_EVERY_WHEN_BLOCKED_S = 1.0
"""While a block stands."""

RETRY_AFTER_S = 10.0
"""A rollback that failed is tried again after this long."""

SWITCH_WITHIN_S = 60.0
PROOF_WITHIN_S = 30.0
"""Later than this no outcome comes any more: each has a shorter deadline where it is carried out (45 and 20 s)."""


def want(draft: Draft, name: str) -> None:
    """A failing verdict asks for a rollback, once; again when it is blocked and more rules have proof by now."""
    deployment = draft.deployment(name)
    if deployment is None or not deployment.watched or deployment.rollback is not None:
        return
    wanted = deployment.wanted
    if wanted is not None and (wanted.by or wanted.blocked is None or wanted.reason is Reason.ROLLED_BACK_WITH):
        return
    reading = verdict.read(draft.settings(name), draft.service(name), draft.now)
    if reading.verdict is Verdict.FAILING and (wanted is None or not set(reading.firing) <= set(wanted.rules)):
        draft.emit(
            RollbackWanted(
                service=name, reason=Reason.RULES_PROVED, rules=reading.firing, onset=onset(draft, name, reading.firing)
            )
        )


def onset(draft: Draft, name: str, rules: tuple[str, ...]) -> Seconds | None:
    """When the trouble that these rules see began on the candidate, as far as they can tell."""
    begins = []
    for instance, _ in verdict.candidates(draft.service(name)):
        if instance.rule.name in rules:
            seen = api.evidence(instance.rule, instance.state).onset
            begins.append(instance.since if seen is None else seen)
    return min(begins, default=None)


def pursue(draft: Draft, name: str) -> None:
    """Ask the interlocks about a wanted rollback and act on their answer."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.wanted is None:
        return
    if waivers.take_the_cause(draft, name, deployment.wanted):
        draft.emit(BlockCleared(service=name, reason=Reason.WAIVED))
        return
    if maintenance.take_the_cause(draft, name, deployment.wanted):
        draft.emit(BlockCleared(service=name, reason=Reason.MAINTENANCE))
        return
    if deployment.wanted.blocked is not None and not deployment.wanted.by and _let_go(draft, name, deployment.wanted):
        return
    if deployment.wanted.anyway:
        order(draft, name, deployment.wanted, ())
        return
    answers = interlocks.ask(question(draft, name, deployment.wanted))
    match answers[-1].answer:
        case Answer.PASS:
            order(draft, name, deployment.wanted, answers)
        case Answer.WAIT:
            probe_both(draft, name, PROBE_EVERY_S)
        case _:
            _blocked(draft, name, deployment.wanted, answers[-1])


def question(draft: Draft, name: str, wanted: Wanted) -> Question:
    """The question that the interlocks are asked."""
    return Question(
        state=draft.state,
        settings=draft.settings(name),
        service=draft.service(name),
        deployment=draft.under_way(name),
        wanted=wanted,
        now=draft.now,
    )


def _blocked(draft: Draft, name: str, wanted: Wanted, said: Said) -> None:
    """Freeze, and remember which interlock it was; a second answer of the same kind changes nothing."""
    probe_both(draft, name, PROBE_EVERY_WHEN_BLOCKED_S)
    if wanted.blocked is said.interlock:
        return
    draft.emit(RollbackBlocked(service=name, reason=said.interlock, rules=wanted.rules, detail=said.detail))
    # What somebody decided beforehand waits for no human; a wanted rollback holds progress up by itself.
    if said.interlock not in interlocks.DECIDED_BEFORE:
        draft.emit(HoldSet(service=name, hold=Hold.INTERLOCK, reason=said.interlock, detail=said.detail))


def _let_go(draft: Draft, name: str, wanted: Wanted) -> bool:
    """End a blocked want whose evidence no longer stands; whether it ended.

    After a shared incident everything that was measured in it is thrown away: a candidate that is bad by itself
    proves that again in seconds. Each rule sees its end at its own pace, and one that has seen it must not find the
    next chance failure to be the candidate's own while the others still wait.
    """
    asked = question(draft, name, wanted)
    shared = wanted.blocked is Reason.COMMON_CAUSE
    over = shared and interlocks.shared_incident_over(asked)
    outlived = interlocks.outlived(asked) if shared and not over else ()
    if outlived:
        draft.emit(EvidenceDiscarded(service=name, rules=outlived, reason=Reason.SHARED_INCIDENT))
        asked = question(draft, name, wanted)
    if not over and not interlocks.cause_gone(asked):
        return False
    reason = Reason.SHARED_INCIDENT if over else Reason.HEALTHY_AGAIN
    draft.emit(EvidenceDiscarded(service=name, rules=wanted.rules, reason=reason))
    draft.emit(BlockCleared(service=name, reason=reason))
    return True


def probe_both(draft: Draft, name: str, every: Seconds) -> None:
    """Ask both colours directly whether they answer, no more often than `every`."""
    for colour in Colour:
        asked = draft.service(name).probes.get(colour, StableProbe()).asked_at
        if asked is None or draft.now >= asked + every:
            effect = ProbeColour(id=draft.effect_id(name), service=name, colour=colour)
            draft.emit(ProbeOrdered(service=name, order=effect))


def order(draft: Draft, name: str, wanted: Wanted, answers: tuple[Said, ...]) -> None:
    """All traffic to stable, under a new epoch."""
    said = tuple((str(each.interlock), each.detail or str(each.answer)) for each in answers)
    draft.emit(
        RollbackOrdered(
            service=name, reason=wanted.reason, rules=wanted.rules, interlocks=said, onset=wanted.onset, by=wanted.by
        )
    )
    _order_split(draft, name, wanted.reason)


def _order_split(draft: Draft, name: str, reason: Reason) -> None:
    deployment = draft.under_way(name)
    split = replace(deployment.declared, weight=0.0, promoted=False)
    epoch = deployment.epoch + 1
    effect = SetTraffic(id=draft.effect_id(name), service=name, epoch=epoch, split=split, brake=True)
    draft.emit(SplitOrdered(service=name, epoch=epoch, step=deployment.step, split=split, order=effect, rollback=True))
    draft.emit(PhaseChanged(service=name, to=Phase.ROLLING_BACK, reason=reason))


def traffic_moved(draft: Draft, name: str, *, ok: bool, detail: str) -> None:
    """The order to move everything to stable has ended."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.phase is not Phase.ROLLING_BACK:
        return
    if not ok:
        draft.emit(PhaseChanged(service=name, to=Phase.ROLLBACK_FAILED, reason=Reason.SWITCH_FAILED, detail=detail))
        return
    draft.emit(PhaseChanged(service=name, to=Phase.VERIFYING, reason=Reason.STEP_IN_FORCE))
    _order_proof(draft, name, deployment)


def _order_proof(draft: Draft, name: str, deployment: Deployment) -> None:
    rollback = deployment.rollback
    first = rollback is not None and rollback.attempts == 1 and deployment.phase is not Phase.ROLLBACK_FAILED
    since = rollback.braked_at if rollback is not None and first else None
    effect = Prove(
        id=draft.effect_id(name),
        service=name,
        epoch=deployment.epoch,
        stable=deployment.stable,
        since=draft.now if since is None else since,
    )
    draft.emit(ProofOrdered(service=name, order=effect))


def proof_came(draft: Draft, name: str, *, ok: bool, detail: str) -> None:
    """Live traffic has spoken: only now may it be called rolled back."""
    deployment = draft.under_way(name)
    by_hand = deployment.phase is Phase.ROLLBACK_FAILED
    if not ok:
        if not by_hand:
            draft.emit(PhaseChanged(service=name, to=Phase.ROLLBACK_FAILED, reason=Reason.PROOF_FAILED, detail=detail))
        return
    service = draft.service(name)
    if service.stable is not deployment.stable:
        draft.emit(
            StableChanged(
                service=name,
                stable=deployment.stable,
                release=deployment.previous_release,
                reason=Reason.PROVED_BY_TRAFFIC,
            )
        )
    reason = Reason.REPAIRED_BY_HAND if by_hand else Reason.PROVED_BY_TRAFFIC
    draft.emit(PhaseChanged(service=name, to=Phase.ROLLED_BACK, reason=reason, detail=detail))


def repaired(draft: Draft, name: str) -> None:
    """The router says that stable has all traffic though the rollback failed: live traffic is asked about it."""
    deployment = draft.deployment(name)
    asked = draft.service(name).waits_for(Prove)
    if deployment is not None and deployment.phase is Phase.ROLLBACK_FAILED and not asked:
        _order_proof(draft, name, deployment)


def carry_on(draft: Draft, name: str) -> None:
    """What a rollback needs next without a new event: a failed one is tried again, a torn one is taken up.

    Torn: the journal lost the end of a step. What was decided stands, and only what followed from it is done again.
    """
    deployment = draft.deployment(name)
    if deployment is None or deployment.rollback is None:
        return
    match deployment.phase:
        case Phase.ROLLED_BACK:
            pass
        case Phase.ROLLING_BACK:
            if not draft.service(name).waits_for(SetTraffic):
                traffic_moved(draft, name, ok=deployment.order_failed_at is None, detail="taken up after a restart")
            elif _overdue(draft, name, SWITCH_WITHIN_S):
                _give_up(draft, name, SetTraffic)
                traffic_moved(draft, name, ok=False, detail=f"no outcome within {SWITCH_WITHIN_S:g} s")
        case Phase.VERIFYING:
            if not draft.service(name).waits_for(Prove):
                _order_proof(draft, name, deployment)
            elif _overdue(draft, name, PROOF_WITHIN_S):
                _give_up(draft, name, Prove)
                proof_came(draft, name, ok=False, detail=f"no answer within {PROOF_WITHIN_S:g} s")
        case Phase.ROLLBACK_FAILED:
            _try_again(draft, name, deployment)
        case _:
            _order_split(draft, name, deployment.rollback.reason)


def _try_again(draft: Draft, name: str, deployment: Deployment) -> None:
    """Once the time has come, unless live traffic is asked about a repair by hand, for which it waits a little."""
    asked = draft.service(name).waits_for(Prove) and not _overdue(draft, name, RETRY_AFTER_S + PROOF_WITHIN_S)
    if draft.now >= retry_at(deployment) and not asked:
        _order_split(draft, name, Reason.RETRY)


def _overdue(draft: Draft, name: str, within: Seconds) -> bool:
    """Whether the phase began so long ago, or the daemon that ordered again what had no outcome."""
    began = max(draft.under_way(name).phase_since, draft.service(name).watched_since)
    return draft.now >= began + within


def _give_up(draft: Draft, name: str, kind: type[SetTraffic | Prove]) -> None:
    for effect in [each for each in draft.service(name).waiting.values() if isinstance(each, kind)]:
        draft.emit(OutcomeGivenUp(service=name, effect=effect.id))


def retry_at(deployment: Deployment) -> Seconds:
    """When a failed rollback is tried again."""
    return deployment.phase_since + RETRY_AFTER_S
