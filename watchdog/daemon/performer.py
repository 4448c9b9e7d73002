"""Carrying out effects: each within a deadline, each answered by its outcome.

What lives here: the way from an effect to its deed and back to an event. What must not: deciding, retrying (the core
orders again, the outbox has its own patience). An adapter that raises or hangs is an outcome that did not work, never a
lost effect.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

from watchdog.core.effects import (
    CutRoute,
    DrainCandidate,
    Effect,
    Notify,
    ObserveTraffic,
    Prepare,
    ProbeColour,
    Prove,
    PullBrake,
    Recheck,
    ReleaseBrake,
    RunHook,
    RunRehearsal,
    SetTraffic,
)
from watchdog.core.events import Event
from watchdog.daemon.deeds import Tools, do, not_done
from watchdog.daemon.hands import Clock, Hands, Messenger

DEADLINES_S: Final[Mapping[type[Any], float]] = {
    Prepare: 60.0,
    SetTraffic: 45.0,
    PullBrake: 5.0,
    ReleaseBrake: 5.0,
    Prove: 20.0,
    ProbeColour: 5.0,
    ObserveTraffic: 5.0,
    Recheck: 9.0,
    RunRehearsal: 60.0,
    RunHook: 600.0,
    CutRoute: 5.0,
    DrainCandidate: 3600.0,
    Notify: 300.0,
}
"""After so many seconds an effect has failed, whatever it is still doing."""


class Performer:
    """Starts effects and hands their outcomes over; what was started can be awaited at the end."""

    def __init__(
        self,
        *,
        clock: Clock,
        messenger: Messenger,
        put: Callable[[Event], None],
        failed: Callable[[Effect, BaseException], None],
    ) -> None:
        """`failed` hears of adapters that raised or ran into their deadline, for the log."""
        self._tools = Tools(clock=clock, messenger=messenger)
        self._put = put
        self._failed = failed
        self._hands: Mapping[str, Hands] = {}
        self._running: set[asyncio.Task[None]] = set()

    def equip(self, hands: Mapping[str, Hands]) -> None:
        """Take other adapters; effects under way keep the old ones."""
        self._hands = hands

    def start(self, effect: Effect) -> None:
        """Begin to carry an effect out. Never waits, never raises."""
        task = asyncio.get_running_loop().create_task(self._run(effect), name=effect.id)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self, within: float) -> None:
        """Give what is under way so many seconds, then let go of it."""
        running = tuple(self._running)
        if running:
            await asyncio.wait(running, timeout=within)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def settled(self, within: float) -> None:
        """Wait until everything that is under way now has ended, for at most so many seconds."""
        running = tuple(self._running)
        if running:
            await asyncio.wait(running, timeout=within)

    async def _run(self, effect: Effect) -> None:
        outcome: Event | None
        try:
            async with asyncio.timeout(DEADLINES_S[type(effect)]):
                outcome = await do(effect, self._hands, self._tools)
        except TimeoutError as error:
            self._failed(effect, error)
            outcome = not_done(effect, f"no end within {DEADLINES_S[type(effect)]:g} s")
        except Exception as error:  # noqa: BLE001 - whatever an adapter raises is an outcome, never a lost effect
            self._failed(effect, error)
            outcome = not_done(effect, str(error) or type(error).__name__)
        if outcome is not None:
            self._put(outcome)
