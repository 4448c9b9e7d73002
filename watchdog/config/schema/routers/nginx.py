"""nginx as a router.

What lives here: the keys. What must not: how it is told (`watchdog.traffic.nginx`).
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.schema.base import Complaint, Model, listed
from watchdog.config.schema.routers.entry import Entry
from watchdog.config.units import Duration
from watchdog.config.words import AbsolutePath, Flag, PoolDirective, Text

DEFAULT_MAIN = "/etc/nginx/nginx.conf"

WITHOUT_BACKUP = frozenset({"ip_hash", "hash", "random"})
"""Methods of nginx's upstream blocks that take no backup server."""


class Nginx(Model):
    """nginx moves the traffic."""

    LATER: ClassVar[frozenset[str]] = frozenset({"helper"})

    directory: AbsolutePath = Field(description="Folder for the generated files, which nginx includes.")
    main: AbsolutePath = Field(default=DEFAULT_MAIN, description="nginx's main configuration file.")
    entry: Entry = Field(default=Entry(), description="How the daemon reaches the service through nginx.")
    test: Annotated[tuple[Text, ...], Field(min_length=1), listed] | None = Field(
        default=None,
        description="Command and arguments that test the configuration. Left out: [nginx, -t], with -c MAIN when "
        "`main` is another file.",
    )
    reload: Annotated[tuple[Text, ...], Field(min_length=1), listed] | None = Field(
        default=None,
        description="Command and arguments that reload it. Left out: [nginx, -s, reload], with -c MAIN when `main` is "
        "another file.",
    )
    dump: Annotated[tuple[Text, ...], Field(min_length=1), listed] | None = Field(
        default=None,
        description="Command and arguments that print it. Left out: [nginx, -T], with -c MAIN when `main` is another "
        "file.",
    )
    pool: Annotated[tuple[PoolDirective, ...], listed] = Field(
        default=(),
        description="Directives of your upstream block that the generated ones keep, such as "
        "`[least_conn, keepalive 64]`. Left out: none.",
    )
    drain: Duration = Field(
        default=Duration(60.0),
        description="How long what began before a reload may go on: the `worker_shutdown_timeout` that `nginx show` "
        "asks for. Nothing that is open ends by a brake alone.",
    )
    shield: Flag | None = Field(
        default=None,
        description="`true`: while a release has a part of the users, what the candidate fails is asked of stable once "
        "more (no POST or PATCH), so no user sees it fail; rules count the first try. `false`: users see what the "
        "candidate fails. Left out: true, except where something speaks against it (`sessions: in_memory`, several "
        "servers of a colour, a `pool` with ip_hash, hash or random); `nginx show` says what.",
    )
    own_userid: Flag = Field(
        default=False,
        description="`true`: users are told apart by the cookie of your own `userid on`, and ours is left out. The "
        "same for every service with this `directory`.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """A shield needs a backup server."""
        method = next((line.split()[0] for line in self.pool if line.split()[0] in WITHOUT_BACKUP), None)
        if self.shield and method is not None:
            yield ("shield",), found("true", f"false: nginx has no backup server beside {method}")

    def argv(self, given: tuple[str, ...] | None, *arguments: str) -> tuple[str, ...]:
        """The command as given, or nginx with these arguments and the main file if that is another."""
        if given is not None:
            return given
        return ("nginx", *arguments, *(() if self.main == DEFAULT_MAIN else ("-c", self.main)))
