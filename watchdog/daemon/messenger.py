"""Telling people: the words from the state at the moment of sending, the delivery from the outbox.

What lives here: putting both together, and the list of contacts. What must not: wording (`notify.words`), retries
(`notify.outbox`), the decision whom to tell (the core's). A message that cannot be worded is sent all the same.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from watchdog.core.effects import Notify
from watchdog.core.model import Check, Seconds
from watchdog.notify import words
from watchdog.notify.outbox import GIVE_UP_AFTER, CanSend, deliver, summary
from watchdog.notify.send import Contact

DRILL_GIVES_UP_AFTER: Final[Seconds] = 20.0


class Sends(CanSend, Protocol):
    """What this needs of `notify.send.Sender`."""

    async def check(self, contacts: Sequence[Contact]) -> tuple[Check, ...]:
        """Whether the sender starts and every contact parses; nothing is sent."""
        ...


class Messenger:
    """Implements `hands.Messenger`."""

    def __init__(
        self,
        *,
        sender: Sends,
        view: Callable[[], Mapping[str, Any]],
        now: Callable[[], Seconds],
        unworded: Callable[[Notify, Exception], None],
    ) -> None:
        """`view` is the state as plain data, as `control.view.whole` makes it. `unworded` hears, for the log, of a
        message that could not be worded.
        """
        self._sender = sender
        self._unworded = unworded
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
        return Check(name="contacts", ok=not wrong, detail="; ".join(wrong) or f"{len(self._contacts)} can be told")

    async def send(self, effect: Notify) -> tuple[bool, str]:
        """Hand the message over to every contact of the effect; whether one took it, and what each said."""
        if not effect.contacts:
            return True, "nobody is configured to be told"
        known = self._known(effect.contacts)
        if not known:
            return False, f"not in the configuration any more: {', '.join(effect.contacts)}"
        return await self._hand_over(f"{effect.incident}#{effect.repetition}", known, self._worded(effect))

    async def rehearse(self, service: str, contacts: Sequence[str]) -> Check:
        """Send a message that says that it is a drill; whether one contact took it, and how long that took."""
        name, known = "drill: message", self._known(contacts)
        if not known:
            return Check(name=name, ok=True, detail="nobody is configured to be told")
        message, began = words.drill(self._view(), service), self._now()
        ok, detail = await self._hand_over(f"{service}/drill", known, message, give_up_after=DRILL_GIVES_UP_AFTER)
        return Check(name=name, ok=ok, detail=detail, took=self._now() - began)

    async def tell(self, key: str, contacts: Sequence[str], message: words.Message) -> tuple[bool, str]:
        """Hand over a message that no incident has; as `send`."""
        known = self._known(contacts)
        if not known:
            return False, "nobody who could be told is configured"
        return await self._hand_over(key, known, message)

    def _known(self, names: Sequence[str]) -> list[Contact]:
        return [self._contacts[name] for name in names if name in self._contacts]

    async def _hand_over(
        self, key: str, contacts: Sequence[Contact], message: words.Message, *, give_up_after: Seconds = GIVE_UP_AFTER
    ) -> tuple[bool, str]:
        results = await deliver(
            key=key,
            contacts=contacts,
            title=message.title,
            body=message.body,
            sender=self._sender,
            now=self._now,
            give_up_after=give_up_after,
        )
        return summary(results)

    def _worded(self, effect: Notify) -> words.Message:
        try:
            return words.message(self._view(), effect.service, effect.incident, effect.repetition, level=effect.level)
        except Exception as error:  # noqa: BLE001 - plain words are better than none
            self._unworded(effect, error)
            return words.Message(
                title=f"{effect.service}: look at rollback-watchdog status {effect.service}",
                body=f"An incident was opened and its message could not be worded.\nincident {effect.incident}",
            )
