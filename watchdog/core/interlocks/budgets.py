"""How much may be done without a human: rollbacks of one service, and of several at once.

What lives here: the two interlocks that count. What must not: the counted times themselves (`spending`). Both
only stand in the program's way. A service that is rolled back with another is part of that one's rollback: it is
neither counted nor asked.
"""

from watchdog.core import spending
from watchdog.core.interlocks.question import Question, Said, blocks, passes
from watchdog.core.phases import Hold
from watchdog.core.reasons import Reason
from watchdog.core.settings import Environment


def budget(question: Question) -> Said:
    """Rules have rolled this service back too often already."""
    allowed = question.settings.budget
    if allowed is None or not _counts(question):
        return passes(Reason.BUDGET)
    spent = len(spending.counted(question.service, allowed, question.now))
    told = f"{spent} of {allowed.rollbacks}"
    return (blocks if spent >= allowed.rollbacks else passes)(Reason.BUDGET, told)


def wave(question: Question) -> Said:
    """Too many other services were rolled back just now: that has one cause, and it is no release.

    A fault of the monitoring would roll back one service after the other as fast as the time lets it. So once a service
    was stopped by a wave it stays so until a human lifts that hold, however long ago the others were.
    """
    environment = question.state.environment
    if environment is None or environment.budget is None or not _counts(question):
        return passes(Reason.WAVE)
    allowed = environment.budget
    if question.deployment.holds.get(Hold.INTERLOCK) is Reason.WAVE:
        return blocks(Reason.WAVE, question.deployment.held_details[Hold.INTERLOCK])
    found = sorted(
        name
        for name, service in question.state.services.items()
        if name != question.service.name
        if spending.counted(service, allowed, question.now)
    )
    others: list[str] = []
    for name in found:
        if not any(_together(environment, name, other) for other in others):
            others.append(name)
    return (blocks if len(others) >= allowed.rollbacks else passes)(Reason.WAVE, ", ".join(others))


def _together(environment: Environment, one: str, other: str) -> bool:
    """Whether either is rolled back with the other, so that both count once."""
    pairs = ((one, other), (other, one))
    known = [(environment.service(name), mate) for name, mate in pairs]
    return any(settings is not None and mate in settings.rollback_with for settings, mate in known)


def _counts(question: Question) -> bool:
    return question.automatic and question.wanted.reason is not Reason.ROLLED_BACK_WITH
