"""Services: one blue/green pair behind one router each.

What lives here: the keys of `services`. What must not: whether the rules and plans that they name exist.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.policies import Policy
from watchdog.config.schema.base import Complaint, Model, listed
from watchdog.config.units import Duration, Share
from watchdog.config.words import AbsolutePath, Flag, HostPort, Name, PoolDirective, Text, Url

DEFAULT_MAIN = "/etc/nginx/nginx.conf"

LARGEST_ALPHA = 0.05
"""Above it the suspicion (E of 20) would be proof."""


class ColourServers(Model):
    """Where one colour runs."""

    server: Annotated[tuple[HostPort, ...], Field(min_length=1), listed] = Field(
        description="`host:port` of the colour's server, or a list of them; health checks ask every one."
    )


class Colours(Model):
    """The two copies of the application."""

    blue: ColourServers = Field(description="Where blue runs.")
    green: ColourServers = Field(description="Where green runs.")

    def complaints(self) -> Iterator[Complaint]:
        """The colours must be two."""
        for index, server in enumerate(self.green.server):
            if server in self.blue.server:
                yield ("green", "server", index), found(server, "a server that is not blue's too")
        for colour in ("blue", "green"):
            servers = getattr(self, colour).server
            if len(set(servers)) < len(servers):
                yield (colour, "server"), "names a server twice"


class Entry(Model):
    """How the daemon reaches the service through nginx, as a user would."""

    url: Url = Field(
        default="http://127.0.0.1/", description="Address of a cheap request that the location with our pool answers."
    )
    host: Text | None = Field(default=None, description="Host header of that request. Left out: the address's own.")


class Nginx(Model):
    """nginx moves the traffic."""

    LATER: ClassVar[frozenset[str]] = frozenset({"maintenance", "helper"})

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
    own_userid: Flag = Field(
        default=False,
        description="`true`: users are told apart by the cookie of your own `userid on`, and ours is left out. The "
        "same for every service with this `directory`.",
    )

    def argv(self, given: tuple[str, ...] | None, *arguments: str) -> tuple[str, ...]:
        """The command as given, or nginx with these arguments and the main file if that is another."""
        if given is not None:
            return given
        return ("nginx", *arguments, *(() if self.main == DEFAULT_MAIN else ("-c", self.main)))


class Router(Model):
    """What moves the traffic."""

    ONE_OF: ClassVar[tuple[str, ...]] = ("nginx",)
    LATER: ClassVar[frozenset[str]] = frozenset({"haproxy", "command", "fallback"})

    nginx: Nginx | None = Field(default=None, description="nginx moves the traffic.")


class Service(Model):
    """One blue/green pair behind one router."""

    LATER: ClassVar[frozenset[str]] = frozenset(
        {
            "writes_may_be_lost", "session_drain", "fallback", "routers", "hooks", "candidate_after_rollback", "shadow",
            "budget", "maintenance", "shield",
        }
    )  # fmt: skip
    LATER_WORDS: ClassVar[Mapping[str, frozenset[str]]] = {
        "data": frozenset({"per_colour"}),
        "sessions": frozenset({"in_memory"}),
    }

    stable: Literal["blue", "green"] = Field(
        description="Which colour has the users before the first deployment; afterwards the daemon remembers."
    )
    data: Literal["shared"] = Field(
        description="Where both colours keep their data. shared: one database, so nothing that users did is lost when "
        "they change colour. per_colour: each its own, so a rollback would lose what users wrote meanwhile (not "
        "available in this version)."
    )
    sessions: Literal["shared"] = Field(
        description="Where logins live. shared: a user may change colour and stays logged in, so traffic can be taken "
        "off a suspect candidate at once. in_memory: a change of colour logs the user out (not available in this "
        "version)."
    )
    colours: Colours = Field(description="Where blue and green run.")
    router: Router = Field(description="What moves the traffic.")
    rules: Annotated[tuple[Name, ...], Field(min_length=1)] = Field(description="Names of the rules that watch it.")
    policy: Policy = Field(
        default=Policy(),
        description="How many rules with `on_fire: rollback` must fire: `any`, `all`, or such as "
        '"2 of [errors, latency, health]".',
    )
    plan: Name = Field(description="The plan of a release that names none.")
    on_suspect: Literal["divert", "pause"] = Field(
        default="divert",
        description="Under suspicion: `divert` takes the users off the candidate for a moment, `pause` leaves them and "
        "only stops the plan.",
    )
    divert_for: Duration = Field(
        default=Duration(10.0), description="Length of the first divert; each further one is twice as long."
    )
    stable_warm: Duration = Field(
        default=Duration(600.0),
        description="A divert wants that stable served users within this time: a cold copy would not bear them.",
    )
    keep_stable: Duration = Field(
        default=Duration(86_400.0), description="How long after promotion the previous version can be rolled back to."
    )
    resume: Literal["auto", "human"] = Field(
        default="auto",
        description="`auto`: holds by rules and interlocks lift after 5 min healthy. `human`: only by `resume`.",
    )
    alpha: Share = Field(
        default=Share(0.001),
        description="Rollbacks by mistake, at most, per deployment; shared by its sequential rules with "
        "`on_fire: rollback`. Above 0 and below 5%.",
    )
    health: Name | None = Field(
        default=None,
        description="The health source that asks stable before a rollback. Left out: the only one of its rules.",
    )

    def complaints(self) -> Iterator[Complaint]:
        """Ranges."""
        if not 0.0 < self.alpha < LARGEST_ALPHA:
            yield ("alpha",), found(self.alpha, "a share above 0 and below 5%, such as 0.001")
        if len(set(self.rules)) < len(self.rules):
            yield ("rules",), "names a rule twice"
        if self.divert_for <= 0.0:
            wanted = "a duration above 0s; on_suspect: pause turns diverts off"
            yield ("divert_for",), found(self.divert_for, wanted)
