"""What every kind of rule is given and what it answers with.

What lives here: the values between the engine and the kinds. What must not: any kind's own state or formula.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from watchdog.core.model import Missing, Seconds, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One poll of a rule's source, seen from one colour; a signal that is absent counts as `Missing.EMPTY`."""

    start: Seconds
    end: Seconds
    own: Mapping[str, Value]
    """Readings of the colour that the rule's instance judges, by signal."""
    other: Mapping[str, Value] = field(default_factory=dict)
    """Readings of the other colour in the same interval."""
    other_over: tuple[Seconds, Seconds] | None = None
    """The interval of the other colour's readings, where it is not this colour's: the two are scraped separately."""
    details: Mapping[str, str] = field(default_factory=dict)
    """Error classes of `own`, by signal, where there are any."""
    pace: float = 1.0
    """The source polls so many times less often at present, for want of a deployment: so much longer is no gap."""

    def value(self, signal: str) -> Value:
        """This colour's reading."""
        return self.own.get(signal, Missing.EMPTY)

    @property
    def lengths(self) -> tuple[Seconds, Seconds]:
        """How long this and the other colour's readings are."""
        start, end = self.other_over or (self.start, self.end)
        return max(self.end - self.start, 0.0), max(end - start, 0.0)

    def count(self, signal: str) -> float:
        """The other colour's reading as a count: 0 when there is none, since nothing was counted."""
        value = self.other.get(signal, Missing.EMPTY)
        return 0.0 if isinstance(value, Missing) or not value > 0.0 else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """What a rule saw last, for people."""

    value: float | None = None
    """The last known value: a share, a gauge, a probe's 1 or 0. None before the first and for one without a size."""
    in_a_row: int = 0
    """Failures in a row, where the kind counts them."""
    detail: str = ""
    """The error class of the last failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauged:
    """What a gauge is compared with, where that is not a number of the file."""

    readings: int = 0
    """How many readings are behind it."""
    usual: float | None = None
    """The middle of the baseline (`spike`), or where the gauge is by its own line now (`trend`)."""
    beyond: float | None = None
    """From here on a reading is bad (`spike`)."""
    slope: float | None = None
    """Change per second (`trend`); None while the gauge does not clearly rise or fall."""
    reached_at: Seconds | None = None
    """When it is at the limit at that slope, or the last reading's time when it is there; None when it never is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Why a rule is in its state: what was counted since the onset, and how strong the case is."""

    onset: Seconds | None = None
    """Start of the first reading that belongs to the present trouble; None when there is no trouble."""
    bad: float = 0.0
    total: float = 0.0
    other_bad: float = 0.0
    other_total: float = 0.0
    """The other colour's counts over the same readings: the common-cause interlock compares them."""
    log_e: float | None = None
    """Natural log of the proof's e-value; None where the kind has none."""
    log_e_suspicion: float | None = None
    last: Last = field(default_factory=Last)
    gauged: Gauged | None = None
    """Where the kind judges a gauge against its own past."""
