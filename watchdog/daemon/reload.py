"""Another configuration for a running daemon: all of it comes into force, or nothing does.

What lives here: the order of a reload: read, build, ask the core, swap. What must not: what a configuration may say
(`config`), what the core lets go of (`core.configure`), how parts are made (`wiring`).
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar

from watchdog.config.adapters import Compiled
from watchdog.config.errors import ConfigError
from watchdog.control.app import ApiError, RefusedError, UnavailableError
from watchdog.core.events import Configured, Event
from watchdog.core.records import Record, Refused
from watchdog.daemon.loop import StoppedError
from watchdog.daemon.performer import Performer
from watchdog.daemon.wiring import Built, Plant
from watchdog.notify.send import Contact
from watchdog.traffic.base import OpenRouter

_T = TypeVar("_T")

FIXED: Final = {
    "state": "state",
    "control_socket": "control.socket",
    "operators": "control.operators",
    "viewers": "control.viewers",
    "edge_socket": "edge.socket",
    "edge_group": "edge.group",
}
"""What is taken once, at the start; and its key in the file."""

OLD_ORDERS_WITHIN_S: Final = 60.0
"""So long a router that is not needed any more may take to end what it was told."""


class Ask(Protocol):
    """The loop, as far as it is needed here."""

    async def ask(self, event: Event) -> tuple[Record, ...]:
        """Hand over an event and wait for the records it led to."""
        ...


class Reloading:
    """Puts other configurations in the place of the one in force, one at a time."""

    def __init__(
        self,
        *,
        compiled: Compiled,
        read: Callable[[], Compiled],
        contacts: Callable[[Compiled], dict[str, Contact]],
        loop: Ask,
        plant: Plant,
        performer: Performer,
        equip: Callable[[dict[str, Contact]], None],
    ) -> None:
        """`read` reads and checks the file; `contacts` finds out who can be told; `equip` tells the messenger."""
        self.compiled = compiled
        """The configuration in force."""
        self._read = read
        self._contacts = contacts
        self._loop = loop
        self._plant = plant
        self._performer = performer
        self._equip = equip
        self._turn = asyncio.Lock()
        self._retiring: set[asyncio.Task[None]] = set()

    async def __call__(self, *, force: bool = False) -> Compiled:
        """Read the file anew and put it in force. ApiError: the last good configuration stays, whole."""
        async with self._turn:
            compiled = await _refusing(asyncio.to_thread(self._read))
            changed = [key for name, key in FIXED.items() if getattr(compiled, name) != getattr(self.compiled, name)]
            if changed:
                raise RefusedError(f"{', '.join(changed)} cannot change while the daemon runs; restart it")
            contacts = await _refusing(asyncio.to_thread(self._contacts, compiled))
            built = await _refusing(self._plant.build(compiled))
            try:
                await self._agree(built, force=force)
            except BaseException:
                self._performer.equip(self._plant.hands)
                await self._plant.discard(built)
                raise
            self.compiled = compiled
            self._equip(contacts)
            # Before the swap closes the old sources: a probe that decides on a rollback must find an open one.
            self._performer.equip({**self._plant.hands, **built.hands})
            retired = await self._plant.swap(built)
            self._performer.equip(built.hands)
            self._retire(retired)
            return compiled

    async def _agree(self, built: Built, *, force: bool) -> None:
        """The core has the last word. From then on it may ask about a service that is new: hands are there before."""
        self._performer.equip({**built.hands, **self._plant.hands})
        compiled = built.compiled
        event = Configured(environment=compiled.environment, text=compiled.text, forced=force, id=secrets.token_hex(8))
        try:
            records = await self._loop.ask(event)
        except StoppedError as error:
            raise UnavailableError("the daemon is stopping; it reads the file when it starts") from error
        for record in records:
            if isinstance(record.body, Refused) and record.body.command == event.id:
                raise RefusedError(record.body.detail or str(record.body.reason), reason=str(record.body.reason))

    def _retire(self, routers: list[OpenRouter]) -> None:
        """Close routers when what they were told has ended."""

        async def close() -> None:
            await self._performer.settled(OLD_ORDERS_WITHIN_S)
            for router in routers:
                await router.close()

        if routers:
            task = asyncio.get_running_loop().create_task(close(), name="retire routers")
            self._retiring.add(task)
            task.add_done_callback(self._retiring.discard)


async def _refusing(work: Awaitable[_T]) -> _T:
    """What a configuration or the machine has against it becomes an answer to the person who asked."""
    try:
        return await work
    except (ConfigError, OSError) as error:
        raise ApiError(str(error)) from error
