"""The words of the core: small values that every other module speaks.

What lives here: enumerations and frozen values with the checks that make them whole. What must not: decisions,
clocks, text for people, anything that knows where a value came from. All times are engine seconds unless a field
says otherwise; engine time never runs backwards (see `watchdog.daemon.clock`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

Seconds: TypeAlias = float
"""A duration or an instant of engine time, in seconds."""


class Colour(StrEnum):
    """One of the two copies of an application. Which one is stable is a matter of the deployment."""

    BLUE = "blue"
    GREEN = "green"

    @property
    def other(self) -> "Colour":
        """The other copy."""
        return Colour.GREEN if self is Colour.BLUE else Colour.BLUE


class Missing(StrEnum):
    """Why a reading has no value. Never the same as zero, success or failure."""

    EMPTY = "empty"
    NAN = "nan"
    ERROR = "error"
    TIMEOUT = "timeout"
    STALE = "stale"


class NoData(StrEnum):
    """What a rule makes of a missing reading."""

    HOLD = "hold"
    FIRE = "fire"
    OK = "ok"


class OnFire(StrEnum):
    """What a firing rule asks for."""

    ROLLBACK = "rollback"
    FREEZE = "freeze"
    ESCALATE = "escalate"
    OBSERVE = "observe"


class Level(StrEnum):
    """A rule instance's state."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


class Judgement(StrEnum):
    """How far a rule instance can be believed; stands beside its `Level`."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    """Nothing trustworthy for three polls."""
    INSUFFICIENT = "insufficient"
    """The source is alive and has counted too few events."""
    NOT_APPLICABLE = "not_applicable"
    """The colour has no ordered traffic."""


class Verdict(StrEnum):
    """The service's rules taken together, strongest first."""

    FAILING = "failing"
    BLIND = "blind"
    SUSPECT = "suspect"
    HEALTHY = "healthy"


class Schema(StrEnum):
    """What the release did to the database's schema, as its operator declared it."""

    UNCHANGED = "unchanged"
    COMPATIBLE = "compatible"
    INCOMPATIBLE = "incompatible"
    UNKNOWN = "unknown"

    @property
    def stable_works_on_it(self) -> bool:
        """Whether the stable version is known to work on the new schema."""
        return self in (Schema.UNCHANGED, Schema.COMPATIBLE)


class Data(StrEnum):
    """Where the colours keep what users wrote."""

    SHARED = "shared"
    PER_COLOUR = "per_colour"
    """Each its own: what the candidate accepted is lost to users who go back to stable."""


class Sessions(StrEnum):
    """Where logins live."""

    SHARED = "shared"
    IN_MEMORY = "in_memory"
    """In each copy: a user who changes colour is logged out."""


class AfterRollback(StrEnum):
    """What becomes of the candidate once a rollback is proved."""

    LEAVE = "leave"
    DRAIN = "drain"
    STOP = "stop"


class BrakeKind(StrEnum):
    """Who pulled a brake, and so who may release it."""

    DIVERT = "divert"
    ROLLBACK = "rollback"
    HAND = "hand"


Value: TypeAlias = float | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One signal over one interval: a number (gauge, count or probe result) or the reason why there is none.

    Counts are events in the interval, never a rate. A probe's value is 1.0 for success and 0.0 for failure with the
    error class in `detail`.
    """

    signal: str
    """Name within its source, such as `errors` or `errors[login]`."""
    colour: Colour | None
    """None when the source cannot tell the colours apart."""
    value: Value
    detail: str = ""
    over: tuple[Seconds, Seconds] | None = None
    """Its own interval in engine seconds, where that is not the poll's: the time between two scrapes, for instance.

    A count over an interval without length is 0 and says that nothing new was there to be counted.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """An order of traffic: the candidate's share of users, the rest to stable.

    `promoted` swaps the roles without moving a user: the candidate has everything, and clients that cannot be drawn
    follow it too; `stable` then names the previous version that a rollback returns to.
    """

    stable: Colour
    candidate: Colour
    weight: float
    """The candidate's share, 0 to 1."""
    salt: str
    """What makes this release's draw independent of others: the deployment's id."""
    promoted: bool = False

    def __post_init__(self) -> None:
        """Refuse an order that no router could carry out."""
        if self.stable is self.candidate:
            msg = f"stable and candidate are both {self.stable}"
            raise ValueError(msg)
        if not 0.0 <= self.weight <= 1.0:
            msg = f"weight {self.weight} is not a share between 0 and 1"
            raise ValueError(msg)
        if self.promoted and self.weight != 1.0:
            msg = "a promoted candidate has all traffic"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of a checklist: what was tried, whether it held, and what was seen."""

    name: str
    ok: bool
    detail: str = ""
    took: Seconds | None = None
    """How long it took, where that was measured."""
