"""A fake of Spring Boot 3's actuator: the documented answers of /health and /metrics, on a real socket.

As documented and as its sources have it: health answers 200 (UP, UNKNOWN) or 503 (DOWN, OUT_OF_SERVICE) with its JSON;
components are shown or not; a meter sums what fits the tags (MAX: the largest) and lists the tags that are left; one
that is not registered is a 404 without a body; an endpoint that is not exposed is a 404 with Spring's error page;
without the token everything is a 401.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.sources.servers import served

V3 = "application/vnd.spring-boot.actuator.v3+json"
ERROR_STATES = frozenset({"DOWN", "OUT_OF_SERVICE"})
ORDER = ("DOWN", "OUT_OF_SERVICE", "UP", "UNKNOWN")
"""The worst state of the components is the application's."""

Component = str | Mapping[str, Any]
"""A state; or components by name; or a state with details under `status` and `details`."""


@dataclass
class Meter:
    """One meter of the registry."""

    measurements: dict[str, float | str]
    tags: dict[str, str] = field(default_factory=dict)
    unit: str | None = None


@dataclass
class Application:
    """What the application would say now."""

    components: dict[str, Component] = field(default_factory=lambda: {"db": "UP", "diskSpace": "UP", "ping": "UP"})
    show: bool = True
    meters: list[tuple[str, Meter]] = field(default_factory=list)
    started: float = 1_700_000_000.5
    token: str = ""
    exposed: frozenset[str] = frozenset({"health", "metrics"})
    asked: list[str] = field(default_factory=list)
    """Paths with their queries, in order of arrival."""
    headers: list[bytes] = field(default_factory=list)
    connections: int = 0
    at_once: int = 0
    most_at_once: int = 0
    hangs: set[str] = field(default_factory=set)
    """Paths that are never answered."""
    takes: float = 0.0
    """Seconds that every answer takes."""
    says: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    """Paths whose answer a test writes itself."""

    def register(self, name: str, tags: Mapping[str, str] | None = None, unit: str | None = None, **said: Any) -> Meter:
        """A meter comes to be."""
        meter = Meter(measurements=dict(said), tags=dict(tags or {}), unit=unit)
        self.meters.append((name, meter))
        return meter

    def restart(self) -> None:
        """A new process: its counters begin anew, and none is there before its first event."""
        self.started += 60.0
        self.meters.clear()

    def answer(self, path: str, query: str) -> tuple[int, bytes]:
        """Status and body."""
        if path in self.says:
            return self.says[path]
        _, actuator, endpoint, *rest = path.split("/") if path.count("/") > 1 else ("", "", "", "")
        if actuator != "actuator" or endpoint not in self.exposed:
            error = {"timestamp": "2025-01-01T00:00:00.000+00:00", "status": 404, "error": "Not Found", "path": path}
            return 404, json.dumps(error).encode()
        if endpoint == "health":
            return self._health()
        return self._meter(rest[0], query) if rest and rest[0] else self._names()

    def _health(self) -> tuple[int, bytes]:
        shown = {name: _component(content) for name, content in self.components.items()}
        status = _worst(shown)
        page = {"status": status, **({"components": shown} if self.show else {})}
        return 503 if status in ERROR_STATES else 200, json.dumps(page).encode()

    def _names(self) -> tuple[int, bytes]:
        names = sorted({name for name, _ in self.meters} | {"process.start.time", "process.uptime"})
        return 200, json.dumps({"names": names}).encode()

    def _meter(self, name: str, query: str) -> tuple[int, bytes]:
        own = ("process.start.time", Meter({"VALUE": self.started}, unit="seconds"))
        wanted = dict(value.split(":", 1) for key, value in parse_qsl(query) if key == "tag")
        fitting = [
            meter for known, meter in (*self.meters, own) if known == name and wanted.items() <= meter.tags.items()
        ]
        if not fitting:
            return 404, b""
        merged: dict[str, Any] = {}
        left: dict[str, set[str]] = {}
        for meter in fitting:
            for statistic, value in meter.measurements.items():
                merged[statistic] = _merge(statistic, merged.get(statistic), value)
            for key, tag in meter.tags.items():
                left.setdefault(key, set()).add(tag)
        page = {
            "name": name,
            "description": f"What {name} is",
            **({"baseUnit": fitting[0].unit} if fitting[0].unit else {}),
            "measurements": [{"statistic": statistic, "value": value} for statistic, value in merged.items()],
            "availableTags": [
                {"tag": key, "values": sorted(values)} for key, values in left.items() if key not in wanted
            ],
        }
        return 200, json.dumps(page).encode()

    async def hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; it is kept."""
        self.connections += 1
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split()[1].decode()
            self.asked.append(target)
            self.headers.append(head)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            try:
                await self._respond(head, target, writer)
            finally:
                self.at_once -= 1

    async def _respond(self, head: bytes, target: str, writer: asyncio.StreamWriter) -> None:
        parts = urlsplit(target)
        if parts.path in self.hangs:
            await asyncio.sleep(3600)
        await asyncio.sleep(self.takes)
        status, body = self.answer(parts.path, parts.query)
        if self.token and f"authorization: Bearer {self.token}\r\n".encode().lower() not in head.lower():
            status, body = 401, b""
        kind = f"Content-Type: {V3}\r\n" if body else ""
        extra = "WWW-Authenticate: Bearer\r\n" if status == 401 else ""
        writer.write(f"HTTP/1.1 {status} X\r\n{kind}{extra}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()


@contextlib.asynccontextmanager
async def running(application: Application) -> AsyncIterator[str]:
    """The application on a port; the base of its actuator."""
    async with served(application.hold) as port:
        yield f"http://127.0.0.1:{port}/actuator"


def _component(content: Component) -> dict[str, Any]:
    if isinstance(content, str):
        return {"status": content}
    if "status" in content:
        return dict(content)
    inner = {name: _component(each) for name, each in content.items()}
    return {"status": _worst(inner), "components": inner}


def _worst(components: Mapping[str, Mapping[str, Any]]) -> str:
    states = [str(each["status"]) for each in components.values()]
    return min(states, key=lambda state: ORDER.index(state) if state in ORDER else -1, default="UNKNOWN")


def _merge(statistic: str, one: Any, other: Any) -> Any:
    if one is None or isinstance(other, str):
        return other
    return max(one, other) if statistic == "MAX" else one + other
