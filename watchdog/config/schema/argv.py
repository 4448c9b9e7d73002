"""A program of the operator's with its arguments: a list, never a text for a shell.

What lives here: the form and what is wrong with one. What must not: any key, how it is run.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Field

from watchdog.config.errors import WrongValueError, found, shown
from watchdog.config.schema.base import Complaint, Place
from watchdog.config.words import Text


def _no_shell(value: Any) -> Any:
    """A text would want a shell to take it apart, and there is none."""
    if isinstance(value, str):
        such = shown(f"[{', '.join(value.split())}]")[1:-1]
        why = "no shell takes a line apart; what needs one goes into a script"
        raise WrongValueError(f"found {shown(value)}, wanted a list such as {such}: {why}")
    return value


Argv: TypeAlias = Annotated[tuple[Text, ...], Field(min_length=1), BeforeValidator(_no_shell)]
"""The program's absolute path and its arguments."""


def argv_complaints(argv: Sequence[str], place: Place = ("argv",)) -> Iterator[Complaint]:
    """A program that depends on who looks for it, or that is a whole line."""
    program = argv[0]
    if not program.startswith("/"):
        wanted = "the absolute path of a program, such as /usr/local/bin/warm-cache"
        yield (*place, 0), found(program, wanted)
    elif " " in program:
        yield (*place, 0), found(program, "a path alone; each argument is an item of its own")
