"""Commands, live.

What lives here: the conversion. What must not: anything that `watchdog.sources.command` does.
"""

from collections.abc import Callable

from watchdog.config.sources.command import CommandSettings
from watchdog.config.words import Secret
from watchdog.core.model import Seconds
from watchdog.outside.command_run import Command, base_environment
from watchdog.sources.command import CommandSource


def command(settings: CommandSettings, now: Callable[[], Seconds], reveal: Callable[[Secret], str]) -> CommandSource:
    """A command source. OSError when a credential cannot be read."""
    environments = {
        target.colour: {variable: reveal(value) for variable, value in target.environment}
        for target in settings.targets
    }
    hidden = {
        environments[target.colour][variable]
        for target in settings.targets
        for variable, value in target.environment
        if value.literal is None
    }
    return CommandSource(
        name=settings.name,
        interval=settings.poll,
        returns=settings.returns,
        commands={
            target.colour: Command(
                argv=target.argv,
                environment={**base_environment(), **environments[target.colour]},
                timeout=settings.timeout,
            )
            for target in settings.targets
        },
        now=now,
        secrets=sorted(hidden, key=len, reverse=True),
    )
