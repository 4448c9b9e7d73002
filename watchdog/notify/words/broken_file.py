"""The message that the environment file cannot be used, and the last good configuration is in force.

What lives here: this one message, which has no incident: it is about the daemon and not about a service. What must
not: finding out what is wrong.
"""

from collections.abc import Sequence

from watchdog.notify.words.message import Message
from watchdog.notify.words.tags import CHECK_TODAY

SHOWN_PROBLEMS = 3
"""Lines that a phone shows; `check` shows them all."""


def broken_file(
    environment: str, *, path: str, problems: str, since: str, contacts: Sequence[str], sources: Sequence[str]
) -> Message:
    """`problems`: what `check` says, a line each. `since`: since when the configuration in force is what it is.

    `contacts` and `sources`: who and what is left out, because a secret stood in the file.
    """
    lines = problems.splitlines()
    more = len(lines) - SHOWN_PROBLEMS
    why = [*lines[:SHOWN_PROBLEMS], *([f"and {more} more"] if more > 0 else [])]
    now = [f"Every service is guarded by the configuration of {since}; later changes are not in force."]
    if contacts:
        now.append(f"Not told: {', '.join(contacts)}. The address stood in the file itself, and only there.")
    if sources:
        now.append(f"Not asked: {', '.join(sources)}. A secret stood in the file itself, and only there.")
    ways = [f"rollback-watchdog check {path}", "systemctl reload rollback-watchdog   puts the mended file in force"]
    labelled = (("Why", why), ("Now", now), ("Ways", ways))
    body = "\n".join(
        f"{label if first else '':<7}{line}" for label, each in labelled for first, line in _numbered(each)
    )
    title = f"{CHECK_TODAY} {environment}: the environment file cannot be used; the last good one is in force."
    return Message(title=title, body=body)


def _numbered(lines: Sequence[str]) -> list[tuple[bool, str]]:
    return [(index == 0, line) for index, line in enumerate(lines)]
