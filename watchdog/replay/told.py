"""What a scenario says of a signal: a number, or as many as users' requests that met something.

What lives here: the value and its notation. What must not: whose signal it is (`others`), time.
"""

import re
from dataclasses import dataclass

from watchdog.config.errors import WrongValueError
from watchdog.config.units import Quantity

COUNTS = ("requests", "errors", "slow", "writes")
"""What is counted of users' requests."""

_COUNTED = re.compile(rf"({'|'.join(COUNTS)})(?:\[([a-z][a-z0-9-]*)\])?")

WANTED = "a value such as 5, 80%, 2s or 1.5GiB, or one of requests, errors, slow, writes, such as errors[login]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A signal's value: `number` (in its base unit; of a count: so many each reading), or what is counted of users."""

    number: float = 0.0
    counted: str | None = None
    """One of `COUNTS`."""
    route: str | None = None
    """Of that route only; None: of all."""


def parse(text: str) -> Told:
    """The notation's value. ValueError."""
    if counted := _COUNTED.fullmatch(text.strip()):
        return Told(counted=counted[1], route=counted[2])
    try:
        return Told(number=Quantity.parse(text).value)
    except WrongValueError:
        raise ValueError(f'found "{text}", wanted {WANTED}') from None
