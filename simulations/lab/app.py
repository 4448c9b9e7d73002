"""The application under release: one process per colour, with faults on order.

What lives here: an ASGI application that answers like a small web service, its health and metrics pages, and the faults
that a test injects. What must not: anything of the balancer or of the daemon.

    python -m simulations.lab.app COLOUR PORT [--release R] [--seed N]

GET /health and /actuator/health answer UP or DOWN; GET /metrics is Prometheus text, /actuator/metrics the same as
Spring Boot shows it; POST /fault sets or clears faults and answers with the wall-clock time of injection; every other
path and method is the application's own work.
"""

import argparse
import asyncio
import json
import os
import random
import time
from dataclasses import dataclass, fields, replace
from typing import Any

import uvicorn

from simulations.lab.app_load import Load
from simulations.lab.app_meters import Meters

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
    database: float = 0.0
    """Share of requests for which the pool has no connection to the database, 0 to 1. That is counted; the answer is
    the same, as with a cache in front of the database."""

    @classmethod
    def changed(cls, old: "Fault", wanted: Message) -> "Fault":
        return replace(old, **wanted)


FAULT_KEYS = frozenset(field.name for field in fields(Fault))
LOAD_KEYS = ("hold", "leak", "burn")
"""MiB held, MiB more each second, cores kept busy; each for the process as a whole."""
LARGEST_LOAD = {"hold": 4096, "leak": 1024, "burn": 64}
PROCESS_KEYS = frozenset({"health", "components", "crash", "clear", "route", *LOAD_KEYS})
HEALTH_STATES = ("up", "down", "slow")
NO_FAULT = Fault()


class BadOrderError(Exception):
    """A fault order that means nothing; the message says what was found and what would be right."""


class App:
    """One colour of the application. An ASGI callable; state changes only through POST /fault."""

    def __init__(self, colour: str, release: str, *, seed: int | None = None) -> None:
        self._colour = colour
        self._release = release
        self._random = random.Random(seed)
        self._meters = Meters(colour)
        self._faults: dict[str, Fault] = {}
        self._health = "up"
        self._components: dict[str, str] = {}
        self._load = Load()

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        path, method = scope["path"], scope["method"]
        body = await _body(receive) if method not in {"GET", "HEAD"} else b""
        if path in {"/health", "/actuator/health"}:
            await self._answer_health(send)
        elif path == "/metrics":
            await self._respond(send, 200, self._exposition(), content="text/plain; version=0.0.4")
        elif path.startswith("/actuator/metrics"):
            await self._respond(send, *self._actuator(path, scope["query_string"].decode()))
        elif path == "/fault" and method == "POST":
            await self._order(send, body)
        else:
            await self._work(send, path)

    def _exposition(self) -> str:
        return "\n".join([*self._meters.exposition(), *self._load.exposition(self._colour), ""])

    def _actuator(self, path: str, query: str) -> tuple[int, str]:
        used = self._load.gauges()
        others = {"process.cpu.usage": used["process_cpu_usage"], "jvm.memory.used": used["app_held_bytes"]}
        return self._meters.actuator(path, query, others)

    async def _work(self, send: Any, path: str) -> None:
        began = time.perf_counter()
        fault = self.fault_of(path)
        if fault.hang:
            await asyncio.sleep(_FOR_EVER_S)
        if fault.latency:
            await asyncio.sleep(fault.latency)
        if fault.database and self._random.random() < fault.database:
            self._meters.unconnected()
        status = fault.status if fault.error_rate and self._random.random() < fault.error_rate else 200
        answer = json.dumps({"colour": self._colour, "release": self._release, "route": path})
        self._meters.observe(status, time.perf_counter() - began)
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
            self._load.clear()
        for key in order.keys() & set(LOAD_KEYS):
            getattr(self._load, key)(order[key])
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
    for key in ("error_rate", "database"):
        if not 0 <= order.get(key, 0) <= 1:
            raise BadOrderError(f"{key}: found {order[key]!r}, wanted a fraction between 0 and 1")
    for key in LOAD_KEYS:
        amount = order.get(key, 0)
        if not isinstance(amount, int | float) or not 0 <= amount <= LARGEST_LOAD[key]:
            raise BadOrderError(f"{key}: found {amount!r}, wanted a number from 0 to {LARGEST_LOAD[key]}")


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
