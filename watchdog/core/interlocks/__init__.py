"""When not to act: small pure functions, asked in one visible order (`watchdog.core.interlocks.order`).

An interlock passes, waits for a sign that is on its way, or blocks; a block turns a rollback into a freeze that a
human is told about.
"""

from watchdog.core.interlocks.alike import cause_gone, common_cause, outlived, shared_incident_over
from watchdog.core.interlocks.budgets import budget, wave
from watchdog.core.interlocks.losses import schema, writes_on_candidate
from watchdog.core.interlocks.order import FOR_ROLLBACK, Interlock, ask
from watchdog.core.interlocks.people import DECIDED_BEFORE, disarmed, shadow, stop_the_line
from watchdog.core.interlocks.question import Answer, Question, Said
from watchdog.core.interlocks.stable import STABLE_MUST_ANSWER_WITHIN_S, known_bad, stable_down

__all__ = [
    "DECIDED_BEFORE",
    "FOR_ROLLBACK",
    "STABLE_MUST_ANSWER_WITHIN_S",
    "Answer",
    "Interlock",
    "Question",
    "Said",
    "ask",
    "budget",
    "cause_gone",
    "common_cause",
    "disarmed",
    "known_bad",
    "outlived",
    "schema",
    "shadow",
    "shared_incident_over",
    "stable_down",
    "stop_the_line",
    "wave",
    "writes_on_candidate",
]
