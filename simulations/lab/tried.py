"""nginx's own word on who was asked first: a user whose request stable answered in the candidate's place sees nothing.

What lives here: the operator's further log, its lines, and what follows from them. What must not: what the load
generator saw (`results`), or the daemon's own log.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from simulations.lab.results import Record

_FORMAT = (
    'log_format seen \'$msec $request_time $status $rwd_probe "$upstream_status" "$upstream_addr"\';'  # as in `parse`
)
_PARTS = 4
_SERVER_ERROR = 500


def operator(log: Path) -> dict[str, Any]:
    """Fields of `Operator` for a scene that writes this log."""
    return {"http": _FORMAT, "server": f"access_log {log} seen;"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A user's request, with the first and the last server that it was asked of."""

    started: float
    status: int
    first_status: int
    first: str
    last: str

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """None for a probe, a request that no server was asked, and half a line."""
        parts = line.rstrip('"\n').split('"')
        words = parts[0].split()
        if len(parts) != _PARTS or len(words) != _PARTS or words[-1] != "0" or parts[1] == "-":
            return None
        statuses, addresses = (part.replace(" : ", ", ").split(", ") for part in (parts[1], parts[3]))
        return cls(
            started=float(words[0]) - float(words[1]),
            status=int(words[2]),
            first_status=int(statuses[0]) if statuses[0].isdigit() else 0,
            first=addresses[0],
            last=addresses[-1],
        )

    def failed_at(self, server: str) -> bool:
        """Whether that server was asked first and failed."""
        return self.first == server and self.first_status >= _SERVER_ERROR

    @property
    def shielded(self) -> bool:
        """Whether another server answered in the first one's place."""
        return self.status < _SERVER_ERROR and self.last != self.first


def read_tried(log: Path) -> list[Tried]:
    """The requests so far, as they ended."""
    text = log.read_text() if log.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    return [each for line in whole.splitlines() if (each := Tried.parse(line)) is not None]


def by_first(tried: Iterable[Tried], server: str, colour: str, other: str) -> list[Record]:
    """As records of who was asked first, for `results.last_before_first_cut`."""
    return [
        Record(
            started=each.started,
            ended=each.started,
            late=0.0,
            user=0,
            reused=False,
            status=each.status,
            colour=colour if each.first == server else other,
            route="-",
        )
        for each in tried
    ]
