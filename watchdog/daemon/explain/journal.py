"""Reading what an explanation needs out of the journal.

What lives here: which records, page by page. What must not: what they mean (`story`).
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from watchdog.core.events import Configured
from watchdog.core.records import LineReleased, LineStopped, Record
from watchdog.daemon.explain.story import explain_records
from watchdog.journal.recovery import LIMIT, read

BEFORE: Final = ("Configured", "LineStopped", "LineReleased")
"""What was in force before a deployment and still counts in it."""


def explain_journal(
    folder: Path, service: str, to_wall: Callable[[float], float], *, page: int = LIMIT
) -> dict[str, Any]:
    """The story of the service's last deployment, as plain data with wall-clock times; see `explain_records`.

    `to_wall` makes Unix seconds of engine seconds; `page`: records that are read at once. JournalError when the journal
    cannot be read.
    """
    begun = read(folder, service=service, types=("DeploymentBegun",), limit=1)
    if not begun:
        return {"service": service, "deployment": None}
    first = begun[-1].record.seq
    return explain_records(_records(folder, service, first, page), service, to_wall)


def _records(folder: Path, service: str, first: int, page: int) -> Iterator[Record]:
    yield from _in_force(folder, first)
    last = first - 1
    while found := read(folder, since_seq=last, service=service, limit=page):
        for dated in found:
            yield dated.record
        last = found[-1].record.seq


def _in_force(folder: Path, first: int) -> list[Record]:
    """The configuration and the state of the line when the deployment began."""
    found: dict[str, Record] = {}
    for dated in read(folder, types=BEFORE):
        body = dated.record.body
        if dated.record.seq >= first:
            continue
        if isinstance(body, Configured):
            found["configured"] = dated.record
        elif isinstance(body, LineStopped | LineReleased):
            found["line"] = dated.record
    return sorted(found.values(), key=lambda record: record.seq)
