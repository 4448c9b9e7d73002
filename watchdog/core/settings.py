"""The configuration in core values: what `watchdog.config.compile` makes of an operator's file.

What lives here: frozen, hashable values without optional meaning: every default has been applied before. What must
not: YAML, file names, units as text. Durations are seconds, shares are 0 to 1.
"""

from dataclasses import dataclass, field, replace
from typing import Final

from watchdog.core.conditions import Condition
from watchdog.core.model import AfterRollback, Colour, Data, Missing, NoData, OnFire, Seconds, Sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A condition on one source's signals, and what it asks for when it fires."""

    name: str
    source: str
    condition: Condition
    on_fire: OnFire
    instead_of: OnFire = OnFire.ROLLBACK
    """What an observing rule would ask for if it were armed; of no meaning for the others."""
    warm_up: Seconds
    """Ratio readings that begin within this time after the first step are dropped."""
    slow: bool = False
    """The rule judges latency: warm-up applies after every step (cold caches)."""
    no_data: tuple[tuple[Missing, NoData], ...] = ()
    always: bool = False
    """Also outside deployments."""
    per_colour: bool = True
    """False when the source cannot tell the colours apart."""

    def on_missing(self, missing: Missing) -> NoData:
        """What this rule makes of a missing reading of that kind: hold unless the file says otherwise."""
        return dict(self.no_data).get(missing, NoData.HOLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the core must know of a source: its rhythm and how far the service leans on it."""

    name: str
    kind: str
    interval: Seconds
    required: bool
    probing: bool = False
    """It asks the colours themselves, so its successes show that stable answers."""
    idle_factor: float = 1.0
    """It polls so many times less often while no deployment is under way."""

    @property
    def sends_requests(self) -> bool:
        """It counts requests of our own by name: under a route's name, those that pass show that the route works."""
        return self.kind == "synthetic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Evidence that a step must have gathered before the next: requests, and requests or passes per critical route."""

    requests: int = 200
    per_critical_route: int = 20
    passes_per_critical_route: int = 10
    """Our own requests that may stand for users' on a route; 0: none may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a plan: the candidate's share, how long it soaks, what it must have seen."""

    weight: float
    soak: Seconds
    gate: Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class Bake:
    """The watch after full promotion: at least this long and at least this many requests."""

    at_least: Seconds
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The way of a release: steps with rising weights, the last at 1, then the bake."""

    name: str
    steps: tuple[Step, ...]
    bake: Bake

    def watched(self) -> Seconds:
        """How long a deployment under this plan is watched when nothing holds it up."""
        return sum(step.soak for step in self.steps) + self.bake.at_least

    def baked(self, at_least: Seconds) -> "Plan":
        """The same plan with a bake of at least so long."""
        return self if self.bake.at_least >= at_least else replace(self, bake=replace(self.bake, at_least=at_least))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """The policy is true when at least `at_least` of the named rules fire. `rules` empty means every rollback rule."""

    at_least: int = 1
    rules: tuple[str, ...] = ()
    all_: bool = False
    """Every one of them must fire."""
    parts: tuple["AnyOf", ...] = ()
    """Conditions within: each that is true counts like a rule that fires."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """So many rollbacks may be ordered by rules within a time; the next one is a human's decision."""

    rollbacks: int
    within: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """An operator's command; what it runs is known to the adapters."""

    name: str
    idempotent: bool = False
    """It may be run again when nobody knows whether it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something for a human's hands, prepared as a command to copy; never run by the program."""

    name: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One blue/green pair behind one router, with everything that the core decides by."""

    name: str
    first_stable: Colour
    """Who is stable before the first deployment; afterwards the journal knows."""
    rules: tuple[Rule, ...]
    sources: tuple[Source, ...]
    policy: AnyOf
    plan: str
    divert: bool
    """Suspicion cuts the candidate off at once (needs a brake, shared data and shared sessions)."""
    divert_for: Seconds = 10.0
    trial: Seconds = 3.0
    stable_warm: Seconds = 600.0
    keep_stable: Seconds = 86_400.0
    resume_by_human: bool = False
    traffic_source: str | None = None
    """The source whose `requests` count users, for gate, exposure and bake."""
    critical_routes: tuple[str, ...] = ()
    alpha: float = 0.001
    """The deployment's budget for false rollbacks, shared among its sequential rules."""
    shadow: bool = False
    """Nothing is done by itself: what would have been done is told to chat."""
    data: Data = Data.SHARED
    writes_may_be_lost: bool = False
    """With data per colour: automatic rollbacks go on although the candidate has accepted writes."""
    sessions: Sessions = Sessions.SHARED
    session_drain: Seconds = 0.0
    """A bake lasts at least so long: with sessions in memory the promotion ends those that are left on stable."""
    cool_down: Seconds = 0.0
    """After a rollback so long no new deployment begins."""
    budget: Budget | None = None
    """Rollbacks of this service that rules may order."""
    rollback_with: tuple[str, ...] = ()
    """Services whose deployments are rolled back with this one's."""
    parachute_every: Seconds | None = None
    """So often it is proved again that a rollback would work; None: only at preparation."""
    after_rollback: tuple[Hook, ...] = ()
    """Run one after the other once a rollback is proved."""
    candidate_after_rollback: AfterRollback = AfterRollback.LEAVE
    stop_candidate: Hook | None = None
    """How the candidate is stopped."""
    drain: Seconds = 60.0
    """So long what is open on the candidate may go on after a rollback."""
    tasks: tuple[Task, ...] = ()
    """Shown after a rollback, for a human to run."""
    cuts_routes: bool = False
    """The router can keep single routes from the candidate."""
    routes: tuple[str, ...] = ()

    def source(self, name: str) -> Source:
        """The source of that name; KeyError if the service has none."""
        return next((s for s in self.sources if s.name == name), None) or _missing(name)

    def rule(self, name: str) -> Rule | None:
        """The rule of that name, if the service has it."""
        return next((r for r in self.rules if r.name == name), None)


def _missing(name: str) -> Source:
    raise KeyError(name)


ON_CALL: Final = 2
"""The level of the escalation that hears of everything first; level 1 is the program itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """One level of the escalation: who, when after the opening, and how often again until acknowledged."""

    level: int
    after: Seconds
    repeat: Seconds
    contacts: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Everything that one daemon guards."""

    name: str
    services: tuple[Service, ...]
    plans: tuple[Plan, ...]
    escalation: tuple[Escalation, ...] = ()
    chat: tuple[str, ...] = ()
    """Contacts for what wakes nobody: diverts, a gate that waits."""
    blind_after: Seconds = 120.0
    budget: Budget | None = None
    """Rollbacks of different services that rules may order: more within the time are a wave, which has one cause."""
    digest: str = field(default="")

    @property
    def on_call(self) -> Escalation | None:
        """The level that hears of everything first, if somebody is on call."""
        return next((each for each in self.escalation if each.level == ON_CALL), None)

    def service(self, name: str) -> Service | None:
        """The service of that name, if the environment has it."""
        return next((s for s in self.services if s.name == name), None)

    def plan(self, name: str) -> Plan | None:
        """The plan of that name, if the environment has it."""
        return next((p for p in self.plans if p.name == name), None)
