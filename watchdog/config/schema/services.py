"""Services: one blue/green pair behind one router each.

What lives here: the keys of `services`. What must not: whether the rules and plans that they name exist.
"""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from watchdog.config.errors import found
from watchdog.config.policies import Policy
from watchdog.config.schema.base import Complaint, Model, listed
from watchdog.config.schema.budget import Budget, MaybeBudget
from watchdog.config.schema.hooks import Hooks
from watchdog.config.schema.routers.router import Router
from watchdog.config.units import Duration, Share
from watchdog.config.words import AbsolutePath, Flag, HostPort, Name, Text

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


class Service(Model):
    """One blue/green pair behind one router."""

    LATER: ClassVar[frozenset[str]] = frozenset({"fallback", "routers", "shield"})

    stable: Literal["blue", "green"] = Field(
        description="Which colour has the users before the first deployment; afterwards the daemon remembers."
    )
    data: Literal["shared", "per_colour"] = Field(
        description="Where both colours keep their data. shared: one database, so nothing that users did is lost when "
        "they change colour. per_colour: each its own, so once the candidate has accepted a write a rollback is a "
        "human's decision, and there is no divert."
    )
    writes_may_be_lost: Flag = Field(
        default=False,
        description="With `data: per_colour`: `true` rolls back by itself although the candidate has accepted writes, "
        "which are lost to the users then.",
    )
    sessions: Literal["shared", "in_memory"] = Field(
        description="Where logins live. shared: a user may change colour and stays logged in, so traffic can be taken "
        "off a suspect candidate at once. in_memory: a change of colour logs the user out, so the candidate takes only "
        "sessions that begin after a step, and there is no divert."
    )
    session_drain: Duration | None = Field(
        default=None,
        description="With `sessions: in_memory`: so long sessions that began on stable stay there after the step to "
        "100%, above 0s: the bake lasts at least as long, and the promotion ends them. Left out: 1h.",
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
    shadow: Flag = Field(
        default=False,
        description="`true`: nothing is diverted or rolled back by itself; what would have been is told to `chat`. For "
        "the first weeks of a service.",
    )
    on_suspect: Literal["divert", "pause"] | None = Field(
        default=None,
        description="Under suspicion: `divert` takes the users off the candidate for a moment, `pause` leaves them and "
        "only stops the plan. Left out: divert; with `data: per_colour` or `sessions: in_memory` pause, and nothing "
        "else is possible.",
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

    cool_down: Duration = Field(
        default=Duration(60.0),
        description="After a rollback so long no new deployment begins. 0s: it may begin at once.",
    )
    budget: MaybeBudget = Field(
        default=Budget(),
        description="How many rollbacks of this service rules may order within a time; the next one is frozen, and "
        "people are told. `none`: no bound.",
    )
    rollback_with: tuple[Name, ...] = Field(
        default=(),
        description="Other services whose deployments are rolled back when this one's is, because their releases "
        "belong together. One way: for the other way round say it there too. Left out: none.",
    )
    hooks: Hooks = Field(default=Hooks(), description="Commands of yours around a rollback.")
    candidate_after_rollback: Literal["leave", "drain", "stop"] = Field(
        default="leave",
        description="What becomes of the candidate once a rollback is proved. `leave`: it runs on for you to look at. "
        "`drain`: what is open on it may end within the router's `drain`, then it is ended where the router can. "
        "`stop`: the same, then `hooks.stop` is run.",
    )
    by_hand: dict[Name, Text] = Field(
        default={},
        description="Commands for a human's hands after a rollback, such as `flyway repair`: shown to be copied, never "
        "run; `rollback-watchdog did SERVICE NAME` records that somebody ran one. Left out: none.",
    )
    maintenance: AbsolutePath | None = Field(
        default=None,
        description="While this file is there your maintenance page is up, so the service's rules are not applicable "
        "and soaks stand still. Left out: the daemon knows of no such page.",
    )

    @property
    def forbids_divert(self) -> str | None:
        """What makes a user's change of colour hurt, as it is written; None when nothing does."""
        if self.data == "per_colour":
            return "data: per_colour"
        return "sessions: in_memory" if self.sessions == "in_memory" else None

    @property
    def diverts(self) -> bool:
        """Whether suspicion takes users off the candidate, as far as the service is concerned."""
        return self.on_suspect != "pause" and self.forbids_divert is None

    def complaints(self) -> Iterator[Complaint]:
        """Ranges, and keys that have a meaning only beside others."""
        yield from self._ranges()
        if self.writes_may_be_lost and self.data == "shared":
            message = "has a meaning only with data: per_colour, found data: shared: no write is lost there"
            yield ("writes_may_be_lost",), message
        if self.session_drain is not None and self.sessions == "shared":
            message = "has a meaning only with sessions: in_memory, found sessions: shared"
            yield ("session_drain",), message
        if self.on_suspect == "divert" and self.forbids_divert is not None:
            message = found("divert", f"pause: with {self.forbids_divert} users cannot change colour and come back")
            yield ("on_suspect",), f"{message}, so divert is off"
        stops = self.candidate_after_rollback == "stop"
        if stops and self.hooks.stop is None:
            message = "stop takes a command; wanted hooks: {stop: {argv: [/path/of/it]}}, or leave or drain"
            yield ("candidate_after_rollback",), message
        elif not stops and self.hooks.stop is not None:
            message = f"is run only with candidate_after_rollback: stop, found {self.candidate_after_rollback}"
            yield ("hooks", "stop"), message

    def _ranges(self) -> Iterator[Complaint]:
        if not 0.0 < self.alpha < LARGEST_ALPHA:
            yield ("alpha",), found(self.alpha, "a share above 0 and below 5%, such as 0.001")
        if len(set(self.rules)) < len(self.rules):
            yield ("rules",), "names a rule twice"
        if self.divert_for <= 0.0:
            wanted = "a duration above 0s; on_suspect: pause turns diverts off"
            yield ("divert_for",), found(self.divert_for, wanted)
        if self.session_drain is not None and self.session_drain <= 0.0:
            yield ("session_drain",), found(self.session_drain, "a duration above 0s, such as 1h")
        if len(set(self.rollback_with)) < len(self.rollback_with):
            yield ("rollback_with",), "names a service twice"
