"""One HTTP connection of a user: h11 on an asyncio stream.

What lives here: sending a request, reading its answer, and why there was none. What must not: the schedule, the users.
"""

import asyncio
from typing import Self

import h11

_READ_BYTES = 65536


class AnswerError(Exception):
    """No answer; the message is one word for the record."""


class Connection:
    """One client connection. h11 does the parsing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)
        self.asked = 0

    @classmethod
    async def open(cls, host: str, port: int) -> Self:
        try:
            return cls(*await asyncio.open_connection(host, port))
        except OSError as error:
            raise AnswerError("refused" if isinstance(error, ConnectionRefusedError) else "unreachable") from error

    async def ask(self, method: str, path: str, headers: list[tuple[str, str]]) -> h11.Response:
        """Send one request, read the whole answer. AnswerError."""
        self.asked += 1
        request = h11.Request(method=method, target=path, headers=headers)
        try:
            self._writer.write((self._http.send(request) or b"") + (self._http.send(h11.EndOfMessage()) or b""))
            response = await self._response()
        except ConnectionError as error:
            raise AnswerError("reset") from error
        except h11.RemoteProtocolError as error:
            raise AnswerError("closed") from error
        return response

    async def _response(self) -> h11.Response:
        response: h11.Response | None = None
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_READ_BYTES))
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.EndOfMessage) and response is not None:
                return response
            elif isinstance(event, h11.ConnectionClosed):
                raise AnswerError("closed")

    def reusable(self) -> bool:
        """Whether another request may be sent; makes the connection ready for it."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    @property
    def lost(self) -> bool:
        """The server has closed it while it was idle, and we know."""
        return self._reader.at_eof()

    def close(self) -> None:
        self._writer.close()
