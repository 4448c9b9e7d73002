"""The deploy driver: hands a release over to the daemon and looks on.

What lives here: the two commands, over the control client alone. What must not: any part in the deployment; the
daemon has it from the moment it accepts, and killing the driver changes nothing.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from watchdog.control.client import Client, ControlError
from watchdog.deploy.exits import DONE, REFUSED, told
from watchdog.deploy.follow import follow
from watchdog.text import readiness
from watchdog.text.deployment import ENDED
from watchdog.text.reasons import PROGRAM

Plain: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be deployed."""

    service: str
    release: str
    plan: str | None = None
    schema: str | None = None
    """None: unchanged."""
    watched_by: str | None = None
    because: str | None = None


def run(order: Order, socket: Path, *, follows: bool = True) -> int:
    """Submit, hand over, and follow to the end unless told not to; the exit status."""
    try:
        with Client(socket) as client:
            deployment = _submit(client, order)
            if not follows:
                return DONE
            return follow(client, order.service, deployment, sys.stdout)
    except ControlError as error:
        return _failed(error, order.service)


def follow_again(service: str, socket: Path) -> int:
    """Look on at the deployment that is under way, or tell how the last one ended; the exit status."""
    try:
        with Client(socket) as client:
            known = client.status()["services"].get(service)
            if known is None:
                _say(f"There is no service {service!r} here. {PROGRAM} status lists them.", error=True)
                return REFUSED
            if known["deployment"] is None:
                _say(f"{service} has had no deployment yet.", error=True)
                return REFUSED
            if known["deployment"]["phase"] in ENDED:
                _say(f"{service}: nothing is under way; this is how the last deployment ended.")
            return follow(client, service, known["deployment"]["id"], sys.stdout)
    except ControlError as error:
        return _failed(error, service)


def _submit(client: Client, order: Order) -> str:
    answer = client.submit(
        order.service,
        order.release,
        plan=order.plan,
        schema=order.schema,
        watched_by=order.watched_by,
        because=order.because,
    )
    _say(f"{order.service}: {order.release} is accepted; the daemon has it from here on.")
    deployment = str(answer["deployment"])
    for line in by_itself(client.status()["services"].get(order.service), deployment):
        _say(line)
    return deployment


def by_itself(service: Plain | None, deployment: str) -> Iterator[str]:
    """What whoever releases must know of level 1: that it is off, or goes with the first write, and who watches."""
    mine = service.get("deployment") if service is not None else None
    if service is None or mine is None or mine["id"] != deployment:
        return
    candidate = mine["candidate"]
    if readiness.off(service):
        why = readiness.off(service).removeprefix("level 1 is off: ")
        yield f"Automatic rollback (level 1) is off for it: {why}."
    elif readiness.until_a_write(service):
        yield (
            f"Level 1 is on until {candidate} accepts its first write: each colour keeps its own data, and a rollback "
            f"would lose it. From then on {readiness.watcher(mine)}."
        )
    else:
        return
    if not mine["watched_by"]:
        yield "Who watches? rollback-deploy run takes --watched-by NAME; the name stands on every screen and message."


def _failed(error: ControlError, service: str) -> int:
    status, sentence = told(error, service)
    _say(f"{service}: {sentence}", error=True)
    return status


def _say(text: str, *, error: bool = False) -> None:
    stream = sys.stderr if error else sys.stdout
    stream.write(f"{text}\n")
    stream.flush()
