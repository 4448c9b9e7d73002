"""Taking a rule out of one deployment for a while, because somebody knows better than it does.

What lives here: when that is refused, its record, its end. What must not: what a waived rule is left out of; each place
asks `verdict.waived`. A waived rule goes on measuring, so that it counts at once when its time is over.
"""

from watchdog.core import verdict
from watchdog.core.draft import Draft
from watchdog.core.events import Waive
from watchdog.core.phases import WATCHED, Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import RuleWaived, WaiverEnded
from watchdog.core.state import Deployment, Wanted

BEFORE_THE_WAY_BACK = WATCHED | {Phase.SUBMITTED, Phase.PREPARING}
"""Once a rollback is ordered no rule decides anything any more."""


def refused(draft: Draft, command: Waive, deployment: Deployment) -> tuple[Reason, str] | None:
    """Why a waiver is not put or ended, if it is not."""
    if deployment.ended:
        return Reason.NO_DEPLOYMENT, ""
    if deployment.phase not in BEFORE_THE_WAY_BACK:
        return Reason.WRONG_PHASE, str(deployment.phase)
    known = [rule.name for rule in draft.settings(command.service).rules]
    if command.rule not in known and command.rule not in deployment.waived:
        return Reason.NO_SUCH_RULE, f"{command.rule}; there are {', '.join(known)}"
    if command.for_ <= 0.0:
        return None if command.rule in deployment.waived else (Reason.ALREADY, f"{command.rule} is not waived")
    return None if command.because else (Reason.BECAUSE_WANTED, "")


def put(draft: Draft, command: Waive) -> None:
    """Begin a waiver, replace it by another, or end it."""
    if command.for_ <= 0.0:
        draft.emit(WaiverEnded(service=command.service, rule=command.rule, reason=Reason.HUMAN, by=command.by))
        return
    draft.emit(
        RuleWaived(
            service=command.service,
            rule=command.rule,
            until=draft.now + command.for_,
            by=command.by or "somebody",
            because=command.because,
        )
    )


def expire(draft: Draft, name: str) -> None:
    """Note the end of every waiver whose time is over."""
    deployment = draft.deployment(name)
    if deployment is None or deployment.ended:
        return
    for rule, waiver in deployment.waived.items():
        if draft.now >= waiver.until:
            draft.emit(WaiverEnded(service=name, rule=rule, reason=Reason.WAIVER_OVER))


def take_the_cause(draft: Draft, name: str, wanted: Wanted) -> bool:
    """Whether a rollback that rules want is wanted no more, since without the waived ones the policy is not true."""
    service, settings = draft.service(name), draft.settings(name)
    left = tuple(rule for rule in wanted.rules if not verdict.waived(service, rule, draft.now))
    by_rules = not wanted.by and wanted.reason is Reason.RULES_PROVED
    return by_rules and left != wanted.rules and not verdict.holds(settings, settings.policy, left)
