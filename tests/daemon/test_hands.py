"""What effects are carried out with."""

import asyncio

import pytest

from watchdog.daemon.hands import no_hook


def test_a_service_without_commands_has_none_to_run() -> None:
    """A hook that left the configuration is an error with its name, which becomes the outcome's words."""
    with pytest.raises(LookupError, match="there is no command notify"):
        asyncio.run(no_hook("notify"))
