"""What a source of readings must be able to do.

What lives here: the port. Probing sources report a target's refusal, timeout or TLS error as the value 0 with an
error class in `detail`; querying sources report them as Missing. Only if the prober itself could not run is a probe's
reading Missing. An empty result is not zero.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from watchdog.core.model import Reading, Seconds

Now: TypeAlias = Callable[[], Seconds]
"""Reads the engine clock; handed in, so that tests can move it."""

Emit: TypeAlias = Callable[[str, Seconds, Seconds, tuple[Reading, ...]], None]
"""Takes a finished poll: source name, start, end (engine seconds), readings of both colours. Never blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was seen when a source was asked once, for a human who sets it up."""

    ok: bool | None
    """None: it works, and is probably not what is meant."""
    what: str
    """What was asked and seen."""
    remedy: str = ""
    """What would be right."""


class PollSource(Protocol):
    """A source that is asked: once per `interval`, and given up after `deadline`."""

    name: str
    interval: Seconds
    deadline: Seconds

    async def poll(self) -> tuple[Reading, ...]:
        """Ask once. Every expected signal and colour is in the answer, with a value or a `Missing`."""
        ...

    def missing(self) -> tuple[Reading, ...]:
        """The answer when the poll itself did not end in time or raised: what each signal is worth then."""
        ...

    async def examine(self) -> tuple[Finding, ...]:
        """Look at the real thing once, for what a file cannot show. What goes wrong there is a finding."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
