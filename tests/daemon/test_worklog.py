"""Which records get a line, and what is in it."""

import logging
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args

import structlog

from tests.daemon.helpers import environment, splits
from watchdog.core.effects import ObserveTraffic, PullBrake
from watchdog.core.events import Configured, Observed, Started
from watchdog.core.model import Colour
from watchdog.core.phases import Phase
from watchdog.core.reasons import Reason
from watchdog.core.records import Body, PhaseChanged, Record, SplitOrdered
from watchdog.daemon.worklog import WorkLog


class Lines:
    """A logger that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []
        everything = structlog.make_filtering_bound_logger(logging.DEBUG)
        self.work = WorkLog(structlog.wrap_logger(None, processors=[self._keep], wrapper_class=everything))

    def _keep(self, _logger: Any, method: str, line: Any) -> Any:
        self.lines.append({"level": method, **line})
        raise structlog.DropEvent


def record(body: Body) -> Record:
    return Record(seq=7, at=1.0, body=body)


def test_a_decision_is_a_line_with_its_plain_fields() -> None:
    """Nested values are in the journal; rule names stand in one field."""
    lines = Lines()
    order = PullBrake(id="shop-1/7/0", service="shop", epoch=1, colour=Colour.GREEN)
    lines.work.decided(
        (
            record(PhaseChanged(service="shop", to=Phase.ROLLED_BACK, reason=Reason.PROVED_BY_TRAFFIC)),
            record(SplitOrdered(service="shop", epoch=2, step=0, split=splits(0.5), order=order)),
        )
    )

    assert [
        {
            "level": "info", "event": "PhaseChanged", "seq": 7, "service": "shop", "to": "rolled_back",
            "reason": "proved_by_traffic",
        },
        {
            "level": "info", "event": "SplitOrdered", "seq": 7, "service": "shop", "epoch": 2, "step": 0,
            "rollback": False, "held": False,
        },
    ] == lines.lines  # fmt: skip


def test_what_comes_many_times_a_minute_has_no_line(tmp_path: Path) -> None:
    """Nor has a configuration its whole text."""
    lines = Lines()
    compiled = environment(tmp_path)
    lines.work.decided(
        (
            record(Observed(service="shop", source="edge", start=0.0, end=1.0, readings=())),
            record(Configured(environment=compiled.environment, text=compiled.text)),
            record(Started()),
        )
    )

    assert [{"level", "event", "seq", "digest"}, {"level", "event", "seq", "rebooted"}] == [
        set(line) for line in lines.lines
    ]


def test_no_record_has_a_field_that_the_log_wants_for_itself() -> None:
    """Such a line would raise, and a line of the log must not end the daemon."""
    names = {field.name for kind in get_args(Body) for field in fields(kind)}

    assert set() == names & {"event", "seq", "level", "timestamp", "exc_info", "stack_info"}


def test_an_effect_that_failed_is_a_warning() -> None:
    """With what the adapter said; questions to the router have no line when they begin."""
    lines = Lines()
    effect = PullBrake(id="shop-1/7/0", service="shop", epoch=1, colour=Colour.GREEN)
    lines.work.effect_started(effect)
    lines.work.effect_started(ObserveTraffic(id="shop/8/0", service="shop"))
    lines.work.effect_failed(effect, OSError("gone"))
    lines.work.poll_failed("health", "no answer within 3 s")

    assert [
        {"level": "debug", "event": "effect", "kind": "pull_brake", "effect": "shop-1/7/0", "service": "shop"},
        {
            "level": "warning", "event": "effect failed", "kind": "pull_brake", "effect": "shop-1/7/0",
            "service": "shop", "error": "OSError('gone')",
        },
        {"level": "warning", "event": "poll failed", "source": "health", "error": "no answer within 3 s"},
    ] == lines.lines  # fmt: skip
