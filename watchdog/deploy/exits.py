"""Exit statuses, and an error of the control client as one of them with its sentence.

What lives here: the numbers that both programs document, and the translation. What must not: printing.
"""

from typing import Final

from watchdog.control.client import ControlError, ForbiddenError, RefusedError
from watchdog.text.reasons import refusal

DONE: Final = 0
REFUSED: Final = 1
"""Refused or failed."""
USAGE: Final = 2
UNREACHABLE: Final = 3
"""The daemon is not reachable, or did not answer."""
INTERRUPTED: Final = 130
"""Ctrl-C, as shells tell it."""


def told(error: ControlError, service: str = "") -> tuple[int, str]:
    """The exit status and what a person is told."""
    if isinstance(error, RefusedError):
        return REFUSED, refusal(error.reason, str(error), service) if error.reason else str(error)
    return (REFUSED if isinstance(error, ForbiddenError) else UNREACHABLE), str(error)
