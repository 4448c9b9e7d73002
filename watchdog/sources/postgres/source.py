"""A PostgreSQL source: one door for both colours, or one for each.

What lives here: the doors asked side by side, and their answers as readings. What must not: statements, connections.

This is a probing source: a server that refuses, hangs or lets nobody in is the value 0 of `connects` and `writable`,
with its class in `detail`. The gauges are then Missing, for a server that cannot be asked has not no sessions.
"""

import asyncio
from collections.abc import Sequence

from watchdog.core.model import Colour, Missing, Reading, Seconds, Value
from watchdog.sources.base import Finding, Now
from watchdog.sources.postgres import measures
from watchdog.sources.postgres.door import Answer, Door, DoorSetup
from watchdog.sources.postgres.findings import findings
from watchdog.sources.postgres.measures import Measured

STOOD_STILL: Seconds = 1.0  # beyond what the doors need when everything hangs


class PostgresSource:
    """The servers of one service."""

    def __init__(
        self, *, name: str, interval: Seconds, timeout: Seconds, shared: bool, doors: Sequence[DoorSetup], now: Now
    ) -> None:
        """`shared`: however many doors there are, one database is behind them. OSError when PGSERVICE is set."""
        self.name = name
        self.interval = interval
        self.deadline: Seconds = 2 * timeout + STOOD_STILL
        self._shared = shared
        self._doors = tuple(Door(f"{name} {setup.colour or ''}".strip(), setup, timeout, now) for setup in doors)

    async def poll(self) -> tuple[Reading, ...]:
        """Every signal of every door; of a shared database once, the worse of what two doors show."""
        answers = await asyncio.gather(*(door.ask() for door in self._doors))
        return self._readings([(door.setup.colour, answer) for door, answer in zip(self._doors, answers, strict=True)])

    def missing(self) -> tuple[Reading, ...]:
        """What is said when a poll did not end though each door has its deadline: the prober could not run."""
        said: Measured = (Missing.TIMEOUT, "the prober did not run")
        return self._readings(
            [
                (
                    door.setup.colour,
                    dict.fromkeys(
                        [
                            *((signal, None) for signal in measures.SIGNALS),
                            *((query.signal, query.colour) for query in door.setup.queries),
                        ],
                        said,
                    ),
                )
                for door in self._doors
            ]
        )

    async def examine(self) -> tuple[Finding, ...]:
        """Version, rights, queries, and whether the data is shared as declared."""
        looked = await asyncio.gather(*(door.look() for door in self._doors))
        colours = [door.setup.colour for door in self._doors]
        return findings(list(zip(colours, looked, strict=True)), shared=self._shared)

    async def close(self) -> None:
        """Close the connections."""
        for door in self._doors:
            door.close()

    def _readings(self, answers: Sequence[tuple[Colour | None, Answer]]) -> tuple[Reading, ...]:
        """What each door and each query says, by the colour that it speaks of."""
        by_colour: dict[tuple[str, Colour | None], dict[Colour | None, Measured]] = {}
        for door, answer in answers:
            for (signal, of_query), measured in answer.items():
                colour = of_query or (None if self._shared else door)
                by_colour.setdefault((signal, colour), {})[door] = measured
        return tuple(
            Reading(signal=signal, colour=colour, value=value, detail=detail)
            for (signal, colour), said in by_colour.items()
            for value, detail in [_worse(signal, said)]
        )


def _worse(signal: str, said: dict[Colour | None, Measured]) -> Measured:
    """Of one probe the failure, of one gauge the larger; what is known before what is not."""
    if len(said) == 1:
        return next(iter(said.values()))
    known = [(value, door, detail) for door, (value, detail) in said.items() if not isinstance(value, Missing)]
    if not known:
        return next(iter(said.values()))
    if signal not in measures.PROBES:
        return max(value for value, _, _ in known), ""
    down = [(door, detail) for value, door, detail in known if value == 0.0]
    if down:
        return 0.0, "; ".join(detail for _, detail in down) if len(down) == len(said) else f"{down[0][0]}: {down[0][1]}"
    unknown: list[tuple[Value, str]] = [measured for measured in said.values() if isinstance(measured[0], Missing)]
    return unknown[0] if unknown else (1.0, "")
