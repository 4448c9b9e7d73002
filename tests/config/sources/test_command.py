"""A command in plain values."""

from pathlib import Path

from tests.config.helpers import compiled
from watchdog.config.sources.command import CommandSettings
from watchdog.config.words import Secret
from watchdog.core.model import Colour

TEXT = """
sources:
  check: {{command: {{argv: {argv}, timeout: 1s, environment: {{KEY: {{credential: key}}, COLOUR: "{colour}"}}}}}}
rules:
  check: {{probe: {{signal: check.ok}}, on_fire: freeze}}
services: {{app: {{rules: [errors, health, check]}}}}
"""


def settings(folder: Path, argv: str, colour: str = "none") -> CommandSettings:
    (service,) = compiled(folder, TEXT.format(argv=argv, colour=colour)).services
    (found,) = [each for each in service.sources if isinstance(each, CommandSettings)]
    return found


def test_one_for_each_colour(tmp_path: Path) -> None:
    """With the colour filled in, in arguments and environment."""
    found = settings(tmp_path, "[/bin/check, --app=$colour]", "$colour")
    blue, green = found.targets

    assert (5.0, 1.0, "status") == (found.poll, found.timeout, found.returns)
    assert (Colour.BLUE, ("/bin/check", "--app=blue")) == (blue.colour, blue.argv)
    assert (Colour.GREEN, ("/bin/check", "--app=green")) == (green.colour, green.argv)
    assert (("KEY", Secret(credential="key")), ("COLOUR", Secret(literal="green"))) == green.environment


def test_one_for_both(tmp_path: Path) -> None:
    """Where nothing tells the colours apart."""
    (both,) = settings(tmp_path, "[/bin/check]").targets

    assert (None, ("/bin/check",)) == (both.colour, both.argv)
    assert ("COLOUR", Secret(literal="none")) == both.environment[1]
