"""A sender that does as told, and an HTTP server that stands for a chat service."""

import contextlib
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

from watchdog.notify.send import Contact, Sent


class SenderFake:
    """Gives each contact its outcomes in turn, the last one for ever; time moves only while it is slept."""

    def __init__(self, **outcomes: list[Sent]) -> None:
        self.outcomes = outcomes
        self.sent: list[tuple[str, str, str]] = []
        self.slept: list[float] = []
        self.time = 1000.0

    async def send(self, contact: Contact, title: str, body: str) -> Sent:
        self.sent.append((contact.name, title, body))
        outcomes = self.outcomes[contact.name]
        return outcomes.pop(0) if len(outcomes) > 1 else outcomes[0]

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds

    def now(self) -> float:
        return self.time


class ChatService:
    """What came in, and how it is answered."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: list[dict[str, Any]] = []
        self.status = 200
        self.hang = threading.Event()
        self.hang.set()


@contextlib.contextmanager
def chat_service() -> Iterator[ChatService]:
    """A server on loopback; `hang.clear()` lets requests wait."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            service.received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            service.hang.wait(30)
            with contextlib.suppress(OSError):
                self.send_response(service.status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    service = ChatService(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.hang.set()
        server.shutdown()
        thread.join()
        server.server_close()
