"""A start with an environment file that cannot be used: the configuration that the journal holds goes on.

What lives here: finding it, and telling people. What must not: making a configuration of its text (`config.restored`),
the message's words (`notify.words`). A mistake in a file must not leave a release on its way without a guard.
"""

import time
from dataclasses import dataclass

from watchdog.config.adapters import Compiled
from watchdog.config.errors import ConfigError
from watchdog.config.restored import Restored, restored, state_folders
from watchdog.core.events import Configured
from watchdog.journal.database import NAME, JournalError
from watchdog.journal.recovery import read
from watchdog.notify.words import Message, broken_file
from watchdog.text.quantities import moment


@dataclass(frozen=True, slots=True, kw_only=True)
class LastGood:
    """What goes on, and why the file does not."""

    path: str
    """Of the file."""
    problems: str
    """What is wrong with it, a line each."""
    since: float
    """When the configuration came into force, in Unix seconds."""
    restored: Restored

    @property
    def compiled(self) -> Compiled:
        """The configuration."""
        return self.restored.compiled

    @property
    def trouble(self) -> str:
        """One line for the status, and for the log."""
        first, *others = self.problems.splitlines() or [""]
        more = f" (and {len(others)} more)" if others else ""
        return f"{first}{more}"

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is left out, because a secret stood in the file."""
        contacts = (f"contacts.{name}" for name in self.restored.contacts)
        return (*contacts, *(f"sources.{name}" for name in self.restored.sources))

    @property
    def readers(self) -> tuple[str, ...]:
        """Who is told: on-call, or chat where nobody is."""
        environment = self.compiled.environment
        return environment.chat if environment.on_call is None else environment.on_call.contacts

    @property
    def message(self) -> Message:
        """What they are told."""
        return broken_file(
            self.compiled.environment.name,
            path=self.path,
            problems=self.problems,
            since=moment(self.since, now=time.time()),
            contacts=self.restored.contacts,
            sources=self.restored.sources,
        )


def last_good(path: str, problems: str) -> LastGood | None:
    """The configuration that was in force last, in the state folder that the file at `path` has or had.

    None when there is no journal, none in it, or this program cannot read it.
    """
    for folder in state_folders(path):
        if not (folder / NAME).is_file():
            continue
        try:
            found = read(folder, types={Configured.__name__}, limit=1)
            for dated in found:
                event = dated.record.body
                assert isinstance(event, Configured)  # the only type that was asked for
                known = restored(event.text, event.environment)
                if known.compiled.state == str(folder):
                    return LastGood(path=path, problems=problems, since=dated.wall, restored=known)
        except (JournalError, ConfigError):
            continue
    return None
