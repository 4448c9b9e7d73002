"""A command's keys."""

from typing import Any

import pytest

from watchdog.config.schema.sources.base import SignalSpec
from watchdog.config.schema.sources.command import Command
from watchdog.core.model import Colour
from watchdog.sources.command import SIGNALS


@pytest.mark.parametrize(
    ("returns", "signal", "kind"),
    [("status", "ok", "probe"), ("number", "value", "gauge"), ("counter", "count", "count")],
)
def test_its_one_signal_is_what_it_returns(returns: str, signal: str, kind: Any) -> None:
    """As the source yields it."""
    command = Command.model_validate({"argv": ["/bin/check", "$colour"], "returns": returns})

    assert {signal: SignalSpec(kind=kind)} == command.signals()
    assert Command.YIELDS == SIGNALS


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"argv": ["/bin/check"]}, False),
        ({"argv": ["/bin/check", "--server=$colour.app"]}, True),
        ({"argv": ["/opt/${colour}/check"]}, True),
        ({"argv": ["/bin/check"], "environment": {"COLOUR": "$colour"}}, True),
        ({"argv": ["/bin/check"], "environment": {"KEY": {"credential": "key"}}}, False),
    ],
)
def test_colour_anywhere_makes_it_one_for_each_colour(written: dict[str, Any], told: bool) -> None:  # noqa: FBT001 - a table
    """In an argument or in the environment."""
    command = Command.model_validate(written)

    assert told is command.tells_colours
    assert told is command.signals()["ok"].per_colour


def test_a_command_that_names_one_colour_is_found() -> None:
    """No rule may use it."""
    assert Colour.BLUE is Command.model_validate({"argv": ["/bin/check", "app-blue"]}).signals()["ok"].names


def test_it_is_advisory_and_no_probe_of_a_colour() -> None:
    """Nobody knows what a command looks at."""
    assert (False, False) == (Command.REQUIRED, Command.PROBING)
