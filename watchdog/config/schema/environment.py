"""The environment as a whole: its name, its folders, who is told.

What lives here: the top-level keys, `contacts` and `escalation`. What must not: what other modules of the package hold.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.schema.budget import MaybeWaveBudget, WaveBudget
from watchdog.config.units import Duration
from watchdog.config.words import SOCKET_PATH_BYTES, AbsolutePath, Flag, GroupName, Name, SenderUrl, SocketPath

DEFAULT_STATE = "/var/lib/rollback-watchdog"

_AFTER_S: Final = {"2": 0.0, "3": 300.0, "4": 900.0}
_REPEAT_S: Final = {"2": 60.0, "3": 300.0, "4": 300.0}


class Control(Model):
    """Where the operator's commands arrive."""

    LATER: ClassVar[frozenset[str]] = frozenset({"listen", "tcp", "metrics"})

    socket: SocketPath = Field(
        default="/run/rollback-watchdog/control.sock", description="Unix socket of the control interface."
    )
    operators: GroupName | None = Field(
        default=None, description="Group whose members may give orders. Left out: root and the daemon's own user."
    )
    viewers: GroupName | None = Field(
        default=None,
        description="Group whose members may read; the socket is theirs, so operators must be members of it, too. "
        "Left out: nobody but operators.",
    )


class Edge(Model):
    """Where the balancers' lines arrive."""

    socket: SocketPath | None = Field(
        default=None, description="Unix datagram socket for the balancers' lines. Left out: `edge.sock` in `state`."
    )
    group: GroupName | None = Field(
        default=None, description="Group of the balancer's workers, who write to it. Left out: www-data or nginx."
    )


class Contact(Model):
    """Somebody who can be told."""

    LATER: ClassVar[frozenset[str]] = frozenset({"webhook", "email", "phone", "hours"})

    apprise: SenderUrl = Field(
        description="How to reach them: `{credential: NAME}` (a file in $CREDENTIALS_DIRECTORY), `{file: /PATH}`, or "
        "an apprise address, which is never shown."
    )


class Level(Model):
    """One level of the escalation."""

    WHOLE: ClassVar[bool] = True

    level: Literal["2", "3", "4"] = Field(
        description="2: on-call, told at once when the daemon may not or cannot help (level 1 is the daemon itself). 3 "
        "and 4: who is told after them, such as the DevOps lead and the IT director."
    )
    after: Duration | None = Field(
        default=None,
        description="Time after the opening of an incident, more at each level. Left out: 0s at level 2, which is told "
        "at once and can have nothing else; 5m at level 3; 15m at level 4.",
    )
    repeat: Duration | None = Field(
        default=None,
        description="Told again after this time, until acknowledged or resolved; at least 1s. 0s: never again. Left "
        "out: 1m at level 2, 5m at the others.",
    )
    contacts: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(description="Who is told.")

    @property
    def begins(self) -> float:
        """Seconds after the opening of an incident."""
        return _AFTER_S[self.level] if self.after is None else float(self.after)

    @property
    def every(self) -> float:
        """Seconds from one message to the next; 0: there is one only."""
        return _REPEAT_S[self.level] if self.repeat is None else float(self.repeat)

    def complaints(self) -> Iterator[Complaint]:
        """Ranges."""
        if self.level == "2" and self.begins > 0.0:
            yield ("after",), found(self.after, "0s: level 2 is told at once; who is told later has level 3 or 4")
        if self.repeat is not None and 0.0 < self.repeat < 1.0:
            yield ("repeat",), found(self.repeat, "0s or a duration of at least 1s")


class Top(Model):
    """The keys of the file itself; the sections with named entries are in modules of their own."""

    LATER: ClassVar[frozenset[str]] = frozenset({"cluster", "listen", "metrics"})

    version: Literal["1"] = Field(description="Version of this language: 1.")
    environment: Name = Field(description="Name of the environment, such as production.")
    state: AbsolutePath = Field(
        default=DEFAULT_STATE,
        description="Folder of the journal, the brakes and the edge socket; must survive a reboot.",
    )
    control: Control = Field(default=Control(), description="Where the operator's commands arrive.")
    edge: Edge = Field(default=Edge(), description="Where the balancers' lines arrive.")
    chat: tuple[Name, ...] = Field(
        default=(), description="Contacts for what wakes nobody: diverts, a gate that waits. Left out: nobody."
    )
    blind_after: Duration = Field(
        default=Duration(120.0), description="People are told when a required source has been silent for this long."
    )
    escalation: tuple[Level, ...] = Field(
        default=(),
        description="Who is told when a human must decide, level by level, beginning with 2. Left out: nobody, with a "
        "warning.",
    )
    shadow: Flag = Field(
        default=False,
        description="`true`: no service diverts or rolls back by itself; what would have been done is told to `chat`.",
    )
    budget: MaybeWaveBudget = Field(
        default=WaveBudget(),
        description="How many rollbacks of different services rules may order within a time; the next one is frozen, "
        "and people are told: so many at once have one cause. `none`: no bound.",
    )

    @property
    def edge_socket(self) -> str:
        """Where the balancers' lines arrive."""
        return self.edge.socket or f"{self.state}/edge.sock"

    def complaints(self) -> Iterator[Complaint]:
        """A socket must fit below the state folder, and levels rise."""
        if len(self.edge_socket.encode()) > SOCKET_PATH_BYTES:
            wanted = f"a shorter folder: {self.edge_socket} has over {SOCKET_PATH_BYTES} bytes; or set edge.socket"
            yield ("state",), found(self.state, wanted)
        yield from self._rising()

    def _rising(self) -> Iterator[Complaint]:
        """Nobody is told before the level below, and on-call is always told."""
        for index, level in enumerate(self.escalation):
            if index == 0:
                if level.level != "2":
                    yield ("escalation", 0, "level"), found(level.level, "2 first: on-call is told before anybody else")
                continue
            before = self.escalation[index - 1]
            if level.level == before.level:
                yield ("escalation", index, "level"), f"{level.level} is given twice; wanted each level once"
            elif level.level < before.level:
                wanted = f"a level above the one before ({before.level})"
                yield ("escalation", index, "level"), found(level.level, wanted)
            elif level.begins <= before.begins:
                wanted = f"more than the {Duration(before.begins)} of level {before.level}"
                yield ("escalation", index, "after"), f"after is {Duration(level.begins)}, wanted {wanted}"
