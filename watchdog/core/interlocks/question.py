"""The question that the interlocks are asked, and their answers.

What lives here: values. What must not: an interlock.
"""

from dataclasses import dataclass
from enum import StrEnum

from watchdog.core.model import Seconds
from watchdog.core.reasons import Reason
from watchdog.core.settings import Service
from watchdog.core.state import Deployment, ServiceState, State, Wanted


class Answer(StrEnum):
    """What an interlock says."""

    PASS = "pass"  # noqa: S105 - an answer, not a password
    WAIT = "wait"
    BLOCK = "block"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One interlock's answer and why."""

    interlock: Reason
    answer: Answer
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """May this service's traffic go to stable, for this cause, now?"""

    state: State
    settings: Service
    service: ServiceState
    deployment: Deployment
    wanted: Wanted
    now: Seconds

    @property
    def automatic(self) -> bool:
        """No human ordered it."""
        return not self.wanted.by


def passes(interlock: Reason, detail: str = "") -> Said:
    """Nothing stands in the way, as far as this interlock sees."""
    return Said(interlock=interlock, answer=Answer.PASS, detail=detail)


def blocks(interlock: Reason, detail: str = "") -> Said:
    """This interlock stands in the way."""
    return Said(interlock=interlock, answer=Answer.BLOCK, detail=detail)
