"""What is to be done outside the core: frozen orders, each with an id that names its ordering record.

The shell performs an effect and feeds its outcome back as an event with the same id. How an effect without an outcome
is taken up after a crash depends on its kind: traffic is observed and converged, a message is sent again with the
same key, a preparation starts anew, a probe or a proof is simply asked again.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from watchdog.core.model import Colour, Seconds, Split


class Audience(StrEnum):
    """Who hears a message."""

    ON_CALL = "on_call"
    """Level 2: it may wake somebody."""
    CHAT = "chat"
    """Where a message wakes nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepare:
    """Prove that a rollback would work and make everything ready that the plan needs."""

    kind: Literal["prepare"] = "prepare"
    id: str
    service: str
    splits: tuple[Split, ...]
    """Every split that the plan will order, the 100 % stable one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTraffic:
    """Put a split in force, test and reload, and read back what is in force.

    `brake`: cut the candidate off first, by a flag that survives; the order is a rollback.
    """

    kind: Literal["set_traffic"] = "set_traffic"
    id: str
    service: str
    epoch: int
    split: Split
    brake: bool = False
    less: bool = False
    """The candidate gets fewer users than it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullBrake:
    """Cut the candidate off for the time of a divert, by the flag alone."""

    kind: Literal["pull_brake"] = "pull_brake"
    id: str
    service: str
    epoch: int
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseBrake:
    """Let the candidate have its share again after a divert."""

    kind: Literal["release_brake"] = "release_brake"
    id: str
    service: str
    epoch: int
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Prove:
    """Show by live traffic that only stable answers requests that started after `since`."""

    kind: Literal["prove"] = "prove"
    id: str
    service: str
    epoch: int
    stable: Colour
    since: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeColour:
    """Ask one colour directly whether it answers now; the answer is a `Probed` event, not an outcome."""

    kind: Literal["probe_colour"] = "probe_colour"
    id: str
    service: str
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserveTraffic:
    """Ask the router what is in force; the answer is a `TrafficSeen` event."""

    kind: Literal["observe_traffic"] = "observe_traffic"
    id: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """The cheap part of the checklist once more; nothing that users get is changed."""

    kind: Literal["recheck"] = "recheck"
    id: str
    service: str
    stable: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRehearsal:
    """Show that a rollback would work without moving a user."""

    kind: Literal["run_rehearsal"] = "run_rehearsal"
    id: str
    service: str
    splits: tuple[Split, ...]
    """Every split that the usual plan would order, the 100 % stable one first."""
    drill: bool
    """Brake, rename, reload, proof and a message that says it is a drill, each timed; otherwise only look."""
    contacts: tuple[str, ...] = ()
    """Who receives a drill's message: chat, or on-call where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunHook:
    """Run an operator's command. Without an outcome it is run again only if it is `idempotent`."""

    kind: Literal["run_hook"] = "run_hook"
    id: str
    service: str
    hook: str
    idempotent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CutRoute:
    """Keep one route's users from the candidate (`cut`), or let them go there again."""

    kind: Literal["cut_route"] = "cut_route"
    id: str
    service: str
    epoch: int
    colour: Colour
    route: str
    cut: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainCandidate:
    """Wait until what is open on the candidate has ended, and end it after `within`, where the router can."""

    kind: Literal["drain_candidate"] = "drain_candidate"
    id: str
    service: str
    colour: Colour
    within: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Tell people about an incident. The words are made outside, from the journal's state when it is sent."""

    kind: Literal["notify"] = "notify"
    id: str
    service: str
    incident: str
    audience: Audience
    contacts: tuple[str, ...]
    level: int = 2
    """Of the escalation: 2 is on-call."""
    repetition: int
    """0 for the first message; the same key and number are never worded twice for two deliveries."""


ORDERS_OF_TRAFFIC: Final = (Prepare, SetTraffic, PullBrake, ReleaseBrake, CutRoute, Prove)
"""What belongs to one epoch: a later order that leads elsewhere takes the meaning from them all."""


def starts_at_once(effect: "Effect") -> bool:
    """Whether an effect may start together with the append of its record instead of after it.

    A full or stuck disk is no reason to stay on a bad release, so everything towards stable starts at once; asking
    changes nothing and may start at once, too.
    """
    match effect:
        case SetTraffic():
            return effect.brake or effect.less
        case PullBrake() | Prove() | ProbeColour() | ObserveTraffic() | Recheck():
            return True
        case CutRoute():
            return effect.cut
        case _:
            return False


Effect: TypeAlias = (
    Prepare
    | SetTraffic
    | PullBrake
    | ReleaseBrake
    | Prove
    | ProbeColour
    | ObserveTraffic
    | Recheck
    | RunRehearsal
    | RunHook
    | CutRoute
    | DrainCandidate
    | Notify
)
