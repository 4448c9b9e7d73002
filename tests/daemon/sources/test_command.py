"""From a command's plain settings to the live one: what reaches it."""

import asyncio
import os

from watchdog.config.sources.command import CommandSettings, CommandTarget
from watchdog.config.words import Secret
from watchdog.core.model import Colour
from watchdog.daemon.sources import build
from watchdog.sources.command import CommandSource


def test_every_colour_has_its_command() -> None:
    """With its environment, credentials revealed; those alone are hidden in what it says."""
    targets = tuple(
        CommandTarget(
            colour=colour,
            argv=("/bin/check", colour.value),
            environment=(("KEY", Secret(credential="key")), ("COLOUR", Secret(literal=colour.value))),
        )
        for colour in Colour
    )
    settings = CommandSettings(name="c", service="shop", poll=5.0, timeout=1.0, returns="number", targets=targets)
    source = build.source(settings, lambda: 0.0, lambda secret: secret.literal or f"<{secret.credential}>")
    assert isinstance(source, CommandSource)
    green = source._seats[Colour.GREEN].runner.command

    assert ("c", 5.0, "value") == (source.name, source.interval, source._signal)
    assert (("/bin/check", "green"), 1.0) == (green.argv, green.timeout)
    assert {"KEY": "<key>", "COLOUR": "green", "PATH": os.environ["PATH"]}.items() <= green.environment.items()
    assert set(green.environment) <= {"KEY", "COLOUR", "PATH", "LANG", "TZ"}
    assert ("<key>",) == source._secrets
    asyncio.run(source.close())
