"""A host name's addresses, without the loop's own resolver threads (they are joined at exit and may hang).

What lives here: one name's lookup. What must not: caching; a name may lead elsewhere after a release.
"""

import ipaddress
import socket

from watchdog.core.model import Seconds
from watchdog.sources.blocking import BlockingCalls, BusyError


class Resolver:
    """Looks one host up."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._calls: BlockingCalls[list[str]] | None = None
        try:
            ipaddress.ip_address(host)
        except ValueError:
            self._calls = BlockingCalls(f"resolve {host}")

    async def addresses(self, deadline: Seconds) -> list[str]:
        """Addresses in the system's order of preference; the host itself when it is an address.

        socket.gaierror when there is none or the last lookup still hangs; TimeoutError at the deadline.
        """
        if self._calls is None:
            return [self._host]
        try:
            return await self._calls.call(self._look_up, deadline)
        except BusyError as error:
            raise socket.gaierror(socket.EAI_AGAIN, f"the last lookup of {self._host} still hangs") from error

    def close(self) -> None:
        """Let the thread end when it can."""
        if self._calls is not None:
            self._calls.close()

    def _look_up(self) -> list[str]:
        found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(str(address[0]) for *_, address in found))
