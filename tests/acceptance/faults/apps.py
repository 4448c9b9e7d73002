"""Applications behind nginx that can do what `return 200` cannot: websockets, event streams, slow answers, uploads."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence

from tests.sources.servers import Conversation, served
from watchdog.core.model import Colour

EVENT_EVERY_SECONDS = 0.02

# A location for each kind, as an operator writes it.
WEBSOCKETS = (
    "location /ws { proxy_pass http://$rwd_app_pool; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;"
    " proxy_set_header Connection upgrade; }\n"
)


def application(colour: str) -> Conversation:
    """Answers with its colour, on a connection that stays open."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _requests(reader, writer, colour)
        finally:
            writer.transport.abort()  # a farewell over TLS would outlive the test

    return talk


async def _requests(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, colour: str) -> None:
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1]
        if path.startswith("/ws"):
            return await _echo(reader, writer)
        if path.startswith("/stream"):
            return await _events(writer, colour)
        if path.startswith("/slow"):
            await asyncio.sleep(float(path.rpartition("=")[2]))
        if path.startswith("/hang"):
            await asyncio.Event().wait()
        await reader.readexactly(_length(head))
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(colour)}\r\n\r\n{colour}".encode())
        await writer.drain()


def _length(head: str) -> int:
    _, found, rest = head.lower().partition("\r\ncontent-length:")
    return int(rest.partition("\r\n")[0]) if found else 0


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
    while data := await reader.read(4096):
        writer.write(data)
        await writer.drain()


async def _events(writer: asyncio.StreamWriter, colour: str) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nX-Accel-Buffering: no\r\n\r\n")
    while True:
        writer.write(f"data: {colour}\n\n".encode())
        await writer.drain()
        await asyncio.sleep(EVENT_EVERY_SECONDS)


@contextlib.asynccontextmanager
async def applications(
    servers: Mapping[Colour, Sequence[str]], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[None]:
    """Both colours at the addresses that nginx knows."""
    async with contextlib.AsyncExitStack() as stack:
        for colour, addresses in servers.items():
            for address in addresses:
                host, _, port = address.rpartition(":")
                talk = application(str(colour))
                await stack.enter_async_context(served(talk, tls=tls, host=host.strip("[]"), at=int(port)))
        yield


class Line:
    """A raw connection to nginx: what is sent and what comes, without a client's opinion."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int, request: str) -> "Line":
        """Connect and send a request's head, given without its last empty line."""
        line = cls(*await asyncio.open_connection("127.0.0.1", port))
        line.writer.write(f"{request}\r\nHost: localhost\r\n\r\n".encode())
        await line.writer.drain()
        return line

    async def head(self) -> str:
        return (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")

    async def echoes(self, text: str) -> bool:
        """Whether the other end of a websocket still answers."""
        try:
            self.writer.write(text.encode())
            await self.writer.drain()
            return text.encode() == await self.reader.readexactly(len(text))
        except (OSError, asyncio.IncompleteReadError):
            return False

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()
