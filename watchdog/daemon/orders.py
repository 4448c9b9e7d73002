"""From a request's plain body to a `Command`.

What lives here: reading and checking one body. What must not: HTTP, services that exist, carrying a command out.
"""

import secrets
from collections.abc import Mapping
from math import inf
from typing import Any, Final

from watchdog.control.app import ApiError
from watchdog.core.events import (
    Abort,
    Acknowledge,
    Adopt,
    AnyCommand,
    Did,
    Disarm,
    DivertRoute,
    Forgive,
    HoldAt,
    Pause,
    Promote,
    Rehearse,
    Resume,
    Rollback,
    StopTheLine,
    Submit,
    Waive,
)
from watchdog.core.model import Schema

SIMPLE: Final[Mapping[str, type[Pause | Resume | Promote | Abort | Adopt]]] = {
    "pause": Pause,
    "resume": Resume,
    "promote": Promote,
    "abort": Abort,
    "adopt": Adopt,
}
"""Commands that name a service and nothing else."""

LONGEST_TEXT: Final = 500
"""What people write goes into every message and screen."""


def make_command(kind: str, body: Mapping[str, Any], by: str) -> AnyCommand:
    """A command from a request's plain body, in the name of `by`. ApiError says what is wrong with the body."""
    common: dict[str, Any] = {"id": secrets.token_hex(8), "by": by, "because": _text(body, "because")}
    if kind == "stop_the_line":
        return StopTheLine(**common, release=flag(body, "release"), for_=_seconds(body, "for_seconds"))
    common["service"] = _wanted(body, "service")
    if kind in SIMPLE:
        return SIMPLE[kind](**common)
    match kind:
        case "submit":
            return _submit(body, common)
        case "rollback":
            return Rollback(**common, anyway=flag(body, "anyway"))
        case "forgive":
            return Forgive(**common, release=_wanted(body, "release"))
        case "waive":
            return Waive(**common, rule=_wanted(body, "rule"), for_=_for(body, "the waiver"))
        case "acknowledge":
            return Acknowledge(**common, incident=_text(body, "incident") or None)
        case _:
            return _of_traffic(kind, body, common)


def _of_traffic(kind: str, body: Mapping[str, Any], common: Mapping[str, Any]) -> AnyCommand:
    """The orders about how much the program may do by itself, and about the candidate's users."""
    match kind:
        case "disarm":
            return Disarm(**common, for_=_for(body, "the disarming"))
        case "hold":
            return HoldAt(**common, weight=_share(body, "weight"))
        case "divert":
            return DivertRoute(**common, route=_wanted(body, "route"), release=flag(body, "release"))
        case "rehearse":
            return Rehearse(**common, drill=flag(body, "drill"))
        case "did":
            return Did(**common, task=_wanted(body, "task"))
        case _:
            raise ApiError(f"{kind!r} is not a command")


def _submit(body: Mapping[str, Any], common: Mapping[str, Any]) -> Submit:
    schema = _text(body, "schema") or str(Schema.UNCHANGED)
    if schema not in set(Schema):
        raise ApiError(f"schema: found {schema!r}, wanted one of {', '.join(Schema)}")
    return Submit(
        **common,
        release=_wanted(body, "release"),
        deployment=f"{common['service']}-{secrets.token_hex(4)}",
        plan=_text(body, "plan") or None,
        schema=Schema(schema),
        watched_by=_text(body, "watched_by"),
    )


def _text(body: Mapping[str, Any], key: str) -> str:
    value = body.get(key) or ""
    if not isinstance(value, str) or not (value == "" or value.isprintable()):
        raise ApiError(f"{key}: wanted a line of text")
    if len(value) > LONGEST_TEXT:
        raise ApiError(f"{key}: found {len(value)} characters, wanted at most {LONGEST_TEXT}")
    return value


def _wanted(body: Mapping[str, Any], key: str) -> str:
    value = _text(body, key)
    if not value:
        raise ApiError(f"{key}: is missing")
    return value


def flag(body: Mapping[str, Any], key: str) -> bool:
    """A flag of the body; False where it is not there."""
    value = body.get(key, False)
    if not isinstance(value, bool):
        raise ApiError(f"{key}: wanted true or false")
    return value


def _seconds(body: Mapping[str, Any], key: str) -> float | None:
    value = body.get(key)
    if value is None:
        return None
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 < value < inf:
        raise ApiError(f"{key}: wanted seconds above 0")
    return float(value)


def _for(body: Mapping[str, Any], what: str) -> float:
    """How long something lasts that always has an end; 0 ends it."""
    if body.get("for_seconds") in (0, 0.0) and body.get("for_seconds") is not False:
        return 0.0
    seconds = _seconds(body, "for_seconds")
    if seconds is None:
        raise ApiError(f"for_seconds: is missing; wanted seconds, or 0 to end {what}")
    return seconds


def _share(body: Mapping[str, Any], key: str) -> float:
    value = body.get(key)
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0.0 <= value <= 1.0:
        raise ApiError(f"{key}: wanted a share from 0 to 1, such as 0.1")
    return float(value)
