"""What the load generator saw, request by request, and what follows from it.

What lives here: the record of one request, its line in the result file, and the figures that tests and benchmarks
share. What must not: sockets, processes. Times are wall-clock Unix seconds, so that they compare with a fault's time.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Self

NO_COLOUR = "-"
"""Nothing of the application answered."""

_REQUESTS_MISSED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One request as its user saw it."""

    started: float
    ended: float
    late: float
    """Seconds between when it was due and when it started: the generator's own error."""
    user: int
    reused: bool
    """Sent on a connection that had carried a request before."""
    status: int
    """0 when no answer came; `error` says why."""
    colour: str
    route: str
    error: str = "-"

    @property
    def failed(self) -> bool:
        """What a user calls an error: no answer, or 5xx."""
        return self.status == 0 or self.status >= 500

    def line(self) -> str:
        return (
            f"{self.started:.6f} {self.ended:.6f} {self.late:.6f} {self.user} {self.reused:d} {self.status}"
            f" {self.colour} {self.route} {self.error}\n"
        )

    @classmethod
    def parse(cls, line: str) -> Self:
        started, ended, late, user, reused, status, colour, route, error = line.split()
        return cls(
            started=float(started),
            ended=float(ended),
            late=float(late),
            user=int(user),
            reused=reused == "1",
            status=int(status),
            colour=colour,
            route=route,
            error=error,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of a run, or of the part of it that was handed in."""

    requests: int
    errors: int
    """User errors: 5xx and requests without an answer."""
    connection_errors: int
    """Those without an answer."""
    by_colour: dict[str, int]
    worst_late_ms: float
    p50_ms: float
    p99_ms: float


def read_records(path: Path) -> list[Record]:
    """The records so far, by start. A last line that is still being written is left out."""
    text = path.read_text() if path.exists() else ""
    whole = text[: text.rfind("\n") + 1]
    return sorted((Record.parse(line) for line in whole.splitlines()), key=lambda record: record.started)


def since(records: Iterable[Record], when: float) -> list[Record]:
    """Those that started at `when` or later."""
    return [record for record in records if record.started >= when]


def of_colour(records: Iterable[Record], colour: str) -> list[Record]:
    return [record for record in records if record.colour == colour]


def summarise(records: Sequence[Record]) -> Summary:
    durations = sorted(record.ended - record.started for record in records)
    return Summary(
        requests=len(records),
        errors=sum(record.failed for record in records),
        connection_errors=sum(record.status == 0 for record in records),
        by_colour=dict(Counter(record.colour for record in records)),
        worst_late_ms=round(max((record.late for record in records), default=0.0) * 1000, 1),
        p50_ms=round(quantile(durations, 0.5) * 1000, 2),
        p99_ms=round(quantile(durations, 0.99) * 1000, 2),
    )


def quantile(ordered: Sequence[float], fraction: float) -> float:
    """The value below which `fraction` of an ordered sequence lies (nearest rank); 0 for an empty one."""
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, int(fraction * len(ordered)))]


def last_before_first_cut(records: Sequence[Record], colour: str, *, fault: float) -> float | None:
    """When the last request to `colour` started before traffic first left it, after `fault`; None without any.

    A request that nothing of the application answered (a crash, a hang) counts as one to `colour`, since the other
    colour is healthy. Traffic has left when nothing went to it for `quiet_seconds` while others were answered. It may
    come back afterwards, on trial; that is not counted. Never cut off: the start of its last request.
    """
    quiet = quiet_seconds(records, colour, fault=fault)
    after = sorted(since(records, fault), key=lambda record: record.started)
    starts = [record.started for record in after if record.colour in {colour, NO_COLOUR}]
    if not starts:
        return None
    for start, following in pairwise([*starts, after[-1].started]):
        if following - start >= quiet:
            return start
    return starts[-1]


def quiet_seconds(records: Sequence[Record], colour: str, *, fault: float) -> float:
    """How long silence must last to mean a cut: 20 requests of what the colour had before, at least one second.

    At random arrivals a gap that long happens by chance once in e^20 requests.
    """
    before = [record.started for record in of_colour(records, colour) if record.started < fault]
    span = fault - min(before, default=fault)
    return max(1.0, _REQUESTS_MISSED * span / len(before)) if before else 1.0
