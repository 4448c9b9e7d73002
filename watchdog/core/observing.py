"""What rules that only observe would have done: written down once for each time they begin to fire.

What lives here: that record. What must not: anything that follows from it; an observing rule wakes nobody and counts
for nothing.
"""

from watchdog.core import verdict
from watchdog.core.draft import Draft
from watchdog.core.model import Judgement, Level, OnFire
from watchdog.core.records import WouldHaveAsked
from watchdog.core.rules import api


def note(draft: Draft, name: str) -> None:
    """Write down every observing rule that has begun to fire on the candidate."""
    deployment = draft.deployment(name)
    if deployment is None or not deployment.watched:
        return
    settings, service = draft.settings(name), draft.service(name)
    for instance, colour in verdict.candidates(service):
        rule = instance.rule
        if rule.on_fire is not OnFire.OBSERVE or instance.level is not Level.FIRING or instance.noted:
            continue
        unknown = verdict.judgement(settings, service, instance, colour, draft.now) is Judgement.UNKNOWN
        if not unknown and not verdict.left_out(service, rule, draft.now):
            onset = api.evidence(rule, instance.state).onset
            draft.emit(WouldHaveAsked(service=name, rule=rule.name, ask=rule.instead_of, onset=onset))
