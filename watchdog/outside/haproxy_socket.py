"""One question or order to HAProxy's runtime socket.

What lives here: the connection, its bounds, and why it gave no answer. What must not: what an answer means. Each
question is a connection of its own, so that a reload (the new process has the socket) is no special case.
"""

import asyncio
import errno
from pathlib import Path

from watchdog.core.model import Missing, Seconds
from watchdog.outside.resolve import Resolver

LARGEST_ANSWER_BYTES = 16 * 1024 * 1024  # a server's line is some 400 bytes
_CHUNK_BYTES = 256 * 1024


class NoAnswerError(Exception):
    """HAProxy did not answer: what that makes of the readings, and what would be right."""

    def __init__(self, missing: Missing, what: str, remedy: str = "") -> None:
        """`what` happened; `remedy`: what would be right."""
        super().__init__(what)
        self.missing = missing
        self.what = what
        self.remedy = remedy

    def __str__(self) -> str:
        """On one line."""
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


class Runtime:
    """The socket of one HAProxy: a path, or `host:port`."""

    def __init__(self, address: str, timeout: Seconds) -> None:
        self.address = address
        self._timeout = timeout
        host, _, port = address.rpartition(":")
        self._port = 0 if self.is_path else int(port)
        self._resolver = None if self.is_path else Resolver(host.strip("[]"), self._port)

    @property
    def is_path(self) -> bool:
        """Whether it is a Unix socket."""
        return self.address.startswith("/")

    async def ask(self, commands: str) -> str:
        """What HAProxy says to commands divided by `;`, to its end. NoAnswerError."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._talk(commands)
        except TimeoutError:
            what = f"timeout: {self.address} gave no complete answer within {self._timeout:g} s"
            raise NoAnswerError(Missing.TIMEOUT, what) from None
        except OSError as error:
            raise self._why_not(error) from error

    def close(self) -> None:
        """Let go of the lookup's thread."""
        if self._resolver is not None:
            self._resolver.close()

    async def _talk(self, commands: str) -> str:
        reader, writer = await self._connect()
        try:
            writer.write(f"{commands}\n".encode())
            said = bytearray()
            while piece := await reader.read(_CHUNK_BYTES):
                said += piece
                if len(said) > LARGEST_ANSWER_BYTES:
                    what = f"too_large: {self.address} says more than {LARGEST_ANSWER_BYTES} bytes"
                    raise NoAnswerError(Missing.ERROR, what)
            return said.decode(errors="replace")
        finally:
            writer.transport.abort()  # nothing is owed to it, and a close could wait

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._resolver is None:
            return await asyncio.open_unix_connection(self.address)
        failed: OSError | None = None
        for address in await self._resolver.addresses(self._timeout):
            try:
                return await asyncio.open_connection(address, self._port)
            except OSError as error:
                failed = error
        raise failed or OSError(errno.EADDRNOTAVAIL, "no address")

    def _why_not(self, error: OSError) -> NoAnswerError:
        match error.errno:
            case errno.ENOENT:
                remedy = "is HAProxy running, and is this its `stats socket`?"
                return NoAnswerError(Missing.ERROR, f"there is no socket {self.address}", remedy)
            case errno.EACCES | errno.EPERM:
                remedy = "give it this user's group: `stats socket PATH mode 660 group GROUP level user`"
                return NoAnswerError(Missing.ERROR, f"{self.address} may not be used by this user", remedy)
            case errno.ECONNREFUSED:
                return NoAnswerError(
                    Missing.ERROR, f"refused: nothing listens at {self.address}", "is HAProxy running?"
                )
            case errno.ENOTSOCK:
                return NoAnswerError(Missing.ERROR, f"{self.address} is no socket", self._wanted())
            case _:
                return NoAnswerError(Missing.ERROR, f"{self.address}: {error.strerror or error}")

    def _wanted(self) -> str:
        kind = "the path" if Path(self.address).exists() else "the address"
        return f"wanted {kind} of a `stats socket`"
