"""What a message is made from, and the pieces that several shapes share.

What lives here: looking things up in the view, and clauses about exposure, evidence and ways out. What must not: whole
messages (`shapes`), and commands that this version does not have.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, Final, TypeAlias

from watchdog.core.rules.bounds import lower_bound
from watchdog.text import deployment as words
from watchdog.text import readiness, rules
from watchdog.text.quantities import clock, moment
from watchdog.text.reasons import OTHER, PROGRAM

Plain: TypeAlias = Mapping[str, Any]

CONFIDENCE_ALPHA: Final = 0.001
"""The lower bound that people are told is refuted at this level, at whatever moment they look: 99.9 %."""


ON_CALL: Final = 2
"""The level that is told first."""


AT_ONCE_S: Final = 30.0
"""A level that hears so soon after the opening hears together with on-call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One incident with everything around it, as the view says it at the moment of sending."""

    view: Plain
    service: Plain
    incident: Plain
    deployment: Plain | None
    """The incident's own deployment; None when there is none, or another one runs by now."""
    zone: tzinfo | None
    level: int = ON_CALL
    """Of the escalation: whom the message is for."""

    @property
    def name(self) -> str:
        """The service."""
        return str(self.service["name"])

    @property
    def what(self) -> str:
        """Service and release, as far as there is one."""
        return f"{self.name} {self.deployment['release']}" if self.deployment else self.name

    @property
    def stable(self) -> str:
        """The colour that is stable for this deployment."""
        return str(self.deployment["stable"] if self.deployment else self.service["stable"])

    @property
    def candidate(self) -> str:
        """The other one."""
        return OTHER[self.stable]

    @property
    def rules(self) -> list[Plain]:
        """The instances that the incident is about, as far as they are still known."""
        names = self.incident["rules"] or (self.wanted or self.rollback or {}).get("rules", ())
        known = self.service.get("rules", ())
        found = (_loudest(known, name, self.candidate) for name in names)
        return [each for each in found if each is not None]

    @property
    def wanted(self) -> Plain | None:
        """The rollback that waits for its interlocks."""
        return self.deployment["wanted"] if self.deployment else None

    @property
    def rollback(self) -> Plain | None:
        """The rollback under way or done."""
        return self.deployment["rollback"] if self.deployment else None

    def moment(self, at: float) -> str:
        """A time in the host's zone with UTC in brackets."""
        return moment(at, self.zone, now=self.view["now"])

    def clock(self, at: float) -> str:
        """A time in the host's zone."""
        return clock(at, self.zone, now=self.view["now"])

    def evidence(self) -> list[str]:
        """One sentence per rule that the incident is about."""
        now = self.view["now"]
        return [rules.evidence(each, at_least=at_least(each), zone=self.zone, now=now) for each in self.rules]

    def exposure(self) -> str:
        """The candidate's share of users now, and what it costs."""
        if self.deployment is None:
            return ""
        said = words.exposure(self.service, self.candidate)
        return f"{said[:1].upper()}{said[1:]}."

    def next_told(self) -> str:
        """Who is told next, and when, unless somebody acknowledges."""
        incident = self.incident
        if incident["next"] is None or not incident["next_to"]:
            return ""
        return f"Next: {joined(incident['next_to'])} at {self.clock(incident['next'])}."

    def told_before(self) -> str:
        """For those who are told after others: who was, and that nobody has taken over; empty for on-call."""
        if self.level <= ON_CALL:
            return ""
        if self.view["now"] - self.incident["opened"] < AT_ONCE_S:
            return (
                f"{joined(self.incident['contacts'])} is told at this moment, too." if self.incident["contacts"] else ""
            )
        on_call = (self.incident["contacts"], self.incident["opened"])
        levels = [(each["contacts"], each["told"]) for each in self.incident["levels"] if each["level"] < self.level]
        told = [(who, at) for who, at in (on_call, *levels) if who and at is not None]
        if not told:
            return "Nobody was told before you."
        said = ", ".join(f"{joined(who)} at {self.clock(at)}" for who, at in told).replace(" at ", " was told at ", 1)
        if len(told) == 1 and len(told[0][0]) == 1:
            return f"{said} and has not acknowledged."
        return f"{said}; nobody has acknowledged."

    def by_hand(self) -> list[str]:
        """The commands that move users off the candidate without this program, by kind of router."""
        known = self.view.get("by_hand", {}).get(self.name, {}).get(self.candidate)
        return list(known) if known else [f"touch {self.view['state_folder']}/brake/{self.name}.{self.candidate}"]

    def wrote(self) -> str:
        """Since when the candidate has data that stable lacks."""
        return readiness.wrote(self.deployment, self.zone, now=self.view["now"]) if self.deployment else ""

    def command(self, words: str, *, because: bool = False) -> str:
        """A command as it is typed."""
        return f"{PROGRAM} {words}" + (' --because "..."' if because else "")


def _loudest(known: Iterable[Plain], name: str, candidate: str) -> Plain | None:
    """The rule on the candidate; on stable when only there it has something to say (rules that are always on)."""
    own = rules.about(known, name, candidate)
    if own is not None and own["level"] != "inactive":
        return own
    return next((each for each in known if each["name"] == name and each["level"] != "inactive"), own)


def at_least(rule: Plain) -> float:
    """How large the bad share is at least; 0 when the counts do not say."""
    if rule["kind"] not in rules.SHARES or not 0.0 < rule["bad"] <= rule["total"]:
        return 0.0
    return lower_bound(rule["bad"], rule["total"], CONFIDENCE_ALPHA)


def sentence(*parts: str) -> str:
    """Those parts that say something, in one line."""
    return " ".join(part for part in parts if part)


def joined(names: Iterable[str]) -> str:
    """A list for people."""
    return ", ".join(names)
