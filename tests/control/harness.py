"""A control server in a thread of its own, over an API that a test fills."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from watchdog.control.app import Answer
from watchdog.control.peer import Access, Peer
from watchdog.control.server import ControlServer

WAIT_S = 10.0


class FakeApi:
    """Answers what it was given and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.error: Exception | None = None
        self.peers: list[Peer] = []
        self.hold = 0.0
        """Seconds that a status takes."""
        self.script: list[Answer] = []
        """Events that a stream yields before it waits for ever, or ends when `ends`."""
        self.ends = False
        self.streams = 0
        """Event streams that are open."""
        self.opened = threading.Event()

    def _answer(self, *asked: Any) -> Answer:
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        return {"asked": asked[0]}

    async def view(self) -> Answer:
        await asyncio.sleep(self.hold)
        return self._answer("view")

    async def rules(self, service: str | None) -> Answer:
        return self._answer("rules", service)

    async def records(
        self, *, since: int | None, service: str | None, types: tuple[str, ...] | None, limit: int
    ) -> list[Answer]:
        return [self._answer("records", since, service, types, limit)]

    async def explain(self, service: str) -> Answer:
        return self._answer("explain", service)

    async def command(self, kind: str, body: Answer, peer: Peer) -> Answer:
        self.peers.append(peer)
        return self._answer(kind, body)

    async def events(self, after: int | None) -> AsyncIterator[Answer]:
        self.asked.append(("events", after))
        self.streams += 1
        try:
            for event in self.script:
                if after is None or event["seq"] > after:
                    yield event
            self.opened.set()
            if not self.ends:
                await asyncio.Event().wait()
        finally:
            self.streams -= 1


class Running:
    """A server that answers until `stop`."""

    def __init__(self, api: FakeApi, path: Path, access: Access | None = None) -> None:
        self.api, self.path = api, path
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._access = access or Access()
        try:
            self.server = self._call(self._start())
        except BaseException:
            self._end()
            raise

    async def _start(self) -> ControlServer:
        server = ControlServer(self.api, self.path, self._access)
        await server.start()
        return server

    def _call(self, coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(WAIT_S)

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(WAIT_S)
        self._loop.close()

    def stop(self) -> None:
        self._call(self.server.stop())
        self._end()


@contextmanager
def running(api: FakeApi, path: Path, access: Access | None = None) -> Iterator[Running]:
    server = Running(api, path, access)
    try:
        yield server
    finally:
        server.stop()
