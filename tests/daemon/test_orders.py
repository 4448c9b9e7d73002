"""From a request's plain body to a command."""

from typing import Any

import pytest

from watchdog.control.app import ApiError
from watchdog.core import events
from watchdog.core.events import AnyCommand, StopTheLine
from watchdog.core.model import Schema
from watchdog.daemon.orders import make_command

BASE: dict[str, Any] = {"service": "shop"}


def made(kind: str, body: dict[str, Any]) -> AnyCommand:
    return make_command(kind, body, "ada")


@pytest.mark.parametrize("kind", ["pause", "resume", "promote", "abort", "adopt"])
def test_a_simple_command_has_its_service_its_human_and_its_reason(kind: str) -> None:
    """And an id of its own that pairs it with its answer."""
    first, second = (made(kind, {**BASE, "because": "audit"}) for _ in range(2))

    assert kind == type(first).__name__.lower()
    assert ("shop", "ada", "audit") == (getattr(first, "service", ""), first.by, first.because)
    assert first.id != second.id


def test_a_submission_has_everything_that_was_declared() -> None:
    """Its deployment's id begins with the service and is never used twice."""
    body = {**BASE, "release": "2.0", "plan": "quick", "schema": "unknown", "watched_by": "bob"}
    first, second = made("submit", body), made("submit", {**BASE, "release": "2.0"})

    assert isinstance(first, events.Submit)
    assert isinstance(second, events.Submit)
    assert ("2.0", "quick", Schema.UNKNOWN, "bob") == (first.release, first.plan, first.schema, first.watched_by)
    assert (None, Schema.UNCHANGED, "") == (second.plan, second.schema, second.watched_by)
    assert first.deployment.startswith("shop-")
    assert first.deployment != second.deployment


def test_the_other_commands_take_what_is_theirs() -> None:
    """A rollback may pass the interlocks, a stop has a time, an acknowledgement may name its incident."""
    rollback, stop = made("rollback", {**BASE, "anyway": True}), made("stop_the_line", {"for_seconds": 60})
    forgive, ack = made("forgive", {**BASE, "release": "2.0"}), made("acknowledge", {**BASE, "incident": "i"})

    assert isinstance(rollback, events.Rollback)
    assert rollback.anyway
    assert isinstance(stop, StopTheLine)
    assert (60.0, False) == (stop.for_, stop.release)
    waive, again = (made("waive", {**BASE, "rule": "cpu", "for_seconds": seconds}) for seconds in (90, 0))
    assert isinstance(waive, events.Waive)
    assert isinstance(again, events.Waive)
    assert ("cpu", 90.0, 0.0) == (waive.rule, waive.for_, again.for_)
    assert isinstance(forgive, events.Forgive)
    assert "2.0" == forgive.release
    assert isinstance(ack, events.Acknowledge)
    assert "i" == ack.incident
    assert None is getattr(made("acknowledge", BASE), "incident", "")


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("pause", {}, "service: is missing"),
        ("pause", {"service": 5}, "service: wanted a line of text"),
        ("pause", {**BASE, "because": "a\nb"}, "because: wanted a line of text"),
        ("pause", {**BASE, "because": "a" * 501}, "because: found 501 characters, wanted at most 500"),
        ("submit", BASE, "release: is missing"),
        ("submit", {**BASE, "release": "2", "schema": "new"}, "schema: found 'new', wanted one of unchanged"),
        ("rollback", {**BASE, "anyway": "yes"}, "anyway: wanted true or false"),
        ("forgive", BASE, "release: is missing"),
        ("waive", {**BASE, "for_seconds": 60}, "rule: is missing"),
        ("waive", {**BASE, "rule": "cpu"}, "for_seconds: is missing; wanted seconds, or 0 to end the waiver"),
        ("waive", {**BASE, "rule": "cpu", "for_seconds": -1}, "for_seconds: wanted seconds above 0"),
        ("waive", {**BASE, "rule": "cpu", "for_seconds": float("nan")}, "for_seconds: wanted seconds above 0"),
        ("waive", {**BASE, "rule": "cpu", "for_seconds": float("inf")}, "for_seconds: wanted seconds above 0"),
        ("waive", {**BASE, "rule": "cpu", "for_seconds": "1h"}, "for_seconds: wanted seconds above 0"),
        ("stop_the_line", {"for_seconds": 0}, "for_seconds: wanted seconds above 0"),
        ("stop_the_line", {"for_seconds": True}, "for_seconds: wanted seconds above 0"),
        ("disarm", BASE, "for_seconds: is missing; wanted seconds, or 0 to end the disarming"),
        ("disarm", {**BASE, "for_seconds": False}, "for_seconds: wanted seconds above 0"),
        ("hold", BASE, "weight: wanted a share from 0 to 1, such as 0.1"),
        ("hold", {**BASE, "weight": 10}, "weight: wanted a share from 0 to 1"),
        ("hold", {**BASE, "weight": True}, "weight: wanted a share from 0 to 1"),
        ("hold", {**BASE, "weight": float("nan")}, "weight: wanted a share from 0 to 1"),
        ("divert", BASE, "route: is missing"),
        ("rehearse", {**BASE, "drill": "yes"}, "drill: wanted true or false"),
        ("did", BASE, "task: is missing"),
        ("dance", BASE, "'dance' is not a command"),
    ],
)
def test_a_wrong_body_is_refused_by_its_key(kind: str, body: dict[str, Any], message: str) -> None:
    """Nothing reaches the engine."""
    with pytest.raises(ApiError) as raised:
        made(kind, body)

    assert str(raised.value).startswith(message)


def test_orders_about_the_way_back_take_what_is_theirs() -> None:
    """How long, how much, which route, with or without users kept where they are, and which task."""
    disarm, arm = (made("disarm", {**BASE, "for_seconds": seconds}) for seconds in (1_800, 0))
    assert isinstance(disarm, events.Disarm)
    assert isinstance(arm, events.Disarm)
    assert (1_800.0, 0.0) == (disarm.for_, arm.for_)

    hold = made("hold", {**BASE, "weight": 0.1})
    assert isinstance(hold, events.HoldAt)
    assert 0.1 == hold.weight

    cut, let_go = (
        made("divert", {**BASE, "route": "login"}),
        made("divert", {**BASE, "route": "login", "release": True}),
    )
    assert isinstance(cut, events.DivertRoute)
    assert isinstance(let_go, events.DivertRoute)
    assert ("login", False, True) == (cut.route, cut.release, let_go.release)

    preflight, drill = made("rehearse", BASE), made("rehearse", {**BASE, "drill": True})
    assert isinstance(preflight, events.Rehearse)
    assert isinstance(drill, events.Rehearse)
    assert (False, True) == (preflight.drill, drill.drill)

    did = made("did", {**BASE, "task": "flyway-repair"})
    assert isinstance(did, events.Did)
    assert "flyway-repair" == did.task
