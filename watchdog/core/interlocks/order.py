"""The order in which the interlocks are asked.

What lives here: the one list, and asking down it. What must not: an interlock.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from watchdog.core.interlocks.alike import common_cause
from watchdog.core.interlocks.budgets import budget, wave
from watchdog.core.interlocks.losses import schema, writes_on_candidate
from watchdog.core.interlocks.people import disarmed, shadow, stop_the_line
from watchdog.core.interlocks.question import Answer, Question, Said
from watchdog.core.interlocks.stable import known_bad, stable_down

Interlock: TypeAlias = Callable[[Question], Said]

FOR_ROLLBACK: Final[tuple[Interlock, ...]] = (
    stop_the_line,
    shadow,
    disarmed,
    schema,
    writes_on_candidate,
    stable_down,
    common_cause,
    budget,
    wave,
    known_bad,
)
"""In the order in which they are asked. One action at a time is kept by the engine's epochs, and the cool-down is asked
of a submission: to keep users on a bad release because another one was bad a moment ago would protect nobody."""


def ask(question: Question) -> tuple[Said, ...]:
    """Every interlock's answer, up to the first that does not pass."""
    answers: list[Said] = []
    for interlock in FOR_ROLLBACK:
        said = interlock(question)
        answers.append(said)
        if said.answer is not Answer.PASS:
            break
    return tuple(answers)
