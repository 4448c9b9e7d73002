"""The operator's maintenance page is in force: no user reaches either colour, and what their copies do says nothing.

What lives here: what begins and ends with it. What must not: what is left out of the verdict for it (`verdict`). The
router is asked for it from time to time, so its beginning is known some seconds late; what the rules saw in these
seconds is thrown away.
"""

from watchdog.core import verdict
from watchdog.core.draft import Draft
from watchdog.core.reasons import Reason
from watchdog.core.records import EvidenceDiscarded
from watchdog.core.state import ServiceState, Wanted


def noted(draft: Draft, name: str, before: ServiceState) -> None:
    """The router has answered: if the page is new, what was measured of the colours counts no more."""
    service = draft.service(name)
    if verdict.maintained(before) or not verdict.maintained(service):
        return
    if service.deployment is None or service.deployment.ended:
        return
    rules = tuple(rule.name for rule in draft.settings(name).rules if rule.per_colour)
    if rules:
        draft.emit(EvidenceDiscarded(service=name, rules=rules, reason=Reason.MAINTENANCE))


def take_the_cause(draft: Draft, name: str, wanted: Wanted) -> bool:
    """Whether a rollback that rules want is wanted no more, since nobody reaches what they saw fail."""
    by_rules = not wanted.by and wanted.reason is Reason.RULES_PROVED
    return by_rules and verdict.maintained(draft.service(name))
