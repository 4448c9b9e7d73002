"""The moment at which the state is shown, on both clocks.

What lives here: that value. What must not: reading a clock.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from watchdog.core.model import Seconds

Data: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """When the view is taken, on both clocks."""

    now: Seconds
    to_wall: Callable[[Seconds], float]

    def wall(self, at: Seconds | None) -> float | None:
        """A wall-clock time for an engine instant, if there is one."""
        return None if at is None else self.to_wall(at)
