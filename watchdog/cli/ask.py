"""Before something changes: what is, what will be, and the question.

What lives here: the prompt. What must not: what a command changes.
"""

import sys
from typing import Final

QUESTION: Final = "Go on? [y/N] "


class CannotAskError(Exception):
    """Nobody is there to ask, and nobody said --yes."""


def confirmed(before_and_after: str, *, yes: bool) -> bool:
    """Say what will change and ask; with `yes` it is only said. CannotAskError when there is no terminal to ask at."""
    if yes:
        print(before_and_after)
        return True
    if not sys.stdin.isatty():
        raise CannotAskError(
            f"{before_and_after}\nNothing was changed: there is no terminal to ask at; --yes goes on without asking."
        )
    try:
        answer = input(f"{before_and_after} {QUESTION}")
    except EOFError:
        print()
        return False
    return answer.strip().lower() in ("y", "yes")
