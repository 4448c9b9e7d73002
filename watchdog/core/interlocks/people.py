"""What people decided before: nothing happens by itself, in the environment, the service, or for a time.

What lives here: interlocks that only stand in the program's way. What must not: anything measured.
"""

from typing import Final

from watchdog.core.interlocks.question import Question, Said, blocks, passes
from watchdog.core.reasons import Reason

DECIDED_BEFORE: Final = frozenset({Reason.SHADOW, Reason.DISARMED})
"""Blocks that somebody wanted: no human is waited for."""


def stop_the_line(question: Question) -> Said:
    """A human stopped every automatic action."""
    state = question.state
    if question.automatic and state.stopped_by:
        return blocks(Reason.STOP_THE_LINE, f"{state.stopped_by}: {state.stopped_because}")
    return passes(Reason.STOP_THE_LINE)


def shadow(question: Question) -> Said:
    """The service only shows what it would have done."""
    if question.automatic and question.settings.shadow:
        return blocks(Reason.SHADOW)
    return passes(Reason.SHADOW)


def disarmed(question: Question) -> Said:
    """A human silenced this service for a time that is not over."""
    waiver = question.service.disarmed
    if question.automatic and waiver is not None and question.now < waiver.until:
        return blocks(Reason.DISARMED, f"{waiver.by}: {waiver.because}")
    return passes(Reason.DISARMED)
