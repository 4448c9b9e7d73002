"""What an outlook is asked and what it answers with.

What lives here: the values. What must not: any kind's formula. Delays are seconds; `NEVER` is a proper delay.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

from watchdog.core.model import OnFire, Seconds

NEVER: Seconds = math.inf
"""Not within the deployment."""

HEALTHY_SHARE = 0.01
"""What a healthy version is taken to fail: the share that STATS 3 compares rules at."""

ONE_SIDED_95 = 1.645
"""Standard deviations above the mean below which 95 of 100 lie."""

LEVEL_1_S = 30.0
"""The promise of level 1: traffic is away from the fault within this time."""


class Piece(StrEnum):
    """What a delay is made of, in the order in which it passes."""

    SCRAPE = "scrape"
    """Until somebody else's collector reads the counter."""
    WINDOW = "window"
    """Until the fault fills enough of a window that reaches back before it."""
    POLL = "poll"
    """Until this program asks."""
    TIMEOUT = "timeout"
    """Until a request that hangs is given up."""
    ROW = "row"
    """Until so many readings are bad."""
    EVIDENCE = "evidence"
    """Until enough requests have been seen for a proof."""
    RIDE_OUT = "ride_out"
    """What the ride-out adds to the evidence."""
    FOR = "for"
    """The rule's own `for`."""
    SWITCH = "switch"
    """From the decision to the last new request on the candidate."""


class Caveat(StrEnum):
    """What the answer does not cover."""

    VALUE = "value"
    """It begins when the value is beyond the limit: how a share of failures moves it is not known."""
    LEAK = "leak"
    """It begins when the leak does, and a slope shows in half a window at the earliest."""
    NEEDS_STABLE = "needs_stable"
    """There is nobody on stable to compare with."""
    TOO_FEW = "too_few"
    """The traffic is too small for the rule's `min_events`."""
    TOO_SMALL = "too_small"
    """The rule is not made to find a fault of this size."""
    NO_RIDE_OUT = "no_ride_out"
    """A reading is longer than the ride-out: a blip inside one can fire the rule."""
    SEES_NO_HANG = "sees_no_hang"
    """A request that hangs is counted when it ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The fault, and the traffic that meets it."""

    rate: float
    """The candidate's requests per second."""
    stable_rate: float
    share: float
    """The part of the candidate's requests that fail from now on."""
    healthy: float = HEALTHY_SHARE
    """The part that fails without the fault, on both colours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often there is something new to read."""

    poll: Seconds
    reading: Seconds
    """Time between two readings that are new; longer than `poll` where somebody else's scrape is in between."""
    timeout: Seconds = 0.0
    """How long a probe waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asks:
    """What is known of a source that asks the colours itself."""

    timeout: Seconds | None = None
    """How long it waits for an answer; None: as long as one poll."""
    rate: float | None = None
    """The requests per second that it sends to each colour; None for one that sees users' requests."""
    named_rate: float | None = None
    """Of these, under one name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One piece of a delay: typically (the mean), and in the worst of 20 cases."""

    piece: Piece
    typical: Seconds
    worst: Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A time from the fault on, in parts that add up. The worst parts rarely meet, so their sum is on the safe side."""

    parts: tuple[Part, ...]

    @property
    def typical(self) -> Seconds:
        """The mean; `NEVER` when it is not within the deployment."""
        return sum(part.typical for part in self.parts)

    @property
    def worst(self) -> Seconds:
        """95 of 100 faults take no longer."""
        return sum(part.worst for part in self.parts)

    def then(self, *parts: Part) -> "Delay":
        """With something more at its end."""
        return Delay(parts=(*self.parts, *parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one condition makes of a scene."""

    decided: Delay
    """The rule fires."""
    suspected: Delay | None = None
    """Suspicion enough to divert; None for a kind without it."""
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOutlook:
    """One rule in one scene."""

    rule: str
    on_fire: OnFire
    decided: Delay
    suspected: Delay | None
    """Only where suspicion diverts."""
    away: Delay | None
    """No new request goes to the candidate; None for a rule that does not roll back."""
    at_step: Seconds
    """So much later where the fault is there at the first step: the rule's warm-up."""
    caveats: tuple[Caveat, ...]
    rate: float
    """The requests per second that this rule sees: fewer than the scene's on a single route."""
