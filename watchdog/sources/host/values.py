"""What one look at processes or at the machine shows.

What lives here: the values. What must not: looking. Counters are raw: `gauge` takes differences between two looks.
"""

from dataclasses import dataclass
from typing import TypeAlias

from watchdog.core.model import Missing


class GoneError(Exception):
    """The processes are not there: they say nothing, and that is not zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Why something is not known."""

    missing: Missing = Missing.ERROR
    why: str


Amount: TypeAlias = float | Lacking


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Processes, or the machine, at one moment."""

    main: str = ""
    """Which process it is: its number and when it began. Another one is another run."""
    cpu_seconds: Amount
    """Time on the processors so far."""
    cores: float
    """How many processors they may use at most: what 100 % is."""
    memory: Amount
    """Bytes that cannot be given back easily."""
    memory_limit: float
    processes: Amount
    threads: Amount
    open_files: Amount
    """Share of the limit; of several processes the largest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A look at a group, with the counters that are there without any process, too."""

    look: Look | Lacking
    restarts: Amount | None = None
    """As systemd counts them; None: by the main process."""
    oom_kills: Amount | None = None
    """None where nobody counts them."""
