"""The application under release: one process per colour, with faults on order.

What lives here: an ASGI application that answers like a small web service, its health and metrics pages, and the faults
that a test injects. What must not: anything of the balancer or of the daemon.

    python -m simulations.lab.app COLOUR PORT [--release R] [--seed N]

GET /health and /actuator/health answer UP or DOWN; GET /metrics is Prometheus text; POST /fault sets or clears faults
and answers with the wall-clock time of injection; every other path and method is the application's own work.
"""

import argparse
import asyncio
import bisect
import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import Any

import uvicorn

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Upper bounds in seconds; the defaults of most Prometheus client libraries."""

KEEP_ALIVE_S = 75
"""Longer than any balancer keeps an idle connection to us: closing is the balancer's business."""

_FOR_EVER_S = 3600.0
_SLOW_HEALTH_S = 10.0

Message = dict[str, Any]
Scope = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong with the requests under one path prefix."""

    error_rate: float = 0.0
    """Share of requests that fail, 0 to 1."""
    status: int = 500
    """What a failing request is answered with."""
    latency: float = 0.0
    """Seconds added to every answer."""
    hang: bool = False
    """Requests are never answered."""

    @classmethod
    def changed(cls, old: "Fault", wanted: Message) -> "Fault":
        return replace(old, **wanted)


FAULT_KEYS = frozenset(field.name for field in fields(Fault))
PROCESS_KEYS = frozenset({"health", "components", "crash", "clear", "route"})
HEALTH_STATES = ("up", "down", "slow")
NO_FAULT = Fault()


class BadOrderError(Exception):
    """A fault order that means nothing; the message says what was found and what would be right."""


class Metrics:
    """Request counts and durations, as a Prometheus client library would expose them."""

    def __init__(self, colour: str) -> None:
        self._colour = colour
        self._requests: Counter[int] = Counter({200: 0, 500: 0})
        self._buckets = [0] * (len(BUCKETS) + 1)
        self._sum = 0.0
        self._started = time.time()

    def observe(self, status: int, seconds: float) -> None:
        self._requests[status] += 1
        self._buckets[bisect.bisect_left(BUCKETS, seconds)] += 1
        self._sum += seconds

    def exposition(self) -> str:
        colour = f'color="{self._colour}"'
        lines = ["# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{{colour},status="{status}"}} {n}' for status, n in self._requests.items()]
        lines.append("# TYPE http_request_duration_seconds histogram")
        total = 0
        for bound, n in zip((*map(str, BUCKETS), "+Inf"), self._buckets, strict=True):
            total += n
            lines.append(f'http_request_duration_seconds_bucket{{{colour},le="{bound}"}} {total}')
        lines.append(f"http_request_duration_seconds_sum{{{colour}}} {self._sum}")
        lines.append(f"http_request_duration_seconds_count{{{colour}}} {total}")
        lines += ["# TYPE process_start_time_seconds gauge", f"process_start_time_seconds {self._started}", ""]
        return "\n".join(lines)


class App:
    """One colour of the application. An ASGI callable; state changes only through POST /fault."""

    def __init__(self, colour: str, release: str, *, seed: int | None = None) -> None:
        self._colour = colour
        self._release = release
        self._random = random.Random(seed)
        self._metrics = Metrics(colour)
        self._faults: dict[str, Fault] = {}
        self._health = "up"
        self._components: dict[str, str] = {}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        path, method = scope["path"], scope["method"]
        body = await _body(receive) if method not in {"GET", "HEAD"} else b""
        if path in {"/health", "/actuator/health"}:
            await self._answer_health(send)
        elif path == "/metrics":
            await self._respond(send, 200, self._metrics.exposition(), content="text/plain; version=0.0.4")
        elif path == "/fault" and method == "POST":
            await self._order(send, body)
        else:
            await self._work(send, path)

    async def _work(self, send: Any, path: str) -> None:
        began = time.perf_counter()
        fault = self.fault_of(path)
        if fault.hang:
            await asyncio.sleep(_FOR_EVER_S)
        if fault.latency:
            await asyncio.sleep(fault.latency)
        status = fault.status if fault.error_rate and self._random.random() < fault.error_rate else 200
        answer = json.dumps({"colour": self._colour, "release": self._release, "route": path})
        self._metrics.observe(status, time.perf_counter() - began)
        await self._respond(send, status, answer)

    async def _answer_health(self, send: Any) -> None:
        if self._health == "slow":
            await asyncio.sleep(_SLOW_HEALTH_S)
        states = {"db": "UP", **self._components}
        up = self._health != "down" and all(state == "UP" for state in states.values())
        answer = {
            "status": "UP" if up else "DOWN",
            "components": {name: {"status": state} for name, state in states.items()},
        }
        await self._respond(send, 200 if up else 503, json.dumps(answer))

    async def _order(self, send: Any, body: bytes) -> None:
        try:
            order = json.loads(body or b"{}")
            self.order(order)
        except (ValueError, BadOrderError) as error:
            await self._respond(send, 400, json.dumps({"error": str(error)}))
            return
        await self._respond(send, 200, json.dumps({"injected_at": time.time()}))
        if order.get("crash"):
            os._exit(1)

    def fault_of(self, path: str) -> Fault:
        """The fault of the longest prefix that matches."""
        if not self._faults:
            return NO_FAULT
        matching = [prefix for prefix in self._faults if path.startswith(prefix)]
        return self._faults[max(matching, key=len)] if matching else NO_FAULT

    def order(self, order: Message) -> None:
        """Set what is named and leave the rest; `clear` forgets everything first. BadOrderError changes nothing."""
        _check_order(order)
        if order.get("clear"):
            self._faults, self._health, self._components = {}, "up", {}
        self._health = order.get("health", self._health)
        self._components = {**self._components, **order.get("components", {})}
        wanted = {key: value for key, value in order.items() if key in FAULT_KEYS}
        if wanted:
            prefix = order.get("route", "/")
            self._faults = {**self._faults, prefix: Fault.changed(self._faults.get(prefix, NO_FAULT), wanted)}

    async def _respond(self, send: Any, status: int, answer: str, *, content: str = "application/json") -> None:
        body = answer.encode()
        headers = [
            (b"content-type", content.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"x-colour", self._colour.encode()),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _check_order(order: Any) -> None:
    if not isinstance(order, dict):
        raise BadOrderError(f"found {order!r}, wanted an object such as {{'error_rate': 0.3}}")
    if unknown := sorted(set(order) - FAULT_KEYS - PROCESS_KEYS):
        raise BadOrderError(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(FAULT_KEYS | PROCESS_KEYS))}")
    if order.get("health", "up") not in HEALTH_STATES:
        raise BadOrderError(f"health: found {order['health']!r}, wanted one of {', '.join(HEALTH_STATES)}")
    if not 0 <= order.get("error_rate", 0) <= 1:
        raise BadOrderError(f"error_rate: found {order['error_rate']!r}, wanted a fraction between 0 and 1")


async def _body(receive: Any) -> bytes:
    body = b""
    while True:
        message: Message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


def serve(app: App, port: int) -> None:
    """Answer on loopback until SIGTERM."""
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        lifespan="off",
        ws="none",
        access_log=False,
        log_level="warning",
        server_header=False,
        backlog=1024,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=1,
    )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m simulations.lab.app", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("colour", choices=("blue", "green"))
    parser.add_argument("port", type=int)
    parser.add_argument("--release", default="1.0.0")
    parser.add_argument("--seed", type=int, help="makes the choice of failing requests repeatable")
    args = parser.parse_args(argv)
    serve(App(args.colour, args.release, seed=args.seed), args.port)


if __name__ == "__main__":
    main()
