"""A command in plain values.

What lives here: its values and the translation. What must not: how it is run.
"""

from dataclasses import dataclass
from typing import Literal

from watchdog.config.schema.sources.command import Command
from watchdog.config.sources.colour import coloured, coloured_secret
from watchdog.config.words import Secret
from watchdog.core.model import Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTarget:
    """One colour's command, with `$colour` filled in."""

    colour: Colour | None
    """None: one command for both."""
    argv: tuple[str, ...]
    environment: tuple[tuple[str, Secret], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandSettings:
    """One command source of one service."""

    name: str
    service: str
    poll: float
    timeout: float
    returns: Literal["status", "number", "counter"]
    targets: tuple[CommandTarget, ...]
    """Blue and green, or one for both."""


def command_settings(name: str, service_name: str, command: Command) -> CommandSettings:
    """The source of that name, for one service."""
    colours = tuple(Colour) if command.tells_colours else (None,)
    return CommandSettings(
        name=name,
        service=service_name,
        poll=float(command.poll),
        timeout=float(command.timeout),
        returns=command.returns,
        targets=tuple(_target(colour, command) for colour in colours),
    )


def _target(colour: Colour | None, command: Command) -> CommandTarget:
    environment = command.environment.items()
    if colour is None:
        return CommandTarget(colour=None, argv=command.argv, environment=tuple(environment))
    return CommandTarget(
        colour=colour,
        argv=tuple(coloured(each, colour) for each in command.argv),
        environment=tuple((variable, coloured_secret(value, colour)) for variable, value in environment),
    )
