"""The engine's state: frozen values, changed only by `evolve`, written whole into checkpoints.

Invariants stand beside the fields and are asserted together in `invariants.check_invariants`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from watchdog.core.effects import Audience, Effect
from watchdog.core.events import TrafficSeen
from watchdog.core.model import Check, Colour, Judgement, Level, OnFire, Schema, Seconds, Split
from watchdog.core.phases import ENDED, WATCHED, Hold, Phase
from watchdog.core.reasons import Reason
from watchdog.core.rules.api import RuleState
from watchdog.core.settings import Environment, Escalation, Hook, Plan, Rule, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One rule on one colour (or on the whole service): its definition in force, its state, how far to trust it."""

    rule: Rule
    """As compiled, with this deployment's share of alpha. A changed definition starts afresh."""
    state: RuleState
    level: Level = Level.INACTIVE
    judgement: Judgement = Judgement.INSUFFICIENT
    missed: int = 0
    """Polls in a row with nothing trustworthy; three make the judgement unknown."""
    since: Seconds = 0.0
    """When the level last changed."""
    measured: bool = False
    """It has had a reading of its own since the deployment began."""
    noted: bool = False
    """That it fires was written down; until it is inactive again it is not written down once more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """When a source last spoke, and whether its time since then may count."""

    last: Seconds
    continuous_since: Seconds
    """Since then no gap was longer than three polls."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Divert:
    """The candidate is (or is about to be) cut off on suspicion, or is on trial after it."""

    number: int
    cut: bool = False
    """The brake is confirmed."""
    until: Seconds | None = None
    """When the cut ends; None: a human decides."""
    trial_until: Seconds | None = None
    """Set while a trial runs."""
    releasing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A rollback (or a divert) that waits for its interlocks."""

    reason: Reason
    rules: tuple[str, ...]
    onset: Seconds | None
    since: Seconds
    by: str = ""
    because: str = ""
    anyway: bool = False
    blocked: Reason | None = None
    """The interlock that stands in the way; the freeze is on."""
    blocked_at: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """A rollback under way or done."""

    reason: Reason
    rules: tuple[str, ...]
    onset: Seconds | None
    decided_at: Seconds
    interlocks: tuple[tuple[str, str], ...] = ()
    by: str = ""
    braked_at: Seconds | None = None
    proved_at: Seconds | None = None
    attempts: int = 0
    warnings: tuple[str, ...] = ()
    to_stable: int = 0
    stragglers: int = 0
    proof_probes: int = 0
    straggling: tuple[str, ...] = ()
    """The stragglers one by one, in the balancer's words."""
    open: int | None = None
    """Connections to the candidate that were open when it was proved; None: not known."""

    @property
    def automatic(self) -> bool:
        """No human ordered it."""
        return not self.by


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A rule that a human took out of the deployment."""

    since: Seconds
    until: Seconds
    by: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrote:
    """The candidate has, or may have, accepted a write."""

    at: Seconds
    seen: bool
    """The balancer's log says so; False: the log could not be read while the candidate had users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Users:
    """What became of the candidate's users in this deployment."""

    failed: int = 0
    """Requests whose first try, at the candidate, failed."""
    shielded: int = 0
    """Of these, the ones that stable answered in its place: no user saw them fail."""

    @property
    def saw(self) -> int:
        """Requests that failed before a user's eyes."""
        return self.failed - self.shielded


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRun:
    """One run of an operator's command in this deployment."""

    ordered: Seconds
    ended: Seconds | None = None
    ok: bool | None = None
    """None: it has not ended, or nobody knows how it did."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What is to follow a proved rollback, as it was configured when it was proved."""

    hooks: tuple[Hook, ...] = ()
    drain: Seconds | None = None
    """So long what is open on the candidate may go on; None: it is left alone."""
    stop: Hook | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoneTask:
    """A prepared task that a human says was carried out."""

    at: Seconds
    by: str
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldHave:
    """What an observing rule would have asked for."""

    ask: OnFire
    first: Seconds
    last: Seconds
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One release on its way. `epoch` rises with every order of traffic."""

    id: str
    release: str
    plan: Plan
    stable: Colour
    candidate: Colour
    schema: Schema
    watched_by: str
    alpha: float
    by: str
    began: Seconds
    previous_release: str = ""
    """What stable runs, as far as it is known."""
    phase: Phase = Phase.SUBMITTED
    phase_since: Seconds = 0.0
    step: int = -1
    """Index of the step that is ordered or in force; -1 before the first."""
    confirmed_step: int = -1
    """Index of the last step that was confirmed in force: `step`, or the one before it while its order is under way."""
    epoch: int = 0
    declared: Split
    """What traffic is ordered to be."""
    in_force: Split
    """What was last confirmed."""
    first_step_at: Seconds | None = None
    step_at: Seconds | None = None
    """When the present step was confirmed in force."""
    soaked: Seconds = 0.0
    """Healthy and watched time in the present step or bake."""
    counted_to: Seconds = 0.0
    """Soak is counted up to here."""
    healthy_since: Seconds | None = None
    """Since then every verdict was healthy and nothing went unwatched; None while it is not."""
    requests: int = 0
    """The candidate's user requests in the present step."""
    route_requests: Mapping[str, int] = field(default_factory=dict)
    route_passes: Mapping[str, int] = field(default_factory=dict)
    """Our own requests that passed in the present step, by critical route; a route that nothing asks is not there."""
    gate_passed: bool = False
    """A human passed the present step's gate."""
    holds: Mapping[Hold, Reason] = field(default_factory=dict)
    held_details: Mapping[Hold, str] = field(default_factory=dict)
    held_since: Mapping[Hold, Seconds] = field(default_factory=dict)
    divert: Divert | None = None
    diverts: int = 0
    first_cut_at: Seconds | None = None
    """When a divert first took the candidate's users away."""
    divert_wanted: Wanted | None = None
    wanted: Wanted | None = None
    rollback: Rollback | None = None
    checks: tuple[Check, ...] = ()
    waived: Mapping[str, Waiver] = field(default_factory=dict)
    """By rule; the rule goes on measuring and counts for nothing."""
    would_have: Mapping[str, WouldHave] = field(default_factory=dict)
    """By observing rule that has fired on the candidate."""
    held_at: float | None = None
    """The candidate's share that a human wants for now, below its step's; None: the step's own."""
    routes_cut: frozenset[str] = frozenset()
    """Routes whose users a human keeps from the candidate."""
    wrote: Wrote | None = None
    """With data per colour: a rollback would lose what users wrote."""
    users: Users = Users()
    hooks: Mapping[str, HookRun] = field(default_factory=dict)
    """By name, in the order in which they were run."""
    aftermath: Aftermath | None = None
    """Set when a rollback is proved."""
    draining: HookRun | None = None
    """The wait for what is open on the candidate, after a rollback."""
    done_by_hand: Mapping[str, DoneTask] = field(default_factory=dict)
    order_failed_at: Seconds | None = None
    """When the last order of traffic failed; None after one that worked."""
    ended_at: Seconds | None = None

    @property
    def watched(self) -> bool:
        """The candidate may have users and its rules decide."""
        return self.phase in WATCHED

    @property
    def ended(self) -> bool:
        """A new deployment may begin."""
        return self.phase in ENDED

    @property
    def drained(self) -> Seconds | None:
        """When nothing was open on the candidate any more, after a rollback."""
        return self.draining.ended if self.draining is not None and self.draining.ok else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something that a human must know, until it is resolved."""

    id: str
    reason: Reason
    audience: Audience
    opened: Seconds
    rules: tuple[str, ...] = ()
    detail: str = ""
    needs_decision: bool = False
    repeat: Seconds = 0.0
    contacts: tuple[str, ...] = ()
    deployment: str = ""
    told: int = 0
    """How many messages were ordered."""
    told_at: Seconds | None = None
    levels: tuple[Escalation, ...] = ()
    """Who is told after the first contacts, and when."""
    told_levels: Mapping[int, Seconds] = field(default_factory=dict)
    """When each of these levels was last told."""
    acknowledged_by: str = ""
    resolved_at: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StableProbe:
    """What is known of stable's health from direct probes."""

    ok_started: Seconds | None = None
    """When the last successful probe began."""
    failed_started: Seconds | None = None
    failing_since: Seconds | None = None
    """When the first failed probe since then began; None while the last one was answered."""
    failures: int = 0
    """Probes in a row that failed."""
    refused: bool = False
    """The last failed probe was refused by the target."""
    asked_at: Seconds | None = None
    """When a probe was last ordered."""

    def answered(self, started: Seconds) -> "StableProbe":
        """After one more probe that succeeded."""
        last = started if self.ok_started is None else max(started, self.ok_started)
        return replace(self, ok_started=last, failing_since=None, failures=0, refused=False)

    def failed(self, started: Seconds, *, refused: bool) -> "StableProbe":
        """After one more probe that did not."""
        since = started if self.failing_since is None else self.failing_since
        return replace(self, failed_started=started, failing_since=since, failures=self.failures + 1, refused=refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parachute:
    """What the last looks at the way back said."""

    at: Seconds | None = None
    """When the last one ended."""
    good: int = 0
    """Looks in a row that found everything in order."""
    bad: int = 0
    """Looks in a row that did not."""
    lost: bool = False
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The last rehearsal that somebody asked for."""

    id: str
    """Of the effect."""
    drill: bool
    by: str
    began: Seconds
    ended: Seconds | None = None
    ok: bool | None = None
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceState:
    """Everything about one service."""

    name: str
    stable: Colour
    stable_release: str = ""
    adopted: bool = False
    """The router was seen to agree with what is remembered; without it no traffic leaves stable."""
    drift: str = ""
    seen: TrafficSeen | None = None
    """What the router last said of itself."""
    seen_at: Seconds | None = None
    deployment: Deployment | None = None
    instances: Mapping[str, Instance] = field(default_factory=dict)
    """By `rule@colour`, or the rule's name alone when its source does not tell colours apart."""
    beats: Mapping[str, Beat] = field(default_factory=dict)
    probes: Mapping[Colour, StableProbe] = field(default_factory=dict)
    known_bad: frozenset[str] = frozenset()
    incidents: Mapping[str, Incident] = field(default_factory=dict)
    """Open ones, and the last resolved ones."""
    waiting: Mapping[str, Effect] = field(default_factory=dict)
    """Effects without an outcome, by id."""
    watched_since: Seconds = 0.0
    """When the daemon or its configuration last began: before it nobody listened, so silence means nothing."""
    disarmed: Waiver | None = None
    """A human silenced automatic rollbacks and diverts."""
    parachute: Parachute = Parachute()
    rehearsal: Rehearsal | None = None
    rolled_back_at: tuple[Seconds, ...] = ()
    """When rules ordered the last rollbacks, oldest first: for the budget."""
    rates: tuple[float, float] = (0.0, 0.0)
    """Requests per second of candidate and stable, smoothed, for exposure."""
    bad_rate: float = 0.0
    """The candidate's failures per second, smoothed."""

    def waits_for(self, *kinds: type[Effect]) -> bool:
        """Whether an effect of one of these kinds has no outcome yet."""
        return any(isinstance(effect, kinds) for effect in self.waiting.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that the engine knows."""

    seq: int = 0
    now: Seconds = 0.0
    environment: Environment | None = None
    services: Mapping[str, ServiceState] = field(default_factory=dict)
    stopped_by: str = ""
    """Who stopped the line; empty when it runs."""
    stopped_because: str = ""
    stopped_until: Seconds | None = None
    not_durable: str = ""

    def settings(self, service: str) -> Service | None:
        """The service's configuration in force, if it has one."""
        return self.environment.service(service) if self.environment else None
