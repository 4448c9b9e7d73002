"""HAProxy as a router.

What lives here: the keys. What must not: how it is told (`watchdog.traffic.haproxy`).
"""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.base import Complaint, Model, listed
from watchdog.config.schema.routers.entry import Entry
from watchdog.config.schema.sources.haproxy import SERVER, ProxyName, RuntimeSocket
from watchdog.config.sources.colour import tells_colours
from watchdog.config.units import Duration
from watchdog.config.words import AbsolutePath, Flag

LONGEST_TIMEOUT_S = 2.0
"""A divert has 5 s, and asks twice."""


class HaproxyRouter(Model):
    """HAProxy moves the traffic, by weights and states of the servers of one backend."""

    socket: RuntimeSocket = Field(
        description="The `stats socket` of HAProxy's configuration, a path or `host:port`. Level `admin` is needed."
    )
    backend: ProxyName = Field(description="The backend with both colours' servers.")
    server: Annotated[tuple[ProxyName, ...], Field(min_length=1), listed] = Field(
        default=(SERVER,),
        description="The names of a colour's servers in the backend, such as `$colour` or `[$colour-1, $colour-2]`.",
    )
    entry: Entry = Field(default=Entry(), description="How the daemon reaches the service through HAProxy.")
    state_file: AbsolutePath | None = Field(
        default=None,
        description="HAProxy's `server-state-file`, written after every change so that a reload or restart keeps it. "
        "Left out: a reload brings the configured weights back, and what is towards stable is put right within 10s.",
    )
    timeout: Duration = Field(
        default=Duration(1.0), description="HAProxy answers within this time, or not at all; 100ms to 2s."
    )
    drain: Duration = Field(
        default=Duration(60.0), description="How long what is open on the candidate may go on after a rollback."
    )
    shutdown_sessions: Flag = Field(
        default=False,
        description="`true`: what is open on the candidate after `drain` is ended, for candidate_after_rollback: drain "
        "or stop. `false`: it may go on.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and servers that would be both colours'."""
        if not 0.1 <= self.timeout <= LONGEST_TIMEOUT_S:  # noqa: PLR2004 - named in the message
            yield ("timeout",), found(self.timeout, "a duration from 100ms to 2s")
        if tells_colours(self.backend):
            wanted = "one backend with both colours' servers: weights divide the users of one backend only"
            yield ("backend",), found(self.backend, wanted)
        if len(set(self.server)) < len(self.server):
            yield ("server",), "names a server twice"
        for index, server in enumerate(self.server):
            if not tells_colours(server):
                yield ("server", index), f'"{server}" would be both colours\'; wanted $colour in it'
