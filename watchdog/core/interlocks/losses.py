"""What users would lose on stable: a database it knows, and what they wrote.

What lives here: the interlocks that a human is asked about, too, unless the order says `anyway`. What must not: how it
is known that somebody wrote (`writes`).
"""

from watchdog.core import writes
from watchdog.core.interlocks.question import Question, Said, blocks, passes
from watchdog.core.reasons import Reason


def schema(question: Question) -> Said:
    """Stable must be known to work on the database as it is now."""
    declared = question.deployment.schema
    if declared.stable_works_on_it:
        return passes(Reason.SCHEMA, str(declared))
    return blocks(Reason.SCHEMA, str(declared))


def writes_on_candidate(question: Question) -> Said:
    """Where each colour has its own data, nothing may have been written on the candidate, unless it may be lost."""
    lost = writes.would_be_lost(question.settings, question.service, question.now)
    if lost is not None:
        return blocks(Reason.WRITES_ON_CANDIDATE, lost)
    return passes(Reason.WRITES_ON_CANDIDATE, writes.kept(question.settings))
