"""Telling people: the words from the state at the moment of sending, the delivery from the outbox.

What lives here: putting both together, and the list of contacts. What must not: wording (`notify.words`), retries
(`notify.outbox`), the decision whom to tell (the core's).
"""

from collections.abc import Callable, Mapping
from typing import Any

from watchdog.core.effects import Notify
from watchdog.core.model import Check, Seconds
from watchdog.notify import words
from watchdog.notify.outbox import deliver, summary
from watchdog.notify.send import Contact, Sender


class Messenger:
    """Implements `performer.Messenger`."""

    def __init__(self, *, sender: Sender, view: Callable[[], Mapping[str, Any]], now: Callable[[], Seconds]) -> None:
        """`view` is the state as plain data, as `control.view.whole` makes it."""
        self._sender = sender
        self._view = view
        self._now = now
        self._contacts: Mapping[str, Contact] = {}

    def equip(self, contacts: Mapping[str, Contact]) -> None:
        """Take other contacts."""
        self._contacts = contacts

    async def check(self) -> Check:
        """Whether every contact parses and the sender starts; nothing is sent."""
        if not self._contacts:
            return Check(name="contacts", ok=True, detail="nobody is configured to be told")
        checks = await self._sender.check(tuple(self._contacts.values()))
        wrong = [f"{check.name}: {check.detail}" for check in checks if not check.ok]
        return Check(name="contacts", ok=not wrong, detail="; ".join(wrong) or f"{len(checks)} can be told")

    async def send(self, effect: Notify) -> tuple[bool, str]:
        """Hand the message over to every contact of the effect; whether one took it, and what each said."""
        contacts = [self._contacts[name] for name in effect.contacts if name in self._contacts]
        if not contacts:
            return True, "nobody is configured to be told"
        message = words.message(self._view(), effect.service, effect.incident, effect.repetition)
        key = f"{effect.incident}#{effect.repetition}"
        results = await deliver(
            key=key, contacts=contacts, title=message.title, body=message.body, sender=self._sender, now=self._now
        )
        return summary(results)
