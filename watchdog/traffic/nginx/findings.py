"""What `nginx show` has to say: changes to make, refusals with their cure, and the words for both.

What lives here: collecting and wording. What must not: looking at the configuration.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowResult:
    """What an operator has to do so that nginx obeys; printing it is the caller's."""

    lines: tuple[str, ...]
    """The changes, in the order in which to make them; what is in place when there are none."""
    refusals: tuple[str, ...]
    """What would go wrong, with file, line and cure. The changes do not help before these are gone."""
    in_place: bool
    """Nothing is left to do."""


@dataclass(slots=True)
class Findings:
    """Collects, without repetition."""

    log_line: str
    """The access log's line, as it has to stand wherever a log is written."""
    changes: dict[str, list[str]] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    present: list[str] = field(default_factory=list)

    def add(self, where: str, what: str, *lines: str) -> None:
        """At this place do `what`: the lines are to be added there, or say what replaces what."""
        kept = self.changes.setdefault(f"{where}: {what}", [])
        kept.extend(line for line in lines if line not in kept)

    def refuse(self, where: str, what: str, cure: str) -> None:
        """This cannot be served as it is."""
        refusal = f"{where}: {what}. {cure}"
        if refusal not in self.refusals:
            self.refusals.append(refusal)

    def result(self) -> ShowResult:
        """All of it as text."""
        lines = [line for head, below in self.changes.items() for line in (head, *(f"    {each}" for each in below))]
        done = not lines and not self.refusals
        return ShowResult(lines=tuple(self.present if done else lines), refusals=tuple(self.refusals), in_place=done)
