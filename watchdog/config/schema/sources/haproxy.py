"""HAProxy's own statistics about the colours' servers.

What lives here: the keys. What must not: how they are read (`watchdog.sources.haproxy`).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import Field, PlainValidator, WithJsonSchema

from watchdog.config.errors import WrongValueError, found, wrong
from watchdog.config.parsed import spelled
from watchdog.config.schema.base import Complaint, listed
from watchdog.config.schema.sources.base import PolledModel, SignalSpec
from watchdog.config.sources.colour import tells_colours
from watchdog.config.units import Duration
from watchdog.config.words import host_port, socket_path

_PROXY = re.compile(r"(?:[A-Za-z0-9_.:-]|\$colour|\$\{colour\}){1,100}")

SERVER = "$colour"
"""The server's name when none is given and the backend is the same for both colours."""


def runtime_socket(value: object) -> str:
    """A Unix socket's path, or `host:port`."""
    if isinstance(value, str) and value.startswith("/"):
        return socket_path(value)
    try:
        return host_port(value)
    except WrongValueError:
        raise wrong(value, "a socket's path such as /run/haproxy/admin.sock, or host:port") from None


def proxy_name(value: object) -> str:
    """The name of a backend or server as HAProxy's configuration has it, perhaps with `$colour`."""
    if not isinstance(value, str) or not _PROXY.fullmatch(value):
        raise wrong(value, "a name of HAProxy's configuration: letters, digits and _ . : -, such as $colour or app-1")
    return value


RuntimeSocket = Annotated[
    str,
    PlainValidator(runtime_socket),
    WithJsonSchema(spelled(r"/\S*|\S+:[0-9]{1,5}", "a socket's path, or host:port", "/run/haproxy/admin.sock")),
]
ProxyName = Annotated[
    str, PlainValidator(proxy_name), WithJsonSchema(spelled(_PROXY.pattern, "a name of HAProxy's", "$colour"))
]


class Haproxy(PolledModel):
    """HAProxy's counters for each colour's servers, over its runtime socket. Signals: requests, errors (5xx,
    connect_errors and response_errors together), retries, sessions, queue, response_time, server_up.
    """

    CATALOGUE: ClassVar[Mapping[str, SignalSpec]] = {
        "requests": SignalSpec(kind="count"),
        "errors": SignalSpec(kind="count"),
        "connect_errors": SignalSpec(kind="count"),
        "response_errors": SignalSpec(kind="count"),
        "retries": SignalSpec(kind="count"),
        "sessions": SignalSpec(kind="gauge", unit="number"),
        "queue": SignalSpec(kind="gauge", unit="number"),
        "response_time": SignalSpec(kind="gauge", unit="duration", needs_traffic=True),
        "server_up": SignalSpec(kind="probe"),
    }

    socket: RuntimeSocket = Field(
        description="The `stats socket` of HAProxy's configuration: a path, or `host:port`. Level `user` is enough."
    )
    backend: ProxyName = Field(
        description="The backend with the colours' servers, or with `$colour` in it one for each colour."
    )
    server: Annotated[tuple[ProxyName, ...], listed] = Field(
        default=(),
        description="The names of a colour's servers in the backend, such as `$colour` or `[$colour-1, $colour-2]`. "
        "Left out: `$colour`, or all servers of a backend with `$colour` in its name.",
    )
    poll: Duration = Field(default=Duration(1.0), description="Time from one look to the next; at least 100ms.")
    timeout: Duration = Field(default=Duration(1.0), description="HAProxy answers within this time, or not at all.")

    @property
    def servers(self) -> tuple[str, ...]:
        """The names of a colour's servers, `$colour` still in them; none: all of the backend."""
        if self.server or tells_colours(self.backend):
            return self.server
        return (SERVER,)

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and servers that would be both colours'."""
        yield from self.rhythm_complaints()
        if self.timeout <= 0.0:
            yield ("timeout",), found(self.timeout, "a duration above 0s")
        if len(set(self.server)) < len(self.server):
            yield ("server",), "names a server twice"
        if not tells_colours(self.backend):
            for index, server in enumerate(self.server):
                if not tells_colours(server):
                    yield ("server", index), f'"{server}" would be both colours\'; wanted $colour in it or in backend'
