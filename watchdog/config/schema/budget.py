"""How many rollbacks may happen by themselves within a time.

What lives here: the keys of a budget. What must not: what follows when it is used up (the core's interlocks).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field

from watchdog.config.errors import found, wrong
from watchdog.config.parsed import Parsed
from watchdog.config.schema.base import Complaint, Model, Short
from watchdog.config.units import Duration

_MOST = 100


@dataclass(frozen=True, slots=True)
class Rollbacks(Parsed):
    """A number of rollbacks, or none for no bound."""

    count: int | None

    WANTED: ClassVar[str] = f"a whole number from 1 to {_MOST}, or none for no bound"
    SPELLING: ClassVar[str] = r"none|[1-9][0-9]?|100"
    EXAMPLES: ClassVar[tuple[str | int | float, ...]] = (3, "none")
    BARE: ClassVar[dict[str, Any]] = {"type": "integer", "minimum": 1, "maximum": _MOST}

    @classmethod
    def parse(cls, value: object) -> Self:
        """The number. 0 is refused: it could mean none and any."""
        text = value.strip() if isinstance(value, str) else ""
        if not re.fullmatch(cls.SPELLING, text):
            raise wrong(value, cls.WANTED)
        return cls(None if text == "none" else int(text))

    def __str__(self) -> str:
        """As it is written."""
        return "none" if self.count is None else str(self.count)


class Budget(Model):
    """How many rollbacks rules may order within a time. The next one is a human's decision: the split is frozen and
    people are told.
    """

    rollbacks: Rollbacks = Field(
        default=Rollbacks(3), description="So many within the time; a human's own are not counted. `none`: no bound."
    )
    within: Duration = Field(default=Duration(3600.0), description="The time, above 0s.")

    def complaints(self) -> Iterator[Complaint]:
        """Ranges."""
        if self.within <= 0.0:
            yield ("within",), found(self.within, "a duration above 0s; rollbacks: none turns the budget off")


def _no_bound(value: Any) -> Any:
    """`none` stands for a budget without a bound."""
    if not isinstance(value, str):
        return value
    if value.strip() != "none":
        raise wrong(value, "none, or keys such as {rollbacks: 3, within: 1h}")
    return {"rollbacks": "none"}


class WaveBudget(Budget):
    """How many rollbacks of different services rules may order within a time. More are a wave: the monitoring or
    something that the services share has a fault, and rolling back would not help.
    """

    within: Duration = Field(default=Duration(600.0), description="The time, above 0s.")


MaybeBudget = Annotated[Budget, Short(_no_bound, Literal["none"])]
"""A budget, or `none`."""
MaybeWaveBudget = Annotated[WaveBudget, Short(_no_bound, Literal["none"])]
"""The same, across services."""
