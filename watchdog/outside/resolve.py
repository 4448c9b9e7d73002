"""A host name's addresses, without the loop's own resolver threads (they are joined at exit and may hang).

What lives here: one name's lookup. What must not: caching; a name may lead elsewhere after a release.
"""

import asyncio
import ipaddress
import socket

from watchdog.core.model import Seconds
from watchdog.outside.blocking import BlockingCalls, BusyError


class Resolver:
    """Looks one host up."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._calls: BlockingCalls[list[str]] | None = None
        self._lookup: asyncio.Task[list[str]] | None = None
        try:
            ipaddress.ip_address(host)
        except ValueError:
            self._calls = BlockingCalls(f"resolve {host}")

    async def addresses(self, deadline: Seconds) -> list[str]:
        """Addresses in the system's order of preference; the host itself when it is an address.

        Who asks while a lookup is under way waits for that one. socket.gaierror when there is no address or a lookup
        that was given up still hangs; TimeoutError at the deadline, also that of the lookup that is waited for.
        """
        if self._calls is None:
            return [self._host]
        joins = self._lookup is not None and not self._lookup.done()
        if self._lookup is None or not joins:
            self._lookup = asyncio.get_running_loop().create_task(self._look_up_within(self._calls, deadline))
            self._lookup.add_done_callback(_heard)
        async with asyncio.timeout(deadline if joins else None):  # its own lookup ends by itself
            return list(await asyncio.shield(self._lookup))  # who stops waiting does not end it for the others

    def close(self) -> None:
        """Let the thread end when it can."""
        if self._lookup is not None:
            self._lookup.cancel()
        if self._calls is not None:
            self._calls.close()

    async def _look_up_within(self, calls: BlockingCalls[list[str]], deadline: Seconds) -> list[str]:
        try:
            return await calls.call(self._look_up, deadline)
        except BusyError as error:
            raise socket.gaierror(socket.EAI_AGAIN, f"the last lookup of {self._host} still hangs") from error

    def _look_up(self) -> list[str]:
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _heard(lookup: "asyncio.Task[list[str]]") -> None:
    """Take the error of a lookup that nobody waits for any more, so that it is not reported as lost."""
    if not lookup.cancelled():
        lookup.exception()
