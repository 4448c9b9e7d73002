"""A command of the operator's: does it pass, or which number does it say?

What lives here: its keys. What must not: how it is run (`watchdog.sources.command`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PlainValidator, WithJsonSchema

from watchdog.config.errors import found, wrong
from watchdog.config.parsed import spelled
from watchdog.config.schema.base import Complaint
from watchdog.config.schema.sources.base import PolledModel, SignalSpec
from watchdog.config.sources.colour import names_a_colour, tells_colours
from watchdog.config.units import Duration
from watchdog.config.words import Secret, Text

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_OURS = frozenset({"CREDENTIALS_DIRECTORY", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"})


def variable_name(value: object) -> str:
    """The name of an environment variable."""
    if not isinstance(value, str) or not _VARIABLE.fullmatch(value):
        raise wrong(value, "the name of an environment variable, such as PGPASSFILE")
    return value


VariableName = Annotated[
    str,
    PlainValidator(variable_name),
    WithJsonSchema(spelled(_VARIABLE.pattern, "the name of an environment variable", "PGPASSFILE")),
]


class Command(PolledModel):
    """A program of yours, run without a shell. One signal, by what it returns: ok, value or count. With `$colour` in
    its arguments or environment it is run once for each colour.
    """

    REQUIRED: ClassVar[bool] = False
    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "ok": SignalSpec(kind="probe"),
        "value": SignalSpec(kind="gauge"),
        "count": SignalSpec(kind="count"),
    }
    YIELDS: ClassVar[Mapping[str, str]] = {"status": "ok", "number": "value", "counter": "count"}
    """The signal of each `returns`."""

    argv: Annotated[tuple[Text, ...], Field(min_length=1)] = Field(
        description="The program's absolute path and its arguments as a list, such as "
        "`[/usr/local/bin/check-db, $colour]`. No shell: nothing is expanded, piped or quoted."
    )
    returns: Literal["status", "number", "counter"] = Field(
        default="status",
        description="`status`: exit 0 passes, else it fails (`ok`). `number`: one number on its output (`value`). "
        "`counter`: one number that only grows, of which the increase counts (`count`).",
    )
    timeout: Duration = Field(
        default=Duration(2.0), description="A run that takes longer is killed and is a failure; at least 100ms."
    )
    environment: dict[VariableName, Secret] = Field(
        default={},
        description="Its environment beside PATH, LANG and TZ: a text, `{credential: NAME}` or `{file: /PATH}`. "
        "Never shown. Left out: nothing else.",
    )

    def signals(self) -> Mapping[str, SignalSpec]:
        """The one of what it returns."""
        name = self.YIELDS[self.returns]
        spec = replace(self.CATALOGUE[name], per_colour=self.tells_colours, names=names_a_colour(" ".join(self.argv)))
        return {name: spec}

    @property
    def tells_colours(self) -> bool:
        """Whether it is run for each colour."""
        written = (*self.argv, *(each.literal or "" for each in self.environment.values()))
        return any(tells_colours(each) for each in written)

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, a program that depends on who looks for it, and variables that are not its business."""
        yield from self.rhythm_complaints()
        if self.timeout < 0.1:  # noqa: PLR2004 (named in the message)
            yield ("timeout",), found(self.timeout, "a duration of at least 100ms")
        program = self.argv[0]
        if not program.startswith("/"):
            yield ("argv", 0), found(program, "the absolute path of a program, such as /usr/local/bin/check-db")
        elif " " in program:
            yield ("argv", 0), found(program, "a path alone; each argument is an item of its own")
        for name in self.environment:
            if name in _OURS:
                yield ("environment", name), "is the daemon's own and not a command's; wanted another name"
