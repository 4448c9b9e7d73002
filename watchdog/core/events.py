"""What can happen to the engine: observations, outcomes of effects, people's commands, the passing of time.

What lives here: frozen values, one per kind of event. An event that changes the state is kept in the journal as it
is (see `records`). Times inside are engine seconds; `now` comes beside the event, never in it.
"""

from dataclasses import dataclass
from typing import TypeAlias

from watchdog.core.model import BrakeKind, Check, Colour, Reading, Schema, Seconds, Split
from watchdog.core.settings import Environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Configured:
    """A validated configuration comes into force, with its full effective text for the journal.

    Refused, and then not in force, when it would take away a service whose deployment is not ended, or (unless
    `forced`) a rule that fires.
    """

    environment: Environment
    text: str = ""
    forced: bool = False
    id: str = ""
    """Pairs it with its answer, as a command's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """The daemon starts: on the same boot as before, or on a new one."""

    rebooted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Nothing but time passed. Drives soak deadlines, escalation and staleness; never a rule's `for`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """One completed poll of one source, or one slice of a push source, with the readings of both colours."""

    service: str
    source: str
    start: Seconds
    end: Seconds
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed:
    """A direct probe of one colour has ended."""

    service: str
    colour: Colour
    started: Seconds
    ended: Seconds
    ok: bool
    refused: bool = False
    """The target itself refused the connection or is not there: it serves nobody."""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an effect ended. `effect` is its id; an outcome for an effect that nobody waits for changes nothing."""

    effect: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedOutcome(Outcome):
    """The checklist of a preparation."""

    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficOutcome(Outcome):
    """A split was ordered: what is in force now, and since when no new request goes to the cut colour."""

    in_force: Split | None = None
    braked_at: Seconds | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BrakeOutcome(Outcome):
    """A brake was pulled or released."""

    at: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofOutcome(Outcome):
    """Whether live traffic shows that stable alone answers: requests that started after the brake, by colour."""

    to_stable: int = 0
    to_candidate: int = 0
    stragglers: int = 0
    """Requests to the candidate that had started before the brake and ended after it."""
    probes: int = 0
    """How many of `to_stable` were our own probes, drawn and braked like users."""
    straggling: tuple[str, ...] = ()
    """The stragglers one by one: route, how long before the brake each began, how long it took."""
    open: int | None = None
    """Connections to the candidate that are still open (websockets, streams, long polls); None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifiedOutcome(Outcome):
    """A message was handed over, or could not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecheckedOutcome(Outcome):
    """The cheap part of the checklist, once more."""

    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsedOutcome(Outcome):
    """A rehearsal that moved no user, step by step with its times."""

    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HookOutcome(Outcome):
    """An operator's command ended."""

    status: int | None = None
    """Its exit status; None when it was ended or could not be started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainedOutcome(Outcome):
    """What was open on the candidate has ended, or was ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSeen:
    """What the router itself says is in force, asked at start, at reload and from time to time."""

    service: str
    split: Split | None
    """None when the router's files are not there, foreign or unreadable; `detail` says which."""
    braked: BrakeKind | None = None
    detail: str = ""
    maintenance: bool = False
    """The operator's maintenance page is in force: no user reaches either colour."""
    put_back: str = ""
    """What the router had lost of the last order, towards stable, and was given again before it answered."""
    effect: str = ""
    """The `ObserveTraffic` that this answers. An answer that nobody waits for is old: traffic was ordered meanwhile."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDurable:
    """The journal could not take records in time; effects towards stable went ahead all the same."""

    detail: str
    """What went wrong; empty when everything is on disk again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A person's or a driver's order. `id` pairs it with its answer; `by` is the human's name."""

    id: str
    by: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submit(Command):
    """Begin a deployment of `release` onto the colour that is not stable."""

    service: str
    release: str
    deployment: str
    """The deployment's id, unique for ever."""
    plan: str | None = None
    schema: Schema = Schema.UNCHANGED
    watched_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Command):
    """Stop progression; rollback stays armed."""

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    """Take away the holds that a human may take away."""

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Promote(Command):
    """Pass the evidence gate of the present step."""

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback(Command):
    """Move all traffic to stable. `anyway` passes the interlocks, with a recorded reason."""

    service: str
    anyway: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort(Command):
    """End a deployment: before its first shift it just ends, afterwards it is rolled back."""

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopTheLine(Command):
    """Stop (or with `release` let go again) every automatic action of the environment."""

    release: bool = False
    for_: Seconds | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgive(Command):
    """Take a release off the list of known bad ones."""

    service: str
    release: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge(Command):
    """Stop the messages of an incident; changes nothing else."""

    service: str
    incident: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopt(Command):
    """Take what the router says as the truth from here on."""

    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waive(Command):
    """Take a rule out of this deployment for a while; `for_` 0 ends that at once."""

    service: str
    rule: str
    for_: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Disarm(Command):
    """No automatic rollback or divert of this service for a while; `for_` 0 ends that at once."""

    service: str
    for_: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldAt(Command):
    """Give the candidate a smaller share than its step's, and stay there until `resume`."""

    service: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertRoute(Command):
    """Keep one route's users from the candidate; `release` lets them go there again."""

    service: str
    route: str
    release: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearse(Command):
    """Show that a rollback would work: `drill` does every step of it without moving a user, otherwise only look."""

    service: str
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Did(Command):
    """A human says that a prepared task was carried out by hand."""

    service: str
    task: str


AnyOutcome: TypeAlias = (
    PreparedOutcome
    | TrafficOutcome
    | BrakeOutcome
    | ProofOutcome
    | NotifiedOutcome
    | RecheckedOutcome
    | RehearsedOutcome
    | HookOutcome
    | DrainedOutcome
)
AnyCommand: TypeAlias = (
    Submit
    | Pause
    | Resume
    | Promote
    | Rollback
    | Abort
    | StopTheLine
    | Forgive
    | Acknowledge
    | Adopt
    | Waive
    | Disarm
    | HoldAt
    | DivertRoute
    | Rehearse
    | Did
)
Event: TypeAlias = Configured | Started | Tick | Observed | Probed | AnyOutcome | TrafficSeen | NotDurable | AnyCommand
