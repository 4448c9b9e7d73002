"""Ordering and asking one HAProxy about one service's servers.

What lives here: the commands, and turning every silence into a RouterError with what to look at. What must not: what is
to be ordered and when.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from watchdog.core.model import Colour
from watchdog.outside.haproxy_socket import NoAnswerError, Runtime
from watchdog.traffic import files
from watchdog.traffic.base import RouterError
from watchdog.traffic.haproxy import states
from watchdog.traffic.haproxy.states import Known
from watchdog.traffic.waiting import aside

_WRITE_SECONDS = 1.0  # a stuck disk costs the saved state, not the order
_NO_RIGHTS = "Permission denied"


class Talk:
    """One backend of one HAProxy. Every order and question ends within the socket's timeout."""

    def __init__(
        self,
        *,
        address: str,
        timeout: float,
        backend: str,
        servers: Mapping[Colour, Sequence[str]],
        state_file: Path | None,
    ) -> None:
        self.backend = backend
        self.servers = servers
        self.state_file = state_file
        self.address = address
        self._runtime = Runtime(address, timeout)

    async def look(self) -> Known:
        """What HAProxy says now. RouterError."""
        return self._read(await self._ask(states.questions(self.backend)))

    async def order(self, commands: Iterable[str]) -> Known:
        """Give orders, and read back in the same breath. RouterError when one is refused or nobody answers."""
        said = await self._ask(";".join([*commands, states.questions(self.backend)]))
        refused, mark, rest = said.partition("Name: HAProxy")
        if not mark:
            raise RouterError(f"HAProxy at {self.address} says {_first(said)!r}")
        if refused.strip():
            raise RouterError(f"HAProxy refuses an order: {self._cure(_first(refused))}")
        return self._read(mark + rest)

    async def may_order(self) -> str:
        """Why the socket takes no orders; empty when it does. Asked by an order that can change nothing."""
        server = next(name for names in self.servers.values() for name in names)
        said = await self._ask(f"set server {self.backend}/{server} state nothing")
        return self._cure(_first(said)) if _NO_RIGHTS in said else ""

    async def end_sessions(self, colour: Colour) -> None:
        """End everything that is open on a colour. RouterError."""
        await self.order(f"shutdown sessions server {self.backend}/{name}" for name in self.servers[colour])

    async def save(self) -> str:
        """Write the state for HAProxy's next start or reload; what did not work. Never raises."""
        if self.state_file is None:
            return ""
        try:
            said = await self._ask("show servers state")
            if "# be_id" not in said:
                return f"HAProxy's state was not saved: it says {_first(said)!r}"
            path = self.state_file
            await aside(lambda: files.stage(path, said.rstrip("\n") + "\n"), _WRITE_SECONDS)
        except (RouterError, OSError, ValueError, TimeoutError) as error:
            why = str(error) or type(error).__name__
            return f"HAProxy's state was not saved to {self.state_file} ({why}): a reload would lose it"
        return ""

    def cut(self, colour: Colour) -> list[str]:
        """The orders that keep every request from a colour, agents silenced first: their `ready` would end it."""
        names = [f"{self.backend}/{name}" for name in self.servers[colour]]
        return [f"disable agent {name}" for name in names] + [f"set server {name} state maint" for name in names]

    def ready(self, colour: Colour) -> list[str]:
        """The orders that let a colour have its share."""
        return [f"set server {self.backend}/{name} state ready" for name in self.servers[colour]]

    def weights(self, of: Mapping[str, int], colour: Colour) -> list[str]:
        """The orders that give a colour's servers their weights."""
        return [f"set server {self.backend}/{name} weight {of[name]}" for name in self.servers[colour]]

    def close(self) -> None:
        """Let go of the lookup's thread."""
        self._runtime.close()

    async def _ask(self, commands: str) -> str:
        try:
            return await self._runtime.ask(commands)
        except NoAnswerError as error:
            raise RouterError(str(error)) from error

    def _read(self, said: str) -> Known:
        try:
            return states.read(said, self.backend, self.servers)
        except ValueError as error:
            raise RouterError(f"HAProxy at {self.address}: {error}") from error

    def _cure(self, said: str) -> str:
        if _NO_RIGHTS not in said:
            return said
        return f"{self.address} takes no orders; wanted `stats socket PATH level admin` in HAProxy's configuration"


def _first(said: str) -> str:
    return said.strip().partition("\n")[0][:120]
