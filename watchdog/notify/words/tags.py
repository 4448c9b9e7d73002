"""The tags that say whether to get up, and the value that a shape makes.

What lives here: three words and one value. What must not: any message.
"""

from dataclasses import dataclass
from typing import Final

NO_ACTION: Final = "[NO ACTION]"
"""Nothing to decide."""
DECIDE_NOW: Final = "[DECIDE NOW]"
"""Users suffer, or stand in front of a decision, and the program may not act."""
CHECK_TODAY: Final = "[CHECK TODAY]"
"""The watch is degraded, or the release waits."""

HANDS: Final = "Hands"
"""The label of what a human can do without this program; it stands in the place of the last line's brake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A message before its layout."""

    tag: str
    first: str
    """What happened to users and what was done."""
    lines: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Label and its lines; a label without lines is left out."""
