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
from watchdog.text import rules
from watchdog.text.quantities import clock, moment
from watchdog.text.reasons import PROGRAM

Plain: TypeAlias = Mapping[str, Any]

CONFIDENCE_ALPHA: Final = 0.001
"""The lower bound that people are told is refuted at this level, at whatever moment they look: 99.9 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One incident with everything around it, as the view says it at the moment of sending."""

    view: Plain
    service: Plain
    incident: Plain
    deployment: Plain | None
    """The incident's own deployment; None when there is none, or another one runs by now."""
    zone: tzinfo | None

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
        return rules.OTHER[self.stable]

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
        """Who is told again, and when, unless somebody acknowledges."""
        if self.incident["next"] is None or not self.incident["contacts"]:
            return ""
        return f"Next: {', '.join(self.incident['contacts'])} at {self.clock(self.incident['next'])}."

    def brake(self) -> str:
        """The command that cuts the candidate off without this program."""
        return f"touch {self.view['state_folder']}/brake/{self.name}.{self.candidate}"

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
