"""The environment as a whole: its name, its folders, who is told.

What lives here: the top-level keys, `contacts` and `escalation`. What must not: what other modules of the package hold.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.base import Complaint, Model
from watchdog.config.units import Duration
from watchdog.config.words import SOCKET_PATH_BYTES, AbsolutePath, GroupName, Name, SenderUrl, SocketPath

DEFAULT_STATE = "/var/lib/rollback-watchdog"


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
    LATER_WORDS: ClassVar[Mapping[str, frozenset[str]]] = {"level": frozenset({"1", "3", "4"})}

    level: Literal["2"] = Field(description="2: on-call, told when the daemon may not or cannot help.")
    after: Duration = Field(
        default=Duration(0.0), description="Time after the opening of an incident; level 2 is told at once: 0s."
    )
    repeat: Duration = Field(
        default=Duration(60.0),
        description="Told again after this time, until acknowledged or resolved; at least 1s. 0s: never again.",
    )
    contacts: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(description="Who is told.")

    def complaints(self) -> Iterator[Complaint]:
        """Ranges."""
        if self.after > 0.0:
            yield ("after",), found(self.after, "0s: level 2 is told at once in this version")
        if 0.0 < self.repeat < 1.0:
            yield ("repeat",), found(self.repeat, "0s or a duration of at least 1s")


class Top(Model):
    """The keys of the file itself; the sections with named entries are in modules of their own."""

    LATER: ClassVar[frozenset[str]] = frozenset({"shadow", "cluster", "listen", "metrics", "budget"})

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
        default=(), description="Who is told when a human must decide. Left out: nobody, with a warning."
    )

    @property
    def edge_socket(self) -> str:
        """Where the balancers' lines arrive."""
        return self.edge.socket or f"{self.state}/edge.sock"

    def complaints(self) -> Iterator[Complaint]:
        """A socket must fit below the state folder."""
        if len(self.edge_socket.encode()) > SOCKET_PATH_BYTES:
            wanted = f"a shorter folder: {self.edge_socket} has over {SOCKET_PATH_BYTES} bytes; or set edge.socket"
            yield ("state",), found(self.state, wanted)
